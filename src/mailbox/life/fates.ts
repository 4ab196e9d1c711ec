import { type DueWork, startDueWork } from "../due-work.ts";
import { findMessage, type StoredMessage, setStatus } from "../store/messages.ts";
import { nextPlanned, plan, takeDue } from "./agenda.ts";
import type { Scene } from "./happen.ts";
import { fateOf } from "./magic.ts";
import { readSettings } from "./settings.ts";
import { takePlace } from "./take-place.ts";

/** Lets happen what is due at once and plans the rest. Says whether there is a rest. */
export function decide(scene: Scene, messages: StoredMessage[]): boolean {
  const settings = readSettings(scene.store);
  let planned = false;
  for (const message of messages) {
    const steps = message.recipients.flatMap((recipient) =>
      fateOf(recipient, message.headers, settings).map((step) => ({ recipient, ...step })),
    );
    const later = steps.filter(({ afterMs }) => afterMs > 0);
    for (const { afterMs, recipient, step } of steps)
      if (afterMs === 0) takePlace(scene, message, recipient, step);
    for (const { afterMs, recipient, step } of later)
      plan(scene.store, { messageId: message.id, recipient, step, dueAt: soon(scene, afterMs) });
    if (later.length === steps.length) setStatus(scene.store, message.id, "Queued");
    planned ||= later.length > 0;
  }
  return planned;
}

const batchSize = 500;

/** Lets happen what was planned, when the clock says so. */
export function startAgenda(scene: Scene): DueWork {
  const { store, clock, emitter } = scene;
  const work = startDueWork(clock, {
    next: () => nextPlanned(store),
    run: async (now) => {
      store.transaction(() => {
        for (const { messageId, recipient, step } of takeDue(store, now, batchSize)) {
          const message = findMessage(store, messageId);
          if (!message) continue;
          if (message.status === "Queued") setStatus(store, messageId, "Sent");
          takePlace(scene, message, recipient, step);
        }
      });
      await emitter.wake();
    },
  });
  void work.wake();
  return work;
}

function soon({ clock }: Scene, afterMs: number): Date {
  return new Date(clock.now().getTime() + afterMs);
}
