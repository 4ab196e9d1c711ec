import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { command } from "#cli/command.ts";
import { queuesNamed, requireConnection } from "#cli/names.ts";
import { counted, type Print } from "#cli/print.ts";
import { readConfig } from "#config.ts";

export const clear = command({
  about: "Delete all of the jobs from the specified queues",
  takes: ["connection?"],
  options: {
    queue: { type: "string", value: "QUEUES", default: "default", about: "their names, with commas between" },
    force: { type: "boolean", about: "does not ask, also in production" },
  },
  async run({ db, print, args: [connection], values, interactive }) {
    requireConnection(connection);
    const queues = queuesNamed(values.queue);
    if (!values.force && readConfig().production && !(await mayGoOn(print, interactive))) return 1;
    let count = 0;
    await db.rows("begin");
    for (const queue of queues) count += Number(await db.value<string>("select queue.clear($1)", queue));
    await db.rows("commit");
    const noun = queues.length === 1 ? "queue" : "queues";
    print.info(`Cleared ${counted(count, "job")} from the [${queues.join(", ")}] ${noun}`);
    return 0;
  },
});

async function mayGoOn(print: Print, interactive: boolean): Promise<boolean> {
  if (!interactive) {
    print.error("The application is in production and nobody can be asked here: use --force.");
    return false;
  }
  print.line(`\n  ${print.paint(["bgYellow", "black"], " APPLICATION IN PRODUCTION. ")}\n`);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const asked = lines.question("  Are you sure you want to run this command? (yes/no) [no] ");
  const answer = await Promise.race([asked, once(lines, "close").then(() => "")]); // Ctrl+D is no answer
  lines.close();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  print.warn("Command cancelled.");
  return false;
}
