import { spawn } from "node:child_process";
import path from "node:path";
import { command, numberOf } from "#cli/command.ts";
import { sayQueues, warnOfSettings, workOptions } from "#cli/commands/queue-work.ts";
import { queuesNamed, requireConnection } from "#cli/names.ts";
import { stopSignal } from "#cli/stop-signal.ts";
import { loadConfig } from "#config.ts";
import { Listener } from "#db/listen.ts";
import { openPool } from "#db/pool.ts";
import { pause } from "#lib/pause.ts";
import { lookAt } from "#queue/backlog.ts";
import { parseOrder } from "#queue/order.ts";

const entry = path.resolve(import.meta.dirname, "../howdah.ts");

/** For development: each job meets the code as it is when the job is there. */
export const queueListen = command({
  about: "Listen to a given queue: a fresh process for every job, which has today's code",
  takes: ["connection?"],
  options: workOptions,
  async offline({ print, args: [connection], values }) {
    requireConnection(connection);
    warnOfSettings(print, values);
    const queues = queuesNamed(values.queue);
    const seconds = numberOf("--sleep", values.sleep ?? "3", { least: 0.1 });
    const over = new AbortController();
    void stopSignal().then(() => over.abort());
    print.info(sayQueues(queues));
    await using waiting = await openWaiting(queues);
    const args = [`--queue=${queues.join(",")}`, ...(values.tasks ? [`--tasks=${values.tasks}`] : [])];
    while (!over.signal.aborted) {
      if (await waiting.jobsAreThere()) {
        const code = await runOne([...args, ...(print.verbose ? ["-v"] : [])], over.signal);
        if (code === 0) continue;
      }
      await waiting.wake(seconds, over.signal);
    }
  },
});

/** Starts what stands under a worker, also an embedded database, and tells when jobs are there. */
async function openWaiting(queues: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const { startApp } = await import("#app.ts"); // loads all that Howdah is made of
  const { databaseUrl } = stack.use(await startApp(loadConfig(), new Set()));
  const pool = stack.adopt(openPool(databaseUrl, "queue:listen", { max: 1 }), (kept) => kept.end());
  let woken = new AbortController();
  const listener = stack.use(
    new Listener(databaseUrl, "queue:listen").listen("howdah_jobs", () => woken.abort()),
  );
  await listener.start();
  const order = parseOrder(queues.join(","));
  const running = stack.move();
  return {
    jobsAreThere: async () => {
      woken = new AbortController();
      return (await lookAt(pool, "", order)).loads.some(({ ready }) => ready > 0);
    },
    wake: (seconds: number, over: AbortSignal) =>
      pause(seconds * 1000, AbortSignal.any([woken.signal, over])),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Its exit code; a stop is passed on to it. */
function runOne(args: string[], over: AbortSignal): Promise<number | null> {
  const child = spawn(process.execPath, [entry, "queue:work", "--once", ...args], { stdio: "inherit" });
  const stop = () => child.kill("SIGTERM");
  over.addEventListener("abort", stop);
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (code) => {
      over.removeEventListener("abort", stop);
      resolve(code);
    });
  });
}
