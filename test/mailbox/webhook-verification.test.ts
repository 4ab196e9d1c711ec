import assert from "node:assert/strict";
import { test } from "node:test";
import { openPlace } from "./place.ts";

const letter = { From: "mail@school.test", To: "ada@school.test", Subject: "Hello", TextBody: "Hello Ada" };
const deliveries = { Delivery: { Enabled: true } };

test("a webhook whose probes are not answered by 200 is not saved, unless it is not to be verified", async () => {
  await using place = await openPlace();
  const { client, receiver } = place;
  const wanted = {
    Url: receiver.url,
    MessageStream: "outbound",
    Triggers: { ...deliveries, Click: { Enabled: true } },
  };
  for (const answer of [204, 500, null]) {
    place.answers = [answer];
    await assert.rejects(client.createWebhook(wanted), { statusCode: 422, code: 1364 });
  }
  assert.deepEqual((await client.getWebhooks()).Webhooks, []);
  receiver.forget();
  await client.createWebhook({ ...wanted, Verify: false } as never);
  assert.equal(receiver.received.length, 0);
  await client.sendEmail(letter);
  await place.settle();
  assert.equal(receiver.received.length, 0, "an unverified webhook hears nothing");

  place.answers = [200];
  await client.createWebhook(wanted);
  assert.deepEqual(receiver.received.map(({ body }) => body.RecordType).sort(), ["Click", "Delivery"]);
});

test("an edited webhook is probed anew and stays as it was when it fails", async () => {
  await using place = await openPlace();
  const { client } = place;
  const { ID } = await place.register({ Triggers: deliveries });
  place.answers = [500];
  await assert.rejects(client.editWebhook(ID, { Url: `${place.receiver.url}/new` }), { code: 1364 });
  assert.equal((await client.getWebhook(ID)).Url, place.receiver.url);
  place.answers = [200];
  await client.editWebhook(ID, { Url: `${place.receiver.url}/new` });
  await client.sendEmail(letter);
  await place.settle();
  assert.equal(place.receiver.received.at(-1)?.path, "/new");
});

test("a trigger that fails persistently is paused, the others are not; a new verification starts it again", async () => {
  await using place = await openPlace();
  const { client, mailbox } = place;
  await mailbox.control("POST", "settings", { webhooks: { pauseAfter: 2 } });
  const { ID } = await place.register({ Triggers: { ...deliveries, Bounce: { Enabled: true } } });
  place.answers = [503];
  await client.sendEmailBatch([letter, letter]);
  await place.advance(7200);
  assert.partialDeepStrictEqual(await mailbox.control("GET", "webhooks"), {
    paused: [{ webhookId: ID, trigger: "Delivery" }],
  });
  place.answers = [200];
  place.receiver.forget();
  await client.sendEmailBatch([letter, { ...letter, To: "softbounce@mailbox.test" }]);
  await place.settle();
  assert.deepEqual(
    place.receiver.received.map(({ body }) => body.RecordType),
    ["Bounce"],
  );
  const headers = { "content-type": "application/json", "x-postmark-server-token": "t" };
  await fetch(`${mailbox.url}/webhooks/${ID}/verify`, { method: "POST", headers });
  place.receiver.forget();
  await client.sendEmail(letter);
  await place.settle();
  assert.equal(place.receiver.received[0]?.body.RecordType, "Delivery");
});
