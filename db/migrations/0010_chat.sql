-- Chat: a room per group, messages numbered per room without holes.

create schema chat;

create table chat.rooms (
  id uuid primary key default gen_random_uuid(),
  group_id uuid references app.groups on delete cascade,
  name text not null,
  last_seq bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200)
) with (fillfactor = 50);
alter table chat.rooms enable row level security;
create index rooms_of_group on chat.rooms (group_id);

create table chat.messages (
  id uuid primary key default gen_random_uuid(),
  room_id uuid not null references chat.rooms on delete cascade,
  sender_id uuid references app.people on delete set null,
  seq bigint not null,
  client_id uuid not null,
  body text not null,
  created_at timestamptz not null default now(),
  constraint bodies_have_1_to_4000_characters check (char_length(btrim(body)) between 1 and 4000),
  constraint seqs_are_unique_in_a_room unique (room_id, seq)
);
alter table chat.messages enable row level security;
create unique index messages_sent_once on chat.messages (room_id, sender_id, client_id);
create index messages_of_sender on chat.messages (sender_id);
