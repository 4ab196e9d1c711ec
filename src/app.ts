import type pg from "pg";
import { foreignKeys } from "#auth/identities.ts";
import { openSecret } from "#auth/secret.ts";
import { webhookSecretOf } from "#auth/webhook-secret.ts";
import type { Config } from "#config.ts";
import { type Database, kyselyOn } from "#db/kysely.ts";
import { migrate } from "#db/migrate.ts";
import { openDatabase } from "#db/open.ts";
import { openPool } from "#db/pool.ts";
import { seed } from "#db/seed.ts";
import { createWake } from "#db/wake.ts";
import type { Graphql } from "#graphql/api.ts";
import { yieldProcessor } from "#lib/yield-processor.ts";
import { configureFeedback } from "#mail/feedback.ts";
import { keepRegistering, webhookOf } from "#mail/registration.ts";
import { mailSettings } from "#mail/settings.ts";
import { startSweeper } from "#mail/sweeper.ts";
import { publishTemplates } from "#mail/templates.ts";
import { configureMail } from "#mail/transport.ts";
import { MailboxChild } from "#mailbox/child.ts";
import { mailboxOptions } from "#mailbox/options.ts";
import { startLog } from "#ops/log.ts";
import { declareQueue } from "#queue/declare.ts";
import { configureEncryption } from "#queue/encryption.ts";
import { Worker, type WorkerOptions } from "#queue/worker.ts";
import type { Relay } from "#realtime/relay.ts";
import { emit } from "#telemetry.ts";

export const parts = ["api", "relay", "worker", "mailbox"] as const;

export type Part = (typeof parts)[number];

export type App = AsyncDisposable & {
  db: Database;
  databaseUrl: string;
  psql: string | undefined;
  /** Where mail goes instead of into the world. */
  mailboxUrl: string | undefined;
  /** The part that runs jobs, if it was wanted. */
  worker: Worker | undefined;
};

/**
 * The composition root: starts the wanted parts in order, each on top of the ones before; disposal stops them in
 * reverse. Throws AppError with one sentence that says what to do; what had started is stopped again.
 */
