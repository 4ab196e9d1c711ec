import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { AppError, codeOf } from "#errors.ts";
import { pause } from "#lib/pause.ts";
import { emit, type TelemetryEvent, type TelemetryEvents } from "#telemetry.ts";
import { identityAt } from "./identity.ts";
import type { MailboxOptions } from "./mailbox.ts";

export type ToMailbox = { type: "start"; options: MailboxOptions } | { type: "stop" };
export type FromMailbox =
  | { type: "ready"; url: string }
  | { type: "failed"; code: string; message: string }
  | { type: "event"; event: TelemetryEvent; payload: TelemetryEvents[TelemetryEvent] };

type Options = MailboxOptions & { port: number };

const entry = path.join(import.meta.dirname, "process.ts");
const stopWithinMs = 3000;
const handOverMs = 2000;

/** The mailbox in a process of its own, begun again when it ends by itself. */
export class MailboxChild implements AsyncDisposable {
  #options: Options;
  #child: ChildProcess | undefined;
  #stopped = false;
  /** Where it is, once it serves. Rejects with AppError `CannotListen` and others of startMailbox. */
  readonly url: Promise<string>;

  constructor(options: Options) {
    this.#options = options;
    this.url = this.#open();
    this.url.catch(() => {}); // whoever waits for it hears of it
  }

  /** 0 while it has none of its own. */
  get pid(): number {
    return this.#child?.exitCode === null ? (this.#child.pid ?? 0) : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.send({ type: "stop" } satisfies ToMailbox, () => {});
    const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
    await ended;
    clearTimeout(timer);
  }

  /** One of the same file that is there already is ours: of a killed app, and about to end, or of a start beside us. */
  async #open(): Promise<string> {
    try {
      return await this.#fork();
    } catch (error) {
      const url = `http://127.0.0.1:${this.#options.port}`;
      if (codeOf(error) !== "CannotListen") throw error;
      const gone = performance.now() + handOverMs;
      let there = await identityAt(url);
      if (there !== undefined && there !== this.#options.file) throw error;
      while (there !== undefined && performance.now() < gone) {
        await pause(100);
        there = await identityAt(url);
      }
      return there === undefined ? this.#fork() : url;
    }
  }

  #fork(): Promise<string> {
    const ready = Promise.withResolvers<string>();
    const child = fork(entry, { serialization: "advanced" });
    this.#child = child;
    child.on("message", (message: FromMailbox) => {
      if (message.type === "event") emit(message.event, message.payload as never);
      if (message.type === "failed") ready.reject(new AppError(message.code, message.message));
      if (message.type === "ready") this.#serve(child, message.url, ready.resolve);
    });
    const ended = () => ready.reject(new AppError("MailboxFailed", "The mailbox ended before it was ready."));
    child.once("exit", ended).once("error", ended);
    child.send({ type: "start", options: this.#options } satisfies ToMailbox, () => {});
    return ready.promise;
  }

  #serve(child: ChildProcess, url: string, resolve: (url: string) => void): void {
    this.#options = { ...this.#options, port: Number(new URL(url).port) };
    child.once("exit", (code, signal) => void this.#again(code, signal));
    resolve(url);
  }

  async #again(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.#stopped) return;
    emit("mailbox:ended", { code, signal });
    await pause(1000);
    if (!this.#stopped) await this.#open().catch((error) => emit("mailbox:lost", { error }));
  }
}
