-- The community that this installation serves, what the product needs to know of its people, and who minds whose child.
-- A schema whose comment begins with @howdah is ours to clear and write anew (00_clear.sql); @api shows it in GraphQL.

comment on schema app is E'@howdah @api\nPeople, groups, and how they sign in.';
comment on schema chat is E'@howdah @api\nRooms and what is said in them.';
comment on schema queue is E'@howdah\nThe queue around graphile-worker.';
comment on schema laravel is E'@howdah\nThe tables of Laravel''s database queue, as views.';
comment on schema realtime is E'@howdah\nLive messages: the log the relays read, and who is present.';
comment on schema mail is E'@howdah\nLetters and what became of them.';
comment on schema mailbox is E'@howdah\nThe mailbox that stands in for Postmark.';

create table app.community (
  id boolean primary key default true,
  name text not null default 'Howdah',
  colour text not null default '#b4532a',
  locale text not null default 'en',
  time_zone text not null default 'UTC',
  students_are_minors boolean not null default true,
  minors_chat_with text not null default 'nobody',
  guardians_get_grades boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint there_is_one_community check (id),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200),
  constraint colours_are_hexadecimal check (colour ~ '^#[0-9a-f]{6}$'),
  constraint locales_are_known check (locale in ('en', 'id')),
  constraint policies_on_minors_are_known check (minors_chat_with in ('nobody', 'teachers', 'guardian-present', 'everybody'))
);
alter table app.community enable row level security;
insert into app.community default values;

alter table app.people
  add column community_role text not null default 'member',
  add column locale text,
  add column time_zone text,
  add column is_minor boolean not null default false,
  add constraint community_roles_are_known check (community_role in ('owner', 'staff', 'member')),
  add constraint locales_are_known check (locale in ('en', 'id'));
create index people_who_run_the_community on app.people (community_role) where community_role <> 'member';

alter table app.groups
  drop constraint kinds_are_known,
  add column description text not null default '',
  add column archived_at timestamptz,
  add column created_by uuid references app.people on delete set null,
  add column client_id uuid,
  add constraint kinds_are_words check (kind ~ '^[a-z][a-z-]{0,39}$'),
  add constraint descriptions_have_2000_characters_at_most check (char_length(description) <= 2000);
create index groups_of_creator on app.groups (created_by);
create unique index groups_made_once on app.groups (created_by, client_id);

-- For the people of an audience: a role in some groups.
create index memberships_by_role on app.memberships (group_id, role, person_id);

create table app.guardianships (
  id uuid primary key default gen_random_uuid(),
  guardian_id uuid not null references app.people on delete cascade,
  child_id uuid not null references app.people on delete cascade,
  created_by uuid references app.people on delete set null,
  created_at timestamptz not null default now(),
  constraint nobody_minds_themselves check (guardian_id <> child_id),
  constraint one_guardianship_per_pair unique (guardian_id, child_id)
);
alter table app.guardianships enable row level security;
create index guardianships_of_child on app.guardianships (child_id);
create index guardianships_by_creator on app.guardianships (created_by);
