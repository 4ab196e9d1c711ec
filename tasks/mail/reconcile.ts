import { reconcileOutbox } from "#mail/reconcile.ts";
import { mailTransport } from "#mail/transport.ts";
import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/reconcile": PayloadOf<typeof reconcile>;
    }
  }
}

const reconcile = task({
  queue: "mail",
  payload: nothing,
  run: (_payload, { query, signal }) => reconcileOutbox({ query }, mailTransport(), signal),
});

export default reconcile;
