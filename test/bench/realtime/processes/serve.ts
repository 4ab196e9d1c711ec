import { setTimeout as sleep } from "node:timers/promises";

type Api = Record<string, (...args: never[]) => unknown>;
type Call = { id: number; name: string; args: never[] };

/** The options that the process was started with. */
export function optionsOf<Options>(): Options {
  return JSON.parse(process.argv[2] ?? "{}");
}

/** Answers what the bench asks, until it goes away. */
export function serve(api: Api): void {
  process.on("message", async ({ id, name, args }: Call) => {
    try {
      reply({ id, value: await api[name]?.(...args) });
    } catch (error) {
      reply({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.once("disconnect", () => process.exit());
  reply({ ready: true });
}

export type ServerApi = ReturnType<typeof serverApi>;

/** What every server that is measured tells of itself. */
export function serverApi(port: number) {
  return {
    port: () => port,
    /** Milliseconds of CPU time so far. */
    cpu: () => (process.cpuUsage().user + process.cpuUsage().system) / 1000,
    rss: () => process.memoryUsage.rss(),
    async rssCollected() {
      for (let times = 0; times < 3; times++) {
        globalThis.gc?.();
        await sleep(100);
      }
      return process.memoryUsage.rss();
    },
  };
}

function reply(message: object): void {
  if (process.connected) process.send?.(message);
}
