import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/split": PayloadOf<typeof split>;
    }
  }
}

const split = task({
  transactional: true,
  payload: v.object({ announcementId: v.pipe(v.string(), v.uuid()) }),
  run: ({ announcementId }, { query }) => query("select notify.split($1)", [announcementId]),
});

export default split;
