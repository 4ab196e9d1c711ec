import path from "node:path";
import * as v from "valibot";
import { AppError } from "#errors.ts";
import type { GraphqlConfig, OidcConfig, RealtimeConfig } from "#lib/part-settings.ts";
import {
  baseUrl,
  isKeySet,
  isOrigin,
  must,
  onOff,
  splitList,
  url,
  webUrl,
  wholeNumber,
} from "#lib/setting-values.ts";

/** Every setting in the order of .env.example and docs/settings.md; nobody else reads the environment. */
export type Config = Readonly<{
  port: number;
  /** Whether other processes of ours may listen on the port as well. */
  sharePort: boolean;
  host: string;
  publicUrl: string;
  databaseUrl: string | undefined;
  databasePoolSize: number;
  dir: string;
  jwtSecret: string | undefined;
  jwtJwks: string | undefined;
  /** The OpenID issuer whose tokens JWT_JWKS verifies. */
  oidc: OidcConfig | undefined;
  generatedSecrets: boolean;
  postmarkServerToken: string | undefined;
  postmarkWebhookSecret: string | undefined;
  mailFrom: string;
  /** Postmark's names of the two streams. */
  mailStream: string;
  mailBroadcastStream: string;
  /** Who keeps the list of those who left the broadcast stream. */
  mailUnsubscribe: "own" | "postmark";
  mailTracking: boolean;
  mailbox: boolean;
  /** 0: a free one. */
  mailboxPort: number;
  /** Where mail is handed to the mailbox when another process runs it. */
  mailboxUrl: string;
  corsOrigins: string[];
  trustProxy: boolean;
  demo: boolean;
  realtime: RealtimeConfig;
  graphql: GraphqlConfig;
  logLevel: LogLevel;
  production: boolean;
}>;

export type { GraphqlConfig, OidcConfig, RealtimeConfig };

export type LogLevel = (typeof logLevels)[number];

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Reads and validates the environment. Throws AppError `BadSetting` with one sentence that names the cure. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const config = readConfig(env);
  refuseContradictions(config);
  return config;
}

/** Each setting by itself, for commands that only look into the database: they need no secret and no mail. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = read(env);
  const production = given.NODE_ENV === "production";
  const embedded = given.DATABASE_URL === undefined;
  const config: Config = {
    port: given.PORT,
    sharePort: given.SHARE_PORT ?? false,
    host: given.HOST,
    publicUrl: given.PUBLIC_URL ?? `http://${reachable(given.HOST)}:${given.PORT}`,
    databaseUrl: given.DATABASE_URL,
    databasePoolSize: given.DATABASE_POOL_SIZE,
    dir: path.resolve(given.HOWDAH_DIR),
    jwtSecret: given.JWT_SECRET,
    jwtJwks: given.JWT_JWKS,
    oidc: oidcOf(given),
    generatedSecrets: given.GENERATED_SECRETS ?? !production,
    postmarkServerToken: given.POSTMARK_SERVER_TOKEN,
    postmarkWebhookSecret: given.POSTMARK_WEBHOOK_SECRET,
    mailFrom: given.MAIL_FROM,
    mailStream: given.MAIL_STREAM,
    mailBroadcastStream: given.MAIL_BROADCAST_STREAM,
    mailUnsubscribe: given.MAIL_UNSUBSCRIBE,
    mailTracking: given.MAIL_TRACKING ?? true,
    mailbox: given.MAILBOX ?? (!production && given.POSTMARK_SERVER_TOKEN === undefined),
    mailboxPort: given.MAILBOX_PORT,
    mailboxUrl: given.MAILBOX_URL ?? `http://${reachable(given.HOST)}:${given.MAILBOX_PORT}`,
    corsOrigins: given.CORS_ORIGINS,
    trustProxy: given.TRUST_PROXY ?? false,
    demo: given.DEMO ?? (embedded && !production),
    realtime: {
      connections: given.REALTIME_CONNECTIONS,
      channelsPerConnection: given.REALTIME_CHANNELS,
      joinsPerSecond: given.REALTIME_JOINS,
      messagesPerSecond: given.REALTIME_MESSAGES,
      restMessagesPerSecond: given.REALTIME_REST_MESSAGES,
      presenceCallsPer30s: given.REALTIME_PRESENCE_CALLS,
      payloadBytes: given.REALTIME_PAYLOAD_BYTES,
      unsentBytes: given.REALTIME_UNSENT_BYTES,
      replayMessages: given.REALTIME_REPLAY_MESSAGES,
      listen: given.REALTIME_LISTEN,
    },
    graphql: {
      introspection: given.GRAPHQL_INTROSPECTION ?? !production,
      maxDepth: given.GRAPHQL_MAX_DEPTH,
      maxCost: given.GRAPHQL_MAX_COST,
      persistedOperations: given.PERSISTED_OPERATIONS && path.resolve(given.PERSISTED_OPERATIONS),
      persistedOnly: given.PERSISTED_ONLY ?? false,
    },
    logLevel: given.LOG_LEVEL,
    production,
  };
  return Object.freeze(config);
}

/** npm has its own ways with signals: src/cli/stop-signal.ts. */
export function startedByNpm(env: Record<string, string | undefined> = process.env): boolean {
  return env.npm_lifecycle_event !== undefined;
}

function oidcOf(given: v.InferOutput<typeof Environment>): OidcConfig | undefined {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_PROVISION: provision = false } = given;
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined || audience === undefined || given.JWT_JWKS === undefined)
    throw badSetting(
      "OIDC_ISSUER, OIDC_AUDIENCE and JWT_JWKS belong together: set all three, or neither OIDC one.",
    );
  return { issuer, audience, provision };
}

