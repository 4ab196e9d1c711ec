import { useState } from "react";
import type { Person } from "../../api/session.ts";
import { dayWord } from "../../parts/moments.ts";
import { Notice } from "../../parts/notice.tsx";
import { Segments } from "../../parts/segments.tsx";
import type { Filter, Notification } from "./api.ts";
import { NotificationRow } from "./notification-row.tsx";
import { type Inbox, useInbox } from "./use-inbox.ts";

const FILTERS = [
  ["unread", "Unread"],
  ["all", "All"],
  ["archived", "Archived"],
] as const;

const EMPTY: Record<Filter, [string, string]> = {
  unread: ["All read", "What is new appears here by itself."],
  all: ["Nothing here yet", "Announcements, events, grades and mentions appear here."],
  archived: ["Nothing archived", "What you put away is kept here."],
};

export function NotificationList({ person }: { person: Person }) {
  const [filter, setFilter] = useState<Filter>("all");
  const inbox = useInbox(person.id, filter);
  const { notifications, problem } = inbox;
  const unread = notifications?.some(({ readAt }) => !readAt) ?? false;
  return (
    <>
      <div className="inbox-tools">
        <Segments label="Show" options={FILTERS} value={filter} onChange={setFilter} />
        <button
          type="button"
          className="button quiet"
          disabled={!unread || filter === "archived"}
          onClick={() => void inbox.readAll()}
        >
          Mark all as read
        </button>
      </div>
      <p className="form-problem" role="alert">
        {notifications && problem}
      </p>
      {!notifications && !problem && <Notice busy>Loading your inbox…</Notice>}
      {!notifications && problem && (
        <Notice action={{ label: "Try again", run: inbox.reload }}>{problem}</Notice>
      )}
      {notifications?.length === 0 && <Notice title={EMPTY[filter][0]}>{EMPTY[filter][1]}</Notice>}
      {notifications && notifications.length > 0 && <Days inbox={inbox} notifications={notifications} />}
      {inbox.more && (
        <button type="button" className="button inbox-more" onClick={inbox.loadMore}>
          Show older ones
        </button>
      )}
    </>
  );
}

function Days({ inbox, notifications }: { inbox: Inbox; notifications: Notification[] }) {
  const days = new Map<string, Notification[]>();
  for (const notification of notifications) {
    const day = dayWord(notification.createdAt);
    days.set(day, [...(days.get(day) ?? []), notification]);
  }
  return [...days].map(([day, ofDay]) => (
    <section key={day} aria-label={day} className="inbox-day">
      <h2>{day}</h2>
      <ul>
        {ofDay.map((notification) => (
          <NotificationRow key={notification.id} notification={notification} inbox={inbox} />
        ))}
      </ul>
    </section>
  ));
}
