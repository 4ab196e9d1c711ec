import type { Pool } from "pg";
import { emit } from "#telemetry.ts";
import { type Acceptance, acceptBatch, acceptOne } from "./accept.ts";
import { parseJson } from "./fields.ts";
import { Fault, faultReply, type Reply, reply } from "./reply.ts";
import { messageDetails, type Query, searchMessages } from "./search.ts";

export type SandboxRequest = {
  method: string;
  /** The path below the mount point, without the query: "/email/batch". */
  path: string;
  query: Record<string, unknown>;
  headers: Record<string, string | string[] | undefined>;
  body?: Buffer | string;
};

/** A Postmark server without a network: the caller brings requests and carries replies. Never throws. */
export type Sandbox = { handle(request: SandboxRequest): Promise<Reply> };

/** The most a caller needs to read of a request; larger ones may be answered by status 413 before they end. */
export const largestSandboxBody = 50 * 1024 * 1024;

/**
 * The dev mailbox. Its messages live in schema `mailbox`, written through connections of its own, so that what it
 * accepted stays accepted when the app's transaction fails or the app is killed.
 */
export function createSandbox({ pool }: { pool: Pool }): Sandbox {
  return {
    handle: async (request) => {
      try {
        return reply(await answer(pool, request));
      } catch (error) {
        return faultReply(error instanceof Fault ? error : unexpected(request, error));
      }
    },
  };
}

async function answer(pool: Pool, request: SandboxRequest): Promise<object> {
  const path = normalPath(request.path);
  const token = checkToken(request);
  const endpoint = endpoints.find(
    (each) => each.method === request.method.toUpperCase() && each.path.test(path),
  );
  if (!endpoint) throw unknownPath(request.method, path);
  checkMediaTypes(request);
  if (endpoint.limit !== undefined) checkSize(request.body, endpoint.limit);
  const how = { pool, testOnly: token === "POSTMARK_API_TEST" };
  return endpoint.run(how, request, endpoint.path.exec(path)?.[1] ?? "");
}

type Endpoint = {
  method: string;
  path: RegExp;
  /** Bytes. */
  limit?: number;
  run: (how: Acceptance, request: SandboxRequest, id: string) => Promise<object>;
};

const endpoints: Endpoint[] = [
  {
    method: "POST",
    path: /^\/email$/,
    limit: 10 * 1024 * 1024,
    run: (how, { body }) => acceptOne(how, parseJson(body ?? "")),
  },
  {
    method: "POST",
    path: /^\/email\/batch$/,
    limit: largestSandboxBody,
    run: (how, { body }) => acceptBatch(how, parseJson(body ?? "")),
  },
  {
    method: "GET",
    path: /^\/messages\/outbound$/,
    run: ({ pool }, { query }) => searchMessages(pool, normalQuery(query)),
  },
  {
    method: "GET",
    path: /^\/messages\/outbound\/([^/]+)\/details$/,
    run: ({ pool }, _request, id) => messageDetails(pool, id),
  },
  { method: "GET", path: /^\/server$/, run: async () => server },
  {
    method: "GET",
    path: /^\/deliverystats$/,
    run: async () => ({ InactiveMails: 0, Bounces: [{ Name: "All", Count: 0 }] }),
  },
];

const server = {
  ID: 1,
  Name: "Mailbox",
  ApiTokens: [],
  ServerLink: "",
  Color: "Turquoise",
  SmtpApiActivated: false,
  RawEmailEnabled: false,
  DeliveryType: "Sandbox",
  InboundAddress: "",
  InboundHash: "",
  InboundDomain: "",
  InboundSpamThreshold: 0,
  PostFirstOpenOnly: false,
  TrackOpens: false,
  TrackLinks: "None",
  IncludeBounceContentInHook: false,
  EnableSmtpApiErrorHooks: false,
};

function normalPath(path: string): string {
  return `/${path}`
    .replaceAll(/\/{2,}/g, "/")
    .replace(/(.)\/$/, "$1")
    .toLowerCase();
}

function normalQuery(query: Record<string, unknown>): Query {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => {
    const first = Array.isArray(value) ? value[0] : value;
    const metadata = /^metadata_(.+)$/i.exec(name)?.[1];
    return [metadata === undefined ? name.toLowerCase() : `metadata_${metadata}`, String(first ?? "")];
  });
  return new Map(pairs);
}

function checkToken({ headers }: SandboxRequest): string {
  const token = headerOf(headers, "x-postmark-server-token").trim();
  if (token !== "") return token;
  throw new Fault(
    10,
    "No Account or Server API tokens were supplied in the HTTP headers. Please add a header for either X-Postmark-Server-Token or X-Postmark-Account-Token.",
    401,
  );
}

function checkMediaTypes({ method, headers }: SandboxRequest): void {
  const accepts = headerOf(headers, "accept");
  if (accepts !== "" && !/json|\*\/\*|application\/\*/i.test(accepts))
    throw new Fault(0, "The Accept header must allow application/json.", 415);
  if (method.toUpperCase() === "POST" && !/^application\/json\b/i.test(headerOf(headers, "content-type")))
    throw new Fault(0, "The Content-Type header must be application/json.", 415);
}

function checkSize(body: Buffer | string | undefined, limit: number): void {
  if (Buffer.byteLength(body ?? "") > limit)
    throw new Fault(0, `The request is larger than ${limit / 1024 / 1024} MB.`, 413);
}

function headerOf(headers: SandboxRequest["headers"], name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** Loud, because an endpoint that answers something plausible hides what the real service would do. */
function unknownPath(method: string, path: string): Fault {
  emit("mailbox:unknown-path", { method, path });
  return new Fault(0, `The mailbox has no ${method} ${path}.`, 404);
}

function unexpected({ method, path }: SandboxRequest, error: unknown): Fault {
  emit("mailbox:failed", { method, path, error });
  return new Fault(101, "An unexpected error occurred.", 500);
}
