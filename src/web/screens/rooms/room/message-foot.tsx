import { PinIcon } from "../../../parts/icons.tsx";
import type { Line } from "./lines.ts";
import { sayTime } from "./moments.ts";
import { useOpenRoom } from "./room-context.ts";

/** The time once for messages that belong together; what failed always says so. */
export function MessageFoot({ line, ends }: { line: Line; ends: boolean }) {
  if (line.state === "sending") return <p className="message-foot">Sending…</p>;
  if (line.state !== "stored") return <Failed line={line} />;
  const marked = line.pinned || (line.editedAt !== null && !line.removed);
  return (
    <p className={`message-foot ${ends || marked ? "" : "visually-hidden"}`}>
      {line.pinned && (
        <span className="pinned-mark">
          <PinIcon /> Pinned
        </span>
      )}
      {line.editedAt && !line.removed && <span>edited</span>}
      <time dateTime={line.createdAt}>{sayTime(line.createdAt)}</time>
    </p>
  );
}

const WORDS = {
  waiting: () => "Not sent yet: it goes out when Howdah can be reached.",
  refused: (problem: string) => `Not sent. ${problem}`,
  unconfirmed: () => "Not sent yet. This calls everybody in a large room.",
};

function Failed({ line }: { line: Line }) {
  const { conversation } = useOpenRoom();
  const { state, problem = "" } = line;
  if (state === "stored" || state === "sending") return null;
  const asks = state === "unconfirmed";
  return (
    <p className="message-foot failed" role="alert">
      <span>{WORDS[state](problem)}</span>
      <button type="button" className="link-button" onClick={() => conversation.retry(line, asks)}>
        {asks ? "Call everybody" : "Try again"}
      </button>
      <button type="button" className="link-button" onClick={() => conversation.discard(line)}>
        Remove
      </button>
    </p>
  );
}
