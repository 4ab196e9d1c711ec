import type { Task } from "graphile-worker";
import { reconcileOutbox } from "#mail/reconcile.ts";
import { mailTransport } from "#mail/transport.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/reconcile": Record<string, never>;
    }
  }
}

const reconcile: Task<"mail/reconcile"> = async (_payload, { query, abortSignal }) => {
  await reconcileOutbox({ query }, mailTransport(), abortSignal);
};

export default reconcile;
