import { graphql } from "../../api/graphql.ts";
import type { Audience } from "../../parts/audience-picker.tsx";
import type { Answer, Names } from "./api.ts";

export type EventDraft = {
  title: string;
  description: string;
  place: string;
  startsAt: string;
  endsAt: string | null;
  capacity: number | null;
  remindMinutesBefore: number | null;
};

/** The id of the event; its audience is told by the server from here on. */
export async function createEvent(
  clientId: string,
  draft: EventDraft,
  { groupIds, roles }: Audience,
  urgent: boolean,
): Promise<string> {
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { createEvent } = await graphql<{ createEvent: { result: { id: string } } }>(
    `mutation CreateEvent($input: CreateEventInput!) { createEvent(input: $input) { result { id } } }`,
    { input: { clientId, ...draft, timeZone, groupIds, roles: roles.length > 0 ? roles : null, urgent } },
  );
  return createEvent.result.id;
}

/** No capacity is said as 0. */
export async function updateEvent(eventId: string, draft: EventDraft): Promise<void> {
  await graphql(
    `mutation UpdateEvent($input: UpdateEventInput!) { updateEvent(input: $input) { result { id } } }`,
    { input: { eventId, ...draft, capacity: draft.capacity ?? 0 } },
  );
}

export async function cancelEvent(eventId: string, reason: string): Promise<void> {
  await graphql(
    `mutation CancelEvent($input: CancelEventInput!) { cancelEvent(input: $input) { result { id } } }`,
    { input: { eventId, reason } },
  );
}

export type Rsvp = { answer: Answer; guests: number; comment: string };

export async function answerEvent(eventId: string, personId: string, rsvp: Rsvp): Promise<void> {
  await graphql(`mutation Answer($input: RsvpInput!) { rsvp(input: $input) { result { id } } }`, {
    input: { eventId, personId, ...rsvp },
  });
}

const SHOWN = 40;

/** Who is in an audience: members with one of the roles; guardians from outside the groups are not counted here. */
export async function loadAudience({ groupIds, roles }: Audience): Promise<Names> {
  type Group = { memberships: { totalCount: number; nodes: { person: { name: string } | null }[] } } | null;
  const filter = roles.length > 0 ? { role: { in: roles } } : {};
  const found = await Promise.all(
    groupIds.map((id) =>
      graphql<{ group: Group }>(
        `query Audience($id: UUID!, $filter: MembershipFilter!, $first: Int!) {
          group(id: $id) { memberships(filter: $filter, first: $first) { totalCount nodes { person { name } } } }
        }`,
        { id, filter, first: SHOWN },
      ),
    ),
  );
  const lists = found.flatMap(({ group }) => group?.memberships ?? []);
  const names = new Set(lists.flatMap(({ nodes }) => nodes.flatMap(({ person }) => person?.name ?? [])));
  return {
    count: lists.reduce((sum, { totalCount }) => sum + totalCount, 0),
    names: [...names].sort().slice(0, SHOWN),
  };
}
