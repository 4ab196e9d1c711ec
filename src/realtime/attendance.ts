import { Allowance } from "#lib/allowance.ts";
import { isObject } from "#lib/is-object.ts";
import type { Permissions } from "./authorization.ts";
import type { Limits } from "./limits.ts";
import type { Frame } from "./protocol/frame.ts";
import { parsePresence } from "./protocol/payloads.ts";
import * as replies from "./protocol/replies.ts";
import type { Tracking } from "./tracking.ts";

type Options = {
  limits: Limits;
  answer: (reply: replies.Reply) => void;
  /** Ends the channel, for what a rejoin would not cure. */
  end: (message: string) => void;
};

/** Carries out the presence calls of one channel's client. */
export class Attendance {
  readonly #tracking: Tracking;
  readonly #options: Options;
  readonly #calls: Allowance;

  constructor(tracking: Tracking, options: Options) {
    this.#tracking = tracking;
    this.#options = options;
    this.#calls = new Allowance(options.limits.presenceCallsPer30s, 30_000);
  }

  /** True when the client is tracked now. */
  push(frame: Frame, { writePresence }: Permissions): boolean {
    const { answer, end } = this.#options;
    const call = parsePresence(frame.payload);
    if (!this.#calls.take()) end("Client presence rate limit exceeded");
    else if (call.does === "unknown" || !writePresence) answer(replies.refused(frame, {}));
    else if (call.does === "track") return this.#track(frame, call.meta);
    else {
      this.#tracking.untrack();
      answer(replies.ok(frame));
    }
    return false;
  }

  /** `mayComeBack`: the connection was lost. */
  leave(mayComeBack: boolean): void {
    if (mayComeBack) this.#tracking.lose();
    else this.#tracking.untrack();
  }

  #track(frame: Frame, meta: unknown): boolean {
    const { limits, answer, end } = this.#options;
    const json = JSON.stringify(meta);
    if (!isObject(meta)) answer(replies.refused(frame, { reason: "Presence track payload must be a map" }));
    else if (Buffer.byteLength(json) > limits.presenceBytes) end("Track message size exceeded");
    else {
      this.#tracking.track(meta, json);
      answer(replies.ok(frame));
      return true;
    }
    return false;
  }
}
