-- Mail. A letter is born in the transaction of its cause (mail.enqueue), rendered there and then, and waits in mail.letters;
-- what it says stands in mail.words and never changes. How it is rendered is in 40_mail_words.sql. Jobs are only
-- doorbells: mail/flush hands letters over, mail/reconcile asks the provider about hand-overs without an answer,
-- and mail.sweep rings both again, so no letter depends on one bell. Every hand-over is written down (claim,
-- committed) before a byte leaves; every result names the attempt it belongs to.

-- Puts a letter in the outbox and answers its id; with a key that is known already, the first letter's id. Category, locale
-- and the rest are as for enqueue_many.
create function mail.enqueue(
  template text,
  recipient text,
  data jsonb,
  dedupe_key text,
  stream text default 'outbound',
  priority int default 100,
  expires_at timestamptz default null,
  person_id uuid default null,
  category text default null,
  locale text default null,
  policy text default null,
  quarantine interval default null,
  secret boolean default false
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_address constant text := mail.checked_address(enqueue.recipient);
  v_id uuid;
  v_problem text;
begin
  select e.letter_id, e.problem into v_id, v_problem
  from mail.enqueue_many(jsonb_build_array(jsonb_build_object(
    'template', enqueue.template, 'recipient', v_address, 'data', enqueue.data, 'dedupeKey', enqueue.dedupe_key,
    'stream', enqueue.stream, 'priority', enqueue.priority, 'expiresAt', enqueue.expires_at, 'personId', enqueue.person_id,
    'category', enqueue.category, 'locale', enqueue.locale, 'policy', enqueue.policy, 'quarantine', enqueue.quarantine,
    'secret', enqueue.secret
  ))) e;
  if v_id is null then
    raise exception '%', v_problem using errcode = 'HW422', column = 'data';
  end if;
  return v_id;
end;
$$;

-- mail.enqueue for many: [{template, recipient, data, dedupeKey, stream, priority, expiresAt, personId, category, locale, policy,
-- quarantine, secret}]. Answers the letter of each dedupe key; one that cannot be written (a bad address, a value that is
-- missing) has a problem instead of a letter and keeps nobody else from theirs. The category is account unless it is given,
-- the locale the person's, else the community's. The words of a secret letter are forgotten when it has been sent.
create function mail.enqueue_many(letters jsonb) returns table (dedupe_key text, letter_id uuid, problem text)
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_problems jsonb;
begin
  if jsonb_typeof(enqueue_many.letters) is distinct from 'array' then
    raise exception 'Letters come as a list.' using errcode = 'HW422';
  end if;
  v_problems := mail.write(enqueue_many.letters);
  return query
    select a."dedupeKey", l.id, case when l.id is null then v_problems ->> a."dedupeKey" end
    from (select distinct d."dedupeKey" from jsonb_to_recordset(enqueue_many.letters) as d ("dedupeKey" text)) a
    left join mail.letters l on l.dedupe_key = a."dedupeKey"
    order by a."dedupeKey";
end;
$$;

-- Writes the letters and their words, rings if there are any, and answers the problems by dedupe key.
create function mail.write(letters jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
  v_common constant jsonb := mail.common_values();
  v_urgencies boolean[];
  v_problems jsonb;
  v_nameless boolean;
  v_unknown text;
begin
  with asked as materialized (
    select distinct on (a."dedupeKey")
      a.template, a."dedupeKey", a.stream, a.priority, a."expiresAt", a."personId", a.policy, a.quarantine, a.secret,
      btrim(a.recipient) as address, k.category, k.token, coalesce(a.locale, p.locale, v_common ->> 'locale') as locale,
      coalesce(a.data, '{}') || mail.own_values(v_common ->> 'publicUrl', btrim(a.recipient), k.token) as data
    from jsonb_to_recordset(write.letters) as a (
      template text, recipient text, data jsonb, "dedupeKey" text, stream text, priority int, "expiresAt" timestamptz,
      "personId" uuid, category text, locale text, policy text, quarantine interval, secret boolean
    )
    left join app.people p on p.id = a."personId" and a.locale is null
    cross join lateral (
      select c.category, case when mail.can_leave(c.category) then mail.new_unsubscribe_token() end as token
      from (select coalesce(a.category, 'account') as category offset 0) c
      offset 0
    ) k
    order by a."dedupeKey"
  ),
  used as materialized (
    select a.template, a.locale, t.names, t.required, t.common, t.subject, t.html, t.text, t.html_sections, t.text_sections, t.lists
    from (select distinct a.template, a.locale from asked a) a
    cross join lateral mail.template_for(a.template, a.locale, v_common) t
  ),
  valued as materialized (
    select a.*, v.vals, case
      when mail.is_address(a.address) is not true then format('"%s" is not a mail address.', left(coalesce(a.address, ''), 100))
      else mail.problem_of(u.names, u.required, u.lists, v.vals, a.data, v_common)
    end as problem
    from asked a
    join used u on u.template = a.template and u.locale = a.locale
    cross join lateral mail.values_of(u.names, u.common, a.data) v
  ),
  written as (
    insert into mail.letters as l (
      dedupe_key, stream, priority, recipient, recipient_name, template, expires_at, category, person_id, locale, policy,
      quarantine, secret, unsubscribe_token
    )
    select
      v."dedupeKey", coalesce(v.stream, 'outbound'), coalesce(v.priority, 100), v.address,
      nullif(btrim(v.data ->> 'personName'), ''), v.template, v."expiresAt", v.category, v."personId", v.locale,
      coalesce(v.policy, 'resend'), coalesce(v.quarantine, mail.quarantine_of(v.category)), coalesce(v.secret, false), v.token
    from valued v
    where v.problem is null and v."dedupeKey" <> ''
    on conflict on constraint letters_are_enqueued_once do nothing
    returning l.id, l.dedupe_key, mail.is_urgent(l.stream, l.priority) as urgent
  ),
  worded as (
    insert into mail.words (letter_id, subject, html, text)
    select n.id, w.subject, w.html, w.text
    from written n
    join valued v on v."dedupeKey" = n.dedupe_key
    join used u on u.template = v.template and u.locale = v.locale
    cross join lateral mail.words_of(
      u.subject, u.html, u.text, u.html_sections, u.text_sections, v.vals, v.data, v_common
    ) w
  )
  select
    (select array_agg(distinct w.urgent) from written w),
    (select jsonb_object_agg(v."dedupeKey", v.problem) from valued v where v.problem is not null and v."dedupeKey" <> ''),
    (select bool_or(coalesce(a."dedupeKey", '') = '' or coalesce(a.template, '') = '') from asked a),
    (select min(a.template) from asked a where a.template not in (select u.template from used u))
  into v_urgencies, v_problems, v_nameless, v_unknown;
  if v_nameless then
    raise exception 'A letter needs the name of its template, and a dedupe_key that names its cause.' using errcode = 'HW422';
  end if;
  if v_unknown is not null then
    raise exception 'There is no template "%": add its folder to src/mail/templates.', left(v_unknown, 100)
      using errcode = 'HW422', column = 'template';
  end if;
  perform mail.wake(u.urgent) from unnest(v_urgencies) u (urgent);
  return coalesce(v_problems, '{}');
end;
$$;

-- Everything but what one cannot do without: how to get in, what one's account did, and an invitation.
create function mail.can_leave(category text) returns boolean
language sql immutable as $$
  select category not in ('security', 'account', 'invitation')
$$;

create function mail.new_unsubscribe_token() returns text
language sql volatile as $$
  select replace(gen_random_uuid()::text, '-', '')
$$;

-- How long an unanswered hand-over is left in doubt before it is repeated. A letter about money had better come late than twice.
create function mail.quarantine_of(category text) returns interval
language sql immutable as $$
  select case when category = 'campaign' then interval '1 hour' else interval '15 minutes' end
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
-- its two statements, which loses the bell. A bell of its own becomes visible with its letter and cannot be lost. The bell of
-- urgent letters hangs in another queue, where no other mail is before it.
create function mail.wake(urgent boolean default false) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_transaction constant text := pg_current_xact_id()::text;
  v_bell constant text := case when wake.urgent then 'mail.woken_urgently_in' else 'mail.woken_in' end;
begin
  if current_setting(v_bell, true) is not distinct from v_transaction then
    return;
  elsif wake.urgent then
    perform queue.dispatch('mail/flush', '{"lane": "urgent"}', queue => 'high');
  else
    perform queue.dispatch('mail/flush', '{}', queue => 'mail');
  end if;
  perform set_config(v_bell, v_transaction, true);
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
