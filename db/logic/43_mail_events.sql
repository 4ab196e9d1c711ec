-- What the provider tells of letters, and who must not be written to. A call is stored as it came (mail.store_calls) and
-- heard later (mail.hear_calls); calls come twice, late, in any order, or only in the answers of a sweep. So nothing is
-- decided by the order of arrival: events are facts with a time, and the state of a letter and every suppression follow from
-- all of them that are known.

-- Null: a letter of this category may be sent on this stream; else the reason why not. The provider refuses an essential
-- letter only where it knows the suppression itself.
create function mail.suppression_of(address text, stream text, category text) returns text
language sql stable as $$
  select o.reason
  from (
    select s.reason, s.id
    from mail.suppressions s
    where s.address = lower(suppression_of.address) and s.lifted_at is null
      and case s.reason
        when 'hard-bounce' then true
        when 'soft-bounces' then not mail.is_essential(suppression_of.category)
        when 'spam-complaint' then s.stream = suppression_of.stream or not mail.is_essential(suppression_of.category)
        else s.stream = suppression_of.stream
      end
    union all
    select 'unsubscribed', null
    from mail.refusals r
    where r.address = lower(suppression_of.address) and r.category = suppression_of.category
  ) o
  order by o.reason = 'spam-complaint' desc, o.reason = 'hard-bounce' desc, o.id
  limit 1
$$;

create function mail.is_essential(category text) returns boolean
language sql immutable as $$
  select coalesce(is_essential.category in ('security', 'account'), false)
$$;

-- Stores calls, [{traceId, source, stream, payload, unreadable}], and rings for them: at once when all others have been
-- heard, else with the next bell. `stream` is ours; null says that the call is about a stream that is not.
create function mail.store_calls(calls jsonb) returns int
language plpgsql volatile set search_path = '' as $$
declare
  v_idle constant boolean := not exists (select from mail.webhook_calls c where c.processed_at is null);
  v_stored int;
begin
  insert into mail.webhook_calls (trace_id, source, stream, payload, unreadable)
  select c."traceId", coalesce(c.source, 'webhook'), c.stream, c.payload, c.unreadable
  from jsonb_to_recordset(store_calls.calls) as c ("traceId" text, source text, stream text, payload jsonb, unreadable text)
  on conflict (trace_id, md5(payload::text)) where trace_id is not null do nothing;
  get diagnostics v_stored = row_count;
  if v_stored > 0 then
    perform mail.wake_hearing(v_idle);
  end if;
  return v_stored;
end
$$;

-- Not on the queue mail, where hearing would take the place of sending. For the bells of five seconds see mail.wake_at.
create function mail.wake_hearing(at_once boolean) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_slot constant bigint := ceil(extract(epoch from clock_timestamp()) / 5)::bigint * 5;
begin
  if wake_hearing.at_once then
    perform queue.dispatch('mail/hear', '{}');
  else
    perform queue.dispatch(
      'mail/hear', '{}', run_at => to_timestamp(v_slot), unique_key => v_slot::text, unique_until => 'started');
  end if;
end
$$;

-- Draws the conclusions from up to batch_size stored calls. One process hears at a time: what two hear at once, neither would
-- see the other's part of.
create function mail.hear_calls(batch_size int)
returns table (calls int, odd int, duplicated uuid[], alarms jsonb)
language plpgsql volatile set search_path = '' as $$
declare
  v_ids bigint[];
begin
  perform pg_advisory_xact_lock(hashtextextended('mail.hear_calls', 0));
  v_ids := array(
    select c.id from mail.webhook_calls c where c.processed_at is null order by c.id limit hear_calls.batch_size);
  duplicated := mail.hear(v_ids);
  return query
    select count(*)::int, count(*) filter (where c.outcome in ('odd', 'unreadable'))::int, duplicated,
      (
        select coalesce(jsonb_agg(jsonb_build_object('letter', f.letter_id, 'type', f.type, 'details', f.details ->> 'details')), '[]')
        from mail.webhook_calls r
        join mail.call_facts f on f.id = r.id
        where r.id = any (v_ids) and r.outcome = 'taken' and mail.is_our_fault(r.payload ->> 'Type')
      )
    from mail.webhook_calls c
    where c.id = any (v_ids);
