import { EventEmitter } from "node:events";

/** One attempt of a job; `attempt` counts from 1. */
export type JobEvent = { id: string; uuid: string; task: string; queue: string; attempt: number };

/** Every telemetry event with its payload. Engines emit; only src/ops listens. */
export interface TelemetryEvents {
  "process:error": { error: unknown };
  "service:started": { service: string; ms: number };
  "database:adopted": { port: number };
  "database:started": { port: number; ms: number };
  "database:stopped": { ms: number };
  "database:migrated": { migrations: number; logic: boolean; ms: number };
  "database:error": { pool: string; error: unknown };
  "listener:lost": { name: string; error: unknown };
  "listener:restored": { name: string; ms: number };
  "http:error": { method: string; path: string; error: unknown };
  "graphql:error": { reference: string; error: unknown };
  "job:started": JobEvent & { waitedMs: number };
  "job:completed": JobEvent & { ms: number };
  "job:failed": JobEvent & { final: boolean; error: unknown };
  "job:snoozed": JobEvent & { seconds: number };
  "job:cancelled": JobEvent;
  "job:skipped": JobEvent;
  "job:put-back": JobEvent;
  "job:fenced": JobEvent;
  "batch:finished": { batch: string };
  "batch:cancelled": { batch: string };
  "breaker:open": { key: string };
  "breaker:half-open": { key: string };
  "breaker:closed": { key: string };
  "queue:paused": { queue: string };
  "queue:resumed": { queue: string };
  "worker:serving": { queue: string; worker: string };
  "worker:ended": { queue: string; worker: string };
  "worker:rescued": { process: string; hostname: string; pid: number; jobs: number; failed: number };
  "worker:buried": { process: string };
  "worker:released-lost": { queue: string; jobs: number };
  "worker:error": { error: unknown };
  "schedule:ticked": { name: string; task: string; tick: Date; jobs: number; lateMs: number };
  "schedule:skipped": { name: string; task: string; tick: Date; lateMs: number };
  "schedule:failed": { name: string; task: string; error: string };
  "schedule:error": { error: unknown };
  "supervisor:started": { supervisor: string; min: number; max: number };
  "supervisor:scaled": { supervisor: string; from: number; to: number; wanted: number };
  "supervisor:restarted": {
    supervisor: string;
    pid: number;
    reason: string;
    code?: number | null;
    signal?: string | null;
  };
  "supervisor:killed": { supervisor: string; pid: number; reason: "silent" | "slow" };
  "supervisor:error": { supervisor: string; error: unknown };
  "mail:flushed": { stream: string; accepted: number; refused: number; notSent: number; unknown: number };
  "mail:stopped": { stream: string; code: number | string; reason: string };
  "mail:resting": { stream: string; until: Date; reason: string };
  "mail:duplicated": { letter: string };
  "mail:looked-up": { stream: string; batch: string; letters: number; found: number };
  "mail:look-up-failed": { stream: string; batch: string; error: unknown };
  "mail:call-refused": { reason: string };
  "mail:call-not-stored": { error: unknown };
  "mail:heard": { calls: number };
  "mail:heard-odd": { calls: number };
  "mail:asked": { letters: number; events: number; suppressed: number; lifted: number };
  "mail:webhooks-registered": { url: string };
  "mail:webhooks-not-registered": { url: string; error: unknown };
  "mail:rejected": { letter: string; type: string; details?: string };
  "mail:swept": { leasesLost: number; expired: number };
  "mail:sweep-failed": { error: unknown };
  "mail:unhealthy": { stream: string; state: "warning" | "alarm"; reason: string };
  "mail:healthy": { stream: string };
  "mail:campaign-alert": { campaign: string; state: string; reason: string };
  "mailbox:unknown-path": { method: string; path: string };
  "mailbox:failed": { method: string; path: string; error: unknown };
  "mailbox:ended": { code: number | null; signal: string | null };
  "mailbox:lost": { error: unknown };
  "realtime:socket:open": { socket: string; version: string };
  "realtime:socket:closed": { socket: string; code: number; reason: string };
  "realtime:socket:refused": { error: unknown };
  "realtime:socket:slow": { socket: string; unsentBytes: number };
  "realtime:frame:malformed": { socket: string; error: unknown };
  "realtime:frame:failed": { socket: string; topic: string; error: unknown };
  "realtime:channel:joined": { topic: string; private: boolean };
  "realtime:channel:refused": { topic: string; reason: string };
  "realtime:channel:left": { topic: string; private: boolean; reason: string };
  "realtime:policy:failed": { topic: string; reason: string };
  "realtime:authorization:failed": { topic: string; error: unknown };
  "realtime:message:failed": { id: string; error: unknown };
  "realtime:listen:unavailable": { waitedMs: number };
  "realtime:persist:failed": { topic: string; error: unknown };
  "realtime:feed:read": { feed: string; messages: number; woken: boolean; ms: number };
  "realtime:feed:failed": { feed: string; error: unknown };
  "realtime:feed:epoch": { before: string; after: string };
  "realtime:changes:watched": { relation: number };
  "realtime:changes:unwatched": { relation: number };
  "realtime:changes:slow": { relation: number; viewers: number; error: unknown };
  "realtime:changes:refused": { role: string; reason: string };
  "realtime:changes:failed": { error: unknown };
  "realtime:gossip:failed": { error: unknown };
  "realtime:gossip:dropped": { broadcasts: number; error: unknown };
  "realtime:presence:published": { joins: number; leaves: number; held: number; notifications: number };
  "realtime:relay:entered": { relay: string; others: number };
  "realtime:relay:beat": { relay: string; ms: number; others: number; stats: object };
  "realtime:relay:buried": { relay: string; members: number };
  "realtime:relay:beat-failed": { error: unknown };
  "realtime:relay:read-failed": { error: unknown };
}

export type TelemetryEvent = keyof TelemetryEvents;

const bus = new EventEmitter().setMaxListeners(0);

export function emit<E extends TelemetryEvent>(event: E, payload: TelemetryEvents[E]): void {
  bus.emit("*", event, payload);
}

/** Calls `listen` for every telemetry event; returns the function that ends it. */
export function onTelemetry(
  listen: <E extends TelemetryEvent>(event: E, payload: TelemetryEvents[E]) => void,
): () => void {
  bus.on("*", listen);
  return () => bus.off("*", listen);
}
