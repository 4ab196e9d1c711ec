-- Laravel beside us: its table jobs as a view over ours, and its own tables failed_jobs and job_batches. A Laravel app
-- sends the statements of its database queue and finds what it expects. Every job has one side that runs it: Howdah's
-- workers those that name a task or one of its aliases on a queue that they serve, Laravel's workers all others.
-- Laravel's jobs on a queue that Howdah serves wait under "laravel:<queue>", out of the reach of Howdah's workers.

-- Jobs

-- FROM names one table and nothing more: Laravel selects from it "for update skip locked", which would lock the rows of
-- a second one too. The sub-selects depend on no row, so they run once in a statement and not once a row. What is not
-- Laravel's to run shows as reserved, and tomorrow, so that no retry_after and no wrong clock takes it.
create view laravel.jobs as
select
  j.id,
  (select jsonb_object_agg(t.id, regexp_replace(t.identifier, '^laravel:', '')) from graphile_worker._private_tasks t)
    ->> j.task_id::text as queue,
  j.payload::text as payload,
  j.attempts,
  case
    when j.locked_by = 'laravel' then floor(extract(epoch from j.locked_at))::int
    when j.locked_at is not null
      or j.flags is not null and not j.flags ? 'laravel'
      or j.task_id <> all ((select coalesce(array_agg(q.task_id), '{}') from queue.queues q where not q.served)::int[])
    then (select floor(extract(epoch from statement_timestamp() + interval '1 day'))::int)
  end as reserved_at,
  floor(extract(epoch from j.run_at))::int as available_at,
  floor(extract(epoch from j.created_at))::int as created_at
from graphile_worker._private_jobs j;

-- Laravel's clock is not asked whether a job is due now, only when a delayed one will be.
create function laravel.tg_jobs__insert() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_attempts constant int := coalesce(new.attempts, 0);
  v_envelope constant jsonb := laravel.envelope_of(new.payload);
  v_batch_id constant text := coalesce(queue.batch_of(v_envelope), laravel.batch_of_command(v_envelope, new.payload));
  v_queue constant queue.queues := laravel.queue_for(coalesce(new.queue, 'default'), v_envelope);
  v_is_due boolean;
begin
  if v_attempts = 0 and octet_length(new.payload) > v_queue.payload_bytes then
    raise exception 'The payload of % has % bytes and the queue % takes %: store it and send its id.',
      v_envelope ->> 'displayName', octet_length(new.payload), new.queue, v_queue.payload_bytes
      using errcode = 'HW422';
  end if;
  if v_batch_id is not null and queue.batch_of(v_envelope) is null then
    new.payload := format('{"batchId":%s,%s', to_jsonb(v_batch_id), substr(new.payload, strpos(new.payload, '{') + 1));
  end if;
  v_is_due := coalesce(new.available_at <= new.created_at or new.available_at <= extract(epoch from clock_timestamp()), true);
  insert into graphile_worker._private_jobs as j (
    task_id, payload, priority, run_at, attempts, max_attempts, flags, created_at, locked_at, locked_by
  )
  values (
    v_queue.task_id,
    new.payload::json,
    queue.priority_of(v_envelope),
    case when v_is_due then clock_timestamp() else to_timestamp(new.available_at) end,
    v_attempts,
    greatest(queue.max_attempts_of(v_envelope, v_queue.tries), least(v_attempts + 1, 32767)),
    laravel.flags_of(v_envelope, v_batch_id),
    coalesce(to_timestamp(new.created_at), now()),
    to_timestamp(new.reserved_at),
    case when new.reserved_at is not null then 'laravel' end
  )
  returning j.id into new.id;
  if queue.limits_of(v_envelope) is not null then
    perform queue.serve_with_limits(array[v_queue.name]);
  end if;
  if v_is_due and v_queue.served then
    perform pg_notify('howdah_jobs', v_queue.name || ' 1');
  end if;
  return new;
end
$$;

