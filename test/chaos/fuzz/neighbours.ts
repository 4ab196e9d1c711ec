import { once } from "node:events";
import { type RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import type pg from "pg";
import { WebSocket } from "ws";
import { pause } from "#lib/pause.ts";
import { disconnect } from "../../support/realtime-client.ts";
import { until } from "../../support/wait.ts";
import type { Mark } from "./attacker.ts";
import { faultOf } from "./inspector.ts";

const everyMs = 25;

/**
 * People who mean well, on the same relay: two who chat by broadcasts, one who hears what the database sends and is
 * present, and witnesses who sit among the attackers and look at every frame.
 */
export class Neighbours implements AsyncDisposable {
  readonly #mark: Mark;
  readonly #pool: pg.Pool;
  readonly #over = new AbortController();
  readonly #clients: RealtimeClient[] = [];
  readonly #witnesses: WebSocket[] = [];
  readonly #talk: Promise<unknown>[] = [];
  readonly #heard = { broadcast: [] as number[], database: [] as number[] };
  readonly #said = { broadcast: 0, database: 0 };
  readonly delaysMs: number[] = [];
  framesSeen = 0;
  /** Everything that should not have happened to them. */
  readonly harm: string[] = [];

  private constructor(mark: Mark, pool: pg.Pool) {
    this.#mark = mark;
    this.#pool = pool;
  }

  static async moveIn(mark: Mark, pool: pg.Pool): Promise<Neighbours> {
    const neighbours = new Neighbours(mark, pool);
    const hurt = (error: unknown) =>
      neighbours.harm.push(`a client threw: ${(error as Error)?.stack ?? error}`);
    process.on("uncaughtException", hurt);
    neighbours.#over.signal.addEventListener("abort", () => process.off("uncaughtException", hurt));
    await neighbours.#settleIn();
    return neighbours;
  }

  get said(): number {
    return this.#said.broadcast + this.#said.database;
  }

  /** Stops talking and waits until everything has arrived, or counts what has not. */
  async fallSilent(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#talk);
    const { broadcast, database } = this.#heard;
    const isComplete = () =>
      broadcast.length >= this.#said.broadcast && database.length >= this.#said.database;
    await until(isComplete, 10_000).catch(() => {}); // what is missing is told below
    for (const kind of ["broadcast", "database"] as const) {
      const heard = this.#heard[kind];
      const isExact = heard.length === this.#said[kind] && heard.every((number, place) => number === place);
      if (!isExact)
        this.harm.push(
          `of ${this.#said[kind]} messages by ${kind} came ${heard.length}, or in another order`,
        );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    for (const witness of this.#witnesses) witness.terminate();
    for (const client of this.#clients) disconnect(client);
    await Promise.all(this.#talk);
  }

  async #settleIn(): Promise<void> {
    for (const version of ["1.0.0", "2.0.0"] as const) await this.#seatWitness(version);
    const arena = this.#mark.arena.replace("realtime:", "");
    await this.#join(arena, { presence: { enabled: true } }, (channel) =>
      channel.on("broadcast", { event: "*" }, () => {}),
    );
    const ada = await this.#join("quiet", { broadcast: { ack: true } });
    await this.#join("quiet", {}, (channel) =>
      channel.on("broadcast", { event: "n" }, ({ payload }) => {
        this.#heard.broadcast.push(payload.n);
        this.delaysMs.push(performance.now() - payload.at);
      }),
    );
    await this.#join("club:quiet", { private: true, presence: { key: "bob", enabled: true } }, (channel) =>
      channel
        .on("broadcast", { event: "n" }, ({ payload }) => this.#heard.database.push(payload.n))
        .on("presence", { event: "leave" }, ({ key }) => this.harm.push(`${key} left`)),
    ).then((channel) => channel.track({ name: "Bob" }));
    this.#talk.push(this.#speak(ada), this.#write());
  }

  async #join(
    name: string,
    config: object,
    listen: (channel: RealtimeChannel) => unknown = () => {},
  ): Promise<RealtimeChannel> {
    const { port, apikey, token } = this.#mark;
    const client = new RealtimeClient(`ws://127.0.0.1:${port}/socket`, {
      params: { apikey },
      accessToken: async () => token,
    });
    this.#clients.push(client);
    await client.setAuth();
    const channel = client.channel(name, { config });
    listen(channel);
    await new Promise<void>((resolve) => {
      let isIn = false;
      channel.subscribe((status, error) => {
        if (status === "SUBSCRIBED" && !isIn) resolve();
        else if (!this.#over.signal.aborted) this.harm.push(`${name} became ${status}: ${error?.message}`);
        isIn = true;
      });
    });
    return channel;
  }

  async #speak(channel: RealtimeChannel): Promise<void> {
    for (; !this.#over.signal.aborted; await pause(everyMs, this.#over.signal)) {
      const payload = { n: this.#said.broadcast++, at: performance.now() };
      const answer = await channel.send({ type: "broadcast", event: "n", payload });
      if (answer !== "ok") this.harm.push(`a broadcast was answered ${answer}`);
    }
  }

  async #write(): Promise<void> {
    const text = "select realtime.send(jsonb_build_object('n', $1::int), 'n', 'club:quiet')";
    for (; !this.#over.signal.aborted; await pause(everyMs, this.#over.signal))
      await this.#pool.query(text, [this.#said.database++]);
  }

  async #seatWitness(version: "1.0.0" | "2.0.0"): Promise<void> {
    const { port, apikey, arena, club, token } = this.#mark;
    const ws = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?apikey=${apikey}&vsn=${version}`);
    this.#witnesses.push(ws);
    await once(ws, "open");
    ws.on("error", (error) => this.harm.push(`a witness saw ${error}`));
    ws.on("close", (code) => this.#over.signal.aborted || this.harm.push(`a witness was closed: ${code}`));
    ws.on("message", (data, isBinary) => {
      this.framesSeen++;
      const fault = faultOf(version, data as Buffer, isBinary);
      if (fault) this.harm.push(`a witness saw a malformed frame, ${fault}`);
    });
    const send = (ref: string, topic: string, event: string, payload: object) =>
      ws.send(
        JSON.stringify(
          version === "1.0.0"
            ? { topic, event, payload, ref, join_ref: ref }
            : [ref, ref, topic, event, payload],
        ),
      );
    send("1", arena, "phx_join", { config: { presence: { enabled: true } } });
    send("2", club, "phx_join", {
      config: { private: true, presence: { enabled: true } },
      access_token: token,
    });
    const beat = setInterval(
      () => ws.readyState === ws.OPEN && send("3", "phoenix", "heartbeat", {}),
      10_000,
    );
    ws.once("close", () => clearInterval(beat));
  }
}
