import pg from "pg";
import { until } from "../../support/wait.ts";
import type { Random } from "../support/random.ts";
import type { Crew, Sender } from "./crew.ts";
import type { SenderPoint } from "./stops.ts";
import type { WirePoint } from "./wire.ts";

/** The six points of mail.md 2.5 at which a sender is killed, each with how it is brought there. */
export const points = {
  "before the claim's commit": (ground: Ground) => killAtCommit(ground, claiming, false),
  "after the claim, before the connection": (ground: Ground) => killInside(ground, "claimed"),
  "in the middle of the request": (ground: Ground) => killOnWire(ground, "body"),
  "after acceptance, before the answer": (ground: Ground) => killOnWire(ground, "answer"),
  "after the answer, before the commit": (ground: Ground) => killInside(ground, "answered"),
  "during the commit": (ground: Ground) => killAtCommit(ground, recording, ground.random.chance(0.5)),
} satisfies Record<string, (ground: Ground) => Promise<void>>;

export type Point = keyof typeof points;

export type Ground = { url: string; crew: Crew; random: Random };

const [claiming, recording] = [1, 2];
const patienceMs = 20_000;

async function killInside({ crew }: Ground, point: SenderPoint): Promise<void> {
  const senders = crew.members;
  try {
    await crew.kill(await first(senders, (sender) => sender.stopAt(point), point));
  } finally {
    for (const sender of senders) sender.goOn();
  }
}

async function killOnWire({ crew }: Ground, point: WirePoint): Promise<void> {
  const senders = crew.members;
  try {
    await crew.kill(await first(senders, ({ wire }) => wire.cutAt(point), point));
  } finally {
    for (const { wire } of senders) wire.mend();
  }
}

/** The backend of a dead process goes on with its commit, unless its machine notices in time; `survives` says which. */
async function killAtCommit({ url, crew }: Ground, place: number, survives: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "chaos:trap" });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(4711, $1)", [place]);
    const stopped = async () => {
      const { rows } = await client.query<{ process: number; backend: number }>(
        "select process, backend from chaos.stopped($1)",
        [place],
      );
      return rows.find(({ process }) => crew.members.some(({ pid }) => pid === process));
    };
    await until(async () => (await stopped()) !== undefined, patienceMs);
    const there = await stopped();
    const sender = crew.members.find(({ pid }) => pid === there?.process);
    if (sender) await crew.kill(sender);
    if (!survives) await client.query("select pg_terminate_backend($1)", [there?.backend]);
  } finally {
    await client.end();
  }
}

async function first(
  senders: Sender[],
  reached: (sender: Sender) => Promise<void>,
  point: string,
): Promise<Sender> {
  const late = AbortSignal.timeout(patienceMs);
  return await Promise.race([
    ...senders.map((sender) => reached(sender).then(() => sender)),
    new Promise<never>((_, reject) =>
      late.addEventListener("abort", () => reject(new Error(`no sender came to the point ${point}`))),
    ),
  ]);
}
