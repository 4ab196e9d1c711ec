import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { emit } from "#telemetry.ts";
import type { Api } from "./api.ts";
import { manyMessages } from "./call.ts";
import { type Identity, identityPath } from "./identity.ts";
import { sendPage } from "./pages.ts";
import { Fault, faultReply, type Reply, reply } from "./reply.ts";
import type { Control, Exchange, Faults, Tracking } from "./seams.ts";

export type Parts = {
  api: Api;
  faults: Faults;
  control: Control;
  tracking: Tracking;
  /** Its file, which tells it from others. */
  file: string;
  names: readonly string[];
};

/** Decides by the path who answers: the control, Postmark's API, or the page for people. */
export function createListener(parts: Parts): RequestListener {
  return (request, response) => {
    serve(parts, request, response).catch((error) => {
      emit("mailbox:failed", { method: request.method ?? "", path: request.url ?? "", error });
      response.destroy();
    });
  };
}

async function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOurs(request.headers.host ?? "", parts.names))
    return send(response, reply({ ErrorCode: 0, Message: "This is not a name of the mailbox." }, 421));
  const url = new URL(request.url ?? "/", "http://mailbox");
  const path = url.pathname.replaceAll(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  if (path === identityPath) return send(response, reply({ mailbox: parts.file } satisfies Identity));
  if (/^\/_control(\/|$)/i.test(path)) return send(response, await control(parts, request, url, path));
  if (/^\/_(letter|open|click|unsubscribe)\//i.test(path))
    return send(response, visit(parts, request, path) ?? notFound(request.method, path));
  if (await sendPage(request, response, path)) return;
  await parts.faults.around(
    toExchange(parts.api, request, response, url, path.replace(/^\/postmark(?=\/|$)/i, "")),
  );
}

/** A foreign page can let its own name lead to this machine and read the mail here: only known names are answered. */
function isOurs(host: string, names: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return isIP(name) !== 0 || /(^|\.)localhost$/i.test(name) || names.includes(name);
}

/** Changes need JSON, which no foreign page can post without asking first. */
async function control({ control }: Parts, request: IncomingMessage, url: URL, path: string): Promise<Reply> {
  const method = request.method ?? "GET";
  const body = await readBody(request);
  if (method !== "GET" && !/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    return reply({ ErrorCode: 0, Message: "The Content-Type header must be application/json." }, 415);
  try {
    const json = body.length === 0 ? {} : JSON.parse(body.toString());
    const known = await control.answer({
      method,
      path: path.toLowerCase(),
      query: url.searchParams,
      body: json,
    });
    return known ?? notFound(method, path);
  } catch (error) {
    if (error instanceof Fault) return faultReply(error);
    if (error instanceof SyntaxError) return reply({ ErrorCode: 402, Message: "The body is not JSON." }, 422);
    throw error;
  }
}

function visit({ tracking }: Parts, request: IncomingMessage, path: string): Reply | undefined {
  return tracking.answer({
    method: request.method ?? "GET",
    path,
    base: `http://${request.headers.host}`,
    userAgent: request.headers["user-agent"] ?? "",
    ip: request.socket.remoteAddress ?? "",
  });
}

function notFound(method: string | undefined, path: string): Reply {
  return reply({ ErrorCode: 0, Message: `The mailbox has no ${method} ${path}.` }, 404);
}

function toExchange(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  { searchParams: query }: URL,
  path: string,
): Exchange {
  const { method = "GET", headers } = request;
  let body: Promise<Buffer> | undefined;
  return {
    ...{ request, response, method },
    path: path.toLowerCase(),
    read: () => {
      body ??= readBody(request);
      return body;
    },
    answer: (read) => api({ method, path, query, headers, body: read }),
    send: (answer) => send(response, answer),
  };
}

/** What is longer than any endpoint takes is not kept: it is refused by its length alone. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= manyMessages) chunks.push(chunk);
  }
  return length > manyMessages ? Buffer.alloc(length) : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}
