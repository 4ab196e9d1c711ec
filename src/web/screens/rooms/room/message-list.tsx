import { Fragment, type RefObject, useEffect, useRef } from "react";
import type { ConnectionState } from "../../../api/connection.ts";
import { DownIcon } from "../../../parts/icons.tsx";
import { Notice } from "../../../parts/notice.tsx";
import type { ConversationView } from "./conversation.ts";
import { keyOf } from "./lines.ts";
import { DayMark, LostBanner, NewMark, OlderButton, startsDay, UnreadPill } from "./list-marks.tsx";
import { Message } from "./message.tsx";
import { useOpenRoom } from "./room-context.ts";
import { SeenBy } from "./seen-by.tsx";
import { useActiveLine } from "./use-active-line.ts";
import type { Reading } from "./use-reading.ts";
import type { useStuckToBottom } from "./use-stuck-to-bottom.ts";

type MessageListProps = {
  list: RefObject<HTMLDivElement | null>;
  view: ConversationView;
  connection: ConnectionState;
  reading: Reading;
  stuck: ReturnType<typeof useStuckToBottom>;
};

const NEAR_EDGE_PX = 160;

export function MessageList({ list, view, connection, reading, stuck }: MessageListProps) {
  const { conversation } = useOpenRoom();
  const { activeKey, handlers } = useActiveLine(list);
  const { atBottom, onScroll, letGo } = stuck;
  const { lines, problem, hasNewer } = view;
  useTarget(list, view.target, letGo);

  const scrolled = () => {
    onScroll();
    const area = list.current;
    if (!area || problem) return;
    if (area.scrollTop < NEAR_EDGE_PX) void conversation.loadOlder();
    if (area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_EDGE_PX) void conversation.loadNewer();
  };
  const toNewest = () => void conversation.backToNewest().then(() => stuck.toBottom());

  return (
    <div className="messages-frame">
      {connection === "reconnecting" && <LostBanner />}
      <UnreadPill list={list} reading={reading} lines={lines} />
      <p className="visually-hidden" id="messages-help">
        The arrow keys move from message to message; Tab leads from there to what can be done with it.
      </p>
      <div
        className="messages"
        ref={list}
        onScroll={scrolled}
        role="log"
        aria-label="Messages"
        aria-describedby="messages-help"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
        tabIndex={0}
        {...handlers}
      >
        <Emptiness view={view} />
        <OlderButton view={view} />
        <ol>
          {lines.map((line, index) => (
            <Fragment key={keyOf(line)}>
              {startsDay(line, lines[index - 1]) && <DayMark line={line} />}
              {line.seq !== undefined && line.seq === reading.newFrom && <NewMark />}
              <Message
                line={line}
                before={line.seq === reading.newFrom ? undefined : lines[index - 1]}
                after={lines[index + 1]}
                active={keyOf(line) === activeKey}
                found={line.seq !== undefined && line.seq === view.target?.seq}
              />
            </Fragment>
          ))}
        </ol>
        {!hasNewer && <SeenBy lines={lines} />}
      </div>
      {(!atBottom || hasNewer) && (
        <button type="button" className="to-bottom" aria-label="Go to the newest message" onClick={toNewest}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}

function Emptiness({ view: { phase, lines, problem } }: { view: ConversationView }) {
  const { conversation, room } = useOpenRoom();
  if (phase === "loading" && lines.length === 0) return <Notice busy>Loading messages…</Notice>;
  if (phase === "failed") {
    return (
      <Notice
        title="No messages to show"
        action={{ label: "Try again", run: () => void conversation.catchUp() }}
      >
        {problem}
      </Notice>
    );
  }
  if (lines.length > 0) return null;
  const words = room.standing?.mayWrite
    ? "Write the first message; everyone in the room will see it."
    : "What staff announces appears here.";
  return <Notice title="Nothing said yet">{words}</Notice>;
}

/** Brings the message that was jumped to into view and gives it the focus. */
function useTarget(
  list: RefObject<HTMLElement | null>,
  target: ConversationView["target"],
  letGo: () => void,
) {
  const shown = useRef<ConversationView["target"]>(null);
  useEffect(() => {
    if (!target || shown.current === target) return;
    shown.current = target;
    const line = list.current?.querySelector<HTMLElement>(`[data-seq="${target.seq}"]`);
    letGo();
    line?.scrollIntoView({ block: "center" });
    line?.focus({ preventScroll: true });
  }, [list, target, letGo]);
}
