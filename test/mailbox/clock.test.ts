import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { ServerClient } from "postmark";
import { Clock } from "#mailbox/clock.ts";
import { startMailbox } from "#mailbox/mailbox.ts";
import { openMailbox } from "../support/mailbox.ts";

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };

test("an advance rings every alarm on its way, in order, and those that they set", async () => {
  const clock = new Clock();
  const start = clock.now().getTime();
  const rung: string[] = [];
  const ring = (name: string) => () => {
    rung.push(`${name} ${Math.floor((clock.now().getTime() - start) / 1000)}`);
  };
  clock.at(start + 20_000, ring("second"));
  clock.at(start + 10_000, () => {
    ring("first")();
    clock.at(start + 15_000, ring("set by the first"));
  });
  clock.at(start + 99_000, ring("later"));
  const cancel = clock.at(start + 5_000, ring("cancelled"));
  cancel();
  await clock.advance(60);
  assert.deepEqual(rung, ["first 10", "set by the first 15", "second 20"]);
  assert.ok(clock.now().getTime() - start >= 60_000);
  clock.stop();
});

test("without an advance, time passes as everywhere", async () => {
  const clock = new Clock();
  await clock.sleep(1);
  const stopped = new AbortController();
  const sleeping = clock.sleep(3_600_000, stopped.signal);
  stopped.abort();
  await sleeping;
  clock.stop();
});

test("a letter is found by the search only when it is in the index, and by its id at once", async () => {
  await using mailbox = await openMailbox();
  const client = mailbox.client();
  const found = async () => (await client.getOutboundMessages({ tag: "late" })).TotalCount;
  await mailbox.control("POST", "settings", { searchLagSeconds: 3600 });
  const { MessageID } = await client.sendEmail({ ...letter, Tag: "late" });
  assert.equal(Number(await found()), 0);
  assert.equal((await client.getOutboundMessageDetails(MessageID)).MessageID, MessageID);
  await mailbox.control("POST", "clock/advance", { seconds: 3000 });
  assert.equal(Number(await found()), 0);
  await mailbox.control("POST", "clock/advance", { seconds: 600 });
  assert.equal(Number(await found()), 1);
});

test("a mailbox that was ended goes on where it was: its time, and what was still to come", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "mailbox-"));
  const file = path.join(folder, "mailbox.db");
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  let id = "";
  const ahead = 86_400;
  {
    await using first = await startMailbox({ file });
    await post(first.url, "clock/advance", { seconds: ahead });
    id = (await clientOf(first.url).sendEmail({ ...letter, To: "slow@mailbox.test" })).MessageID;
    await post(first.url, "clock/advance", { seconds: 300 });
  }
  await using second = await startMailbox({ file });
  const events = async () => (await clientOf(second.url).getOutboundMessageDetails(id)).MessageEvents;
  const { offsetSeconds } = await post(second.url, "clock/advance", { seconds: 0 });
  assert.ok(offsetSeconds > ahead + 299);
  assert.deepEqual(await events(), []);
  await post(second.url, "clock/advance", { seconds: 300 });
  assert.deepEqual(
    (await events()).map(({ Type }) => Type),
    ["Delivered"],
  );
});

function clientOf(url: string): ServerClient {
  return new ServerClient("token", { requestHost: new URL(url).host, useHttps: false });
}

async function post(url: string, what: string, body: object): Promise<{ offsetSeconds: number }> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/_control/${what}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { offsetSeconds: number };
}
