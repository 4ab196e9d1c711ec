import { pause } from "#lib/pause.ts";
import type { Socket } from "./socket.ts";

const sweepMs = 10_000;
const spreadMs = 1000;

/** The connected clients of a relay. */
export class Sockets {
  readonly #sockets = new Set<Socket>();
  readonly #idleMs: number;
  #slow = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** How many were closed because their clients read too slowly. */
  get slow(): number {
    return this.#slow;
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  delete(socket: Socket): void {
    this.#sockets.delete(socket);
    if (socket.slow) this.#slow += 1;
  }

  /** Spread over a second, because every client comes back exactly one second after its close. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const sockets = [...this.#sockets];
    const stepMs = Math.min(5, spreadMs / sockets.length);
    for (const socket of sockets) socket.announceShutdown();
    for (const [index, socket] of sockets.entries()) {
      socket.close(1012, "Service restart");
      if (index % 10 === 9) await pause(stepMs * 10);
    }
    while (this.#sockets.size > 0) await pause(10);
  }

  terminate(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #sweep(): void {
    for (const socket of this.#sockets) {
      const tooLongMs = socket.silentMs() - this.#idleMs;
      if (tooLongMs >= 0) socket.close(1000, "No heartbeat");
      if (tooLongMs > sweepMs) socket.terminate();
    }
  }
}
