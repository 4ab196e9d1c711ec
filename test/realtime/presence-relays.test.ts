import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import pg from "pg";
import { until } from "../support/wait.ts";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import { openClient, openClub, spawnRelay, startRelay } from "./relays.ts";
import { presentIn, Watcher } from "./watcher.ts";

// Members when relays start, stop, die, sleep and come back.

const room = "realtime:here";
const quick = { beatMs: 200, holdMs: 300 };

test("a relay that is killed is found by its lost connection, and its members leave once everywhere", async () => {
  await using world = await openClub();
  const options = { beatMs: 1000, holdMs: 300 };
  await using first = await startRelay(world, {}, options);
  await using second = await startRelay(world, {}, options);
  await using doomed = await spawnRelay(world, options);
  using one = await Watcher.open(world, first, "here");
  using two = await Watcher.open(world, second, "here");
  const keys = ["a", "b", "c", "d", "e"];
  const sockets = await enter(world, doomed, keys);
  for (const watcher of [one, two])
    for (const key of keys) await watcher.joins.next((join) => join.key === key);
  await until(async () => (await lockedRelays(world)) === 3);

  doomed.process.kill("SIGKILL");
  await once(doomed.process, "exit");
  // As silent as after two beats that did not come; without the hint of the lock it takes three.
  const doom =
    "update realtime.relays set beat = beat - interval '2 hours', beat_every = '1 hour' where id = $1";
  await world.pool.query(doom, [await relayOf(world, "a")]);
  for (const watcher of [one, two]) {
    for (const key of keys) await watcher.leaves.next((leave) => leave.key === key);
    assert.deepEqual(watcher.missed.toSorted(), keys);
    assert.equal(watcher.diffs.filter(({ leaves }) => Object.keys(leaves).length > 0).length, 1);
    assert.deepEqual(watcher.present(), {});
  }
  assert.deepEqual([first.relay.stats().members, second.relay.stats().members], [0, 0]);
  await until(async () => (await presentIn(world)).length === 0);
  for (const socket of sockets) socket[Symbol.dispose]();
});

test("a member of a killed relay that another one took in is not missed", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, quick);
  await using doomed = await spawnRelay(world, quick);
  using watcher = await Watcher.open(world, first, "here");
  const sockets = await enter(world, doomed, ["bob", "eve"]);
  for (const key of ["bob", "eve"]) await watcher.joins.next((join) => join.key === key);
  doomed.process.kill("SIGKILL");
  await once(doomed.process, "exit");
  const [back] = await enter(world, first, ["bob"]);
  await watcher.leaves.next(({ key }) => key === "eve");
  assert.deepEqual(watcher.missed, ["eve"]);
  assert.equal(watcher.present().bob?.length, 1);
  await until(async () => (await presentIn(world)).join() === "bob");
  for (const socket of [...sockets, back]) socket?.[Symbol.dispose]();
});

test("a relay that slept and was buried comes back with its members, each once", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, quick);
  await using sleeper = await spawnRelay(world, quick);
  using watcher = await Watcher.open(world, first, "here");
  const keys = ["a", "b", "c"];
  const sockets = await enter(world, sleeper, keys);
  for (const key of keys) await watcher.joins.next((join) => join.key === key);

  sleeper.process.kill("SIGSTOP");
  for (const key of keys) await watcher.leaves.next((leave) => leave.key === key);
  assert.deepEqual(watcher.present(), {});
  await until(async () => (await presentIn(world)).length === 0);
  sleeper.process.kill("SIGCONT");
  for (const key of keys) await watcher.joins.next((join) => join.key === key);
  assert.deepEqual(watcher.present(), { a: [{}], b: [{}], c: [{}] });
  await until(async () => (await presentIn(world)).join() === "a,b,c");
  for (const socket of sockets) socket.ws.close(1000);
  for (const key of keys) await watcher.leaves.next((leave) => leave.key === key);
  assert.equal(watcher.missed.length, 6);
});

