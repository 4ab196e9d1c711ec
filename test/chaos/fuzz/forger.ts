import type { Random } from "../support/random.ts";
import { binaryPush } from "./binary-push.ts";
import { brokenFrame } from "./broken-frame.ts";
import { deepJson, junkJson, junkText } from "./junk.ts";
import { opcodes, wireFrame } from "./wire.ts";

export type Target = {
  version: "1.0.0" | "2.0.0";
  /** Public, with witnesses in it. */
  arena: string;
  /** Private, open to the token. */
  club: string;
  token: string;
};

/** A frame as it goes over the wire. */
export type Forgery = { kind: Kind; bytes: Buffer };

/** What is sent, and how often beside the others. */
const weights = {
  junk: 10,
  shape: 6,
  truncated: 6,
  "wrong types": 14,
  join: 10,
  rejoin: 6,
  leave: 3,
  broadcast: 14,
  presence: 6,
  token: 4,
  pollution: 5,
  deep: 0.5,
  "huge topic": 0.2,
  "huge ref": 0.2,
  "huge payload": 0.05,
  binary: 6,
  "binary push": 9,
};

/** What mostly ends the socket. */
const lastWeights = { "over the limit": 0.3, "wrong UTF-8": 3, "broken frame": 7 };

export type Kind = keyof typeof weights | keyof typeof lastWeights;

export const kinds = Object.keys({ ...weights, ...lastWeights }) as Kind[];

const events = [
  ...["phx_join", "phx_leave", "phx_close", "phx_error", "phx_reply", "heartbeat", "broadcast", "presence"],
  ...["access_token", "system", "postgres_changes", "presence_state", "presence_diff", "", "__proto__"],
];

/** Makes hostile frames, always the same of the same random numbers. */
export class Forger {
  readonly #random: Random;
  readonly #target: Target;

  constructor(random: Random, target: Target) {
    this.#random = random;
    this.#target = target;
  }

