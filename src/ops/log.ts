import pino, { type Logger } from "pino";
import type { LogLevel } from "#config.ts";
import { onTelemetry, type TelemetryEvent } from "#telemetry.ts";

/** Writes telemetry as JSON lines to standard error, from `level` up; the only logger. Returns what ends it. */
export function startLog(level: LogLevel): () => void {
  const logger = pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  );
  return onTelemetry((event, payload) => write(logger, event, payload));
}

function write(logger: Logger, event: TelemetryEvent, payload: object): void {
  const { error, ...facts } = payload as { error?: unknown };
  const line = error === undefined ? facts : { ...facts, err: error };
  logger[levelOf(event)](line, event);
}

/** Errors are told by their name; losing and regaining a connection is worth a line in production as well. */
function levelOf(event: TelemetryEvent): "error" | "warn" | "info" | "debug" {
  if (/:(error|failed|.*-failed)$/.test(event)) return event === "job:failed" ? "warn" : "error";
  if (/:(lost|restored|fenced|rescued|slow)$/.test(event)) return "warn";
  return /^(service|database):/.test(event) ? "info" : "debug";
}