end
$$;

-- Together, or when one of them cannot be, each by itself: no call keeps another waiting. Answers the letters that were found
-- to have been accepted twice.
create function mail.hear(calls bigint[]) returns uuid[]
language plpgsql volatile set search_path = '' as $$
declare
  v_call bigint;
  v_duplicated uuid[] := '{}';
begin
  return mail.take_in(hear.calls);
exception
  when others then
    if sqlstate ~ '^(40|53|55|57|58)' then -- the database's own trouble: the job comes again
      raise;
    end if;
    if cardinality(hear.calls) > 1 then
      foreach v_call in array hear.calls loop
        v_duplicated := v_duplicated || mail.hear(array[v_call]);
      end loop;
      return v_duplicated;
    end if;
    update mail.webhook_calls c
    set outcome = 'odd', problem = sqlerrm, processed_at = clock_timestamp()
    where c.id = any (hear.calls);
    return v_duplicated;
end
$$;

create function mail.take_in(calls bigint[]) returns uuid[]
language plpgsql volatile set search_path = '' as $$
declare
  v_facts constant mail.call_facts[] := array(select f from mail.call_facts f where f.id = any (take_in.calls));
  v_letters constant uuid[] := array(
    select distinct f.letter_id from unnest(v_facts) f where f.letter_id is not null);
  v_duplicated uuid[];
begin
  perform 1 from mail.letters l where l.id = any (v_letters) order by l.id for update;

  with noted as (
    insert into mail.delivery_events (letter_id, kind, at, provider_key, details)
    select distinct on (f.provider_key) f.letter_id, f.kind, f.at, f.provider_key, f.details
    from unnest(v_facts) f
    where f.problem is null and f.letter_id is not null and f.kind is not null
    order by f.provider_key, f.id
    on conflict on constraint delivery_events_are_recorded_once do nothing
    returning provider_key
  ),
  firsts as (
    select min(f.id) as id
    from unnest(v_facts) f
    join noted on noted.provider_key = f.provider_key
    group by f.provider_key
  )
  update mail.webhook_calls c
  set processed_at = clock_timestamp(),
      problem = f.problem,
      outcome = case
        when c.unreadable is not null then 'unreadable'
        when f.problem is not null then 'odd'
        when f.id in (select firsts.id from firsts) then 'taken'
        when f.letter_id is not null and f.kind is not null then 'repeated'
        when f.suppresses is not null and f.stream is not null then 'taken'
        else 'foreign'
      end
  from unnest(v_facts) f
  where c.id = f.id;

  v_duplicated := mail.learn_from_facts(v_facts);
  update mail.letters l
  set state = s.state
  from (select w.id, mail.settled_state(w.id) as state from unnest(v_letters) w (id)) s
  where l.id = s.id and l.state in ('accepted', 'delivered', 'bounced') and l.state <> s.state;
  perform mail.suppress_from_facts(v_facts);
  return v_duplicated;
end
$$;

-- A message that the provider knows by a letter's id was accepted, whoever did not hear of it then.
create function mail.learn_from_facts(facts mail.call_facts[]) returns uuid[]
language sql volatile set search_path = '' as $$
  select array(
    select distinct m.letter_id
    from (
      select distinct on (f.message_id) f.letter_id, f.attempt, f.message_id
      from unnest(learn_from_facts.facts) f
      join mail.letters l on l.id = f.letter_id
      where f.mid = f.letter_id
        and (l.provider_message_id is distinct from f.message_id or l.state not in ('accepted', 'delivered', 'bounced', 'complained'))
      order by f.message_id, f.attempt
    ) m
    where m.message_id is not null and mail.learn_receipt(m.letter_id, m.attempt, m.message_id) = 'duplicate'
  )
$$;

