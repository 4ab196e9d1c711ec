import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Pool } from "pg";
import type { Letter } from "#mail/message.ts";
import { createSandbox } from "#mail/sandbox/sandbox.ts";

export type TestServer = AsyncDisposable & { url: string; host: string; requests: string[] };

/** Called for each request: instead of the mailbox, or after it took the request and before it answers. */
export type Around = { instead?: () => Promise<void>; after?: () => Promise<void> };

/** The sandbox behind a real server, mounted under a path as the app mounts it. */
export function openMailbox(pool: Pool, around: Around = {}): Promise<TestServer> {
  const sandbox = createSandbox({ pool });
  return listen("/mailbox/postmark", async (request, response) => {
    const url = new URL(request.url ?? "/", "http://mailbox");
    const body = await readBody(request);
    if (around.instead) return void (await around.instead());
    const reply = await sandbox.handle({
      method: request.method ?? "GET",
      path: url.pathname.slice("/mailbox/postmark".length),
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
    });
    await around.after?.();
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
}

/** A server that answers every request with `answer`, after it has read the request. */
export function openMisbehaving(
  answer: (response: ServerResponse, socket: Socket, body: string) => void,
): Promise<TestServer> {
  return listen("", async (request, response) => {
    const body = (await readBody(request)).toString();
    answer(response, request.socket, body);
  });
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

export function letter(values: Partial<Letter> = {}): Letter {
  return {
    id: crypto.randomUUID(),
    attempt: 1,
    batchId: crypto.randomUUID(),
    stream: "outbound",
    recipient: "ada@school.test",
    recipientName: "Ada Lovelace",
    template: "sign-in-link",
    unsubscribeToken: null,
    subject: "A subject",
    html: "<p>Hello</p>",
    text: "Hello",
    ...values,
  };
}

async function listen(mount: string, listener: RequestListener): Promise<TestServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}${mount}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
