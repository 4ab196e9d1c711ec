-- Handing letters over: claims, outcomes, look-ups and the sweep. The outbox itself is in 40_mail.sql.

-- Takes up to batch_size letters of one stream, most urgent first, and writes down that they are about to be handed
-- over. The caller commits before it sends.
create function mail.claim(batch_size int, claimed_by text) returns setof mail.letters
language sql volatile set search_path = '' as $$
  with batch as materialized (
    select gen_random_uuid() as id
  ),
  head as materialized (
    select l.stream
    from mail.letters l
    where l.state = 'queued' and l.not_before <= now() and (l.expires_at is null or l.expires_at > now())
    order by l.priority, l.position
    limit 1
  ),
  chosen as materialized (
    select l.id
    from mail.letters l
    where l.state = 'queued' and l.not_before <= now() and (l.expires_at is null or l.expires_at > now())
      and l.stream = (select head.stream from head)
    order by l.priority, l.position
    limit claim.batch_size
    for update skip locked
  )
  update mail.letters l
  set state = 'sending',
      attempt = l.attempt + 1,
      batch_id = (select batch.id from batch),
      claimed_by = claim.claimed_by,
      lease_until = now() + interval '120 seconds',
      last_tx_at = now(),
      error_code = null,
      error = null
  from chosen
  where l.id = chosen.id
  returning l.*;
$$;

-- Writes down what became of a hand-over, one row per letter:
--   [{id, attempt, kind: accepted | refused | notSent | unknown, messageId, code, reason, presumedUnsent}]
-- and answers the letters' states afterwards. An acceptance is believed whenever it comes and for whichever attempt;
-- any other result counts only for the attempt it belongs to. `duplicate` says that a second acceptance was learned.
create function mail.record(outcomes jsonb) returns table (id uuid, state text, duplicate boolean)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
  v_back timestamptz[];
  v_undecided timestamptz[];
begin
  perform 1 from mail.letters l
  where l.id in (select (o.value ->> 'id')::uuid from jsonb_array_elements(record.outcomes) o)
  order by l.id
  for update;

  insert into mail.receipts (letter_id, attempt, provider_message_id)
  select o.id, o.attempt, o."messageId"
  from jsonb_to_recordset(record.outcomes) as o (id uuid, attempt int, kind text, "messageId" uuid)
  join mail.letters l on l.id = o.id
  where o.kind = 'accepted'
  on conflict on constraint receipts_are_recorded_once do nothing;

  perform mail.record_refused(record.outcomes);
  v_back := array(select mail.record_not_sent(record.outcomes));
  v_undecided := array(select mail.record_unknown(record.outcomes));
  perform mail.believe_receipts(array(
    select (o.value ->> 'id')::uuid from jsonb_array_elements(record.outcomes) o
  ));

  perform mail.wake_at('mail/flush', variadic v_back || v_undecided);
  perform mail.wake_at('mail/reconcile', variadic v_undecided);

  return query
    select l.id, l.state, (select count(*) > 1 from mail.receipts r where r.letter_id = l.id)
    from mail.letters l
    where l.id in (select (o.value ->> 'id')::uuid from jsonb_array_elements(record.outcomes) o);
end;
$$;

create function mail.record_refused(outcomes jsonb) returns void
language sql volatile set search_path = '' as $$
  update mail.letters l
  set state = case when o.code = '406' then 'suppressed' else 'failed' end,
      lease_until = null,
      next_look_up_at = null,
      error_code = o.code,
      error = coalesce(o.reason, 'refused without a reason')
  from jsonb_to_recordset(record_refused.outcomes) as o (id uuid, attempt int, kind text, code text, reason text)
  where o.kind = 'refused' and l.id = o.id and l.attempt = o.attempt and l.state in ('sending', 'unknown');
$$;

-- Answers when the letters may go out again.
create function mail.record_not_sent(outcomes jsonb) returns setof timestamptz
language sql volatile set search_path = '' as $$
  update mail.letters l
  set state = 'queued',
      lease_until = null,
      next_look_up_at = null,
      error_code = o.code,
      error = o.reason,
      not_before = now() + mail.back_off(l.attempt)
  from jsonb_to_recordset(record_not_sent.outcomes) as o (id uuid, attempt int, kind text, code text, reason text)
  where o.kind = 'notSent' and l.id = o.id and l.attempt = o.attempt and l.state in ('sending', 'unknown')
  returning l.not_before;
$$;

-- 10 s, 20 s, 40 s ... at most 15 minutes; the jitter keeps the letters of one outage apart.
create function mail.back_off(attempt int) returns interval
language sql volatile set search_path = '' as $$
  select least(interval '10 seconds' * 2 ^ least(greatest(back_off.attempt, 1) - 1, 10), interval '15 minutes')
    * (0.9 + random() * 0.2);
$$;

