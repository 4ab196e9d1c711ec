import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openSchool, type School } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
  await school.world.pool.query("update app.people set community_role = 'owner' where id = $1", [
    school.people.owner,
  ]);
});
after(() => school[Symbol.asyncDispose]());

const overview = `{
  mailStreams { nodes { name lettersPerSecond waiting held stoppedBecause } }
  undecidedLetters { nodes { id state recipient sentAt } }
}`;

async function heldLetter(): Promise<string> {
  const { rows } = await school.world.pool.query<{ id: string }>(
    `insert into mail.letters (
       dedupe_key, stream, priority, recipient, template, category, locale, state, attempt, batch_id, claimed_by, last_tx_at
     )
     values ('held', 'outbound', 100, 'ada@school.test', 'digest', 'digest', 'en', 'held', 1, gen_random_uuid(), 'a', now())
     returning id`,
  );
  return rows[0]?.id ?? "";
}

test("the owner of the community sees the streams of mail and decides about letters", async () => {
  const ask = school.as(school.people.owner);
  const id = await heldLetter();
  await school.world.pool.query("select mail.stop('broadcast', '1235', 'There is no such stream.')");
  const { data, errors } = await ask(overview);
  assert.deepEqual(errors, []);
  const byName = new Map(data.mailStreams.nodes.map((stream: { name: string }) => [stream.name, stream]));
  assert.partialDeepStrictEqual(byName.get("outbound"), { held: 1, stoppedBecause: null });
  assert.partialDeepStrictEqual(byName.get("broadcast"), { stoppedBecause: "There is no such stream." });
  assert.partialDeepStrictEqual(data.undecidedLetters.nodes, [{ id, state: "held" }]);

  const acts = await ask(
    `mutation ($id: UUID!) {
      decideLetter(input: { id: $id, decision: "drop" }) { result }
      resumeMail(input: { stream: "broadcast" }) { result { stoppedBecause } }
      setMailRate(input: { stream: "broadcast", lettersPerSecond: 5 }) { result { lettersPerSecond } }
    }`,
    { id },
  );
  assert.deepEqual(acts.errors, []);
  assert.deepEqual(acts.data, {
    decideLetter: { result: "cancelled" },
    resumeMail: { result: { stoppedBecause: null } },
    setMailRate: { result: { lettersPerSecond: 5 } },
  });
});

test("nobody else does", async () => {
  const { data, errors } = await school.as(school.people.tutor)(overview);
  assert.equal(data?.mailStreams ?? null, null);
  assert.ok(errors.length > 0);
});
