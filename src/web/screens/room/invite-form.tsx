import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useConfig } from "../../api/config.ts";
import { Problem, sayProblem } from "../../api/problem.ts";
import { inviteToClass, type Role, type Room } from "../../api/rooms.ts";
import { emailProblem } from "../../parts/email-problem.ts";
import { Field } from "../../parts/field.tsx";
import { Link } from "../../parts/router.tsx";

type Invited = { name: string; email: string; now: boolean; before: boolean };
type Problems = { name?: string; email?: string; form?: string };

export function InviteForm({ room, onInvited }: { room: Room; onInvited: () => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("student");
  const [problems, setProblems] = useState<Problems>({});
  const [busy, setBusy] = useState(false);
  const [invited, setInvited] = useState<Invited | null>(null);

  const outcome = useScrolledTo(invited, room.members.length);

  const invite = async (event: FormEvent) => {
    event.preventDefault();
    setInvited(null);
    const wrong = check(name, email);
    setProblems(wrong);
    if (wrong.name || wrong.email) return;
    setBusy(true);
    try {
      const invitation = { classId: room.groupId, name: name.trim(), email: email.trim(), role };
      const person = await inviteToClass(invitation);
      const before = room.members.some(({ id }) => id === person?.id);
      setInvited({
        name: person?.name ?? invitation.name,
        email: invitation.email,
        now: person !== null,
        before,
      });
      setName("");
      setEmail("");
      onInvited();
    } catch (error) {
      setProblems(placed(error));
    }
    setBusy(false);
  };

  return (
    <form className="invite" onSubmit={invite} noValidate aria-label="Invite to class">
      <h3>Invite to class</h3>
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
      <div className="invite-last">
        <RoleField role={role} onChange={setRole} />
        <button type="submit" className="button primary" data-testid="invite-button" disabled={busy}>
          {busy ? "Inviting…" : "Invite"}
        </button>
      </div>
      <p className="form-problem" role="alert">
        {problems.form}
      </p>
      <div role="status" ref={outcome}>
        {invited && <InviteDone {...invited} />}
      </div>
    </form>
  );
}

/** Brings the outcome into view, again after the new member's row has pushed it down. */
function useScrolledTo(invited: Invited | null, members: number) {
  const outcome = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the number of rows moves the element
  useEffect(() => {
    if (invited) outcome.current?.scrollIntoView({ block: "nearest" });
  }, [invited, members]);
  return outcome;
}

function RoleField({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Role</label>
      <select
        id={id}
        data-testid="invite-role"
        value={role}
        onChange={(event) => onChange(event.target.value as Role)}
      >
        <option value="student">Student</option>
        <option value="parent">Parent</option>
        <option value="teacher">Teacher</option>
      </select>
    </div>
  );
}

function InviteDone({ name, email, now, before }: Invited) {
  const config = useConfig();
  if (before) {
    return (
      <p className="callout" data-testid="invite-done">
        {name} was in the class already. No letter was sent again.
      </p>
    );
  }
  return (
    <p className="callout good" data-testid="invite-done">
      {now
        ? `${name} is in the class.`
        : `${name} will be in the class as soon as the invitation is accepted.`}{" "}
      It is on its way to {email}.
      {config?.mailbox && (
        <>
          {" "}
          <Link href="/mailbox">Read it in the mailbox</Link>
        </>
      )}
    </p>
  );
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
