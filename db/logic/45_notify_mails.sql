-- The channel "mail". A delivery waits until it is due: held back, in quiet hours, for a digest. Then it is looked at again
-- and becomes a letter. Another channel is another name in the checks of notify.deliveries and notify.preferences, with
-- functions as notify.plan_mails, which plans in the transaction that tells, and notify.deliver, which sends what is due.

-- Plans the mails of fresh notifications of one cause; those due at once are letters in the same statement.
create function notify.plan_mails(announcement notify.announcements, notification_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_due timestamptz[];
begin
  with told as materialized (
    select n.id, n.person_id from notify.notifications n where n.id = any (plan_mails.notification_ids)
  ),
  plan as materialized (
    select t.id, p.frequency, p.due_at, p.frequency = 'instant' and p.due_at <= now() as is_due
    from notify.plan((announcement).category, (announcement).urgent, array(select t.person_id from told t order by t.person_id)) p
    join told t on t.person_id = p.person_id
  ),
  sent as materialized (
    select s.* from notify.mail(array(select p.id from plan p where p.is_due)) s
  ),
  written as (
    insert into notify.deliveries as d (notification_id, channel, state, reason, frequency, due_at, letter_id)
    select
      p.id, 'mail', k.state, case when k.state = 'skipped' then coalesce(s.problem, 'muted') end, p.frequency,
      case when k.state = 'waiting' then p.due_at end, s.letter_id
    from plan p
    left join sent s on s.notification_id = p.id
    cross join lateral (
      select case
        when p.frequency = 'off' or p.is_due and s.letter_id is null then 'skipped'
        when p.is_due then 'handed-over'
        else 'waiting'
      end as state
    ) k
    on conflict on constraint one_delivery_per_notification_and_channel do nothing
    returning d.due_at
  )
  select array_agg(distinct w.due_at) into v_due from written w where w.due_at is not null;
  perform notify.ring(v_due);
end
$$;

-- How often, and from when on, each of these people is to be mailed something of this category. An overflowing bucket
-- turns an instant mail into one of the daily digest.
create function notify.plan(category text, urgent boolean, person_ids uuid[])
returns table (person_id uuid, frequency text, due_at timestamptz)
language sql volatile set search_path = '' as $$
  with wanted as materialized (
    select f.person_id, case when plan.urgent and f.frequency <> 'off' then 'instant' else f.frequency end as frequency
    from notify.frequencies(plan.person_ids, plan.category, 'mail') f
  ),
  within as materialized (
    select t.person_id
    from notify.take_tokens(array(select w.person_id from wanted w where w.frequency = 'instant'), plan.category, 'mail') t (person_id)
  ),
  decided as materialized (
    select
      w.person_id,
      case when w.frequency = 'instant' and i.person_id is null and not plan.urgent then 'digest-daily' else w.frequency end as frequency
    from wanted w
    left join within i on i.person_id = w.person_id
  )
  select
    d.person_id, d.frequency,
    case when d.frequency <> 'off' then
      notify.due_at(now(), d.frequency, plan.urgent or plan.category in ('security', 'account'), z.zone, q, t)
    end
  from decided d
  join app.people p on p.id = d.person_id
  cross join lateral (select coalesce(p.time_zone, (select c.time_zone from app.community c)) as zone) z
  left join notify.quiet_times q on q.person_id = d.person_id
  left join notify.digest_times t on t.person_id = d.person_id
$$;

-- Becomes letters. People who have no address, or a bad one, have a problem instead.
create function notify.mail(notification_ids uuid[]) returns table (notification_id uuid, letter_id uuid, problem text)
language sql volatile set search_path = '' as $$
  with told as materialized (
    select a.*, notify.stream_of(a) as stream
    from notify.announcements a
    where a.id in (select n.announcement_id from notify.notifications n where n.id = any (mail.notification_ids))
  ),
  asked as materialized (
    select
      n.id, n.person_id, coalesce(p.locale, c.locale) as locale, e.address,
      notify.letter_key(n.id, a.revision) as key, a.expires_at, a.urgent, a.category, a.stream,
      jsonb_build_object(
        'personName', p.name,
        'title', coalesce(nullif(btrim(coalesce(n.own_words ->> 'title', a.title)), ''), c.name),
        'body', coalesce(nullif(btrim(coalesce(n.own_words ->> 'body', a.body)), ''), nullif(n.own_words ->> 'title', ''), a.title),
        'path', coalesce(nullif(coalesce(n.own_words ->> 'path', a.path), ''), '/')
      ) as data
    from notify.notifications n
    join told a on a.id = n.announcement_id
    join app.people p on p.id = n.person_id
    cross join app.community c
    left join lateral (
      select m.address from app.email_addresses m where m.person_id = n.person_id order by m.created_at limit 1
    ) e on true
    where n.id = any (mail.notification_ids)
  ),
  sent as materialized (
    select s.*
    from mail.enqueue_many((
      select coalesce(jsonb_agg(jsonb_build_object(
        'template', 'notification', 'recipient', a.address, 'dedupeKey', a.key, 'expiresAt', a.expires_at, 'stream', a.stream,
        'priority', case when a.urgent then 50 else 150 end, 'data', a.data, 'personId', a.person_id, 'category', a.category,
        'locale', a.locale
      )), '[]')
      from asked a
      where a.address is not null
    )) s
  )
  select a.id, s.letter_id, case when a.address is null then 'no address' else s.problem end
  from asked a
  left join sent s on s.dedupe_key = a.key
$$;

-- News for many is a broadcast: mail services want it apart from what is one person's own.
create function notify.stream_of(announcement notify.announcements) returns text
language sql stable set search_path = '' as $$
  select case when (announcement).category in ('announcement', 'event') and (
    select sum(cardinality(c.person_ids)) >= 100 from notify.chunks c where c.announcement_id = (announcement).id
  ) then 'broadcast' else 'outbound' end
$$;

create function notify.letter_key(notification_id uuid, revision int) returns text
language sql immutable as $$
  select 'notification:' || letter_key.notification_id || ':' || letter_key.revision
$$;

-- Bells for later, one per ten seconds, in ascending order so that two transactions never wait crosswise.
create function notify.ring(moments timestamptz[]) returns void
language sql volatile set search_path = '' as $$
  select queue.dispatch(
    'notify/deliver', run_at => to_timestamp(s.slot), unique_key => s.slot::text, unique_until => 'started'
  )
  from (
    select distinct ceil(extract(epoch from m) / 10)::bigint * 10 as slot
    from unnest(ring.moments) m
    where m > now()
    order by slot
  ) s;
  select queue.dispatch('notify/deliver') where now() >= any (ring.moments);
$$;

-- Sends what is due, as it is now: read meanwhile, taken back, muted, put off. What is more than one batch comes next.
create function notify.deliver(batch_size int default 1000) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_instant uuid[];
  v_people uuid[];
begin
  v_instant := array(
    select d.notification_id
    from notify.deliveries d
    where d.state = 'waiting' and d.due_at <= now() and d.channel = 'mail' and d.frequency = 'instant'
    order by d.due_at
    limit deliver.batch_size
    for update skip locked
  );
  perform notify.deliver_instant(v_instant);
  v_people := array(
    select distinct n.person_id
    from notify.deliveries d
    join notify.notifications n on n.id = d.notification_id
    where d.state = 'waiting' and d.due_at <= now() and d.channel = 'mail' and d.frequency <> 'instant'
    limit deliver.batch_size
  );
  perform notify.deliver_digests(v_people);
  if cardinality(v_instant) = deliver.batch_size or cardinality(v_people) = deliver.batch_size then
    perform queue.dispatch('notify/deliver');
  end if;
end
$$;

create function notify.deliver_instant(notification_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_due timestamptz[];
begin
  with looked_at as materialized (
    select n.id, c.verdict, c.frequency, c.due_at
    from notify.notifications n
    cross join lateral notify.look_again(n) c
    where n.id = any (deliver_instant.notification_ids)
  ),
  sent as materialized (
    select s.* from notify.mail(array(select l.id from looked_at l where l.verdict = 'go')) s
  ),
  written as (
    update notify.deliveries d
    set state = k.state,
        reason = case when k.state = 'skipped' then coalesce(s.problem, l.verdict) end,
        frequency = l.frequency,
        due_at = case when k.state = 'waiting' then l.due_at end,
        letter_id = s.letter_id
    from looked_at l
    left join sent s on s.notification_id = l.id
    cross join lateral (
      select case
        when l.verdict = 'later' then 'waiting'
        when l.verdict = 'withdrawn' then 'withdrawn'
        when s.letter_id is not null then 'handed-over'
        else 'skipped'
      end as state
    ) k
    where d.notification_id = l.id and d.channel = 'mail'
    returning d.due_at
  )
  select array_agg(distinct w.due_at) into v_due from written w where w.due_at is not null;
  perform notify.ring(v_due);
end
$$;

-- Whether a notification is still to be mailed: go, later, withdrawn, or the reason why not.
create function notify.look_again(notification notify.notifications)
returns table (verdict text, frequency text, due_at timestamptz)
language sql stable set search_path = '' as $$
  select
    case
      when (notification).withdrawn_at is not null or a.withdrawn_at is not null then 'withdrawn'
      when (notification).read_at is not null then 'read before'
      when (notification).archived_at is not null then 'archived before'
      when a.expires_at <= now() then 'expired'
      when f.frequency = 'off' then 'muted'
      when f.frequency = 'instant' and w.due_at <= now() then 'go'
      else 'later'
    end,
    f.frequency, w.due_at
  from notify.announcements a
  join app.people p on p.id = (notification).person_id
  cross join app.community c
  cross join lateral (
    select case when a.urgent and o.frequency <> 'off' then 'instant' else o.frequency end as frequency
    from notify.frequencies(array[p.id], a.category, 'mail') o
  ) f
  left join notify.quiet_times q on q.person_id = p.id
  left join notify.digest_times t on t.person_id = p.id
  cross join lateral (
    select notify.due_at(
      now(), f.frequency, a.urgent or a.category in ('security', 'account'), coalesce(p.time_zone, c.time_zone), q, t
    ) as due_at
  ) w
  where a.id = (notification).announcement_id
$$;

-- One letter per person and day, whatever was due when. Who has had that day's letter gets the rest with the next.
create function notify.deliver_digests(person_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_due uuid[];
begin
  v_due := array(
    select d.notification_id
    from notify.notifications n
    join notify.deliveries d on d.notification_id = n.id
    where n.person_id = any (deliver_digests.person_ids)
      and d.state = 'waiting' and d.due_at <= now() and d.channel = 'mail' and d.frequency <> 'instant'
    order by n.id
    for update of d
  );
  perform notify.skip_digested(v_due);
  perform notify.put_off_digested(v_due);
  with items as materialized (
    select n.*, notify.digest_key(n.person_id) as key
    from notify.notifications n
    join notify.deliveries d on d.notification_id = n.id
    where n.id = any (v_due) and d.state = 'waiting' and d.due_at <= now()
  ),
  sent as materialized (
    select s.* from mail.enqueue_many(notify.digest_letters(array(select i.id from items i))) s
  )
  update notify.deliveries d
  set state = case when s.letter_id is null then 'skipped' else 'handed-over' end,
      reason = case when s.letter_id is null then coalesce(s.problem, 'no address') end,
      due_at = null,
      letter_id = s.letter_id
  from items i
  left join sent s on s.dedupe_key = i.key
  where d.notification_id = i.id and d.channel = 'mail';
end
$$;

create function notify.skip_digested(notification_ids uuid[]) returns void
language sql volatile set search_path = '' as $$
  update notify.deliveries d
  set state = case when l.verdict = 'withdrawn' then 'withdrawn' else 'skipped' end,
      reason = case when l.verdict <> 'withdrawn' then l.verdict end,
      due_at = null
  from notify.notifications n
  cross join lateral notify.look_again(n) l
  where n.id = any (skip_digested.notification_ids) and d.notification_id = n.id and d.channel = 'mail'
    and l.verdict not in ('go', 'later')
$$;

create function notify.put_off_digested(notification_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_due timestamptz[];
begin
  with put_off as (
    update notify.deliveries d
    set due_at = notify.due_at(now(), 'digest-daily', false, app.time_zone_of(n.person_id), q, t)
    from notify.notifications n
    left join notify.quiet_times q on q.person_id = n.person_id
    left join notify.digest_times t on t.person_id = n.person_id
    where n.id = any (put_off_digested.notification_ids) and d.notification_id = n.id and d.state = 'waiting'
      and exists (select from mail.letters l where l.dedupe_key = notify.digest_key(n.person_id))
    returning d.due_at
  )
  select array_agg(distinct p.due_at) into v_due from put_off p;
  perform notify.ring(v_due);
end
$$;

create function notify.digest_key(person_id uuid) returns text
language sql stable set search_path = '' as $$
  select format('digest:%s:%s', digest_key.person_id, (now() at time zone app.time_zone_of(digest_key.person_id))::date)
$$;

-- The newest hundred are listed; all are in the inbox.
create function notify.digest_letters(notification_ids uuid[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'template', 'digest', 'recipient', e.address, 'dedupeKey', notify.digest_key(p.id), 'priority', 150,
    'personId', p.id, 'category', 'digest', 'locale', coalesce(p.locale, c.locale),
    'data', jsonb_build_object(
      'personName', p.name,
      'summary', case
        when coalesce(p.locale, c.locale) = 'id' then format('Ada %s hal baru untuk Anda.', i.count)
        when i.count = 1 then 'There is one thing new for you.'
        else format('There are %s things new for you.', i.count)
      end,
      'items', i.items
    )
  )), '[]')
  from (
    select o.person_id, count(*) as count, jsonb_agg(o.item order by o.created_at, o.id) filter (where o.n <= 100) as items
    from (
      select n.id, n.person_id, n.created_at, row_number() over (partition by n.person_id order by n.created_at desc, n.id) as n,
        jsonb_build_object(
          'title', coalesce(nullif(btrim(coalesce(n.own_words ->> 'title', a.title)), ''), '…'),
          'excerpt', coalesce(nullif(left(btrim(coalesce(n.own_words ->> 'body', a.body)), 200), ''), '…'),
          'path', coalesce(nullif(coalesce(n.own_words ->> 'path', a.path), ''), '/')
        ) as item
      from notify.notifications n
      join notify.announcements a on a.id = n.announcement_id
      where n.id = any (digest_letters.notification_ids)
    ) o
    group by o.person_id
  ) i
  join app.people p on p.id = i.person_id
  cross join app.community c
  cross join lateral (
    select m.address from app.email_addresses m where m.person_id = p.id order by m.created_at limit 1
  ) e
$$;

-- Throttle: a bucket per person, category and channel, filled at a steady rate. Answers who had a token left.
create function notify.take_tokens(person_ids uuid[], category text, channel text) returns setof uuid
language sql volatile set search_path = '' as $$
  with taken as (
    insert into notify.buckets as b (person_id, category, channel, tokens, filled_at)
    select p.id, take_tokens.category, take_tokens.channel, notify.bucket_size() - 1, now()
    from unnest(take_tokens.person_ids) p (id)
    where take_tokens.category not in ('security', 'account')
    order by p.id
    on conflict on constraint a_bucket_per_person_category_and_channel do update
    set tokens = notify.tokens_now(b) - 1, filled_at = now()
    where notify.tokens_now(b) >= 1
    returning b.person_id
  )
  select t.person_id from taken t
  union all
  select p.id from unnest(take_tokens.person_ids) p (id) where take_tokens.category in ('security', 'account')
$$;

-- Twenty at once, then one every three minutes.
create function notify.bucket_size() returns double precision language sql immutable as $$ select 20 $$;

create function notify.tokens_now(bucket notify.buckets) returns double precision
language sql stable as $$
  select least(notify.bucket_size(), (bucket).tokens + extract(epoch from now() - (bucket).filled_at) / 180)
$$;
