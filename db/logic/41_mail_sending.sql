-- Handing letters over: claims, outcomes, look-ups and the sweep. How fast and whether at all: 41_mail_streams.sql. The outbox itself is in 40_mail.sql.

-- Takes up to batch_size letters of a lane, most urgent first, and writes down that they are about to be handed over. Who
-- may not be written to any more is set aside. A sign-in letter that has been handed over once never goes again after two
-- minutes: whoever waits asks for another. The caller commits before it sends.
create function mail.claim(batch_size int, claimed_by text, lane text default null) returns table (
  id uuid, attempt int, batch_id uuid, stream text, recipient text, recipient_name text, template text, category text,
  unsubscribe_token text, subject text, html text, text text
)
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
  v_lane constant text := coalesce(claim.lane, mail.most_urgent_lane());
  v_batch constant uuid := gen_random_uuid();
  v_allowed int;
  v_due uuid[];
  v_ids uuid[];
begin
  if v_lane is null then
    return;
  end if;
  v_allowed := mail.allow(v_lane, claim.batch_size);
  while v_allowed > 0 loop
    v_due := mail.lock_due(v_lane, v_allowed);
    v_ids := mail.set_suppressed_aside(v_due);
    exit when v_ids <> '{}' or v_due = '{}';
  end loop;
  if v_ids is null or v_ids = '{}' then
    return;
  end if;
  perform mail.spend(mail.stream_of(v_lane), cardinality(v_ids));
  return query
    with taken as (
      update mail.letters l
      set state = 'sending',
          attempt = l.attempt + 1,
          batch_id = v_batch,
          claimed_by = claim.claimed_by,
          lease_until = now() + interval '120 seconds',
          last_tx_at = now(),
          expires_at = case when l.category = 'security' then least(l.expires_at, now() + interval '2 minutes') else l.expires_at end,
          error_code = null,
          error = null
      where l.id = any (v_ids)
      returning l.*
    )
    select t.id, t.attempt, t.batch_id, t.stream, t.recipient, t.recipient_name, t.template, t.category, t.unsubscribe_token,
      w.subject, w.html, w.text
    from taken t
    join mail.words w on w.letter_id = t.id;
end;
$$;

create function mail.lock_due(lane text, wanted int) returns uuid[]
language plpgsql volatile set search_path = '' as $$
declare
  v_stream constant text := mail.stream_of(lock_due.lane);
  v_first constant int := mail.first_priority_of(lock_due.lane);
  v_last constant int := mail.last_priority_of(lock_due.lane);
begin
  return array(
    select l.id
    from mail.letters l
    where l.state = 'queued' and l.stream = v_stream and l.priority between v_first and v_last
      and l.not_before <= now() and (l.expires_at is null or l.expires_at > now())
    order by l.priority, l.position
    limit lock_due.wanted
    for update skip locked
  );
end
$$;

-- Answers the letters that may go.
create function mail.set_suppressed_aside(letters uuid[]) returns uuid[]
language plpgsql volatile set search_path = '' as $$
declare
  v_aside uuid[];
begin
  with aside as (
    update mail.letters l
    set state = 'suppressed', error = s.reason
    from (
      select l.id, mail.suppression_of(l.recipient, l.stream, l.category) as reason
      from mail.letters l
      where l.id = any (set_suppressed_aside.letters)
        and exists (select from mail.suppressions s where s.address = lower(l.recipient) and s.lifted_at is null)
    ) s
    where l.id = s.id and s.reason is not null
    returning l.id
  )
  select array_agg(aside.id) into v_aside from aside;
  if v_aside is null then
    return set_suppressed_aside.letters;
  end if;
  return array(select l.id from unnest(set_suppressed_aside.letters) l (id) where l.id <> all (v_aside));
end
$$;

-- Writes down what became of a hand-over, one row per letter:
--   [{id, attempt, kind: accepted | refused | notSent | unknown, messageId, code, reason, presumedUnsent}]
-- and answers the letters of which a second acceptance was learned. An acceptance is believed whenever it comes and for
-- whichever attempt; any other result counts only for the attempt it belongs to.
create function mail.record(outcomes jsonb) returns setof uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_ids uuid[];
  v_attempts int[];
  v_messages uuid[];
  v_answered uuid;
begin
  select
    array_agg(o.id order by o.id) filter (where o.kind = 'accepted'),
    array_agg(o.attempt order by o.id) filter (where o.kind = 'accepted'),
    array_agg(o."messageId" order by o.id) filter (where o.kind = 'accepted'),
    (array_agg(o.id) filter (where o.kind in ('accepted', 'refused')))[1]
  into v_ids, v_attempts, v_messages, v_answered
  from jsonb_to_recordset(record.outcomes) as o (id uuid, attempt int, kind text, "messageId" uuid);
  if v_ids is not null then
    return query select mail.record_accepted(v_ids, v_attempts, v_messages);
  end if;
  if jsonb_array_length(record.outcomes) > coalesce(cardinality(v_ids), 0) then
    perform mail.record_others(record.outcomes);
  end if;
  perform mail.end_rest(v_answered);
end;
$$;

-- All at once where it is the first that is known of a letter, which is nearly always; the others one by one. Only letters
-- being sent have a lease; asked for their state, Postgres would read all of these instead of each by its id.
create function mail.record_accepted(ids uuid[], attempts int[], messages uuid[]) returns setof uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_count int;
begin
  update mail.letters l
  set state = 'accepted',
      lease_until = null,
      provider_message_id = r.message_id,
      error_code = null,
      error = null
  from unnest(record_accepted.ids, record_accepted.attempts, record_accepted.messages) r (id, attempt, message_id)
  where l.id = r.id and l.attempt = r.attempt and l.lease_until is not null and l.provider_message_id is null;
  get diagnostics v_count = row_count;
  if v_count < cardinality(record_accepted.ids) then
    return query
      select r.id
      from unnest(record_accepted.ids, record_accepted.attempts, record_accepted.messages) r (id, attempt, message_id)
      where mail.learn_receipt(r.id, r.attempt, r.message_id) = 'duplicate';
  end if;
