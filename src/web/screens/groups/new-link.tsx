import { type FormEvent, useState } from "react";
import { createInvitationLink, type Newcomer } from "../../api/invitations.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Check, InputField, SelectField } from "../../parts/fields.tsx";
import { useAct } from "../../parts/use-act.ts";

const DAYS = [
  ["1", "1 day"],
  ["7", "1 week"],
  ["14", "2 weeks"],
  ["90", "3 months"],
] as const;
const ROLES = [
  ["student", "Student"],
  ["parent", "Parent"],
  ["member", "Member"],
  ["teacher", "Teacher"],
] as const;

export function NewLink({
  groupId,
  onClose,
  onMade,
}: {
  groupId: string;
  onClose: () => void;
  onMade: () => void;
}) {
  const [role, setRole] = useState<Newcomer>("student");
  const [days, setDays] = useState("14");
  const [uses, setUses] = useState("");
  const [domain, setDomain] = useState("");
  const [approval, setApproval] = useState(false);
  const { busy, problem, field, run } = useAct();
  const at = (which: string) => (field === which ? problem : "");
  const needsApproval = approval || role === "teacher"; // the server insists

  const make = async (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    const maxUses = uses.trim() ? Number(uses) : null;
    const mailDomain = domain.trim() || null;
    if (
      await run(() => createInvitationLink({ groupId, role, expiresAt, maxUses, mailDomain, needsApproval }))
    )
      onMade();
  };

  return (
    <Dialog title="New invitation link" onClose={onClose}>
      <form onSubmit={make} noValidate className="form">
        <div className="form-pair">
          <SelectField
            label="Who comes by it becomes"
            options={ROLES}
            value={role}
            onChange={(event) => setRole(event.target.value as Newcomer)}
            problem={at("role")}
          />
          <SelectField
            label="It works for"
            options={DAYS}
            value={days}
            onChange={(event) => setDays(event.target.value)}
            problem={at("expiresAt")}
          />
          <InputField
            label="How many may use it"
            inputMode="numeric"
            placeholder="Any number"
            value={uses}
            onChange={(event) => setUses(event.target.value.replace(/\D/g, ""))}
            problem={at("maxUses")}
          />
          <InputField
            label="Only mail addresses of"
            placeholder="school.example"
            value={domain}
            onChange={(event) => setDomain(event.target.value)}
            problem={at("mailDomain")}
          />
        </div>
        <Check
          plain
          label="I let each one in"
          checked={needsApproval}
          disabled={role === "teacher"}
          onChange={(event) => setApproval(event.target.checked)}
        />
        <p className="form-problem" role="alert">
          {["role", "expiresAt", "maxUses", "mailDomain"].includes(field ?? "") ? "" : problem}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" data-testid="link-make" disabled={busy}>
            Make the link
          </button>
        </div>
      </form>
    </Dialog>
  );
}
