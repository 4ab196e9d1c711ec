import { useCallback } from "react";
import { loadBans, loadModeration, type ModerationEntry, unban } from "../../../api/room-acts.ts";
import { Notice } from "../../../parts/notice.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { useLoad } from "../../../parts/use-load.ts";
import { plainWords } from "./mentions.ts";
import { sayDay, sayTime } from "./moments.ts";
import { useOpenRoom } from "./room-context.ts";
import { SidePanel } from "./side-panel.tsx";

/** For staff: what was reported and done in the room, and who is kept out of it. */
export function ModerationPanel({ onClose, onJump }: { onClose: () => void; onJump: () => void }) {
  const { room } = useOpenRoom();
  const load = useCallback(
    () =>
      Promise.all([loadModeration(room.id), loadBans(room.id)]).then(([entries, bans]) => ({
        entries,
        bans,
      })),
    [room.id],
  );
  const { data, problem, reload } = useLoad(load);
  return (
    <SidePanel title="Reports and acts of staff" name="Reports and acts of staff" onClose={onClose}>
      {!data && !problem && <Notice busy>Loading…</Notice>}
      {problem && <Notice action={{ label: "Try again", run: reload }}>{problem}</Notice>}
      {data && data.bans.length > 0 && (
        <section className="side-section">
          <h3>Banned</h3>
          <ul>
            {data.bans.map(({ person, until }) => (
              <BanRow key={person.id} id={person.id} name={person.name} until={until} onDone={reload} />
            ))}
          </ul>
        </section>
      )}
      {data?.entries.length === 0 && <p className="side-note">Nothing was reported in this room.</p>}
      <ul>
        {data?.entries.map((entry) => (
          <Entry key={entry.id} entry={entry} onJump={onJump} />
        ))}
      </ul>
    </SidePanel>
  );
}

type BanRowProps = { id: string; name: string; until: string | null; onDone: () => void };

function BanRow({ id, name, until, onDone }: BanRowProps) {
  const { room } = useOpenRoom();
  const { busy, problem, run } = useAct();
  const end = async () => {
    if (await run(() => unban(room.id, id))) onDone();
  };
  return (
    <li className="ban-row">
      <span>
        <strong>{name}</strong>
        <span className="side-note">
          {until && until !== "infinity"
            ? `until ${sayDay(until)}, ${sayTime(until)}`
            : "until staff ends it"}
        </span>
      </span>
      <button type="button" className="button" disabled={busy} onClick={end}>
        End the ban
      </button>
      <span role="alert">{problem}</span>
    </li>
  );
}

const DONE: Record<string, (entry: ModerationEntry) => string> = {
  report: ({ actorName, personName }) => `${actorName} reported ${personName}`,
  hide: ({ actorName, personName }) => `${actorName} hid a message of ${personName}`,
  unhide: ({ actorName, personName }) => `${actorName} showed a message of ${personName} again`,
  delete: ({ actorName, personName }) => `${actorName} deleted a message of ${personName}`,
  ban: ({ actorName, personName }) => `${actorName} banned ${personName}`,
  unban: ({ actorName, personName }) => `${actorName} ended the ban of ${personName}`,
  add: ({ actorName, personName }) => `${actorName} added ${personName}`,
  remove: ({ actorName, personName }) => `${actorName} removed ${personName}`,
  "slow-mode": ({ actorName }) => `${actorName} set slow mode`,
  rename: ({ actorName }) => `${actorName} renamed the room`,
};

function Entry({ entry, onJump }: { entry: ModerationEntry; onJump: () => void }) {
  const { conversation } = useOpenRoom();
  const { action, reason, body, createdAt, messageSeq } = entry;
  const jump = () => {
    onJump();
    if (messageSeq) void conversation.jumpTo(messageSeq);
  };
  return (
    <li className="moderation-entry" data-action={action}>
      <p>
        <strong>{DONE[action]?.(entry) ?? action}</strong>
      </p>
      {body && <blockquote className="dialog-quote">{plainWords(body)}</blockquote>}
      {reason && <p>{reason}</p>}
      <p className="side-note">
        <time dateTime={createdAt}>
          {sayDay(createdAt)}, {sayTime(createdAt)}
        </time>{" "}
        {messageSeq !== null && (
          <button type="button" className="link-button" onClick={jump}>
            Show the message
          </button>
        )}
      </p>
    </li>
  );
}
