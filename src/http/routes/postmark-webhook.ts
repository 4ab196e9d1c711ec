import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { impatient } from "#db/impatient.ts";
import type { Surface } from "#http/routes.ts";
import { atMost } from "#lib/at-most.ts";
import { streamsOf } from "#mail/feedback.ts";
import { mailSettings } from "#mail/settings.ts";
import { readCall, type WebhookCall } from "#mail/webhook-call.ts";
import { Gatherer } from "#queue/gatherer.ts";
import { emit } from "#telemetry.ts";

/** Far above any event, which have a few kilobytes; what is longer is kept as unreadable. */
const longest = 1_000_000;

/**
 * What Postmark tells of letters. It drops an event for ever at any 4xx but 408 and 429, and repeats it for 51 minutes after
 * a 5xx. So whoever knows the secret is answered 200 when the event is stored, whatever it says, and 503 when it is not.
 */
export function postmarkWebhookRoute(
  { owner, webhookSecret, config }: Pick<Surface, "owner" | "webhookSecret" | "config">,
  { patienceMs = 5000 } = {},
) {
  const streams = streamsOf(mailSettings(config).streams);
  const db = impatient(owner, patienceMs);
  const calls = new Gatherer(async (group) => {
    await db.query("select mail.store_calls($1)", [JSON.stringify(group)]);
    return [];
  });

  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", async (_request: FastifyRequest, body: IncomingMessage) => readBody(body));
    app.addHook("onRequest", refuseStrangers(webhookSecret));
    app.addHook("onRequest", async ({ headers }) => {
      headers["content-type"] = "application/octet-stream"; // whatever it was: none is a reason to refuse
    });
    app.setErrorHandler((error, _request, reply) => tryAgain(error, reply));

    app.post("/mail/webhooks/postmark", { config: { anyHost: true } }, async (request, reply) => {
      const traceId = String(request.headers["x-pm-webhook-trace-id"] ?? "").slice(0, 200) || undefined;
      const call = readCall(String(request.body ?? ""), streams, traceId);
      await store(call);
      return reply.send({});
    });
  };

  async function store(call: WebhookCall): Promise<void> {
    const stored = calls.add(call).then(() => true);
    if (!(await atMost(patienceMs, stored))) throw new Error("the database took too long");
  }
}

function refuseStrangers(secret: string) {
  const expected = digest(`Basic ${Buffer.from(`howdah:${secret}`).toString("base64")}`);
  return async ({ headers }: FastifyRequest, reply: FastifyReply) => {
    if (timingSafeEqual(digest(headers.authorization ?? ""), expected)) return;
    emit("mail:call-refused", { reason: headers.authorization ? "a wrong secret" : "no secret" });
    reply.code(401).header("www-authenticate", 'Basic realm="howdah"');
    return reply.send({ error: { code: "Unauthorized", message: "The secret of this webhook is another." } });
  };
}

/** Of one length whatever was sent, so that to compare takes the same time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function tryAgain(error: unknown, reply: FastifyReply): void {
  emit("mail:call-not-stored", { error });
  void reply.code(503).send({ error: { code: "NotStored", message: "Not stored: send it again." } });
}

/** Reads to the end even what is too long: a connection that is cut looks like a failure. */
async function readBody(body: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longest) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return length <= longest ? text : `${length} bytes: ${text.slice(0, 1000)}`;
}
