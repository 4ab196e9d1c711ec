import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { ServerClient } from "postmark";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;
let client: ServerClient;

before(async () => {
  mailbox = await openMailbox();
  client = mailbox.client();
});
after(() => mailbox[Symbol.asyncDispose]());
beforeEach(() => mailbox.control("POST", "reset", {}));

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };

test("a retry-after reaches those who read headers", async () => {
  await mailbox.control("POST", "faults", { action: "status", status: 429, retryAfter: 7 });
  const answer = await fetch(`${mailbox.url}/email`, { method: "POST", body: "{}" });
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.get("retry-after"), "7");
});

test("a fault is matched by recipient, tag, path and turn, and tells how often it acted", async () => {
  const refused = async (change: object = {}) => {
    const result = await client.sendEmail({ ...letter, ...change }).catch(() => undefined);
    return result === undefined;
  };
  await fault({ to: "Ada@School.test" });
  assert.equal(await refused(), true);
  assert.equal(await refused({ To: "Ada <ADA@school.test>", Cc: "grace@school.test" }), true);
  assert.equal(await refused({ To: "nada@school.test" }), false);

  await fault({ tag: "t" });
  assert.deepEqual([await refused({ Tag: "t" }), await refused({ Tag: "tt" })], [true, false]);

  await fault({ path: "/email/batch" });
  assert.equal(await refused(), false);

  await fault({ path: "/email*", nth: 2 });
  assert.deepEqual([await refused(), await refused(), await refused()], [false, true, false]);
  await fault({ nth: 2 }, 2);
  assert.deepEqual(
    [await refused(), await refused(), await refused(), await refused()],
    [false, true, true, false],
  );
  const [seen] = await mailbox.control<{ seen: number; hits: number }[]>("GET", "faults");
  assert.deepEqual({ ...seen, seen: 4, hits: 2 }, seen);

  await fault({ probability: 0 });
  assert.equal(await refused(), false);
  await mailbox.control("DELETE", "faults");
  assert.deepEqual(await mailbox.control("GET", "faults"), []);

  async function fault(match: object, times?: number) {
    await mailbox.control("DELETE", "faults");
    await mailbox.control("POST", "faults", { match, times, action: "status", status: 500 });
  }
});

test("a fault that makes no sense is refused with a sentence", async () => {
  for (const [fault, sentence] of [
    [{ action: "explode" }, /action is one of status, delay/],
    [{ action: "status" }, /needs a number \\"status\\"/],
    [{ action: "hang", match: { recipient: "x" } }, /not matched by \\"recipient\\"/],
    [{ action: "hang", times: 0 }, /times is a whole number/],
    [{ action: "hang", seconds: 1 }, /has no \\"seconds\\"/],
  ] as const)
    await assert.rejects(mailbox.control("POST", "faults", fault), sentence);
});
