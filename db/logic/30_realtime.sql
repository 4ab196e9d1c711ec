-- Live messages. Writers call realtime.send() in their own transaction, or insert into realtime.messages; a trigger
-- numbers each message within its topic. Relays read the log with realtime.feed() and ask realtime.authorize() what
-- a client may do on a private channel. Nothing here opens a channel: features add policies on realtime.messages.

create function realtime.topic() returns text
language sql stable
as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;

-- As in Supabase it runs with the caller's rights: insert policies on realtime.messages decide who may send.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql volatile
as $$
declare
  v_id uuid := gen_random_uuid();
  v_payload jsonb := send.payload;
begin
  if jsonb_typeof(v_payload) = 'object' and not v_payload ? 'id' then
    v_payload := v_payload || jsonb_build_object('id', v_id);
  end if;
  perform set_config('realtime.topic', send.topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (v_id, v_payload, send.event, send.topic, send.private, 'broadcast');
exception
  -- A live message never breaks the writer's transaction, as in Supabase. A deadlock or a serialization failure is
  -- passed on: that transaction is to be run again, and swallowing it here would lose the message.
  when transaction_rollback then
    raise;
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;

create function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql volatile
as $$
begin
  perform set_config('realtime.topic', send_binary.topic, true);
  insert into realtime.messages (id, binary_payload, event, topic, private, extension)
  values (gen_random_uuid(), send_binary.payload, send_binary.event, send_binary.topic, send_binary.private, 'broadcast');
exception
  when transaction_rollback then
    raise;
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;

-- For a row trigger that tells a topic what became of a row.
create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
  level text default 'ROW'
) returns void
language plpgsql volatile
as $$
begin
  if broadcast_changes.level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if broadcast_changes.operation is null or broadcast_changes.operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', broadcast_changes.operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'old_record', broadcast_changes.old, 'record', broadcast_changes.new, 'operation', broadcast_changes.operation,
      'table', broadcast_changes.table_name, 'schema', broadcast_changes.table_schema
    ),
    broadcast_changes.event_name,
    broadcast_changes.topic_name
  );
exception
  when transaction_rollback then
    raise;
  when others then
    raise exception 'Failed to process the row: %', sqlerrm;
end
$$;

-- Stores for replay what the relay has delivered already.
create function realtime.keep(
  id uuid, topic text, event text, payload jsonb, binary_payload bytea
) returns void
language sql volatile set search_path = ''
as $$
  insert into realtime.messages (id, topic, event, payload, binary_payload, private, extension, skip_broadcast)
  values (keep.id, keep.topic, keep.event, keep.payload, keep.binary_payload, true, 'broadcast', true)
$$;

-- The relays ask the policies again, at the caller's commit, for who listens to a private topic: somebody may have lost that
-- right. Without it they ask when a token is renewed, within a quarter of an hour.
create function realtime.recheck(topic text, sub uuid default null) returns void
language sql volatile set search_path = ''
as $$
  select realtime.tell(format('recheck %s %s', coalesce(recheck.sub::text, '*'), recheck.topic))
$$;

-- To plan the policies anew for each topic would take a third of its time: the planner thinks that to know the partition is
-- worth that.
create function realtime.authorize(
  topic text, role text, claims jsonb, headers jsonb,
  out read_broadcast boolean, out read_presence boolean,
  out write_broadcast boolean, out write_presence boolean, out write_persistence boolean, out reason text
)
language plpgsql volatile set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_at timestamp := now() at time zone 'utc';
  v_broadcast uuid := gen_random_uuid();
  v_presence uuid := gen_random_uuid();
  v_readable text[] := '{}';
  v_writable text[] := '{}';
  v_extension text;
begin
  insert into realtime.messages (id, topic, extension, private, inserted_at) values
    (v_broadcast, authorize.topic, 'broadcast', true, v_at),
    (v_presence, authorize.topic, 'presence', true, v_at);

  perform set_config('realtime.topic', authorize.topic, true),
    set_config('request.headers', coalesce(authorize.headers, '{}')::text, true),
    set_config('request.jwt.claims', authorize.claims::text, true),
    set_config('request.jwt.claim.sub', coalesce(authorize.claims ->> 'sub', ''), true),
    set_config('request.jwt.claim.role', authorize.role, true),
    set_config('role', authorize.role, true);

  begin
    select coalesce(array_agg(m.extension), '{}') into v_readable
    from realtime.messages as m
    where m.id in (v_broadcast, v_presence) and m.inserted_at = v_at;
  exception when others then
    reason := sqlerrm;
  end;

  foreach v_extension in array array['broadcast', 'presence', 'persistence'] loop
    begin
      insert into realtime.messages (topic, extension, private) values (authorize.topic, v_extension, true);
      v_writable := v_writable || v_extension;
    exception
      when insufficient_privilege then null;
      when others then reason := coalesce(reason, sqlerrm);
    end;
  end loop;

  -- Raised to undo the probe rows, the role and the settings; it carries the answer out.
  raise exception using errcode = 'HWPRB', message = jsonb_build_object(
    'read', v_readable, 'write', v_writable, 'reason', reason)::text;
