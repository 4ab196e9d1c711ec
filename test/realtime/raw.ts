import { once } from "node:events";
import { WebSocket } from "ws";
import { anonKey } from "#auth/jwt.ts";
import type { World } from "../support/world.ts";
import { Inbox } from "./inbox.ts";

export type Received = {
  joinRef: unknown;
  ref: unknown;
  topic: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire, to be compared
  payload: any;
  kind: "text" | "binary";
};

/** A plain websocket that speaks either version, and says exactly what came over the wire. */
export class Raw implements Disposable {
  readonly inbox = new Inbox<Received>();
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #version: string;
  #refs = 0;

  private constructor(ws: WebSocket, version: string) {
    this.ws = ws;
    this.#version = version;
    ws.on("message", (data, isBinary) =>
      this.inbox.push(isBinary ? fromBinary(data as Buffer) : this.#fromText(String(data))),
    );
    ws.on("error", () => {});
    this.closed = new Promise((resolve) => {
      ws.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  static async open(
    world: Pick<World, "jwtSecret">,
    { port }: { port: number },
    version = "2.0.0",
  ): Promise<Raw> {
    const apikey = await anonKey(world.jwtSecret);
    const ws = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?apikey=${apikey}&vsn=${version}`);
    const raw = new Raw(ws, version);
    await once(ws, "open");
    return raw;
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }

  /** Sends a push and returns its ref. */
  push(topic: string, event: string, payload: unknown, joinRef: string | null = null): string {
    const ref = String(++this.#refs);
    if (this.#version === "1.0.0")
      this.ws.send(JSON.stringify({ topic, event, payload, ref, join_ref: joinRef }));
    else this.ws.send(JSON.stringify([joinRef, ref, topic, event, payload]));
    return ref;
  }

  reply(ref: string): Promise<Received> {
    return this.inbox.next(
      (frame) => frame.event === "phx_reply" && frame.ref === ref,
      `the reply to ${ref}`,
    );
  }

  event(event: string, topic?: string): Promise<Received> {
    return this.inbox.next((frame) => frame.event === event && (topic ?? frame.topic) === frame.topic, event);
  }

  /** Joins and returns the join ref; fails unless the reply is ok. */
  async join(topic: string, config: object = {}, more: object = {}): Promise<string> {
    const ref = this.#join(topic, config, more);
    const { payload } = await this.reply(ref);
    if (payload.status !== "ok") throw new Error(payload.response.reason);
    return ref;
  }

  /** Joins and returns the reason of the refusal. */
  async joinRefused(topic: string, config: object = {}, more: object = {}): Promise<string> {
    const { payload } = await this.reply(this.#join(topic, config, more));
    if (payload.status !== "error") throw new Error("the join was let in");
    return payload.response.reason;
  }

  /** Tracks and resolves when that is answered; fails unless it is ok. */
  async track(topic: string, meta: object = {}): Promise<void> {
    const { payload } = await this.reply(this.push(topic, "presence", { event: "track", payload: meta }));
    if (payload.status !== "ok") throw new Error(JSON.stringify(payload.response));
  }

  /** Round trip: whatever was sent before has been handled when it resolves. */
  async heartbeat(): Promise<Received> {
    return this.reply(this.push("phoenix", "heartbeat", {}));
  }

  #join(topic: string, config: object, more: object): string {
    const ref = String(this.#refs + 1);
    return this.push(topic, "phx_join", { config, ...more }, ref);
  }

  #fromText(text: string): Received {
    const frame = JSON.parse(text);
    if (!Array.isArray(frame)) return { joinRef: undefined, kind: "text", ...frame };
    const [joinRef, ref, topic, event, payload] = frame;
    return { joinRef, ref, topic, event, payload, kind: "text" };
  }
}

/** A binary push, kind 3, as the client makes it. */
export function pushFrame(
  topic: string,
  event: string,
  payload: Buffer,
  encoding = 1,
  joinRef = "1",
  ref = "9",
): Buffer {
  const fields = [joinRef, ref, topic, event, ""].map((field) => Buffer.from(field));
  return Buffer.concat([
    Buffer.from([3, ...fields.map((field) => field.length), encoding]),
    ...fields,
    payload,
  ]);
}

function fromBinary(frame: Buffer): Received {
  if (frame[0] !== 4) throw new Error(`the client cannot decode kind ${frame[0]}`);
  const [topic, event, metadata] = [1, 2, 3].map((at, index) => {
    const start = 5 + [...frame.subarray(1, 1 + index)].reduce((sum, size) => sum + size, 0);
    return frame.toString("utf8", start, start + (frame[at] as number));
  }) as [string, string, string];
  const body = frame.subarray(5 + (frame[1] as number) + (frame[2] as number) + (frame[3] as number));
  const meta = metadata === "" ? {} : { meta: JSON.parse(metadata) };
  const payload = frame[4] === 1 ? JSON.parse(body.toString()) : Buffer.from(body);
  return {
    ...{ joinRef: null, ref: null, topic, event: "broadcast", kind: "binary" as const },
    payload: { type: "broadcast", event, payload, ...meta },
  };
}
