import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { keep } from "../../support/lifetime.ts";
import { type Arena, type Contestant, concurrency, inChunks } from "../contestant.ts";
import { Crew } from "../crew.ts";
import { openStore, type Store } from "./store.ts";

const framework = "/usr/share/php/Illuminate"; // where Debian's php-laravel-framework puts it
const script = path.join(import.meta.dirname, "laravel.php");
const sleepSeconds = 0.1;
/** Node's pipes are sockets, from which PHP would not wait longer than a minute. */
const php = ["-d", "default_socket_timeout=-1"];

/** queue:work runs one job at a time, so it takes as many processes of it. */
export function laravel(arena: Arena): Contestant {
  let store: Store;
  let env: NodeJS.ProcessEnv;
  let order: (order: object) => Promise<{ at: number }>;
  return {
    key: "laravel",
    name: "Laravel queue:work",
    about: `Laravel ${versionOf()} on PHP, database driver on Postgres, ${concurrency} processes of queue:work --queue=high,default --sleep=${sleepSeconds}`,
    available: async () => missing(),
    async prepare() {
      store = await openStore(arena, "laravel");
      await store.pool.query(tables);
      env = { ...process.env, HOWDAH_BENCH: JSON.stringify(await application(arena, store.url)) };
      order = await startDispatcher(arena, env);
    },
    dispatchOne: () => order({ do: "one" }),
    dispatchInTransaction: () => order({ do: "transaction" }),
    dispatchMany: (count, backlog) =>
      inChunks(count, 10_000, (count) => order({ do: "many", count, ms: backlog?.ms ?? 0 })),
    probe: async (probe) => (await order({ do: "probe", probe })).at,
    oneCaller: true,
    startWorker: () => Crew.spawn(arena.life, concurrency, ["php", ...php, script, "work"], env),
    isEmpty: () => store.none("jobs"),
    clear: () => store.truncate("jobs"),
    analyze: () => store.analyze(),
  };
}

function missing(): string | undefined {
  const modules = spawnSync("php", ["-m"], { encoding: "utf8" });
  if (modules.error) return "there is no php";
  if (!/^pdo_pgsql$/m.test(modules.stdout)) return "php has no pdo_pgsql (Debian: php-pgsql)";
  return existsSync(framework)
    ? undefined
    : `there is no ${framework} (Debian: apt install php-laravel-framework)`;
}

function versionOf(): string {
  const source = `require '${framework}/autoload.php'; echo Illuminate\\Foundation\\Application::VERSION;`;
  return spawnSync("php", ["-d", "error_reporting=0", "-r", source], { encoding: "utf8" }).stdout ?? "";
}

/** The folder that Laravel takes for the application's own, with a cached configuration. */
async function application({ life }: Arena, url: string): Promise<object> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "howdah-bench-laravel-"));
  life.defer(() => rm(dir, { recursive: true, force: true }));
  await mkdir(path.join(dir, "bootstrap/cache"), { recursive: true });
  const config = "<?php return settings(json_decode(getenv('HOWDAH_BENCH'), true));";
  await writeFile(path.join(dir, "bootstrap/cache/config.php"), config);
  return { dir, url, framework, sleep: sleepSeconds };
}

/** A PHP process that dispatches on order, one line in, one line out. */
async function startDispatcher({ life }: Arena, env: NodeJS.ProcessEnv) {
  const child = keep(
    life,
    spawn("php", [...php, script, "dispatch"], { env, stdio: ["pipe", "pipe", "inherit"] }),
  );
  child.stdin.on("error", () => {});
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error("PHP's dispatcher ended.");
    return JSON.parse(value) as { at: number };
  };
  await next();
  return (order: object) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return next();
  };
}

/** What Laravel 8's migrations queue:table and queue:failed-table make. */
const tables = `
  create table jobs (
    id bigserial primary key,
    queue varchar(255) not null,
    payload text not null,
    attempts smallint not null,
    reserved_at integer,
    available_at integer not null,
    created_at integer not null
  );
  create index jobs_queue_index on jobs (queue);
  create table failed_jobs (
    id bigserial primary key,
    uuid varchar(255) not null unique,
    connection text not null,
    queue text not null,
    payload text not null,
    exception text not null,
    failed_at timestamp(0) default current_timestamp not null
  );`;
