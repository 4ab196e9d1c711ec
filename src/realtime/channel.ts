import { emit } from "#telemetry.ts";
import { type Admission, admit, canRead, permit } from "./admission.ts";
import { Attendance } from "./attendance.ts";
import type { Permissions } from "./authorization.ts";
import type { Framed } from "./broadcast.ts";
import type { Subscription } from "./changes/subscription.ts";
import { readRefused, reasonOf } from "./errors.ts";
import { Expiry } from "./expiry.ts";
import type { BroadcastPush } from "./protocol/binary.ts";
import type { Frame, Ref } from "./protocol/frame.ts";
import { fields, type JoinRequest, tokenIn } from "./protocol/payloads.ts";
import * as replies from "./protocol/replies.ts";
import { type Pushed, pushedBinary, pushedText } from "./pushed.ts";
import { replayed, replayOf } from "./replay.ts";
import { Sending } from "./sending.ts";
import type { Services } from "./services.ts";
import type { Socket } from "./socket.ts";
import type { Room } from "./topic.ts";
import { Tracking } from "./tracking.ts";

type Push = Pick<Frame, "joinRef" | "ref" | "topic">;

/** One topic joined by one socket. */
export class Channel {
  readonly topic: string;
  readonly joinRef: Ref;
  readonly room: Room;
  readonly #socket: Socket;
  readonly #services: Services;
  readonly #request: JoinRequest;
  readonly #attendance: Attendance;
  readonly #sending: Sending;
  readonly #changes: Subscription;
  readonly #expiry = new Expiry((secondsAgo) => this.#expire(secondsAgo));
  #presenceEnabled: boolean;
  #token: string;
  #sub: string | undefined;
  #permissions: Permissions;
  #held: { framed: Framed; seq: number | undefined }[] | undefined;
  #replayedTo = 0;
  #ended = false;

