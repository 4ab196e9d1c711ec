import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "campaigns/send": PayloadOf<typeof send>;
    }
  }
}

const uuid = v.pipe(v.string(), v.uuid());

const send = task({
  queue: "bulk",
  transactional: true,
  payload: v.object({ campaignId: uuid, chunk: v.number(), round: v.number() }),
  run: ({ campaignId, chunk, round }, { query }) =>
    query("select campaigns.send_chunk($1, $2, $3)", [campaignId, chunk, round]),
});

export default send;
