import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { loadRoom, type Room } from "../api/rooms.ts";
import type { Person } from "../api/session.ts";
import { Notice } from "../parts/notice.tsx";
import { navigate } from "../parts/router.tsx";
import { useLoad } from "../parts/use-load.ts";
import { THREE_PANES, useWide } from "../parts/use-wide.ts";
import { Composer } from "./room/composer.tsx";
import { Conversation } from "./room/conversation.ts";
import { Members } from "./room/members.tsx";
import { MessageList } from "./room/message-list.tsx";
import { RoomHeader } from "./room/room-header.tsx";
import { TypingLine } from "./room/typing-line.tsx";
import { useRoomConnection } from "./room/use-room-connection.ts";
import { useThrottled, useTyping } from "./room/use-typing.ts";

type RoomScreenProps = { roomId: string; person: Person };

export function RoomScreen({ roomId, person }: RoomScreenProps) {
  const load = useCallback(() => loadRoom(roomId), [roomId]);
  const { data: room, problem, reload } = useLoad(load);
  if (room) return <OpenRoom room={room} person={person} reload={reload} />;
  if (!problem) return <Notice busy>Opening the class…</Notice>;
  return (
    <Notice
      title="This class cannot be opened"
      action={{ label: "Back to my classes", run: () => navigate("/") }}
    >
      {problem}
    </Notice>
  );
}

type OpenRoomProps = { room: Room; person: Person; reload: () => void };

function OpenRoom({ room, person, reload }: OpenRoomProps) {
  const [conversation] = useState(() => new Conversation(room.id, person));
  const view = useSyncExternalStore(conversation.subscribe, conversation.view);
  const typing = useTyping();
  const { state, online, sendTyping } = useRoomConnection(room.id, person, {
    message: (message) => {
      conversation.receive([message]);
      typing.stopped(message.senderId);
    },
    typing: (id, name) => id !== person.id && typing.heard(id, nameOf(room, id) ?? name),
    live: () => {
      void conversation.catchUp();
      conversation.retryPassing();
    },
  });
  const tellTyping = useThrottled(sendTyping);
  const wide = useWide(THREE_PANES);
  const [asked, setAsked] = useState<boolean | null>(null);
  const showMembers = asked ?? wide;

  useEffect(() => {
    conversation.open();
    return () => conversation.close();
  }, [conversation]);
  useNewcomers(room, online, reload);

  return (
    <div className={`room ${showMembers ? "with-members" : ""}`}>
      <title>{`${room.groupName} · Howdah`}</title>
      <section className="talk" aria-label="Conversation">
        <RoomHeader
          room={room}
          state={state}
          online={online.size}
          showMembers={showMembers}
          onToggle={() => setAsked(!showMembers)}
        />
        <MessageList conversation={conversation} view={view} personId={person.id} connection={state} />
        <TypingLine names={typing.names} />
        <Composer onSend={(body) => conversation.send(body)} onTyping={tellTyping} />
      </section>
      {showMembers && (
        <Members
          room={room}
          person={person}
          online={online}
          onInvited={reload}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

/** Someone online whom the list does not know has joined the class since it was loaded. */
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
