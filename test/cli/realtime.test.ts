import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Cli, openCli } from "./cli.ts";

let cli: Cli;
before(async () => {
  cli = await openCli();
});
after(() => cli[Symbol.asyncDispose]());

test("realtime says when no relay is alive", async () => {
  const { code, out, err } = await cli.howdah("realtime");
  assert.equal(code, 0);
  assert.match(err, /No relay is alive/);
  assert.match(out, /log \d+\.\d MB, made for 3 days ahead; 0 tables watched; queue of NOTIFY \d\.\d % full/);
});

test("realtime shows relays and busy topics, also as JSON", async () => {
  const stats = {
    sockets: 3,
    channels: 5,
    members: 2,
    feed_lag_ms: { p50: 1.4, max: 8.6 },
    messages: 7,
    wakes_lost: 1,
  };
  await cli.rows(
    "select realtime.beat(gen_random_uuid(), hostname => 'web-1', pid => 17, stats => $1)",
    JSON.stringify({ ...stats, slow_sockets: 0, rooms: 4, gossip_backlog: 0 }),
  );
  await cli.rows("select realtime.send('{}', 'e', 'busy', n > 1) from generate_series(1, 3) as n");
  const { code, out } = await cli.howdah("realtime");
  assert.equal(code, 0);
  assert.match(out, /^ {2}web-1 17 +\d(\.\d)? s +3 +5 +2 +1\/9 ms +7 +1 +0$/m);
  assert.match(out, /^ {2}busy \(private\) +2 +0\.\d$/m);
  assert.match(out, /^ {2}busy +1 +0\.\d$/m);

  const { overview, relays, topics } = JSON.parse((await cli.howdah("realtime", "--json")).out);
  assert.deepEqual([overview.relays, overview.members, relays.length, topics.length], [1, 2, 1, 2]);
  assert.equal(relays[0].rooms, 4);
});
