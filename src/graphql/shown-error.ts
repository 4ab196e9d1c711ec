import { randomBytes } from "node:crypto";
import { isSafeError } from "postgraphile/grafast";
import { GraphQLError, type GraphQLFormattedError } from "postgraphile/graphql";
import { codeOf, messageOf } from "#errors.ts";
import { fieldOfFault } from "#graphql/fault-field.ts";
import { emit } from "#telemetry.ts";

type Answer = { code: string; message: string; field?: string; reference?: string };

/**
 * What a client may be told of an error: our own SQLSTATEs (class HW) and faults of the input, with `extensions.code`
 * and, where the fault lies in one, `extensions.field`. All else is masked as HW500 and told to telemetry under the same
 * reference.
 */
export function shownError(error: GraphQLError, signedIn: boolean): GraphQLError {
  const cause = error.originalError;
  if (!cause || cause instanceof GraphQLError) return withCode(error);
  if (isSafeError(cause)) return replaced(error, cause.message, { code: "HW422", ...cause.extensions });
  const { message, ...extensions } = answerTo(cause, signedIn);
  return replaced(error, message, extensions);
}

/** What GraphQL itself finds wrong is wrong in the query or its variables. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions?.code !== undefined) return error; // what is no GraphQLError has none
  const field = fieldOfFault(error);
  return replaced(error, error.message, { ...error.extensions, code: "HW422", ...(field && { field }) });
}

/** The last guard, for errors that never came through an operation. */
export function maskUnexpected(error: GraphQLError | GraphQLFormattedError): GraphQLError {
  return shownError(error as GraphQLError, false);
}

function answerTo(cause: unknown, signedIn: boolean): Answer {
  const state = codeOf(cause) ?? "";
  if (/^HW\d{3}$/.test(state)) return { code: state, message: messageOf(cause), ...fieldOf(cause) };
  if (state === "42501" && !signedIn) return notSignedIn;
  const rule = rules.find(({ states }) => states.test(state));
  return rule ? { ...rule.answer, ...fieldOf(cause) } : masked(cause);
}

const notSignedIn: Answer = { code: "HW401", message: "You are not signed in: sign in and try again." };

/** SQLSTATEs that are not ours, but whose meaning a client may know. */
const rules: { states: RegExp; answer: Answer }[] = [
  {
    states: /^(22|54000)/,
    answer: {
      code: "HW422",
      message: "A value has a form that cannot be stored: check numbers, dates, ids and special characters.",
    },
  },
  { states: /^23502$/, answer: { code: "HW422", message: "A value is missing: it must not be null." } },
  {
    states: /^(40001|40P01|55P03)$/,
    answer: { code: "HW409", message: "Somebody else changed the same at this moment: try again." },
  },
  {
    states: /^57014$/,
    answer: {
      code: "HW504",
      message:
        "The answer took longer than 5 seconds and was given up: ask for less at once, or try again later.",
    },
  },
  {
    states: /^(08|53300|57P0)/,
    answer: { code: "HW503", message: "The database cannot be reached right now: try again in a moment." },
  },
];

function fieldOf(cause: unknown): { field?: string } {
  const { column } = cause as { column?: unknown };
  if (typeof column !== "string" || column === "") return {};
  return { field: column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) };
}

function masked(error: unknown): Answer {
  const reference = randomBytes(6).toString("hex");
  emit("graphql:error", { reference, error });
  return {
    code: "HW500",
    reference,
    message: `An error occurred; it was written down under reference ${reference}.`,
  };
}

function replaced(
  { nodes, source, positions, path }: GraphQLError,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
