import { type FormEvent, useId, useState } from "react";
import type { OwnGroup } from "../../../api/groups.ts";
import { newId } from "../../../api/new-id.ts";
import { createRoom, type NewRoom } from "../../../api/room-acts.ts";
import type { Person } from "../../../api/session.ts";
import { Choice } from "../../../parts/choice.tsx";
import { Field } from "../../../parts/field.tsx";
import { navigate } from "../../../parts/router.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { roomsOf } from "./rooms-store.ts";

const KINDS: { value: NewRoom["kind"]; label: string; hint: string }[] = [
  { value: "open", label: "Open", hint: "Everybody in the group may join." },
  { value: "closed", label: "Closed", hint: "You add the people who are in it." },
  { value: "announcement", label: "Announcements", hint: "Everybody in the group reads; only staff writes." },
];

type NewRoomFormProps = { person: Person; groups: OwnGroup[]; onClose: () => void };

export function NewRoomForm({ person, groups, onClose }: NewRoomFormProps) {
  const [clientId] = useState(newId);
  const [name, setName] = useState("");
  const [groupId, setGroupId] = useState(groups[0]?.id ?? "");
  const [kind, setKind] = useState<NewRoom["kind"]>("open");
  const { busy, problem, field, run } = useAct();
  const groupField = useId();

  const make = async (event: FormEvent) => {
    event.preventDefault();
    await run(async () => {
      const roomId = await createRoom({ groupId, name: name.trim(), kind, clientId });
      await roomsOf(person.id).reload();
      onClose();
      navigate(`/rooms/${roomId}`);
    });
  };

  return (
    <form onSubmit={make} noValidate>
      <Field
        label="Name of the room"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={field === "name" ? problem : ""}
      />
      <div className="field spaced">
        <label htmlFor={groupField}>Group</label>
        <select id={groupField} value={groupId} onChange={(event) => setGroupId(event.target.value)}>
          {groups.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Choice legend="Who is in it" options={KINDS} value={kind} onChange={setKind} />
      <p className="form-problem" role="alert">
        {field === "name" ? "" : problem}
      </p>
      <div className="dialog-foot">
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Making the room…" : "Make the room"}
        </button>
      </div>
    </form>
  );
}
