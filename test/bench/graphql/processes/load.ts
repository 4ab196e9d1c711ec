import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { optionsOf, serve } from "../../realtime/processes/serve.ts";
import { percentile } from "../../support/stats.ts";
import { type Action, type ActionName, actions } from "../actions.ts";

type Options = { rooms: string[]; messages: string[]; token: string };

export type Run = {
  action: ActionName;
  port: number;
  graphql: boolean;
  connections: number;
  seconds: number;
  warmup: number;
};

export type Measured = { perSecond: number; p50: number; p99: number; failed: number };

export type LoadApi = typeof api;

const { rooms, messages, token } = optionsOf<Options>();

/** As many requests as are answered: on each connection one at a time, the next one at once. */
const api = {
  async run({ action, port, graphql, connections, seconds, warmup }: Run): Promise<Measured> {
    const begin = performance.now() + warmup * 1000;
    const tally = { begin, end: begin + seconds * 1000, took: [] as number[], failed: 0 };
    const request = () => requestOf(actions[action], graphql ? "/graphql" : `/${action}`, graphql);
    await Promise.all(
      Array.from({ length: connections }, () => keepAsking(port, request, actions[action].proof, tally)),
    );
    const perSecond = tally.took.length / seconds;
    return {
      perSecond,
      p50: percentile(tally.took, 0.5),
      p99: percentile(tally.took, 0.99),
      failed: tally.failed,
    };
  },
};

serve(api);

type Tally = { begin: number; end: number; took: number[]; failed: number };

function requestOf(action: Action, path: string, graphql: boolean): string {
  const ids = { message: any(messages), room: any(rooms), clientId: randomUUID() };
  const variables = action.variables(ids);
  const body = JSON.stringify(graphql ? { query: action.query, variables } : variables);
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function any<T>(all: T[]): T {
  return all[Math.floor(Math.random() * all.length)] as T;
}

function keepAsking(
  port: number,
  request: () => string,
  proof: Action["proof"],
  tally: Tally,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answer = Buffer.alloc(0);
  let asked = 0;
  let answers = 0;
  const ask = () => {
    if (performance.now() > tally.end) return void socket.end();
    asked = performance.now();
    socket.write(request());
  };
  socket
    .on("connect", ask)
    .on("close", () => resolve())
    .on("error", reject);
  socket.on("data", (chunk) => {
    answer = answer.length > 0 ? Buffer.concat([answer, chunk]) : chunk;
    if (!isWhole(answer)) return;
    const now = performance.now();
    const isGood =
      answers++ % 50 ? answer.subarray(0, 12).toString().endsWith("200") : proves(answer.toString(), proof);
    if (!isGood) tally.failed++;
    else if (asked > tally.begin && now < tally.end) tally.took.push(now - asked);
    answer = Buffer.alloc(0);
    ask();
  });
  return promise;
}

function proves(answer: string, [text, times]: Action["proof"]): boolean {
  return answer.split(text).length === times + 1;
}

function isWhole(answer: Buffer): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /content-length: (\d+)/i.exec(answer.toString("latin1", 0, head))?.[1];
  return answer.length >= head + 4 + Number(length);
}
