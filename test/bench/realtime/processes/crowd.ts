import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../support/clock.ts";
import { percentile } from "../../support/stats.ts";
import { Client } from "../clients/client.ts";
import { body, type DialectName, dialects } from "../clients/dialect.ts";
import { watchLoop } from "../loop.ts";
import { pace, settle } from "../pace.ts";
import { optionsOf, serve } from "./serve.ts";

/** So many sockets in rooms of that size, called room 0, room 1 and so on. */
export type Layout = { sockets: number; roomSize: number };

export type CrowdApi = typeof api;

/** The clients of one server, in one process; senders and receivers share its clock. */
const { dialect: name, port, apikey } = optionsOf<{ dialect: DialectName; port: number; apikey: string }>();
const dialect = dialects[name];
const atOnce = 32;
const beatMs = 25_000;
const drainMs = 2000;

let clients: Client[] = [];
let others = 0; // in the room of each
let sent = 0;
let hear: (frame: Buffer, room: string) => void = () => {};

const api = {
  async open({ sockets, roomSize }: Layout): Promise<void> {
    const url = dialect.url(port, apikey);
    let next = 0;
    const opened: Client[] = [];
    const opener = async () => {
      while (next < sockets) {
        const index = next++;
        const room = roomName(Math.floor(index / roomSize));
        opened[index] = await Client.open(dialect, url, room, (frame) => hear(frame, room));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, opener));
    clients = opened;
    others = roomSize - 1;
  },

  async close(): Promise<void> {
    for (const client of clients) client.close();
    clients = [];
    await sleep(100);
  },

  /** Clients speak to their rooms; the latencies of what was said after the warm-up. */
  async broadcast({ perSecond, seconds, warmup }: { perSecond: number; seconds: number; warmup: number }) {
    const latencies: number[] = [];
    let [first, heard] = [Number.POSITIVE_INFINITY, 0];
    hear = (frame) => {
      const { n, at } = dialect.read(frame);
      heard++;
      if (n >= first) latencies.push(now() - at);
    };
    let expected = 0;
    const say = () => {
      anyClient().say({ n: ++sent, at: now(), body });
      expected += others;
    };
    await pace(perSecond, warmup, say);
    first = sent + 1;
    const loop = watchLoop();
    await pace(perSecond, seconds, say);
    const fared = loop();
    await settle(() => heard >= expected, drainMs);
    assertOpen();
    return {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      samples: latencies.length,
      missing: expected - heard,
      loop: fared,
    };
  },

  /** From now on notes the arrivals of messages that others send. */
  listen(): void {
    const [numbers, times]: [number[], number[]] = [[], []];
    const loop = watchLoop();
    hear = (frame) => {
      numbers.push(dialect.read(frame).n);
      times.push(now());
    };
    listened = { numbers, times, loop };
  },

  /** The arrivals so far, once so many messages have reached their rooms, or were waited for. */
  async heard(messages: number) {
    if (!listened) throw new Error("nobody listened");
    const { numbers, times, loop } = listened;
    const fared = loop();
    await settle(() => numbers.length >= messages * (others + 1), drainMs);
    assertOpen();
    return { numbers: Float64Array.from(numbers), times: Float64Array.from(times), loop: fared };
  },

  /**
   * Deliveries per second as fast as it goes: every room has `inFlight` messages under way; when one has reached all
   * the others in its room, the next is sent.
   */
  async saturate({ seconds, warmup, inFlight }: { seconds: number; warmup: number; inFlight: number }) {
    const speakers = new Map(clients.map((client) => [client.room, client]));
    const underWay = new Map([...speakers.keys()].map((room) => [room, 0]));
    let [deliveries, ended] = [0, false];
    const keepSaying = (room: string) => {
      while (!ended && (underWay.get(room) ?? 0) <= (inFlight - 1) * others) {
        speakers.get(room)?.say({ n: ++sent, at: now(), body });
        underWay.set(room, (underWay.get(room) ?? 0) + others);
      }
    };
    hear = (_frame, room) => {
      deliveries++;
      underWay.set(room, (underWay.get(room) ?? 0) - 1);
      keepSaying(room);
    };
    for (const room of speakers.keys()) keepSaying(room);
    await sleep(warmup * 1000);
    const [before, began, loop] = [deliveries, now(), watchLoop()];
    await sleep(seconds * 1000);
    const perSecond = ((deliveries - before) / (now() - began)) * 1000;
    const fared = loop();
    ended = true;
    await settle(() => [...underWay.values()].every((left) => left === 0), drainMs);
    assertOpen();
    return { deliveries: perSecond, messages: perSecond / others, loop: fared };
  },
};

let listened: { numbers: number[]; times: number[]; loop: ReturnType<typeof watchLoop> } | undefined;

setInterval(() => beatSome(), beatMs / 250);
serve(api);

/** A 250th of the clients at a time. */
let beaten = 0;
function beatSome(): void {
  for (let times = Math.ceil(clients.length / 250); times > 0; times--)
    clients[beaten++ % clients.length]?.beat();
}

function roomName(index: number): string {
  return `room ${index}`;
}

function anyClient(): Client {
  return clients[Math.floor(Math.random() * clients.length)] as Client;
}

/** What a server has dropped must not look like speed. */
function assertOpen(): void {
  const lost = clients.filter(({ open }) => !open).length;
  if (lost > 0) throw new Error(`the server closed ${lost} connections`);
}