test("nobody is missed when a relay sleeps shorter than its members are waited for", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, { beatMs: 200, holdMs: 60_000 });
  await using sleeper = await spawnRelay(world, { beatMs: 200, holdMs: 60_000 });
  using watcher = await Watcher.open(world, first, "here");
  const [bob] = await enter(world, sleeper, ["bob"]);
  await watcher.joins.next();
  sleeper.process.kill("SIGSTOP");
  await until(async () => (await relaysIn(world)) === 1);
  sleeper.process.kill("SIGCONT");
  await until(async () => (await relaysIn(world)) === 2);
  await until(async () => (await heldRefs(world)) === 0);
  const [eve] = await enter(world, sleeper, ["eve"]);
  await watcher.joins.next(({ key }) => key === "eve");
  assert.deepEqual(watcher.present(), { bob: [{}], eve: [{}] });
  assert.equal(watcher.diffs.length, 2);
  const [again] = await enter(world, first, ["bob"]);
  await watcher.joins.next(({ key }) => key === "bob");
  assert.deepEqual(
    watcher.present().bob,
    [{}, {}],
    "the first is no longer held back, so the second stands beside it",
  );
  bob?.ws.close(1000);
  again?.ws.close(1000);
  await watcher.leaves.next(({ key, remaining }) => key === "bob" && remaining === 0);
  eve?.[Symbol.dispose]();
});

test("a crash of the database, which empties the tables of relays and members, makes nobody leave", async () => {
  await using world = await openClub();
  const options = { beatMs: 300, holdMs: 300 };
  await using first = await startRelay(world, {}, options);
  await using second = await startRelay(world, {}, options);
  using one = await Watcher.open(world, first, "here");
  using two = await Watcher.open(world, second, "here");
  const sockets = [...(await enter(world, first, ["a"])), ...(await enter(world, second, ["b"]))];
  for (const watcher of [one, two])
    for (const key of ["a", "b"]) await watcher.joins.next((join) => join.key === key);
  await world.pool.query("truncate realtime.relays, realtime.presence, realtime.watches");
  // The first comes back at once, the second with its next beat.
  await world.pool.query(
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = hashtext($1)::oid",
    [first.relay.id],
  );
  await until(async () => (await presentIn(world)).join() === "a,b");
  sockets.push(...(await enter(world, first, ["c"])), ...(await enter(world, second, ["d"])));
  for (const watcher of [one, two]) {
    for (const key of ["c", "d"]) await watcher.joins.next((join) => join.key === key);
    assert.deepEqual(watcher.leaves.all, []);
    assert.deepEqual(watcher.present(), { a: [{}], b: [{}], c: [{}], d: [{}] });
  }
  for (const socket of sockets) socket[Symbol.dispose]();
});

for (const { others, whose } of [
  { others: true, whose: "one relay of two" },
  { others: false, whose: "the only relay" },
]) {
  test(`the deploy of ${whose} is no news to anybody`, async () => {
    await using world = await openClub();
    const options = { beatMs: 200, holdMs: 15_000 };
    await using old = await startRelay(world, {}, options);
    await using other = await startRelay(world, {}, options);
    if (!others) await other[Symbol.asyncDispose]();
    await using door = await Door.open(old.port);
    const soon = { reconnectAfterMs: () => 50, timeout: 5000 };
    using watcher = await Watcher.open(world, others ? other : door, "here", soon);
    const people = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const client = await openClient(world, door, soon);
        const channel = client.realtime.channel("here", { config: { presence: { key: `p${n}` } } });
        channel.subscribe(async (status) => {
          if (status === "SUBSCRIBED") await channel.track({ n });
        });
        return { client, channel };
      }),
    );
    for (const n of people.keys()) await watcher.joins.next(({ key }) => key === `p${n}`);

    await old[Symbol.asyncDispose]();
    await using fresh = await startRelay(world, {}, options);
    door.leadsTo(fresh.port);
    await until(async () => fresh.relay.stats().members === 10 && (await heldRefs(world)) === 0);
    await until(() => Object.values(watcher.present()).every(([first]) => "n" in (first ?? {})));
    await until(async () => (await presentIn(world)).length === 10);
    assert.deepEqual(watcher.missed, []);
    assert.deepEqual(
      Object.keys(watcher.present()).sort(),
      people.map((_, n) => `p${n}`),
    );
    for (const { joins, leaves } of watcher.diffs)
      for (const key of Object.keys(leaves)) assert.ok(key in joins, `${key} left without coming back`);
    for (const { client } of people) client[Symbol.dispose]();
  });
}

