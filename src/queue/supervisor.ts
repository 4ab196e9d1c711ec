import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { type Bounds, type Fleet, type Load, nextSize, wantedProcesses } from "#queue/scaling.ts";
import { Seat } from "#queue/seat.ts";
import type { WorkerProcess } from "#queue/worker-process.ts";
import { emit } from "#telemetry.ts";

const lookMs = 1000;
const nextAfterMs = 1000;

export type SupervisorOptions = Bounds & {
  name: string;
  /** Slots of each process. */
  slots: number;
  /** Starts a process. */
  open: () => WorkerProcess;
  /** What waits, and the slots of others that work on it. */
  look: () => Promise<{ loads: Load[]; otherSlots: number }>;
  /** A process whose event loop is silent for so long is killed; the jobs it holds are rescued. */
  silentMs?: number;
  /** At a stop, a process that has not ended after so long is killed. */
  stopWithinMs?: number;
};

/** Keeps worker processes alive, as many of them between min and max as what waits asks for. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #seats: Seat[] = [];
  readonly #processes = new Set<WorkerProcess>();
  readonly #stopping = new AbortController();
  readonly #moments = { changedAt: 0, neededAt: 0 };
  #life: Promise<void> = Promise.resolve();
  #restarting: Promise<void> = Promise.resolve();
  #blind = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves when the least number of processes serves; throws AppError when the first one cannot start. */
  async start(): Promise<void> {
    const { name, min, max } = this.#options;
    const first = this.#sit();
    await first.process.ready.catch((error: unknown) => {
      first.close();
      throw error;
    });
    await this.#resize(min);
    emit("supervisor:started", { supervisor: name, min, max });
    this.#life = this.#live();
  }

  get processes(): number {
    return this.#seats.length;
  }

  /** Jobs that run in all of them, those that drain included. */
  get running(): number {
    return [...this.#processes].reduce((sum, { running }) => sum + running, 0);
  }

  /** Replaces every process by a fresh one, one after another. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#roll());
    return this.#restarting;
  }

  /** Stops all processes and waits for their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const seat of this.#seats) seat.close();
    for (const process of this.#processes) process.tell({ type: "stop" });
    const all = Promise.all([...this.#processes].map(({ ended }) => ended));
    if (!(await atMost(this.#options.stopWithinMs ?? 9000, all)))
      for (const process of this.#processes) this.#kill(process, "slow");
    await all;
    await Promise.all([this.#life, this.#restarting]);
  }

  async #live(): Promise<void> {
    this.#moments.changedAt = this.#moments.neededAt = performance.now();
    await Promise.all([
      this.#everySecond((sinceMs) => this.#killSilent(sinceMs > 5 * lookMs)),
      this.#everySecond(() => this.#scale().catch((error: unknown) => this.#notSeen(error))),
    ]);
  }

  async #everySecond(act: (sinceMs: number) => unknown): Promise<void> {
    const { signal } = this.#stopping;
    for (let since = performance.now(); ; since = performance.now()) {
      await pause(lookMs, signal);
      if (signal.aborted) return;
      await act(performance.now() - since);
    }
  }

  /** When this process was itself stopped for a while, what the others said meanwhile is still to be read. */
  #killSilent(wasStopped: boolean): void {
    for (const process of this.#processes) {
      if (wasStopped) process.hear();
      if (process.silentMs > (this.#options.silentMs ?? 20_000)) this.#kill(process, "silent");
    }
  }

  async #scale(): Promise<void> {
    const { loads, otherSlots } = await this.#options.look();
    this.#blind = false;
    const { slots, name } = this.#options;
    const from = this.#seats.length;
    const running = this.#seats.reduce((sum, { process }) => sum + process.running, 0);
    const fleet: Fleet = { processes: from, slots, running, otherSlots };
    const wanted = wantedProcesses(loads, fleet, this.#options);
    const now = performance.now();
    if (wanted >= from) this.#moments.neededAt = now;
    const to = nextSize(wanted, from, this.#options, this.#moments, now);
    if (to === from || this.#stopping.signal.aborted) return;
    this.#moments.changedAt = now;
    emit("supervisor:scaled", { supervisor: name, from, to, wanted });
    await this.#resize(to);
  }

  /** While the database cannot be asked, the fleet stays as it is. */
  #notSeen(error: unknown): void {
    if (!this.#blind) emit("supervisor:error", { supervisor: this.#options.name, error });
    this.#blind = true;
  }

  /** One after another, so that a start does not take the machine from those that work. */
  async #resize(to: number): Promise<void> {
    while (this.#seats.length > to) this.#seats.pop()?.close();
    while (this.#seats.length < to && !this.#stopping.signal.aborted)
      await atMost(nextAfterMs, this.#sit().process.ready).catch(() => {}); // its seat tries again
  }

  #sit(): Seat {
    const seat = new Seat(this.#options.name, () => this.#open());
    this.#seats.push(seat);
    return seat;
  }

  #open(): WorkerProcess {
    const process = this.#options.open();
    this.#processes.add(process);
    process.ended.then(() => this.#processes.delete(process));
    return process;
  }

  async #roll(): Promise<void> {
    for (const seat of [...this.#seats]) {
      if (this.#stopping.signal.aborted || !this.#seats.includes(seat)) continue;
      try {
        await seat.replace();
      } catch (error) {
        return this.#notReplaced(error);
      }
    }
  }

  /** What cannot start must not take the place of what works. */
  #notReplaced(error: unknown): void {
    if (!this.#stopping.signal.aborted) emit("supervisor:error", { supervisor: this.#options.name, error });
  }

  #kill(process: WorkerProcess, reason: "silent" | "slow"): void {
    emit("supervisor:killed", { supervisor: this.#options.name, pid: process.pid, reason });
    process.kill();
  }
}
