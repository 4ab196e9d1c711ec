import { type RealtimeChannel, RealtimeClient } from "@supabase/realtime-js";
import { disconnect } from "../../support/realtime-client.ts";
import type { Seat } from "./seat.ts";
import type { Watch } from "./watch.ts";

type Message = { meta?: { id: string; replayed?: boolean } };

/** The unmodified client of Supabase, as an application uses it: it comes back by itself, or hops to another relay. */
export class AppClient implements AsyncDisposable {
  readonly #seat: Seat;
  #realtime: RealtimeClient | undefined;
  #here: RealtimeChannel | undefined;
  #port = 0;

  constructor(seat: Seat) {
    this.#seat = seat;
  }

  start(): void {
    this.#port = this.#seat.somewhere(this.#port);
    const realtime = new RealtimeClient(`ws://127.0.0.1:${this.#port}/socket`, {
      params: { apikey: this.#seat.apikey },
      accessToken: async () => this.#seat.token,
    });
    this.#realtime = realtime;
    void realtime.setAuth().then(() => {
      if (realtime !== this.#realtime) return;
      for (const watch of this.#seat.watches) this.#watch(realtime, watch);
      if (this.#seat.here) this.#track(realtime, this.#seat.here);
    });
  }

  hop(): void {
    this.#leave();
    setTimeout(() => !this.#seat.signal.aborted && this.start(), Math.random() * 300);
  }

  /** Who is present, as this client has it from the first state and the changes since: keys with their number of entries. */
  get roster(): Record<string, number> | undefined {
    if (!this.#here) return undefined;
    const present = Object.entries(this.#here.presenceState());
    return Object.fromEntries(present.map(([key, entries]) => [key, entries.length]));
  }

  get here(): string | undefined {
    return this.#seat.here;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #watch(realtime: RealtimeClient, watch: Watch): void {
    const { replay } = watch;
    const broadcast = { replication_ready: true, ...(replay ? { replay } : {}) };
    const channel = realtime.channel(watch.topic, { config: { private: true, broadcast } });
    const isMine = () => realtime === this.#realtime;
    channel.on("broadcast", { event: "*" }, ({ meta }: Message) => {
      if (isMine() && meta) watch.hear(meta.id, meta.replayed === true);
    });
    channel.on("system", {}, ({ extension, status }: { extension: string; status: string }) => {
      if (isMine() && extension === "system" && status === "ok") this.#seat.replayed(watch.topic);
    });
    channel.subscribe((status) => {
      if (!isMine()) return;
      if (status === "SUBSCRIBED") watch.joined();
      else watch.away();
    });
  }

  #track(realtime: RealtimeClient, topic: string): void {
    const channel = realtime.channel(topic, {
      config: { private: true, presence: { key: this.#seat.name, enabled: true } },
    });
    channel.on("presence", { event: "sync" }, () => {});
    channel.subscribe((status) => {
      if (status === "SUBSCRIBED") channel.track({ name: this.#seat.name }).catch(() => {});
    });
    this.#here = channel;
  }

  #leave(): void {
    const realtime = this.#realtime;
    this.#realtime = undefined;
    this.#here = undefined;
    for (const watch of this.#seat.watches) watch.away();
    if (realtime) disconnect(realtime);
  }
}
