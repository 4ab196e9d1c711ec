-- Chat grows up: kinds of rooms with members of their own, direct conversations, reading, editing, reactions, moderation.

alter table chat.rooms
  add column kind text not null default 'open',
  add column includes_group boolean not null default false,
  add column created_by uuid references app.people on delete set null,
  add column client_id uuid,
  add column direct_people uuid[],
  add column slow_mode_seconds int not null default 0,
  add column last_message_at timestamptz,
  add column unread_due_at timestamptz,
  add column absent_due_at timestamptz,
  add constraint kinds_are_known check (kind in ('open', 'closed', 'announcement', 'direct')),
  add constraint open_rooms_belong_to_a_group check (kind <> 'open' or group_id is not null),
  add constraint a_group_is_there_to_be_included check (not includes_group or group_id is not null),
  add constraint direct_rooms_have_their_people check ((kind = 'direct') = (direct_people is not null)),
  add constraint direct_rooms_belong_to_no_group check (kind <> 'direct' or group_id is null),
  add constraint slow_mode_has_0_to_3600_seconds check (slow_mode_seconds between 0 and 3600);
create unique index rooms_made_once on chat.rooms (created_by, client_id);
create unique index rooms_of_the_same_people on chat.rooms (direct_people);

update chat.rooms r
set includes_group = true,
  last_message_at = (select max(m.created_at) from chat.messages m where m.room_id = r.id);

create table chat.room_members (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references chat.rooms on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  added_by uuid references app.people on delete set null,
  role text not null default 'member',
  involvement text not null default 'mentions',
  muted_until timestamptz,
  last_read_seq bigint not null default 0,
  last_delivered_seq bigint not null default 0,
  last_notified_seq bigint not null default 0,
  last_sent_at timestamptz,
  created_at timestamptz not null default now(),
  constraint roles_are_known check (role in ('member', 'moderator')),
  constraint involvements_are_known check (involvement in ('everything', 'mentions', 'nothing')),
  constraint people_are_in_a_room_once unique (room_id, person_id)
) with (fillfactor = 70);
alter table chat.room_members enable row level security;
create index room_members_of_person on chat.room_members (person_id);
create index room_members_by_adder on chat.room_members (added_by);
create index room_members_who_want_everything on chat.room_members (room_id) where involvement = 'everything';

insert into chat.room_members (room_id, person_id, last_read_seq, last_delivered_seq, last_notified_seq)
select r.id, m.person_id, r.last_seq, r.last_seq, r.last_seq
from chat.rooms r
join app.memberships m on m.group_id = r.group_id;

-- What is deleted or hidden keeps its row and loses its words: they stand in the versions, for moderators.
alter table chat.messages
  add column reply_to_id uuid references chat.messages on delete set null,
  add column mention_ids uuid[] not null default '{}',
  add column mentions_room boolean not null default false,
  add column edited_at timestamptz,
  add column deleted_at timestamptz,
  add column hidden_at timestamptz,
  drop constraint bodies_have_1_to_4000_characters,
  add constraint bodies_have_1_to_4000_characters check (
    case when deleted_at is null and hidden_at is null then char_length(btrim(body)) between 1 and 4000 else body = '' end
  ),
  add constraint messages_have_50_mentions_at_most check (cardinality(mention_ids) <= 50);
create index messages_replying on chat.messages (reply_to_id);
create index messages_to_everybody on chat.messages (room_id, seq) where mentions_room;
create index messages_by_time on chat.messages (room_id, created_at);
create index messages_by_word on chat.messages using gin (to_tsvector('simple', body));

-- Searching for parts of words needs an extension that not every Postgres has or lets us have; without it, whole words are found.
do $$
declare
  v_schema text;
begin
  begin
    create extension if not exists pg_trgm with schema public;
  exception
    when others then raise notice 'pg_trgm: %', sqlerrm;
  end;
  select e.extnamespace::regnamespace::text into v_schema from pg_extension e where e.extname = 'pg_trgm';
  if found then
    execute format('create index messages_by_part on chat.messages using gin (body %s.gin_trgm_ops)', v_schema);
  end if;