-- Answers when the letters are looked up. An answer that says "too many requests" proves little but suggests much: one
-- look-up settles it.
create function mail.record_unknown(outcomes jsonb) returns setof timestamptz
language sql volatile set search_path = '' as $$
  update mail.letters l
  set state = 'unknown',
      lease_until = null,
      last_tx_at = now(),
      look_ups = 0,
      look_ups_needed = case when o."presumedUnsent" then 1 else 3 end,
      absent_after = now() + case when o."presumedUnsent" then interval '15 seconds' else l.quarantine end,
      next_look_up_at = now() + interval '15 seconds',
      error_code = o.code,
      error = o.reason
  from jsonb_to_recordset(record_unknown.outcomes)
    as o (id uuid, attempt int, kind text, code text, reason text, "presumedUnsent" boolean)
  where o.kind = 'unknown' and l.id = o.id and l.attempt = o.attempt and l.state = 'sending'
  returning l.next_look_up_at;
$$;

-- A letter that is being handed over again right now is left alone: the answer to that hand-over decides.
create function mail.believe_receipts(letters uuid[]) returns void
language sql volatile set search_path = '' as $$
  update mail.letters l
  set state = 'accepted',
      lease_until = null,
      next_look_up_at = null,
      provider_message_id = r.provider_message_id,
      error_code = null,
      error = null
  from (
    select distinct on (r.letter_id) r.letter_id, r.attempt, r.provider_message_id
    from mail.receipts r
    where r.letter_id = any (believe_receipts.letters)
    order by r.letter_id, r.attempt desc, r.id
  ) r
  where l.id = r.letter_id
    and l.state not in ('accepted', 'delivered', 'bounced', 'complained')
    and (l.state <> 'sending' or l.attempt = r.attempt);
$$;

-- Takes batches whose outcome is unknown and due for a look-up. Rings again in a minute in case the look-up fails.
create function mail.claim_look_ups(batches int) returns table (stream text, batch_id uuid, letters int)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
  return query
    with due as materialized (
      select l.stream, l.batch_id
      from mail.letters l
      where l.state = 'unknown' and l.next_look_up_at <= now()
      group by l.stream, l.batch_id
      order by min(l.next_look_up_at)
      limit claim_look_ups.batches
    ),
    chosen as materialized (
      select l.id
      from mail.letters l
      join due on due.batch_id = l.batch_id and due.stream = l.stream
      where l.state = 'unknown' and l.next_look_up_at <= now()
      for update of l skip locked
    ),
    taken as (
      update mail.letters l
      set next_look_up_at = now() + interval '60 seconds'
      from chosen
      where l.id = chosen.id
      returning l.stream, l.batch_id
    )
    select taken.stream, taken.batch_id, count(*)::int from taken group by taken.stream, taken.batch_id;
  if found then
    perform mail.wake_at('mail/reconcile', now() + interval '60 seconds');
  end if;
end;
$$;

-- Writes down an answered look-up: the messages the provider knows, [{id, attempt, messageId}]. A letter that is still missing after its
-- quarantine and enough look-ups goes out again or is held for a person, by its policy. The provider forgets after
-- 45 days, so absence proves nothing for letters older than that.
create function mail.record_look_up(batch_id uuid, messages jsonb) returns table (id uuid, state text, duplicate boolean)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
  v_next timestamptz;
  v_resend boolean;
begin
  perform 1 from mail.letters l
  where l.batch_id = record_look_up.batch_id and l.state in ('sending', 'unknown')
  order by l.id
  for update;

  return query
    select r.id, r.state, r.duplicate
    from mail.record(coalesce(
      (select jsonb_agg(m.value || '{"kind": "accepted"}') from jsonb_array_elements(record_look_up.messages) m), '[]'
    )) r;

  with missing as (
    update mail.letters l
    set look_ups = l.look_ups + 1,
        state = d.state,
        next_look_up_at = case when d.state = 'unknown' then mail.next_look_up(l.last_tx_at, l.quarantine) end,
        error = case when d.state = 'held' then 'not known to the provider; a person decides' else l.error end
    from mail.letters old
    cross join lateral (
      select case
        when now() < old.absent_after or old.look_ups + 1 < old.look_ups_needed then 'unknown'
        when old.policy = 'hold' or old.last_tx_at < now() - interval '44 days' then 'held'
        else 'queued'
      end as state
    ) d
    where old.id = l.id and l.batch_id = record_look_up.batch_id and l.state = 'unknown'
    returning l.state, l.next_look_up_at
  )
  select min(missing.next_look_up_at), bool_or(missing.state = 'queued') into v_next, v_resend from missing;

  perform mail.wake_at('mail/reconcile', v_next);
  if v_resend then
    perform mail.wake();
  end if;
end;
$$;

-- 15 s, 60 s, 5 min and the end of the quarantine after the hand-over; after that every 5 minutes.
create function mail.next_look_up(last_tx_at timestamptz, quarantine interval) returns timestamptz
language sql stable set search_path = '' as $$
  select coalesce(min(next_look_up.last_tx_at + step), now() + interval '5 minutes')
  from unnest(array[interval '15 seconds', interval '60 seconds', interval '5 minutes', next_look_up.quarantine]) step
  where next_look_up.last_tx_at + step > now();