test("a thousand members that join at once travel in a few notifications", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using second = await startRelay(world);
  const sockets = await Promise.all(Array.from({ length: 20 }, () => Raw.open(world, first)));
  const topics = Array.from({ length: 50 }, (_, n) => `realtime:room:${n}`);
  for (const socket of sockets)
    await Promise.all(topics.map((topic) => socket.join(topic, { presence: { key: crypto.randomUUID() } })));
  await using heard = await Notifications.open(world);
  for (const socket of sockets)
    for (const topic of topics) socket.push(topic, "presence", { event: "track", payload: { n: 1 } });
  await until(() => second.relay.stats().members === 1000);
  await heard.upToNow();
  assert.ok(heard.all.length <= 40, `${heard.all.length} notifications`);
  assert.ok(heard.all.every((payload) => Buffer.byteLength(payload) <= 7500));
  const { rowCount } = await world.pool.query("select from realtime.presence");
  assert.equal(rowCount, 1000);

  for (const socket of sockets) socket.ws.close(1000);
  await until(async () => second.relay.stats().members + first.relay.stats().members === 0);
  assert.deepEqual(await presentIn(world), []);
});

test("broadcasts are told to other relays only while there are any", async () => {
  await using world = await openClub();
  await using first = await startRelay(world);
  await using heard = await Notifications.open(world);
  using sender = await Raw.open(world, first);
  await sender.join(room, { broadcast: { ack: true } });
  const send = async (n: number) => {
    const payload = { type: "broadcast", event: "e", payload: { n } };
    await sender.reply(sender.push(room, "broadcast", payload));
  };
  await send(1);
  await heard.upToNow();
  assert.deepEqual(heard.broadcasts(), []);

  await using second = await startRelay(world);
  using receiver = await Raw.open(world, second);
  await receiver.join(room);
  await send(2);
  assert.deepEqual((await receiver.event("broadcast")).payload.payload, { n: 2 });
  await heard.upToNow();
  assert.equal(heard.broadcasts().length, 1);

  await second[Symbol.asyncDispose]();
  await until(async () => {
    const before = heard.broadcasts().length;
    await send(3);
    await heard.upToNow();
    return heard.broadcasts().length === before;
  });
});

test("a relay that has answered its first join hears every broadcast after that", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, { messagesPerSecond: 100_000 });
  using sender = await Raw.open(world, first);
  await sender.join(room, { broadcast: { ack: true } });
  await using heard = await Notifications.open(world);
  await using stream = new Stream(sender);
  for (let round = 0; round < 5; round += 1) {
    await hearFromTheJoinOn(world, stream);
    await until(async () => {
      const [told, from] = [heard.broadcasts().length, stream.sent];
      await until(() => stream.sent > from + 3);
      await heard.upToNow();
      return heard.broadcasts().length === told;
    });
  }
});

test("a relay that starts waits for one that does not answer, as long as that may think itself alone", async () => {
  await using world = await openClub();
  await using other = await spawnRelay(world, { beatMs: 1000 });
  await until(async () => (await lockedRelays(world)) === 1);
  const startMs = async () => {
    const since = performance.now();
    await using _ = await startRelay(world);
    return performance.now() - since;
  };
  assert.ok((await startMs()) < 1000);
  other.process.kill("SIGSTOP");
  assert.ok((await startMs()) > 1150);
});

test("what no word told is found in the table after some beats: who is there, and who is gone", async () => {
  await using world = await openClub();
  await using first = await startRelay(world, {}, { beatMs: 50 });
  await using second = await startRelay(world, {}, { beatMs: 50 });
  using watcher = await Watcher.open(world, first, "here");
  const [other] = await enter(world, second, ["told"]);
  await watcher.joins.next((join) => join.key === "told");
  await world.pool.query(
    `insert into realtime.presence (relay_id, ref, topic, private, key, meta)
     select relay_id, 'untold-1', topic, private, 'untold', '{}' from realtime.presence where key = 'told'`,
  );
  await watcher.joins.next((join) => join.key === "untold");
  await world.pool.query("delete from realtime.presence where key = 'untold'");
  await watcher.leaves.next((leave) => leave.key === "untold");
  assert.deepEqual(Object.keys(watcher.present()), ["told"]);
  other?.[Symbol.dispose]();
});

test("after a hole in the numbers of a relay its rows are read again, and only its", async () => {
  await using world = await openClub();
  await using relay = await startRelay(world);
  using watcher = await Watcher.open(world, relay, "here");
  const [holey, silent] = [crypto.randomUUID(), crypto.randomUUID()];
  const publish = (of: string, number: number, key: string, told: boolean) => {
    const word = `${of} ${number} 1/1 ${JSON.stringify({ p: ["", [["here", false, [[`${of}-${number}`, key, {}]]]], [], []] })}`;
    return world.pool.query(
      `select realtime.gossip_presence($1, $2, '{}', '{}', '{}', array[$3], '{here}', '{f}', array[$4], array['{}'], array[null::uuid])`,
      [of, told ? [word] : [], `${of}-${number}`, key],
    );
  };
  for (const fake of [holey, silent])
    await world.pool.query("select realtime.beat($1, interval '1 hour')", [fake]);
  await publish(holey, 1, "one", true);
  await publish(holey, 2, "two", false);
  await publish(silent, 1, "unheard", false);
  await publish(holey, 3, "three", true);
  for (const key of ["one", "two", "three"]) await watcher.joins.next((join) => join.key === key);
  assert.deepEqual(Object.keys(watcher.present()).sort(), ["one", "three", "two"]);
});

