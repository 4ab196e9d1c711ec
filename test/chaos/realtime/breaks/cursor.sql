-- The naive cursor: a number from a sequence, and everything above the last one seen. A transaction that takes its number
-- early and commits late is passed by.

create sequence chaos.places;
grant usage on sequence chaos.places to public;
alter table realtime.messages add column place bigint not null default nextval('chaos.places');
create index messages_by_place on realtime.messages (place);

create or replace function realtime.feed(
  since pg_snapshot, max_messages integer default 5000, until pg_snapshot default null,
  after_topic text default null, after_private boolean default null, after_seq bigint default null
)
returns table (
  upto text, id uuid, topic text, private boolean, seq bigint, event text, payload text, binary_payload bytea, at timestamptz
)
language sql stable rows 100 set search_path = '' set enable_seqscan = off
as $$
  with newest as (select coalesce(max(m.place), 0) + 1 as place from realtime.messages m)
  select format('%1$s:%1$s:', n.place), null::uuid, null, null::boolean, null::bigint, null, null, null::bytea, clock_timestamp()
  from newest n
  union all (
    select null, m.id, m.topic, m.private, m.seq, m.event, m.payload::text, m.binary_payload, m.updated_at at time zone 'utc'
    from realtime.messages m
    where m.place >= pg_snapshot_xmax(feed.since)::text::bigint and m.seq is not null and not m.skip_broadcast
    order by m.topic, m.private, m.seq
  )
$$;
