import type { ServerApi } from "../realtime/processes/serve.ts";
import { Remote } from "../realtime/remote.ts";
import { Results } from "../realtime/results.ts";
import { choose, printEnd } from "../support/contestants.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startPostgres } from "../support/postgres.ts";
import { actions } from "./actions.ts";
import { allContestants, type Contestant, type Ground, openGround } from "./contestants.ts";
import { printAction, printGoals, printHead } from "./print.ts";
import type { LoadApi, Run } from "./processes/load.ts";
import { readSettings } from "./settings.ts";

/** `npm run bench -- graphql`: every contestant in turn, all of them in every round, on one database. */
export async function run(args: string[], life: Lifetime): Promise<void> {
  const settings = readSettings(args);
  const postgres = await startPostgres(life);
  const ground = await openGround(life, postgres);
  const contestants = await choose(allContestants(life), settings.peers, life);
  printHead(postgres, contestants, settings);
  const { data, token } = ground;
  const load = await Remote.fork<LoadApi>(life, new URL("./processes/load.ts", import.meta.url), {
    ...data,
    token,
  });
  const servers = new Map<Contestant, Remote<ServerApi>>();
  for (const contestant of contestants) servers.set(contestant, await contestant.startServer(ground));
  await tidyUp(ground); // one of them has tried what it is to repeat
  const results = new Results();
  for (const action of settings.only) {
    for (let round = 1; round <= settings.repeats; round++)
      for (const [{ key, graphql }, server] of round % 2 ? [...servers] : [...servers].reverse()) {
        const { connections, seconds, warmup } = settings;
        const port = await server.call("port");
        results.addAll(
          action,
          key,
          await measured(load, server, { ...{ action, port, graphql, connections, seconds, warmup } }),
        );
        await tidyUp(ground);
      }
    printAction(actions[action].title, action, contestants, results);
  }
  printGoals(results);
  printEnd();
}

/** Milliseconds of the server's CPU per request come with it, those of Postgres do not. */
async function measured(load: Remote<LoadApi>, server: Remote<ServerApi>, run: Run) {
  await load.call("run", { ...run, seconds: run.warmup, warmup: 0 });
  const before = await server.call("cpu");
  const found = await load.call("run", { ...run, warmup: 0 });
  const cpu = (await server.call("cpu")) - before;
  return { ...found, cpuMs: cpu / (found.perSecond * run.seconds) };
}

async function tidyUp({ pool }: Ground): Promise<void> {
  await pool.query("truncate realtime.messages");
  await pool.query("delete from chat.messages where seq > 200");
  await pool.query("update chat.rooms set last_seq = 200");
  await pool.query("vacuum analyze chat.messages, chat.rooms");
  await pool.query("checkpoint");
}
