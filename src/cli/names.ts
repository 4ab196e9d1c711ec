import { AppError } from "#errors.ts";

/** Laravel's name for what jobs are kept in; there is no other here. */
export const connection = "database";

/** A queue as Laravel's commands take it: mail, or database:mail. */
export function queueNamed(text: string): string {
  return text.startsWith(`${connection}:`) ? text.slice(connection.length + 1) : text;
}

/** high,default; also with spaces, and twice the same. */
export function queuesNamed(list: string): string[] {
  const names = list.split(",").map((name) => queueNamed(name.trim()));
  return [...new Set(names.filter(Boolean))];
}

/** Throws AppError `BadOption` for a queue that stands where Laravel takes a connection. */
export function requireConnection(given: string | undefined): void {
  if (given !== undefined && given !== connection)
    throw new AppError(
      "BadOption",
      `There is one connection here, "${connection}"; a queue is named by --queue=${given}.`,
    );
}

/** A job's id or uuid. Throws AppError `BadOption`. */
export function jobNamed(text: string): string {
  if (/^\d{1,18}$/.test(text) || isUuid(text)) return text;
  throw new AppError("BadOption", `"${text}" is neither the id nor the uuid of a job.`);
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
