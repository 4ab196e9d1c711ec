import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type FrameOptions = {
  fin?: boolean;
  masked?: boolean;
  /** The three bits that extensions may use. */
  reserved?: number;
  /** What the head says, whatever follows. */
  length?: bigint;
};

/** A websocket frame as a client sends it, or as it must not. */
export function wireFrame(opcode: number, payload: Buffer, options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, reserved = 0, length = BigInt(payload.length) } = options;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  if (length < 126n) head.push(mask | Number(length));
  else if (length < 65_536n) head.push(mask | 126, Number(length >> 8n), Number(length & 255n));
  else {
    head.push(mask | 127);
    for (let shift = 56n; shift >= 0n; shift -= 8n) head.push(Number((length >> shift) & 255n));
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const key = randomBytes(4);
  const body = Buffer.from(payload);
  for (let at = 0; at < body.length; at++) body[at] = (body[at] as number) ^ (key[at & 3] as number);
  return Buffer.concat([Buffer.from(head), key, body]);
}

/** A TCP connection that counts what comes and never fails. */
export class Wire {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** The end of what came. */
  #tail = "";
  #waiting: { text: string; found: () => void } | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (data) => this.#take(data.toString("latin1")));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  get isOpen(): boolean {
    return this.socket.writable && !this.socket.readableEnded;
  }

  /** Resolves once the relay has taken most of what was written, or is gone. */
  async write(bytes: Buffer | string): Promise<void> {
    if (!this.isOpen || this.socket.write(bytes)) return;
    await Promise.race([once(this.socket, "drain").catch(() => {}), this.gone]);
  }

  /** Resolves with the status of the answer; undefined when there is none. */
  async upgrade(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
    const answered = this.saw("\r\n\r\n");
    await this.write(upgradeRequest(path, headers));
    await answered;
    const status = /HTTP\/1\.1 (\d+)/.exec(this.#tail)?.[1];
    return status === undefined ? undefined : Number(status);
  }

  /** Resolves to true when the relay has hung up. */
  get gone(): Promise<boolean> {
    return Promise.race([this.closed, this.#ended()]).then(() => true);
  }

  /** True as soon as this text comes; false when the connection ends before. One at a time may wait. */
  saw(text: string): Promise<boolean> {
    const found = new Promise<boolean>((resolve) => {
      this.#waiting = { text, found: () => resolve(true) };
    });
    return Promise.race([found, this.gone.then(() => false)]);
  }

  #take(data: string): void {
    this.#tail = (this.#tail + data).slice(-Math.max(1000, data.length));
    if (this.#waiting && this.#tail.includes(this.#waiting.text)) this.#waiting.found();
  }

  #ended(): Promise<unknown> {
    return this.socket.readableEnded ? Promise.resolve() : once(this.socket, "end").catch(() => {});
  }
}

export function upgradeRequest(path: string, headers: Record<string, string> = {}): string {
  const all = {
    Host: "relay",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
