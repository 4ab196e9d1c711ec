import { graphql } from "../../api/graphql.ts";
import { PAGE_INFO, type PageOf } from "../../api/pages.ts";

export type Filter = "unread" | "all" | "archived";
export type Notification = {
  id: string;
  category: string;
  title: string;
  body: string;
  path: string;
  createdAt: string;
  seenAt: string | null;
  readAt: string | null;
  archivedAt: string | null;
};

const FIELDS = "id category title body path createdAt seenAt readAt archivedAt";
const PAGE = 30;

export async function loadInbox(filter: Filter, after: string | null): Promise<PageOf<Notification>> {
  const { inbox } = await graphql<{ inbox: PageOf<Notification> }>(
    `query Inbox($unread: Boolean, $archived: Boolean, $first: Int!, $after: Cursor) {
      inbox(unread: $unread, archived: $archived, first: $first, after: $after) { nodes { ${FIELDS} } ${PAGE_INFO} }
    }`,
    { first: PAGE, after, archived: filter === "archived", unread: filter === "unread" ? true : null },
  );
  return inbox;
}

export async function countUnread(): Promise<number> {
  const { unreadNotifications } = await graphql<{ unreadNotifications: number | null }>(
    "query Unread { unreadNotifications }",
  );
  return unreadNotifications ?? 0;
}

/** Which: some by id, or all up to a moment. */
export type Which = { ids: string[] } | { before: string };

export async function markSeen(which: Which): Promise<void> {
  await graphql(
    `mutation Seen($input: MarkNotificationsSeenInput!) { markNotificationsSeen(input: $input) { result } }`,
    { input: which },
  );
}

export async function markRead(which: Which): Promise<void> {
  await graphql(
    `mutation Read($input: MarkNotificationsReadInput!) { markNotificationsRead(input: $input) { result } }`,
    { input: which },
  );
}

export async function archive(ids: string[], archived: boolean): Promise<void> {
  await graphql(
    `mutation Archive($input: ArchiveNotificationsInput!) { archiveNotifications(input: $input) { result } }`,
    { input: { ids, archived } },
  );
}
