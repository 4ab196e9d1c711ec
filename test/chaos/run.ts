import { type Lifetime, untilDone } from "../bench/support/lifetime.ts";

/** `npm run chaos -- <suite> [flags]`: real processes and real kills, and a count of what they cost. */
const suites: Record<string, () => Promise<{ run(args: string[], life: Lifetime): Promise<boolean> }>> = {
  mail: () => import("./mail/suite.ts"),
  queue: () => import("./queue/suite.ts"),
  realtime: () => import("./realtime/suite.ts"),
  fuzz: () => import("./fuzz/suite.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = suites[name];
if (!load) {
  console.error(`npm run chaos -- <suite> [flags]; the suites are: ${Object.keys(suites).join(", ")}.`);
  process.exitCode = 1;
} else {
  await untilDone(async (life) => {
    const good = await (await load()).run(args, life);
    if (!good) process.exitCode = 1;
  });
}
