/** One condition on a column; together with its value it becomes SQL in the database (realtime.condition). */
export type Condition = { column: string; op: string; not: boolean };

/** The conditions of a filter, all of which have to hold, and the value of each in the same place. */
export type Filter = { conditions: Condition[]; values: Value[] };

export type Value = string | string[] | null;

const operators = [
  ...["eq", "neq", "lt", "lte", "gt", "gte", "in"],
  ...["like", "ilike", "is", "match", "imatch", "isdistinct"],
];
const keywords = ["null", "true", "false", "unknown"];
const maxListed = 100;

/** Reads `column=[not.]operator.value,…`; throws an Error that says what is wrong with it. */
export function parseFilter(text: string): Filter {
  const conditions: Condition[] = [];
  const values: Value[] = [];
  if (text.trim() !== "") {
    for (const segment of split(text)) {
      const { condition, value } = parseSegment(segment.trim());
      conditions.push(condition);
      values.push(value);
    }
  }
  return { conditions, values };
}

function parseSegment(segment: string): { condition: Condition; value: Value } {
  if (segment === "") throw new Error("filter must not contain empty segments (check for extra commas)");
  const [column, rest] = cut(segment, "=");
  if (rest === undefined) throw new Error(JSON.stringify([segment]));
  const not = rest.startsWith("not.");
  const [op, text] = cut(not ? rest.slice(4) : rest, ".");
  if (text === undefined || !operators.includes(op)) throw new Error(JSON.stringify([op, text]));
  if (text.includes("\0")) throw new Error("a value must not contain NUL");
  if (op === "is") return { condition: { column, op: `is${keywordOf(text)}`, not }, value: null };
  return { condition: { column, op, not }, value: typedValue(op, text) };
}

function keywordOf(text: string): string {
  const keyword = text.toLowerCase();
  if (keywords.includes(keyword)) return keyword;
  throw new Error(`\`is\` takes ${keywords.join(", ")}, not ${JSON.stringify(text)}`);
}

function typedValue(op: string, text: string): Value {
  if (op === "in") return listOf(text);
  return op === "isdistinct" && text === "null" ? null : unquote(text);
}

function listOf(text: string): string[] {
  if (!text.startsWith("(") || !text.endsWith(")") || text.length < 2) {
    throw new Error("`in` filter value must be wrapped by parentheses");
  }
  const elements = split(text.slice(1, -1)).map((element) => unquote(element.trim()));
  if (elements.length > maxListed) throw new Error(`\`in\` takes ${maxListed} values at most`);
  return elements;
}

/** Splits at commas that stand outside quotes and parentheses; a quote opens only where a value begins. */
function split(text: string): string[] {
  const segments: string[] = [];
  let [depth, quoted, start] = [0, false, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = /[.(,]\s*$|^\s*$/.test(text.slice(start && start - 1, at));
    else if (character === "(") depth += 1;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) {
      segments.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...segments, text.slice(start)];
}

function unquote(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text);
  return quoted ? (quoted[1] ?? "").replaceAll(/\\(.)/gs, "$1") : text;
}

function cut(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
