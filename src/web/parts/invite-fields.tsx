import { type FormEvent, useId, useState } from "react";
import { inviteToGroup, type Newcomer } from "../api/invitations.ts";
import { Problem, sayProblem } from "../api/problem.ts";
import { emailProblem } from "./email-problem.ts";
import { Field } from "./field.tsx";

export type InviteOutcome = { name: string; email: string; was: "member" | "joined" | "invited" };
type Known = { id: string; name: string };
type Problems = { name?: string; email?: string; form?: string };
type InviteFieldsProps = {
  groupId: string;
  /** The people of the group; students among them can have parents invited. */
  members: readonly (Known & { role: string })[];
  onOutcome: (outcome: InviteOutcome | null) => void;
};

/** Invites one mailbox into a group. */
export function InviteFields({ groupId, members, onOutcome }: InviteFieldsProps) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Newcomer>("student");
  const [childId, setChildId] = useState("");
  const [problems, setProblems] = useState<Problems>({});
  const [busy, setBusy] = useState(false);
  const children = members.filter((member) => member.role === "student");

  const invite = async (event: FormEvent) => {
    event.preventDefault();
    onOutcome(null);
    const wrong = check(name, email);
    setProblems(wrong);
    if (wrong.name || wrong.email) return;
    setBusy(true);
    try {
      const child = role === "parent" && childId ? childId : null;
      const invitation = { groupId, name: name.trim(), email: email.trim(), role, childId: child };
      const before = new Date();
      const invited = await inviteToGroup(invitation);
      onOutcome({ name: invited.name, email: invited.email, was: standingOf(invited.acceptedAt, before) });
      setName("");
      setEmail("");
    } catch (error) {
      setProblems(placed(error));
    }
    setBusy(false);
  };

  return (
    <form onSubmit={invite} noValidate>
      <Field
        label="Name"
        data-testid="invite-name"
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={problems.name}
      />
      <Field
        label="E-mail address"
        data-testid="invite-email"
        type="email"
        inputMode="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        problem={problems.email}
      />
      {role === "parent" && <ChildField people={children} childId={childId} onChange={setChildId} />}
      <div className="invite-last">
        <RoleField role={role} onChange={setRole} />
        <button type="submit" className="button primary" data-testid="invite-button" disabled={busy}>
          {busy ? "Inviting…" : "Invite"}
        </button>
      </div>
      <p className="form-problem" role="alert">
        {problems.form}
      </p>
    </form>
  );
}

export function RoleField({ role, onChange }: { role: Newcomer; onChange: (role: Newcomer) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Role</label>
      <select
        id={id}
        data-testid="invite-role"
        value={role}
        onChange={(event) => onChange(event.target.value as Newcomer)}
      >
        <option value="student">Student</option>
        <option value="parent">Parent</option>
        <option value="teacher">Teacher</option>
        <option value="member">Member</option>
      </select>
    </div>
  );
}

type ChildFieldProps = { people: readonly Known[]; childId: string; onChange: (id: string) => void };

function ChildField({ people, childId, onChange }: ChildFieldProps) {
  const id = useId();
  return (
    <div className="field spaced">
      <label htmlFor={id}>Parent of</label>
      <select id={id} value={childId} onChange={(event) => onChange(event.target.value)}>
        <option value="">Nobody in particular</option>
        {people.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Two clocks are compared here, so a minute is allowed for. */
function standingOf(acceptedAt: string | null, before: Date): InviteOutcome["was"] {
  if (acceptedAt === null) return "invited";
  return new Date(acceptedAt).getTime() < before.getTime() - 60_000 ? "member" : "joined";
}

function check(name: string, email: string): Problems {
  const problems: Problems = {};
  if (!name.trim()) problems.name = "Please enter a name.";
  const wrong = emailProblem(email);
  if (wrong) problems.email = wrong;
  return problems;
}

/** The server's words beside the field they speak of. */
function placed(error: unknown): Problems {
  const field = error instanceof Problem ? error.field : undefined;
  return { [field === "name" || field === "email" ? field : "form"]: sayProblem(error) };
}
