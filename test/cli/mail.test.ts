import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Cli, openCli } from "./cli.ts";

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());

async function heldLetter(): Promise<string> {
  const [letter] = await cli.rows(
    `insert into mail.letters (
       dedupe_key, stream, priority, recipient, template, category, locale, state, attempt, batch_id, claimed_by, last_tx_at
     )
     values (gen_random_uuid()::text, 'outbound', 100, 'ada@school.test', 'digest', 'digest', 'en', 'held', 1,
       gen_random_uuid(), 'a', now())
     returning id`,
  );
  return String(letter?.id);
}

test("the state of mail is shown, and a stopped stream is an answer of 1 until it is resumed", async () => {
  const well = await cli.howdah("mail", "status");
  assert.equal(well.code, 0, well.err);
  assert.match(well.out, /outbound +0 +- +0 +0 +0 +0 +-\n/);
  await cli.rows("select mail.stop('outbound', '10', 'The token is wrong.')");
  const stopped = await cli.howdah("mail:status");
  assert.equal(stopped.code, 1);
  assert.match(
    stopped.err,
    /\[outbound\] is stopped \(10\): The token is wrong\. .*howdah mail:resume outbound/,
  );
  assert.match((await cli.howdah("mail:resume", "outbound")).out, /\[outbound\] goes again/);
  assert.match((await cli.howdah("mail:resume", "outbound")).out, /was not stopped/);
  assert.equal((await cli.howdah("mail:resume", "nowhere")).code, 1);
});

test("an undecided letter is listed and decided, under the name of who typed it", async () => {
  const id = await heldLetter();
  assert.match((await cli.howdah("mail:undecided")).out, new RegExp(`${id} +held +ada@school.test`));
  assert.match((await cli.howdah("mail:decide", id, "drop")).out, /is cancelled/);
  assert.match((await cli.howdah("mail:undecided")).out, /No letter is undecided/);
  const again = await cli.howdah("mail:decide", id, "drop");
  assert.match(again.err, /nothing to decide: the letter is cancelled/);
  assert.equal((await cli.howdah("mail:decide", "4711", "drop")).code, 2);
  const [audit] = await cli.rows(
    "select actor like 'cli:%' as by_hand, detail from queue.audit where act = 'decide_letter'",
  );
  assert.deepEqual(audit, { by_hand: true, detail: { decision: "drop" } });
});

test("the rate of a stream is set and lifted", async () => {
  assert.match((await cli.howdah("mail:rate", "broadcast", "12.5")).out, /12\.5 letters per second/);
  assert.match((await cli.howdah("mail:status")).out, /broadcast .* 12\.5\n/);
  assert.match((await cli.howdah("mail:rate", "broadcast", "none")).out, /has no limit/);
  assert.equal((await cli.howdah("mail:rate", "broadcast", "fast")).code, 2);
});
