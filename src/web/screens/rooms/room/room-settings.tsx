import { type FormEvent, useId, useState } from "react";
import { renameRoom, setSlowMode } from "../../../api/room-acts.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { Field } from "../../../parts/field.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { roomsOf } from "../list/rooms-store.ts";
import { useOpenRoom } from "./room-context.ts";

const PACES = [
  [0, "Off"],
  [5, "5 seconds"],
  [15, "15 seconds"],
  [60, "1 minute"],
  [300, "5 minutes"],
  [3600, "1 hour"],
] as const;

type RoomSettingsProps = { onClose: () => void; onChanged: () => void };

export function RoomSettings({ onClose, onChanged }: RoomSettingsProps) {
  const { room, person } = useOpenRoom();
  const [name, setName] = useState(room.title);
  const [seconds, setSeconds] = useState(room.slowModeSeconds);
  const { busy, problem, field, run } = useAct();
  const slowId = useId();

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const done = await run(async () => {
      if (name.trim() !== room.title) await renameRoom(room.id, name.trim());
      if (seconds !== room.slowModeSeconds) await setSlowMode(room.id, seconds);
    });
    if (!done) return;
    onChanged();
    void roomsOf(person.id).reload();
    onClose();
  };

  return (
    <Dialog title="Settings of the room" onClose={onClose}>
      <form onSubmit={save} noValidate>
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={field === "name" ? problem : ""}
        />
        <div className="field">
          <label htmlFor={slowId}>Slow mode: how long people wait between two messages</label>
          <select id={slowId} value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
            {PACES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
            {!PACES.some(([value]) => value === room.slowModeSeconds) && (
              <option value={room.slowModeSeconds}>{room.slowModeSeconds} seconds</option>
            )}
          </select>
        </div>
        <p className="form-problem" role="alert">
          {field === "name" ? "" : problem}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? "Saving…" : "Save"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