-- What a Laravel worker does when it takes a job, and what an operator does to free one that a dead worker held.
create function laravel.tg_jobs__update() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update graphile_worker._private_jobs j
  set locked_at = to_timestamp(new.reserved_at),
      locked_by = case when new.reserved_at is not null then 'laravel' end,
      attempts = new.attempts,
      max_attempts = greatest(j.max_attempts, case when new.reserved_at is null then least(new.attempts + 1, 32767) else 1 end),
      run_at = case when new.available_at = old.available_at then j.run_at else to_timestamp(new.available_at) end,
      updated_at = now()
  where j.id = old.id and (j.locked_by is null or j.locked_by = 'laravel');
  if not found then
    raise exception 'A worker of Howdah runs the job %: cancel it with select queue.cancel(%).', old.id, old.id
      using errcode = 'HW409';
  end if;
  if new.reserved_at is null then
    perform pg_notify('howdah_jobs', new.queue || ' 1');
  end if;
  return new;
end
$$;

-- What a payload says, as far as it can be read.
create function laravel.envelope_of(payload text) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  if json_typeof(queue.json_of(payload)) is distinct from 'object' then
    raise exception 'The payload of a job is a JSON object such as {"job": "send_email", "data": {}}, not: %', left(payload, 100)
      using errcode = 'HW422';
  end if;
  return coalesce(queue.envelope_of(payload::json), '{}');
end
$$;

-- A queue that nobody declared is Laravel's own. A plain job of graphile-worker that failed and is retried by artisan
-- goes back to its task.
create function laravel.queue_for(name text, envelope jsonb) returns queue.queues
language plpgsql volatile set search_path = '' as $$
declare
  v_queue queue.queues;
begin
  if starts_with(queue_for.name, 'laravel:') then
    raise exception 'A queue of Laravel cannot be named "%": take another beginning.', queue_for.name using errcode = 'HW422';
  end if;
  select * into v_queue from queue.queues q where q.name = queue_for.name;
  if found and v_queue.served and laravel.is_for_laravel(queue_for.envelope) then
    return laravel.queue_named('laravel:' || queue_for.name);
  elsif found then
    return v_queue;
  elsif exists (select from queue.tasks t where t.name = queue_for.name) then
    select * into v_queue from queue.queues q where q.name = 'default';
    insert into graphile_worker._private_tasks (identifier) values (queue_for.name) on conflict do nothing;
    select t.id into v_queue.task_id from graphile_worker._private_tasks t where t.identifier = queue_for.name;
    return v_queue;
  end if;
  return laravel.queue_named(queue_for.name);
end
$$;

create function laravel.queue_named(name text) returns queue.queues
language plpgsql volatile set search_path = '' as $$
declare
  v_queue queue.queues;
begin
  select * into v_queue from queue.queues q where q.name = queue_named.name;
  if not found then
    perform queue.create_queue(queue_named.name, '{"served": false}');
    select * into v_queue from queue.queues q where q.name = queue_named.name;
  end if;
  return v_queue;
end
$$;

