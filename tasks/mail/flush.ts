import * as v from "valibot";
import { lanes } from "#mail/lanes.ts";
import { flushOutbox } from "#mail/outbox.ts";
import { mailTransport } from "#mail/transport.ts";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/flush": PayloadOf<typeof flush>;
    }
  }
}

const flush = task({
  queue: "mail",
  timeout: 150,
  payload: v.object({ lane: v.optional(v.picklist(lanes)) }),
  run: ({ lane }, { query, signal }) =>
    flushOutbox({ query }, mailTransport(), { signal, lanes: lane && [lane] }),
});

export default flush;
