import { nothing, type PayloadOf, task } from "#queue/task.ts";
import { emit } from "#telemetry.ts";

declare global {
  namespace GraphileWorker {
    interface Tasks {
      "campaigns/look-at-health": PayloadOf<typeof lookAtHealth>;
    }
  }
}

type Alert = { campaign: string; state: string; reason: string };

const lookAtHealth = task({
  payload: nothing,
  async run(_payload, { query }) {
    const { rows } = await query(
      "select campaign_id as campaign, alert as state, reason from campaigns.look_at_health()",
    );
    for (const alert of rows as Alert[]) emit("mail:campaign-alert", alert);
  },
});

export default lookAtHealth;
