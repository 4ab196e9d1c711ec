import { useState } from "react";
import type { Group } from "../../api/groups.ts";
import { type InvitationLink, revokeInvitationLink } from "../../api/invitations.ts";
import { LinkIcon } from "../../parts/icons.tsx";
import { shortDate } from "../../parts/moments.ts";
import { plural } from "../../parts/plural.ts";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { useAct } from "../../parts/use-act.ts";
import { useToast } from "../../parts/use-toast.tsx";
import { NewLink } from "./new-link.tsx";

type LinkSectionProps = { group: Group; links: InvitationLink[]; onChanged: () => void };

export function LinkSection({ group, links, onChanged }: LinkSectionProps) {
  const [making, setMaking] = useState(false);
  const [say, toast] = useToast();
  return (
    <section className="panel" aria-label="By link">
      <h2>By link</h2>
      <p className="people-facts">
        For a notice board, a newsletter or a messenger. You can end it at any time.
      </p>
      <ul className="people">
        {links.map((link) => (
          <LinkRow key={link.id} link={link} say={say} onChanged={onChanged} />
        ))}
      </ul>
      <button type="button" className="button" data-testid="link-new" onClick={() => setMaking(true)}>
        <LinkIcon />
        New link
      </button>
      {making && (
        <NewLink
          groupId={group.id}
          onClose={() => setMaking(false)}
          onMade={() => {
            setMaking(false);
            onChanged();
          }}
        />
      )}
      {toast}
    </section>
  );
}

type LinkRowProps = { link: InvitationLink; say: (words: string) => void; onChanged: () => void };

function LinkRow({ link, say, onChanged }: LinkRowProps) {
  const { busy, problem, run } = useAct();
  const url = `${window.location.origin}/join#${link.token}`;
  const copy = () => {
    navigator.clipboard.writeText(url).then(
      () => say("The link is copied."),
      () => say("Your browser does not let pages copy: mark the link and copy it."),
    );
  };
  return (
    <li className="link-row">
      <div className="people-words">
        <input
          readOnly
          aria-label={`Link for new people, role ${ROLE_WORDS[link.role]}`}
          data-testid="invitation-link"
          value={url}
          onFocus={(event) => event.target.select()}
        />
        <p className="people-facts">{factsOf(link).join(" · ")}</p>
        <p className="problem" role="alert">
          {problem}
        </p>
      </div>
      <button type="button" className="button small" onClick={copy}>
        Copy
      </button>
      <button
        type="button"
        className="button small"
        disabled={busy}
        onClick={() => void run(() => revokeInvitationLink(link.id).then(onChanged))}
      >
        End it
      </button>
    </li>
  );
}

function factsOf({ role, uses, maxUses, mailDomain, needsApproval, expiresAt }: InvitationLink): string[] {
  const facts: string[] = [ROLE_WORDS[role], `until ${shortDate(expiresAt)}`];
  facts.push(maxUses === null ? `used ${plural(uses, "time")}` : `used ${uses} of ${maxUses} times`);
  if (mailDomain) facts.push(`only @${mailDomain}`);
  if (needsApproval) facts.push("you let people in");
  return facts;
}
