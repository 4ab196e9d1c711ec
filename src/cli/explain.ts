import { AppError, codeOf, messageOf } from "#errors.ts";

const notFound = 1;
const notAsked = 2;

/** Says on standard error why a command did not do it; its exit code. */
export function explain(error: unknown): number {
  process.stderr.write(`howdah: ${sentenceOf(error)}\n`);
  return ["HW404", "HW409"].includes(codeOf(error) ?? "") ? notFound : notAsked;
}

function sentenceOf(error: unknown): string {
  const code = codeOf(error) ?? "";
  if (error instanceof AppError || code.startsWith("HW")) return messageOf(error);
  if (["3F000", "42P01", "42883", "42703"].includes(code))
    return `This database has another version's tables, or none (${messageOf(error)}): start Howdah on it once.`;
  return messageOf(error);
}
