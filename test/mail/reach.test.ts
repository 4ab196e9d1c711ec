import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openSchool, type School } from "../graphql/school.ts";

let school: School;

before(async () => {
  school = await openSchool();
  await school.world.pool.query(
    "insert into app.email_addresses (person_id, address) values ($1, 'Sam@school.test')",
    [school.people.sam],
  );
});

after(() => school[Symbol.asyncDispose]());

const problems: [string, string | null, string][] = [
  ["hard-bounce", null, "unreachable"],
  ["soft-bounces", null, "bouncing"],
  ["inactive", "outbound", "unreachable"],
  ["spam-complaint", "broadcast", "declined"],
];

for (const [reason, stream, problem] of problems)
  test(`that mail does not reach somebody (${reason}) is seen by that person and by who organises, and by nobody else`, async () => {
    await school.world.pool.query("truncate mail.suppressions");
    assert.equal(await problemSeenBy(school.people.tutor), null);
    await school.world.pool.query(
      `insert into mail.suppressions (address, stream, reason, origin, since)
       values ('sam@school.test', $1, $2, 'recipient', now())`,
      [stream, reason],
    );
    for (const person of [school.people.tutor, school.people.owner, school.people.sam])
      assert.equal(await problemSeenBy(person), problem);
    await school.world.pool.query("update app.memberships set role = 'member' where person_id = $1", [
      school.people.tutor,
    ]);
    assert.equal(await problemSeenBy(school.people.tutor), null, "still of the class, but no teacher");
    await school.world.pool.query("update app.memberships set role = 'teacher' where person_id = $1", [
      school.people.tutor,
    ]);
  });

test("who organises finds all whom mail does not reach", async () => {
  const query = "{ people(filter: { mailProblem: { isNull: false } }) { nodes { name } } }";
  const { data, errors } = await school.as(school.people.tutor)(query);
  assert.deepEqual(errors, []);
  assert.deepEqual(data.people.nodes, [{ name: "Sam" }]);
});

async function problemSeenBy(person: string): Promise<string | null> {
  const query = "query ($id: UUID!) { person(id: $id) { name mailProblem } }";
  const { data, errors } = await school.as(person)(query, { id: school.people.sam });
  assert.deepEqual(errors, []);
  assert.equal(data.person.name, "Sam");
  return data.person.mailProblem;
}