end
$$;

create table chat.mentions (
  message_id uuid not null references chat.messages on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  room_id uuid not null references chat.rooms on delete cascade,
  seq bigint not null,
  constraint people_are_mentioned_once primary key (message_id, person_id)
);
alter table chat.mentions enable row level security;
create index mentions_of_person on chat.mentions (person_id, room_id, seq);
create index mentions_in_room on chat.mentions (room_id, seq);

create table chat.message_versions (
  id uuid primary key default gen_random_uuid(),
  message_id uuid not null references chat.messages on delete cascade,
  room_id uuid not null references chat.rooms on delete cascade,
  changed_by uuid references app.people on delete set null,
  change text not null,
  body text not null,
  created_at timestamptz not null default now(),
  constraint changes_are_known check (change in ('edited', 'deleted', 'hidden'))
);
alter table chat.message_versions enable row level security;
create index message_versions_of_message on chat.message_versions (message_id, created_at);
create index message_versions_of_room on chat.message_versions (room_id);
create index message_versions_by_changer on chat.message_versions (changed_by);

create table chat.reactions (
  id uuid primary key default gen_random_uuid(),
  message_id uuid not null references chat.messages on delete cascade,
  room_id uuid not null references chat.rooms on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  emoji text not null,
  created_at timestamptz not null default now(),
  constraint emoji_have_1_to_16_characters check (char_length(emoji) between 1 and 16 and emoji !~ '\s'),
  constraint people_react_once_with_an_emoji unique (message_id, person_id, emoji)
);
alter table chat.reactions enable row level security;
create index reactions_of_room on chat.reactions (room_id);
create index reactions_of_person on chat.reactions (person_id);

create table chat.pins (
  message_id uuid primary key references chat.messages on delete cascade,
  room_id uuid not null references chat.rooms on delete cascade,
  pinned_by uuid references app.people on delete set null,
  created_at timestamptz not null default now()
);
alter table chat.pins enable row level security;
create index pins_of_room on chat.pins (room_id, created_at);
create index pins_by_pinner on chat.pins (pinned_by);

create table chat.bans (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references chat.rooms on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  banned_by uuid references app.people on delete set null,
  until timestamptz,
  created_at timestamptz not null default now(),
  constraint one_ban_per_person_and_room unique (room_id, person_id)
);
alter table chat.bans enable row level security;
create index bans_of_person on chat.bans (person_id);
create index bans_by_banner on chat.bans (banned_by);

create table chat.moderation (
  id uuid primary key default gen_random_uuid(),
  room_id uuid references chat.rooms on delete set null,
  message_id uuid references chat.messages on delete set null,
  person_id uuid references app.people on delete set null,
  actor_id uuid references app.people on delete set null,
  action text not null,
  reason text not null default '',
  body text,
  until timestamptz,
  created_at timestamptz not null default now(),
  constraint actions_are_known check (
    action in ('report', 'hide', 'unhide', 'delete', 'ban', 'unban', 'add', 'remove', 'slow-mode', 'rename')
  ),
  constraint reasons_have_1000_characters_at_most check (char_length(reason) <= 1000)
);
alter table chat.moderation enable row level security;
create index moderation_of_room on chat.moderation (room_id, created_at);
create index moderation_of_message on chat.moderation (message_id);
create index moderation_of_person on chat.moderation (person_id);
create index moderation_by_actor on chat.moderation (actor_id);
create unique index reports_made_once on chat.moderation (message_id, actor_id) where action = 'report';

create type chat.room_standing as (
  role text,
  unread int,
  mentions int,
  last_read_seq bigint,
  involvement text,
  muted_until timestamptz,
  may_write boolean,
  may_moderate boolean,
  wait_seconds int
);

create type chat.reaction_count as (
  emoji text,
  count int,
  is_mine boolean
);

create type chat.missing_words as (
  person_id uuid,
  number int,
  since timestamptz,
  lines text[]
);
