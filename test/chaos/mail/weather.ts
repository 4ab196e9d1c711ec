import { pause } from "#lib/pause.ts";
import type { Random } from "../support/random.ts";
import type { Fault, MailboxControl } from "./mailbox.ts";

/** Every fault of mail.md 1.13, for a hand-over; those that answer also with the letters taken all the same. */
const handOverFaults: object[] = [
  { action: "status", status: 429 },
  { action: "status", status: 500, code: 101 },
  { action: "status", status: 500, code: 101, accept: true },
  { action: "status", status: 502, accept: true },
  { action: "status", status: 503, code: 100 },
  { action: "status", status: 413 },
  { action: "status", status: 422, code: 300 },
  { action: "delay", ms: 60_000 },
  { action: "delay", ms: 60_000, accept: true },
  { action: "hang" },
  { action: "trickle", ms: 60_000 },
  { action: "reset_before" },
  { action: "reset_mid_request" },
  { action: "accept_then_reset" },
  { action: "accept_then_hang" },
  { action: "accept_then_partial_body" },
  { action: "accept_partial_batch", count: 1 },
  { action: "html_200" },
  { action: "html_200", accept: true },
  { action: "empty_200" },
  { action: "empty_200", accept: true },
  { action: "short_array" },
  { action: "wrong_order" },
  { action: "redirect" },
];

const lookUpFaults: object[] = [
  { action: "status", status: 429 },
  { action: "status", status: 500, code: 101 },
  { action: "hang" },
  { action: "html_200" },
  { action: "empty_200" },
  { action: "accept_then_partial_body" },
];

const lookUps = "/messages/outbound";

const faults = [
  ...handOverFaults.map((fault) => ({ ...fault, match: { path: "/email/batch" }, times: 1 })),
  ...lookUpFaults.map((fault) => ({ ...fault, match: { path: lookUps }, times: 1 })),
];

const patienceMs = 20_000;

/**
 * One fault after the other, all kinds in turn, until it is over and all have been. How often each came about; those that
 * never did are among them.
 */
export async function misbehave(
  mailbox: MailboxControl,
  random: Random,
  over: AbortSignal,
): Promise<Map<string, number>> {
  do {
    for (const fault of shuffled(faults, random)) {
      await mailbox.misbehave(fault);
      await pause(random.int(100, 400));
    }
  } while (!over.aborted);
  const late = AbortSignal.timeout(patienceMs);
  let hits = await hitsOf(mailbox);
  for (; !late.aborted && [...hits.values()].includes(0); await pause(100)) hits = await hitsOf(mailbox);
  await mailbox.behave();
  return hits;
}

async function hitsOf(mailbox: MailboxControl): Promise<Map<string, number>> {
  const hits = new Map<string, number>();
  for (const fault of await mailbox.faults()) {
    const name = nameOf(fault);
    hits.set(name, (hits.get(name) ?? 0) + fault.hits);
  }
  return hits;
}

function nameOf({ action, status, accept, match }: Fault): string {
  const what = action === "status" ? `status ${status}` : action;
  const whom = match.path === lookUps ? "look-up: " : "";
  return `${whom}${what}${accept ? ", taken" : ""}`;
}

/** Webhooks early, late, twice, out of order and not at all, or none; the search now and then far behind. */
export async function changeMoods(
  mailbox: MailboxControl,
  random: Random,
  over: AbortSignal,
  isMute: boolean,
): Promise<void> {
  for (; !over.aborted; await pause(2000, over))
    await mailbox.set({
      searchLagSeconds: random.pick([0, 30, 90, 200]),
      deliveryDelayMs: random.pick([0, 0, 20_000, 600_000]),
      webhooks: { duplicate: 0.3, reorder: random.pick([0, 60]), drop: isMute ? 1 : random.pick([0, 0.5]) },
    });
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => ({ value, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
