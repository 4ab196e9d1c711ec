import { createContext, useContext } from "react";
import type { Room } from "../../../api/rooms.ts";
import type { Person } from "../../../api/session.ts";
import type { Conversation } from "./conversation.ts";
import type { Line } from "./lines.ts";

export type Asked = { what: "report" | "hide" | "ban" | "delete"; line: Line };

/** What the parts of an open room share. */
export type OpenRoom = {
  room: Room;
  person: Person;
  conversation: Conversation;
  reply(line: Line): void;
  edit(line: Line): void;
  /** Opens the dialog for an act that wants a second look. */
  ask(asked: Asked): void;
  /** Shows what went wrong with an act that has no place of its own. */
  fail(error: unknown): void;
};

export const RoomContext = createContext<OpenRoom | null>(null);

export function useOpenRoom(): OpenRoom {
  const room = useContext(RoomContext);
  if (!room) throw new Error("There is no room around this part.");
  return room;
}
