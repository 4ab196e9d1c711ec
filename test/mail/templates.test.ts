import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { flushOutbox } from "#mail/outbox.ts";
import { type Published, publishTemplates, readTemplates, templatesFolder } from "#mail/templates.ts";
import { openMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import { faultsOf } from "./html-faults.ts";
import { enqueue, letterOf, transportTo } from "./outbox-support.ts";

const publicUrl = "https://school.test";
const product = await readTemplates();

let world: World;
let folder: string;
before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), "howdah-templates-"));
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function example({ name, locale, sample }: Published) {
  const { category } = sample as { category: string };
  const id = await enqueue(world.pool, { template: name, data: sample, category, locale });
  const { subject, html, text, unsubscribe_token } = await letterOf(world.pool, id);
  return { subject: subject ?? "", html: html ?? "", text: text ?? "", token: unsubscribe_token };
}

for (const template of product) {
  test(`${template.name} in ${template.locale}: whole, in its language, and the same in both forms`, async () => {
    const { subject, html, text, token } = await example(template);
    for (const form of [subject, html, text]) {
      assert.doesNotMatch(form, /\{\{|\}\}|\[\[|\]\]|undefined|\bnull\b|%\d|\[object/);
      assert.doesNotMatch(form, /\n\n\n/);
    }
    assert.ok(subject.length > 5 && subject.length <= 78, subject);
    assert.deepEqual(faultsOf(html), []);
    assert.match(html, new RegExp(`<html lang="${template.locale}"`));
    for (const href of html.matchAll(/href="([^"]*)"/g))
      assert.match(href[1] ?? "", /^https:\/\/school\.test\//);
    for (const line of text.split("\n"))
      assert.ok(line.length <= 78 || /https:|Rp/.test(line) || !line.includes(" "), line);
    for (const form of [html, text]) assert.equal(form.includes("/unsubscribe/"), token !== null);
  });
}

test("every letter is written in English and Indonesian, and both name the same values", () => {
  for (const { name, names } of product) {
    const locales = product.filter((template) => template.name === name);
    assert.deepEqual(
      locales.map(({ locale }) => locale),
      ["en", "id"],
    );
    for (const other of locales) assert.deepEqual(other.names.toSorted(), names.toSorted(), name);
  }
});

test("a letter wears the name and the colour of the community, and its button can be read on any colour", async () => {
  const note = product.find(({ name, locale }) => name === "notification" && locale === "en");
  if (!note) throw new Error("no template");
  for (const [colour, readable] of [
    ["#ffffff", "#000000"],
    ["#ffd400", "#000000"],
    ["#b4532a", "#ffffff"],
    ["#1b1f24", "#ffffff"],
    ["#00a000", "#000000"],
  ]) {
    await world.pool.query("update app.community set name = $1, colour = $2", ["Kota & Desa", colour]);
    const { html } = await example(note);
    assert.match(html, /Kota &amp; Desa/);
    assert.match(html, new RegExp(`bgcolor="${colour}"`));
    assert.match(html, new RegExp(`;color:${readable};`));
  }
});

test("the language of a letter: its own, the person's, the community's, and English for what nobody wrote", async () => {
  const sample = product.find(({ name }) => name === "sign-in-link")?.sample;
  const { rows } = await world.pool.query(
    "insert into app.people (name, locale) values ('Bima', 'id'), ('Ada', null) returning id",
  );
  const [bima, ada] = rows.map(({ id }) => id);
  const subjectFor = async (values: object) => {
    const id = await enqueue(world.pool, { data: sample, ...values });
    return (await letterOf(world.pool, id)).subject;
  };
  assert.equal(await subjectFor({ person_id: bima }), "Tautan masuk Anda");
  assert.equal(await subjectFor({ person_id: bima, locale: "en" }), "Your sign-in link");
  assert.equal(await subjectFor({ person_id: ada }), "Your sign-in link");
  await world.pool.query("update app.community set locale = 'id'");
  assert.equal(await subjectFor({ person_id: ada }), "Tautan masuk Anda");
  assert.equal(await subjectFor({ locale: "id-ID" }), "Tautan masuk Anda");
  assert.equal(await subjectFor({ locale: "fr" }), "Your sign-in link");
  await world.pool.query("update app.community set locale = 'en'");
});

async function write(name: string, files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name, file)), { recursive: true });
    await writeFile(path.join(folder, name, file), text);
  }
}

const welcome = {
  "sample.json": '{ "category": "account", "en": { "personName": "Ada" } }',
  "en/subject.txt": "Welcome, {{personName}}",
  "en/html.html": '<h1>Welcome</h1>\n<a class="button" href="{{publicUrl}}/">100% yours</a>',
  "en/text.txt": "Welcome to {{communityName}}, {{personName}}: it is 100% yours.",
};

test("a new letter is one folder", async () => {
  await write("welcome", welcome);
  await publishTemplates(world.pool, publicUrl, [templatesFolder, folder]);
  const id = await enqueue(world.pool, { template: "welcome", data: { personName: "Ada" }, locale: "id" });
  await using mailbox = await openMailbox();
  await flushOutbox(world.pool, transportTo(mailbox.url));
  const message = (await mailbox.received()).find(({ metadata }) => metadata.mid === id);
  assert.equal(message?.subject, "Welcome, Ada");
  assert.match(message?.textBody ?? "", /^Welcome to .*, Ada: it is 100% yours\./);
  assert.match(message?.htmlBody ?? "", /href="https:\/\/school\.test\/"[^>]*>100% yours<\/a>/);
  assert.deepEqual(faultsOf(message?.htmlBody ?? ""), []);
});

test("publishing again changes nothing; a changed file is a new version; from two processes at once it is one", async () => {
  const versions = async () =>
    (await world.pool.query("select name, locale, version, updated_at from mail.templates order by 1, 2"))
      .rows;
  await write("welcome", welcome);
  const publish = () => publishTemplates(world.pool, publicUrl, [templatesFolder, folder]);
  await publish();
  const first = await versions();
  await publish();
  assert.deepEqual(await versions(), first);
  await write("welcome", { "en/text.txt": "Hello {{personName}}" });
  await Promise.all([publish(), publish(), publish()]);
  const changed = (await versions()).filter((row, index) => row.version !== first[index]?.version);
  assert.deepEqual(
    changed.map(({ name, version }) => [name, version]),
    [["welcome", first.find(({ name }) => name === "welcome")?.version + 1]],
  );
  await publishTemplates(world.pool, publicUrl);
  assert.equal((await versions()).length, product.length, "what has left the folders is gone");
});

test("a folder that cannot be understood ends the start and is named", async () => {
  for (const [file, text] of [
    ["en/html.html", "{{personName"],
    ["en/html.html", "{{#a}}{{?b}}x{{/b}}{{/a}}"],
    ["en/html.html", "{{#a}}x"],
    ["en/text.txt", "{{person name}}"],
  ] as const) {
    await write("odd", { ...welcome, [file]: text });
    await assert.rejects(readTemplates([folder]), { code: "BadTemplate", message: /odd\/en/ }, text);
  }
  await write("odd", welcome);
  await readTemplates([folder]);
  await rm(path.join(folder, "odd", "en", "text.txt"));
  await assert.rejects(readTemplates([folder]), { code: "BadTemplate", message: /odd\/en\/text\.txt/ });
  await rm(path.join(folder, "odd", "en"), { recursive: true });
  await assert.rejects(readTemplates([folder]), { code: "BadTemplate", message: /odd has no folder en/ });
  await rm(path.join(folder, "odd"), { recursive: true });
});
