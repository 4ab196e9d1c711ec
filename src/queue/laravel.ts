import { randomUUID } from "node:crypto";
import type pg from "pg";
import { isObject } from "#lib/is-object.ts";
import { PhpObject, type PhpValue, unserialize } from "#lib/php-serialized.ts";
import { plain } from "#queue/laravel-values.ts";

/** What a class job of Laravel asks for, in our words. */
export type LaravelJob = {
  /** Its class, which a task has among its aliases. */
  task: string;
  data: unknown;
  batchId?: string;
  /** The next job of its chain, which is pushed when this one has run. */
  next?: LaravelLink;
  /** Why this job cannot be run here; it fails with that. */
  problem?: string;
};

export type LaravelLink = { queue: string; payload: string; delaySeconds: number };

/** Reads a class job of Laravel; undefined if the payload is none. Laravel's string jobs are envelopes like ours. */
export function readLaravelJob(payload: unknown): LaravelJob | undefined {
  if (!isObject(payload) || payload.job !== classJobHandler) return undefined;
  const data = isObject(payload.data) ? payload.data : {};
  const task = typeof data.commandName === "string" ? data.commandName : String(payload.displayName);
  try {
    return { task, ...readCommand(data) };
  } catch (error) {
    return { task, data: {}, problem: `${task} cannot be read: ${(error as Error).message}` };
  }
}

/** Puts the next job of a chain on its queue; in the transaction that completes the one before it, or it comes twice. */
export async function pushLink(client: pg.ClientBase, link: LaravelLink): Promise<void> {
  const { payload, queue, delaySeconds } = link;
  await client.query("select laravel.push_raw($1, $2, make_interval(secs => $3))", [
    payload,
    queue,
    delaySeconds,
  ]);
}

const classJobHandler = "Illuminate\\Queue\\CallQueuedHandler@call";

function readCommand({ command, batchId }: Record<string, unknown>): Omit<LaravelJob, "task"> {
  if (typeof command !== "string") throw new Error("its payload has no data.command.");
  if (!command.startsWith("O:"))
    throw new Error("it is encrypted with the app's APP_KEY, so only a worker of Laravel can run it.");
  const object = unserialize(command);
  if (!(object instanceof PhpObject)) throw new Error("its data.command is no object.");
  const batch = batchId ?? object.properties.get("batchId");
  const next = nextOf(object);
  return {
    data: dataOf(object),
    ...(typeof batch === "string" && { batchId: batch }),
    ...(next && { next }),
  };
}

function dataOf({ properties }: PhpObject): Record<string, unknown> {
  const own = [...properties].filter(([name]) => !boilerplate.has(name));
  return Object.fromEntries(own.map(([name, value]) => [name, plain(value)]));
}

/** Properties of Laravel's traits, and those by which a class sets the options of its queue. */
const boilerplate = new Set(
  `job connection queue delay afterCommit middleware chained chainConnection chainQueue chainCatchCallbacks batchId
  fakeBatch messageGroup deduplicator tries maxExceptions backoff timeout failOnTimeout retryUntil uniqueFor
  deleteWhenMissingModels shouldBeEncrypted`.split(/\s+/),
);

/** Laravel keeps the rest of a chain in the job before it, and hands it on when that has run. */
function nextOf({ properties, sources }: PhpObject): LaravelLink | undefined {
  const links = plain(properties.get("chained") ?? null);
  if (!Array.isArray(links) || links.length === 0) return undefined;
  const [command, ...rest] = links.map(String) as [string, ...string[]];
  const next = unserialize(command);
  if (!(next instanceof PhpObject)) throw new Error("the next job of its chain is no object.");
  const inherited = ["chainConnection", "chainQueue", "chainCatchCallbacks"].flatMap((name) => {
    const source = sources.get(name);
    return source && source !== "N;" ? [[name, source] as const] : [];
  });
  return {
    queue: textOf(next, "queue") ?? textOf({ properties }, "chainQueue") ?? "default",
    delaySeconds: delayOf(next.properties.get("delay") ?? null),
    payload: payloadOf(next, withProperties(command, [["chained", serializedTexts(rest)], ...inherited])),
  };
}

/** As PHP's unserialize() takes the last of two properties of one name, none has to be looked for. */
function withProperties(command: string, added: (readonly [name: string, source: string])[]): string {
  const [head, start, count] = /^(O:\d+:"[^"]+":)(\d+):\{/.exec(command) ?? [];
  if (head === undefined || start === undefined) throw new Error("the next job of its chain cannot be read.");
  const more = added.map(([name, source]) => serializedText(name) + source).join("");
  return `${start}${Number(count) + added.length}:{${command.slice(head.length, -1)}${more}}`;
}

function serializedTexts(texts: string[]): string {
  return `a:${texts.length}:{${texts.map((text, n) => `i:${n};${serializedText(text)}`).join("")}}`;
}

const serializedText = (text: string) => `s:${Buffer.byteLength(text)}:"${text}";`;

/** The payload that Laravel makes of a class job. A class that sets no tries has those of its queue. */
function payloadOf(next: PhpObject, command: string): string {
  const { className: commandName } = next;
  const { tries, maxExceptions, failOnTimeout, backoff, timeout } = Object.fromEntries(
    [...next.properties].map(([name, value]) => [name, boilerplate.has(name) ? plain(value) : null]),
  );
  return JSON.stringify({
    uuid: randomUUID(),
    displayName: commandName,
    job: classJobHandler,
    maxTries: tries ?? null,
    maxExceptions: maxExceptions ?? null,
    failOnTimeout: failOnTimeout ?? false,
    backoff: Array.isArray(backoff) ? backoff.join(",") : (backoff ?? null),
    timeout: timeout ?? null,
    data: { commandName, command, batchId: textOf(next, "batchId") },
  });
}

function textOf({ properties }: Pick<PhpObject, "properties">, name: string): string | undefined {
  const value = properties.get(name);
  return typeof value === "string" ? value : undefined;
}

/** Seconds, or a moment. */
function delayOf(delay: PhpValue): number {
  if (typeof delay === "number") return delay;
  const moment = Date.parse(String(plain(delay)));
  return Number.isNaN(moment) ? 0 : Math.max(0, Math.ceil((moment - Date.now()) / 1000));
}
