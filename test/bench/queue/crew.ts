import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { keep, kill, type Lifetime } from "../support/lifetime.ts";

/** What the processes that work tell: each its own count, with the moments of its first and its last start of a job. */
export type Told = {
  ready?: true;
  count?: number;
  first?: number;
  last?: number;
  probe?: number;
  at?: number;
};

const patienceMs = 30_000;

type Tally = { count: number; first: number; last: number };

/** The working processes of a contestant, seen from the bench. */
export class Crew implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];
  readonly #tallies = new Map<ChildProcess, Tally>();
  readonly #probes = new Map<number, (at: number) => void>();
  readonly #ready: Promise<unknown>[] = [];
  readonly #lost = Promise.withResolvers<never>();

  constructor() {
    this.#lost.promise.catch(() => {}); // whoever waits races it
  }

  /** A module of workers/ in a process of its own, which gets `options` and answers over IPC. */
  static async fork(life: Lifetime, script: string, options: object): Promise<Crew> {
    const crew = new Crew();
    const module = new URL(`./workers/${script}`, import.meta.url);
    const child = fork(module, [JSON.stringify(options)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    crew.#add(keep(life, child), (hear) => child.on("message", hear));
    return crew.#start();
  }

  /** `size` processes of another program; each answers in lines of JSON, and begins when it gets a line. */
  static async spawn(life: Lifetime, size: number, command: string[], env: NodeJS.ProcessEnv): Promise<Crew> {
    const crew = new Crew();
    const [program = "", ...args] = command;
    for (let each = 0; each < size; each++) {
      const child = keep(life, spawn(program, args, { env, stdio: ["pipe", "pipe", "inherit"] }));
      const lines = createInterface(child.stdout);
      crew.#add(child, (hear) => lines.on("line", (line) => hear(JSON.parse(line))));
    }
    await crew.#start();
    for (const child of crew.#children) child.stdin?.write("begin\n");
    return crew;
  }

  /** How many jobs were started, not counting probes. */
  get started(): number {
    return [...this.#tallies.values()].reduce((sum, { count }) => sum + count, 0);
  }

  get firstStart(): number {
    return Math.min(...[...this.#tallies.values()].map(({ first }) => first));
  }

  get lastStart(): number {
    return Math.max(...[...this.#tallies.values()].map(({ last }) => last));
  }

  /** When the probe of that id was started. */
  pickedUp(id: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#probes.set(id, resolve);
    return this.#soon(promise, "the probe");
  }

  /** Waits until so many jobs were started. */
  async busy(jobs: number): Promise<void> {
    const over = new AbortController();
    const wait = async () => {
      while (this.started < jobs && !over.signal.aborted) await sleep(10);
    };
    await this.#soon(wait(), "the backlog").finally(() => over.abort());
  }

  /** Waits at most until a process of the crew is lost. */
  alive<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#lost.promise]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(stop));
  }

  async #soon<T>(work: Promise<T>, what: string): Promise<T> {
    const over = new AbortController();
    const late = sleep(patienceMs, undefined, over).then(() => {
      throw new Error(`No worker started ${what} within ${patienceMs / 1000} s.`);
    });
    return this.alive(Promise.race([work, late])).finally(() => over.abort());
  }

  #add(child: ChildProcess, listen: (hear: (told: unknown) => void) => void): void {
    this.#children.push(child);
    child.once("exit", (code, signal) =>
      this.#lost.reject(new Error(`A worker process ended: ${code ?? signal}`)),
    );
    const ready = Promise.withResolvers<void>();
    this.#ready.push(ready.promise);
    listen((told) => this.#hear(child, told as Told, ready.resolve));
  }

  async #start(): Promise<this> {
    await this.alive(Promise.all(this.#ready));
    return this;
  }

  #hear(child: ChildProcess, told: Told, ready: () => void): void {
    if (told.ready) ready();
    if (told.count !== undefined)
      this.#tallies.set(child, { count: told.count, first: told.first ?? 0, last: told.last ?? 0 });
    if (told.probe === undefined) return;
    this.#probes.get(told.probe)?.(told.at ?? Number.NaN);
    this.#probes.delete(told.probe);
  }
}

/** A worker that does not end in time is killed: what it leaves behind is cleared anyway. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.connected ? child.send("stop") : child.kill("SIGTERM");
  await Promise.race([exited, sleep(3000, undefined, { ref: false })]);
  await kill(child);
}
