import type { CronItem } from "graphile-worker";

/** Recurring tasks; one run per tick however many processes there are. */
export const schedule: CronItem[] = [
  { task: "realtime/roll-partitions", match: "17 * * * *", options: { backfillPeriod: 0 } },
];
