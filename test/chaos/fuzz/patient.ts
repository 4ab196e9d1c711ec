import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { keep, type Lifetime } from "../../bench/support/lifetime.ts";
import type { Health, RelaySettings } from "./relay.ts";

/** The relay process under attack. */
export class Patient {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  #asked = 0;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child.setMaxListeners(0);
    this.port = port;
    this.pid = child.pid ?? 0;
  }

  static async start(life: Lifetime, settings: RelaySettings, logFile: string): Promise<Patient> {
    const log = openSync(logFile, "a");
    const child = fork(new URL("./relay.ts", import.meta.url), [JSON.stringify(settings)], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "ignore", log, "ipc"],
    });
    keep(life, child);
    const exited = once(child, "exit").then(() => Promise.reject(new Error(`No relay: see ${logFile}.`)));
    const [port] = (await Promise.race([once(child, "message"), exited])) as [number];
    exited.catch(() => {}); // from now on `isAlive` tells
    return new Patient(child, port);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As it is after a collection of garbage. */
  examine(): Promise<Health> {
    return this.#ask(true);
  }

  look(): Promise<Health> {
    return this.#ask(false);
  }

  #ask(collects: boolean): Promise<Health> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const hear = (answer: { id: number; health: Health }) => {
        if (answer.id !== id) return;
        this.#child.off("message", hear);
        resolve(answer.health);
      };
      this.#child.on("message", hear);
      if (this.isAlive) this.#child.send({ id, collects });
      else reject(new Error("The relay has died."));
      this.#child.once("exit", () => reject(new Error("The relay has died.")));
    });
  }
}
