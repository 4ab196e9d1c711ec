import os from "node:os";
import type { Lifetime } from "./lifetime.ts";
import type { Postgres } from "./postgres.ts";

/** Who takes part in a comparison. */
export type Entrant = {
  key: string;
  name: string;
  about: string;
  /** Why it cannot take part here, or undefined. */
  available(): Promise<string | undefined>;
  prepare(): Promise<unknown>;
};

/** Howdah, and those whose keys begin with one of `peers`; all without. Who is not ready is told and left out. */
export async function choose<Each extends Entrant>(
  all: Each[],
  peers: readonly string[] | undefined,
  life: Lifetime,
): Promise<Each[]> {
  const isWanted = ({ key }: Each) => key === "howdah" || peers?.some((peer) => key.startsWith(peer));
  const ready: Each[] = [];
  for (const contestant of peers ? all.filter(isWanted) : all) {
    const reason = (await contestant.available()) ?? (await failure(contestant.prepare(), life));
    if (reason) console.log(`${contestant.name} is left out: ${reason}.`);
    else ready.push(contestant);
  }
  return ready;
}

/** What went wrong with one part, which stops no other; a run that is being stopped goes no further. */
export async function failure(work: Promise<unknown>, life: Lifetime): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (life.disposed) throw error;
    return String((error as Error)?.message ?? error);
  }
}

/** What the numbers depend on; a warning when the machine is not ours alone. */
export function circumstances(postgres: Postgres, entrants: readonly Entrant[]): string[] {
  const [cpu] = os.cpus();
  const load = os.loadavg()[0] ?? 0;
  if (load > 1)
    console.log(
      `\nSomebody else is busy on this machine (load ${load.toFixed(1)}): do not trust a number of this run.`,
    );
  return [
    `\n${new Date().toISOString()}, ${os.cpus().length} × ${cpu?.model ?? "CPU"}, Node ${process.version}, load at the start ${load.toFixed(2)}`,
    postgres.about,
    ...entrants.map(({ key, name, about }) => `${name} (${key}): ${about}`),
  ];
}

export function printEnd(): void {
  const seconds = Math.round(performance.now() / 1000);
  console.log(`\nDone after ${seconds} s; load at the end ${os.loadavg()[0]?.toFixed(1)}.`);
}
