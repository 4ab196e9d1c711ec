import { command, numberOf, timeOf } from "#cli/command.ts";
import { connection, queueNamed } from "#cli/names.ts";
import type { Print } from "#cli/print.ts";
import { AppError } from "#errors.ts";

const all = "*";

export const pause = command({
  about: "Pause job processing for a specific queue",
  takes: ["queue?"],
  options: {
    all: { type: "boolean", about: "all queues, also those to come" },
    for: { type: "string", value: "SECONDS", about: "the pause ends by itself after so long" },
    until: { type: "string", value: "TIME", about: "or at this time, such as 2026-12-24T18:00:00Z" },
    reason: { type: "string", value: "TEXT", about: "shown to whoever asks why nothing runs" },
  },
  async run({ db, print, args: [given], values }) {
    const queue = queueOf(given, values.all);
    const seconds = values.for === undefined ? null : numberOf("--for", values.for);
    const until = await db.value<string | null>(
      `with paused as (
         select queue.pause($1, $2, $3::timestamptz, make_interval(secs => $4::float8)))
       select queue.moment(coalesce($3::timestamptz, now() + make_interval(secs => $4::float8))) from paused`,
      ...[queue, values.reason, values.until === undefined ? null : timeOf("--until", values.until), seconds],
    );
    print.info(`${about(queue)} has been paused${until === null ? "" : ` until ${until}`}.`);
  },
});

export const resume = command({
  about: "Resume job processing for a paused queue",
  takes: ["queue?"],
  options: { all: { type: "boolean", about: "ends the pause of all; a queue's own pause stays" } },
  async run({ db, print, args: [given], values }) {
    const queue = queueOf(given, values.all);
    const was = await db.value<boolean>("select queue.resume($1)", queue);
    print.info(was ? `${about(queue)} has been resumed.` : `${about(queue)} was not paused.`);
    warnOfOthers(
      print,
      queue,
      await db.rows<{ queue: string }>(
        "select queue from queue.pauses where until is null or until > now() order by 1",
      ),
    );
  },
});

function queueOf(given: string | undefined, isAll: boolean | undefined): string {
  if (isAll) return all;
  if (given === undefined)
    throw new AppError("BadOption", "A queue name is required unless the --all option is used.");
  return queueNamed(given);
}

function about(queue: string): string {
  return queue === all
    ? "Job processing on all queues across all connections"
    : `Job processing on queue [${connection}:${queue}]`;
}

/** A resumed queue may still stand still, and after "all" some may. */
function warnOfOthers(print: Print, queue: string, pauses: readonly { queue: string }[]): void {
  const others = pauses.map((pause) => pause.queue);
  if (queue !== all && others.includes(all))
    print.warn("All queues are still paused: howdah queue:resume --all.");
  if (queue === all && others.length > 0)
    print.warn(`Still paused by themselves: ${others.join(", ")}. Each is resumed by its name.`);
}
