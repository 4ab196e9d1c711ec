import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { keep, type Lifetime } from "../../bench/support/lifetime.ts";
import type { Breakage } from "./settings.ts";
import type { SenderPoint, StopOrder, Stopped } from "./stops.ts";
import { openWire, type Wire } from "./wire.ts";
import type { SenderSettings } from "./worker.ts";

export type CrewSettings = { databaseUrl: string; mailboxUrl: string; breakage: Breakage | undefined };

/** The exit of a sender that could not start because Postgres was away. */
const couldNotStart = 75;

/** One sending process, with a way to the mailbox of its own. */
export class Sender {
  readonly child: ChildProcess;
  readonly wire: Wire;
  readonly ready: Promise<unknown>;
  /** It is being killed by us: its end is no crash. */
  condemned = false;

  constructor(child: ChildProcess, wire: Wire) {
    this.child = child;
    this.wire = wire;
    this.ready = once(child, "message");
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when it stands there. */
  stopAt(point: SenderPoint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.child.on("message", ({ stoppedAt }: Partial<Stopped>) => {
      if (stoppedAt === point) resolve();
    });
    this.#order({ stopAt: point });
    return promise;
  }

  goOn(): void {
    this.#order({ stopAt: undefined });
  }

  #order(order: StopOrder): void {
    if (this.child.connected) this.child.send(order, () => {});
  }
}

/** The sending processes of a run; whoever dies is followed by another. */
export class Crew {
  readonly crashes: string[] = [];
  readonly #life: Lifetime;
  readonly #settings: CrewSettings;
  readonly #log: number;
  readonly #members = new Set<Sender>();
  #closing = false;

  constructor(life: Lifetime, settings: CrewSettings, logFile: string) {
    this.#life = life;
    this.#settings = settings;
    this.#log = openSync(logFile, "a");
    life.defer(() => {
      this.#closing = true;
    });
  }

  get members(): Sender[] {
    return [...this.#members];
  }

  async start(size: number): Promise<void> {
    const born = await Promise.all(Array.from({ length: size }, () => this.#open()));
    await Promise.all(born.map(({ ready }) => ready));
  }

  /** kill -9, and another in its place. */
  async kill(sender: Sender): Promise<void> {
    sender.condemned = true;
    this.#members.delete(sender);
    const dead = once(sender.child, "exit");
    sender.child.kill("SIGKILL");
    await dead;
    void this.#open();
  }

  async #open(): Promise<Sender> {
    const { databaseUrl, mailboxUrl, breakage } = this.#settings;
    const wire = this.#life.use(await openWire(mailboxUrl));
    const settings: SenderSettings = { databaseUrl, mailboxUrl: wire.url, breakage };
    const child = fork(new URL("./worker.ts", import.meta.url), [JSON.stringify(settings)], {
      stdio: ["ignore", "ignore", this.#log, "ipc"],
    });
    const sender = new Sender(keep(this.#life, child), wire);
    this.#members.add(sender);
    child.once("exit", (code, signal) => this.#ended(sender, code, signal));
    return sender;
  }

  #ended(sender: Sender, code: number | null, signal: NodeJS.Signals | null): void {
    if (sender.condemned || this.#closing) return;
    if (code !== couldNotStart) this.crashes.push(`sender ${sender.pid} ended by itself: ${code ?? signal}`);
    this.#members.delete(sender);
    setTimeout(() => {
      if (!this.#closing) void this.#open();
    }, 1000);
  }
}