exception when sqlstate 'HWPRB' then
  read_broadcast := sqlerrm::jsonb -> 'read' ? 'broadcast';
  read_presence := sqlerrm::jsonb -> 'read' ? 'presence';
  write_broadcast := sqlerrm::jsonb -> 'write' ? 'broadcast';
  write_presence := sqlerrm::jsonb -> 'write' ? 'presence';
  write_persistence := sqlerrm::jsonb -> 'write' ? 'persistence';
  reason := sqlerrm::jsonb ->> 'reason';
end
$$;

-- What became visible since an earlier snapshot, at most so many messages, and the snapshot to ask with next time; both
-- belong to the one snapshot of the calling statement, because the function is stable. Where there were more, ask again
-- with that snapshot as `until` and the last message's topic, private and seq as `after`. Sequential scans are off: a
-- fresh partition has no statistics, and the planner would read all of it; that makes costs so high that it would be compiled
-- and planned anew for each read.
create function realtime.feed(
  since pg_snapshot, max_messages integer default 5000, until pg_snapshot default null,
  after_topic text default null, after_private boolean default null, after_seq bigint default null
)
returns table (
  upto text, id uuid, topic text, private boolean, seq bigint, event text, payload text, binary_payload bytea, at timestamptz
)
language plpgsql stable rows 100 set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  -- What has been committed since the first page belongs to the next read, which will find it among those still running.
  v_until constant pg_snapshot := coalesce(feed.until, pg_current_snapshot());
  v_newest constant xid8 := (
    select m.xid from realtime.messages as m
    where m.xid >= coalesce(pg_snapshot_xmax(feed.since), '3') and pg_visible_in_snapshot(m.xid, v_until)
    order by m.xid desc
    limit 1
  );
begin
  return query select realtime.cut_snapshot(v_until, feed.since, v_newest)::text, null::uuid, null, null::boolean, null::bigint, null, null,
    null::bytea, clock_timestamp();
  return query
    select null, found.* from (
      select m.id, m.topic, m.private, m.seq, m.event, m.payload::text, m.binary_payload, m.updated_at at time zone 'utc'
      from realtime.messages as m
      where m.xid >= pg_snapshot_xmax(feed.since)
        and m.xid < pg_snapshot_xmax(v_until) and pg_visible_in_snapshot(m.xid, v_until)
        and m.seq is not null and not m.skip_broadcast
      union all
      select m.id, m.topic, m.private, m.seq, m.event, m.payload::text, m.binary_payload, m.updated_at at time zone 'utc'
      from realtime.messages as m
      where m.xid = any (array(select pg_snapshot_xip(feed.since))) and pg_visible_in_snapshot(m.xid, v_until)
        and m.seq is not null and not m.skip_broadcast
    ) as found
    where feed.after_topic is null
      or (found.topic, found.private, found.seq) > (feed.after_topic, feed.after_private, feed.after_seq)
    order by found.topic, found.private, found.seq
    limit feed.max_messages;
end
$$;

-- The same snapshot as far as a log is concerned whose newest row it sees is of that transaction, up to there. A server
-- that has crashed gives out again the numbers of transactions that left no trace, those rolled back last, but none up to
-- the newest that was committed: with a cursor beyond, the messages of their second owners would be passed by.
create function realtime.cut_snapshot(snapshot pg_snapshot, since pg_snapshot, newest xid8) returns pg_snapshot
language sql immutable set search_path = ''
as $$
  select format('%s:%s:%s', coalesce(min(r.xid), e.xmax), e.xmax, string_agg(r.xid::text, ',' order by r.xid))::pg_snapshot
  from (
    select coalesce(cut_snapshot.newest::text::bigint + 1, pg_snapshot_xmax(cut_snapshot.since)::text::bigint, 3) as xmax
  ) as e
  left join (select x::text::bigint as xid from pg_snapshot_xip(cut_snapshot.snapshot) as x) as r on r.xid < e.xmax
  group by e.xmax
$$;

-- From the first of the newest messages that is young enough. One of a long transaction may be older than one before it:
-- who left it out would leave a hole, and the relay drops what comes later with a lower number.
create function realtime.replay(topic text, since timestamptz, max_messages integer)
returns table (id uuid, seq bigint, event text, payload text, binary_payload bytea)
language sql stable set search_path = ''
as $$
  select m.id, m.seq, m.event, m.payload, m.binary_payload
  from (
    select newest.*, bool_or(newest.inserted_at >= replay.since at time zone 'utc') over (order by newest.seq) as is_due
    from (
      select m.id, m.seq, m.event, m.payload::text, m.binary_payload, m.inserted_at
      from realtime.messages as m
      where m.topic = replay.topic and m.private and m.seq is not null and m.extension = 'broadcast'
      order by m.seq desc
      limit replay.max_messages
    ) as newest
  ) as m
  where m.is_due
  order by m.seq
$$;

