import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/tell": PayloadOf<typeof tell>;
    }
  }
}

const tell = task({
  queue: "bulk",
  transactional: true,
  payload: v.object({ announcementId: v.pipe(v.string(), v.uuid()), chunk: v.number() }),
  run: ({ announcementId, chunk }, { query }) =>
    query("select notify.tell_chunk($1, $2)", [announcementId, chunk]),
});

export default tell;
