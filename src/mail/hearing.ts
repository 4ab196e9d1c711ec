import { emit } from "#telemetry.ts";
import type { Queryable } from "./database.ts";

/** Draws the conclusions from the provider's calls that are stored, until none is left. */
export async function hearCalls(db: Queryable, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const { rows } = await db.query("select calls, odd, duplicated, alarms from mail.hear_calls($1)", [500]);
    const { calls, odd, duplicated, alarms } = rows[0] as Heard;
    if (calls === 0) return;
    emit("mail:heard", { calls });
    if (odd > 0) emit("mail:heard-odd", { calls: odd });
    for (const letter of duplicated) emit("mail:duplicated", { letter });
    for (const alarm of alarms) emit("mail:rejected", alarm);
  }
}

type Heard = {
  calls: number;
  odd: number;
  duplicated: string[];
  alarms: { letter: string; type: string; details?: string }[];
};
