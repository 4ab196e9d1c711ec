import { Fault as Refusal } from "../reply.ts";

/** What a fault does to a request; `accept` = the letters are stored all the same. */
export type FaultAction =
  | { action: "status"; status: number; code: number; message: string; retryAfter?: number; accept: boolean }
  | { action: "delay"; ms: number; accept: boolean }
  | { action: "hang" | "html_200" | "empty_200"; accept: boolean }
  | { action: "trickle"; ms: number }
  | { action: "accept_partial_batch"; count: number }
  | { action: "redirect"; location: string | null; status: number }
  | {
      action:
        | "reset_before"
        | "reset_mid_request"
        | "accept_then_reset"
        | "accept_then_hang"
        | "accept_then_partial_body"
        | "short_array"
        | "wrong_order";
    };

type Input = Record<string, unknown>;

export function parseAction(input: Input): FaultAction {
  const unknown = Object.keys(input).find((name) => !known.has(name));
  if (unknown) throw new Refusal(402, `A fault has no "${unknown}".`);
  const parse = actions[input.action as FaultAction["action"]];
  if (!parse) throw new Refusal(402, `A fault's action is one of ${Object.keys(actions).join(", ")}.`);
  return { action: input.action, ...parse(input) } as FaultAction;
}

const known = new Set(
  "match times action status code message retryAfter accept ms count location".split(" "),
);

const accept = (input: Input) => ({ accept: input.accept === true });
const nothing = () => ({});

const actions: Record<FaultAction["action"], (input: Input) => object> = {
  status: (input) => {
    const status = numberOf(input, "status");
    const usual = usualErrors[status] ?? { code: 0, message: `The mailbox was asked for status ${status}.` };
    return {
      status,
      code: numberOf(input, "code", usual.code),
      message: typeof input.message === "string" ? input.message : usual.message,
      ...(input.retryAfter === undefined ? {} : { retryAfter: numberOf(input, "retryAfter") }),
      ...accept(input),
    };
  },
  delay: (input) => ({ ms: numberOf(input, "ms"), ...accept(input) }),
  hang: accept,
  trickle: (input) => ({ ms: numberOf(input, "ms", 1000) }),
  reset_before: nothing,
  reset_mid_request: nothing,
  accept_then_reset: nothing,
  accept_then_hang: nothing,
  accept_then_partial_body: nothing,
  accept_partial_batch: (input) => ({ count: numberOf(input, "count") }),
  html_200: accept,
  empty_200: accept,
  short_array: nothing,
  wrong_order: nothing,
  redirect: (input) => ({
    location: typeof input.location === "string" ? input.location : null,
    status: numberOf(input, "status", 307),
  }),
};

/** What Postmark says along with these, where that is known. */
const usualErrors: Record<number, { code: number; message: string }> = {
  401: {
    code: 10,
    message: "The Server Token you provided in the X-Postmark-Server-Token request header was invalid.",
  },
  422: { code: 300, message: "Invalid email request." },
  429: { code: 0, message: "Rate limit exceeded." },
  500: { code: 101, message: "An unexpected error occurred." },
  503: { code: 100, message: "The Postmark API is offline for maintenance." },
};

function numberOf(input: Input, name: string, otherwise?: number): number {
  const value = input[name] ?? otherwise;
  if (typeof value === "number" && value >= 0) return value;
  throw new Refusal(402, `A fault with action ${input.action} needs a number "${name}".`);
}
