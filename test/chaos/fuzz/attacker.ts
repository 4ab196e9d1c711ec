import { atMost } from "#lib/at-most.ts";
import type { Random } from "../support/random.ts";
import { Forger, type Kind, kinds, type Target } from "./forger.ts";
import { Wire } from "./wire.ts";

export type Tally = {
  frames: number;
  sockets: number;
  /** Upgrades that were answered with an error, and sockets that the relay closed. */
  refused: number;
  /** Sockets that stayed open and did not answer a heartbeat any more, for all that they were sent whole frames. */
  mute: number;
  byKind: Record<Kind, number>;
};

export type Mark = Omit<Target, "version"> & { port: number; apikey: string };

const answerWithinMs = 30_000;

export function emptyTally(): Tally {
  const byKind = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  return { frames: 0, sockets: 0, refused: 0, mute: 0, byKind };
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
  const frames = Math.min(most, random.int(20, 300));
  if (random.chance(0.8)) await wire.write(forger.join("arena"));
  if (random.chance(0.6)) await wire.write(forger.join("club"));
  let sent = 0;
  let isWhole = true;
  for (; sent < frames && wire.isOpen; sent++) {
    const { kind, bytes } = forger.next();
    await wire.write(bytes);
    tally.frames++;
    tally.byKind[kind]++;
    if (kind === "broken frame") isWhole = false; // the relay may wait for the rest of it
  }
  const answered = wire.isOpen && (await isAnswered(wire, forger));
  if (!wire.isOpen) tally.refused++;
  else if (!answered && isWhole) tally.mute++;
  return Math.max(sent, 1);
}

async function isAnswered(wire: Wire, forger: Forger): Promise<boolean> {
  const ref = `beat ${Math.random()}`;
  const seen = wire.saw(ref);
  await wire.write(forger.heartbeat(ref));
  return (await atMost(answerWithinMs, seen)) === true;
}
