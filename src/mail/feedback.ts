import { AppError } from "#errors.ts";
import { type ConnectionSettings, prepareConnections } from "./connection.ts";
import { testToken } from "./look-up.ts";
import { foundCall, type WebhookCall } from "./webhook-call.ts";

export type FeedbackSettings = ConnectionSettings & {
  /** What the provider calls our two streams, where that is not what we call them. */
  streams?: Partial<Record<string, string>>;
};

/** A suppression as mail.store_differences compares it. */
export type Suppression = { stream: string; address: string; reason: string; origin: string; at: string };

/** What the provider tells of letters when it is asked; the same facts as its calls. Every question throws when it is not answered. */
export type Feedback = {
  streams: readonly string[];
  /** The delivery of a message; nothing when it has none, or is not known. */
  deliveryOf(messageId: string): Promise<WebhookCall[]>;
  /** The bounces and complaints of one day, as the provider's clock has it, and of the day after. */
  bouncesOf(stream: string, day: Date): Promise<WebhookCall[]>;
  suppressionsOf(stream: string): Promise<Suppression[]>;
};

const ours = ["outbound", "broadcast"];

export function createFeedback(settings: FeedbackSettings): Feedback {
  if (settings.token.trim() === testToken) return nobody;
  const connect = prepareConnections(settings);
  const nameOf = (stream: string) => settings.streams?.[stream] ?? stream;
  const names = streamsOf(settings.streams);
  const found = (event: object) => foundCall({ ...event }, names);
  const client = () => connect().client;

  return {
    streams: ours,

    async deliveryOf(messageId) {
      const message = await client().getOutboundMessageDetails(messageId).catch(nothingIfUnknown);
      const deliveries = list(message?.MessageEvents ?? []).filter(({ Type }) => Type === "Delivered");
      return deliveries.map(({ Recipient, ReceivedAt }) =>
        found({ ...message, RecordType: "Delivery", Recipient, DeliveredAt: ReceivedAt }),
      );
    },

    async bouncesOf(stream, day) {
      const bounces: WebhookCall[] = [];
      const between = { fromDate: easternDay(day), toDate: easternDay(new Date(day.getTime() + dayMs)) };
      for (let offset = 0; offset < mostRows; offset += pageSize) {
        const page = await client().getBounces({
          ...{ ...between, count: pageSize, offset },
          messageStream: nameOf(stream),
        });
        const rows = list(page?.Bounces);
        bounces.push(
          ...rows.map((row) => found({ ...row, RecordType: "Bounce", MessageStream: nameOf(stream) })),
        );
        if (rows.length < pageSize) break;
      }
      return bounces;
    },

    async suppressionsOf(stream) {
      const { Suppressions } = await client().getSuppressions(nameOf(stream));
      return list(Suppressions).map(({ EmailAddress, SuppressionReason, Origin, CreatedAt }) => ({
        stream,
        address: String(EmailAddress),
        reason: String(SuppressionReason),
        origin: String(Origin),
        at: String(CreatedAt),
      }));
    },
  };
}

/** With the test token the service stores nothing, so it has nothing to tell. */
const nobody: Feedback = {
  streams: [],
  deliveryOf: async () => [],
  bouncesOf: async () => [],
  suppressionsOf: async () => [],
};

/** Our names of the provider's streams. */
export function streamsOf(names: FeedbackSettings["streams"] = {}): Record<string, string> {
  return Object.fromEntries(ours.map((stream) => [names[stream] ?? stream, stream]));
}

const pageSize = 500;
const mostRows = 10_000; // the service refuses to show more of one question
const dayMs = 86_400_000;

/** The service reckons days in Eastern time. */
function easternDay(moment: Date): string {
  return moment.toLocaleDateString("en-CA", { timeZone: "America/New_York" });
}

function list(rows: unknown): Record<string, unknown>[] {
  if (Array.isArray(rows)) return rows;
  throw unanswered("the answer is not a list");
}

/** It is forgotten after 45 days. */
function nothingIfUnknown(error: unknown): undefined {
  const { statusCode, code } = (error ?? {}) as { statusCode?: number; code?: number };
  if (statusCode === 404 || (statusCode === 422 && code === 701)) return undefined;
  throw error;
}

function unanswered(why: string): AppError {
  return new AppError("NothingAnswered", `The mail service has not answered: ${why}.`);
}

let configured: Feedback | undefined;

/** Called once by the composition root, before the worker starts. */
export function configureFeedback(settings: FeedbackSettings): void {
  configured = createFeedback(settings);
}

/** Throws AppError `MailNotConfigured`. */
export function feedback(): Feedback {
  if (configured) return configured;
  throw new AppError(
    "MailNotConfigured",
    "mail is not configured: call configureFeedback before the worker starts",
  );
}
