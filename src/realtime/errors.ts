import { AppError } from "#errors.ts";

/** A refusal the client is told; as a join error it reads `code: text`. */
export class RealtimeError extends Error {
  override readonly name = "RealtimeError";
  readonly code: string | undefined;
  readonly text: string;

  constructor(code: string | undefined, text: string, options: { cause?: unknown } = {}) {
    super(code ? `${code}: ${text}` : text, options);
    this.code = code;
    this.text = text;
  }
}

/** What a client did that is not allowed, as opposed to what went wrong here. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RealtimeError || (error instanceof AppError && error.status < 500);
}

/** What a client may know of any failure: refusals as they are, everything else as one bare sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof RealtimeError) return error.message;
  if (error instanceof AppError && error.status < 500) return withCode(error);
  return "Unknown Error on Channel";
}

export function readRefused(topic: string): RealtimeError {
  return new RealtimeError(
    "Unauthorized",
    `You do not have permissions to read from this Channel topic: ${topic}`,
  );
}

function withCode({ code, message }: AppError): string {
  return message.startsWith(code) ? message : `${code}: ${message}`;
}
