import type { Task } from "graphile-worker";
import { flushOutbox } from "#mail/outbox.ts";
import { mailTransport } from "#mail/transport.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/flush": Record<string, never>;
    }
  }
}

const flush: Task<"mail/flush"> = async (_payload, { query, abortSignal }) => {
  await flushOutbox({ query }, mailTransport(), { signal: abortSignal });
};

export default flush;
