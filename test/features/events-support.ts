import { randomUUID } from "node:crypto";
import type { Answer } from "../graphql/school.ts";
import { type Campus, openCampus } from "./notify-support.ts";

export type Club = Campus & {
  /** Makes an event for the class as its owner, two days ahead, unless told otherwise. */
  createEvent(input?: object, by?: string): Promise<Answer>;
  /** The titles of what somebody was told, oldest first. */
  told(person: string): Promise<string[]>;
  /** The subjects of the letters to somebody that the mailbox took, oldest first. */
  mailed(person: string): Promise<string[]>;
};

export async function openClub(): Promise<Club> {
  const campus = await openCampus();
  return {
    ...campus,
    createEvent: (input = {}, by = campus.people.owner) =>
      campus.as(by)(createEvent, { input: { ...eventFor(campus.classId), ...input } }),
    async told(person) {
      const { data } = await campus.as(person)("{ inbox(first: 100) { nodes { title } } }");
      return data.inbox.nodes.map(({ title }: { title: string }) => title).reverse();
    },
    async mailed(person) {
      const letters = await campus.rows(
        `select w.subject from mail.letters l join mail.words w on w.letter_id = l.id join app.email_addresses e on e.address = l.recipient
         where e.person_id = $1 and l.state = 'accepted' order by l.position`,
        person,
      );
      return letters.map(({ subject }) => subject);
    },
  };
}

export const createEvent = `mutation ($input: CreateEventInput!) {
  createEvent(input: $input) { result { id title startsAt endsAt timeZone cancelledAt revision } }
}`;

export const updateEvent = `mutation ($input: UpdateEventInput!) {
  updateEvent(input: $input) { result { id title place startsAt endsAt capacity revision } }
}`;

export const cancelEvent = `mutation ($input: CancelEventInput!) {
  cancelEvent(input: $input) { result { id cancelledAt cancelReason } }
}`;

export const rsvp = `mutation ($input: RsvpInput!) {
  rsvp(input: $input) { result { id answer guests comment personId answeredBy } }
}`;

export function eventFor(groupId: string) {
  return {
    title: "Sports day",
    description: "Bring water.",
    place: "Field",
    startsAt: inHours(48),
    endsAt: inHours(50),
    timeZone: "Europe/Berlin",
    clientId: randomUUID(),
    groupIds: [groupId],
  };
}

export function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}
