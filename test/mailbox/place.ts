import type { ServerClient } from "postmark";
import type { CreateWebhookRequest, Webhook } from "postmark/dist/client/models/index.js";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { type Answer, openReceiver, type Receiver } from "./receiver.ts";

/** A mailbox, its client, and a receiver of its webhooks that answers as it is told. */
export type Place = AsyncDisposable & {
  mailbox: TestMailbox;
  client: ServerClient;
  receiver: Receiver;
  /** The next answers; the last one goes on. */
  answers: Answer[];
  /** Makes a webhook for the receiver, and forgets the probes that it got. */
  register(webhook: Partial<CreateWebhookRequest> & { Verify?: boolean }): Promise<Webhook>;
  advance(seconds: number): Promise<void>;
  settle(): Promise<void>;
  attempts(): Promise<Attempt[]>;
};

export type Attempt = {
  traceId: string;
  recordType: string;
  messageId: string;
  status: number | null;
  error: string | null;
  retriesRemaining: number;
  outcome: string;
};

export async function openPlace(): Promise<Place> {
  const mailbox = await openMailbox();
  const client = mailbox.client();
  const receiver = await openReceiver(() => {
    const [next = 200] = place.answers.length > 1 ? place.answers.splice(0, 1) : place.answers;
    return next;
  });
  const advance = async (seconds: number) =>
    void (await mailbox.control("POST", "clock/advance", { seconds }));
  const place: Place = {
    mailbox,
    client,
    receiver,
    answers: [200],
    register: async (webhook) => {
      const made = await client.createWebhook({ Url: receiver.url, MessageStream: "outbound", ...webhook });
      receiver.forget();
      return made;
    },
    advance,
    settle: () => advance(0),
    attempts: () => mailbox.control("GET", "webhooks/attempts"),
    async [Symbol.asyncDispose]() {
      await mailbox[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
  return place;
}
