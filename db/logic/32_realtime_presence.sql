-- Which relays live, whose members are where, and when a person was last there. A relay is the only writer of its row and
-- of its members; whoever notices its death deletes the row. Members outlive their relay as held back for a few seconds,
-- so that people whom another relay takes in are not missed in between.

-- Says that a relay lives, buries the dead, forgets members whose time to come back is over, and lists the living. fresh:
-- the relay was not known (any more), so it has to publish its members again. slowest_ms: the longest pause between two
-- beats among the living, after which each of them has heard of this one. locked: the relay holds its lock.
create function realtime.beat(
  relay_id uuid, beat_every interval default interval '5 seconds', hold interval default interval '5 seconds',
  locked boolean default false, hostname text default '', pid integer default 0, stats jsonb default '{}',
  polls boolean default false,
  out fresh boolean, out live uuid[], out slowest_ms integer
)
language plpgsql volatile set search_path = ''
as $$
begin
  update realtime.relays as r
  set (beat, beat_every, locked, hostname, pid, stats, polls)
    = (clock_timestamp(), beat.beat_every, beat.locked, beat.hostname, beat.pid, beat.stats, beat.polls)
  where r.id = beat.relay_id;
  fresh := not found;
  insert into realtime.relays (id, beat, beat_every, locked, hostname, pid, stats, polls)
  values (beat.relay_id, clock_timestamp(), beat.beat_every, beat.locked, beat.hostname, beat.pid, beat.stats, beat.polls)
  on conflict (id) do nothing;
  perform realtime.reap_relays();
  perform realtime.forget_members(beat.hold);
  if beat.polls then
    delete from realtime.words as w where w.at < clock_timestamp() - interval '1 minute';
  end if;
  select array_agg(r.id), ceil(extract(epoch from max(r.beat_every)) * 1000) into live, slowest_ms
  from realtime.relays as r;
end
$$;

-- Dead is who missed three beats, or one if its connection is seen to be gone with the lock on it.
create function realtime.reap_relays() returns setof uuid
language sql volatile set search_path = ''
as $$
  delete from realtime.relays as r
  where r.id in (
    select dead.id from realtime.relays as dead
    where case
      when dead.beat < clock_timestamp() - 3 * dead.beat_every then true
      when dead.locked and dead.beat < clock_timestamp() - 1.5 * dead.beat_every then not realtime.is_locked(dead.id)
    end
    for update skip locked
  )
  returning r.id
$$;

-- Shared, so that a relay which reconnects does not wait for the end of its old connection.
create function realtime.lock_relay(relay_id uuid) returns boolean
language sql volatile set search_path = ''
as $$
  select pg_try_advisory_lock_shared(realtime.lock_class(), hashtext(lock_relay.relay_id::text))
$$;

-- Looks instead of trying: to try would be to hold the lock for a moment.
create function realtime.is_locked(relay_id uuid) returns boolean
language sql volatile set search_path = ''
as $$
  select exists (
    select from pg_locks as l
    where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
      and l.database = (select d.oid from pg_database as d where d.datname = current_database())
      and l.classid = realtime.lock_class()::oid and l.objid = hashtext(is_locked.relay_id::text)::oid
  )
$$;

create function realtime.lock_class() returns integer language sql immutable as $$ select 4701648 $$;

-- A relay that is gone was last there at its last beat, and so were its members. The word of it goes out in the deleting
-- transaction: a relay that was buried by mistake comes back after that, and is heard after it.
create function realtime.tg_relays__depart() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
  perform realtime.saw(array_agg(p.sub), array_agg(least(p.held_since, old.beat)))
  from realtime.presence as p
  where p.relay_id = old.id and p.sub is not null;
  update realtime.presence as p set held_since = clock_timestamp() where p.relay_id = old.id;
  perform realtime.tell(old.id || ' gone');
  return null;
end
$$;

create trigger _500_depart after delete on realtime.relays
for each row execute function realtime.tg_relays__depart();

create function realtime.retire(relay_id uuid) returns void
language sql volatile set search_path = ''
as $$
  update realtime.relays as r set beat = clock_timestamp() where r.id = retire.relay_id;
  delete from realtime.relays as r where r.id = retire.relay_id;
$$;

-- Only those without a relay: the others are their relay's to remove.
create function realtime.forget_members(held_for interval) returns void
language sql volatile set search_path = ''
as $$
  delete from realtime.presence as p
  where p.held_since < clock_timestamp() - forget_members.held_for
    and not exists (select from realtime.relays as r where r.id = p.relay_id)
$$;

-- One flush of a relay: its members' comings and goings into the table, and word of them to the other relays, in
-- one transaction, so that a relay which listens first and reads the table second misses nothing. gone: null for all
-- that are not among refs. held: among them or there already; their leave is held back. replaced: held members without a
-- relay, whose place one of refs has taken.
create function realtime.gossip_presence(
  relay_id uuid, envelopes text[], gone text[], held text[], replaced text[],
  refs text[], topics text[], privates boolean[], keys text[], metas text[], subs uuid[]
) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  v_subs uuid[];
  v_at timestamptz[];