async function enter(world: World, relay: { port: number }, keys: string[]): Promise<Raw[]> {
  const sockets: Raw[] = [];
  for (const key of keys) {
    const socket = await Raw.open(world, relay);
    await socket.join(room, { presence: { key } });
    await socket.track(room);
    sockets.push(socket);
  }
  return sockets;
}

/** A relay starts, a client joins it, and misses nothing from then on. */
async function hearFromTheJoinOn(world: World, stream: Stream): Promise<void> {
  await using relay = await startRelay(world);
  using receiver = await Raw.open(world, relay);
  await receiver.join(room);
  const { sent } = stream;
  await receiver.inbox.next(({ event, payload }) => event === "broadcast" && payload.payload.n > sent + 20);
  const broadcasts = receiver.inbox.all.filter(({ event }) => event === "broadcast");
  const [start = 0, ...more] = broadcasts.map(({ payload }) => payload.payload.n as number);
  assert.ok(start <= sent + 2, `joined when ${sent} were sent, and heard ${start} first`);
  assert.deepEqual(
    more,
    more.map((_, index) => start + index + 1),
  );
}

async function relaysIn(world: World): Promise<number> {
  return (await world.pool.query("select from realtime.relays")).rowCount ?? 0;
}

async function relayOf(world: World, key: string): Promise<string> {
  const { rows } = await world.pool.query("select relay_id from realtime.presence where key = $1", [key]);
  return rows[0].relay_id;
}

async function lockedRelays(world: World): Promise<number> {
  return (
    (await world.pool.query("select from realtime.relays where locked and realtime.is_locked(id)"))
      .rowCount ?? 0
  );
}

async function heldRefs(world: World): Promise<number> {
  return (await world.pool.query("select from realtime.presence where held_since is not null")).rowCount ?? 0;
}

/** Broadcasts that are numbered from 1, one after the other, until it is disposed. */
class Stream implements AsyncDisposable {
  /** How many the relay has acknowledged. */
  sent = 0;
  readonly #over = new AbortController();
  readonly #sending: Promise<void>;

  constructor(sender: Raw) {
    this.#sending = this.#send(sender);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#sending;
  }

  async #send(sender: Raw): Promise<void> {
    for (; !this.#over.signal.aborted; this.sent += 1) {
      const payload = { type: "broadcast", event: "e", payload: { n: this.sent + 1 } };
      await sender.reply(sender.push(room, "broadcast", payload));
    }
  }
}

/** What the relays tell each other. */
class Notifications implements AsyncDisposable {
  readonly all: string[] = [];
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
    client.on("notification", ({ payload }) => this.all.push(payload ?? ""));
  }

  static async open(world: World): Promise<Notifications> {
    const client = new pg.Client(world.databaseUrl);
    await client.connect();
    await client.query("listen howdah_relay");
    return new Notifications(client);
  }

  broadcasts(): string[] {
    return this.all.filter((payload) => payload.includes('{"b":'));
  }

  /** What was notified before is there when it resolves. */
  async upToNow(): Promise<void> {
    const mark = crypto.randomUUID();
    await this.#client.query("select pg_notify('howdah_relay', $1)", [mark]);
    await until(() => this.all.includes(mark));
    this.all.splice(this.all.indexOf(mark), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

/** A port that leads to one relay after the other, as a proxy in front of a deploy does. */
class Door implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#enter(socket));
  #to: number;

  private constructor(to: number) {
    this.#to = to;
  }

  static async open(to: number): Promise<Door> {
    const door = new Door(to);
    door.#server.listen(0, "127.0.0.1");
    await once(door.#server, "listening");
    return door;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  leadsTo(port: number): void {
    this.#to = port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #enter(socket: Socket): void {
    const inside = connect(this.#to, "127.0.0.1");
    for (const [one, other] of [
      [socket, inside],
      [inside, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => this.#sockets.delete(one));
      one.pipe(other);
    }
  }
}
