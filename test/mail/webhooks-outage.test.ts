import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool } from "#db/pool.ts";
import { publishTemplates } from "#mail/templates.ts";
import { declareQueue } from "#queue/declare.ts";
import { startCluster } from "../chaos/support/cluster.ts";
import { until } from "../support/wait.ts";
import { acceptedLetter, hear, openReceiver, payloadsFor } from "./webhook-support.ts";

test("while Postgres is down, calls are answered 503 at once; when it is back, the repetitions are taken", async () => {
  await using life = new AsyncDisposableStack();
  const cluster = await startCluster(life);
  const pool = life.adopt(openPool(cluster.url, "test"), (open) => open.end());
  await declareQueue(pool);
  await publishTemplates(pool, "https://school.test");
  const narrow = life.use(await openReceiver(pool));
  const letter = await acceptedLetter(pool);
  const { delivery, open } = payloadsFor(letter);
  assert.equal(await narrow.post(delivery, { "x-pm-webhook-trace-id": "1" }), 200);
  await cluster.stop();
  for (const body of [open, delivery, "nonsense"]) assert.equal(await narrow.post(body), 503);
  await cluster.start();
  await until(async () => (await narrow.post(open, { "x-pm-webhook-trace-id": "2" })) === 200);
  await hear(pool);
  const { rows } = await pool.query("select kind from mail.delivery_events where letter_id = $1 order by 1", [
    letter.id,
  ]);
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["delivered", "opened"],
  );
});
