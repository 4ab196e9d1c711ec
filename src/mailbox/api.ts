import { emit } from "#telemetry.ts";
import type { Call, Endpoint, Query } from "./call.ts";
import { bounceEndpoints } from "./endpoints/bounces.ts";
import { bulkEndpoints } from "./endpoints/bulk.ts";
import { emailEndpoints } from "./endpoints/email.ts";
import { messageEndpoints } from "./endpoints/messages.ts";
import { serverEndpoints } from "./endpoints/server.ts";
import { statsEndpoints } from "./endpoints/stats.ts";
import { streamEndpoints } from "./endpoints/streams.ts";
import { suppressionEndpoints } from "./endpoints/suppressions.ts";
import { templateEndpoints } from "./endpoints/templates.ts";
import { trackingEndpoints } from "./endpoints/tracking.ts";
import { webhookEndpoints } from "./endpoints/webhooks.ts";
import { parseJson } from "./fields.ts";
import type { Ground } from "./ground.ts";
import { Fault, faultReply, type Reply, reply } from "./reply.ts";

export type ApiRequest = {
  method: string;
  /** Below the mount point, without the query: "/email/batch". */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
};

/** Postmark's API: what the service would do and say, in its order of checks. Never throws. */
export type Api = (request: ApiRequest) => Promise<Reply>;

export function createApi(ground: Ground): Api {
  return async (request) => {
    try {
      return reply(await answer(ground, request));
    } catch (error) {
      return faultReply(error instanceof Fault ? error : unexpected(request, error));
    }
  };
}

const endpoints: readonly Endpoint[] = [
  ...emailEndpoints,
  ...bulkEndpoints,
  ...templateEndpoints,
  ...messageEndpoints,
  ...trackingEndpoints,
  ...bounceEndpoints,
  ...suppressionEndpoints,
  ...streamEndpoints,
  ...webhookEndpoints,
  ...serverEndpoints,
  ...statsEndpoints,
];

async function answer(ground: Ground, request: ApiRequest): Promise<unknown> {
  const token = checkToken(request);
  const endpoint = endpoints.find(({ method, path }) => method === request.method && path.test(request.path));
  if (!endpoint) throw unknownPath(request);
  checkMediaTypes(request, endpoint);
  if (endpoint.limit !== undefined) checkSize(request.body, endpoint.limit);
  return endpoint.run(toCall(ground, request, endpoint, token));
}

function toCall(ground: Ground, { path, query, body }: ApiRequest, endpoint: Endpoint, token: string): Call {
  return {
    ground,
    testOnly: token === "POSTMARK_API_TEST",
    ids: (endpoint.path.exec(path) ?? []).slice(1).map(decoded),
    query: normalQuery(query),
    body: () => parseJson(body),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function normalQuery(query: URLSearchParams): Query {
  return new Map(
    [...query].map(([name, value]) => {
      const metadata = /^metadata_(.+)$/i.exec(name)?.[1];
      return [metadata === undefined ? name.toLowerCase() : `metadata_${metadata}`, value];
    }),
  );
}

function checkToken({ headers }: ApiRequest): string {
  const token = headerOf(headers, "x-postmark-server-token").trim();
  if (token !== "") return token;
  throw new Fault(
    10,
    "No Account or Server API tokens were supplied in the HTTP headers. Please add a header for either X-Postmark-Server-Token or X-Postmark-Account-Token.",
    401,
  );
}

function checkMediaTypes({ headers }: ApiRequest, endpoint: Endpoint): void {
  if (!/json|\*\/\*|application\/\*/i.test(headerOf(headers, "accept")))
    throw new Fault(0, "The Accept header must be application/json.", 415);
  if (endpoint.limit !== undefined && !/^application\/json\b/i.test(headerOf(headers, "content-type")))
    throw new Fault(0, "The Content-Type header must be application/json.", 415);
}

function checkSize(body: Buffer, limit: number): void {
  if (body.length > limit) throw new Fault(0, `The request is larger than ${limit / 1024 / 1024} MB.`, 413);
}

function headerOf(headers: ApiRequest["headers"], name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** Loud, because an endpoint that answers something plausible hides what the real service would do. */
function unknownPath({ method, path }: ApiRequest): Fault {
  emit("mailbox:unknown-path", { method, path });
  return new Fault(0, `The mailbox has no ${method} ${path}.`, 404);
}

function unexpected({ method, path }: ApiRequest, error: unknown): Fault {
  emit("mailbox:failed", { method, path, error });
  return new Fault(101, "An unexpected error occurred.", 500);
}
