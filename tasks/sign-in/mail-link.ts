import * as v from "valibot";
import { type PayloadOf, task } from "#queue/task.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "sign-in/mail-link": PayloadOf<typeof mailLink>;
    }
  }
}

const mailLink = task({
  payload: v.object({ address: v.string() }),
  queue: "mail",
  priority: 10,
  transactional: true,
  run: ({ address }, { query }) => query("select app.mail_sign_in_link($1)", [address]),
});

export default mailLink;
