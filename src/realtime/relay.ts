import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type pg from "pg";
import { type WebSocket, WebSocketServer } from "ws";
import type { ForeignKeys } from "#auth/foreign-keys.ts";
import { openVerifier, type Verifier } from "#auth/jwt.ts";
import { openPool } from "#db/pool.ts";
import { Allowance } from "#lib/allowance.ts";
import { atMost } from "#lib/at-most.ts";
import { emit } from "#telemetry.ts";
import { authorize } from "./authorization.ts";
import type { Broadcast } from "./broadcast.ts";
import { Changes, type ChangesOptions } from "./changes/changes.ts";
import type { Channel } from "./channel.ts";
import { Feed } from "./feed.ts";
import { Gossip } from "./gossip.ts";
import { type Handshake, readHandshake, refusal, refuse } from "./handshake.ts";
import { Hearing } from "./hearing.ts";
import { type Keepable, keep, withId } from "./keep.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { Membership } from "./membership.ts";
import { type LogMessage, messagesFor } from "./messages.ts";
import type { PulseOptions } from "./pulse.ts";
import { readReplay } from "./replay.ts";
import { Reporter } from "./report.ts";
import { Rest } from "./rest.ts";
import { Rooms } from "./rooms.ts";
import type { Services } from "./services.ts";
import { Socket } from "./socket.ts";
import { Sockets } from "./sockets.ts";
import type { Room } from "./topic.ts";
import { recheckIn, type Word } from "./wire.ts";

export type RelayOptions = {
  databaseUrl: string;
  jwtSecret: string;
  /** Tokens signed with these keys are taken too: a URL, or JSON. */
  foreignKeys?: ForeignKeys | undefined;
  /** Queries with the owner's rights; the relay does not end it. */
  pool: pg.Pool;
  limits?: Partial<Limits>;
  /** Whether LISTEN works on this connection; undefined: found out at the start. */
  listen?: boolean | undefined;
  changes?: Pick<ChangesOptions, "graceMs" | "checkMs">;
} & Pick<PulseOptions, "beatMs" | "holdMs" | "noteMs">;

/** Of this relay: its open sockets. Of all relays: the members that are present. */
export type RelayStats = { sockets: number; members: number };

const stopMs = 3000; // for each step, so that a database that hangs cannot hold up the process

