import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "chat/tell-unread": PayloadOf<typeof tellUnread>;
    }
  }
}

const tellUnread = task({
  payload: v.object({ roomId: v.pipe(v.string(), v.uuid()) }),
  run: ({ roomId }, { query }) => query("select chat.tell_unread($1)", [roomId]),
});

export default tellUnread;
