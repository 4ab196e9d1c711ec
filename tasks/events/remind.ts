import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "events/remind": PayloadOf<typeof remind>;
    }
  }
}

const remind = task({
  transactional: true,
  payload: v.object({ eventId: v.pipe(v.string(), v.uuid()), startsAt: v.string() }),
  run: ({ eventId, startsAt }, { query }) => query("select events.remind($1, $2)", [eventId, startsAt]),
});

export default remind;
