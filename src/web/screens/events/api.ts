import { graphql } from "../../api/graphql.ts";
import { allNodes, PAGE_INFO, type PageOf } from "../../api/pages.ts";
import { Problem } from "../../api/problem.ts";

export type Answer = "yes" | "maybe" | "no";
export type Counts = { yes: number; maybe: number; no: number; guests: number };
export type EventRow = {
  id: string;
  title: string;
  place: string;
  startsAt: string;
  endsAt: string | null;
  cancelledAt: string | null;
  capacity: number | null;
  answers: Counts;
  myAnswer: { answer: Answer; guests: number; comment: string } | null;
};
export type GivenAnswer = {
  id: string;
  personId: string;
  answer: Answer;
  guests: number;
  comment: string;
  person: { id: string; name: string } | null;
};
export type Child = {
  id: string;
  name: string;
  memberships: { nodes: { groupId: string; role: string }[] };
};
export type Telling = {
  recipients: number;
  notified: number;
  mailsWaiting: number;
  mailsSent: number;
  skipped: number;
  finishedAt: string | null;
};
export type EventDetails = EventRow & {
  description: string;
  timeZone: string;
  groupIds: string[];
  roles: string[];
  personIds: string[];
  remindMinutesBefore: number | null;
  cancelReason: string;
  creator: { id: string; name: string } | null;
  rsvps: { nodes: GivenAnswer[] };
  /** Null unless the person may change the event. */
  telling: Telling | null;
  groups: { id: string; name: string }[];
  children: Child[];
};

const ROW = `id title place startsAt endsAt cancelledAt capacity answers { yes maybe no guests }
  myAnswer { answer guests comment }`;

export async function loadEvents(past: boolean): Promise<EventRow[]> {
  const now = new Date(Date.now() - 3 * 3_600_000).toISOString();
  const { events } = await graphql<{ events: { nodes: EventRow[] } }>(
    `query Events($filter: EventFilter!, $orderBy: [EventOrderBy!]!) {
      events(first: 60, filter: $filter, orderBy: $orderBy) { nodes { ${ROW} } }
    }`,
    {
      filter: { startsAt: past ? { lessThan: now } : { greaterThanOrEqualTo: now } },
      orderBy: [past ? "STARTS_AT_DESC" : "STARTS_AT_ASC"],
    },
  );
  return events.nodes;
}

export async function loadEvent(id: string): Promise<EventDetails> {
  type Data = {
    event: Omit<EventDetails, "telling" | "groups" | "children"> | null;
    eventProgress: Telling | null;
    groups: { nodes: { id: string; name: string }[] };
    me: { childGuardianships: { nodes: { child: Child | null }[] } } | null;
  };
  const { event, eventProgress, groups, me } = await graphql<Data>(
    `query Event($id: UUID!) {
      event(id: $id) {
        ${ROW} description timeZone groupIds roles personIds remindMinutesBefore cancelReason
        creator { id name }
        rsvps { nodes { id personId answer guests comment person { id name } } }
      }
      eventProgress(eventId: $id) { recipients notified mailsWaiting mailsSent skipped finishedAt }
      groups { nodes { id name } }
      me { childGuardianships { nodes { child { id name memberships { nodes { groupId role } } } } } }
    }`,
    { id },
  );
  if (!event) throw new Problem("HW404", "This event does not exist, or it is not for you.", 404);
  const children = me?.childGuardianships.nodes.flatMap(({ child }) => child ?? []) ?? [];
  return { ...event, telling: eventProgress, groups: groups.nodes, children };
}

export type Names = { count: number; names: string[] };

/** Who has not answered: how many, and the first hundred of them. */
export async function loadUnanswered(id: string): Promise<Names> {
  const { event } = await graphql<{
    event: { unanswered: { totalCount: number; nodes: { name: string }[] } } | null;
  }>(
    `query Unanswered($id: UUID!) { event(id: $id) { unanswered(first: 100) { totalCount nodes { name } } } }`,
    { id },
  );
  return {
    count: event?.unanswered.totalCount ?? 0,
    names: event?.unanswered.nodes.map(({ name }) => name) ?? [],
  };
}

/** Every answer, for those who organise the event. */
export function loadAnswers(id: string): Promise<GivenAnswer[]> {
  return allNodes(async (after) => {
    const { event } = await graphql<{ event: { rsvps: PageOf<GivenAnswer> } | null }>(
      `query Answers($id: UUID!, $after: Cursor) {
        event(id: $id) {
          rsvps(first: 100, after: $after) {
            nodes { id personId answer guests comment person { id name } } ${PAGE_INFO}
          }
        }
      }`,
      { id, after },
    );
    return event?.rsvps;
  });
}
