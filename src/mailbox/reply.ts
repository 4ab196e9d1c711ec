/** One answer of the sandbox; `body` is JSON text. */
export type Reply = { status: number; headers: Record<string, string>; body: string };

/** An error in Postmark's words. As a value it refuses one message of a batch; thrown, the whole request. */
export class Fault extends Error {
  readonly status: number;
  readonly code: number;

  readonly more: object;

  constructor(code: number, message: string, status = 422, more: object = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.more = more;
  }
}

export function reply(body: unknown, status = 200): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Postmark repeats the code in a header. */
export function faultReply(fault: Fault): Reply {
  const answer = reply({ ErrorCode: fault.code, Message: fault.message, ...fault.more }, fault.status);
  answer.headers["x-pm-apierrorcode"] = String(fault.code);
  return answer;
}
