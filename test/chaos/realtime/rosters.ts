import { Raw } from "../../realtime/raw.ts";
import { until } from "../../support/wait.ts";
import { AppClient } from "./app-client.ts";
import type { Scene } from "./scene.ts";

const longestMs = 40_000; // a relay that is silent for 15 s is buried

export type Rosters = { compared: number; ghosts: number; absent: number; wrongs: string[] };

type Roster = Record<string, number>;

/** Asks every relay, and every client that keeps a roster, who is there, until it is the truth or the time is up. */
export async function compareRosters(scene: Scene): Promise<Rosters> {
  let found: Rosters = { compared: 0, ghosts: 0, absent: 0, wrongs: [] };
  const isTrue = async () => {
    found = await lookAround(scene);
    return found.ghosts + found.absent === 0;
  };
  await until(isTrue, longestMs).catch(() => {}); // what was found says more
  return found;
}

async function lookAround(scene: Scene): Promise<Rosters> {
  const truth = truthOf(scene);
  const found: Rosters = { compared: 0, ghosts: 0, absent: 0, wrongs: [] };
  const look = (who: string, topic: string, roster: Roster) => {
    const { ghosts, absent } = differ(truth.get(topic) ?? {}, roster);
    found.compared++;
    found.ghosts += ghosts.length;
    found.absent += absent.length;
    if (ghosts.length > 0) found.wrongs.push(`${who} has ghosts in ${topic}: ${ghosts}`);
    if (absent.length > 0) found.wrongs.push(`${who} misses in ${topic}: ${absent}`);
  };
  for (const port of scene.fleet.ports) {
    using raw = await Raw.open(scene, { port });
    for (const topic of truth.keys())
      look(`the relay at ${port}`, topic, await ask(raw, topic, scene.warden));
  }
  for (const client of scene.clients)
    if (client instanceof AppClient && client.here) look("an app", client.here, client.roster ?? {});
  return found;
}

function truthOf({ seats }: Scene): Map<string, Roster> {
  const truth = new Map<string, Roster>();
  for (const { here, name } of seats)
    if (here !== undefined) truth.set(here, { ...truth.get(here), [name]: 1 });
  return truth;
}

async function ask(raw: Raw, name: string, token: string): Promise<Roster> {
  const topic = `realtime:${name}`;
  await raw.join(topic, { private: true, presence: { enabled: true } }, { access_token: token });
  const { payload } = await raw.event("presence_state", topic);
  return Object.fromEntries(
    Object.entries(payload as Record<string, { metas: unknown[] }>).map(([key, { metas }]) => [
      key,
      metas.length,
    ]),
  );
}

function differ(truth: Roster, roster: Roster): { ghosts: string[]; absent: string[] } {
  const keys = [...new Set([...Object.keys(truth), ...Object.keys(roster)])];
  const times = (of: Roster, key: string) => of[key] ?? 0;
  return {
    ghosts: keys.filter((key) => times(roster, key) > times(truth, key)),
    absent: keys.filter((key) => times(roster, key) < times(truth, key)),
  };
}
