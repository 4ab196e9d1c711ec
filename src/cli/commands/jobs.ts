import { command } from "#cli/command.ts";
import { jobNamed } from "#cli/names.ts";

export const explainJob = command({
  about: "Say in one sentence why a job does not run, or what became of it",
  takes: ["id"],
  options: { json: { type: "boolean", about: "as JSON" } },
  async run({ db, print, args: [id = ""], values }) {
    const sentence = await db.value<string>("select queue.explain($1::text)", jobNamed(id));
    const known = !/^(There is no job|No job) /.test(sentence);
    if (values.json) print.json({ id, known, explanation: sentence });
    else if (known) print.info(sentence);
    else print.error(sentence);
    return known ? 0 : 1;
  },
});

export const cancelJob = command({
  about: "Cancel a job that waits, or ask one that runs to stop",
  takes: ["id"],
  options: { reason: { type: "string", value: "TEXT", about: "stands in the history" } },
  async run({ db, print, args: [id = ""], values: { reason } }) {
    const outcome = await db.value<string>("select queue.cancel($1::text, $2)", jobNamed(id), reason);
    if (outcome === "unknown") print.error(`No job with ID [${id}] waits or runs.`);
    else if (outcome === "asked") print.info(`The job [${id}] runs, and its worker was told to stop it.`);
    else print.info(`The job [${id}] has been cancelled.`);
    return outcome === "unknown" ? 1 : 0;
  },
});

export const restart = command({
  about: "Restart queue worker daemons after their current job",
  async run({ db, print }) {
    await db.value(
      `select pg_notify('howdah_queue', 'restart'), queue.note('restart', '*', count(*))
       from queue.processes p where queue.is_alive(p)`,
    );
    print.info("Broadcasting queue restart signal.");
  },
});
