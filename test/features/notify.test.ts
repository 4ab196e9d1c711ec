import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
before(async () => {
  campus = await openCampus();
});
after(() => campus[Symbol.asyncDispose]());

test("an announcement becomes one notification and one mail per person", async () => {
  const { classId, people } = campus;
  const announce = () =>
    campus.value(
      "select notify.announce('test:1', 'announcement', 'Hello', 'World', '/x', array[$1]::uuid[], actor_id => $2)",
      classId,
      people.tutor,
    );
  const id = await announce();
  assert.equal(await announce(), id);
  await campus.settle();
  const [progress] = await campus.rows("select * from notify.progress('test:1')");
  assert.partialDeepStrictEqual(progress, {
    recipients: 2,
    notified: 2,
    mails_sent: 2,
    mails_waiting: 0,
    skipped: 0,
  });
  const told = await campus.rows("select notify.notified_people('test:1') as id");
  assert.deepEqual(told.map(({ id }) => id).sort(), [people.owner, people.sam].sort());
});

test("own words, and withdrawal", async () => {
  const { people } = campus;
  await campus.value(
    "select notify.announce_each('test:2', 'grade', $1)",
    JSON.stringify([
      { personId: people.sam, title: "A", body: "You", path: "/g" },
      { personId: people.sam, title: "A", body: "You", path: "/g" },
      { personId: people.owner, title: "B", body: "They", path: "/g" },
    ]),
  );
  await campus.settle();
  assert.partialDeepStrictEqual((await campus.rows("select * from notify.progress('test:2')"))[0], {
    notified: 2,
    mails_sent: 2,
  });
  await campus.value("select notify.withdraw('test:2')");
  await campus.value("select notify.withdraw('test:2')");
  await campus.settle();
  assert.partialDeepStrictEqual((await campus.rows("select * from notify.progress('test:2')"))[0], {
    withdrawn: 2,
  });
  assert.deepEqual(await campus.rows("select notify.notified_people('test:2') as id"), []);
});
