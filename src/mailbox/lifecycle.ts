import type { Clock } from "./clock.ts";
import { decide, startAgenda } from "./life/fates.ts";
import type { Scene } from "./life/happen.ts";
import { readSettings } from "./life/settings.ts";
import type { Lifecycle } from "./seams.ts";
import type { Store } from "./store/store.ts";
import { startEmitter } from "./webhooks/emitter.ts";
import { forgetFailures } from "./webhooks/pauses.ts";
import { subscriptionChangeOf } from "./webhooks/payloads.ts";
import { verify } from "./webhooks/verify.ts";

export type Life = AsyncDisposable & {
  lifecycle: Lifecycle;
  scene: Scene;
  /** Resolves when everything that is due now has happened, and everybody has heard of it. */
  settle(): Promise<void>;
};

/** What becomes of letters once they are accepted, at once or when the clock says so. */
export function startLife({ store, clock }: { store: Store; clock: Clock }): Life {
  const emitter = startEmitter({ store, clock });
  const scene: Scene = { store, clock, emitter, errands: new Set() };
  const agenda = startAgenda(scene);
  return {
    scene,
    lifecycle: {
      accepted: (messages) => {
        if (decide(scene, messages)) void agenda.wake();
      },
      suppressionChanged: (suppression, suppressed) =>
        emitter.announce(subscriptionChangeOf(suppression, { suppressed, at: clock.now() })),
      verify: async (webhook) => {
        await verify(webhook, readSettings(store).webhooks.timeoutMs);
        forgetFailures(store, webhook.id);
      },
    },
    settle: async () => {
      await agenda.wake();
      await Promise.all(scene.errands);
      await emitter.wake();
    },
    async [Symbol.asyncDispose]() {
      await agenda[Symbol.asyncDispose]();
      await emitter[Symbol.asyncDispose]();
    },
  };
}
