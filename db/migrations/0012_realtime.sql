-- Messages of bytes and messages that are only kept; the log of row changes and who watches what; when a person was last
-- there; what each relay says of itself.

alter table realtime.messages
  add column binary_payload bytea,
  add column skip_broadcast boolean not null default false,
  add constraint a_payload_is_json_or_bytes check (payload is null or binary_payload is null);

create table realtime.changes (
  id bigint not null generated always as identity,
  at timestamptz not null default clock_timestamp(),
  xid xid8 not null default pg_current_xact_id(),
  relation oid not null,
  schema_name name not null,
  table_name name not null,
  operation text not null,
  rows bigint not null default 1,
  record jsonb,
  old_record jsonb,
  constraint changes_have_an_id primary key (id, at),
  constraint an_operation_is_known check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'))
) partition by range (at);

create index changes_by_transaction on realtime.changes (xid);

create table realtime.changes_default partition of realtime.changes default;

create unlogged table realtime.watches (
  relay_id uuid not null references realtime.relays (id) on delete cascade,
  relation oid not null,
  since timestamptz not null default now(),
  constraint a_relay_watches_a_table_once primary key (relay_id, relation)
);

create unlogged table realtime.words (
  id bigint not null generated always as identity,
  at timestamptz not null default clock_timestamp(),
  xid xid8 not null default pg_current_xact_id(),
  word text not null,
  constraint words_have_an_id primary key (id)
);

create table realtime.last_seen (
  sub uuid not null,
  at timestamptz not null,
  constraint a_person_was_seen_once_last primary key (sub)
) with (fillfactor = 50);

alter table realtime.presence
  add column sub uuid,
  add column held_since timestamptz,
  drop constraint presence_relay_id_fkey;

create index presence_of_a_person on realtime.presence (sub) where sub is not null;
create index presence_held_back on realtime.presence (held_since) where held_since is not null;

alter table realtime.relays
  add column beat_every interval not null default '5 seconds',
  add column locked boolean not null default false,
  add column hostname text not null default '',
  add column pid integer not null default 0,
  add column polls boolean not null default false,
  add column stats jsonb not null default '{}';

alter table realtime.changes enable row level security;
alter table realtime.changes_default enable row level security;
alter table realtime.watches enable row level security;
alter table realtime.words enable row level security;
alter table realtime.last_seen enable row level security;

comment on column realtime.messages.binary_payload is 'The payload of realtime.send_binary; payload is null then.';
comment on column realtime.messages.skip_broadcast is 'Was delivered before it was stored, and stands here for replay only.';
comment on table realtime.changes is
  'The log of row changes in the tables that somebody watches; triggers write it, relays read it. Kept for a day.';
comment on column realtime.changes.id is 'Order of the changes; two changes of one row stand in the order of their commits.';
comment on column realtime.changes.relation is 'pg_class.oid of the table.';
comment on column realtime.changes.rows is 'Rows that the statement changed; above one, record and old_record are null: too many to be told one by one.';
comment on column realtime.changes.record is 'The whole new row; what a subscriber gets of it is cut out when it is sent.';
comment on column realtime.changes.old_record is 'The whole row as it was before.';
comment on table realtime.changes_default is 'Safety net for a day without a partition.';
comment on table realtime.watches is 'Which relay has subscribers on which table; such a table carries triggers.';
comment on table realtime.words is
  'What relays tell each other, for those that cannot listen; kept for a minute, and only while there is such a relay.';
comment on table realtime.last_seen is 'When a person (the sub of their token) was last present anywhere.';
comment on column realtime.presence.sub is 'The person by their token; null for those without one.';
comment on column realtime.presence.held_since is
  'When the connection was lost; the leave is held back a few seconds. Such a member may outlive its relay.';
comment on column realtime.relays.locked is 'A connection of the relay holds realtime.lock_relay(): when it ends, so has the relay.';
comment on column realtime.relays.polls is 'It cannot listen, for it connects through a transaction pooler.';
comment on column realtime.relays.stats is 'What the relay said of itself with its last beat: sockets, channels, rooms, feed lag and more.';

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;