-- A PHP class that no task stands for, or that is encrypted with the key of its app. A name that is no class and no
-- task either goes to Howdah's workers, where it fails and says so.
create function laravel.is_for_laravel(envelope jsonb) returns boolean
language sql stable as $$
  select envelope ->> 'job' ~ '\\|@|^[A-Z]' and (
    coalesce(laravel.is_class_job(envelope) and envelope #>> '{data,command}' !~ '^O:', false)
    or not exists (
      select from queue.tasks t
      where queue.task_of(is_for_laravel.envelope, '') = t.name or queue.task_of(is_for_laravel.envelope, '') = any (t.aliases)
    )
  )
$$;

create function laravel.is_class_job(envelope jsonb) returns boolean
language sql immutable as $$
  select envelope ->> 'job' is not distinct from 'Illuminate\Queue\CallQueuedHandler@call'
$$;

-- Flags are Howdah's word that it counts batches and chains and keeps limits, so Laravel's workers get no such job; of
-- those with the flag "laravel", which are classes, Laravel keeps count itself.
create function laravel.flags_of(envelope jsonb, batch_id text) returns jsonb
language sql immutable as $$
  select case when batch_id is not null or envelope ?| array['limits', 'chain', 'chainCatch'] then
    queue.flags_in(envelope || queue.pair('batchId', to_jsonb(batch_id)))
    || case when laravel.is_class_job(envelope) then '{"laravel": true}' else '{}' end::jsonb
  end
$$;

-- Laravel before 12.51 has the id of a job's batch only inside the serialised object. A string of the user may look like
-- that property, so the object is read, not searched.
create function laravel.batch_of_command(envelope jsonb, payload text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_object bytea;
  v_at int;
  v_key record;
  v_value record;
begin
  if not laravel.is_class_job(envelope) or envelope #>> '{data,command}' !~ 's:7:"batchId";s:' then
    return null;
  end if;
  -- Not readable(), which drops NULs: a serialised string is as long as it says.
  v_object := convert_to(
    regexp_replace(batch_of_command.payload, '(?<!\\)((\\\\)*)\\u0000', '\1\\u0001', 'g')::json #>> '{data,command}', 'UTF8');
  v_at := position('{'::bytea in v_object) + 1;
  while get_byte(v_object, v_at - 1) <> ascii('}') loop
    select * into v_key from laravel.serialized_at(v_object, v_at);
    select * into v_value from laravel.serialized_at(v_object, v_key.next_at);
    if v_key.content = 'batchId' then
      return v_value.content;
    end if;
    v_at := v_value.next_at;
  end loop;
  return null;
exception
  when data_exception or array_subscript_error or null_value_not_allowed then return null;
end
$$;

-- One value of PHP's serialize() and where the next begins; its content if it is a string.
create function laravel.serialized_at(object bytea, at int, out content text, out next_at int)
language plpgsql immutable strict set search_path = '' as $$
declare
  v_missing int := 1;
  v_open int := 0;
  v_head text;
  v_length int;
begin
  next_at := serialized_at.at;
  while v_missing > 0 or v_open > 0 loop
    v_head := convert_from(substring(object from next_at for 300), 'LATIN1'); -- a letter for each byte
    content := null;
    if v_head ~ '^[sE]:\d+:"' then
      v_length := split_part(v_head, ':', 2)::int;
      next_at := next_at + length(substring(v_head from '^[sE]:\d+:"'));
      content := convert_from(substring(object from next_at for v_length), 'UTF8');
      next_at := next_at + v_length + 2;
      v_missing := v_missing - 1;
    elsif v_head ~ '^(N|[bidrR]:[^;]*);' then
      next_at := next_at + position(';' in v_head);
      v_missing := v_missing - 1;
    elsif v_head ~ '^a:\d+:\{' then
      next_at := next_at + position('{' in v_head);
      v_missing := v_missing - 1 + 2 * split_part(v_head, ':', 2)::int;
      v_open := v_open + 1;
    elsif v_head ~ '^O:\d+:"[^"]+":\d+:\{' then
      next_at := next_at + position('{' in v_head);
      v_missing := v_missing - 1 + 2 * substring(v_head from '^O:\d+:"[^"]+":(\d+)')::int;
      v_open := v_open + 1;
    elsif v_head ~ '^\}' and v_open > 0 then
      next_at := next_at + 1;
      v_open := v_open - 1;
    else
      raise data_exception;
    end if;
  end loop;
end
$$;

create trigger _500_insert instead of insert on laravel.jobs for each row execute function laravel.tg_jobs__insert();
create trigger _500_update instead of update on laravel.jobs for each row execute function laravel.tg_jobs__update();

-- To Laravel

-- What Queue::push(job, data) does in PHP: job is a class with a method fire($job, $data), or "Class@method".
create function laravel.push(
  job text, data jsonb default '{}', queue text default 'default', delay interval default '0', tries int default null
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_uuid constant uuid := queue.new_uuid();
begin
  perform laravel.push_raw(
    jsonb_build_object(
      'uuid', v_uuid, 'displayName', split_part(push.job, '@', 1), 'job', push.job, 'maxTries', push.tries,
      'maxExceptions', null, 'failOnTimeout', false, 'backoff', null, 'timeout', null, 'data', push.data,
      'createdAt', queue.unix_seconds(clock_timestamp())
    )::text,
    push.queue,
    push.delay
  );
  return v_uuid;
end
$$;

-- A payload as it is, such as the next link of a Laravel chain.
create function laravel.push_raw(payload text, queue text, delay interval default '0') returns bigint
language sql volatile as $$
  insert into laravel.jobs (queue, attempts, available_at, created_at, payload)
  values (
    push_raw.queue, 0, queue.unix_seconds(clock_timestamp() + push_raw.delay), queue.unix_seconds(clock_timestamp()),
    push_raw.payload
  )
  returning id
$$;

-- A queue is handed over: what waits on it and no task stands for stays with Laravel's workers.
create function laravel.tg_queues__hand_over() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_jobs constant bigint[] := array(
    select j.id from graphile_worker._private_jobs j
    where j.task_id = new.task_id and j.locked_at is null and laravel.is_for_laravel(queue.envelope_of(j.payload))
    for update skip locked
  );
begin
  if v_jobs <> '{}' and not starts_with(new.name, 'laravel:') then
    update graphile_worker._private_jobs j
    set task_id = (laravel.queue_named('laravel:' || new.name)).task_id
    where j.id = any (v_jobs);
  end if;
  return null;
end
$$;

create trigger _500_hand_over after update of served on queue.queues
for each row when (new.served and not old.served) execute function laravel.tg_queues__hand_over();

-- Batches

-- A Laravel worker that ran a member of a batch of ours has counted it: what that makes due is fired here. It runs at the
-- commit, when Howdah's own completions have fired theirs, so that nothing is due for them any more.
create function laravel.tg_job_batches__fire() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update queue.batches b set failure_told_at = now()
  where b.id = new.id and b.failure_told_at is null and new.failed_jobs > old.failed_jobs;
  if found then
    perform queue.dispatch_or_fail(
      queue.with_failure(queue.with_batch(b.on_failure, b.id), (new.failed_job_ids::jsonb ->> -1)::uuid))
    from queue.batches b
    where b.id = new.id and b.on_failure is not null;
  end if;
  perform queue.batch_moved(q.id, greatest(old.pending_jobs - new.pending_jobs, 0))
  from queue.batches q
  join laravel.job_batches b on b.id = q.id
  where q.id = new.id and (
    q.on_progress is not null
    or b.pending_jobs <= 0 and b.cancelled_at is null and q.succeeded_at is null
    or b.pending_jobs <= b.failed_jobs and q.ended_at is null
  );
  return null;
end
$$;

create constraint trigger _900_fire after update of pending_jobs, failed_jobs on laravel.job_batches
deferrable initially deferred for each row
when (new.pending_jobs < old.pending_jobs or new.failed_jobs > old.failed_jobs)
execute function laravel.tg_job_batches__fire();

-- Who may

do $$
begin
  if to_regrole('howdah_laravel') is null then
    create role howdah_laravel nologin noinherit;
  end if;
exception
  when duplicate_object or unique_violation then null; -- another database of this server makes it at this moment
end
$$;

create policy laravel_owns on laravel.failed_jobs to howdah_laravel using (true) with check (true);
create policy laravel_owns on laravel.job_batches to howdah_laravel using (true) with check (true);

revoke all on all tables in schema laravel from howdah_laravel;
grant usage on schema laravel to howdah_laravel;
grant select, insert, update, delete on laravel.jobs, laravel.failed_jobs, laravel.job_batches to howdah_laravel;

-- Comments

comment on schema laravel is
  E'@howdah\nWhat a Laravel app finds on this database: jobs, failed_jobs, job_batches. Its login is a member of the role howdah_laravel; see docs/laravel.md.';
comment on view laravel.jobs is
  'Laravel''s table jobs over all jobs of this database. What Laravel''s workers may not take shows as reserved, and tomorrow. Inserting dispatches, deleting forgets.';
comment on table laravel.failed_jobs is 'Jobs that failed for good, of Howdah and of Laravel; failed_at is UTC.';
comment on table laravel.job_batches is 'Batches and their counts, of Howdah and of Laravel.';
comment on function laravel.push is
  'Dispatches a job that a Laravel worker runs: select laravel.push(''App\Handlers\SendInvoice@send'', ''{"id": 7}'', ''billing''). Returns its uuid.';
