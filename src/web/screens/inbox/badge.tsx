import { useSession } from "../../api/session.ts";
import { useUnread } from "./use-unread.ts";

/** The number on the bell, told live and read out when it changes. */
export function UnreadBadge() {
  const { person } = useSession();
  return person && <Count key={person.id} personId={person.id} />;
}

function Count({ personId }: { personId: string }) {
  const count = useUnread(personId) ?? 0;
  return (
    <span
      className={count > 0 ? "unread-badge" : undefined}
      role="status"
      data-testid="unread"
      data-count={count}
    >
      {count > 0 && (
        <>
          <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
          <span className="visually-hidden">{count} unread</span>
        </>
      )}
    </span>
  );
}
