import type { RealtimeChannel, RealtimeClientOptions, WebSocketLikeConstructor } from "@supabase/realtime-js";
import type { World } from "../support/world.ts";
import { Inbox } from "./inbox.ts";
import { type Client, openClient, subscribed } from "./relays.ts";

type Diff = { joins: object; leaves: object };
type State = Record<string, object[]>;

/** The unmodified client, which looks on in a room and writes down what it is told of its members. */
export class Watcher implements Disposable {
  readonly joins = new Inbox<{ key: string }>();
  /** `remaining`: entries under this key that are still there. */
  readonly leaves = new Inbox<{ key: string; remaining: number }>();
  /** As they came over the wire. */
  readonly diffs: Diff[];
  readonly channel: RealtimeChannel;
  readonly #client: Client;

  private constructor(client: Client, channel: RealtimeChannel, diffs: Diff[]) {
    this.#client = client;
    this.channel = channel;
    this.diffs = diffs;
  }

  static async open(
    world: World,
    at: { port: number },
    room: string,
    options: Omit<RealtimeClientOptions, "params"> = {},
  ): Promise<Watcher> {
    const diffs: Diff[] = [];
    const client = await openClient(world, at, { ...options, transport: listeningTo(diffs) });
    const channel = client.realtime.channel(room, { config: { presence: { enabled: true } } });
    const watcher = new Watcher(client, channel, diffs);
    channel.on("presence", { event: "join" }, ({ key }) => watcher.joins.push({ key }));
    channel.on("presence", { event: "leave" }, ({ key, currentPresences }) =>
      watcher.leaves.push({ key, remaining: currentPresences.length }),
    );
    const { status, message } = await subscribed(channel);
    if (status !== "SUBSCRIBED") throw new Error(`${status}: ${message}`);
    return watcher;
  }

  /** Keys that somebody looking on saw disappear. */
  get missed(): string[] {
    return this.leaves.all.filter(({ remaining }) => remaining === 0).map(({ key }) => key);
  }

  /** What was tracked, by key. */
  present(): State {
    const entries = Object.entries(this.channel.presenceState());
    return Object.fromEntries(
      entries.map(([key, list]) => [key, list.map(({ presence_ref: _, ...meta }) => meta)]),
    );
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

function listeningTo(diffs: Diff[]): WebSocketLikeConstructor {
  const transport = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") return;
        const [, , , event, payload] = JSON.parse(data);
        if (event === "presence_diff") diffs.push(payload);
      });
    }
  };
  return transport as unknown as WebSocketLikeConstructor;
}

/** The keys in the table of members. */
export async function presentIn(world: World): Promise<string[]> {
  const { rows } = await world.pool.query<{ key: string }>("select key from realtime.presence order by key");
  return rows.map(({ key }) => key);
}
