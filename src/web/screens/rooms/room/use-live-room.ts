import { useEffect, useState } from "react";
import { messageFromBroadcast } from "../../../api/messages.ts";
import type { Room } from "../../../api/rooms.ts";
import type { Person } from "../../../api/session.ts";
import { roomsOf } from "../list/rooms-store.ts";
import type { Conversation } from "./conversation.ts";
import { useRoomConnection } from "./use-room-connection.ts";
import { useThrottled, useTyping } from "./use-typing.ts";

const NOBODYS = { senderId: "", senderName: "", body: "", createdAt: "", seq: 0 };

/** What comes over the room's channels goes where it belongs: words to the conversation, changes of the room to `reload`. */
export function useLiveRoom(room: Room, person: Person, conversation: Conversation, reload: () => void) {
  const typing = useTyping();
  const { state, online, sendTyping } = useRoomConnection(room.id, person, {
    heard: (event, payload) => {
      if (event === "room-changed") return reload();
      conversation.hear(event, payload);
      if (event !== "message") return;
      const { senderId, senderName, body, createdAt, seq } = messageFromBroadcast(payload) ?? NOBODYS;
      typing.stopped(senderId);
      roomsOf(person.id).moved(room.id, seq, createdAt, { senderId, senderName, body, removed: false });
    },
    typing: (id, name) => id !== person.id && typing.heard(id, nameOf(room, id) ?? name),
    live: () => {
      void conversation.catchUp();
      conversation.retryPassing();
    },
  });
  const tellTyping = useThrottled(sendTyping);
  useNewcomers(room, online, reload);
  return { state, online, typing: typing.names, tellTyping };
}

/** Someone online whom the list does not know has come into the room since it was loaded. */
function useNewcomers({ members }: Room, online: ReadonlySet<string>, reload: () => void) {
  const [asked] = useState(() => new Set<string>());
  useEffect(() => {
    const strangers = [...online].filter(
      (id) => !asked.has(id) && !members.some((member) => member.id === id),
    );
    for (const id of strangers) asked.add(id);
    if (strangers.length > 0) reload();
  }, [asked, members, online, reload]);
}

function nameOf({ members }: Room, id: string): string | undefined {
  return members.find((member) => member.id === id)?.name;
}
