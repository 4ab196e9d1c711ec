import type pg from "pg";
import { emit } from "#telemetry.ts";
import type { Page } from "./change-feed.ts";
import type { Interest, Question } from "./interests.ts";

/** What one change means to those who asked: their ids for it, by what they are shown. `data` is JSON. */
export type Told = { id: bigint; to: Map<Interest, Map<number, number[]>>; data: Map<number, string> };

/** Rows changed that are not told one by one; `rows` is 0 where their number is unknown. */
export type Summary = { id: bigint; operation: string; rows: number; to: Set<Interest> };

export type Failure = { viewer: number; reason: string };

export type Sifted = { told: Map<string, Told>; summaries: Summary[]; failures: Failure[] };

type Row = {
  change_id: string | null;
  cut: number | null;
  payload: string | null;
  operation: string | null;
  changed_rows: string | null;
  change_ids: string[] | null;
  questions: number[] | null;
  viewer: number | null;
  failure: string | null;
};

const together = { statementMs: 5000, clientMs: 15_000 };
const alone = { statementMs: 1000, clientMs: 5000 };

/**
 * Asks the database who is to see what of the changes of one table. All viewers in one statement; if that fails or takes
 * too long, each alone, so that a viewer's slow policy costs nobody else more than a moment.
 */
export async function sift(
  client: pg.ClientBase,
  relation: number,
  page: Page,
  question: Question,
): Promise<Sifted> {
  const sifted: Sifted = { told: new Map(), summaries: [], failures: [] };
  const ids = page.ids.filter((_, index) => page.relations[index] === relation);
  const ask = async (viewers: number[], limits: typeof together) => {
    const rows = await query(
      client,
      [relation, ids, page.earliest, page.latest],
      question.parameters(viewers),
      limits,
    );
    for (const row of rows) collect(sifted, question, viewers, row);
  };
  const everybody = [...question.viewers.all.keys()];
  try {
    await ask(everybody, together);
  } catch (error) {
    if (!isOfTheStatement(error)) throw error;
    emit("realtime:changes:slow", { relation, viewers: everybody.length, error });
    for (const viewer of everybody) {
      await ask([viewer], alone).catch((cause: unknown) => {
        if (!isOfTheStatement(cause)) throw cause;
        sifted.failures.push({ viewer, reason: cause.message });
      });
    }
  }
  return sifted;
}

async function query(
  client: pg.ClientBase,
  values: unknown[],
  parameters: string[],
  { statementMs, clientMs }: typeof together,
): Promise<Row[]> {
  await client.query("select set_config('statement_timeout', $1, false)", [String(statementMs)]);
  const text = "select * from realtime.sift($1, $2, $3, $4, $5, $6, $7)";
  const config = { name: "sift", text, values: [...values, ...parameters] };
  try {
    return (await client.query<Row>(Object.assign(config, { query_timeout: clientMs }))).rows;
  } finally {
    await client.query("select set_config('statement_timeout', '0', false)");
  }
}

/** An error of what was asked, not of the connection or of the server. */
function isOfTheStatement(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^(08|53|57P|58)/.test(code);
}

function collect(
  { told, summaries, failures }: Sifted,
  question: Question,
  viewers: number[],
  row: Row,
): void {
  const numbers = row.questions ?? [];
  if (row.failure !== null) failures.push({ viewer: viewers[row.viewer ?? 0] ?? 0, reason: row.failure });
  else if (row.payload !== null) toldOf(told, row.change_id).data.set(row.cut ?? 0, row.payload);
  else if (row.operation !== null) {
    const to = new Set(
      numbers.flatMap((number) => question.asked[number]?.takers ?? []).map((t) => t.interest),
    );
    const { operation, change_id, changed_rows } = row;
    summaries.push({ id: BigInt(change_id ?? 0), operation, rows: Number(changed_rows), to });
  } else {
    for (const [index, changeId] of (row.change_ids ?? []).entries()) {
      addTakers(toldOf(told, changeId), question, numbers[index] ?? 0);
    }
  }
}

function toldOf(told: Sifted["told"], changeId: string | null): Told {
  const id = changeId ?? "0";
  const one = told.get(id) ?? { id: BigInt(id), to: new Map(), data: new Map() };
  told.set(id, one);
  return one;
}

function addTakers({ to }: Told, question: Question, number: number): void {
  const { cut = 0, takers = [] } = question.asked[number] ?? {};
  for (const { interest, id } of takers) {
    const byCut = to.get(interest) ?? new Map<number, number[]>();
    to.set(interest, byCut);
    const ids = byCut.get(cut) ?? [];
    byCut.set(cut, ids.includes(id) ? ids : [...ids, id]);
  }
}
