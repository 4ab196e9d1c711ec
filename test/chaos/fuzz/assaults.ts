import { atMost } from "#lib/at-most.ts";
import { pause } from "#lib/pause.ts";
import { Random } from "../support/random.ts";
import type { Mark, Tally } from "./attacker.ts";
import { Forger } from "./forger.ts";
import { opcodes, upgradeRequest, Wire, wireFrame } from "./wire.ts";

export const slowReaderCount = 10;

const hangUpWithinMs = 2000;
const shouts = 80; // 16 MB: more than the relay and the kernel keep for a socket together

/** What is hostile by its amount or its silence, on sockets that stay open until the stack is disposed. */
export async function assault(
  mark: Mark,
  times: number,
  tally: Tally,
  life: AsyncDisposableStack,
): Promise<void> {
  const open = () => {
    const wire = new Wire(mark.port);
    life.defer(() => void wire.socket.destroy());
    tally.sockets++;
    return wire;
  };
  await halfOpen(open, mark, times, tally);
  await slowReaders(open, mark, slowReaderCount, tally);
  for (const push of floods(mark)) await flood(open(), mark, push, times * 5, tally);
}

/** Requests that stop in the middle, and refused ones whose client never hangs up. */
async function halfOpen(open: () => Wire, { apikey }: Mark, times: number, tally: Tally): Promise<void> {
  const good = `/socket/websocket?apikey=${apikey}&vsn=2.0.0`;
  const whole = upgradeRequest(good);
  const refused = async (wire: Wire, path: string, headers?: Record<string, string>) => {
    if ((await wire.upgrade(path, headers)) === 101) return;
    tally.refused++;
    if (!(await isHungUp(wire))) tally.kept++;
  };
  for (let each = 0; each < times; each++) {
    await open().write(whole.slice(0, Math.floor((whole.length * each) / times)));
    const bad = [
      "/socket/websocket",
      "/socket/websocket?apikey=x",
      `${good.replace("2.0.0", "9")}`,
      "/x",
      `//${"x".repeat(9000)}`,
    ][each % 5] as string;
    await refused(open(), bad);
    await refused(open(), good, oddHeaders[each % oddHeaders.length]);
  }
}

const oddHeaders: Record<string, string>[] = [
  { "Sec-WebSocket-Version": "12" },
  { "Sec-WebSocket-Key": "short" },
  { Upgrade: "websocket2" },
];

/** The relay has let go of the connection, instead of waiting for us to do so: what we write then comes back as an error. */
async function isHungUp(wire: Wire): Promise<boolean> {
  await wire.gone;
  const writing = setInterval(() => wire.socket.write("x"), 10);
  return (
    (await atMost(
      hangUpWithinMs,
      wire.closed.then(() => true),
    ).finally(() => clearInterval(writing))) ?? false
  );
}

/** They join the arena, where somebody shouts, and never read. */
async function slowReaders(open: () => Wire, mark: Mark, times: number, tally: Tally): Promise<void> {
  const join = async (): Promise<Wire> => {
    const wire = open();
    await wire.upgrade(`/socket/websocket?apikey=${mark.apikey}&vsn=2.0.0`);
    await wire.write(new Forger(new Random(1), { ...mark, version: "2.0.0" }).join("arena"));
    return wire;
  };
  for (let each = 0; each < times; each++) (await join()).socket.pause();
  const shouting = await join();
  const shout = [
    "1",
    "2",
    mark.arena,
    "broadcast",
    { event: "shout", payload: { text: "x".repeat(200_000) } },
  ];
  for (let each = 0; each < shouts; each++) {
    await shouting.write(wireFrame(opcodes.text, Buffer.from(JSON.stringify(shout))));
    tally.frames++;
    await pause(20);
  }
}

/** One frame each, by its number. */
function floods({ arena, club, token }: Mark): ((n: number) => unknown[])[] {
  const open = { config: { broadcast: { self: true }, presence: { enabled: true } } };
  const shut = { config: { private: true }, access_token: token };
  return [
    (n) => [`${n}`, `${n}`, `realtime:flood ${n}`, "phx_join", open],
    (n) => [`${n}`, `${n}`, arena, "phx_join", open],
    (n) => [`${n}`, `${n}`, club, "phx_join", shut],
    (n) =>
      n === 0
        ? ["0", "0", arena, "phx_join", open]
        : ["0", `${n}`, arena, "presence", { event: "track", payload: { n } }],
    (n) =>
      n === 0
        ? ["0", "0", club, "phx_join", shut]
        : ["0", `${n}`, club, "access_token", { access_token: `${token}${n % 2}` }],
    (n) => ["0", `${n}`, arena, n % 2 === 0 ? "phx_join" : "phx_leave", open],
    (n) => [null, `${n}`, "phoenix", "heartbeat", {}],
  ];
}

async function flood(
  wire: Wire,
  { apikey }: Mark,
  push: (n: number) => unknown[],
  times: number,
  tally: Tally,
): Promise<void> {
  await wire.upgrade(`/socket/websocket?apikey=${apikey}&vsn=2.0.0`);
  for (let n = 0; n < times && wire.isOpen; n++) {
    await wire.write(wireFrame(opcodes.text, Buffer.from(JSON.stringify(push(n)))));
    tally.frames++;
    if (n % 500 === 499) await pause(0);
  }
}