function refuseContradictions(config: Config): void {
  if (config.jwtSecret === undefined && !config.generatedSecrets)
    throw badSetting(
      "JWT_SECRET is missing: set it to 32 or more random characters (openssl rand -base64 33).",
    );
  if (config.postmarkServerToken === undefined && !config.mailbox)
    throw badSetting(
      "POSTMARK_SERVER_TOKEN is missing: set it, or set MAILBOX=on to keep all mail in the dev mailbox.",
    );
  if (config.postmarkServerToken !== undefined && config.mailbox)
    throw badSetting("MAILBOX=on and POSTMARK_SERVER_TOKEN exclude each other: unset one of the two.");
  if (config.demo && config.databaseUrl !== undefined)
    throw badSetting("DEMO=on seeds only the embedded database: unset DEMO, or unset DATABASE_URL.");
  if (config.graphql.persistedOnly && config.graphql.persistedOperations === undefined)
    throw badSetting(
      "PERSISTED_ONLY=on would refuse everything: set PERSISTED_OPERATIONS to a folder as well.",
    );
}

function read(env: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const result = v.safeParse(Environment, given);
  if (result.success) return result.output;
  throw badSetting(result.issues.map((issue) => `${issue.path?.[0]?.key} ${issue.message}`).join(" "));
}

/** An address that listens on all interfaces is reached on the loopback one. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function badSetting(message: string): AppError {
  return new AppError("BadSetting", message);
}

const streamName = "the id of a Postmark stream: a letter, then at most 29 small letters, digits, - and _";

function isStreamName(text: string): boolean {
  return /^[a-z][a-z0-9_-]{0,29}$/.test(text);
}

const secret = v.optional(v.pipe(v.string(), v.minLength(32, "must have 32 characters or more.")));

const Environment = v.object({
  PORT: wholeNumber(1, 65_535, 4000),
  SHARE_PORT: onOff,
  HOST: v.optional(v.string(), "127.0.0.1"),
  PUBLIC_URL: v.optional(baseUrl),
  DATABASE_URL: v.optional(
    url(["postgres:", "postgresql:"], "a URL such as postgres://user:password@host:5432/database"),
  ),
  DATABASE_POOL_SIZE: wholeNumber(2, 1000, 10),
  HOWDAH_DIR: v.optional(v.string(), ".howdah"),
  JWT_SECRET: secret,
  JWT_JWKS: v.optional(
    v.pipe(v.string(), v.check(isKeySet, must("the URL of a JWKS, or the JWKS itself as JSON"))),
  ),
  OIDC_ISSUER: v.optional(webUrl),
  OIDC_AUDIENCE: v.optional(v.string()),
  OIDC_PROVISION: onOff,
  GENERATED_SECRETS: onOff,
  POSTMARK_SERVER_TOKEN: v.optional(v.string()),
  POSTMARK_WEBHOOK_SECRET: secret,
  MAIL_FROM: v.optional(v.string(), "Howdah <howdah@localhost.localdomain>"),
  MAIL_STREAM: v.optional(v.pipe(v.string(), v.check(isStreamName, must(streamName))), "outbound"),
  MAIL_BROADCAST_STREAM: v.optional(v.pipe(v.string(), v.check(isStreamName, must(streamName))), "broadcast"),
  MAIL_UNSUBSCRIBE: v.optional(v.picklist(["own", "postmark"], must("own or postmark")), "own"),
  MAIL_TRACKING: onOff,
  MAILBOX: onOff,
  MAILBOX_PORT: wholeNumber(0, 65_535, 4025),
  MAILBOX_URL: v.optional(baseUrl),
  CORS_ORIGINS: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (list) => splitList(list).every(isOrigin),
        must("* or origins such as https://app.example,https://b.example"),
      ),
      v.transform(splitList),
    ),
    "",
  ),
  TRUST_PROXY: onOff,
  DEMO: onOff,
  REALTIME_CONNECTIONS: wholeNumber(1, 1_000_000, 10_000),
  REALTIME_CHANNELS: wholeNumber(1, 10_000, 100),
  REALTIME_JOINS: wholeNumber(1, 1_000_000, 1000),
  REALTIME_MESSAGES: wholeNumber(1, 1_000_000, 500),
  REALTIME_REST_MESSAGES: wholeNumber(1, 1_000_000, 1000),
  REALTIME_PRESENCE_CALLS: wholeNumber(1, 1_000_000, 30),
  REALTIME_PAYLOAD_BYTES: wholeNumber(1000, 100_000_000, 3_000_000),
  REALTIME_UNSENT_BYTES: wholeNumber(10_000, 1_000_000_000, 4_000_000),
  REALTIME_REPLAY_MESSAGES: wholeNumber(1, 100_000, 1000),
  REALTIME_LISTEN: onOff,
  GRAPHQL_INTROSPECTION: onOff,
  GRAPHQL_MAX_DEPTH: wholeNumber(1, 100, 12),
  GRAPHQL_MAX_COST: wholeNumber(1, 1_000_000_000, 50_000),
  PERSISTED_OPERATIONS: v.optional(v.string()),
  PERSISTED_ONLY: onOff,
  LOG_LEVEL: v.optional(v.picklist(logLevels, must(`one of ${logLevels.join(", ")}`)), "warn"),
  NODE_ENV: v.optional(
    v.picklist(["development", "production", "test"], must("development, production or test")),
    "development",
  ),
});

/** The names of all settings, for the test that keeps docs/settings.md and .env.example true. */
export const settingNames: readonly string[] = Object.keys(Environment.entries);
