import type pg from "pg";
import { pause } from "#lib/pause.ts";
import type { Crew } from "./crew.ts";
import type { MailboxControl } from "./mailbox.ts";

const stepMs = 250;

type World = { pool: pg.Pool; mailbox: MailboxControl; crew: Crew };

/** Makes time go by faster, for the mailbox first, so that what it will know it knows before it is asked. */
export function speedUp({ pool, mailbox, crew }: World, speed: number): AsyncDisposable {
  const stopping = new AbortController();
  const step = (stepMs / 1000) * speed;
  const pass = async () => {
    await mailbox.pass(step);
    await pool
      .query("select chaos.pass(make_interval(secs => $1), $2)", [step, crew.members.map(({ pid }) => pid)])
      .catch(() => {}); // Postgres is away
  };
  const passing = (async () => {
    for (; !stopping.signal.aborted; await pause(stepMs, stopping.signal)) await pass();
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await passing;
    },
  };
}
