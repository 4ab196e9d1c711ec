import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openSchool, type School } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
  await school.world.pool.query(
    "update app.people set community_role = 'owner', locale = 'id' where id = $1",
    [school.people.owner],
  );
});
after(() => school[Symbol.asyncDispose]());

const list = "{ letterTemplates { nodes { name locales } } }";
const preview = `query ($template: String!, $locale: String) {
  previewLetter(template: $template, locale: $locale) { locale subject html text }
}`;

test("who runs the community sees every letter, in each language, with an example in it", async () => {
  const owner = school.as(school.people.owner);
  const { data, errors } = await owner(list);
  assert.deepEqual(errors, []);
  const names = data.letterTemplates.nodes.map(({ name }: { name: string }) => name);
  assert.ok(names.includes("notification") && names.includes("sign-in-link"), names.join());
  for (const { name, locales } of data.letterTemplates.nodes) {
    assert.deepEqual(locales, ["en", "id"], name);
    for (const locale of locales) {
      const answer = await owner(preview, { template: name, locale });
      assert.deepEqual(answer.errors, []);
      const { subject, html, text, ...rest } = answer.data.previewLetter;
      assert.deepEqual(rest, { locale });
      assert.match(html, /^<!doctype html>[\s\S]*<\/html>\n$/);
      for (const form of [subject, html, text]) assert.doesNotMatch(form, /\{\{|undefined/);
    }
  }
});

test("a preview is in one's own language unless another is asked for, and in English where there is no other", async () => {
  const owner = school.as(school.people.owner);
  const shown = async (locale?: string) =>
    (await owner(preview, { template: "notification", locale })).data.previewLetter;
  assert.deepEqual([(await shown()).locale, (await shown()).subject], ["id", "Hari olahraga"]);
  assert.deepEqual([(await shown("fr")).locale, (await shown("fr")).subject], ["en", "Sports day"]);
  assert.match((await shown("en")).html, /\/unsubscribe\/preview"/);
  assert.match((await shown("en")).html, /Howdah/);
  const { errors } = await owner(preview, { template: "nothing" });
  assert.equal(errors[0]?.extensions.code, "HW404");
});

test("nobody else may look", async () => {
  for (const [person, code] of [
    [school.people.tutor, "HW403"],
    [school.people.sam, "HW403"],
    [undefined, "HW401"],
  ] as const) {
    for (const query of [list, preview]) {
      const { errors } = await school.as(person)(query, { template: "notification" });
      assert.equal(errors[0]?.extensions.code, code);
    }
  }
});
