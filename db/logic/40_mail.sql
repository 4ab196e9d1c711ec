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
