import { command, numberOf } from "#cli/command.ts";
import { connection, queuesNamed } from "#cli/names.ts";
import { type Print, span } from "#cli/print.ts";
import { AppError } from "#errors.ts";

type Sizes = {
  queue: string;
  size: number;
  pending: number;
  delayed: number;
  reserved: number;
  /** Unix seconds. */
  oldest_pending: number | null;
  paused: boolean;
};

export const monitor = command({
  about: "Monitor the size of the specified queues",
  takes: ["queues"],
  options: {
    max: { type: "string", value: "JOBS", default: "1000", about: "a queue of so many jobs is at ALERT" },
    json: { type: "boolean", about: "as JSON" },
  },
  async run({ db, print, args: [given = ""], values }) {
    const max = numberOf("--max", values.max);
    const names = queuesNamed(given);
    const sizes = await db.rows<Sizes>(
      `select queue, waiting + delayed + running as size, waiting as pending, delayed, running as reserved, paused,
         floor(extract(epoch from now()) - oldest_wait_seconds)::int as oldest_pending
       from queue.overview where queue = any ($1) order by array_position($1, queue)`,
      names,
    );
    const unknown = names.find((name) => !sizes.some(({ queue }) => queue === name));
    if (unknown !== undefined)
      throw new AppError("HW404", `There is no queue "${unknown}": howdah queues shows all.`);
    const seen = sizes.map((each) => ({ connection, ...each, status: each.size >= max ? "ALERT" : "OK" }));
    if (values.json) print.json(seen);
    else show(print, seen);
    return seen.some(({ status }) => status === "ALERT") ? 1 : 0;
  },
});

function show(print: Print, queues: readonly (Sizes & { status: string })[]): void {
  print.line();
  print.detail("Queue name", "Size / Status", { style: "gray" });
  for (const { queue, size, pending, delayed, reserved, oldest_pending, paused, status } of queues) {
    const style = status === "OK" ? "green" : "yellow";
    print.detail(`[${connection}] ${queue}`, `[${size}] ${status}${paused ? ", PAUSED" : ""}`, { style });
    print.detail("Pending jobs", String(pending));
    print.detail("Delayed jobs", String(delayed));
    print.detail("Reserved jobs", String(reserved));
    const age = oldest_pending === null ? "N/A" : `${span(Date.now() / 1000 - oldest_pending)} ago`;
    print.detail("Oldest pending job", age);
    print.line();
  }
  print.line();
}
