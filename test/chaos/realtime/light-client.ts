import { WebSocket } from "ws";
import { readBroadcast } from "./frames.ts";
import type { Seat } from "./seat.ts";

const joinWithinMs = 10_000;
const heartbeatMs = 20_000;

/** A bare websocket that speaks version 2.0.0, joins its rooms wherever a relay is open, and comes back within a second. */
export class LightClient implements AsyncDisposable {
  readonly #seat: Seat;
  #ws: WebSocket | undefined;
  #port = 0;
  #refs = 0;
  #pending = new Map<string, string>();
  #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(seat: Seat) {
    this.#seat = seat;
  }

  start(): void {
    const { signal } = this.#seat;
    signal.addEventListener("abort", () => this.#stop());
    this.#connect();
  }

  /** Leaves with or without a word, and comes back elsewhere. */
  hop(): void {
    if (Math.random() < 0.5) this.#ws?.close();
    else this.#ws?.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
  }

  #stop(): void {
    this.#stopped = true;
    this.#ws?.terminate();
  }

  #connect(): void {
    if (this.#stopped) return;
    this.#port = this.#seat.somewhere(this.#port);
    const { apikey } = this.#seat;
    const ws = new WebSocket(`ws://127.0.0.1:${this.#port}/socket/websocket?apikey=${apikey}&vsn=2.0.0`);
    this.#ws = ws;
    ws.on("open", () => this.#opened());
    ws.on("message", (data, isBinary) => this.#hear(data as Buffer, isBinary));
    ws.on("error", () => {}); // its close follows
    ws.on("close", () => this.#closed());
  }

  #opened(): void {
    const late = setTimeout(() => this.#pending.size > 0 && this.#ws?.terminate(), joinWithinMs);
    const beat = setInterval(() => this.#push("phoenix", "heartbeat", {}), heartbeatMs);
    this.#timers = [late, beat];
    for (const { topic } of this.#seat.watches) this.#join(topic);
    if (this.#seat.here) this.#join(this.#seat.here);
  }

  #closed(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#pending.clear();
    for (const watch of this.#seat.watches) watch.away();
    if (!this.#stopped) setTimeout(() => this.#connect(), 100 + Math.random() * 900);
  }

  #join(topic: string): void {
    const replay = this.#seat.watchOf(topic)?.replay;
    const ref = this.#push(
      `realtime:${topic}`,
      "phx_join",
      {
        config: {
          broadcast: { replication_ready: true, ...(replay ? { replay } : {}) },
          presence: { key: this.#seat.name, enabled: topic === this.#seat.here },
          postgres_changes: [],
          private: true,
        },
        access_token: this.#seat.token,
      },
      true,
    );
    this.#pending.set(ref, topic);
  }

  #push(topic: string, event: string, payload: object, joins = false): string {
    const ref = String(++this.#refs);
    if (this.#ws?.readyState === WebSocket.OPEN)
      this.#ws.send(JSON.stringify([joins ? ref : null, ref, topic, event, payload]));
    return ref;
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      const { topic, id } = readBroadcast(data);
      this.#seat.watchOf(topic)?.hear(id, false);
      return;
    }
    const [, ref, prefixed, event, payload] = JSON.parse(data.toString());
    const topic = String(prefixed).replace("realtime:", "");
    if (event === "phx_reply") this.#answered(ref, payload.status);
    else if (event === "broadcast")
      this.#seat.watchOf(topic)?.hear(payload.meta.id, payload.meta.replayed === true);
    else if (event === "system" && payload.extension === "system" && payload.status === "ok")
      this.#seat.replayed(topic);
    else if (event === "phx_error" || event === "phx_close") this.#lost(topic);
  }

  #answered(ref: string, status: string): void {
    const topic = this.#pending.get(ref);
    if (topic === undefined) return;
    this.#pending.delete(ref);
    if (status !== "ok") this.#lost(topic);
    else if (topic === this.#seat.here)
      this.#push(`realtime:${topic}`, "presence", { event: "track", payload: { name: this.#seat.name } });
    else this.#seat.watchOf(topic)?.joined();
  }

  #lost(topic: string): void {
    this.#seat.watchOf(topic)?.away();
    const ws = this.#ws;
    setTimeout(() => ws === this.#ws && ws?.readyState === WebSocket.OPEN && this.#join(topic), 500);
  }
}
