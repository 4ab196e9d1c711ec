import type pg from "pg";
import { AppError } from "#errors.ts";
import { readCron, type Ticks } from "#queue/cron.ts";
import { emit } from "#telemetry.ts";

/**
 * Runs one schedule that is due; false when none is, or others hold those that are. The job and the next tick are
 * committed together. `moment` stands in for the database's clock.
 */
export async function tickOne(pool: pg.Pool, moment?: Date): Promise<boolean> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query("begin");
    const { rows } = await client.query<Due>("select * from queue.due_schedule($1)", [moment]);
    const outcome = rows[0] && (await run(client, rows[0]));
    await client.query("commit");
    broken = false;
    if (outcome) announce(outcome);
    return outcome !== undefined;
  } finally {
    client.release(broken); // which rolls back
  }
}

type Missed = "skip" | "once" | "all";
type Due = {
  name: string;
  task: string;
  cron: string;
  timezone: string;
  missed: Missed;
  /** Null when it is not reckoned yet: the schedule is new, or was edited. */
  tick: Date | null;
  seen_at: Date;
};

type Plan = { ticks: Date[]; next: Date | undefined; error: string | undefined };
type Outcome = { due: Due; ticks: Date[]; error: string | null };

async function run(client: pg.ClientBase, due: Due): Promise<Outcome> {
  const { ticks, next, error } = plan(due);
  const { rows } = await client.query<{ error: string | null }>(
    "select queue.tick($1, $2, $3, $4) as error",
    [due.name, ticks, next, error],
  );
  return { due, ticks, error: rows[0]?.error ?? null };
}

function plan({ cron, timezone, missed, tick, seen_at: now }: Due): Plan {
  try {
    const clock = readCron(cron, timezone);
    const next = clock.next(now);
    const error = next ? undefined : `"${cron}" never comes.`;
    return { ticks: tick ? policies[missed](clock, tick, now) : [], next, error };
  } catch (error) {
    if (error instanceof AppError) return { ticks: [], next: undefined, error: error.message };
    throw error;
  }
}

const stillInTimeMs = 60_000;
const mostMissed = 1000;

/** Which of the ticks from `first` until now are run. The first need not be one of the expression: an operator may set it. */
const policies: Record<Missed, (clock: Ticks, first: Date, now: Date) => Date[]> = {
  skip: (clock, first, now) => {
    const latest = clock.last(1, first, now)[0] ?? first;
    return now.getTime() - latest.getTime() <= stillInTimeMs ? [latest] : [];
  },
  once: (clock, first, now) => [clock.last(1, first, now)[0] ?? first],
  all: (clock, first, now) => [first, ...clock.last(mostMissed, first, now)].slice(-mostMissed),
};

function announce({ due, ticks, error }: Outcome): void {
  const { name, task, tick, seen_at: now } = due;
  const last = ticks.at(-1);
  const late = (from: Date) => now.getTime() - from.getTime();
  if (error !== null) emit("schedule:failed", { name, task, error });
  else if (last) emit("schedule:ticked", { name, task, tick: last, jobs: ticks.length, lateMs: late(last) });
  else if (tick) emit("schedule:skipped", { name, task, tick, lateMs: late(tick) });
}
