import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "campaigns/finish": PayloadOf<typeof finish>;
    }
  }
}

const uuid = v.pipe(v.string(), v.uuid());

const finish = task({
  queue: "high",
  transactional: true,
  payload: v.object({ campaignId: uuid, round: v.number() }),
  run: ({ campaignId, round }, { query }) => query("select campaigns.finish($1, $2)", [campaignId, round]),
});

export default finish;
