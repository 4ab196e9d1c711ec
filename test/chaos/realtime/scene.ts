import { readFile } from "node:fs/promises";
import type pg from "pg";
import { anonKey, mintToken } from "#auth/jwt.ts";
import { insist } from "#db/insist.ts";
import { openPool } from "#db/pool.ts";
import { publishTemplates } from "#mail/templates.ts";
import { declareQueue } from "#queue/declare.ts";
import type { Lifetime } from "../../bench/support/lifetime.ts";
import { until } from "../../support/wait.ts";
import { AppClient } from "./app-client.ts";
import { Fleet } from "./fleet.ts";
import { LightClient } from "./light-client.ts";
import { Seat, type SeatWorld } from "./seat.ts";
import { type Settings, watchersPerRoom } from "./settings.ts";
import { Watch } from "./watch.ts";
import { Writers } from "./writers.ts";

/** Relays on a migrated database, clients that watch rooms on them, writers that write into the rooms. */
export type Scene = {
  url: string;
  jwtSecret: string;
  pool: pg.Pool;
  fleet: Fleet;
  seats: Seat[];
  clients: (LightClient | AppClient)[];
  watches: Watch[];
  writers: Writers;
  /** Token of somebody who may look into every room where people are present, and never is. */
  warden: string;
  terminated: number;
  hops: number;
  restarts: number;
  /** What the relays said. */
  log: string;
};

export type SceneOptions = Omit<Settings, "seconds" | "terminations"> & { url: string; log: string };

const jwtSecret = "a-secret-of-the-chaos-with-32-characters";
const presenceRooms = 8;
const everyChatRoom = 16; // the others are topics alone
const everyPresent = 3;

export async function openScene(life: Lifetime, options: SceneOptions): Promise<Scene> {
  const { url, log, relays, clients, rooms, writers, breakage } = options;
  const pool = openPool(url, "chaos", { max: 12 });
  life.defer(() => pool.end());
  await declareQueue(pool); // as every start does: chat dispatches jobs, which nobody works here
  await publishTemplates(pool, "https://school.test");
  await pool.query(await sql("chaos"));
  if (breakage) await pool.query(await sql(`breaks/${breakage}`));
  const people = Array.from({ length: clients }, () => crypto.randomUUID());
  const warden = crypto.randomUUID();
  const topics = await openRooms(pool, people, rooms);
  await openPresenceRooms(pool, [...people, warden]);

  const fleet = new Fleet(life, { databaseUrl: url, jwtSecret }, log);
  await fleet.start(relays);
  const seats = await assignSeats(people, topics, openWorldOf(life, pool, fleet));
  const crowd = seats.map((seat) => (isApp(seat, options) ? new AppClient(seat) : new LightClient(seat)));
  for (const client of crowd) {
    life.use(client);
    client.start();
  }
  const watches = seats.flatMap((seat) => seat.watches);
  await everyoneIsUpToDate(watches);

  const writerPool = openPool(url, "chaos-writers", { max: writers + 1 });
  life.defer(() => writerPool.end());
  return {
    ...{ url, jwtSecret, pool, fleet, seats, watches, log, clients: crowd },
    writers: life.use(new Writers(writerPool, topics, options)),
    warden: await mintToken({ sub: warden, role: "authenticated" }, jwtSecret, 3600),
    ...{ terminated: 0, hops: 0, restarts: 0 },
  };
}

/** Waits until all are joined and have nothing left to catch up with. */
export async function everyoneIsUpToDate(watches: Watch[]): Promise<void> {
  await until(() => watches.every(({ isUpToDate }) => isUpToDate), 60_000);
}

export const insistently = <T>(work: () => Promise<T>) => insist(work, AbortSignal.timeout(60_000));

async function openRooms(pool: pg.Pool, people: string[], rooms: number): Promise<string[]> {
  const topics: string[] = [];
  for (let room = 0; room < rooms; room++) {
    const watchers = people.filter((_, place) => watches(place, room, people.length));
    const { rows } = await pool.query<{ topic: string }>("select chaos.open_room($1, $2, $3) as topic", [
      room % everyChatRoom === 0,
      String(room),
      watchers,
    ]);
    topics.push(rows[0]?.topic ?? "");
  }
  return topics;
}

/** Neighbours watch a room together; they begin on different relays. */
function watches(place: number, room: number, clients: number): boolean {
  const first = (room * watchersPerRoom) % clients;
  return (place - first + clients) % clients < watchersPerRoom;
}

async function openPresenceRooms(pool: pg.Pool, people: string[]): Promise<void> {
  await pool.query(
    "insert into chaos.members (topic, person_id) select 'here:' || n, p from unnest($1::uuid[]) p, generate_series(0, $2) n",
    [people, presenceRooms - 1],
  );
}

function openWorldOf(life: Lifetime, pool: pg.Pool, fleet: Fleet): SeatWorld {
  const leaving = new AbortController();
  life.defer(() => leaving.abort());
  return {
    ports: () => fleet.open,
    signal: leaving.signal,
    async history(topic, after) {
      const ask = () => pool.query<{ id: string }>("select id from chaos.history($1, $2) id", [topic, after]);
      return (await insist(ask, leaving.signal)).rows.map(({ id }) => id);
    },
  };
}

async function assignSeats(people: string[], topics: string[], world: SeatWorld): Promise<Seat[]> {
  const apikey = await anonKey(jwtSecret);
  return Promise.all(
    people.map(async (sub, place) => {
      const token = await mintToken({ sub, role: "authenticated" }, jwtSecret, 3600);
      const mine = topics.filter((_, room) => watches(place, room, people.length));
      const here = place % everyPresent === 0 ? `here:${place % presenceRooms}` : undefined;
      return new Seat(
        { place, token, apikey },
        mine.map((topic) => new Watch(topic)),
        here,
        world,
      );
    }),
  );
}

/** Spread evenly over the seats. */
function isApp({ place }: Seat, { clients, apps }: Pick<Settings, "clients" | "apps">): boolean {
  return Math.floor((place * apps) / clients) !== Math.floor(((place - 1) * apps) / clients);
}

function sql(name: string): Promise<string> {
  return readFile(new URL(`./${name}.sql`, import.meta.url), "utf8");
}