begin
  perform from realtime.relays as r where r.id = gossip_presence.relay_id for key share;
  if not found then
    raise exception 'relay % is not in service', gossip_presence.relay_id using errcode = 'foreign_key_violation';
  end if;
  with removed as (
    delete from realtime.presence as p
    where p.relay_id = gossip_presence.relay_id
      and (p.ref = any (gossip_presence.gone) or gossip_presence.gone is null)
      and p.ref <> all (gossip_presence.refs)
    returning p.sub, coalesce(p.held_since, clock_timestamp()) as at
  )
  select array_agg(r.sub), array_agg(r.at) into v_subs, v_at from removed as r where r.sub is not null;
  perform realtime.saw(v_subs, v_at);

  insert into realtime.presence as p (relay_id, ref, topic, private, key, meta, sub, held_since)
  select gossip_presence.relay_id, m.ref, m.topic, m.private, m.key, m.meta, m.sub,
    case when m.ref = any (gossip_presence.held) then clock_timestamp() end
  from unnest(gossip_presence.refs, gossip_presence.topics, gossip_presence.privates, gossip_presence.keys,
    gossip_presence.metas, gossip_presence.subs) as m (ref, topic, private, key, meta, sub)
  on conflict on constraint a_ref_is_unique_in_its_relay do update set held_since = excluded.held_since;

  if gossip_presence.held <> '{}' then
    update realtime.presence as p set held_since = clock_timestamp()
    where p.relay_id = gossip_presence.relay_id and p.ref = any (gossip_presence.held) and p.held_since is null;
  end if;
  if gossip_presence.replaced <> '{}' then
    delete from realtime.presence as p
    where p.held_since is not null and p.ref = any (gossip_presence.replaced)
      and not exists (select from realtime.relays as r where r.id = p.relay_id);
  end if;
  perform realtime.gossip(gossip_presence.envelopes);
end
$$;

create function realtime.gossip(envelopes text[]) returns void
language sql volatile set search_path = ''
as $$
  select realtime.tell(e.envelope)
  from unnest(gossip.envelopes) with ordinality as e (envelope, place)
  order by e.place
$$;

-- One word to all relays. Those behind a transaction pooler cannot listen and find it in a table.
create function realtime.tell(word text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_notify('howdah_relay', tell.word);
  if exists (select from realtime.relays as r where r.polls) then
    insert into realtime.words (word) values (tell.word);
  end if;
end
$$;

-- As realtime.feed, for words: in their order, each once.
create function realtime.words_since(
  since pg_snapshot, most integer, until pg_snapshot default null, after_id bigint default null
) returns table (upto text, id bigint, word text, at timestamptz)
language sql stable set search_path = ''
as $$
  select coalesce(words_since.until, pg_current_snapshot())::text, null::bigint, null, clock_timestamp()
  union all (
    select null, w.id, w.word, w.at
    from realtime.words as w
    where not pg_visible_in_snapshot(w.xid, words_since.since)
      and pg_visible_in_snapshot(w.xid, coalesce(words_since.until, pg_current_snapshot()))
      and w.id > coalesce(words_since.after_id, 0)
    order by w.id
    limit words_since.most
  )
$$;

-- A flush tells of those who leave; this is for those who stay, so that a crash, which empties the unlogged table of
-- members, costs a minute of it.
create function realtime.saw_members(relay_id uuid) returns void
language sql volatile set search_path = ''
as $$
  select realtime.saw(array_agg(p.sub), array_agg(clock_timestamp()))
  from realtime.presence as p
  where p.relay_id = saw_members.relay_id and p.sub is not null and p.held_since is null
$$;

-- In the order of their ids, or two relays with the same people could deadlock.
create function realtime.saw(subs uuid[], at timestamptz[]) returns void
language sql volatile set search_path = ''
as $$
  insert into realtime.last_seen as l (sub, at)
  select s.sub, max(s.at) from unnest(saw.subs, saw.at) as s (sub, at) group by s.sub order by s.sub
  on conflict (sub) do update set at = excluded.at where excluded.at > l.at
$$;

create function realtime.seen(sub uuid) returns timestamptz
language sql stable set search_path = ''
as $$
  with there as (
    select p.held_since
    from realtime.presence as p join realtime.relays as r on r.id = p.relay_id
    where p.sub = seen.sub
  )
  select case
    when exists (select from there as t where t.held_since is null) then now()
    else greatest((select max(t.held_since) from there as t), (select l.at from realtime.last_seen as l where l.sub = seen.sub))
  end
$$;

comment on function realtime.beat(uuid, interval, interval, boolean, text, integer, jsonb, boolean) is
  'Sign of life of a relay, every 5 seconds, with what it says of itself.';
comment on function realtime.reap_relays() is 'Removes relays that are dead; their members are held back.';
comment on function realtime.lock_relay(uuid) is 'Takes the lock that tells the others at once when this connection is gone.';
comment on function realtime.is_locked(uuid) is 'Whether the relay''s connection with its lock is there.';
comment on function realtime.lock_class() is 'First key of the advisory locks of the relays.';
comment on function realtime.tg_relays__depart() is 'Says that a relay is gone and holds its members back.';
comment on function realtime.retire(uuid) is 'Takes a relay out of service.';
comment on function realtime.forget_members(interval) is 'Removes members without a relay that did not come back.';
comment on function realtime.gossip_presence(
  uuid, text[], text[], text[], text[], text[], text[], boolean[], text[], text[], uuid[]
) is 'Publishes changes of a relay''s members.';
comment on function realtime.gossip(text[]) is 'Tells the other relays, in one transaction and in this order.';
comment on function realtime.tell(text) is 'One word to all relays, at commit.';
comment on function realtime.words_since(pg_snapshot, integer, pg_snapshot, bigint) is 'Words told since a snapshot, each exactly once.';
comment on function realtime.saw_members(uuid) is 'Notes that the members of a relay are there.';
comment on function realtime.saw(uuid[], timestamptz[]) is 'Notes when people were there.';
comment on function realtime.seen(uuid) is
  'When a person (sub of the token) was last present anywhere: now() while present, null if never.';
