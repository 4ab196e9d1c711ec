import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";

let mailbox: TestMailbox;

before(async () => {
  mailbox = await openMailbox();
});
after(() => mailbox[Symbol.asyncDispose]());

type Listed = { position: number; id: string; subject: string; happened: string[] };

test("the page's list comes in pages, the newest first, and is found by address, subject and tag", async () => {
  await send(60);
  const first = await list();
  assert.deepEqual([first.letters.length, first.letters[0]?.subject, first.more], [50, "Letter 60", true]);
  const rest = await list({ before: String(first.letters.at(-1)?.position) });
  assert.deepEqual([rest.letters.length, rest.letters.at(-1)?.subject, rest.more], [10, "Letter 1", false]);
  for (const [text, found] of [
    ["PERSON7@", 1],
    ["letter 6", 2],
    ["odd", 30],
    ["100%", 0],
  ] as const)
    assert.equal((await list({ text })).letters.length, found, text);
  assert.equal((await list({ stream: "broadcast" })).letters.length, 0);
});

test("while nothing happens the list is not sent again; an event sends it", async () => {
  const { headers } = await fetch(`${mailbox.url}/_letters`);
  const etag = headers.get("etag") ?? "";
  const again = () => fetch(`${mailbox.url}/_letters`, { headers: { "if-none-match": etag } });
  assert.equal((await again()).status, 304);
  const [newest] = (await list()).letters;
  await mailbox.control("POST", "events/bounce", { messageId: newest?.id });
  assert.equal((await again()).status, 200);
  assert.ok((await list()).letters[0]?.happened.includes("Bounced"));
});

test("a letter that is not there is said to be gone", async () => {
  const answer = await fetch(`${mailbox.url}/_letters/${crypto.randomUUID()}`);
  assert.equal(answer.status, 404);
  assert.match(((await answer.json()) as { Message: string }).Message, /not here any more/);
});

async function list(query: Record<string, string> = {}) {
  const answer = await fetch(`${mailbox.url}/_letters?${new URLSearchParams(query)}`);
  return (await answer.json()) as { letters: Listed[]; more: boolean };
}

async function send(count: number): Promise<void> {
  await mailbox.client().sendEmailBatch(
    Array.from({ length: count }, (_, index) => ({
      From: "school@school.example",
      To: `person${index + 1}@home.example`,
      Subject: `Letter ${index + 1}`,
      Tag: index % 2 ? "even" : "odd",
      TextBody: "Hello",
    })),
  );
}
