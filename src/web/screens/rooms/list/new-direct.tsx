import { type FormEvent, useState } from "react";
import { loadPeople, openDirect } from "../../../api/room-acts.ts";
import type { Person } from "../../../api/session.ts";
import { Avatar } from "../../../parts/avatar.tsx";
import { Field } from "../../../parts/field.tsx";
import { Notice } from "../../../parts/notice.tsx";
import { navigate } from "../../../parts/router.tsx";
import { useAct } from "../../../parts/use-act.ts";
import { useLoad } from "../../../parts/use-load.ts";
import { roomsOf } from "./rooms-store.ts";

const AT_MOST = 8;

export function NewDirect({ person, onClose }: { person: Person; onClose: () => void }) {
  const { data: people, problem: unloaded, reload } = useLoad(loadPeople);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const { busy, problem, run } = useAct();

  const begin = async (event: FormEvent) => {
    event.preventDefault();
    await run(async () => {
      const roomId = await openDirect([...chosen]);
      await roomsOf(person.id).reload();
      onClose();
      navigate(`/rooms/${roomId}`);
    });
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };

  if (!people && unloaded) return <Notice action={{ label: "Try again", run: reload }}>{unloaded}</Notice>;
  if (!people) return <Notice busy>Loading the people you know…</Notice>;
  const shown = people.filter(
    ({ id, name }) => id !== person.id && name.toLowerCase().includes(query.trim().toLowerCase()),
  );
  return (
    <form onSubmit={begin} noValidate className="new-direct">
      <Field
        label="Find somebody"
        type="search"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <fieldset>
        <legend className="visually-hidden">People, up to {AT_MOST}</legend>
        {shown.length === 0 && <p className="side-note">Nobody of that name.</p>}
        {shown.map(({ id, name }) => (
          <label key={id} className="pick">
            <input
              type="checkbox"
              checked={chosen.has(id)}
              disabled={!chosen.has(id) && chosen.size >= AT_MOST}
              onChange={() => toggle(id)}
            />
            <Avatar id={id} name={name} />
            {name}
          </label>
        ))}
      </fieldset>
      <p className="form-problem" role="alert">
        {problem}
      </p>
      <div className="dialog-foot">
        <button type="submit" className="button primary" disabled={busy || chosen.size === 0}>
          {chosen.size > 1 ? `Write to ${chosen.size} people` : "Write"}
        </button>
      </div>
    </form>
  );
}
