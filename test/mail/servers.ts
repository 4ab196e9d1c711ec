import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Letter } from "#mail/message.ts";

export type TestServer = AsyncDisposable & { url: string; host: string; requests: string[] };

/** Called for each request: instead of the mailbox, or after it took the request and before it answers. */
export type Around = { instead?: () => Promise<void>; after?: () => Promise<void> };

/** Stands between a sender and the mailbox. */
export function openBetween(mailboxUrl: string, around: Around): Promise<TestServer> {
  return listen("", async (request, response) => {
    const { method = "GET", url, headers } = request;
    const body = await readBody(request);
    if (around.instead) return void (await around.instead());
    const { host: _, "content-length": __, connection: ___, ...passed } = headers;
    const answer = await fetch(mailboxUrl + url, {
      method,
      headers: passed as Record<string, string>,
      body: method === "GET" ? null : body,
    });
    const text = await answer.text();
    await around.after?.();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
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
    category: "security",
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
