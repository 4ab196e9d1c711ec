import { flushOutbox } from "#mail/outbox.ts";
import { mailTransport } from "#mail/transport.ts";
import { nothing, type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/flush": PayloadOf<typeof flush>;
    }
  }
}

const flush = task({
  queue: "mail",
  payload: nothing,
  run: (_payload, { query, signal }) => flushOutbox({ query }, mailTransport(), { signal }),
});

export default flush;
