import type { Duplex } from "node:stream";

/** A room of thousands must not hold up the others: so many sockets are written to before the event loop goes on. */
const socketsAtOnce = 256;
const copiedAtMost = 65_536;

/**
 * What goes to one socket. All that a turn of the event loop has for it goes out in one write at the turn's end: a system
 * call costs more than a message.
 */
export class Outbox {
  readonly #stream: Duplex;
  #messages: Buffer[] = [];
  #bytes = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Bytes that the client has not taken yet. */
  get unsentBytes(): number {
    return this.#bytes + this.#stream.writableLength;
  }

  /** Takes a whole websocket message. */
  push(message: Buffer): void {
    if (this.#messages.length === 0) atTurnsEnd(this);
    this.#messages.push(message);
    this.#bytes += message.length;
  }

  /** Writes now what waits; a close frame must not overtake it. */
  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    const bytes = this.#bytes;
    this.#messages = [];
    this.#bytes = 0;
    if (!this.#stream.writable) return;
    if (messages.length === 1 || bytes <= copiedAtMost) this.#write(messages, bytes);
    else {
      this.#stream.cork();
      for (const message of messages) this.#stream.write(message);
      this.#stream.uncork();
    }
  }

  #write(messages: Buffer[], bytes: number): void {
    this.#stream.write(messages.length === 1 ? messages[0] : Buffer.concat(messages, bytes));
  }
}

let waiting: Outbox[] = [];

function atTurnsEnd(outbox: Outbox): void {
  waiting.push(outbox);
  if (waiting.length === 1) setImmediate(flushSome);
}

/** An outbox may stand here with nothing to write any more, or twice; both do no harm. */
function flushSome(): void {
  const outboxes = waiting;
  waiting = outboxes.splice(socketsAtOnce);
  if (waiting.length > 0) setImmediate(flushSome);
  for (const outbox of outboxes) outbox.flush();
}
