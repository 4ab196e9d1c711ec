import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: payloads are compared as they came
  body: any;
};

/** A status; null = hangs up without one. */
export type Answer = number | null | "hang";

/** Somebody who is told things, keeps what came, and answers. */
export type Receiver = AsyncDisposable & { url: string; received: Received[]; forget(): void };

export async function openReceiver(answer: (came: Received) => Answer = () => 200): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const text = (await Array.fromAsync(request)).join("");
    const came = { path: request.url ?? "", headers: request.headers, text, body: parse(text) };
    received.push(came);
    const status = answer(came);
    if (status === null) request.socket.destroy();
    else if (status !== "hang") response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    forget: () => received.splice(0),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

function parse(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : undefined;
}
