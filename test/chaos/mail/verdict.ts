import { printTable } from "../../bench/support/table.ts";
import { insistently, type Scene } from "./scene.ts";
import { points } from "./traps.ts";

type Letter = {
  id: string;
  kind: string;
  state: string | null;
  policy: string;
  messageId: string | null;
  errorCode: string | null;
};

/** What a letter may end as without having been taken. */
const notTaken = new Set(["held", "failed", "expired", "cancelled", "suppressed"]);
const refusals = new Set(["300", "413"]);

export type Verdict = {
  states: Map<string, number>;
  doubled: number;
  lost: number;
  undecided: number;
  /** Every reason why the run is not good. */
  wrongs: string[];
};

/** What the mailbox has, beside what was written and what the outbox believes. */
export async function judge(scene: Scene): Promise<Verdict> {
  const { pool, mailbox, crew, writers } = scene;
  const { rows: letters } = await insistently(() => pool.query<Letter>(written));
  const taken = await mailbox.taken();
  const known = new Set(letters.map(({ id }) => id));
  const doubled = await mailbox.doubled();
  const lost = letters.filter((letter) => isLost(letter, taken.get(letter.id)));
  const undecided = letters.filter(({ state }) => state === "held");
  const wrongs = [
    ...doubled.map((id) => `doubled: the letter ${id} was taken ${taken.get(id)?.length} times`),
    ...lost.map((letter) => `lost: ${told(letter)}`),
    ...undecided
      .filter(({ policy }) => policy !== "hold")
      .map((letter) => `held against its policy: ${told(letter)}`),
    ...letters.filter(isOpen).map((letter) => `not decided: ${told(letter)}`),
    ...letters
      .filter((letter) => isDisowned(letter, taken.get(letter.id)))
      .map((letter) => `taken all the same: ${told(letter)}`),
    ...letters
      .filter((letter) => isMistaken(letter, taken.get(letter.id)))
      .map((letter) => `not the message of that letter: ${told(letter)}`),
    ...[...taken.keys()].filter((id) => !known.has(id)).map((id) => `sent but never written: ${id}`),
    ...writers.refusals,
    ...crew.crashes,
    ...scene.wrongs,
  ];
  return {
    states: countBy(letters, ({ state }) => state ?? "gone"),
    doubled: doubled.length,
    lost: lost.length,
    undecided: undecided.length,
    wrongs,
  };
}

const written = `
  select c.letter_id as id, c.kind, l.state, l.policy, l.provider_message_id as "messageId", l.error_code as "errorCode"
  from chaos.ledger c left join mail.letters l on l.id = c.letter_id`;

type Messages = string[] | undefined;

/** Believed to be with the service, or gone; or not sent without a reason that anybody gave. */
function isLost({ state, errorCode }: Letter, messages: Messages): boolean {
  if (messages) return false;
  if (state === "failed") return !refusals.has(errorCode ?? "");
  return state === null || !(notTaken.has(state) || isOpen({ state }));
}

function isOpen({ state }: Pick<Letter, "state">): boolean {
  return ["queued", "sending", "unknown"].includes(state ?? "");
}

function isDisowned({ state }: Letter, messages: Messages): boolean {
  return messages !== undefined && notTaken.has(state ?? "");
}

function isMistaken({ messageId }: Letter, messages: Messages): boolean {
  return messageId !== null && messages !== undefined && !messages.includes(messageId);
}

function told({ id, kind, state, errorCode }: Letter): string {
  return `${kind} ${id}, ${state ?? "gone"}${errorCode ? ` (${errorCode})` : ""}`;
}

function countBy<T>(all: T[], nameOf: (each: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of all) counts.set(nameOf(each), (counts.get(nameOf(each)) ?? 0) + 1);
  return counts;
}

export async function printVerdict(scene: Scene, verdict: Verdict, seconds: number): Promise<void> {
  const { kills, faults, restarts, writers, log } = scene;
  const { states, doubled, lost, undecided, wrongs } = verdict;
  printTable(
    "Chaos of mail",
    ["", "count"],
    [
      ["seconds", seconds.toFixed(0)],
      ["letters", String([...states.values()].reduce((sum, count) => sum + count, 0))],
      ...[...states].sort().map(([state, count]) => [`  ${state}`, String(count)]),
      ["kill -9 of a sender", String([...kills.values()].reduce((sum, count) => sum + count, 0))],
      ...Object.keys(points).map((point) => [
        `  ${point}`,
        String(kills.get(point as keyof typeof points) ?? 0),
      ]),
      ["Postgres killed", String(restarts)],
      ["faults of the service", String([...faults.values()].reduce((sum, count) => sum + count, 0))],
      ...[...faults].map(([fault, hits]) => [`  ${fault}`, String(hits)]),
      ["webhooks", ""],
      ...Object.entries(await scene.mailbox.webhooks()).map(([fate, count]) => [`  ${fate}`, String(count)]),
      ["transactions of writers cut off", String(writers.interrupted)],
      ["doubled", String(doubled)],
      ["lost", String(lost)],
      ["undecided", String(undecided)],
    ],
  );
  for (const wrong of wrongs.slice(0, 20)) console.log(wrong);
  if (wrongs.length > 20) console.log(`... and ${wrongs.length - 20} more`);
  console.log(
    wrongs.length === 0
      ? "\nNo letter doubled, none lost, none left open."
      : `\nNot good. What the senders said: ${log}`,
  );
}
