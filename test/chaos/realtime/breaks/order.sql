-- Reads everything once, and sorts it by an id instead of the number within the topic.

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
    feed.since, feed.max_messages, feed.until, feed.after_topic, feed.after_private, feed.after_seq
  ) f
  order by f.upto, f.id
$$;
