-- What people are told: an announcement is one cause with its audience, a notification is one person's row of it, a
-- delivery is a notification on its way over a channel.

create schema notify;
comment on schema notify is E'@howdah @api\nWhat people are told, where and when.';

create table notify.announcements (
  id uuid primary key default gen_random_uuid(),
  actor_id uuid references app.people on delete set null,
  follows_id uuid references notify.announcements on delete cascade,
  client_id uuid,
  cause text not null,
  category text not null,
  title text not null,
  body text not null,
  path text not null,
  about jsonb not null default '{}',
  group_ids uuid[],
  roles text[],
  person_ids uuid[],
  revision int not null default 1,
  follows_revision int,
  urgent boolean not null default false,
  not_before timestamptz,
  expires_at timestamptz,
  split_at timestamptz,
  finished_at timestamptz,
  withdrawn_at timestamptz,
  created_at timestamptz not null default now(),
  constraint a_cause_is_announced_once unique (cause),
  constraint causes_have_1_to_300_characters check (char_length(cause) between 1 and 300),
  constraint categories_are_known check (category in (
    'announcement', 'event', 'grade', 'chat-mention', 'chat-direct', 'campaign', 'security', 'account'
  )),
  constraint titles_have_200_characters_at_most check (char_length(title) <= 200),
  constraint bodies_have_10000_characters_at_most check (char_length(body) <= 10000),
  constraint paths_stay_at_home check (path ~ '^(/|/[^/\s\\][^\s\\]*)?$' and char_length(path) <= 1000),
  constraint about_is_an_object check (jsonb_typeof(about) = 'object')
);
alter table notify.announcements enable row level security;
create index announcements_of_actor on notify.announcements (actor_id, created_at);
create index announcements_that_follow on notify.announcements (follows_id);
create unique index announcements_made_once on notify.announcements (actor_id, client_id);

-- A part of an audience, worked off in one transaction. `people` has each person's own words.
create table notify.chunks (
  announcement_id uuid not null references notify.announcements on delete cascade,
  number int not null,
  person_ids uuid[] not null,
  people jsonb,
  revision int,
  notified int not null default 0,
  done_at timestamptz,
  withdrawn_at timestamptz,
  constraint chunks_are_numbered primary key (announcement_id, number)
);
alter table notify.chunks enable row level security;

create table notify.notifications (
  id uuid primary key default gen_random_uuid(),
  announcement_id uuid not null references notify.announcements on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  category text not null,
  own_words jsonb,
  seen_at timestamptz,
  read_at timestamptz,
  archived_at timestamptz,
  withdrawn_at timestamptz,
  created_at timestamptz not null default now(),
  constraint one_notification_per_person_and_cause unique (announcement_id, person_id)
);
alter table notify.notifications enable row level security;
create index notifications_of_person on notify.notifications (person_id, created_at, id);
create index notifications_unread on notify.notifications (person_id)
where read_at is null and archived_at is null and withdrawn_at is null;

create table notify.deliveries (
  notification_id uuid not null references notify.notifications on delete cascade,
  channel text not null,
  state text not null,
  reason text,
  frequency text not null,
  due_at timestamptz,
  letter_id uuid,
  created_at timestamptz not null default now(),
  constraint one_delivery_per_notification_and_channel primary key (notification_id, channel),
  constraint channels_are_known check (channel in ('mail')),
  constraint states_are_known check (state in ('waiting', 'handed-over', 'skipped', 'withdrawn')),
  constraint frequencies_are_known check (frequency in ('instant', 'digest-daily', 'digest-weekly', 'off')),
  constraint only_what_waits_is_due check ((state = 'waiting') = (due_at is not null)),
  constraint the_skipped_say_why check (state <> 'skipped' or reason is not null)
);
alter table notify.deliveries enable row level security;
create index deliveries_due on notify.deliveries (due_at) where state = 'waiting';

-- What somebody chose; what is not here is as the community has it.
create table notify.preferences (
  person_id uuid not null references app.people on delete cascade,
  category text not null,
  channel text not null,
  frequency text not null,
  updated_at timestamptz not null default now(),
  constraint one_preference_per_category_and_channel primary key (person_id, category, channel),
  constraint categories_can_be_muted check (category in (
    'announcement', 'event', 'grade', 'chat-mention', 'chat-direct', 'campaign'
  )),
  constraint channels_are_known check (channel in ('mail')),
  constraint frequencies_are_known check (frequency in ('instant', 'digest-daily', 'digest-weekly', 'off'))
);
alter table notify.preferences enable row level security;

-- What the community has for a role, or for everybody.
create table notify.default_preferences (
  role text not null,
  category text not null,
  channel text not null,
  frequency text not null,
  updated_at timestamptz not null default now(),
  constraint one_default_per_role_category_and_channel primary key (role, category, channel),
  constraint roles_are_known check (role in ('owner', 'teacher', 'student', 'parent', 'member', 'everybody')),
  constraint categories_can_be_muted check (category in (
    'announcement', 'event', 'grade', 'chat-mention', 'chat-direct', 'campaign'
  )),
  constraint channels_are_known check (channel in ('mail')),
  constraint frequencies_are_known check (frequency in ('instant', 'digest-daily', 'digest-weekly', 'off'))
);
alter table notify.default_preferences enable row level security;

-- Wall-clock times in the person's own zone.
create table notify.quiet_times (
  person_id uuid primary key references app.people on delete cascade,
  starts_at time not null,
  ends_at time not null,
  days int[] not null,
  updated_at timestamptz not null default now(),
  constraint quiet_hours_have_an_end check (starts_at <> ends_at),
  constraint days_are_1_monday_to_7_sunday check (days <@ array[1, 2, 3, 4, 5, 6, 7] and cardinality(days) between 1 and 7)
);
alter table notify.quiet_times enable row level security;

-- When digests come, by the person's own clock; without a row at 7, the weekly ones on Mondays.
create table notify.digest_times (
  person_id uuid primary key references app.people on delete cascade,
  hour int not null default 7,
  weekday int not null default 1,
  updated_at timestamptz not null default now(),
  constraint hours_are_of_a_day check (hour between 0 and 23),
  constraint weekdays_are_1_monday_to_7_sunday check (weekday between 1 and 7)
);
alter table notify.digest_times enable row level security;

-- Token buckets. A crash empties the table, which fills all buckets.
create unlogged table notify.buckets (
  person_id uuid not null references app.people on delete cascade,
  category text not null,
  channel text not null,
  tokens double precision not null,
  filled_at timestamptz not null,
  constraint a_bucket_per_person_category_and_channel primary key (person_id, category, channel)
);
alter table notify.buckets enable row level security;

create type notify.preference as (
  category text,
  channel text,
  frequency text,
  source text
);

create type notify.progress_of_cause as (
  recipients int,
  notified int,
  mails_waiting int,
  mails_sent int,
  skipped int,
  withdrawn int,
  finished_at timestamptz
);

-- A letter is updated three times on its way out. Room beside it keeps the widest of these updates, that of its words, out of
-- the indexes.
alter table mail.letters set (fillfactor = 50);
