import type pg from "pg";

/** A recurring task as the code declares it; an operator may change or disable each while it runs (queue.schedules). */
export type Schedule = {
  task: string;
  /** Five fields (minute, hour, day, month, weekday), six with the second in front, or @hourly, @daily, ... */
  cron: string;
  /** IANA name of the clock that `cron` means; UTC if absent. */
  timezone?: string;
  payload?: object;
  queue?: string;
  /** What becomes of ticks that no worker saw; skip if absent. */
  missed?: "skip" | "once" | "all";
};

/** The product's recurring tasks by name; one run per tick however many processes there are. */
export const schedules: Readonly<Record<string, Schedule>> = {
  "realtime/roll-partitions": { task: "realtime/roll-partitions", cron: "17 * * * *", missed: "once" },
  "queue/roll-partitions": { task: "queue/roll-partitions", cron: "23 * * * *", missed: "once" },
  "notify/deliver": { task: "notify/deliver", cron: "*/5 * * * *" },
  "mail/look-at-health": { task: "mail/look-at-health", cron: "*/10 * * * *" },
  "campaigns/look-at-health": { task: "campaigns/look-at-health", cron: "*/10 * * * *" },
  "mail/sweep": { task: "mail/sweep", cron: "*/10 * * * *", missed: "once" },
  "queue/prune": { task: "queue/prune", cron: "40 3 * * *", missed: "once" },
  "mail/prune": { task: "mail/prune", cron: "50 3 * * *", missed: "once" },
};

/** Tells the database which schedules the code has; an operator's edit stays until the code says something else. */
export async function declareSchedules(
  db: Pick<pg.Pool, "query">,
  declared: Readonly<Record<string, Schedule>> = schedules,
): Promise<void> {
  const rows = Object.entries(declared).map(([name, schedule]) => ({ name, ...defaults, ...schedule }));
  await db.query("select queue.declare_schedules($1)", [JSON.stringify(rows)]);
}

const defaults = { timezone: "UTC", payload: {}, queue: null, missed: "skip" };
