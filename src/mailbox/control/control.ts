import type { Clock } from "../clock.ts";
import type { FaultList } from "../faults/faults.ts";
import { changeSettings, readSettings, resetSettings } from "../life/settings.ts";
import type { Life } from "../lifecycle.ts";
import { Fault, type Reply, reply } from "../reply.ts";
import type { Control } from "../seams.ts";
import { writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";
import { countDeliveries, loggedAttempts } from "../webhooks/deliveries.ts";
import { pausedTriggers } from "../webhooks/pauses.ts";
import { makeHappen } from "./events.ts";
import { acceptedOften, findMessages } from "./messages.ts";
import { empty } from "./reset.ts";

export type Controlled = { store: Store; clock: Clock; faults: FaultList; life: Life };

type Request = Parameters<Control["answer"]>[0];

/** What a test or a developer may do with the mailbox that nobody can do with Postmark. */
export function createControl(controlled: Controlled): Control {
  return {
    answer: async (request) => {
      const [, , noun = "", rest] = request.path.split("/");
      const action = actions[`${request.method} ${rest === undefined ? noun : `${noun}/${rest}`}`];
      if (action) return reply(await action(controlled, request));
      if (request.method === "POST" && noun === "events") return event(controlled, request, rest);
      return undefined;
    },
  };
}

const actions: Record<string, (controlled: Controlled, request: Request) => unknown> = {
  "GET faults": ({ faults }) => faults.list(),
  "POST faults": ({ faults }, { body }) =>
    Array.isArray(body) ? body.map((each) => faults.add(each)) : faults.add(body),
  "DELETE faults": ({ faults }) => {
    faults.clear();
    return [];
  },
  "GET messages": ({ store }, { query }) => ({ Messages: findMessages(store, query) }),
  "GET duplicates": ({ store }, { query }) =>
    acceptedOften(store, query.get("by") ?? "mid", Number(query.get("atLeast") ?? 2)),
  "GET clock": ({ clock }) => timeOf(clock),
  "POST clock/advance": advance,
  "GET settings": ({ store }) => readSettings(store),
  "POST settings": ({ store }, { body }) => changeSettings(store, body),
  "GET webhooks": ({ store }) => ({ deliveries: countDeliveries(store), paused: pausedTriggers(store) }),
  "GET webhooks/attempts": ({ store }, { query }) => loggedAttempts(store, query.get("messageId")),
  "POST reset": reset,
};

async function event(
  { life }: Controlled,
  { body }: Request,
  kind: string | undefined,
): Promise<Reply | undefined> {
  const happened = await makeHappen(life.scene, kind, body);
  return happened && reply(happened);
}

/** Settles first: what is due now happens now, and not later. */
async function advance({ clock, store, life }: Controlled, { body }: Request): Promise<object> {
  const { seconds = 0 } = body as { seconds?: unknown };
  if (typeof seconds !== "number" || !(seconds >= 0))
    throw new Fault(402, "The clock is advanced by a number of seconds, from 0 on.");
  await life.settle();
  await clock.advance(seconds);
  await life.settle();
  writeSetting(store, "clockOffsetMs", clock.offsetMs);
  return timeOf(clock);
}

function timeOf(clock: Clock): object {
  return { now: clock.now().toISOString(), offsetSeconds: clock.offsetMs / 1000 };
}

function reset({ store, clock, faults }: Controlled, { body }: Request): object {
  const { keepWebhooks = false } = body as { keepWebhooks?: boolean };
  empty(store, { keepWebhooks });
  resetSettings(store);
  writeSetting(store, "clockOffsetMs", 0);
  faults.clear();
  clock.reset();
  return timeOf(clock);
}