$$;

-- What time alone decides, and the safety net under the bells; safe to call from every process. A lease that ran out
-- means that the sender died: the letter may or may not have been handed over.
create function mail.sweep() returns table (leases_lost int, expired int)
language plpgsql volatile set search_path = '' as $$
declare
  v_leases_lost int;
  v_expired int;
begin
  with overdue as (
    select l.id from mail.letters l
    where l.state = 'sending' and l.lease_until < now()
    for update skip locked
  )
  update mail.letters l
  set state = 'unknown',
      lease_until = null,
      last_tx_at = l.lease_until,
      look_ups = 0,
      look_ups_needed = 3,
      absent_after = l.lease_until + l.quarantine,
      next_look_up_at = greatest(now(), l.lease_until + interval '15 seconds'),
      error = 'the sender stopped before it knew the outcome'
  from overdue
  where l.id = overdue.id;
  get diagnostics v_leases_lost = row_count;

  with overdue as (
    select l.id from mail.letters l
    where l.state = 'queued' and l.expires_at <= now()
    for update skip locked
  )
  update mail.letters l
  set state = 'expired', error = coalesce(l.error, 'not sent before it expired')
  from overdue
  where l.id = overdue.id;
  get diagnostics v_expired = row_count;

  if exists (
    select from mail.letters l
    where l.state = 'queued' and greatest(l.not_before, l.created_at) < now() - interval '30 seconds'
  ) then
    perform mail.wake_at('mail/flush', now());
  end if;
  if exists (select from mail.letters l where l.state = 'unknown' and l.next_look_up_at <= now()) then
    perform mail.wake_at('mail/reconcile', now());
  end if;
  return query select v_leases_lost, v_expired;
end;
$$;

-- Triggers.

-- The state machine; the attempts of a letter never go back.
create function mail.tg_letters__guard() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if new.state <> old.state and not mail.may_become(old.state, new.state) then
    raise exception 'A letter that is % cannot become %.', old.state, new.state using errcode = 'HW409';
  end if;
  if new.attempt < old.attempt then
    raise exception 'The attempts of a letter only grow.' using errcode = 'HW409';
  end if;
  new.updated_at := now();
  return new;
end;
$$;

-- To whom a letter goes never changes, nor what it is.
create function mail.tg_letters__keep() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if (new.dedupe_key, new.stream, new.recipient, new.template, new.category, new.secret, new.unsubscribe_token) is distinct from
     (old.dedupe_key, old.stream, old.recipient, old.template, old.category, old.secret, old.unsubscribe_token)
  then
    raise exception 'A letter cannot be rewritten.' using errcode = 'HW409';
  end if;
  return new;
end;
$$;

-- Everything may become accepted: the provider's word is the truth, however late it comes.
create function mail.may_become(old_state text, new_state text) returns boolean
language sql immutable set search_path = '' as $$
  select case may_become.old_state
    when 'queued' then may_become.new_state in ('sending', 'accepted', 'suppressed', 'cancelled', 'expired', 'failed')
    when 'sending' then may_become.new_state in ('accepted', 'unknown', 'queued', 'suppressed', 'failed')
    when 'unknown' then may_become.new_state in ('accepted', 'queued', 'held', 'suppressed', 'failed')
    when 'held' then may_become.new_state in ('accepted', 'queued', 'cancelled')
    when 'accepted' then may_become.new_state in ('delivered', 'bounced', 'complained')
    when 'delivered' then may_become.new_state in ('bounced', 'complained')
    when 'bounced' then may_become.new_state in ('delivered', 'complained')
    when 'failed' then may_become.new_state in ('accepted', 'queued')
    when 'suppressed' then may_become.new_state in ('accepted', 'queued')
    when 'cancelled' then may_become.new_state = 'accepted'
    when 'expired' then may_become.new_state = 'accepted'
    else false
  end;
$$;

create trigger _100_guard before update on mail.letters
  for each row execute function mail.tg_letters__guard();
create trigger _100_keep before update of dedupe_key, stream, recipient, template, category, secret, unsubscribe_token on mail.letters
  for each row execute function mail.tg_letters__keep();

-- Views.

-- Letters whose hand-over has no known outcome, oldest first.
create view mail.undecided with (security_invoker = true) as
  select l.id, l.state, l.policy, l.stream, l.recipient, l.template, l.attempt, l.last_tx_at, l.look_ups,
    l.next_look_up_at, l.error
  from mail.letters l
  where l.state in ('unknown', 'held')
  order by l.last_tx_at;

-- Letters that the provider accepted more than once.
create view mail.duplicates with (security_invoker = true) as
  select r.letter_id, count(*) as receipts, min(r.created_at) as first_at, max(r.created_at) as last_at
  from mail.receipts r
  group by r.letter_id
  having count(*) > 1;
