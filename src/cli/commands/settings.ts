import { command, pairsOf } from "#cli/command.ts";
import type { Db } from "#cli/connect.ts";
import { queueNamed } from "#cli/names.ts";
import { AppError } from "#errors.ts";

export const createQueue = command({
  about: "Make a queue; live workers build its index and serve it",
  takes: ["queue", "key=value*"],
  async run({ db, print, args: [queue = "", ...pairs] }) {
    const there = await settingsOf(db, queue);
    await db.value("select queue.create_queue($1, $2)", queue, pairsOf(pairs));
    print.info(there ? `The queue [${queue}] was there already.` : `Queue [${queue}] created.`);
  },
});

export const configure = command({
  about: "Change settings of a queue while it runs, or show them",
  takes: ["queue", "key=value*"],
  options: { json: { type: "boolean", about: "the settings as JSON" } },
  async run({ db, print, args: [given = "", ...pairs], values }) {
    const queue = queueNamed(given);
    if (pairs.length > 0) await db.value("select queue.configure($1, $2)", queue, pairsOf(pairs));
    const settings = await settingsOf(db, queue);
    if (!settings) throw new AppError("HW404", `There is no queue "${queue}": howdah queue:create ${queue}.`);
    if (values.json) return print.json(settings);
    if (pairs.length > 0) print.info(`The queue [${queue}] has its new settings, and workers were told.`);
    else print.line();
    for (const [key, value] of Object.entries(settings))
      print.detail(key, value === null ? "none" : String(value));
    print.line();
  },
});

function settingsOf(db: Db, queue: string): Promise<Record<string, unknown> | undefined> {
  return db.value(
    `select to_jsonb(q) - '{name,task_id,limited,declared,created_at,updated_at}'::text[]
     from queue.queues q where q.name = $1`,
    queue,
  );
}

const limits = ["rate", "rate_seconds", "concurrency", "breaker_failures", "breaker_seconds"];
const limitKeys = [...limits, "breaker_cooldown_seconds"];

export const limit = command({
  about:
    "Limit the jobs of a key (provider:postmark, tenant:*): rate, concurrency, circuit breaker; or show all",
  takes: ["key?", "key=value*"],
  options: {
    remove: { type: "boolean", about: "the key has no limit any more" },
    json: { type: "boolean", about: "all limits as JSON" },
  },
  async run({ db, print, args: [key, ...pairs], values }) {
    if (key === undefined || (pairs.length === 0 && !values.remove)) {
      const rows = await db.rows<Record<string, unknown>>(
        "select * from queue.limits where key = coalesce($1, key) order by key",
        key,
      );
      if (values.json) print.json(rows);
      else if (rows.length === 0)
        print.info(key === undefined ? "No limits are set." : `[${key}] has no limit.`);
      else
        print.table(
          ["key", ...limitKeys],
          rows.map((row) => ["key", ...limitKeys].map((column) => String(row[column] ?? "-"))),
        );
      return key !== undefined && rows.length === 0 ? 1 : 0;
    }
    if (values.remove) {
      const was = await db.value<boolean>("select queue.unlimit($1)", key);
      print.info(was ? `[${key}] has no limit any more.` : `[${key}] had no limit.`);
      return was ? 0 : 1;
    }
    const given = pairsOf(pairs);
    const unknown = Object.keys(given).find((name) => !limitKeys.includes(name));
    if (unknown !== undefined)
      throw new AppError("BadOption", `A limit has no "${unknown}": it has ${limitKeys.join(", ")}.`);
    const named = Object.keys(given).map((name, i) => `${name} => $${i + 2}`);
    await db.value(`select queue.limit($1, ${named.join(", ")})`, key, ...Object.values(given));
    print.info(`The jobs of [${key}] have their limit, and workers were told.`);
    return 0;
  },
});
