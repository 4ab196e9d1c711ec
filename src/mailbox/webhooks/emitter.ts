import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { startDueWork } from "../due-work.ts";
import { readSettings, type WebhookSettings } from "../life/settings.ts";
import type { Store } from "../store/store.ts";
import { listWebhooks, type Webhook } from "../store/webhooks.ts";
import {
  type Attempt,
  type Delivery,
  dueDeliveries,
  insertDelivery,
  nextDue,
  recordAttempt,
} from "./deliveries.ts";
import { countFailure, forgetFailures, isPaused } from "./pauses.ts";
import type { Announcement } from "./payloads.ts";
import { type Answer, post } from "./post.ts";
import { nextAttempt, retries, verdictOn } from "./schedule.ts";

export type Emitter = AsyncDisposable & {
  /** Writes down who is to hear of it, in the caller's transaction. */
  announce(announcement: Announcement): void;
  /** Sends what is due; resolves when nothing is. */
  wake(): Promise<void>;
};

const atOnce = 8;
const batchSize = 64;

export function startEmitter({ store, clock }: Ground): Emitter {
  const stopping = new AbortController();
  const work = startDueWork(clock, {
    next: () => nextDue(store),
    run: async (now) => {
      const { reorder, timeoutMs } = readSettings(store).webhooks;
      const webhooks = new Map(listWebhooks(store).map((webhook) => [webhook.id, webhook]));
      const due = dueDeliveries(store, now, batchSize, reorder > 0).values();
      const answered: Answered[] = [];
      const lanes = Array.from({ length: reorder > 0 ? 1 : atOnce }, async () => {
        for (const delivery of due) {
          const webhook = webhooks.get(delivery.webhookId);
          const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeoutMs)]);
          const answer = webhook && (await attempt(webhook, delivery, signal));
          if (answer && !stopping.signal.aborted) answered.push({ delivery, answer, at: clock.now() });
        }
      });
      await Promise.all(lanes);
      store.transaction(() => {
        for (const each of answered) record(store, each);
      });
    },
  });

  void work.wake();
  return {
    announce: (announcement) => {
      const listeners = listWebhooks(store, announcement.stream).filter((each) =>
        hears(store, each, announcement),
      );
      if (listeners.length === 0) return;
      const settings = readSettings(store).webhooks;
      for (const webhook of listeners) plan({ store, clock }, webhook, announcement, settings);
      void work.wake();
    },
    wake: work.wake,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await work[Symbol.asyncDispose]();
    },
  };
}

type Ground = { store: Store; clock: Clock };

function hears(store: Store, { id, status, triggers }: Webhook, { trigger, payload }: Announcement): boolean {
  if (status !== "verified" || !triggers[trigger].Enabled) return false;
  if (trigger === "Open" && triggers.Open.PostFirstOpenOnly && payload.FirstOpen === false) return false;
  return !isPaused(store, id, trigger);
}

function plan(
  { store, clock }: Ground,
  webhook: Webhook,
  announcement: Announcement,
  how: WebhookSettings,
): void {
  const traceId = randomUUID();
  const body = JSON.stringify(payloadFor(webhook, announcement));
  const dueAt = Math.random() < how.drop ? null : dueTime(clock.now(), how.reorder);
  const planned = { webhookId: webhook.id, traceId, announcement, body, dueAt };
  insertDelivery(store, planned);
  if (Math.random() < how.duplicate) insertDelivery(store, planned);
}

function payloadFor({ triggers }: Webhook, { trigger, payload, content }: Announcement): object {
  const wanted = (trigger === "Bounce" || trigger === "SpamComplaint") && triggers[trigger].IncludeContent;
  return wanted && content !== undefined ? { ...payload, Content: content } : payload;
}

/** At once, or at the end of the window of so many seconds. */
function dueTime(now: Date, windowSeconds: number): Date {
  const windowMs = windowSeconds * 1000;
  return windowMs === 0 ? now : new Date(Math.ceil(now.getTime() / windowMs) * windowMs);
}

type Answered = { delivery: Delivery; answer: Answer; at: Date };

function attempt(
  webhook: Webhook,
  { body, traceId, attempts }: Delivery,
  signal: AbortSignal,
): Promise<Answer> {
  return post(webhook, { body, traceId, retriesRemaining: retries - attempts }, signal);
}

function record(store: Store, { delivery, answer: { status, error }, at }: Answered): void {
  const verdict = verdictOn(status);
  const nextAt = verdict === "retry" ? nextAttempt(at, delivery.attempts + 1) : null;
  const outcome: Attempt["outcome"] = verdict === "retry" && !nextAt ? "given up" : verdict;
  const retriesRemaining = retries - delivery.attempts;
  if (!recordAttempt(store, delivery, { at, status, error, retriesRemaining, outcome }, nextAt)) return;
  if (outcome === "done") forgetFailures(store, delivery.webhookId, delivery.trigger);
  if (outcome === "given up") {
    const { pauseAfter } = readSettings(store).webhooks;
    countFailure(store, delivery.webhookId, delivery.trigger, pauseAfter, at);
  }
}
