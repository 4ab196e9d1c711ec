import { useState } from "react";
import type { Group } from "../../api/groups.ts";
import { cancelInvitation, type Invited, type Waiting } from "../../api/invitations.ts";
import { InviteDone } from "../../parts/invite-done.tsx";
import { InviteFields, type InviteOutcome } from "../../parts/invite-fields.tsx";
import { shortDate } from "../../parts/moments.ts";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { useAct } from "../../parts/use-act.ts";
import { LinkSection } from "./link-section.tsx";

type InviteTabProps = { group: Group; waiting: Waiting; onChanged: () => void };

export function InviteTab({ group, waiting, onChanged }: InviteTabProps) {
  const [outcome, setOutcome] = useState<InviteOutcome | null>(null);
  const members = group.members.map(({ personId, name, role }) => ({ id: personId, name, role }));
  return (
    <div className="group-sections">
      <section className="panel" aria-label="By mail">
        <h2>By mail</h2>
        <InviteFields
          groupId={group.id}
          members={members}
          onOutcome={(outcome) => {
            setOutcome(outcome);
            if (outcome) onChanged();
          }}
        />
        <InviteDone outcome={outcome} groupName={group.name} members={members.length} />
      </section>
      <LinkSection group={group} links={waiting.links} onChanged={onChanged} />
      {waiting.invited.length > 0 && (
        <section className="panel" aria-label="On the way">
          <h2>On the way</h2>
          <ul className="people">
            {waiting.invited.map((invited) => (
              <InvitedRow key={invited.id} invited={invited} onChanged={onChanged} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function InvitedRow({ invited, onChanged }: { invited: Invited; onChanged: () => void }) {
  const { busy, problem, run } = useAct();
  const late = new Date(invited.expiresAt) < new Date();
  return (
    <li>
      <div className="people-words">
        <p>
          <strong>{invited.name}</strong>
        </p>
        <p className="people-facts">
          {invited.email} · {ROLE_WORDS[invited.role]} ·{" "}
          {late ? "the letter has expired" : `until ${shortDate(invited.expiresAt)}`}
        </p>
        <p className="problem" role="alert">
          {problem}
        </p>
      </div>
      <button
        type="button"
        className="button small"
        disabled={busy}
        onClick={() => void run(() => cancelInvitation(invited.id).then(onChanged))}
      >
        Take back<span className="visually-hidden"> the invitation of {invited.name}</span>
      </button>
    </li>
  );
}
