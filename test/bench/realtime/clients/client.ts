import { once } from "node:events";
import { WebSocket } from "ws";
import type { Dialect, Message } from "./dialect.ts";

/** One connected client that has joined one room. */
export class Client {
  readonly room: string;
  readonly #ws: WebSocket;
  readonly #dialect: Dialect;

  private constructor(ws: WebSocket, dialect: Dialect, room: string) {
    this.#ws = ws;
    this.#dialect = dialect;
    this.room = room;
  }

  static async open(
    dialect: Dialect,
    url: string,
    room: string,
    hear: (frame: Buffer) => void,
  ): Promise<Client> {
    const ws = new WebSocket(url, { perMessageDeflate: false });
    const joined = Promise.withResolvers<void>();
    const failed = (error: Error) => joined.reject(error);
    ws.on("error", failed);
    ws.on("close", (code) => failed(new Error(`A server closed a connection: ${code}`)));
    ws.on("message", (frame: Buffer, isBinary) => {
      if (dialect.isMessage(frame, isBinary)) hear(frame);
      else chat(frame.toString());
    });
    const chat = (text: string) => {
      const answer = dialect.answer(text);
      if (answer) ws.send(answer);
      else if (dialect.hello && dialect.greets(text)) ws.send(dialect.join(room));
      else if (dialect.hasJoined(text)) joined.resolve();
    };
    await Promise.race([once(ws, "open"), joined.promise]);
    ws.send(dialect.hello ?? dialect.join(room));
    await joined.promise;
    return new Client(ws, dialect, room);
  }

  say(message: Message): void {
    this.#ws.send(this.#dialect.say(this.room, message));
  }

  beat(): void {
    if (this.#dialect.heartbeat) this.#ws.send(this.#dialect.heartbeat);
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  close(): void {
    this.#ws.terminate();
  }
}
