import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "campaigns/prepare": PayloadOf<typeof prepare>;
    }
  }
}

const uuid = v.pipe(v.string(), v.uuid());

const prepare = task({
  queue: "high",
  transactional: true,
  timeout: 600,
  payload: v.object({ campaignId: uuid }),
  run: ({ campaignId }, { query }) => query("select campaigns.prepare($1)", [campaignId]),
});

export default prepare;