  private constructor(socket: Socket, services: Services, frame: Frame, admission: Admission) {
    this.#socket = socket;
    this.#services = services;
    this.topic = frame.topic;
    this.joinRef = frame.joinRef ?? frame.ref;
    this.room = admission.room;
    this.#request = admission.request;
    const { key } = admission.request.presence;
    this.#attendance = new Attendance(
      new Tracking(services.membership, admission.room, key, admission.claims.sub),
      {
        limits: services.limits,
        answer: (reply) => this.#send(reply),
        end: (message) => this.#shutDown(message),
      },
    );
    const { ack, self } = admission.request.broadcast;
    this.#sending = new Sending(services, {
      ...{ room: this.room, ack, except: self ? undefined : this },
      answer: (reply) => this.#send(reply),
    });
    this.#changes = admission.changes;
    this.#presenceEnabled = admission.request.presence.enabled;
    this.#token = admission.token;
    this.#sub = admission.claims.sub;
    this.#permissions = admission.permissions;
    this.#expiry.set(admission.claims.exp);
  }

  /** Answers a phx_join with ok and resolves when all that belongs to it is sent. Throws what is to be refused. */
  static async join(socket: Socket, services: Services, frame: Frame): Promise<void> {
    const admission = await admit(socket, services, frame);
    if (!socket.open) return admission.changes.end();
    const channel = new Channel(socket, services, frame, admission);
    socket.keep(channel);
    await channel.#enter(frame);
  }

  /** `seq` is that of a stored message. */
  deliver(framed: Framed, seq: number | undefined): void {
    if (!this.#permissions.readBroadcast) return;
    if (this.#held) this.#held.push({ framed, seq });
    else if (seq === undefined || seq > this.#replayedTo) {
      this.#socket.sendFramed(framed);
    }
  }

  /** Only where a state was sent or a member tracked: the client piles up diffs that no state came before. */
  deliverPresence(diff: Framed): void {
    if (this.#seesPresence()) this.#socket.sendFramed(diff);
  }

  /** Handles a push to the joined channel; a promise where later pushes of this topic have to wait. */
  receive(frame: Frame): Promise<void> | undefined {
    switch (frame.event) {
      case "broadcast":
        return this.#broadcast(frame, pushedText(frame.payload));
      case "presence":
        if (this.#attendance.push(frame, this.#permissions)) this.#presenceEnabled = true;
        return undefined;
      case "access_token":
        return this.#refresh(tokenIn(fields(frame.payload).access_token));
      default:
        return undefined;
    }
  }

  receiveBinary(push: BroadcastPush): Promise<void> | undefined {
    return this.#broadcast(push, pushedBinary(push));
  }

  /** Takes the channel out of its room; says nothing to the client. Of one that may come back, the others hear later. */
  end(reason: string, mayComeBack = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#expiry.stop();
    this.#services.rooms.leave(this);
    this.#changes.end();
    this.#attendance.leave(mayComeBack);
    emit("realtime:channel:left", { topic: this.room.name, private: this.room.private, reason });
  }

  /** Somebody may have lost the right to be here: `sub`, or anybody if that is undefined. */
  async recheck(sub: string | undefined): Promise<void> {
    if (sub === undefined || sub === this.#sub) await this.#admitWith(this.#token);
  }

  announceShutdown(): void {
    this.#send(replies.system(this.topic, this.joinRef, "ok", "Server requested disconnect"));
  }

  /** The client comes back by itself and joins anew. */
  crash(reason: string): void {
    this.#socket.forget(this, reason, true);
    this.#send(replies.crashed(this.topic, this.joinRef, reason));
  }

  async #enter(frame: Frame): Promise<void> {
    const replay = replayOf(this.#request, this.#services.limits.replayMessages);
    if (replay && this.#permissions.readBroadcast) this.#held = [];
    // Taken before the channel can hear a diff: what is in the state must not come again as a diff.
    const present = this.#seesPresence() ? this.#services.membership.state(this.room) : undefined;
    this.#services.rooms.enter(this);
    this.#send(replies.ok(frame, { postgres_changes: this.#changes.echo }));
    this.#changes.enter(this);
    if (present !== undefined) this.#sendPresenceState(present);
    if (this.#held && replay) await this.#replay(new Date(replay.since), replay.limit);
    if (this.#request.broadcast.replicationReady) {
      this.#send(replies.system(this.topic, this.joinRef, "ok", "Replication connection established"));
    }
    emit("realtime:channel:joined", { topic: this.room.name, private: this.room.private });
  }

  #seesPresence(): boolean {
    return this.#presenceEnabled && this.#permissions.readPresence;
  }

  #sendPresenceState(present: string): void {
    const head = { joinRef: this.joinRef, topic: this.topic, event: "presence_state" };
    this.#socket.sendJson(head, present);
  }

  /**
   * What arrives live meanwhile is held back, so that it comes after the stored messages. A stored message means
   * that the log was read up to it: the feed may still bring it, or an older one, and that is dropped.
   */
  async #replay(since: Date, limit: number): Promise<void> {
    try {
      for (const message of await this.#services.replay(this.room, since, limit)) {
        this.#replayedTo = Number(message.seq);
        this.#socket.sendBroadcast(this.topic, replayed(message));
      }
    } catch (error) {
      this.#send(replies.system(this.topic, this.joinRef, "error", reasonOf(error)));
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { framed, seq } of held) this.deliver(framed, seq);
  }

  #broadcast(push: Push, pushed: Pushed): Promise<void> | undefined {
    if (!this.#permissions.writeBroadcast) return undefined;
    if (this.#socket.mayMessage()) return this.#sending.send(push, pushed, this.#permissions);
    this.#shutDown("Too many messages per second");
    return undefined;
  }

  async #refresh(token: string | undefined): Promise<void> {
    if (token !== undefined && token !== this.#token) await this.#admitWith(token);
  }

  async #admitWith(token: string): Promise<void> {
    const renewed = token !== this.#token;
    try {
      const claims = await this.#services.verify(token);
      const permissions = await permit(this.#services, this.room, claims, this.#socket.headers);
      if (this.#ended) return;
      [this.#token, this.#sub, this.#permissions] = [token, claims.sub, permissions];
      this.#expiry.set(claims.exp);
      if (!canRead(permissions)) this.#shutDown(readRefused(this.room.name).text);
      else if (renewed) await this.#changes.renew(claims);
    } catch (error) {
      this.#failRefresh(error);
    }
  }

  /** A bad token is answered like an expired one: the client may have a better one by the time it rejoins. */
  #failRefresh(error: unknown): void {
    if (!this.#ended) this.#failToken(reasonOf(error));
  }

  #expire(secondsAgo: number): void {
    this.#failToken(`Token has expired ${secondsAgo} seconds ago`);
  }

  #failToken(reason: string): void {
    this.#send(replies.system(this.topic, this.joinRef, "error", reason));
    this.crash(reason);
  }

  /** For what a rejoin would not cure. */
  #shutDown(message: string): void {
    this.#send(replies.system(this.topic, this.joinRef, "error", message));
    this.#socket.forget(this, message);
    this.#send(replies.closed(this.topic, this.joinRef));
  }

  #send(reply: replies.Reply): void {
    this.#socket.send(reply);
  }
}
