import { Fragment, useRef } from "react";
import type { ConnectionState } from "../../api/room-connection.ts";
import { DownIcon } from "../../parts/icons.tsx";
import { Notice } from "../../parts/notice.tsx";
import type { Conversation, ConversationView } from "./conversation.ts";
import { keyOf, type Line } from "./lines.ts";
import { Message } from "./message.tsx";
import { dayOf, sayDay } from "./moments.ts";
import { useStuckToBottom } from "./use-stuck-to-bottom.ts";

type MessageListProps = {
  conversation: Conversation;
  view: ConversationView;
  personId: string;
  connection: ConnectionState;
};

const NEAR_TOP_PX = 160;

export function MessageList({ conversation, view, personId, connection }: MessageListProps) {
  const list = useRef<HTMLDivElement>(null);
  const { atBottom, onScroll, toBottom } = useStuckToBottom(list, view.lines, personId);
  const { lines, phase, problem, hasOlder, loadingOlder } = view;

  const scrolled = () => {
    onScroll();
    if (list.current && list.current.scrollTop < NEAR_TOP_PX && !problem) void conversation.loadOlder();
  };

  return (
    <div className="messages-frame">
      {connection === "reconnecting" && <LostBanner />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard */}
      <div className="messages" ref={list} onScroll={scrolled} role="log" aria-label="Messages" tabIndex={0}>
        {phase === "loading" && lines.length === 0 && <Notice busy>Loading messages…</Notice>}
        {phase === "failed" && (
          <Notice
            title="No messages to show"
            action={{ label: "Try again", run: () => void conversation.catchUp() }}
          >
            {problem}
          </Notice>
        )}
        {phase === "ready" && lines.length === 0 && (
          <Notice title="Nothing said yet">
            Write the first message; everyone in the class will see it.
          </Notice>
        )}
        {hasOlder && (
          <button
            type="button"
            className="button quiet older"
            disabled={loadingOlder}
            onClick={() => void conversation.loadOlder()}
          >
            {olderLabel(loadingOlder, problem)}
          </button>
        )}
        <ol>
          {lines.map((line, index) => (
            <Fragment key={keyOf(line)}>
              {startsDay(line, lines[index - 1]) && <DayMark line={line} />}
              <Message
                line={line}
                before={lines[index - 1]}
                after={lines[index + 1]}
                own={line.senderId === personId}
                conversation={conversation}
              />
            </Fragment>
          ))}
        </ol>
      </div>
      {!atBottom && (
        <button type="button" className="to-bottom" aria-label="Go to the newest message" onClick={toBottom}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}

function LostBanner() {
  return (
    <p className="lost-banner">
      The connection is lost, we are trying again. What you write is sent once it is back.
    </p>
  );
}

function DayMark({ line }: { line: Line }) {
  return (
    <li className="day" aria-label={sayDay(line.createdAt)}>
      <span>{sayDay(line.createdAt)}</span>
    </li>
  );
}

function startsDay(line: Line, before: Line | undefined): boolean {
  return !before || dayOf(before.createdAt) !== dayOf(line.createdAt);
}

function olderLabel(loading: boolean, problem: string): string {
  if (loading) return "Loading…";
  return problem ? "Earlier messages did not load. Try again" : "Earlier messages";
}
