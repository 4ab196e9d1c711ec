import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { editMessage } from "../../../api/message-acts.ts";
import { sayProblem } from "../../../api/problem.ts";
import type { Room } from "../../../api/rooms.ts";
import type { Person } from "../../../api/session.ts";
import { THREE_PANES, useWide } from "../../../parts/use-wide.ts";
import { Conversation } from "./conversation.ts";
import { MessageList } from "./message-list.tsx";
import { ModerateDialog } from "./moderate-dialog.tsx";
import { type Asked, type OpenRoom, RoomContext } from "./room-context.ts";
import { type Panel, RoomHeader } from "./room-header.tsx";
import { RoomPanel } from "./room-panel.tsx";
import { TypingLine } from "./typing-line.tsx";
import { useLiveRoom } from "./use-live-room.ts";
import { useReading } from "./use-reading.ts";
import { useStuckToBottom } from "./use-stuck-to-bottom.ts";
import { useSubject } from "./use-subject.ts";
import { WritingPlace } from "./writing-place.tsx";

type OpenedRoomProps = { room: Room; person: Person; reload: () => void };

export function OpenedRoom({ room, person, reload }: OpenedRoomProps) {
  const [conversation] = useState(() => new Conversation(room.id, person));
  const view = useSyncExternalStore(conversation.subscribe, conversation.view);
  const live = useLiveRoom(room, person, conversation, reload);
  const subject = useSubject();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [problem, setProblem] = useState("");
  const { panel, setPanel, afterJump } = usePanel();
  const list = useRef<HTMLDivElement>(null);
  const stuck = useStuckToBottom(list, view.lines, person.id, view.hasNewer);
  const reading = useReading(room, person.id, view, stuck.atBottom);

  useEffect(() => {
    conversation.open();
    return () => conversation.close();
  }, [conversation]);

  const { reply, edit } = subject;
  const open: OpenRoom = useMemo(
    () => ({
      room,
      person,
      conversation,
      reply,
      edit,
      ask: setAsked,
      fail: (error) => setProblem(sayProblem(error)),
    }),
    [room, person, conversation, reply, edit],
  );

  const send = (body: string) => {
    const { replyTo, editing } = subject;
    subject.drop();
    setProblem("");
    if (!editing?.id) return conversation.send(body, replyTo);
    const { id } = editing;
    conversation.hear("message-edited", { ...editing, body, editedAt: new Date().toISOString() });
    editMessage(id, body).catch((error: unknown) => {
      void conversation.refresh(id);
      open.fail(error);
    });
  };
  const editLast = () => {
    const last = view.lines.findLast(
      ({ senderId, state, removed }) => senderId === person.id && state === "stored" && !removed,
    );
    if (last) edit(last);
  };

  return (
    <RoomContext value={open}>
      <div className={`room ${panel ? "with-side" : ""}`}>
        <section className="talk" aria-label="Conversation">
          <RoomHeader
            state={live.state}
            online={live.online.size}
            panel={panel}
            onPanel={setPanel}
            onChanged={reload}
          />
          <MessageList list={list} view={view} connection={live.state} reading={reading} stuck={stuck} />
          <TypingLine names={live.typing} />
          <p className="room-problem" role="alert">
            {problem}
          </p>
          <WritingPlace
            key={subject.editing?.id ?? "new"}
            replyTo={subject.replyTo}
            editing={subject.editing}
            onSend={send}
            onTyping={live.tellTyping}
            onCancel={subject.drop}
            onEditLast={editLast}
          />
        </section>
        {panel && (
          <RoomPanel
            panel={panel}
            online={live.online}
            onChanged={reload}
            onClose={() => setPanel(null)}
            onJump={afterJump}
          />
        )}
      </div>
      {asked && (
        <ModerateDialog
          asked={asked}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            if (asked.what === "ban") reload();
          }}
        />
      )}
    </RoomContext>
  );
}

/** Beside the conversation stand the members where there is room for them; on narrow screens nothing until it is wanted. */
function usePanel() {
  const wide = useWide(THREE_PANES);
  const [wanted, setWanted] = useState<Panel | null | undefined>(undefined);
  const panel = wanted === undefined ? (wide ? "members" : null) : wanted;
  const afterJump = () => {
    if (!wide) setWanted(null);
  };
  return { panel, setPanel: setWanted, afterJump };
}
