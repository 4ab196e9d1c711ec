import { openWorld, type World } from "../support/world.ts";
import { Inbox } from "./inbox.ts";
import { Raw, type Received } from "./raw.ts";
import { type RunningRelay, startRelay, tokenOf } from "./relays.ts";

/** A world with a published table public.notes that everybody may read, and a relay that looks after it quickly. */
export async function openNotes(): Promise<World> {
  const world = await openWorld();
  await world.pool.query(`
    create table public.notes (
      id bigint primary key, room text, rank integer, price numeric, done boolean, tags text[], body jsonb, at timestamptz
    );
    grant select on public.notes to anon, authenticated, service_role;
    alter publication supabase_realtime add table public.notes`);
  return world;
}

export function startWatching(world: World, graceMs = 60_000, checkMs = 100): Promise<RunningRelay> {
  return startRelay(world, {}, { changes: { graceMs, checkMs } });
}

// biome-ignore lint/suspicious/noExplicitAny: whatever came over the wire, to be compared
export type Change = { ids: number[]; data: any };

/** A channel of a plain websocket with row changes. */
export class Watcher implements Disposable {
  readonly raw: Raw;
  readonly topic: string;
  readonly changes = new Inbox<Change>();
  readonly systems = new Inbox<{ status: string; message: string; extension: string }>();
  readonly frames: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: the bindings as the server gives them back
  echo: any[] = [];
  joinRef = "";

  private constructor(raw: Raw, topic: string) {
    this.raw = raw;
    this.topic = topic;
    raw.ws.on("message", (data) => this.frames.push(String(data)));
    const { push } = raw.inbox;
    raw.inbox.push = (frame: Received) => {
      if (frame.topic === topic && frame.event === "postgres_changes") this.changes.push(frame.payload);
      if (frame.topic === topic && frame.event === "system") this.systems.push(frame.payload);
      push.call(raw.inbox, frame);
    };
  }

  /** Joins; what the server says of the bindings comes into `systems`. */
  static async open(
    world: World,
    relay: { port: number },
    bindings: object[],
    { sub, more = {}, topic = "realtime:watch" }: { sub?: string; more?: object; topic?: string } = {},
  ): Promise<Watcher> {
    const watcher = new Watcher(await Raw.open(world, relay), topic);
    const token = sub === undefined ? {} : { access_token: await tokenOf(world, sub) };
    const config = { postgres_changes: bindings, ...more };
    watcher.joinRef = watcher.raw.push(topic, "phx_join", { config, ...token }, "1");
    const { payload } = await watcher.raw.reply(watcher.joinRef);
    if (payload.status !== "ok") throw new Error(payload.response.reason);
    watcher.echo = payload.response.postgres_changes;
    return watcher;
  }

  /** Likewise, and fails unless all bindings are accepted. */
  static async of(...[world, relay, bindings, options]: Parameters<typeof Watcher.open>): Promise<Watcher> {
    const watcher = await Watcher.open(world, relay, bindings, options);
    const { status, message } = await watcher.systems.next();
    if (status !== "ok" || message !== "Subscribed to PostgreSQL") throw new Error(message);
    return watcher;
  }

  [Symbol.dispose](): void {
    this.raw[Symbol.dispose]();
  }

  /** The next change. */
  async next(): Promise<Change> {
    return this.changes.next(undefined, "a change");
  }

  /** Values of one column in all changes up to the one in which `last` holds. */
  async until(last: (change: Change) => boolean, column = "id"): Promise<unknown[]> {
    await this.changes.next(last, "the last change");
    const upto = this.changes.all.findIndex(last);
    return this.changes.all.slice(0, upto + 1).map(({ data }) => (data.record ?? data.old_record)?.[column]);
  }
}

export const everything = { event: "*", schema: "public", table: "notes" };
