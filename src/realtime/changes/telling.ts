import { emit } from "#telemetry.ts";
import type { Framed } from "../broadcast.ts";
import type { Question } from "./interests.ts";
import type { Failure, Sifted, Summary, Told } from "./sift.ts";

/** What is to be told of the changes of one table. */
export type Answers = Sifted & { question: Question };

/** Tells every channel what it is to hear, over all tables in the order of the changes. */
export function tellAll(answers: Answers[]): void {
  const items = answers.flatMap(({ told, summaries }) => [...told.values(), ...summaries]);
  for (const item of items.sort(byId)) {
    try {
      if ("operation" in item) warn(item);
      else tell(item);
    } catch (error) {
      emit("realtime:message:failed", { id: String(item.id), error });
    }
  }
  for (const { question, failures } of answers) {
    for (const failure of failures) fail(question, failure);
  }
}

function byId(a: { id: bigint }, b: { id: bigint }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** A channel gets one message with all its ids, or one for each choice of columns. */
function tell({ to, data }: Told): void {
  const frames = new Map<number, Map<string, Framed>>([...data.keys()].map((cut) => [cut, new Map()]));
  for (const [{ taker }, byCut] of to) {
    for (const [cut, ids] of byCut) {
      const [payload, framed] = [data.get(cut), frames.get(cut)];
      if (payload !== undefined && framed) taker.tell(ids, payload, framed);
    }
  }
}

function warn({ operation, rows, to }: Summary): void {
  for (const { taker, table } of to) {
    if (operation === "TRUNCATE") taker.warn(`${table} was truncated: read the table again`);
    else {
      const number = rows > 0 ? `${rows} rows` : "Rows";
      taker.warn(
        `${number} of ${table} changed in one ${operation} and are not told one by one: read the table again`,
      );
    }
  }
}

function fail(question: Question, { viewer, reason }: Failure): void {
  emit("realtime:changes:refused", { role: question.viewers.all[viewer]?.role ?? "", reason });
  for (const taker of question.takersOf(viewer)) {
    taker.fail(`The changes could not be checked against row-level security: ${reason}`);
  }
}
