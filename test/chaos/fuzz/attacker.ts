import { atMost } from "#lib/at-most.ts";
import type { Random } from "../support/random.ts";
import { Forger, type Forgery, type Kind, kinds, type Target } from "./forger.ts";
import { Wire } from "./wire.ts";

export type Tally = {
  frames: number;
  sockets: number;
  /** Upgrades that were answered with an error, and sockets that the relay closed. */
  refused: number;
  /** Sockets that stayed open and did not answer a heartbeat any more. */
  mute: number;
  /** Refused clients on whom the relay did not hang up. */
  kept: number;
  byKind: Record<Kind, number>;
};

export type Mark = Omit<Target, "version"> & { port: number; apikey: string };

const answerWithinMs = 30_000;
const lingerMs = 50;

export function emptyTally(): Tally {
  const byKind = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  return { frames: 0, sockets: 0, refused: 0, mute: 0, kept: 0, byKind };
}

/** Opens sockets one after the other and sends so many hostile frames over them. */
export async function attack(mark: Mark, random: Random, frames: number, tally: Tally): Promise<void> {
  for (let left = frames; left > 0; ) {
    const version = random.chance(0.3) ? "1.0.0" : "2.0.0";
    const wire = new Wire(mark.port);
    tally.sockets++;
    const status = await wire.upgrade(`/socket/websocket?apikey=${mark.apikey}&vsn=${version}`);
    if (status === 101)
      left -= await abuse(wire, new Forger(random, { ...mark, version }), random, left, tally);
    else tally.refused++;
    if (random.chance(0.5)) wire.socket.destroy();
    else wire.socket.resetAndDestroy();
  }
}

/** Returns how many frames it has sent before it had enough or was thrown out. */
async function abuse(
  wire: Wire,
  forger: Forger,
  random: Random,
  most: number,
  tally: Tally,
): Promise<number> {
  const frames = Math.min(most, random.int(5, 150));
  await wire.write(forger.join("arena"));
  if (random.chance(0.7)) await wire.write(forger.join("club"));
  let sent = 0;
  const send = async ({ kind, bytes }: Forgery) => {
    await wire.write(bytes);
    sent++;
    tally.frames++;
    tally.byKind[kind]++;
  };
  while (sent < frames && wire.isOpen) await send(forger.next());
  const answered = wire.isOpen && (await isAnswered(wire, forger));
  if (!wire.isOpen) tally.refused++;
  else if (!answered) tally.mute++;
  if (answered && random.chance(0.7)) {
    await send(forger.last());
    if (await atMost(lingerMs, wire.gone)) tally.refused++;
  }
  return Math.max(sent, 1);
}

async function isAnswered(wire: Wire, forger: Forger): Promise<boolean> {
  const ref = `beat ${Math.random()}`;
  const seen = wire.saw(ref);
  await wire.write(forger.heartbeat(ref));
  return (await atMost(answerWithinMs, seen)) === true;
}
