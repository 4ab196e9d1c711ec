import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { keep, kill, type Lifetime } from "../support/lifetime.ts";

type Api = Record<string, (...args: never[]) => unknown>;
type Answer = { id: number; value?: unknown; error?: string };

const patienceMs = 60_000;

/** A module in a process of its own, by its name in processes/ or its URL, and the functions that it serves. */
export class Remote<Served extends Api> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #lost: Promise<never>;
  #calls = 0;

  private constructor(script: string, child: ChildProcess) {
    this.#child = child;
    this.#lost = once(child, "exit").then(([code, signal]) => {
      throw new Error(`${script} ended: ${code ?? signal}`);
    });
    this.#lost.catch(() => {}); // whoever calls races it
    child.on("message", (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async fork<Served extends Api>(
    life: Lifetime,
    script: string | URL,
    options: object = {},
  ): Promise<Remote<Served>> {
    const module = new URL(typeof script === "string" ? `./processes/${script}` : script, import.meta.url);
    const child = fork(module, [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
      execArgv: ["--expose-gc"],
    });
    const remote = new Remote<Served>(`${script}`, keep(life, child));
    await remote.#soon(once(child, "message"), `the start of ${script}`);
    return remote;
  }

  /** Fails when the process has ended, or has not answered within a minute. */
  async call<Name extends keyof Served & string>(
    name: Name,
    ...args: Parameters<Served[Name]>
  ): Promise<Awaited<ReturnType<Served[Name]>>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#child.send({ id, name, args });
    const { value, error } = await this.#soon(promise, name);
    if (error !== undefined) throw new Error(error);
    return value as Awaited<ReturnType<Served[Name]>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await kill(this.#child);
  }

  #soon<T>(work: Promise<T>, what: string): Promise<T> {
    const over = new AbortController();
    const late = sleep(patienceMs, undefined, over).then(() => {
      throw new Error(`${what} took longer than ${patienceMs / 1000} s`);
    });
    late.catch(() => {});
    return Promise.race([work, this.#lost, late]).finally(() => over.abort());
  }
}
