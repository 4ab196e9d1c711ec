-- What operators see of live messages, for the owner's eyes. What a relay says of itself is as old as its last beat.

create view realtime.live_relays as
select
  r.id, r.hostname, r.pid, r.started_at,
  round(extract(epoch from clock_timestamp() - r.beat)::numeric, 1)::float8 as seconds_since_beat,
  s.sockets, s.channels, s.rooms, s.members,
  (s.feed_lag_ms ->> 'p50')::float8 as feed_lag_p50_ms,
  (s.feed_lag_ms ->> 'max')::float8 as feed_lag_max_ms,
  s.messages, s.wakes_lost, s.slow_sockets, s.gossip_backlog,
  (select count(*) from realtime.watches as w where w.relay_id = r.id)::integer as watched_tables
from realtime.relays as r
cross join lateral jsonb_to_record(r.stats) as s (
  sockets integer, channels integer, rooms integer, members integer, feed_lag_ms jsonb, messages bigint, wakes_lost bigint,
  slow_sockets integer, gossip_backlog integer
);

create view realtime.busy_topics as
select
  m.topic, m.private, count(*) as messages,
  sum(coalesce(pg_column_size(m.payload), pg_column_size(m.binary_payload))) as bytes,
  max(m.inserted_at) at time zone 'utc' as newest
from realtime.messages as m
where m.seq is not null and m.inserted_at > (now() - interval '1 hour') at time zone 'utc'
group by m.topic, m.private
order by count(*) desc, m.topic;

create view realtime.overview as
select
  relays.*,
  relays.wakes_lost::float8 / nullif(relays.messages, 0) as wakes_lost_share,
  (select count(distinct w.relation) from realtime.watches as w)::integer as watched_tables,
  pg_notification_queue_usage() as notification_queue_share,
  log.partitions_ahead, log.log_bytes
from (
  select
    count(*)::integer as relays,
    coalesce(sum(l.sockets), 0)::integer as sockets,
    coalesce(sum(l.channels), 0)::integer as channels,
    coalesce(sum(l.members), 0)::integer as members,
    max(l.feed_lag_max_ms) as feed_lag_max_ms,
    coalesce(sum(l.messages), 0)::bigint as messages,
    coalesce(sum(l.wakes_lost), 0)::bigint as wakes_lost,
    coalesce(sum(l.slow_sockets), 0)::integer as slow_sockets
  from realtime.live_relays as l
) as relays
cross join (
  select
    min(part.last_day) - (now() at time zone 'utc')::date as partitions_ahead,
    sum(part.bytes)::bigint as log_bytes
  from (
    select
      max(to_date(substring(c.relname from '\d{4}_\d\d_\d\d$'), 'YYYY_MM_DD')) as last_day,
      sum(pg_total_relation_size(c.oid)) as bytes
    from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
    where i.inhparent in ('realtime.messages'::regclass, 'realtime.changes'::regclass)
    group by i.inhparent
  ) as part
) as log;

comment on view realtime.live_relays is
  'A row per relay: its process, its sockets and channels, the members present through it, how late it reads the log.';
comment on column realtime.live_relays.feed_lag_p50_ms is
  'From the write of a message to its reading, between the last two beats; long transactions make it long.';
comment on column realtime.live_relays.messages is 'Messages read from the log since the relay started.';
comment on column realtime.live_relays.wakes_lost is
  'Those of them that no wake announced: the poll found them, up to 250 ms late. Many mean a writer who does not wake, or a lost LISTEN.';
comment on column realtime.live_relays.slow_sockets is 'Sockets closed since the start because the client read too slowly.';
comment on column realtime.live_relays.gossip_backlog is 'Words to the other relays that wait for the database.';
comment on view realtime.busy_topics is
  'Messages of the last hour by topic, the busiest first: how many, their stored size, the newest. Reads the whole hour.';
comment on view realtime.overview is
  'One row on all relays. notification_queue_share: how full the queue of NOTIFY is, 1 is full; more than 0.1 means that some connection listens and does not read. partitions_ahead: days for which the log has its partition.';
