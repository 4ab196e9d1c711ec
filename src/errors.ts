/** A broken promise with a stable code, a message for people and the HTTP status it becomes at the edge. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 500;
  }
}

/** The sentence of any thrown thing, for logs and for the last line of a failed start. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** The `code` of a Node or Postgres error ("ECONNREFUSED", "42501"), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
