import { type Lifetime, untilDone } from "./support/lifetime.ts";

/**
 * `npm run bench -- <suite> [flags]`: Howdah measured beside its peers, in the same run, on the same machine. The numbers
 * of two runs, let alone of two machines, say little about each other: what counts is the ratio.
 */
const suites: Record<string, () => Promise<{ run(args: string[], life: Lifetime): Promise<void> }>> = {
  fanout: () => import("./fanout/suite.ts"),
  mail: () => import("./mail/suite.ts"),
  queue: () => import("./queue/suite.ts"),
  graphql: () => import("./graphql/suite.ts"),
  realtime: () => import("./realtime/suite.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = suites[name];
if (!load) {
  console.error(`npm run bench -- <suite> [flags]; the suites are: ${Object.keys(suites).join(", ")}.`);
  process.exitCode = 1;
} else {
  await untilDone(async (life) => (await load()).run(args, life));
}
