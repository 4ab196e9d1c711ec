import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { Allowance } from "#lib/allowance.ts";
import { emit } from "#telemetry.ts";
import { type Broadcast, type Framed, framedBroadcast } from "./broadcast.ts";
import { Channel } from "./channel.ts";
import { isRefusal, RealtimeError, reasonOf } from "./errors.ts";
import { isGoodbye } from "./goodbye.ts";
import type { Handshake } from "./handshake.ts";
import { Outbox } from "./outbox.ts";
import { type BroadcastPush, decodePush } from "./protocol/binary.ts";
import {
  decodeText,
  encodeJson,
  encodeText,
  type Frame,
  type Head,
  MalformedFrame,
  type Version,
} from "./protocol/frame.ts";
import * as replies from "./protocol/replies.ts";
import { textMessage } from "./protocol/websocket.ts";
import type { Services } from "./services.ts";
import { nameOfTopic } from "./topic.ts";
import { Turns } from "./turns.ts";

type Push = Frame | BroadcastPush;

/** A client joins all its channels in one moment, some of them twice; whoever goes on like that shuts the others out. */
const [joinsPerChannel, joinsMs] = [3, 10_000];

/** One connected client with its channels. */
export class Socket {
  readonly id = crypto.randomUUID();
  readonly version: Version;
  readonly headers: Record<string, string>;
  readonly apikey: string;
  readonly #ws: WebSocket;
  readonly #outbox: Outbox;
  readonly #services: Services;
  readonly #channels = new Map<string, Channel>();
  readonly #turns: Turns<Push>;
  readonly #messages: Allowance;
  readonly #joins: Allowance;
  #joining = 0;
  #heardAt = performance.now();
  #closing = false;
  /** Whether it was closed because its client reads too slowly. */
  slow = false;

  /** `stream` is what the websocket runs on. */
  constructor(ws: WebSocket, stream: Duplex, handshake: Handshake, services: Services) {
    this.version = handshake.version;
    this.headers = handshake.headers;
    this.apikey = handshake.apikey;
    this.#ws = ws;
    this.#outbox = new Outbox(stream);
    this.#services = services;
    this.#messages = new Allowance(services.limits.messagesPerSecond, 1000);
    this.#joins = new Allowance(services.limits.channelsPerConnection * joinsPerChannel, joinsMs);
    this.#turns = new Turns({
      handle: (push) => this.#guarded(push),
      most: services.limits.waitingBytes,
      tooMany: () => this.close(1008, "Too many messages while joining"),
    });
    ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    ws.on("error", (error) => emit("realtime:frame:malformed", { socket: this.id, error }));
    ws.on("close", (code, reason) => this.#closed(code, reason.toString()));
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  mayMessage(): boolean {
    return this.#messages.take();
  }

  send({ head, payload }: replies.Reply): void {
    this.#write(textMessage(encodeText(this.version, head, payload)));
  }

  sendJson(head: Head, payload: string): void {
    this.#write(textMessage(encodeJson(this.version, head, payload)));
  }

  sendFramed(framed: Framed): void {
    const message = framed.for(this.version);
    if (message) this.#write(message);
  }

  sendBroadcast(topic: string, broadcast: Broadcast): void {
    this.sendFramed(framedBroadcast(nameOfTopic(topic), broadcast));
  }

  announceShutdown(): void {
    for (const channel of this.#channels.values()) channel.announceShutdown();
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#outbox.flush();
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  keep(channel: Channel): void {
    this.#channels.set(channel.topic, channel);
  }

  forget(channel: Channel, reason: string, mayComeBack = false): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
    channel.end(reason, mayComeBack);
  }

  #write(message: Buffer): void {
    if (!this.open) return;
    if (this.#outbox.unsentBytes > this.#services.limits.unsentBytes) this.#giveUp();
    else this.#outbox.push(message);
  }

  /** The close frame queues up behind what the client does not read, so the end is forced a moment later. */
  #giveUp(): void {
    emit("realtime:socket:slow", { socket: this.id, unsentBytes: this.#outbox.unsentBytes });
    this.slow = true;
    this.close(1013, "The client reads too slowly");
    setTimeout(() => this.#ws.terminate(), 2000).unref();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heardAt = performance.now();
    if (!this.open) return;
    const bytes = data as Buffer;
    try {
      this.#turns.take(
        isBinary ? decodePush(bytes) : decodeText(bytes.toString(), this.version),
        bytes.length,
      );
    } catch (error) {
      emit("realtime:frame:malformed", { socket: this.id, error });
    }
  }

  /** The one place where a failing frame ends: it costs its sender an answer, never the process or a neighbour. */
  #guarded(push: Push): Promise<void> | undefined {
    try {
      return this.#route(push)?.catch((error: unknown) => this.#fail(push, error));
    } catch (error) {
      this.#fail(push, error);
      return undefined;
    }
  }

  #fail(push: Push, error: unknown): void {
    if (error instanceof MalformedFrame) {
      emit("realtime:frame:malformed", { socket: this.id, error });
      return;
    }
    if (!isRefusal(error)) emit("realtime:frame:failed", { socket: this.id, topic: push.topic, error });
    this.send(replies.refused(push, { reason: reasonOf(error) }));
  }

  #route(push: Push): Promise<void> | undefined {
    if ("encoding" in push) {
      return this.#joined(push).receiveBinary(push);
    }
    if (push.topic === "phoenix") return this.#heartbeat(push);
    if (push.event === "phx_join") return this.#join(push);
    if (push.event === "phx_leave") return this.#leave(push);
    return this.#joined(push).receive(push);
  }

  #heartbeat(frame: Frame): undefined {
    if (frame.event === "heartbeat") this.send(replies.ok(frame));
  }

  async #join(frame: Frame): Promise<void> {
    this.#endDuplicate(frame.topic);
    this.#joining += 1;
    try {
      this.#assertRoom();
      await Channel.join(this, this.#services, frame);
    } catch (error) {
      emit("realtime:channel:refused", { topic: frame.topic, reason: reasonOf(error) });
      throw error;
    } finally {
      this.#joining -= 1;
    }
  }

  #endDuplicate(topic: string): void {
    const old = this.#channels.get(topic);
    if (!old) return;
    this.forget(old, "joined again", true);
    this.send(replies.closed(topic, old.joinRef));
  }

  #assertRoom(): void {
    if (!this.#joins.take()) {
      setImmediate(() => this.close(1001, "Too many joins per second")); // behind the refusal
      throw new RealtimeError("ClientJoinRateLimitReached", "Too many joins per second");
    }
    if (!this.#services.mayJoin()) {
      throw new RealtimeError("ClientJoinRateLimitReached", "Too many joins per second");
    }
    if (this.#channels.size + this.#joining > this.#services.limits.channelsPerConnection) {
      throw new RealtimeError("ChannelRateLimitReached", "Too many channels");
    }
  }

  #leave(frame: Frame): undefined {
    const channel = this.#channels.get(frame.topic);
    this.send(replies.ok(frame));
    if (!channel) return;
    this.forget(channel, "left");
    this.send(replies.closed(channel.topic, channel.joinRef));
  }

  #joined(push: Push): Channel {
    const channel = this.#channels.get(push.topic);
    if (!channel) throw new RealtimeError(undefined, "unmatched topic");
    return channel;
  }

  #closed(code: number, reason: string): void {
    const mayComeBack = this.#closing || !isGoodbye(code, reason);
    for (const channel of this.#channels.values()) channel.end("socket closed", mayComeBack);
    this.#channels.clear();
    this.#turns.clear();
    emit("realtime:socket:closed", { socket: this.id, code, reason });
  }
}