-- What all events of a letter say together; null if they say nothing. A letter that bounces may have been taken by the
-- recipient's server before, so a bounce outweighs a delivery, whichever is told first.
create function mail.settled_state(letter_id uuid) returns text
language sql stable set search_path = '' as $$
  select case
    when bool_or(e.kind = 'complained') then 'complained'
    when bool_or(e.kind = 'bounced') then 'bounced'
    when bool_or(e.kind in ('delivered', 'opened', 'clicked', 'unsubscribed')) then 'delivered'
  end
  from mail.delivery_events e
  where e.letter_id = settled_state.letter_id
$$;

-- Suppressions

create function mail.suppress_from_facts(facts mail.call_facts[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into mail.suppressions as s (letter_id, address, stream, reason, origin, since)
  select distinct on (f.address, f.suppressed_stream, f.suppresses)
    f.letter_id, f.address, f.suppressed_stream, f.suppresses, f.origin, f.at
  from unnest(suppress_from_facts.facts) f
  where f.problem is null and f.suppresses <> 'nothing' and f.stream is not null
  order by f.address, f.suppressed_stream, f.suppresses, f.origin = 'howdah', f.at desc
  on conflict on constraint one_row_per_address_stream_and_reason do update
  set since = greatest(s.since, excluded.since),
      origin = case when s.origin = 'howdah' or excluded.since > s.since and excluded.origin <> 'howdah'
        then excluded.origin else s.origin end,
      letter_id = coalesce(s.letter_id, excluded.letter_id),
      updated_at = now();

  insert into mail.reactivations as r (address, stream, at)
  select f.address, f.stream, max(f.at)
  from unnest(suppress_from_facts.facts) f
  where f.problem is null and f.suppresses = 'nothing' and f.stream is not null
  group by f.address, f.stream
  order by f.address, f.stream
  on conflict on constraint reactivations_pkey do update set at = greatest(r.at, excluded.at);

  perform mail.weigh_suppressions(array(
    select distinct f.address
    from unnest(suppress_from_facts.facts) f
    where f.suppresses is not null or f.kind = 'bounced' or f.kind = 'delivered' and exists (
      select from mail.suppressions s where s.address = f.address and s.reason = 'soft-bounces'
    )
  ));
end
$$;

-- What is in force: a suppression holds until a reactivation that is later than its last cause. Those by soft bounces are our
-- own, so a letter that arrives ends them as well.
create function mail.weigh_suppressions(addresses text[]) returns void
language sql volatile set search_path = '' as $$
  insert into mail.suppressions as s (letter_id, address, stream, reason, origin, since)
  select distinct on (b.address) b.letter_id, b.address, null, 'soft-bounces', 'howdah', b.at
  from mail.third_soft_bounces(weigh_suppressions.addresses) b
  order by b.address, b.at desc
  on conflict on constraint one_row_per_address_stream_and_reason do update
  set since = excluded.since, letter_id = excluded.letter_id, updated_at = now()
  where excluded.since > s.since;

  update mail.suppressions s
  set lifted_at = w.lifted_at, updated_at = now()
  from (
    select o.id, greatest(
      (
        select max(r.at) from mail.reactivations r
        where r.address = o.address and (o.stream is null or r.stream = o.stream) and r.at >= o.since
      ),
      (
        select max(e.at)
        from mail.letters l
        join mail.delivery_events e on e.letter_id = l.id
        where o.reason = 'soft-bounces' and lower(l.recipient) = o.address and e.kind = 'delivered' and e.at > o.since
      )
    ) as lifted_at
    from mail.suppressions o
    where o.address = any (weigh_suppressions.addresses) and o.reason <> 'spam-complaint'
  ) w
  where s.id = w.id and s.lifted_at is distinct from w.lifted_at;
$$;

-- Soft bounces that were the third within 14 days.
create function mail.third_soft_bounces(addresses text[]) returns table (address text, letter_id uuid, at timestamptz)
language sql stable set search_path = '' as $$
  select b.address, b.letter_id, b.at
  from (
    select lower(l.recipient) as address, l.id as letter_id, e.at,
      lag(e.at, 2) over (partition by lower(l.recipient) order by e.at, e.id) as two_before
    from mail.letters l
    join mail.delivery_events e on e.letter_id = l.id
    where lower(l.recipient) = any (third_soft_bounces.addresses) and e.kind = 'bounced' and e.details ->> 'type' = 'SoftBounce'
  ) b
  where b.at <= b.two_before + interval '14 days'
$$;

-- Lets an address be written to again, whatever the reason was, but not after a complaint. The provider's own list is not changed.
create function mail.lift_suppressions(address text, stream text) returns void
language sql volatile set search_path = '' as $$
  insert into mail.reactivations as r (address, stream, at)
  values (lower(btrim(lift_suppressions.address)), lift_suppressions.stream, now())
  on conflict on constraint reactivations_pkey do update set at = greatest(r.at, excluded.at);
  select mail.weigh_suppressions(array[lower(btrim(lift_suppressions.address))]);
$$;

-- Sweeps: what the provider's calls did not tell, because they were lost, is asked for

-- Begins a sweep, if one is due or wanted: the last is from yesterday, or there are letters of which nothing has been heard
-- for long. One that failed is repeated after a quarter of an hour. `since` is the moment from which calls may have been lost.
-- Rings for calls that nobody has heard, too.
create function mail.begin_sweep(wanted boolean) returns table (id bigint, since timestamptz)
language sql volatile set search_path = '' as $$
  select mail.wake_hearing(false)
  where exists (
    select from mail.webhook_calls c where c.processed_at is null and c.received_at < now() - interval '1 minute'
  );
  insert into mail.sweeps as s (asked_since)
  select coalesce(l.began - interval '1 day', now() - interval '45 days')
  from (select max(f.started_at) as began from mail.sweeps f where f.finished_at is not null) l
  where begin_sweep.wanted
    or not exists (select from mail.sweeps t where t.started_at > now() - interval '15 minutes') and (
      coalesce(l.began < now() - interval '20 hours', true) or l.began < now() - interval '1 hour' and mail.is_silent()
    )
  returning s.id, s.asked_since
$$;

-- The provider repeats a call for 51 minutes and then drops it.
create function mail.is_silent() returns boolean
language sql stable set search_path = '' as $$
  select coalesce(
    (select c.received_at < now() - interval '51 minutes' from mail.webhook_calls c where c.source = 'webhook' order by c.id desc limit 1),
    true
  ) and exists (select from mail.letters_to_ask(0, 1))
$$;

-- Letters of which nothing has been heard, from a position on.
create function mail.letters_to_ask(after bigint, letters int) returns table ("position" bigint, message_id uuid)
language sql stable set search_path = '' as $$
  select l.position, l.provider_message_id
  from mail.letters l
  where l.state = 'accepted' and l.position > letters_to_ask.after and l.provider_message_id is not null
    and l.last_tx_at between now() - interval '7 days' and now() - interval '30 minutes'
  order by l.position
  limit letters_to_ask.letters
$$;

-- Stores what a sweep has found as if it had been called; what is known already is left out. Answers how many are new.
create function mail.store_found(calls jsonb) returns int
language sql volatile set search_path = '' as $$
  select mail.store_calls(coalesce(jsonb_agg(c.value), '[]'))
  from jsonb_array_elements(store_found.calls) c
  where not exists (
    select from mail.delivery_events e
    where c.value #>> '{payload,RecordType}' = 'Bounce' and e.provider_key = 'bounce:' || (c.value #>> '{payload,ID}')
  )
$$;

-- Compares the provider's suppressions of all our streams, [{stream, address, reason, origin, at}], with ours, and stores the
-- differences as if they had been called: those that we do not know, and those of ours that the provider has no more. What
-- has changed within the last minutes may not stand there yet.
create function mail.store_differences(suppressions jsonb, streams text[]) returns table (suppressed int, lifted int)
language plpgsql volatile set search_path = '' as $$
begin
  suppressed := mail.store_calls((
    select coalesce(jsonb_agg(mail.found_change(d.stream, d.address, d.reason, d.origin, d.at)), '[]')
    from jsonb_to_recordset(store_differences.suppressions)
      as d (stream text, address text, reason text, origin text, at text)
    where not exists (
      select from mail.suppressions s
      where s.address = lower(btrim(d.address)) and s.lifted_at is null
        and s.reason = mail.suppression_reason(d.reason, d.origin) and (s.stream is null or s.stream = d.stream)
    )
  ));
  lifted := mail.store_calls((
    select coalesce(jsonb_agg(mail.found_change(t.stream, s.address, null, 'Admin', now()::text)), '[]')
    from mail.suppressions s
    cross join unnest(store_differences.streams) t (stream)
    where s.lifted_at is null and s.reason not in ('spam-complaint', 'soft-bounces') and s.updated_at < now() - interval '10 minutes'
      and (s.origin <> 'howdah' or s.reason = 'inactive') and (s.stream is null or s.stream = t.stream)
      and not exists (
        select from jsonb_to_recordset(store_differences.suppressions) as d (stream text, address text)
        where lower(btrim(d.address)) = s.address and (s.stream is null or d.stream = s.stream)
      )
  ));
  return next;
end
$$;

create function mail.found_change(stream text, address text, reason text, origin text, at text) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('source', 'sweep', 'stream', found_change.stream, 'payload', jsonb_build_object(
    'RecordType', 'SubscriptionChange', 'Recipient', found_change.address, 'ChangedAt', found_change.at,
    'Origin', found_change.origin, 'SuppressSending', found_change.reason is not null, 'SuppressionReason', found_change.reason
  ))
$$;

create function mail.end_sweep(id bigint, letters int, events int, suppressed int, lifted int) returns void
language sql volatile set search_path = '' as $$
  update mail.sweeps s
  set finished_at = clock_timestamp(), letters = end_sweep.letters, events = end_sweep.events,
      suppressed = end_sweep.suppressed, lifted = end_sweep.lifted
  where s.id = end_sweep.id;
  delete from mail.webhook_calls c
  where c.processed_at < now() - case when c.outcome in ('odd', 'unreadable') then interval '30 days' else interval '7 days' end;
  delete from mail.sweeps s where s.started_at < now() - interval '90 days';
$$;

-- Triggers

-- Events may be there before the answer to the hand-over is: a letter that becomes accepted becomes at once what they say.
create function mail.tg_letters__settle() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  new.state := coalesce(mail.settled_state(new.id), new.state);
  return new;
end
$$;

create trigger _200_settle before update of state on mail.letters
  for each row when (new.state = 'accepted' and old.state <> 'accepted') execute function mail.tg_letters__settle();

-- Views

-- What came of the calls that are still kept, and of the last sweep.
create view mail.call_counts with (security_invoker = true) as
  select
    (select max(c.received_at) from mail.webhook_calls c where c.source = 'webhook') as last_call,
    (select count(*)::int from mail.webhook_calls c where c.processed_at is null) as waiting,
    (
      select coalesce(jsonb_object_agg(o.outcome, o.calls), '{}')
      from (select c.outcome, count(*) as calls from mail.webhook_calls c where c.outcome is not null group by c.outcome) o
    ) as outcomes,
    s.started_at as last_sweep,
    case when s.finished_at is null then 'it has not ended' else format(
      '%s events of %s letters, %s suppressions more and %s fewer', s.events, s.letters, s.suppressed, s.lifted) end as swept
  from (select) nothing
  left join (select o.* from mail.sweeps o order by o.id desc limit 1) s on true;

-- Calls that nobody understood, newest first.
create view mail.odd_calls with (security_invoker = true) as
  select c.received_at, c.outcome, c.problem, left(coalesce(c.unreadable, c.payload::text), 200) as said
  from mail.webhook_calls c
  where c.outcome in ('odd', 'unreadable')
  order by c.id desc;
