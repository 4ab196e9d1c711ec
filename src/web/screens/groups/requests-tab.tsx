import { decideRequest, type Request } from "../../api/invitations.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { moment } from "../../parts/moments.ts";
import { ROLE_WORDS } from "../../parts/roles.ts";
import { useAct } from "../../parts/use-act.ts";

/** Who came by a link and waits to be let in. */
export function RequestsTab({ requests, onChanged }: { requests: Request[]; onChanged: () => void }) {
  return (
    <div className="group-sections">
      {requests.length === 0 && <p className="people-facts">Nobody waits to be let in.</p>}
      <ul className="people">
        {requests.map((request) => (
          <RequestRow key={request.id} request={request} onChanged={onChanged} />
        ))}
      </ul>
    </div>
  );
}

function RequestRow({
  request: { id, person, role, createdAt },
  onChanged,
}: {
  request: Request;
  onChanged: () => void;
}) {
  const { busy, problem, run } = useAct();
  const decide = (approve: boolean) => () => void run(() => decideRequest(id, approve).then(onChanged));
  return (
    <li data-testid="request">
      <Avatar id={person.id} name={person.name} />
      <div className="people-words">
        <p>
          <strong>{person.name}</strong>
        </p>
        <p className="people-facts">
          as {ROLE_WORDS[role].toLowerCase()} · asked {moment(createdAt)}
        </p>
        <p className="problem" role="alert">
          {problem}
        </p>
      </div>
      <button type="button" className="button small" disabled={busy} onClick={decide(false)}>
        Decline<span className="visually-hidden"> {person.name}</span>
      </button>
      <button type="button" className="button primary small" disabled={busy} onClick={decide(true)}>
        Let in<span className="visually-hidden"> {person.name}</span>
      </button>
    </li>
  );
}
