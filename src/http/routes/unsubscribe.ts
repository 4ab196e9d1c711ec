import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sql } from "kysely";
import { askPage, backPage, gonePage, leftPage, preferencesPage } from "#http/pages/leaving.ts";
import type { Surface } from "#http/routes.ts";
import { isObject } from "#lib/is-object.ts";
import { type Choices, choose, leave, type Subscriptions, subscriptionsOf } from "#mail/subscriptions.ts";

/** Mail services post for many people from few addresses. */
const rateLimit = { max: 600, timeWindow: "1 minute" };
const bodyLimit = 10_000;

type Tokened = { Params: { token: string } };

/**
 * The links of letters, without sign-in: the token is the right, so no foreign page can do anything without it.
 * GET asks, POST acts; a mail program's button posts `List-Unsubscribe=One-Click` (RFC 8058), a form anything else.
 */
export function unsubscribeRoutes({ db }: Pick<Surface, "db">) {
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, readForm);
    app.addHook("onSend", keepPrivate);
    const options = { bodyLimit, config: { rateLimit } };

    app.get<Tokened>("/unsubscribe/:token", options, (request, reply) => show(request, reply, askPage));

    app.post<Tokened>("/unsubscribe/:token", options, async (request, reply) => {
      const { token } = request.params;
      const form = formOf(request);
      const undo = form.get("undo");
      if (undo !== null) {
        await choose(db, token, choicesIn(undo));
        return show(request, reply, backPage);
      }
      const before = await leave(db, token);
      if (before && form.get("List-Unsubscribe") === "One-Click") return reply.type("text/plain").send("");
      return show(request, reply, (...page) => leftPage(...page, before ?? {}));
    });

    app.get<Tokened>("/preferences/:token", options, (request, reply) =>
      show(request, reply, preferencesPage),
    );

    app.post<Tokened>("/preferences/:token", options, async (request, reply) => {
      await choose(db, request.params.token, Object.fromEntries(formOf(request)));
      return show(request, reply, (...page) => preferencesPage(...page, true));
    });
  };

  /** The page of the token; for one that is none always the same, whatever was asked of it. */
  async function show(
    { params, headers }: FastifyRequest<Tokened>,
    reply: FastifyReply,
    page: (token: string, subscriptions: Subscriptions) => string,
  ) {
    reply.type("text/html; charset=utf-8");
    const subscriptions = await subscriptionsOf(db, params.token);
    if (subscriptions) return reply.send(page(params.token, subscriptions));
    return reply.code(404).send(gonePage(headers["accept-language"], await community()));
  }

  async function community() {
    const { rows } = await sql<{
      name: string;
      colour: string;
    }>`select name, colour from app.community()`.execute(db);
    return rows[0] ?? { name: "Howdah", colour: "" };
  }
}

/** A form in either of its two encodings; what is none has no fields. */
async function readForm({ headers }: FastifyRequest, body: Buffer): Promise<URLSearchParams> {
  const type = headers["content-type"] ?? "";
  const response = new Response(new Uint8Array(body), { headers: { "content-type": type } });
  const fields = await response.formData().catch(() => new FormData());
  const form = new URLSearchParams();
  for (const [name, value] of fields) if (typeof value === "string") form.append(name, value);
  return form;
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

function choicesIn(json: string): Choices {
  try {
    const choices: unknown = JSON.parse(json);
    return isObject(choices) ? (choices as Choices) : {};
  } catch {
    return {};
  }
}

/** The address of the page is a secret: neither caches, search machines nor the sites it links to learn of it. */
async function keepPrivate(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  reply.headers({
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
    "referrer-policy": "no-referrer",
  });
  return payload;
}