end
$$;

-- The provider says that it has a letter: by the answer to a hand-over, a look-up or a call of its own. Answers what that
-- tells: `accepted` if nobody knew, `known`, `duplicate` if it is a second mail, null if there is no such letter.
-- A letter that is being handed over again right now is left alone: the answer to that hand-over decides.
create function mail.learn_receipt(letter_id uuid, attempt int, message_id uuid) returns text
language plpgsql volatile set search_path = '' as $$
declare
  v_letter mail.letters;
  v_waits boolean;
begin
  select l.* into v_letter from mail.letters l where l.id = learn_receipt.letter_id for update;
  if not found then
    return null;
  end if;
  v_waits := v_letter.state = 'sending' and v_letter.attempt <> learn_receipt.attempt;
  update mail.letters l
  set state = case when v_waits then l.state else 'accepted' end,
      lease_until = case when v_waits then l.lease_until end,
      next_look_up_at = null,
      provider_message_id = coalesce(l.provider_message_id, learn_receipt.message_id),
      error_code = null,
      error = null
  where l.id = v_letter.id
    and (l.provider_message_id is null or l.state = 'sending' and not v_waits)
    and l.state not in ('delivered', 'bounced', 'complained');
  if coalesce(v_letter.provider_message_id, learn_receipt.message_id) = learn_receipt.message_id then
    return case when v_letter.provider_message_id is null then 'accepted' else 'known' end;
  end if;
  insert into mail.duplicates (letter_id, attempt, provider_message_id)
  values (v_letter.id, learn_receipt.attempt, learn_receipt.message_id)
  on conflict on constraint duplicates_are_recorded_once do nothing;
  return case when found then 'duplicate' else 'known' end;
end
$$;

create function mail.record_others(outcomes jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_ids constant uuid[] := array(select (o.value ->> 'id')::uuid from jsonb_array_elements(record_others.outcomes) o);
  v_back timestamptz[];
  v_undecided timestamptz[];
begin
  perform 1 from mail.letters l where l.id = any (v_ids) order by l.id for update;
  perform mail.believe_receipts(v_ids), mail.record_refused(record_others.outcomes);
  v_back := array(select mail.record_not_sent(record_others.outcomes));
  v_undecided := array(select mail.record_unknown(record_others.outcomes));
  perform mail.wake_at('mail/flush', variadic v_back);
  perform mail.wake_at('mail/reconcile', variadic v_undecided);
end
$$;

-- Letters in hand of which an earlier attempt has been accepted meanwhile.
create function mail.believe_receipts(letters uuid[]) returns void
language sql volatile set search_path = '' as $$
  update mail.letters l
  set state = 'accepted', lease_until = null, error_code = null, error = null
  where l.id = any (believe_receipts.letters) and l.state = 'sending' and l.provider_message_id is not null
$$;

-- An address that the provider calls inactive is not written to again on this stream, until the provider takes it back.
create function mail.record_refused(outcomes jsonb) returns void
language sql volatile set search_path = '' as $$
  with refused as (
    update mail.letters l
    set state = case when o.code = '406' then 'suppressed' else 'failed' end,
        lease_until = null,
        next_look_up_at = null,
        error_code = o.code,
        error = coalesce(o.reason, 'refused without a reason')
    from jsonb_to_recordset(record_refused.outcomes) as o (id uuid, attempt int, kind text, code text, reason text)
    where o.kind = 'refused' and l.id = o.id and l.attempt = o.attempt and l.state in ('sending', 'unknown')
    returning l.id, l.recipient, l.stream, l.state
  )
  insert into mail.suppressions (letter_id, address, stream, reason, origin, since)
  select distinct on (lower(r.recipient), r.stream) r.id, lower(r.recipient), r.stream, 'inactive', 'howdah', now()
  from refused r
  where r.state = 'suppressed'
  on conflict on constraint one_row_per_address_stream_and_reason do update set lifted_at = null
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

-- What time alone decides, and the safety net under the bells; safe to call from every process. A lease that ran out
-- means that the sender died: the letter may or may not have been handed over.
create function mail.sweep() returns table (leases_lost int, expired int)
language plpgsql volatile set search_path = '' as $$
declare
  v_overdue uuid[];
  v_leases_lost int;
  v_expired int;
begin
  v_overdue := array(
    select l.id from mail.letters l
    where l.state = 'sending' and l.lease_until < now()
    for update skip locked
  );
  perform mail.believe_receipts(v_overdue);
  update mail.letters l
  set state = 'unknown',
      lease_until = null,
      last_tx_at = l.lease_until,
      look_ups = 0,
      look_ups_needed = 3,
      absent_after = l.lease_until + l.quarantine,
      next_look_up_at = greatest(now(), l.lease_until + interval '15 seconds'),
      error = 'the sender stopped before it knew the outcome'
  where l.id = any (v_overdue) and l.state = 'sending';
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
language sql immutable as $$
  select case may_become.old_state
    when 'queued' then may_become.new_state in ('sending', 'accepted', 'suppressed', 'cancelled', 'expired', 'failed')
    when 'sending' then may_become.new_state in ('accepted', 'unknown', 'queued', 'suppressed', 'failed')
    when 'unknown' then may_become.new_state in ('accepted', 'queued', 'held', 'expired', 'cancelled', 'suppressed', 'failed')
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
