import { nothing, type PayloadOf, task } from "#queue/task.ts";
import { emit } from "#telemetry.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "mail/look-at-health": PayloadOf<typeof lookAtHealth>;
    }
  }
}

type Health = { stream: string; state: "fine" | "warning" | "alarm"; reason: string | null };

const lookAtHealth = task({
  payload: nothing,
  async run(_payload, { query }) {
    const { rows } = await query("select stream, state, reason from mail.look_at_health()");
    for (const { stream, state, reason } of rows as Health[])
      if (state === "fine") emit("mail:healthy", { stream });
      else emit("mail:unhealthy", { stream, state, reason: reason ?? "" });
  },
});

export default lookAtHealth;
