-- Reads a little of what it has read before, and trusts that nobody minds.

-- The true one under another name; its body calls its arguments by its name.
do $$
begin
  execute replace(replace(
    pg_get_functiondef('realtime.feed'::regproc), 'realtime.feed(', 'realtime.exact_feed('), 'feed.', 'exact_feed.');
end
$$;

create or replace function realtime.feed(
  since pg_snapshot, max_messages integer default 5000, until pg_snapshot default null,
  after_topic text default null, after_private boolean default null, after_seq bigint default null
)
returns table (
  upto text, id uuid, topic text, private boolean, seq bigint, event text, payload text, binary_payload bytea, at timestamptz
)
language sql stable rows 100 set search_path = ''
as $$
  select f.* from realtime.exact_feed(
    format('%1$s:%1$s:', greatest(pg_snapshot_xmin(feed.since)::text::bigint - 20, 3))::pg_snapshot, feed.max_messages, feed.until,
    feed.after_topic, feed.after_private, feed.after_seq
  ) f
$$;
