import { pause } from "#lib/pause.ts";
import { Random } from "../support/random.ts";
import type { Mark, Tally } from "./attacker.ts";
import { Forger } from "./forger.ts";
import { opcodes, upgradeRequest, Wire, wireFrame } from "./wire.ts";

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
  await slowReaders(open, mark, times / 10);
  for (const push of floods(mark)) await flood(open(), mark, push, times * 5, tally);
}

/** Requests that stop in the middle, and refused ones whose client never hangs up. */
async function halfOpen(open: () => Wire, { apikey }: Mark, times: number, tally: Tally): Promise<void> {
  const good = `/socket/websocket?apikey=${apikey}&vsn=2.0.0`;
  const whole = upgradeRequest(good);
  for (let each = 0; each < times; each++) {
    await open().write(whole.slice(0, Math.floor((whole.length * each) / times)));
    const bad = [
      "/socket/websocket",
      "/socket/websocket?apikey=x",
      `${good.replace("2.0.0", "9")}`,
      "/x",
      `//${"x".repeat(9000)}`,
    ][each % 5] as string;
    if ((await open().upgrade(bad)) !== 101) tally.refused++;
    if ((await open().upgrade(good, oddHeaders[each % oddHeaders.length])) !== 101) tally.refused++;
  }
}

const oddHeaders: Record<string, string>[] = [
  { "Sec-WebSocket-Version": "12" },
  { "Sec-WebSocket-Key": "short" },
  { Upgrade: "websocket2" },
];

/** They join the arena, where much is said, and never read. */
async function slowReaders(open: () => Wire, mark: Mark, times: number): Promise<void> {
  for (let each = 0; each < times; each++) {
    const wire = open();
    await wire.upgrade(`/socket/websocket?apikey=${mark.apikey}&vsn=2.0.0`);
    await wire.write(new Forger(new Random(each), { ...mark, version: "2.0.0" }).join("arena"));
    wire.socket.pause();
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