/** One relay process: its sockets, the feed from the log and the word of the other relays. */
export class Relay implements AsyncDisposable {
  readonly id = crypto.randomUUID();
  readonly #options: RelayOptions;
  readonly #limits: Limits;
  /** Of the tokens of this installation. */
  readonly verify: Verifier;
  readonly #own: pg.Pool;
  readonly #hearing: Hearing;
  readonly #feed: Feed<LogMessage>;
  readonly #changes: Changes;
  readonly #gossip: Gossip;
  readonly #membership: Membership;
  readonly #rooms = new Rooms();
  readonly #server: WebSocketServer;
  readonly #sockets: Sockets;
  readonly #services: Services;
  /** Broadcasts that come by HTTP. */
  readonly rest: Rest;
  #stopped: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.verify = openVerifier(options.jwtSecret, options.foreignKeys);
    this.#sockets = new Sockets(this.#limits.idleMs);
    this.#own = openPool(options.databaseUrl, "relay", { max: 3 });
    const polls = () => this.#hearing.polls;
    this.#feed = new Feed(this.#own, messagesFor(this.#rooms), { newEpoch: () => this.#crashAll(), polls });
    const { databaseUrl, changes } = options;
    this.#changes = new Changes({ databaseUrl, relay: this.id, polls, ...changes });
    this.#gossip = new Gossip(this.id, this.#own, {
      heard: (relay, word) => this.#heard(relay, word),
      gone: (relay) => this.#membership.gone(relay),
      missed: (relay) => this.#membership.missed(relay),
      unpublished: () => this.#membership.unpublished(),
      alone: () => this.#membership.alone,
    });
    const tell = (room: Room, diff: string) => this.#rooms.tellMembers(room, diff);
    const reporter = new Reporter(this.#feed, () => ({
      ...{ sockets: this.#sockets.size, ...this.#rooms.counts, members: this.#membership.ownSize },
      ...{ slow_sockets: this.#sockets.slow, gossip_backlog: this.#gossip.backlog },
    }));
    const pulse = { ...options, polls, stats: () => reporter.take() };
    this.#membership = new Membership(this.id, this.#own, this.#gossip, tell, pulse);
    this.#hearing = new Hearing({
      ...{ databaseUrl, pool: this.#own, listen: options.listen },
      woken: () => this.#wake(),
      heard: (word) => this.#notified(word),
      connected: (client) => this.#membership.lock(client),
      restored: () => this.#restored(),
    });
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload:
        options.limits?.frameBytes ?? Math.max(this.#limits.frameBytes, this.#limits.payloadBytes + 10_000),
    });
    this.#services = this.#serve();
    this.rest = new Rest(this.#services);
  }

  /** Listens first and reads second, so that nothing is missed in between. */
  async start(): Promise<void> {
    await this.#hearing.start();
    await this.#feed.start();
    await this.#membership.start();
  }

  /** Takes over an HTTP upgrade, for any path that ends in /websocket; refusals are plain HTTP with `{"error"}`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ignore = () => {};
    socket.on("error", ignore);
    this.#admit(request).then(
      (handshake) => {
        socket.off("error", ignore);
        this.#server.handleUpgrade(request, socket, head, (ws) => this.#opened(ws, socket, handshake));
      },
      (error: unknown) => {
        emit("realtime:socket:refused", { error });
        refuse(socket, error);
      },
    );
  }

  stats(): RelayStats {
    return { sockets: this.#sockets.size, members: this.#membership.size };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #serve(): Services {
    const { pool } = this.#options;
    const joins = new Allowance(this.#limits.joinsPerSecond, 1000);
    return {
      limits: this.#limits,
      rooms: this.#rooms,
      membership: this.#membership,
      changes: this.#changes,
      mayJoin: () => joins.take(),
      verify: this.verify,
      authorize: (room, claims, headers) => authorize(pool, room.name, claims, headers),
      replay: (room, since, limit) => readReplay(pool, room.name, since, limit),
      broadcast: (room, broadcast, except) => this.#broadcast(room, broadcast, except),
      persist: (room, broadcast, except) => this.#persist(room, broadcast, except),
    };
  }

  async #admit(request: IncomingMessage): Promise<Handshake> {
    if (this.#stopped) throw refusal(503, "Stopping", "The server is stopping");
    if (this.#sockets.size >= this.#limits.connections) {
      throw refusal(429, "ConnectionRateLimitReached", "Too many connected users");
    }
    const handshake = readHandshake(request);
    await this.verify(handshake.apikey);
    return handshake;
  }

  #opened(ws: WebSocket, stream: Duplex, handshake: Handshake): void {
    const socket = new Socket(ws, stream, handshake, this.#services);
    this.#sockets.add(socket);
    ws.once("close", () => this.#sockets.delete(socket));
    emit("realtime:socket:open", { socket: socket.id, version: socket.version });
    if (this.#stopped) socket.close(1012, "Service restart");
  }

  #broadcast(room: Room, broadcast: Broadcast, except?: Channel): void {
    this.#rooms.fanOut(room, broadcast, { except });
    this.#gossip.broadcast(room, broadcast);
  }

  /** Delivered first, as upstream has it: the log is for those who are not there. */
  async #persist(room: Room, broadcast: Keepable, except?: Channel): Promise<string> {
    const id = crypto.randomUUID();
    this.#broadcast(room, withId(broadcast, id), except);
    await keep(this.#options.pool, room.name, id, broadcast);
    return id;
  }

  #notified(payload: string): void {
    const asked = recheckIn(payload);
    if (!asked) this.#gossip.receive(payload);
    else {
      const room = { name: asked.topic, private: true };
      for (const channel of [...this.#rooms.in(room)]) void channel.recheck(asked.sub);
    }
  }

  #heard(relay: string, word: Word): void {
    if (word.is !== "broadcasts") this.#membership.heard(relay, word);
    else for (const { room, broadcast } of word.broadcasts) this.#rooms.fanOut(room, broadcast);
  }

  #wake(): void {
    this.#feed.wake();
    this.#changes.wake();
  }

  #restored(): void {
    this.#gossip.restart();
    this.#wake();
    void this.#membership.resync();
  }

  #crashAll(): void {
    for (const channel of [...this.#rooms.all()]) channel.crash("The database was replaced");
  }

  async #stop(): Promise<void> {
    await atMost(stopMs, this.#sockets.close());
    this.#sockets.terminate();
    await atMost(stopMs, this.#membership[Symbol.asyncDispose]());
    await atMost(stopMs, this.#gossip.retire()).catch((error: unknown) =>
      emit("realtime:gossip:failed", { error }),
    );
    const readers = [this.#feed, this.#changes, this.#hearing].map((reader) => reader[Symbol.asyncDispose]());
    await atMost(
      stopMs,
      Promise.all(readers).then(() => this.#own.end()),
    );
  }
}
