import { emit } from "#telemetry.ts";
import type { Permissions } from "./authorization.ts";
import type { Channel } from "./channel.ts";
import type { Keepable } from "./keep.ts";
import type { Frame } from "./protocol/frame.ts";
import * as replies from "./protocol/replies.ts";
import type { Pushed } from "./pushed.ts";
import type { Services } from "./services.ts";
import type { Room } from "./topic.ts";

type Push = Pick<Frame, "joinRef" | "ref" | "topic">;

type Options = {
  room: Room;
  ack: boolean;
  /** Where it does not go back to. */
  except: Channel | undefined;
  answer: (reply: replies.Reply) => void;
};

/** Carries out the broadcasts that the client of one channel pushes. */
export class Sending {
  readonly #services: Services;
  readonly #options: Options;

  constructor(services: Services, options: Options) {
    this.#services = services;
    this.#options = options;
  }

  /** A promise where later pushes have to wait. */
  send(push: Push, pushed: Pushed, { writePersistence }: Permissions): Promise<void> | undefined {
    const { room, except } = this.#options;
    const { broadcast, bytes, persist } = pushed;
    if (bytes > this.#services.limits.payloadBytes) this.#refuse(push, "payload_size_exceeded");
    else if (!persist || broadcast.form !== "framed") {
      this.#services.broadcast(room, broadcast, except);
      this.#accept(push);
    } else if (room.private && writePersistence) return this.#persist(push, broadcast);
    else this.#refuse(push, "persist_not_allowed");
    return undefined;
  }

  /** What is stored is to stand in the order in which it was sent. */
  async #persist(push: Push, broadcast: Keepable): Promise<void> {
    const { room, except } = this.#options;
    try {
      this.#accept(push, { id: await this.#services.persist(room, broadcast, except) });
    } catch (error) {
      emit("realtime:persist:failed", { topic: room.name, error });
      this.#refuse(push, "persist_failed");
    }
  }

  #accept(push: Push, response: object = {}): void {
    if (this.#options.ack) this.#options.answer(replies.ok(push, response));
  }

  #refuse(push: Push, error: string): void {
    if (this.#options.ack) this.#options.answer(replies.refused(push, { error }));
  }
}