-- What was sent to a topic after a message that the listener knows, oldest first. It has no hole unless the first row's
-- number is more than one higher, or newest is higher and there is none: then what lies between is no longer kept.
create function realtime.missed(
  topic text, private boolean, after bigint, max_messages integer,
  out id uuid, out seq bigint, out event text, out payload text, out binary_payload bytea, out skip_broadcast boolean,
  out newest bigint
)
returns setof record
language sql stable set search_path = ''
as $$
  select m.id, m.seq, m.event, m.payload::text, m.binary_payload, m.skip_broadcast, t.last_seq
  from realtime.topics as t
  left join lateral (
    select m.*
    from realtime.messages as m
    where m.topic = t.topic and m.private = t.private and m.seq > missed.after
    order by m.seq
    limit missed.max_messages
  ) as m on true
  where t.topic = missed.topic and t.private = missed.private
  order by m.seq
$$;

create function realtime.roll_partitions(days_ahead integer default 3, days_kept integer default 3) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.roll_partitions('realtime.messages', 'inserted_at', roll_partitions.days_ahead, roll_partitions.days_kept);
  perform app.roll_partitions('realtime.changes', 'at', roll_partitions.days_ahead, 1);
  if to_regprocedure('realtime.sweep_watches()') is not null then -- not yet while the logic is applied
    perform realtime.sweep_watches();
  end if;
end
$$;

-- Numbers a message and wakes the relays. The counter's row lock is held to the end of the writing transaction:
-- that is what makes the numbers of a topic follow the order of commits. A NOTIFY makes commits queue up behind one
-- another, so writers who wake after their commit say so with realtime.wake = 'caller'.
-- What is no broadcast, such as the rows by which permissions are tried, is no concern of it; a WHEN of the trigger would be
-- read anew for every statement, which costs half as much as the insert.
create function realtime.tg_messages__number() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if new.seq is not null or new.extension <> 'broadcast' or new.event is null or new.private is null
    or (new.payload is null and new.binary_payload is null)
  then
    return new;
  end if;
  insert into realtime.topics as t (topic, private, last_seq) values (new.topic, new.private, 1)
  on conflict on constraint a_counter_per_topic do update set last_seq = t.last_seq + 1
  returning t.last_seq into new.seq;
  if current_setting('realtime.wake', true) is distinct from 'caller' and not new.skip_broadcast then
    perform pg_notify('howdah_wake', '');
  end if;
  return new;
end
$$;

create trigger _100_number before insert on realtime.messages
for each row execute function realtime.tg_messages__number();

grant usage on schema realtime to anon, authenticated, service_role;
grant select on realtime.messages to anon, authenticated, service_role;
grant insert (id, topic, extension, payload, binary_payload, event, private) on realtime.messages
  to anon, authenticated, service_role;
grant execute on function
  realtime.topic(),
  realtime.send(jsonb, text, text, boolean),
  realtime.send_binary(bytea, text, text, boolean),
  realtime.broadcast_changes(text, text, text, text, text, record, record, text)
to anon, authenticated, service_role;

-- In Supabase this role passes by row-level security, which only a superuser can give.
create policy service_role_does_all on realtime.messages for all to service_role using (true) with check (true);

comment on function realtime.topic() is 'Name of the channel being asked about; for policies on realtime.messages.';
comment on function realtime.send(jsonb, text, text, boolean) is
  'Sends a broadcast when the calling transaction commits. Adds an id to the payload unless it has one. Never fails: a refusal is a warning.';
comment on function realtime.send_binary(bytea, text, text, boolean) is 'realtime.send for bytes.';
comment on function realtime.broadcast_changes(text, text, text, text, text, record, record, text) is
  'Sends {operation, schema, table, record, old_record} to a private topic; for row triggers. Fails when the row cannot be told.';
comment on function realtime.recheck(text, uuid) is
  'Ends the channels on a private topic whose listeners may no longer be there; one person''s or everybody''s.';
comment on function realtime.keep(uuid, text, text, jsonb, bytea) is 'Stores a delivered broadcast for replay.';
comment on function realtime.authorize(text, text, jsonb, jsonb) is
  'What these claims may do on a private channel, by the policies on realtime.messages; a policy that raises denies and gives the reason.';
comment on function realtime.feed(pg_snapshot, integer, pg_snapshot, text, boolean, bigint) is
  'Messages committed since a snapshot, each exactly once, and the next snapshot.';
comment on function realtime.cut_snapshot(pg_snapshot, pg_snapshot, xid8) is
  'A snapshot without what lies beyond the newest row of a log that it sees; since is the one before.';
comment on function realtime.replay(text, timestamptz, integer) is 'Newest messages of a private channel, oldest first.';
comment on function realtime.missed(text, boolean, bigint, integer) is
  'Messages of a topic after a number, oldest first, with the newest number of the topic; one row without a message if there is none.';
comment on function realtime.roll_partitions(integer, integer) is 'Makes the days ahead, drops the days past keeping.';
comment on function realtime.tg_messages__number() is 'Gives a message its place in its topic and wakes the relays.';

select realtime.roll_partitions();
