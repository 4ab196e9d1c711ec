import type { IncomingMessage } from "node:http";
import type { Clock } from "../clock.ts";
import { type Reply, reply } from "../reply.ts";
import type { Exchange } from "../seams.ts";
import type { FaultAction } from "./parse-action.ts";

type Act<Action> = (action: Action, exchange: Exchange, clock: Clock) => Promise<void> | void;

export async function act(fault: FaultAction, exchange: Exchange, clock: Clock): Promise<void> {
  const action = actions[fault.action] as Act<FaultAction>;
  await action(fault, exchange, clock);
}

type Actions = { [Name in FaultAction["action"]]: Act<Extract<FaultAction, { action: Name }>> };

const actions: Actions = {
  status: async (fault, exchange) => {
    await readOrAccept(exchange, fault.accept);
    exchange.send(statusReply(fault));
  },
  delay: async ({ ms, accept }, exchange, clock) => {
    const body = await exchange.read();
    const early = accept ? await exchange.answer(body) : undefined;
    await clock.sleep(ms);
    exchange.send(early ?? (await exchange.answer(body)));
  },
  hang: async ({ accept }, exchange) => void (await readOrAccept(exchange, accept)),
  trickle: async ({ ms }, exchange, clock) =>
    trickle(exchange, await handle(exchange), (signal) => clock.sleep(ms, signal)),
  reset_before: (_fault, { request }) => void request.socket.resetAndDestroy(),
  reset_mid_request: async (_fault, { request }) => {
    await firstPart(request);
    request.socket.resetAndDestroy();
  },
  accept_then_reset: async (_fault, exchange) => {
    await handle(exchange);
    exchange.request.socket.resetAndDestroy();
  },
  accept_then_hang: async (_fault, exchange) => void (await handle(exchange)),
  accept_then_partial_body: async (_fault, exchange) => endInMidBody(exchange, await handle(exchange)),
  accept_partial_batch: async ({ count }, exchange) => {
    await exchange.answer(firstLetters(await exchange.read(), count));
    exchange.request.socket.resetAndDestroy();
  },
  html_200: async ({ accept }, exchange) => {
    await readOrAccept(exchange, accept);
    exchange.send({ status: 200, headers: { "content-type": "text/html" }, body: portal });
  },
  empty_200: async ({ accept }, exchange) => {
    await readOrAccept(exchange, accept);
    exchange.send({ status: 200, headers: { "content-type": "application/json" }, body: "" });
  },
  short_array: (_fault, exchange) => sendChanged(exchange, (items) => items.slice(0, -1)),
  wrong_order: (_fault, exchange) => sendChanged(exchange, (items) => items.toReversed()),
  redirect: async ({ location, status }, exchange) => {
    await exchange.read();
    const to = location ?? exchange.request.url ?? "/";
    exchange.send({ status, headers: { location: to }, body: "" });
  },
};

const portal = "<!doctype html><title>Welcome</title><p>Please accept the terms of this network.</p>";

async function handle(exchange: Exchange): Promise<Reply> {
  return exchange.answer(await exchange.read());
}

async function readOrAccept(exchange: Exchange, accept: boolean): Promise<void> {
  const body = await exchange.read();
  if (accept) await exchange.answer(body);
}

function statusReply(fault: Extract<FaultAction, { action: "status" }>): Reply {
  const answer = reply({ ErrorCode: fault.code, Message: fault.message }, fault.status);
  answer.headers["x-pm-apierrorcode"] = String(fault.code);
  if (fault.retryAfter !== undefined) answer.headers["retry-after"] = String(fault.retryAfter);
  return answer;
}

async function trickle(
  { response }: Exchange,
  { status, headers, body }: Reply,
  wait: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.from(body);
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.flushHeaders();
  for (const byte of bytes) {
    await wait(closed.signal);
    if (closed.signal.aborted) return;
    response.write(Buffer.of(byte));
  }
  response.end();
}

function firstPart(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    request.once("data", () => resolve());
    request.once("end", resolve);
  });
}

function endInMidBody({ response }: Exchange, { status, headers, body }: Reply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}

function firstLetters(body: Buffer, count: number): Buffer {
  const letters = JSON.parse(body.toString());
  if (Array.isArray(letters)) return Buffer.from(JSON.stringify(letters.slice(0, count)));
  return Buffer.from(JSON.stringify({ ...letters, Messages: letters.Messages?.slice(0, count) }));
}

async function sendChanged(exchange: Exchange, change: (items: unknown[]) => unknown[]): Promise<void> {
  const answer = await handle(exchange);
  const items = JSON.parse(answer.body);
  exchange.send(Array.isArray(items) ? { ...answer, body: JSON.stringify(change(items)) } : answer);
}
