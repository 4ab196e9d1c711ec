import { type FormEvent, useState } from "react";
import { addGuardian, type Group, type GroupMember } from "../../api/groups.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { SelectField } from "../../parts/fields.tsx";
import { useAct } from "../../parts/use-act.ts";

type GuardianDialogProps = { child: GroupMember; group: Group; onClose: () => void; onDone: () => void };

export function GuardianDialog({ child, group, onClose, onDone }: GuardianDialogProps) {
  const adults = group.members.filter(
    ({ personId, isMinor }) =>
      personId !== child.personId && !isMinor && !child.guardians.some(({ id }) => id === personId),
  );
  // Parents first: most guardians are among them.
  const sorted = [...adults].sort((a, b) => Number(b.role === "parent") - Number(a.role === "parent"));
  const [guardianId, setGuardianId] = useState(sorted[0]?.personId ?? "");
  const { busy, problem, run } = useAct();

  const name = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => addGuardian(child.personId, guardianId))) onDone();
  };
  return (
    <Dialog title={`A guardian of ${child.name}`} onClose={onClose}>
      <form onSubmit={name}>
        <p className="dialog-text">
          A guardian sees the groups of the child and hears what the community tells guardians. Somebody who
          is not here yet is invited as a parent of the child.
        </p>
        <SelectField
          label="Guardian"
          value={guardianId}
          onChange={(event) => setGuardianId(event.target.value)}
          options={sorted.map(({ personId, name }) => [personId, name] as const)}
          problem={problem}
        />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy || !guardianId}>
            Name as guardian
          </button>
        </div>
      </form>
    </Dialog>
  );
}
