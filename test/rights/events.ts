import { inGroup, type Rights } from "../support/rights/noun.ts";

const organisers = ["owner", "staff"] as const;

export default {
  rows: {
    event: `select (events.create_event('Trip', now() + interval '7 days', gen_random_uuid(), group_ids => array[:group]::uuid[])).id`,
    private: `select (events.create_event('Talk', now() + interval '7 days', gen_random_uuid(), person_ids => array[:student]::uuid[])).id`,
    rsvp: "insert into events.rsvps (event_id, person_id, answer) values (:event, :student, 'yes') returning id",
  },
  reads: {
    "events.events": { where: "id = :event", by: ["owner", ...inGroup, "guardian"] },
    "events.rsvps": { where: "id = :rsvp", by: ["owner", "staff", "student", "guardian"] },
  },
  acts: {
    "select 1 from events.events where id = :private": ["owner", "staff", "student", "guardian"],
    "events.create_event('Trip', now() + interval '7 days', gen_random_uuid(), group_ids => array[:group]::uuid[])":
      organisers,
    "events.create_event('Trip', now() + interval '7 days', gen_random_uuid(), person_ids => array[:student]::uuid[])":
      organisers,
    "events.update_event(:event, title => 'Journey')": organisers,
    "events.cancel_event(:event)": organisers,
    "events.rsvp(:event, 'yes')": inGroup,
    "events.rsvp(:event, 'yes', person_id => :student)": ["student", "guardian"],
    "events.rsvp(:event, 'yes', person_id => :classmate)": ["classmate"],
    "events.rsvp(:private, 'yes')": ["staff", "student"],
    "events.events_unanswered((select e from events.events e where id = :event))": organisers,
    "events.event_progress(:event)": organisers,
  },
  functions: {
    mutations: ["events.cancel_event", "events.create_event", "events.rsvp", "events.update_event"],
    signedIn: [
      "events.current_event_ids",
      "events.current_organised_event_ids",
      "events.event_progress",
      "events.events_answers",
      "events.events_my_answer",
      "events.events_unanswered",
    ],
  },
} satisfies Rights;
