import { parseArgs } from "node:util";
import type { Db } from "#cli/connect.ts";
import type { Print } from "#cli/print.ts";
import { AppError, codeOf } from "#errors.ts";
import { nearest } from "#lib/nearest.ts";

type Option = {
  type: "string" | "boolean";
  multiple?: true;
  default?: string;
  about: string;
  /** How the help writes the value: --hours=HOURS. */
  value?: string;
};
type Options = Readonly<Record<string, Option>>;
type Value<O extends Option> = O extends { multiple: true }
  ? string[]
  : O["type"] extends "boolean"
    ? boolean
    : string;

export type Call<O extends Options = Options> = {
  args: string[];
  values: { [K in keyof O]: Value<O[K]> | (O[K] extends { default: string } ? never : undefined) };
  print: Print;
  /** Whether somebody is there to be asked. */
  interactive: boolean;
};

/** The exit code; nothing is 0. */
type Answer = Promise<number> | Promise<void>;

type Definition<O extends Options> = {
  about: string;
  /** As Laravel writes them: id, id?, id+ (one or more), id* (any number). */
  takes?: readonly string[];
  options?: O;
  run?: (call: Call<O> & { db: Db }) => Answer;
  /** Instead of `run`, for what needs no connection to the database. */
  offline?: (call: Call<O>) => Answer;
  /** Instead of `run`, for what reads its arguments itself. */
  raw?: (args: string[]) => Promise<never>;
};

export type Command = Definition<Options>;

export function command<const O extends Options>(definition: Definition<O>): Command {
  return definition as unknown as Command;
}

export const globalOptions = {
  help: { type: "boolean", short: "h" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean", short: "v" },
  "no-interaction": { type: "boolean", short: "n" },
  ansi: { type: "boolean" },
  "no-ansi": { type: "boolean" },
} as const;

/** Throws AppError `BadOption` with one sentence. */
export function parseCommand(name: string, { options = {}, takes = [] }: Command, args: string[]) {
  const parsed = parse(name, { ...options, ...globalOptions }, args);
  const { positionals, values } = parsed;
  if (values.help === true) return parsed;
  const least = takes.filter((argument) => !/[?*]$/.test(argument)).length;
  const most = takes.some((argument) => /[+*]$/.test(argument)) ? Number.POSITIVE_INFINITY : takes.length;
  if (positionals.length < least)
    throw refused(`${name} lacks its argument ${takes[positionals.length]?.replace(/\W$/, "")}.`, name);
  if (positionals.length > most) throw refused(`${name} does not take "${positionals[most]}".`, name);
  return parsed;
}

function parse(name: string, options: Record<string, { type: "string" | "boolean" }>, args: string[]) {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    const [, option = ""] = /'(?:-\w, )?(--?[^\s']+)/.exec(String((error as Error).message)) ?? [];
    if (codeOf(error) !== "ERR_PARSE_ARGS_UNKNOWN_OPTION")
      throw refused(
        `${option} of ${name} ${/take an argument/.test(String(error)) ? "takes no value" : "needs a value"}.`,
        name,
      );
    const meant = nearest(
      option,
      Object.keys(options).map((known) => `--${known}`),
    );
    throw refused(
      `${name} has no option ${option}${meant === undefined ? "" : `, did you mean ${meant}`}.`,
      name,
    );
  }
}

function refused(sentence: string, name: string): AppError {
  return new AppError("BadOption", `${sentence} See howdah help ${name}.`);
}

/** Throws AppError `BadOption` unless the text is such a number. */
export function numberOf(option: string, text: string, { least = 0 } = {}): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) >= least) return Number(text);
  throw new AppError("BadOption", `${option} must be a number from ${least} on, not "${text}".`);
}

/** Throws AppError `BadOption` unless the text is a time. */
export function timeOf(option: string, text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new AppError("BadOption", `${option} must be a time such as 2026-12-24T18:00:00Z, not "${text}".`);
}

/** `key=value` pairs as JSON: true, 5, null, "7 days"; 5,25,125 is a list, as is any backoff. Throws AppError `BadOption`. */
export function pairsOf(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value = ""] = /^([a-z_]+)=(.*)$/s.exec(pair) ?? [];
      if (key === undefined)
        throw new AppError("BadOption", `"${pair}" is no setting: write key=value, such as concurrency=5.`);
      return [key, readValue(value, key === "backoff")];
    }),
  );
}

function readValue(text: string, isList: boolean): unknown {
  if ((isList ? /^\d+(,\d+)*$/ : /^\d+(,\d+)+$/).test(text)) return text.split(",").map(Number);
  if (/^(true|false|null|-?\d+)$/.test(text)) return JSON.parse(text);
  return text;
}
