import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "notify/readdress": PayloadOf<typeof readdress>;
    }
  }
}

const readdress = task({
  transactional: true,
  payload: v.object({ announcementId: v.pipe(v.string(), v.uuid()) }),
  run: ({ announcementId }, { query }) => query("select notify.readdress_chunks($1)", [announcementId]),
});

export default readdress;
