import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/wait.ts";
import type { World } from "../support/world.ts";
import { Raw } from "./raw.ts";
import { openClub, type RunningRelay, startRelay } from "./relays.ts";

// Whatever happens, all relays and the table agree on who is there when it is over.

const rooms = ["realtime:a", "realtime:b", "realtime:c"];

test("after a storm of comings, goings and lost connections everybody agrees", async () => {
  await using world = await openClub();
  const options = { beatMs: 150, holdMs: 150 };
  await using first = await startRelay(world, {}, options);
  await using second = await startRelay(world, {}, options);
  await using third = await startRelay(world, {}, options);
  const relays = [first, second, third];
  const over = new AbortController();
  const lives = Promise.all(Array.from({ length: 12 }, (_, n) => live(world, relays, `p${n}`)));
  const [people, broken] = await Promise.all([
    lives.finally(() => over.abort()),
    breakConnections(world, over.signal),
  ]);
  assert.ok(broken > 3);

  const expected = people.flatMap(({ key, tracked }) => tracked.map((room) => `${room} ${key}`)).sort();
  assert.ok(expected.length > 0);
  await until(async () => (await inTable(world)).join() === expected.join());
  for (const relay of relays)
    await until(async () => (await knownAt(world, relay)).join() === expected.join());
  for (const { socket } of people) socket.ws.close(1000);
  for (const relay of relays) await until(() => relay.relay.stats().members === 0);
  assert.deepEqual(await inTable(world), []);
});

/** Tracks, untracks, leaves, is cut off and comes back elsewhere; tells what it tracks in the end. */
async function live(world: World, relays: RunningRelay[], key: string) {
  let socket = await Raw.open(world, any(relays));
  let tracked = new Set<string>();
  for (let step = 0; step < 25; step += 1) {
    const room = any(rooms);
    const dice = Math.random();
    if (dice < 0.2) {
      if (dice < 0.1) socket.ws.terminate();
      else socket.ws.close(1000);
      socket = await Raw.open(world, any(relays));
      tracked = new Set();
    } else if (dice < 0.3) {
      await socket.reply(socket.push(room, "phx_leave", {}));
      tracked.delete(room);
    } else {
      await socket.join(room, { presence: { key } });
      tracked.delete(room);
      if (dice > 0.4) tracked.add(room);
      if (dice > 0.4) await socket.track(room, { step });
      if (dice > 0.9) await socket.track(room, { step, again: true });
    }
  }
  return { key, socket, tracked: [...tracked] };
}

async function breakConnections(world: World, over: AbortSignal): Promise<number> {
  let broken = 0;
  while (!over.aborted) {
    const { rowCount } = await world.pool.query(
      `select pg_terminate_backend(pid), pg_sleep(0.1) from (
         select pid from pg_stat_activity
         where datname = current_database() and application_name like 'howdah:relay%' order by random() limit 1) s`,
    );
    broken += rowCount ?? 0;
  }
  return broken;
}

async function inTable(world: World): Promise<string[]> {
  const { rows } = await world.pool.query(
    "select 'realtime:' || topic || ' ' || key as entry from realtime.presence",
  );
  return rows.map(({ entry }) => entry).sort();
}

async function knownAt(world: World, relay: RunningRelay): Promise<string[]> {
  using socket = await Raw.open(world, relay);
  const entries: string[] = [];
  for (const room of rooms) {
    await socket.join(room, { presence: { enabled: true } });
    const { payload } = await socket.event("presence_state", room);
    for (const [key, { metas }] of Object.entries(payload as Record<string, { metas: unknown[] }>))
      entries.push(...metas.map(() => `${room} ${key}`));
  }
  return entries.sort();
}

function any<T>(list: T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}
