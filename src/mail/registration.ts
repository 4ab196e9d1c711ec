import type { ServerClient } from "postmark";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import { prepareConnections } from "./connection.ts";
import { type FeedbackSettings, streamsOf } from "./feedback.ts";
import type { MessageSettings } from "./message.ts";

export type Webhook = { url: string; secret: string };

/** Where the provider is to call. */
export function webhookOf(publicUrl: string, secret: string): Webhook {
  return { url: `${publicUrl}/mail/webhooks/postmark`, secret };
}

export type RegistrationSettings = FeedbackSettings & Pick<MessageSettings, "unsubscribe">;

export type Registration = {
  /** The provider's names of the streams. */
  streams: string[];
  /** Whether broadcast letters carry only the wanted way to unsubscribe; else the provider adds its own to ours. */
  unsubscribesAsWanted: boolean;
};

/**
 * Makes the provider tell us of everything that happens to letters of both streams. It calls at once to see whether we
 * answer, and throws when we do not. What is registered for this URL already is changed.
 */
export async function registerWebhook(
  settings: RegistrationSettings,
  webhook: Webhook,
): Promise<Registration> {
  const connect = prepareConnections(settings);
  const streams = Object.keys(streamsOf(settings.streams));
  for (const stream of streams) {
    const { Webhooks } = await connect().client.getWebhooks({ messageStream: stream });
    const known = Webhooks.find(({ Url }) => Url === webhook.url);
    const wish = wishFor(webhook);
    if (known) await connect().client.editWebhook(known.ID, wish);
    else await connect().client.createWebhook({ ...wish, MessageStream: stream });
  }
  return { streams, unsubscribesAsWanted: await settleUnsubscribes(connect().client, settings) };
}

/** "Custom" must first be allowed by the provider's support. */
async function settleUnsubscribes(client: ServerClient, settings: RegistrationSettings): Promise<boolean> {
  const UnsubscribeHandlingType = (settings.unsubscribe === "postmark" ? "Postmark" : "Custom") as never;
  const wish = { SubscriptionManagementConfiguration: { UnsubscribeHandlingType } };
  try {
    await client.editMessageStream(settings.streams?.broadcast ?? "broadcast", wish);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === notAllowedToUnsubscribe) return false;
    throw error;
  }
}

const notAllowedToUnsubscribe = 1238;

function wishFor({ url, secret }: Webhook) {
  return {
    Url: url,
    HttpAuth: { Username: "howdah", Password: secret },
    HttpHeaders: [],
    Triggers: {
      Open: { Enabled: true, PostFirstOpenOnly: true },
      Click: { Enabled: true },
      Delivery: { Enabled: true },
      Bounce: { Enabled: true, IncludeContent: false },
      SpamComplaint: { Enabled: true, IncludeContent: false },
      SubscriptionChange: { Enabled: true },
    },
  };
}

/**
 * `registerWebhook` in the background, until it succeeds: the dev mailbox may start after us. `tried` is over with the first
 * attempt, well or not: of letters that are sent before it nobody would tell.
 */
export function keepRegistering(
  settings: RegistrationSettings,
  webhook: Webhook,
): AsyncDisposable & { tried: Promise<void> } {
  const over = new AbortController();
  const tried = Promise.withResolvers<void>();
  const trying = (async () => {
    for (let delay = 100; !over.signal.aborted; delay = Math.min(delay * 2, 30_000)) {
      try {
        await registerWebhook({ ...settings, timeoutSeconds: 5 }, webhook);
        return emit("mail:webhooks-registered", { url: webhook.url });
      } catch (error) {
        if (delay > 5000) emit("mail:webhooks-not-registered", { url: webhook.url, error });
        tried.resolve();
        await pause(delay, over.signal);
      }
    }
  })().finally(tried.resolve);
  return {
    tried: tried.promise,
    async [Symbol.asyncDispose]() {
      over.abort();
      await trying;
    },
  };
}
