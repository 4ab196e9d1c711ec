import { openSecret } from "#auth/secret.ts";
import type { Config } from "#config.ts";
import { type Database, kyselyOn } from "#db/kysely.ts";
import { migrate } from "#db/migrate.ts";
import { openDatabase } from "#db/open.ts";
import { openPool } from "#db/pool.ts";
import { seed } from "#db/seed.ts";
import { createWake } from "#db/wake.ts";
import { createGraphql } from "#graphql/api.ts";
import { startServer } from "#http/server.ts";
import { createSandbox } from "#mail/sandbox/sandbox.ts";
import { startSweeper } from "#mail/sweeper.ts";
import { configureMail } from "#mail/transport.ts";
import { startLog } from "#ops/log.ts";
import { Worker } from "#queue/worker.ts";
import { Relay } from "#realtime/relay.ts";
import { emit } from "#telemetry.ts";

export const parts = ["api", "relay", "worker", "mailbox"] as const;

export type Part = (typeof parts)[number];

export type App = AsyncDisposable & { db: Database; psql: string | undefined };

/**
 * The composition root: starts the wanted parts in order, each on top of the ones before; disposal stops them in
 * reverse. Throws AppError with one sentence that says what to do; what had started is stopped again.
 */
export async function startApp(config: Config, wanted: ReadonlySet<Part>): Promise<App> {
  await using starting = new AsyncDisposableStack();
  starting.defer(startLog(config.logLevel));

  const database = await openDatabase(config);
  starting.defer(database.stop);
  const pool = (name: string, options = {}) => {
    const opened = openPool(database.url, name, { max: config.databasePoolSize, ...options });
    starting.defer(() => opened.end());
    return opened;
  };

  const owner = pool("owner");
  await migrate(owner);
  if (config.demo) await seed(owner);
  const db = kyselyOn(owner);
  const jwtSecret = await openSecret(config);

  const sandbox =
    wanted.has("mailbox") && config.mailbox
      ? createSandbox({ pool: pool("mailbox", { max: 4 }) })
      : undefined;
  const relay = wanted.has("relay")
    ? starting.use(
        await timed("relay", startRelay(new Relay({ databaseUrl: database.url, jwtSecret, pool: owner }))),
      )
    : undefined;
  const graphql = wanted.has("api")
    ? starting.use(
        await timed(
          "api",
          createGraphql({
            pool: pool("api", { role: "howdah_api" }),
            jwtSecret,
            wake: createWake(owner),
            production: config.production,
          }),
        ),
      )
    : undefined;
  if (sandbox || relay || graphql)
    starting.use(await timed("http", startServer({ config, jwtSecret, db, graphql, relay, sandbox })));

  if (wanted.has("worker")) {
    configureMail(mailSettings(config));
    const workers = pool("worker", { max: config.databasePoolSize + 6 }); // graphile-worker keeps one to listen per queue
    starting.use(startSweeper(owner));
    const worker = starting.use(new Worker(workers));
    await timed("worker", worker.start());
  }

  const running = starting.move();
  return { db, psql: database.psql, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function startRelay(relay: Relay): Promise<Relay> {
  await using starting = new AsyncDisposableStack();
  starting.use(relay);
  await relay.start();
  starting.move();
  return relay;
}

async function timed<Started>(service: string, starting: Promise<Started>): Promise<Started> {
  const since = performance.now();
  const started = await starting;
  emit("service:started", { service, ms: performance.now() - since });
  return started;
}

function mailSettings(config: Config) {
  const { postmarkServerToken: token, mailFrom: from, mailboxUrl, publicUrl } = config;
  return token !== undefined
    ? { token, from, publicUrl }
    : { token: "sandbox-howdah", from, publicUrl, endpoint: `${mailboxUrl}/postmark` };
}
