import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/finish": PayloadOf<typeof finish>;
    }
  }
}

const finish = task({
  transactional: true,
  payload: v.object({ announcementId: v.pipe(v.string(), v.uuid()) }),
  run: ({ announcementId }, { query }) => query("select notify.finish($1)", [announcementId]),
});

export default finish;
