import type { AddressInfo } from "node:net";
import fastify from "fastify";
import type { Pool } from "pg";
import { readConfig } from "#config.ts";
import { postmarkWebhookRoute } from "#http/routes/postmark-webhook.ts";
import { hearCalls } from "#mail/hearing.ts";
import { readCall } from "#mail/webhook-call.ts";
import { enqueue } from "./outbox-support.ts";

export const webhookSecret = "the-secret-of-the-webhook";

export type Payload = Record<string, unknown>;

export type Receiver = AsyncDisposable & {
  url: string;
  /** Posts as Postmark does; resolves to the status. */
  post(body: unknown, headers?: Record<string, string>): Promise<number>;
};

/** The endpoint behind a real server. */
export async function openReceiver(
  owner: Pool,
  { port = 0, ...options }: { port?: number; patienceMs?: number } = {},
): Promise<Receiver> {
  const config = readConfig({});
  const app = fastify({ bodyLimit: 100_000 });
  app.removeContentTypeParser("text/plain");
  await app.register(postmarkWebhookRoute({ owner, webhookSecret, config }, options));
  await app.listen({ host: "127.0.0.1", port });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/mail/webhooks/postmark`;
  return {
    url,
    post: async (body, headers = {}) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...authorization(webhookSecret), "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      await response.arrayBuffer();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

export function authorization(secret: string, user = "howdah") {
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}` };
}

/** A letter that has been accepted as `messageId`, unless another state is wanted. */
export async function acceptedLetter(
  pool: Pool,
  { recipient = "ada@school.test", stream = "outbound", accepted = true } = {},
): Promise<{ id: string; messageId: string }> {
  const messageId = crypto.randomUUID();
  const id = await enqueue(pool, { recipient, stream });
  if (accepted) {
    await pool.query("select mail.claim(500, 'test')");
    await pool.query("select mail.record(jsonb_build_array($1::jsonb))", [
      JSON.stringify({ id, attempt: 1, kind: "accepted", messageId }),
    ]);
  }
  return { id, messageId };
}

type Letter = { id: string; messageId: string };

/** Payloads as mail.md 1.10 and Postmark's documentation have them. */
export function payloadsFor({ id, messageId }: Letter, stream = "outbound", recipient = "ada@school.test") {
  const common = {
    MessageStream: stream,
    MessageID: messageId,
    Metadata: { mid: id, bat: crypto.randomUUID(), a: "1" },
    Tag: "sign-in-link",
  };
  const reader = {
    Client: { Name: "Chrome 126.0", Company: "Google", Family: "Chrome" },
    OS: { Name: "OS X 10.7 Lion", Company: "Apple Computer, Inc.", Family: "OS X 10" },
    Platform: "WebMail",
    UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_2)",
    Geo: {
      ...{
        CountryISOCode: "RS",
        Country: "Serbia",
        RegionISOCode: "VO",
        Region: "Autonomna Pokrajina Vojvodina",
      },
      ...{ City: "Novi Sad", Zip: "21000", Coords: "45.2517,19.8369", IP: "188.2.95.4" },
    },
  };
  const bounce = {
    ...{
      ServerID: 23,
      Name: "Hard bounce",
      Description: "The server was unable to deliver your message.",
      Email: recipient,
    },
    ...{
      Details: "smtp;550 5.1.1 unknown user",
      From: "mail@school.test",
      DumpAvailable: true,
      Subject: "Come in",
    },
  };
  return {
    delivery: {
      ...{ ...common, RecordType: "Delivery", ServerID: 23, Recipient: recipient, Details: "Test delivery" },
      DeliveredAt: "2026-11-20T10:00:00.0000000Z",
    },
    bounce: (values: Payload = {}) => ({
      ...{ ...common, ...bounce, RecordType: "Bounce", ID: 692560173, Type: "HardBounce", TypeCode: 1 },
      ...{ BouncedAt: "2026-11-20T10:01:00.0000000Z", Inactive: true, CanActivate: true },
      ...values,
    }),
    complaint: {
      ...{
        ...common,
        ...bounce,
        RecordType: "SpamComplaint",
        ID: 692560174,
        Type: "SpamComplaint",
        TypeCode: 100001,
      },
      ...{
        Name: "Spam complaint",
        BouncedAt: "2026-11-20T10:05:00.0000000Z",
        Inactive: true,
        CanActivate: false,
      },
    },
    open: {
      ...{ ...common, ...reader, RecordType: "Open", FirstOpen: true, Recipient: recipient, ReadSeconds: 5 },
      ReceivedAt: "2026-11-20T10:02:00.0000000Z",
    },
    click: {
      ...{ ...common, ...reader, RecordType: "Click", ClickLocation: "HTML", Recipient: recipient },
      ...{
        OriginalLink: "https://school.test/e/1?token=secret#x",
        ReceivedAt: "2026-11-20T10:03:00.0000000Z",
      },
    },
    subscription: (values: Payload = {}) => ({
      ...{
        ...common,
        RecordType: "SubscriptionChange",
        ServerID: 23,
        Recipient: recipient,
        Origin: "Recipient",
      },
      ...{
        SuppressSending: true,
        SuppressionReason: "ManualSuppression",
        ChangedAt: "2026-11-20T10:04:00.0000000Z",
      },
      ...values,
    }),
  };
}

/** Hears what is stored, as the task does. */
export function hear(pool: Pool): Promise<void> {
  return hearCalls(pool);
}

export async function stateOf(pool: Pool, id: string): Promise<string> {
  const { rows } = await pool.query<{ state: string }>("select state from mail.letters where id = $1", [id]);
  return rows[0]?.state ?? "none";
}

/** Stores calls as the endpoint does, without the way there. */
export async function storeCalls(pool: Pool, payloads: Payload[], trace?: string): Promise<void> {
  const streams = { outbound: "outbound", broadcast: "broadcast" };
  const calls = payloads.map((payload, index) =>
    readCall(JSON.stringify(payload), streams, trace === undefined ? undefined : `${trace}-${index}`),
  );
  await pool.query("select mail.store_calls($1)", [JSON.stringify(calls)]);
}
