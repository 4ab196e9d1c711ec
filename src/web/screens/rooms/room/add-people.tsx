import { type FormEvent, useCallback, useId, useState } from "react";
import { loadGroupMembers } from "../../../api/groups.ts";
import { addToRoom } from "../../../api/room-acts.ts";
import { useAct } from "../../../parts/use-act.ts";
import { useLoad } from "../../../parts/use-load.ts";
import { useOpenRoom } from "./room-context.ts";

/** Adds people of the group to a room with a list of its own. */
export function AddPeople({ onAdded }: { onAdded: () => void }) {
  const { room } = useOpenRoom();
  const { groupId } = room;
  const load = useCallback(async () => (groupId ? loadGroupMembers(groupId) : []), [groupId]);
  const { data: people } = useLoad(load);
  const [chosen, setChosen] = useState("");
  const { busy, problem, run } = useAct();
  const id = useId();
  const others = people?.filter((one) => !room.members.some((member) => member.id === one.personId)) ?? [];
  if (others.length === 0) return null;

  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await run(() => addToRoom(room.id, chosen || (others[0]?.personId ?? ""))))) return;
    setChosen("");
    onAdded();
  };
  return (
    <form className="invite" onSubmit={add}>
      <h3>Add to the room</h3>
      <div className="invite-last">
        <div className="field">
          <label htmlFor={id}>Somebody of the group</label>
          <select id={id} value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {others.map(({ personId, name }) => (
              <option key={personId} value={personId}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" className="button primary" disabled={busy}>
          Add
        </button>
      </div>
      <p className="form-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