  next(): Forgery {
    const kind = this.#anyOf(weights);
    return { kind, bytes: this.#make[kind]() };
  }

  /** After it the relay may close the socket, or wait for the rest of a frame for ever. */
  last(): Forgery {
    const kind = this.#anyOf(lastWeights);
    return { kind, bytes: this.#make[kind]() };
  }

  /** A proper join of a room that is there, so that what follows gets past the door. */
  join(room: "arena" | "club"): Buffer {
    const config =
      room === "arena"
        ? `{"broadcast":{"self":true,"ack":true},"presence":{"enabled":true}}`
        : `{"private":true,"broadcast":{"self":true,"ack":true,"replay":{"since":0}},"presence":{"enabled":true}}`;
    const payload = `{"config":${config},"access_token":${JSON.stringify(this.#target.token)}}`;
    return text(this.#frame(`"1"`, `"1"`, JSON.stringify(this.#target[room]), `"phx_join"`, payload));
  }

  heartbeat(ref: string): Buffer {
    return text(this.#frame("null", JSON.stringify(ref), `"phoenix"`, `"heartbeat"`, "{}"));
  }

  readonly #make: Record<Kind, () => Buffer> = {
    junk: () => text(this.#random.chance(0.5) ? junkJson(this.#random) : junkText(this.#random)),
    shape: () => text(this.#shape()),
    truncated: () => this.#truncated(),
    "wrong types": () => this.#anyFrame(junkJson(this.#random)),
    join: () => this.#anyFrame(this.#joinPayload(), "phx_join", this.#topic()),
    rejoin: () => this.join(this.#random.pick(["arena", "club"] as const)),
    leave: () => this.#anyFrame("{}", "phx_leave", this.#joined()),
    broadcast: () => this.#anyFrame(this.#broadcastPayload(), "broadcast", this.#joined()),
    presence: () => this.#anyFrame(this.#presencePayload(), "presence", this.#joined()),
    token: () => this.#anyFrame(`{"access_token":${this.#token()}}`, "access_token", this.#joined()),
    pollution: () => this.#anyFrame(this.#pollution(), this.#random.pick(events), this.#joined()),
    deep: () => this.#deep(),
    "huge topic": () => this.#anyFrame(this.#joinPayload(), "phx_join", `realtime:${"t".repeat(1_000_000)}`),
    "huge ref": () => this.#hugeRef(),
    "huge payload": () =>
      this.#anyFrame(
        `{"event":"e","payload":{"text":"${"x".repeat(3_200_000)}"}}`,
        "broadcast",
        this.#joined(),
      ),
    "over the limit": () => text(`["1","1","realtime:x","broadcast",{"event":"${"x".repeat(5_100_000)}"}]`),
    "wrong UTF-8": () => wireFrame(opcodes.text, this.#random.bytes(this.#random.int(1, 60))),
    binary: () => wireFrame(opcodes.binary, this.#random.bytes(this.#random.int(0, 80))),
    "binary push": () => wireFrame(opcodes.binary, binaryPush(this.#random, this.#joined())),
    "broken frame": () => brokenFrame(this.#random),
  };

  #anyOf<K extends Kind>(weights: Record<K, number>): K {
    const all = Object.entries(weights) as [K, number][];
    let left = this.#random.next() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of all) {
      left -= weight;
      if (left < 0) return kind;
    }
    return (all[0] as [K, number])[0];
  }

  /** `payload` is JSON. */
  #anyFrame(payload: string, event?: string, topic?: string): Buffer {
    const json = (value: string | undefined) =>
      value === undefined || this.#random.chance(0.05) ? junkJson(this.#random, 1) : JSON.stringify(value);
    return text(this.#frame(this.#ref(), this.#ref(), json(topic), json(event), payload));
  }

  /** All parts are JSON. */
  #frame(joinRef: string, ref: string, topic: string, event: string, payload: string): string {
    return this.#target.version === "1.0.0"
      ? `{"topic":${topic},"event":${event},"payload":${payload},"ref":${ref},"join_ref":${joinRef}}`
      : `[${joinRef},${ref},${topic},${event},${payload}]`;
  }

  #shape(): string {
    const parts = Array.from({ length: this.#random.int(0, 8) }, () => junkJson(this.#random, 1));
    return this.#random.chance(0.5)
      ? `[${parts}]`
      : `{${parts.map((part, place) => `"${["topic", "event", "payload", "ref", "x", "y", "z", "__proto__"][place]}":${part}`)}}`;
  }

  #truncated(): Buffer {
    const whole = this.#frame(
      `"1"`,
      `"2"`,
      JSON.stringify(this.#joined()),
      `"broadcast"`,
      this.#broadcastPayload(),
    );
    return text(whole.slice(0, this.#random.int(0, whole.length - 1)));
  }

  #joinPayload(): string {
    const some = (usual: string) => (this.#random.chance(0.5) ? usual : junkJson(this.#random, 2));
    const changes = `[{"event":"*","schema":${some('"public"')},"table":${some('"t"')},"filter":${some('"id=in.(1,2)"')}}]`;
    const replay = `{"since":${some("0")},"limit":${some("25")}}`;
    return `{"config":${some(
      `{"broadcast":${some(`{"ack":${some("true")},"self":${some("true")},"replay":${some(replay)}}`)},` +
        `"presence":${some(`{"key":${some('"k"')},"enabled":${some("true")}}`)},"postgres_changes":${some(changes)},` +
        `"private":${some("true")}}`,
    )},"access_token":${this.#token()},"user_token":${some("null")}}`;
  }

  #broadcastPayload(): string {
    const payload = junkJson(this.#random);
    return this.#random.pick([
      "null",
      `{"type":"broadcast","event":"e","payload":${payload}}`,
      `{"event":"e","payload":null}`,
      `{"event":"e","ids":[1],"payload":${payload}}`,
      `{"event":${payload},"payload":${payload}}`,
      `{"event":"e","payload":${payload},"meta":${payload},"type":${payload}}`,
      `{"event":"e","payload":${payload},"__proto__":{"ids":[1]},"persist":true}`,
      payload,
    ]);
  }

  #presencePayload(): string {
    const meta = junkJson(this.#random);
    return this.#random.pick([
      `{"event":"track","payload":${meta}}`,
      `{"event":"TRACK","payload":{"phx_ref":${meta},"metas":${meta}}}`,
      `{"event":"track","payload":{"__proto__":{"polluted":true},"ids":[1]}}`,
      `{"event":"track","payload":{"text":"${"x".repeat(this.#random.pick([10, 1000, 20_000]))}"}}`,
      `{"event":"untrack"}`,
      `{"event":${meta},"payload":${meta}}`,
      meta,
    ]);
  }

  #pollution(): string {
    return this.#random.pick([
      `{"__proto__":{"polluted":true}}`,
      `{"constructor":{"prototype":{"polluted":true}}}`,
      `{"config":{"__proto__":{"private":true},"broadcast":{"__proto__":{"self":true}}}}`,
      `{"event":"track","payload":{"__proto__":{"polluted":true}}}`,
      `{"event":"e","payload":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}`,
    ]);
  }

  #deep(): Buffer {
    const deep = deepJson(this.#random);
    return this.#random.pick([
      () => text(deep),
      () => this.#anyFrame(`{"event":"e","payload":${deep}}`, "broadcast", this.#joined()),
      () => this.#anyFrame(`{"event":"track","payload":{"a":${deep}}}`, "presence", this.#joined()),
      () => this.#anyFrame(`{"config":${deep}}`, "phx_join", this.#topic()),
      () => text(this.#frame(deep, deep, `"realtime:x"`, `"phx_join"`, "{}")),
    ])();
  }

  #hugeRef(): Buffer {
    const ref = JSON.stringify("r".repeat(500_000));
    return text(this.#frame(ref, ref, JSON.stringify(this.#topic()), `"phx_join"`, this.#joinPayload()));
  }

  #ref(): string {
    return this.#random.pick([`"1"`, `"1"`, `"2"`, "null", "7", junkJson(this.#random, 1)]);
  }

  #joined(): string {
    return this.#random.pick([this.#target.arena, this.#target.arena, this.#target.club, this.#topic()]);
  }

  #topic(): string {
    return this.#random.pick([
      `realtime:${this.#random.int(0, 200)}`,
      "realtime:",
      "phoenix",
      "realtime:\0",
      `realtime:${"t".repeat(this.#random.int(200, 3000))}`,
      `realtime:${junkText(this.#random)}`,
      junkText(this.#random),
    ]);
  }

  #token(): string {
    const [head = "", body = "", signature = ""] = this.#target.token.split(".");
    return this.#random.pick([
      JSON.stringify(this.#target.token),
      JSON.stringify(this.#target.token),
      "null",
      JSON.stringify(`${head}.${body}.${signature.split("").reverse().join("")}`),
      JSON.stringify(`${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`),
      JSON.stringify("x".repeat(this.#random.int(0, 5000))),
      junkJson(this.#random),
    ]);
  }
}

function text(content: string): Buffer {
  return wireFrame(opcodes.text, Buffer.from(content));
}
