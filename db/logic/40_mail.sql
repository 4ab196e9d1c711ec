-- Mail. A letter is born in the transaction of its cause (mail.enqueue) and waits in mail.letters. Jobs are only
-- doorbells: mail/flush hands letters over, mail/reconcile asks the provider about hand-overs without an answer,
-- and mail.sweep rings both again, so no letter depends on one bell. Every hand-over is written down (claim,
-- committed) before a byte leaves; every result names the attempt it belongs to.

-- Puts a letter in the outbox and answers its id; with a key that is known already, the first letter's id.
create function mail.enqueue(
  template text,
  recipient text,
  data jsonb,
  dedupe_key text,
  stream text default 'outbound',
  priority int default 100,
  expires_at timestamptz default null
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_recipient text := mail.checked_address(enqueue.recipient);
  v_id uuid;
begin
  if coalesce(enqueue.template, '') !~ '^[a-z][a-z0-9-]*$' then
    raise exception 'A letter needs the name of its template.' using errcode = 'HW422';
  end if;
  if coalesce(enqueue.dedupe_key, '') = '' then
    raise exception 'A letter needs a dedupe_key: name its cause.' using errcode = 'HW422';
  end if;

  insert into mail.letters as l (dedupe_key, stream, priority, recipient, recipient_name, template, data, expires_at)
  values (
    enqueue.dedupe_key,
    coalesce(enqueue.stream, 'outbound'),
    coalesce(enqueue.priority, 100),
    v_recipient,
    nullif(btrim(enqueue.data ->> 'personName'), ''),
    enqueue.template,
    coalesce(enqueue.data, '{}'),
    enqueue.expires_at
  )
  on conflict on constraint letters_are_enqueued_once do nothing
  returning l.id into v_id;

  if v_id is null then
    select l.id into strict v_id from mail.letters l where l.dedupe_key = enqueue.dedupe_key;
    return v_id;
  end if;
  perform mail.wake();
  return v_id;
end;
$$;

-- mail.enqueue for many: [{template, recipient, data, dedupeKey, stream, priority, expiresAt}]. Answers the letter of each
-- dedupe key; a bad address has a problem instead of a letter and keeps nobody else from theirs.
create function mail.enqueue_many(letters jsonb) returns table (dedupe_key text, letter_id uuid, problem text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform mail.refuse_nameless(enqueue_many.letters);
  insert into mail.letters (dedupe_key, stream, priority, recipient, recipient_name, template, data, expires_at)
  select distinct on (a."dedupeKey")
    a."dedupeKey", coalesce(a.stream, 'outbound'), coalesce(a.priority, 100), btrim(a.recipient),
    nullif(btrim(a.data ->> 'personName'), ''), a.template, coalesce(a.data, '{}'), a."expiresAt"
  from jsonb_to_recordset(enqueue_many.letters) as a (
    template text, recipient text, data jsonb, "dedupeKey" text, stream text, priority int, "expiresAt" timestamptz
  )
  where mail.is_address(btrim(a.recipient))
  order by a."dedupeKey"
  on conflict on constraint letters_are_enqueued_once do nothing;
  if found then
    perform mail.wake();
  end if;
  return query
    select a."dedupeKey", l.id,
      case when l.id is null then format('"%s" is not a mail address.', left(coalesce(a.recipient, ''), 100)) end
    from (
      select distinct on (a."dedupeKey") a.*
      from jsonb_to_recordset(enqueue_many.letters) as a ("dedupeKey" text, recipient text)
      order by a."dedupeKey"
    ) a
    left join mail.letters l on l.dedupe_key = a."dedupeKey";
end;
$$;

create function mail.refuse_nameless(letters jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if jsonb_typeof(refuse_nameless.letters) is distinct from 'array' then
    raise exception 'Letters come as a list.' using errcode = 'HW422';
  end if;
  if exists (
    select from jsonb_to_recordset(refuse_nameless.letters) as a (template text, "dedupeKey" text)
    where coalesce(a.template, '') !~ '^[a-z][a-z0-9-]*$' or coalesce(a."dedupeKey", '') = ''
  ) then
    raise exception 'A letter needs the name of its template, and a dedupeKey that names its cause.' using errcode = 'HW422';
  end if;
end;
$$;

-- Takes letters back and answers which: those that nobody has claimed are cancelled, those in hand never go out again.
create function mail.cancel_many(letters uuid[]) returns setof uuid
language sql volatile security definer set search_path = '' as $$
  select l.id from mail.letters l where l.id = any (cancel_many.letters) order by l.id for update;
  update mail.letters l
  set expires_at = now()
  where l.id = any (cancel_many.letters) and l.state in ('sending', 'unknown');
  update mail.letters l
  set state = 'cancelled'
  where l.id = any (cancel_many.letters) and l.state in ('queued', 'held')
  returning l.id;
$$;

create function mail.checked_address(address text) returns text
language plpgsql immutable set search_path = '' as $$
begin
  if mail.is_address(btrim(checked_address.address)) is not true then
    raise exception '"%" is not a mail address: write one like name@school.example.',
      left(coalesce(btrim(checked_address.address), ''), 100)
      using errcode = 'HW422', column = 'email';
  end if;
  return btrim(checked_address.address);
end;
$$;

create function mail.is_address(address text) returns boolean
language sql immutable as $$
  select length(address) <= 254
    and address ~ '^[^\s@<>(),;:"\\\[\]]{1,64}@[^\s@<>(),;:"\\\[\]]+\.[^\s@<>(),;:"\\\[\].]+$'
$$;

-- One bell per transaction, however many letters it holds. Deliberately no job_key shared by transactions:
-- add_job keeps such a key locked until commit, so every transaction that writes a letter would wait for every
-- other (a sign-in behind a campaign), and it adds nothing at all when a worker takes the job with that key between
-- its two statements, which loses the bell. A bell of its own becomes visible with its letter and cannot be lost.
create function mail.wake() returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_transaction text := pg_current_xact_id()::text;
begin
  if current_setting('mail.woken_in', true) is distinct from v_transaction then
    perform queue.dispatch('mail/flush', '{}', queue => 'mail');
    perform set_config('mail.woken_in', v_transaction, true);
  end if;
end;
$$;

-- Bells for later, one per task and five seconds, in ascending order so that two of them never wait crosswise. The job
-- starts at the end of its five seconds, so nobody takes it while it is still being rung; a process that stalls longer
-- than that is caught by mail.sweep.
create function mail.wake_at(task text, variadic moments timestamptz[]) returns void
language sql volatile set search_path = '' as $$
  select queue.dispatch(
    wake_at.task,
    '{}',
    queue => 'mail',
    run_at => to_timestamp(slot),
    unique_key => slot::text,
    unique_until => 'started'
  )
  from (
    select distinct ceil(extract(epoch from moment) / 5)::bigint * 5 as slot
    from unnest(wake_at.moments) moment
    where moment is not null
    order by slot
  ) slots;
$$;

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

-- Keeps the rendered bytes of claimed letters: [{id, attempt, subject, html, text}]. A retry sends the same bytes.
create function mail.freeze(letters jsonb) returns void
language sql volatile set search_path = '' as $$
  update mail.letters l
  set subject = r.subject, html = r.html, text = r.text
  from jsonb_to_recordset("freeze".letters) as r (id uuid, attempt int, subject text, html text, text text)
  where l.id = r.id and l.attempt = r.attempt and l.state = 'sending' and l.subject is null;
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

-- What a letter says and to whom never changes. Only statements that set one of these columns can do it, and are looked at:
-- to compare its words is to read them all, which a change of state has no need of.
create function mail.tg_letters__keep_words() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if (new.dedupe_key, new.stream, new.recipient, new.template) is distinct from
     (old.dedupe_key, old.stream, old.recipient, old.template)
     or new.data <> old.data
     or (old.subject is not null and (new.subject, new.html, new.text) is distinct from (old.subject, old.html, old.text))
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
create trigger _100_keep_words before update of dedupe_key, stream, recipient, template, data, subject, html, text on mail.letters
  for each row execute function mail.tg_letters__keep_words();

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
