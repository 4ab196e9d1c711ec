import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { flushOutbox } from "#mail/outbox.ts";
import { reconcileOutbox } from "#mail/reconcile.ts";
import { openMailbox } from "../support/mailbox.ts";
import { openWorld, type World } from "../support/world.ts";
import { enqueue, letTimePass, letterOf, transportTo } from "./outbox-support.ts";
import { type Around, openBetween } from "./servers.ts";

for (const [when, moment, attempts] of [
  ["before the mailbox took its letters", "instead", 2],
  ["after the mailbox took its letters and before it knew", "after", 1],
] as const) {
  test(`a sender killed ${when} loses none and doubles none`, async () => {
    await using world = await openWorld();
    await using mailbox = await openMailbox();
    const ids = await Promise.all([1, 2, 3].map(() => enqueue(world.pool)));
    await killSenderAt(moment, world, mailbox.url);
    const { rows } = await world.pool.query(
      "select state, count(*)::int from mail.letters group by state, batch_id",
    );
    assert.deepEqual(rows, [{ state: "sending", count: 3 }], "what went together is looked up together");

    await recover(world, mailbox.url);
    for (const id of ids) {
      assert.partialDeepStrictEqual(await letterOf(world.pool, id), { state: "accepted", attempt: attempts });
    }
    const received = await mailbox.received();
    assert.deepEqual(received.map(({ metadata }) => metadata.mid).sort(), ids.sort());
  });
}

async function killSenderAt(moment: keyof Around, world: World, mailboxUrl: string): Promise<void> {
  let sender: ChildProcess | undefined;
  const kill = async () => {
    sender?.kill("SIGKILL");
    if (sender?.signalCode === null) await once(sender, "exit");
  };
  await using between = await openBetween(mailboxUrl, { [moment]: kill });
  const script = `${import.meta.dirname}/sender.ts`;
  sender = spawn(process.execPath, [script, world.databaseUrl, between.url], { stdio: "inherit" });
  const [, signal] = await once(sender, "exit");
  assert.equal(signal, "SIGKILL");
}

async function recover(world: World, mailboxUrl: string): Promise<void> {
  const transport = transportTo(mailboxUrl);
  await letTimePass(world.pool, "121 seconds");
  await world.pool.query("select mail.sweep()");
  for (let n = 0; n < 3; n++) {
    await letTimePass(world.pool, "15 minutes");
    await reconcileOutbox(world.pool, transport);
  }
  await flushOutbox(world.pool, transport);
}
