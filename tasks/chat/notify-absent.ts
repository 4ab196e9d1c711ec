import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "chat/notify-absent": PayloadOf<typeof notifyAbsent>;
    }
  }
}

const notifyAbsent = task({
  payload: v.object({ roomId: v.pipe(v.string(), v.uuid()) }),
  run: async ({ roomId }, { query }) => {
    await query("select chat.begin_looking($1)", [roomId]);
    const { rows } = await query("select chat.notify_absent($1) as seconds", [roomId]);
    await query("select chat.look_again($1, $2)", [roomId, rows[0]?.seconds]);
  },
});

export default notifyAbsent;
