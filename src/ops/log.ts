import pino from "pino";
import type { LogLevel } from "#config.ts";
import { onTelemetry, type TelemetryEvent } from "#telemetry.ts";

/** Writes telemetry as JSON lines to standard error, from `level` up; the only logger. Returns what ends it. */
export function startLog(level: LogLevel): () => void {
  const logger = pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  );
  return onTelemetry((event, payload) => {
    const { error, ...facts } = payload as { error?: unknown };
    logger[levels[event]](error === undefined ? facts : { ...facts, err: error }, event);
  });
}

/**
 * error: a person should look. warn: something healed itself or will be tried again. info: the life of the process.
 * debug: every single thing.
 */
const levels: Record<TelemetryEvent, "error" | "warn" | "info" | "debug"> = {
  "process:error": "error",
  "service:started": "info",
  "database:adopted": "info",
  "database:started": "info",
  "database:stopped": "info",
  "database:migrated": "info",
  "database:error": "warn",
  "listener:lost": "warn",
  "listener:restored": "warn",
  "http:error": "error",
  "graphql:error": "error",
  "job:started": "debug",
  "job:completed": "debug",
  "job:failed": "warn",
  "job:snoozed": "debug",
  "job:cancelled": "info",
  "job:skipped": "debug",
  "job:put-back": "debug",
  "job:fenced": "warn",
  "batch:finished": "info",
  "batch:cancelled": "info",
  "breaker:open": "warn",
  "breaker:half-open": "info",
  "breaker:closed": "info",
  "queue:paused": "info",
  "queue:resumed": "info",
  "worker:serving": "debug",
  "worker:ended": "warn",
  "worker:rescued": "warn",
  "worker:buried": "warn",
  "worker:released-lost": "warn",
  "worker:error": "error",
  "schedule:ticked": "debug",
  "schedule:skipped": "warn",
  "schedule:failed": "error",
  "schedule:error": "warn",
  "supervisor:started": "info",
  "supervisor:scaled": "info",
  "supervisor:restarted": "warn",
  "supervisor:killed": "error",
  "supervisor:error": "error",
  "mail:flushed": "debug",
  "mail:stopped": "error",
  "mail:duplicated": "error",
  "mail:looked-up": "info",
  "mail:look-up-failed": "warn",
  "mail:swept": "info",
  "mail:sweep-failed": "warn",
  "mailbox:unknown-path": "warn",
  "mailbox:failed": "error",
  "mailbox:ended": "warn",
  "mailbox:lost": "error",
  "realtime:socket:open": "debug",
  "realtime:socket:closed": "debug",
  "realtime:socket:refused": "info",
  "realtime:socket:slow": "warn",
  "realtime:frame:malformed": "info",
  "realtime:frame:failed": "error",
  "realtime:channel:joined": "debug",
  "realtime:channel:refused": "info",
  "realtime:channel:left": "debug",
  "realtime:policy:failed": "error",
  "realtime:authorization:failed": "error",
  "realtime:message:failed": "error",
  "realtime:listen:unavailable": "warn",
  "realtime:persist:failed": "error",
  "realtime:feed:read": "debug",
  "realtime:feed:failed": "warn",
  "realtime:feed:epoch": "warn",
  "realtime:changes:watched": "info",
  "realtime:changes:unwatched": "info",
  "realtime:changes:slow": "warn",
  "realtime:changes:refused": "error",
  "realtime:changes:failed": "warn",
  "realtime:gossip:failed": "warn",
  "realtime:gossip:dropped": "warn",
  "realtime:presence:published": "debug",
  "realtime:relay:entered": "info",
  "realtime:relay:beat": "debug",
  "realtime:relay:buried": "info",
  "realtime:relay:beat-failed": "warn",
  "realtime:relay:read-failed": "warn",
};
