import { useState } from "react";
import { acceptInvitation, type Joining, type Preview } from "../../api/invitations.ts";
import type { Person } from "../../api/session.ts";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { Link, navigate } from "../../parts/router.tsx";
import { useAct } from "../../parts/use-act.ts";

type JoinNowProps = { preview: Preview; token: string; person: Person };

export function JoinNow({ preview, token, person }: JoinNowProps) {
  const [joining, setJoining] = useState<Joining | null>(null);
  const { busy, problem, run } = useAct();
  const join = () =>
    void run(async () => {
      const joined = await acceptInvitation(token);
      if (joined.status === "joined") navigate(`/groups/${joined.groupId}`, { replace: true });
      else setJoining(joined);
    });

  if (joining) {
    return (
      <div role="status">
        <h1>You have asked to be let in</h1>
        <p>The staff of {joining.groupName} lets you in. Its rooms then appear among yours.</p>
        <Link href="/" className="button">
          To my rooms
        </Link>
      </div>
    );
  }
  return (
    <>
      <h1>{preview.groupName}</h1>
      <p>
        You are invited as {ROLE_WORDS[preview.role].toLowerCase()}, and signed in as {person.name}.
        {preview.needsApproval && " Its staff lets you in."}
      </p>
      <button
        type="button"
        className="button primary large"
        data-testid="join-now"
        disabled={busy}
        onClick={join}
      >
        {preview.needsApproval ? "Ask to be let in" : `Join ${preview.groupName}`}
      </button>
      <p className="form-problem" role="alert">
        {problem}
      </p>
    </>
  );
}
