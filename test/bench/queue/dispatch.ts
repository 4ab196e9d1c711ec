import { now } from "../support/clock.ts";
import type { Contestant } from "./contestant.ts";

export const ways = ["single", "parallel", "gathered", "transaction", "bulk"] as const;

export type Way = (typeof ways)[number];

/** What each way is, for the head of its column. */
export const wayNames: Record<Way, string> = {
  single: "1 caller",
  parallel: "10 callers",
  gathered: "500 callers",
  bulk: "bulk of 10,000",
  transaction: "in a transaction",
};

/** Jobs dispatched per second in that way, nobody working them; undefined if the contestant has no such way. */
export async function dispatchRate(
  contestant: Contestant,
  way: Way,
  seconds: number,
): Promise<number | undefined> {
  const plan = planOf(contestant, way);
  return plan && repeatFor(seconds, plan);
}

type Plan = { callers: number; jobs: number; act: () => Promise<unknown> };

function planOf(contestant: Contestant, way: Way): Plan | undefined {
  const one = () => contestant.dispatchOne();
  const gathered = () => contestant.dispatchGathered?.() ?? one();
  const inTransaction = () => contestant.dispatchInTransaction?.() ?? one();
  const several = !contestant.oneCaller;
  switch (way) {
    case "single":
      return { callers: 1, jobs: 1, act: one };
    case "parallel":
      return several ? { callers: 10, jobs: 1, act: one } : undefined;
    case "gathered":
      return several ? { callers: 500, jobs: 1, act: gathered } : undefined;
    case "bulk":
      return { callers: 1, jobs: 10_000, act: () => contestant.dispatchMany(10_000) };
    case "transaction":
      return contestant.dispatchInTransaction ? { callers: 1, jobs: 1, act: inTransaction } : undefined;
  }
}

/** Every caller waits for its dispatch to be safe before it makes the next. */
async function repeatFor(seconds: number, { callers, jobs, act }: Plan): Promise<number> {
  await act();
  const began = now();
  const deadline = began + seconds * 1000;
  let dispatched = 0;
  const caller = async () => {
    while (now() < deadline) {
      await act();
      dispatched += jobs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (dispatched / (now() - began)) * 1000;
}
