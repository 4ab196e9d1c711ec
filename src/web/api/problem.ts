/** What went wrong at the network edge. `code` is the server's (HW403, used_link ...) or "network"; `message` is for people. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 0) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.status = status;
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