export async function startApp(
  given: Config,
  wanted: ReadonlySet<Part>,
  working: Partial<WorkerOptions> = {},
): Promise<App> {
  await using stack = new AsyncDisposableStack();
  stack.defer(startLog(given.logLevel));
  const mailbox = wanted.has("mailbox") && given.mailbox ? forkMailbox(given, stack) : undefined;
  const opened = await openGround(given, stack);
  const config = mailbox ? { ...given, mailboxUrl: await timed("mailbox", mailbox.url) } : given;
  const ground = { ...opened, config };
  const surface = {
    ...ground,
    relay: wanted.has("relay") ? await startRelay(ground) : undefined,
    graphql: wanted.has("api") ? await startApi(ground) : undefined,
  };
  if (surface.relay || surface.graphql) stack.use(await timed("http", startHttp(surface)));
  if (surface.graphql && config.mailbox) await stack.use(hearMailbox(ground, mailbox)).tried;
  const worker = wanted.has("worker") ? await startWorker(ground, working) : undefined;
  if (worker && wanted.size === 1) yieldProcessor(); // nobody waits for a job as they wait for a message or an answer
  const { db, databaseUrl, psql } = ground;
  const mailboxUrl = config.mailbox ? config.mailboxUrl : undefined;
  const running = stack.move();
  return { db, databaseUrl, psql, mailboxUrl, worker, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What every part stands on; `stack` keeps what is to be stopped. */
type Ground = {
  config: Config;
  stack: AsyncDisposableStack;
  databaseUrl: string;
  psql: string | undefined;
  /** Connections with the owner's rights. */
  owner: pg.Pool;
  db: Database;
  jwtSecret: string;
  webhookSecret: string;
};

async function openGround(config: Config, stack: AsyncDisposableStack): Promise<Ground> {
  const { url: databaseUrl, psql, stop } = await openDatabase(config);
  stack.defer(stop);
  const owner = keep(stack, openPool(databaseUrl, "owner", { max: config.databasePoolSize }));
  await migrate(owner);
  const jwtSecret = await openSecret(config);
  configureEncryption(jwtSecret);
  await declareQueue(owner);
  await publishTemplates(owner, config.publicUrl);
  if (config.demo) await seed(owner); // its jobs are of declared tasks
  const webhookSecret = webhookSecretOf(config.postmarkWebhookSecret, jwtSecret);
  return { config, stack, databaseUrl, psql, owner, db: kyselyOn(owner), jwtSecret, webhookSecret };
}

/** A process beside this one: what it has accepted stays accepted, whatever becomes of the app. */
function forkMailbox(config: Config, stack: AsyncDisposableStack): MailboxChild {
  return stack.use(new MailboxChild(mailboxOptions(config)));
}

/** The mailbox tells of its letters as the real service does, which is told to by hand: howdah mail:webhooks. */
function hearMailbox({ config, webhookSecret }: Ground, ours: MailboxChild | undefined) {
  const here = `http://${new URL(config.mailboxUrl).host.replace(/:\d+$/, "")}:${config.port}`;
  return keepRegistering(mailSettings(config), webhookOf(ours ? here : config.publicUrl, webhookSecret));
}

// What only some processes need is loaded by them alone: a worker process starts in a fraction of the time.

async function startHttp(surface: Parameters<typeof import("#http/server.ts").startServer>[0]) {
  const { startServer } = await import("#http/server.ts");
  return startServer(surface);
}

async function startRelay({ stack, config, databaseUrl, jwtSecret, owner }: Ground): Promise<Relay> {
  const { Relay } = await import("#realtime/relay.ts");
  const { listen, ...limits } = config.realtime;
  const relay = stack.use(
    new Relay({
      databaseUrl,
      jwtSecret,
      foreignKeys: foreignKeys(config, owner),
      pool: owner,
      limits,
      listen,
    }),
  );
  await timed("relay", relay.start());
  return relay;
}

async function startApi({ stack, config, databaseUrl, jwtSecret, owner }: Ground): Promise<Graphql> {
  const pool = keep(
    stack,
    openPool(databaseUrl, "api", { max: config.databasePoolSize, role: "howdah_api" }),
  );
  const { createGraphql } = await import("#graphql/api.ts");
  const { Listening } = await import("#realtime/listening/listening.ts");
  const { listen, connections, channelsPerConnection, messagesPerSecond, unsentBytes } = config.realtime;
  const topics = stack.use(new Listening({ databaseUrl, listen, unsentBytes }));
  const wake = createWake(owner);
  return stack.use(
    await timed(
      "api",
      createGraphql({
        ...{ pool, jwtSecret, foreignKeys: foreignKeys(config, owner), wake, production: config.production },
        ...{ ...config.graphql, topics },
        sockets: { connections, operations: channelsPerConnection, operationsPerSecond: messagesPerSecond },
      }),
    ),
  );
}

async function startWorker(
  { stack, config, databaseUrl, owner }: Ground,
  working: Partial<WorkerOptions>,
): Promise<Worker> {
  configureMail(mailSettings(config));
  configureFeedback(mailSettings(config));
  stack.use(startSweeper(owner));
  const worker = new Worker({ databaseUrl, connections: config.databasePoolSize, ...working });
  await timed("worker", stack.use(worker).start());
  return worker;
}

function keep(stack: AsyncDisposableStack, pool: pg.Pool): pg.Pool {
  return stack.adopt(pool, (kept) => kept.end());
}

async function timed<Started>(service: string, starting: Promise<Started>): Promise<Started> {
  const since = performance.now();
  const started = await starting;
  emit("service:started", { service, ms: performance.now() - since });
  return started;
}
