import { type ChildProcess, fork } from "node:child_process";
import { openSync } from "node:fs";
import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { keep, type Lifetime } from "../../bench/support/lifetime.ts";
import type { Report, WorkerSettings } from "./worker.ts";

export type Death = { pid: number; how: string; at: Date };

const stopWithinMs = 15_000;
/** The exit of a worker that could not start because Postgres was away. */
const couldNotStart = 75;

/** One worker process, as it reports itself. */
class Member {
  readonly child: ChildProcess;
  readonly ready = Promise.withResolvers<void>();
  serves = false;
  readonly exited = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  /** Jobs completed by queue since the last `forget`. */
  completed = new Map<string, number>();
  events = new Map<string, number>();
  /** It is being ended by us: its end is no crash. */
  condemned = false;

  constructor(child: ChildProcess) {
    this.child = child;
    child.on("message", (report: Report) => this.#hear(report));
    child.once("exit", (code, signal) => this.exited.resolve({ code, signal }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  #hear({ ready, completed = {}, events = {} }: Report): void {
    if (ready) this.serves = true;
    if (ready) this.ready.resolve();
    for (const [queue, jobs] of Object.entries(completed)) count(this.completed, queue, jobs);
    for (const [name, times] of Object.entries(events)) count(this.events, name, times);
  }
}

export type { Member };

/** The worker processes of a run; whoever dies is followed by another. */
export class Crew {
  readonly deaths: Death[] = [];
  /** Ends that nobody asked for, and ends that took too long. */
  readonly crashes: string[] = [];
  readonly #life: Lifetime;
  readonly #settings: WorkerSettings;
  readonly #log: number;
  readonly #members = new Set<Member>();
  readonly #all: Member[] = [];
  #closing = false;

  constructor(life: Lifetime, settings: WorkerSettings, logFile: string) {
    this.#life = life;
    this.#settings = settings;
    this.#log = openSync(logFile, "a");
  }

  get members(): Member[] {
    return [...this.#members];
  }

  get serving(): Member[] {
    return this.members.filter(({ serves }) => serves);
  }

  get started(): number {
    return this.#all.length;
  }

  async start(size: number): Promise<void> {
    for (let each = 0; each < size; each++) this.#open();
    await this.ready();
  }

  /** One more, with a way of its own to the database. */
  add(databaseUrl: string): void {
    this.#open(databaseUrl);
  }

  /** Resolves when all of them serve. */
  async ready(): Promise<void> {
    for (const member of this.members) await Promise.race([member.ready.promise, member.exited.promise]);
  }

  /** kill -9, and another in its place after a moment. */
  kill(member: Member): void {
    member.condemned = true;
    this.#members.delete(member);
    member.child.kill("SIGKILL");
    this.deaths.push({ pid: member.pid, how: "SIGKILL", at: new Date() });
    this.#follow(Math.random() * 500);
  }

  freeze(member: Member): void {
    member.child.kill("SIGSTOP");
    this.deaths.push({ pid: member.pid, how: "SIGSTOP", at: new Date() });
  }

  thaw(member: Member): void {
    member.child.kill("SIGCONT");
  }

  /** SIGTERM, waited for, and another in its place. */
  async replace(member: Member, how = "SIGTERM"): Promise<void> {
    this.#members.delete(member);
    this.#follow(0);
    await this.#stop(member, how);
  }

  async stop(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.members.map((member) => this.#stop(member, "SIGTERM")));
    this.#members.clear();
  }

  /** How often the event was emitted by all who were ever of the crew. */
  counted(event: string): number {
    return this.#all.reduce((sum, { events }) => sum + (events.get(event) ?? 0), 0);
  }

  #open(databaseUrl = this.#settings.databaseUrl): void {
    const script = new URL("./worker.ts", import.meta.url);
    const child = fork(script, [JSON.stringify({ ...this.#settings, databaseUrl })], {
      stdio: ["ignore", "ignore", this.#log, "ipc"],
    });
    const member = new Member(keep(this.#life, child));
    this.#members.add(member);
    this.#all.push(member);
    void member.exited.promise.then((end) => this.#ended(member, end));
  }

  #ended(member: Member, { code, signal }: { code: number | null; signal: NodeJS.Signals | null }): void {
    if (member.condemned) return;
    if (code !== couldNotStart) this.crashes.push(`process ${member.pid} ended by itself: ${code ?? signal}`);
    if (this.#members.delete(member)) this.#follow(1000);
  }

  #follow(ms: number): void {
    setTimeout(() => {
      if (!this.#closing && !this.#life.disposed) this.#open();
    }, ms);
  }

  async #stop(member: Member, how: string): Promise<void> {
    member.condemned = true;
    this.deaths.push({ pid: member.pid, how, at: new Date() });
    member.child.kill("SIGTERM");
    const end = await atMost(stopWithinMs, member.exited.promise);
    if (end?.code === 0 || end?.signal === "SIGTERM") return; // the latter: it was still starting
    this.crashes.push(
      `process ${member.pid} did not end well: ${end ? (end.code ?? end.signal) : "it hung"}`,
    );
    member.child.kill("SIGKILL");
    await pause(0);
  }
}

function count(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
