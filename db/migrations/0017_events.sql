-- Events: what is going on, for whom, and who comes.

create schema events;
comment on schema events is E'@howdah @api\nEvents, and who comes to them.';

create table events.events (
  id uuid primary key default gen_random_uuid(),
  created_by uuid references app.people on delete set null,
  client_id uuid not null,
  title text not null,
  description text not null default '',
  place text not null default '',
  starts_at timestamptz not null,
  ends_at timestamptz,
  time_zone text not null,
  group_ids uuid[] not null default '{}',
  roles text[] not null default '{}',
  person_ids uuid[] not null default '{}',
  capacity int,
  remind_minutes_before int,
  revision int not null default 0,
  cancelled_at timestamptz,
  cancel_reason text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint events_are_made_once unique (created_by, client_id),
  constraint titles_have_1_to_200_characters check (char_length(btrim(title)) between 1 and 200),
  constraint descriptions_have_5000_characters_at_most check (char_length(description) <= 5000),
  constraint places_have_200_characters_at_most check (char_length(place) <= 200),
  constraint reasons_have_1000_characters_at_most check (char_length(cancel_reason) <= 1000),
  constraint events_end_after_they_start check (ends_at > starts_at),
  constraint an_audience_is_named check (cardinality(group_ids) + cardinality(person_ids) > 0),
  constraint capacities_are_positive check (capacity between 1 and 1000000),
  constraint reminders_come_within_30_days check (remind_minutes_before between 5 and 43200)
);
alter table events.events enable row level security;
create index events_of_groups on events.events using gin (group_ids);
create index events_of_people on events.events using gin (person_ids);
create index events_by_start on events.events (starts_at, id);

create table events.rsvps (
  id uuid primary key default gen_random_uuid(),
  event_id uuid not null references events.events on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  answered_by uuid references app.people on delete set null,
  answer text not null,
  guests int not null default 0,
  comment text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_answer_per_person_and_event unique (event_id, person_id),
  constraint answers_are_yes_no_or_maybe check (answer in ('yes', 'no', 'maybe')),
  constraint guests_are_0_to_20 check (guests between 0 and 20),
  constraint comments_have_500_characters_at_most check (char_length(comment) <= 500)
);
alter table events.rsvps enable row level security;
create index rsvps_of_person on events.rsvps (person_id);
create index rsvps_answered_by on events.rsvps (answered_by);

create type events.answer_counts as (
  yes int,
  maybe int,
  no int,
  guests int
);
