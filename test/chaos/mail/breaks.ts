import { randomUUID } from "node:crypto";
import type { Outcome } from "#mail/outcome.ts";
import type { MailTransport } from "#mail/transport.ts";
import type { Breakage } from "./settings.ts";

/** Makes a sender wrong about what became of its letters; `claim` is broken in the database (break-claim.sql). */
export function breakTransport(transport: MailTransport, breakage: Breakage | undefined): void {
  if (breakage === "look-up")
    Object.assign(transport, { findBatch: async () => [], findLetter: async () => [] });
  const believed = breakage && beliefs[breakage];
  if (!believed) return;
  const { sendBatch } = transport;
  transport.sendBatch = async (...given) =>
    (await sendBatch(...given)).map((outcome) => (outcome.kind === "unknown" ? believed() : outcome));
}

const beliefs: Partial<Record<Breakage, () => Outcome>> = {
  resend: () => ({ kind: "notSent", code: "NAIVE", reason: "there was no answer" }),
  belief: () => ({ kind: "accepted", messageId: randomUUID() }),
};
