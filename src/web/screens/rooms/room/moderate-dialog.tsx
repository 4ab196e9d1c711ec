import { type FormEvent, useId, useState } from "react";
import { deleteMessage, hideMessage, reportMessage } from "../../../api/message-acts.ts";
import { banFromRoom } from "../../../api/room-acts.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { plainWords } from "./mentions.ts";
import type { Asked } from "./room-context.ts";
import { useOpenRoom } from "./room-context.ts";

const WORDS = {
  report: {
    title: "Report this message",
    text: "The staff of this room reads your report. Nobody else learns of it.",
    button: "Report",
  },
  hide: {
    title: "Hide this message",
    text: "Its words disappear for everybody in the room. Staff can show it again.",
    button: "Hide",
  },
  delete: {
    title: "Delete this message",
    text: "Its words disappear for everybody; its place stays. This cannot be undone.",
    button: "Delete",
  },
  ban: {
    title: "Ban from this room",
    text: "The person leaves the room at once and cannot come back until the ban ends.",
    button: "Ban",
  },
};

const HOURS = [
  [1, "For an hour"],
  [24, "For a day"],
  [24 * 7, "For a week"],
  [0, "Until staff ends it"],
] as const;

/** Asks once more before an act that others feel, and why. */
export function ModerateDialog({
  asked,
  onClose,
  onDone,
}: {
  asked: Asked;
  onClose: () => void;
  onDone: () => void;
}) {
  const { room, conversation } = useOpenRoom();
  const { what, line } = asked;
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState(24);
  const { busy, problem, run } = useAct();
  const words = WORDS[what];

  const act = async (event: FormEvent) => {
    event.preventDefault();
    const id = line.id ?? "";
    const acts = {
      report: () => reportMessage(id, reason),
      hide: () => hideMessage(id, reason).then(() => conversation.hear("message-hidden", { id })),
      delete: () => deleteMessage(id).then(() => conversation.hear("message-deleted", { id })),
      ban: () => banFromRoom(room.id, line.senderId, endOf(hours), reason),
    };
    if (await run(acts[what])) onDone();
  };

  return (
    <Dialog title={what === "ban" ? `Ban ${line.senderName} from this room` : words.title} onClose={onClose}>
      <form onSubmit={act}>
        <p className="dialog-text">{words.text}</p>
        {what !== "ban" && <blockquote className="dialog-quote">{plainWords(line.body)}</blockquote>}
        {what === "ban" && <HowLong hours={hours} onChange={setHours} />}
        {what !== "delete" && (
          <Reason reason={reason} onChange={setReason} needed={what === "report"} problem={problem} />
        )}
        {what === "delete" && (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={`button primary ${what === "report" ? "" : "grave"}`}
            disabled={busy}
          >
            {words.button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function HowLong({ hours, onChange }: { hours: number; onChange: (hours: number) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>How long</label>
      <select id={id} value={hours} onChange={(event) => onChange(Number(event.target.value))}>
        {HOURS.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

type ReasonProps = { reason: string; onChange: (reason: string) => void; needed: boolean; problem: string };

function Reason({ reason, onChange, needed, problem }: ReasonProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{needed ? "What is wrong with it?" : "Reason (kept for staff)"}</label>
      <textarea
        id={id}
        rows={2}
        maxLength={1000}
        aria-describedby={`${id}-problem`}
        value={reason}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-problem`} className="field-problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

function endOf(hours: number): Date | null {
  return hours === 0 ? null : new Date(Date.now() + hours * 3_600_000);
}
