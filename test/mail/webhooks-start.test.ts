import assert from "node:assert/strict";
import { test } from "node:test";
import { askControl } from "../support/mailbox.ts";
import { startHowdah } from "../support/process.ts";
import { post } from "../support/visitor.ts";
import { until } from "../support/wait.ts";

type Attempt = { recordType: string; status: number; url: string };

test("a start without a token makes the dev mailbox tell of letters: the delivery of a sign-in link is answered 200", async () => {
  await using howdah = await startHowdah();
  const attempts = () => askControl<Attempt[]>(howdah.mailboxUrl, "GET", "webhooks/attempts");
  await post(`${howdah.url}/auth/request-link`, { email: "bima@school.example" });
  await until(async () => (await attempts()).some(({ recordType }) => recordType === "Delivery"));
  const [attempt] = (await attempts()).filter(({ recordType }) => recordType === "Delivery");
  assert.partialDeepStrictEqual(attempt, { status: 200, url: `${howdah.url}/mail/webhooks/postmark` });
});
