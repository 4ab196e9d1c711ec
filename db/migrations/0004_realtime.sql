-- The relay's own tables: the log that every message from the database passes through, the counters that number
-- it, and who is present where. Columns up to updated_at of realtime.messages are Supabase's, so its policies fit.

create schema realtime;

create table realtime.topics (
  topic text not null,
  private boolean not null,
  last_seq bigint not null default 0,
  constraint a_counter_per_topic primary key (topic, private),
  constraint numbers_only_grow_from_zero check (last_seq >= 0)
) with (fillfactor = 50);

create table realtime.messages (
  id uuid not null default gen_random_uuid(),
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  inserted_at timestamp not null default (now() at time zone 'utc'),
  updated_at timestamp not null default (now() at time zone 'utc'),
  seq bigint,
  xid xid8 not null default pg_current_xact_id(),
  constraint messages_have_an_id primary key (id, inserted_at)
) partition by range (inserted_at);

create index messages_by_transaction on realtime.messages (xid);
create index messages_in_topic_order on realtime.messages (topic, private, seq);

create table realtime.messages_default partition of realtime.messages default;

create unlogged table realtime.relays (
  id uuid not null,
  started_at timestamptz not null default now(),
  beat timestamptz not null default now(),
  constraint relays_have_an_id primary key (id)
);

create unlogged table realtime.presence (
  relay_id uuid not null references realtime.relays (id) on delete cascade,
  ref text not null,
  topic text not null,
  private boolean not null,
  key text not null,
  meta text not null,
  tracked_at timestamptz not null default now(),
  constraint a_ref_is_unique_in_its_relay primary key (relay_id, ref)
);

alter table realtime.topics enable row level security;
alter table realtime.messages enable row level security;
alter table realtime.messages_default enable row level security;
alter table realtime.relays enable row level security;
alter table realtime.presence enable row level security;

comment on schema realtime is 'Live messages: the log the relays read, and who is present.';
comment on table realtime.topics is 'One counter per topic; private and public topics of one name are different rooms.';
comment on column realtime.topics.last_seq is 'Number of the newest message; a rolled-back message gives its number back.';
comment on table realtime.messages is
  'The log of broadcasts. Its row-level security is the permission on private channels: select policies let a client listen, insert policies let it send.';
comment on column realtime.messages.extension is 'broadcast or presence; policies tell the kinds apart by it.';
comment on column realtime.messages.seq is 'Place within the topic, without holes; null for rows that are never delivered.';
comment on column realtime.messages.xid is
  'Writing transaction; relays find new rows by it. After a dump and restore into another cluster, empty this table.';
comment on table realtime.messages_default is 'Safety net for a day without a partition; roll_partitions() moves its rows out.';
comment on table realtime.relays is 'Relay processes alive; unlogged together with presence, so that a crash empties both.';
comment on table realtime.presence is 'Members tracked by each relay: the snapshot a new relay starts from.';
comment on column realtime.presence.ref is 'phx_ref of the entry.';
comment on column realtime.presence.meta is 'What the client tracked, JSON as text: it may hold characters that jsonb refuses.';
