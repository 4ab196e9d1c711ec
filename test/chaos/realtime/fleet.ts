import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { freePort } from "#lib/free-port.ts";
import { pause } from "#lib/pause.ts";
import { keep, type Lifetime } from "../../bench/support/lifetime.ts";
import type { RelaySettings } from "./relay.ts";

const compileCache = path.join(os.tmpdir(), "howdah-chaos-compiled");
const couldNotStart = 75; // as relay.ts says; importing it would start one

/** Relay processes on ports that stay theirs; whoever is killed is started again there. */
export class Fleet {
  readonly ports: number[] = [];
  kills = 0;
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];
  readonly #life: Lifetime;
  readonly #settings: Omit<RelaySettings, "port">;
  readonly #logFile: string;
  readonly #log: number;
  readonly #serving = new Map<number, ChildProcess>();

  constructor(life: Lifetime, settings: Omit<RelaySettings, "port">, logFile: string) {
    this.#life = life;
    this.#settings = settings;
    this.#logFile = logFile;
    this.#log = openSync(logFile, "a");
  }

  /** Where a relay serves now. */
  get open(): number[] {
    return [...this.#serving.keys()];
  }

  async start(relays: number): Promise<void> {
    for (let each = 0; each < relays; each++) this.ports.push(await freePort());
    await Promise.all(this.ports.map((port) => this.#open(port)));
    if (this.open.length < relays) throw new Error(`A relay does not start: ${this.#logFile} says why.`);
  }

  /** kill -9 of one that serves; another one follows at once. */
  kill(): void {
    const port = oneOf(this.open);
    if (port === undefined) return;
    this.#serving.get(port)?.kill("SIGKILL");
    this.#serving.delete(port);
    this.kills++;
  }

  async #open(port: number): Promise<void> {
    const script = new URL("./relay.ts", import.meta.url);
    const child = fork(script, [JSON.stringify({ ...this.#settings, port })], {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache }, // starts cost more than what they serve otherwise
      stdio: ["ignore", "ignore", this.#log, "ipc"],
    });
    keep(this.#life, child);
    const exited = once(child, "exit");
    void exited.then(([code]) => this.#ended(port, child, code));
    await Promise.race([once(child, "message"), exited]);
    if (child.exitCode === null && child.signalCode === null) this.#serving.set(port, child);
  }

  async #ended(port: number, { pid }: ChildProcess, code: number | null): Promise<void> {
    if (this.#life.disposed) return;
    if (code !== null && code !== couldNotStart)
      this.crashes.push(`relay process ${pid} ended by itself: ${code}`);
    this.#serving.delete(port);
    await pause(code === null ? 0 : 200);
    if (!this.#life.disposed) await this.#open(port);
  }
}

function oneOf<T>(values: readonly T[]): T | undefined {
  return values[Math.floor(Math.random() * values.length)];
}
