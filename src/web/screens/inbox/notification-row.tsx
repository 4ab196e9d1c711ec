import { clock } from "../../parts/moments.ts";
import { Link } from "../../parts/router.tsx";
import type { Notification } from "./api.ts";
import { CategoryIcon, categoryOf } from "./categories.tsx";
import type { Inbox } from "./use-inbox.ts";

export function NotificationRow({ notification, inbox }: { notification: Notification; inbox: Inbox }) {
  const { title, body, path, category, createdAt, readAt, archivedAt } = notification;
  return (
    <li className="notification" data-testid="notification" data-read={readAt !== null}>
      <span className="notification-sign" title={categoryOf(category).word}>
        <CategoryIcon category={category} />
      </span>
      <Link href={path || "/inbox"} onClick={() => void inbox.read(notification)}>
        <span className="notification-title">
          {!readAt && <span className="visually-hidden">Unread: </span>}
          {title}
        </span>
        <span className="notification-body">{body}</span>
        <span className="notification-facts">
          {categoryOf(category).word} · <time dateTime={createdAt}>{clock(createdAt)}</time>
        </span>
      </Link>
      <span className="notification-acts">
        {!readAt && (
          <button
            type="button"
            className="icon-button"
            title="Mark as read"
            aria-label={`Mark as read: ${title}`}
            onClick={() => void inbox.read(notification)}
          >
            <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
              <path d="M5 12.500l4.500 4.500L19 7.500" />
            </svg>
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          title={archivedAt ? "Bring back" : "Archive"}
          aria-label={`${archivedAt ? "Bring back" : "Archive"}: ${title}`}
          onClick={() => void inbox.putAway(notification, !archivedAt)}
        >
          <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
            {archivedAt ? (
              <path d="M4 12a8 8 0 1 0 2.500-5.800M4 4.500v4h4" />
            ) : (
              <path d="M4 5h16v4H4zM5.500 9v10h13V9M10 13h4" />
            )}
          </svg>
        </button>
      </span>
    </li>
  );
}
