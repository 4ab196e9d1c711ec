import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/withdraw": PayloadOf<typeof withdraw>;
    }
  }
}

const withdraw = task({
  transactional: true,
  payload: v.object({ announcementId: v.pipe(v.string(), v.uuid()) }),
  run: ({ announcementId }, { query }) => query("select notify.withdraw_chunks($1)", [announcementId]),
});

export default withdraw;
