import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Cluster, prepareCluster } from "#db/cluster.ts";
import { AppError, codeOf } from "#errors.ts";
import { freePort, isListening } from "#lib/free-port.ts";
import { withLockFile } from "#lib/lock-file.ts";
import { run } from "#lib/run.ts";
import { emit } from "#telemetry.ts";

export type EmbeddedPostgres = {
  url: string;
  /** A line to paste into a shell to look inside; it holds no password. */
  psql: string;
  /** Stops the server, unless another Howdah process still uses it. */
  stop(): Promise<void>;
};

const preferredPort = 54_329;

/**
 * A private Postgres under `dir`: created on first use, adopted when it is already running (after a kill -9 of its
 * parent, or beside another Howdah process), started otherwise.
 */
export async function startEmbedded(
  dir: string,
  serverSettings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const { cluster, port } = await withLockFile(path.join(dir, "lock"), async () => {
    const cluster = await prepareCluster(dir);
    return { cluster, port: (await adopt(cluster)) ?? (await launch(cluster, serverSettings)) };
  });
  const url = `postgres://howdah:${cluster.password}@127.0.0.1:${port}/howdah`;
  await openDatabaseWhenReady(url);
  return {
    url,
    psql: `PGPASSFILE=${path.relative(process.cwd(), cluster.passFile)} psql -h 127.0.0.1 -p ${port} -U howdah howdah`,
    stop: () => withLockFile(path.join(dir, "lock"), () => stopUnlessUsed(cluster, url)),
  };
}

async function adopt(cluster: Cluster): Promise<number | undefined> {
  const status = await run(cluster.programs.pg_ctl, ["status", "-D", cluster.data], { user: cluster.user });
  if (status.code !== 0) return undefined;
  const pidFile = path.join(cluster.data, "postmaster.pid");
  const [pid, , , port] = (await readFile(pidFile, "utf8")).split("\n").map(Number);
  await requireAnswer(Number(port), `process ${pid} is said to serve it (${pidFile})`);
  emit("database:adopted", { port: Number(port) });
  return Number(port);
}

/** After a crash of the machine, the process of that id may be anything; only a person can tell for sure. */
async function requireAnswer(port: number, who: string): Promise<void> {
  for (const deadline = performance.now() + 3000; performance.now() < deadline; await sleep(100))
    if (await isListening(port)) return;
  throw new AppError(
    "EmbeddedPostgres",
    `The embedded Postgres does not answer, though ${who}: if that process is not postgres, delete that file and start again.`,
  );
}

async function launch(cluster: Cluster, serverSettings: Record<string, string>): Promise<number> {
  const since = performance.now();
  const port = await freePort(preferredPort);
  const settings = { ...fixedSettings, ...serverSettings, port: String(port) };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const log = path.join(cluster.data, "server.log");
  const started = await run(
    cluster.programs.pg_ctl,
    ["start", "-w", "-t", "30", "-D", cluster.data, "-l", log, "-o", options.join(" ")],
    { user: cluster.user, quiet: true },
  );
  if (started.code !== 0) throw await explainFailedStart(log);
  emit("database:started", { port, ms: performance.now() - since });
  return port;
}

const fixedSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_preload_libraries: "pg_stat_statements",
  timezone: "UTC",
};

async function explainFailedStart(log: string): Promise<AppError> {
  const lines = (await readFile(log, "utf8").catch(() => "")).trim().split("\n");
  const reason = lines.findLast((line) => line.includes("FATAL") || line.includes("PANIC")) ?? lines.at(-1);
  return new AppError("EmbeddedPostgres", `The embedded Postgres did not start (${reason}): see ${log}.`);
}

/** An adopted server may still be recovering from a crash: it answers 57P03 until it is done. */
async function openDatabaseWhenReady(url: string): Promise<void> {
  for (const deadline = performance.now() + 30_000; ; await sleep(50)) {
    const error = await connectOnce(url).catch((error: unknown) => error);
    if (!error) return;
    if (codeOf(error) === "3D000") await createDatabase(url);
    else if (codeOf(error) !== "57P03" || performance.now() > deadline) throw error;
  }
}

async function connectOnce(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "howdah:start" });
  client.on("error", () => {});
  await client.connect().finally(() => client.end().catch(() => {}));
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(/howdah$/, "postgres") });
  await client.connect();
  await client.query("create database howdah").catch((error) => {
    if (!["42P04", "23505"].includes(codeOf(error) ?? "")) throw error; // another process was quicker
  });
  await client.end();
}

async function stopUnlessUsed(cluster: Cluster, url: string): Promise<void> {
  const since = performance.now();
  if (await usedByOthers(url)) return;
  await run(cluster.programs.pg_ctl, ["stop", "-m", "fast", "-w", "-t", "8", "-D", cluster.data], {
    user: cluster.user,
  });
  emit("database:stopped", { ms: performance.now() - since });
}

/** Backends outlive their connections by a moment, so a user has to be seen for a second to count. */
async function usedByOthers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, application_name: "howdah:last-look" });
  client.on("error", () => {});
  try {
    await client.connect();
    for (const deadline = performance.now() + 1000; performance.now() < deadline; await sleep(20))
      if (!(await hasOtherUsers(client))) return false;
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function hasOtherUsers(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    "select from pg_stat_activity where application_name like 'howdah:%' and pid <> pg_backend_pid() limit 1",
  );
  return rows.length > 0;
}
