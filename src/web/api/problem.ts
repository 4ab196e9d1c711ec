/** What went wrong at the network edge. `code` is the server's (HW403, LinkIsGone ...) or "network"; `message` is for people. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  /** The input at fault, where the server names one. */
  readonly field: string | undefined;

  constructor(code: string, message: string, status = 0, field?: string) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.status = status;
    this.field = field;
  }
}

/** A sentence for people out of anything thrown. */
export function sayProblem(error: unknown): string {
  return error instanceof Problem ? error.message : "Something went wrong. Please try again.";
}

/** True when the same request may succeed later: the network or the server failed, not the input. */
export function isPassing(error: unknown): boolean {
  return (
    !(error instanceof Problem) || error.code === "network" || error.status >= 500 || error.status === 429
  );
}
