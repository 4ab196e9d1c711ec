import type { Layout } from "./processes/crowd.ts";
import { roomSize, type Settings } from "./settings.ts";

/** `key` begins the names of its results. */
export type LoadedLayout = Layout & { key: string; name: string; perSecond: number };

/** Many rooms of a class's size, and one in which a whole school sits. */
export function layoutsOf({ sockets, room }: Pick<Settings, "sockets" | "room">): LoadedLayout[] {
  return [...sockets.map((count) => layout(count, roomSize, 200)), layout(room, room, 20)];
}

/** What the goals are about. */
export const classes = layout(1000, roomSize, 200).key;
export const school = layout(1000, 1000, 20).key;

function layout(sockets: number, roomSize: number, perSecond: number): LoadedLayout {
  const count = sockets.toLocaleString("en");
  const name = sockets === roomSize ? `one room of ${count}` : `${count} sockets in rooms of ${roomSize}`;
  return { key: `${sockets}/${roomSize}`, name, sockets, roomSize, perSecond };
}
