import { command } from "#cli/command.ts";
import { type Print, span } from "#cli/print.ts";

type Schedule = {
  name: string;
  task: string;
  cron: string;
  timezone: string;
  enabled: boolean;
  last_tick: Date | null;
  next_tick: Date | null;
  error: string | null;
};

export const listSchedules = command({
  about: "List all scheduled tasks",
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, values }) {
    const schedules = await db.rows<Schedule>(
      `select name, task, queue, payload, cron as expression, cron, timezone, missed, enabled, last_tick, next_tick, error
       from queue.schedules order by name`,
    );
    if (values.json)
      return print.json(
        schedules.map(({ cron: _, next_tick, ...rest }) => ({ ...rest, next_due_date: next_tick })),
      );
    if (schedules.length === 0) return print.info("No scheduled tasks have been defined.");
    print.line();
    const width = Math.max(...schedules.map(({ cron }) => cron.length));
    for (const schedule of schedules) show(print, schedule, width);
    print.line();
  },
});

function show(print: Print, schedule: Schedule, width: number): void {
  const { name, task, cron, timezone, error } = schedule;
  const what = [name, name !== task && `(${task})`, timezone !== "UTC" && timezone].filter(Boolean).join(" ");
  print.detail(`${cron.padEnd(width)}  ${what}`, dueOf(schedule));
  if (error !== null) print.line(`  ${print.paint("red", error)}`);
}

function dueOf({ enabled, next_tick }: Schedule): string {
  if (!enabled) return "Disabled";
  if (next_tick === null) return "Next Due: as soon as a worker reckons it";
  const seconds = (next_tick.getTime() - Date.now()) / 1000;
  return `Next Due: ${seconds >= 0 ? `${span(seconds)} from now` : `${span(-seconds)} ago`}`;
}
