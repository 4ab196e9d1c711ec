import type { Ground } from "./ground.ts";
import type { Lifecycle } from "./seams.ts";
import { insertEvent } from "./store/events.ts";

/** Every message arrives at once. */
export function createLifecycle({ store, clock }: Pick<Ground, "store" | "clock">): Lifecycle {
  return {
    accepted: (messages) => {
      for (const { id, recipients } of messages)
        for (const recipient of recipients)
          insertEvent(store, {
            messageId: id,
            recipient,
            type: "Delivered",
            details: {
              DeliveryMessage: "kept in the mailbox",
              DestinationServer: "mailbox",
              DestinationIP: "127.0.0.1",
            },
            receivedAt: clock.now(),
          });
    },
    suppressionChanged: () => {},
    verify: async () => {},
  };
}
