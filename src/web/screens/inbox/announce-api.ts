import { graphql } from "../../api/graphql.ts";

export type Telling = {
  recipients: number;
  notified: number;
  mailsWaiting: number;
  mailsSent: number;
  skipped: number;
  finishedAt: string | null;
};
export type Announcement = {
  id: string;
  title: string;
  body: string;
  urgent: boolean;
  createdAt: string;
  notBefore: string | null;
  withdrawnAt: string | null;
  progress: Telling | null;
};

export type Words = {
  title: string;
  body: string;
  groupIds: string[];
  roles: string[];
  urgent: boolean;
  notBefore: string | null;
};

export async function announce(clientId: string, { roles, ...words }: Words): Promise<void> {
  await graphql(`mutation Announce($input: AnnounceInput!) { announce(input: $input) { result { id } } }`, {
    input: { clientId, ...words, roles: roles.length > 0 ? roles : null },
  });
}

export async function withdraw(announcementId: string): Promise<void> {
  await graphql(
    `mutation Withdraw($input: WithdrawAnnouncementInput!) { withdrawAnnouncement(input: $input) { result { id } } }`,
    { input: { announcementId } },
  );
}

/** What the person has announced by hand, newest first. */
export async function loadSent(): Promise<Announcement[]> {
  const { announcements } = await graphql<{ announcements: { nodes: Announcement[] } }>(
    `query Sent {
      announcements(first: 30, orderBy: CREATED_AT_DESC) {
        nodes {
          id title body urgent createdAt notBefore withdrawnAt
          progress { recipients notified mailsWaiting mailsSent skipped finishedAt }
        }
      }
    }`,
  );
  return announcements.nodes;
}
