import type { Arena, Contestant } from "../contestant.ts";
import type { Howdah } from "./howdah.ts";
import { socketIo } from "./socketio.ts";

/** Howdah and its peers, in the order of the tables. */
export function allContestants(arena: Arena, howdah: Howdah): Contestant[] {
  return [howdah, socketIo(arena)];
}
