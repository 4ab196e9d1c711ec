import { type FormEvent, useState } from "react";
import { createGroup } from "../../api/groups.ts";
import { newId } from "../../api/new-id.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { InputField, TextField } from "../../parts/fields.tsx";
import { useAct } from "../../parts/use-act.ts";

const KINDS = ["class", "club", "team", "committee"];

/** A class, a club or whatever people call it; its maker is its owner. */
export function NewGroup({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const [clientId] = useState(newId);
  const [name, setName] = useState("");
  const [kind, setKind] = useState("club");
  const [description, setDescription] = useState("");
  const { busy, problem, field, run } = useAct();
  const at = (which: string) => (field === which ? problem : "");

  const make = async (event: FormEvent) => {
    event.preventDefault();
    await run(async () => {
      onMade(
        await createGroup({ name: name.trim(), kind: kind.trim().toLowerCase(), description, clientId }),
      );
    });
  };

  return (
    <Dialog title="New group" onClose={onClose}>
      <form onSubmit={make} noValidate className="form">
        <InputField
          label="Name"
          data-testid="group-name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={at("name")}
        />
        <InputField
          label="What it is"
          hint="One word: class, club, team …"
          list="group-kinds"
          value={kind}
          onChange={(event) => setKind(event.target.value)}
          problem={at("kind")}
        />
        <datalist id="group-kinds">
          {KINDS.map((kind) => (
            <option key={kind} value={kind} />
          ))}
        </datalist>
        <TextField
          label="Description"
          rows={3}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          problem={at("description")}
        />
        <p className="form-problem" role="alert">
          {["name", "kind", "description"].includes(field ?? "") ? "" : problem}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" data-testid="group-make" disabled={busy}>
            {busy ? "Making the group…" : "Make the group"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
