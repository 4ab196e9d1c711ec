import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import prune from "../../tasks/mail/prune.ts";
import { openWorld, type World } from "../support/world.ts";
import { enqueue, letterOf } from "./outbox-support.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world[Symbol.asyncDispose]());

const invitation = {
  groupName: "Maths & <Fun> 100%",
  inviterName: "Ada",
  personName: "Grace",
  role: "student",
  signInToken: "t0k-en",
};

async function written(template: string, data: object, values: object = {}) {
  const { subject, html, text } = await letterOf(
    world.pool,
    await enqueue(world.pool, { template, data, ...values }),
  );
  return { subject: subject ?? "", html: html ?? "", text: text ?? "" };
}

test("a letter has its words at once, in both forms", async () => {
  const { subject, html, text } = await written("group-invitation", invitation);
  assert.equal(subject, "Ada invites you to Maths & <Fun> 100%");
  assert.match(html, /Welcome to Maths &amp; &lt;Fun&gt; 100%</);
  assert.match(html, /href="https:\/\/school\.test\/sign-in#t0k-en"/);
  assert.match(text, /Ada invites you to Maths & <Fun> 100%\. Your role there: student\./);
  assert.match(text, /\nhttps:\/\/school\.test\/sign-in#t0k-en\n/);
});

test("a missing, empty or odd value is refused and named, never a word in a letter", async () => {
  for (const groupName of [undefined, null, "", "  ", "\n", {}, ["a"], true]) {
    await assert.rejects(
      enqueue(world.pool, { template: "group-invitation", data: { ...invitation, groupName } }),
      { code: "HW422", message: 'The letter needs a value for "groupName".' },
      JSON.stringify(groupName),
    );
  }
  const items = [{ title: "A", excerpt: "B", path: "/" }];
  const digest = { personName: "Ada", summary: "Two", items };
  for (const [odd, message] of [
    [undefined, 'The letter needs a list for "items".'],
    ["x", 'The letter needs a list for "items".'],
    [[...items, { title: "A", path: "/" }], 'The letter needs a value for "excerpt" in each of "items".'],
  ]) {
    const data = { ...digest, items: odd };
    await assert.rejects(enqueue(world.pool, { template: "digest", data }), { code: "HW422", message });
  }
  await enqueue(world.pool, { template: "digest", data: digest });
});

test("a name cannot add a header, a tag, a value or a template of its own", async () => {
  const { subject, html, text } = await written("group-invitation", {
    ...invitation,
    inviterName: "Eve\r\nBcc: all@school.test\u2028",
    personName: '"><script>{{signInToken}}%1$s\u0007',
  });
  assert.equal(subject, "Eve Bcc: all@school.test invites you to Maths & <Fun> 100%");
  assert.match(html, /&quot;&gt;&lt;script&gt;\{\{signInToken\}\}%1\$s,/);
  assert.match(text, /"><script>\{\{signInToken\}\}%1\$s,/);
});

test("a list is repeated for each of its objects, and HTML of the database stays what it is", async () => {
  const items = ["One", "Two & a half"].map((title) => ({ title, excerpt: "E", path: `/${title}` }));
  const digest = await written("digest", { personName: "Ada", summary: "Two", items });
  assert.match(digest.html, /One<[\s\S]*Two &amp; a half</);
  assert.match(digest.text, /\nOne\nE\n[\s\S]*\nTwo & a half\nE\n/);
  const campaign = await written("campaign", {
    ...{ letterSubject: "S", bodyText: "x", bodyHtml: "<p>x <b>y</b></p>", groupName: "Ours" },
  });
  assert.match(campaign.html, /<p>x <b>y<\/b><\/p>/);
});

test("many at once: a problem keeps nobody else from theirs, and nothing is written twice", async () => {
  const letter = (dedupeKey: string, recipient: string, data: object) => ({
    ...{ template: "group-invitation", dedupeKey, recipient, data },
  });
  const letters = [
    letter("m:good", "good@school.test", invitation),
    letter("m:bare", "bare@school.test", { ...invitation, role: null }),
    letter("m:odd", "nobody", invitation),
  ];
  const write = () =>
    world.pool.query("select * from mail.enqueue_many($1) order by 1", [JSON.stringify(letters)]);
  const { rows } = await write();
  assert.deepEqual(
    rows.map(({ dedupe_key, problem }) => [dedupe_key, problem]),
    [
      ["m:bare", 'The letter needs a value for "role".'],
      ["m:good", null],
      ["m:odd", '"nobody" is not a mail address.'],
    ],
  );
  assert.deepEqual((await write()).rows, rows);
});

test("a template that does not exist is refused", async () => {
  for (const template of ["nothing", "../layout", "layout"])
    await assert.rejects(enqueue(world.pool, { template }), { code: "HW422" });
});

test("who can be left has a token and a link; who cannot has none", async () => {
  const data = { personName: "Ada", title: "T", body: "B", path: "/" };
  const note = { template: "notification", data };
  const id = await enqueue(world.pool, { ...note, category: "event" });
  const letter = await letterOf(world.pool, id);
  assert.match(letter.unsubscribe_token ?? "", /^[0-9a-f]{32}$/);
  for (const form of [letter.html, letter.text])
    assert.ok(form?.includes(`https://school.test/unsubscribe/${letter.unsubscribe_token}`));
  for (const category of ["security", "account", "invitation", undefined]) {
    const essential = await letterOf(world.pool, await enqueue(world.pool, { ...note, category }));
    assert.equal(essential.unsubscribe_token, null);
    assert.doesNotMatch(`${essential.html}${essential.text}`, /unsubscribe\//);
  }
});

test("what a letter says cannot be changed, nor forgotten while it may still go out", async () => {
  const id = await enqueue(world.pool);
  for (const statement of ["update mail.words set text = 'x'", "delete from mail.words"])
    await assert.rejects(world.pool.query(`${statement} where letter_id = $1`, [id]), { code: "HW409" });
});

for (const [end, sql] of [
  [
    "accepted",
    "select mail.record(jsonb_build_array(jsonb_build_object('id', $1::uuid, 'attempt', 1, 'kind', 'accepted', 'messageId', gen_random_uuid())))",
  ],
  [
    "failed",
    "select mail.record(jsonb_build_array(jsonb_build_object('id', $1::uuid, 'attempt', 1, 'kind', 'refused', 'code', '300', 'reason', 'no')))",
  ],
]) {
  test(`the token of a sign-in letter is nowhere in the database once it is ${end}, and stays until then`, async () => {
    const secret = `s3cret-${end}`;
    const data = { personName: "Ada", signInToken: secret, code: "123456" };
    const ids = [true, false].map((isSecret) => enqueue(world.pool, { data, secret: isSecret }));
    const [id = "", open = ""] = await Promise.all(ids);
    await world.pool.query("select mail.claim(100, 'test')");
    assert.match((await letterOf(world.pool, id)).text ?? "", new RegExp(secret));
    for (const each of [id, open]) await world.pool.query(sql ?? "", [each]);
    const kept = await world.pool.query(
      "select letter_id from mail.words where strpos(text || html || subject, $1) > 0",
      [secret],
    );
    assert.deepEqual(kept.rows, [{ letter_id: open }]);
    const whole = await world.pool.query(
      "select to_jsonb(l)::text as row from mail.letters l where id = $1",
      [id],
    );
    assert.doesNotMatch(whole.rows[0].row, new RegExp(secret));
    if (end !== "failed") return;
    const again = (each: string) =>
      world.pool.query("update mail.letters set state = 'queued' where id = $1", [each]);
    await assert.rejects(again(id), { code: "HW409" });
    await again(open);
  });
}

test("what was said long ago is forgotten, the letter is not; what may still go out is kept however old", async () => {
  await world.pool.query("truncate mail.letters cascade");
  const letter = async (age: string, state: string) => {
    const id = await enqueue(world.pool);
    await world.pool.query("update mail.letters set state = $2 where id = $1", [id, state]);
    await world.pool.query("alter table mail.letters disable trigger _100_guard");
    await world.pool.query("update mail.letters set updated_at = now() - $2::interval where id = $1", [
      id,
      age,
    ]);
    await world.pool.query("alter table mail.letters enable trigger _100_guard");
    return id;
  };
  const old = await letter("61 days", "cancelled");
  const kept = [await letter("59 days", "cancelled"), await letter("61 days", "queued")];
  await prune.run({}, { query: world.pool.query.bind(world.pool) } as never);
  const { rows } = await world.pool.query("select letter_id from mail.words");
  assert.deepEqual(rows.map(({ letter_id }) => letter_id).sort(), kept.sort());
  assert.equal((await letterOf(world.pool, old)).state, "cancelled");
});
