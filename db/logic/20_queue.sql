-- The queue: Laravel's shape around graphile-worker. A queue is a graphile-worker task identifier; the payload is an
-- envelope that names the task. Workers complete and fail jobs here, fenced by who holds them and by which attempt.

-- Dispatch

create function queue.dispatch(
  task text,
  payload jsonb default '{}',
  queue text default 'default',
  run_at timestamptz default now(),
  priority int default 0,
  max_attempts int default 4,
  job_key text default null
) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_uuid constant uuid := gen_random_uuid();
  v_job_id bigint;
begin
  if dispatch.task !~ '^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)*$' then
    raise exception '"%" is not a task: tasks are named noun/verb, as their files in tasks/.', dispatch.task
      using errcode = 'HW422';
  end if;
  -- add_job adds nothing when a worker takes the job of the same key between its two statements: ask again.
  for v_try in 1..50 loop
    select j.id into v_job_id
    from graphile_worker.add_job(
      dispatch.queue,
      queue.envelope(v_uuid, dispatch.task, dispatch.payload::json, dispatch.max_attempts),
      run_at => dispatch.run_at,
      max_attempts => dispatch.max_attempts,
      job_key => dispatch.job_key,
      priority => dispatch.priority
    ) j;
    if v_job_id is not null then
      return v_uuid;
    end if;
    perform pg_sleep(0.01);
  end loop;
  raise exception 'The job % could not be dispatched: its key is being worked on; try again.', dispatch.job_key
    using errcode = 'HW409';
end
$$;

create function queue.envelope(uuid uuid, task text, payload json, max_attempts int) returns json
language sql stable as $$
  select json_build_object(
    'uuid', uuid,
    'displayName', task,
    'job', task,
    'maxTries', max_attempts,
    'data', payload,
    'createdAt', floor(extract(epoch from clock_timestamp()))::bigint
  )
$$;

-- What workers call. No row touched means that somebody else holds the job now.

create function queue.complete(job_id bigint, worker_id text, attempt int) returns boolean
language sql volatile as $$
  with done as (
    delete from graphile_worker._private_jobs j
    where j.id = complete.job_id and j.locked_by = complete.worker_id and j.attempts = complete.attempt
    returning 1
  )
  select exists (select from done)
$$;

create function queue.fail(job_id bigint, worker_id text, attempt int, exception text, final boolean)
returns text
language plpgsql volatile as $$
declare
  v_exception constant text := left(fail.exception, 20000);
  v_attempts int;
  v_max_attempts int;
begin
  select j.attempts, j.max_attempts into v_attempts, v_max_attempts
  from graphile_worker._private_jobs j
  where j.id = fail.job_id and j.locked_by = fail.worker_id and j.attempts = fail.attempt
  for update;
  if not found then
    return 'fenced';
  end if;
  if fail.final or v_attempts >= v_max_attempts then
    perform queue.move_to_failed(fail.job_id, v_exception);
    return 'failed';
  end if;
  update graphile_worker._private_jobs j
  set locked_at = null,
      locked_by = null,
      last_error = v_exception,
      run_at = now() + queue.backoff(v_attempts),
      updated_at = now()
  where j.id = fail.job_id;
  return 'retried';
end
$$;

create function queue.backoff(attempts int) returns interval
language sql immutable as $$
  select make_interval(secs => (array[5, 25, 125])[least(attempts, 3)])
$$;

-- Whatever a payload holds, its job must be found among the failed ones: nothing here may raise.
create function queue.move_to_failed(job_id bigint, exception text) returns void
language plpgsql volatile as $$
declare
  v_job graphile_worker._private_jobs;
  v_queue text;
  v_payload json;
  v_uuid uuid;
begin
  delete from graphile_worker._private_jobs j where j.id = move_to_failed.job_id returning j.* into v_job;
  select t.identifier into v_queue from graphile_worker._private_tasks t where t.id = v_job.task_id;
  v_uuid := queue.uuid_of(v_job.payload);
  v_payload := v_job.payload;
  if v_uuid is null or exists (select from queue.failures f where f.uuid = v_uuid) then
    v_uuid := gen_random_uuid();
    v_payload := queue.envelope(v_uuid, v_queue, v_job.payload, v_job.max_attempts);
  end if;
  insert into queue.failures (uuid, queue, payload, priority, attempts, exception)
  values (v_uuid, v_queue, v_payload, v_job.priority, v_job.attempts, move_to_failed.exception);
end
$$;

-- The uuid of an envelope; null if the payload is none, holds no such uuid, or a NUL, which no operator can look past.
create function queue.uuid_of(payload json) returns uuid
language plpgsql immutable as $$
begin
  if json_typeof(payload) <> 'object' or payload ->> 'job' is null then
    return null;
  end if;
  return (payload ->> 'uuid')::uuid;
exception
  when data_exception then return null;
end
$$;

create function queue.beat(worker_id text, queue text, hostname text, pid int) returns void
language sql volatile as $$
  insert into queue.workers (id, queue, hostname, pid)
  values (beat.worker_id, beat.queue, beat.hostname, beat.pid)
  on conflict (id) do update set beat_at = now()
$$;

-- A worker that has not been heard of for the grace time gives its jobs back; the attempt stays counted, and a job
-- without attempts left is failed rather than left unseen.
create function queue.rescue(grace interval default '15 seconds') returns table (worker_id text, jobs int)
language plpgsql volatile as $$
declare
  v_worker text;
  v_jobs int;
begin
  for v_worker in
    select w.id from queue.workers w where w.beat_at < now() - rescue.grace for update skip locked
  loop
    begin
      perform queue.move_to_failed(j.id, 'The worker died while it ran this job for the last time.')
      from graphile_worker._private_jobs j
      where j.locked_by = v_worker and j.attempts >= j.max_attempts;
      select count(*) into v_jobs from graphile_worker._private_jobs j where j.locked_by = v_worker;
      perform graphile_worker.force_unlock_workers(array[v_worker]);
      delete from queue.workers w where w.id = v_worker;
      worker_id := v_worker;
      jobs := v_jobs;
      return next;
    exception
      when others then raise warning 'worker % could not be rescued: %', v_worker, sqlerrm; -- the others are
    end;
  end loop;
end
$$;

-- A worker that stops gives back what it still holds: nobody is waited for, and no attempt is burned.
create function queue.leave(worker_ids text[]) returns void
language sql volatile as $$
  update graphile_worker._private_jobs j
  set locked_at = null, locked_by = null, attempts = greatest(j.attempts - 1, 0), run_at = least(j.run_at, now())
  where j.locked_by = any (leave.worker_ids);

  delete from queue.workers w where w.id = any (leave.worker_ids);
$$;

-- What operators call

create function queue.retry(uuid uuid) returns boolean
language sql volatile as $$
  with retried as (
    delete from queue.failures f where f.uuid = retry.uuid returning f.*
  ),
  added as (
    select graphile_worker.add_job(
      r.queue, r.payload, max_attempts => queue.max_attempts_of(r.payload), priority => r.priority
    )
    from retried r
  )
  select exists (select from added)
$$;

create function queue.retry_all(queue text default null) returns bigint
language sql volatile as $$
  select count(*) filter (where queue.retry(f.uuid))
  from queue.failures f
  where retry_all.queue is null or f.queue = retry_all.queue
$$;

create function queue.forget(uuid uuid) returns boolean
language sql volatile as $$
  with forgotten as (
    delete from queue.failures f where f.uuid = forget.uuid returning 1
  )
  select exists (select from forgotten)
$$;

create function queue.max_attempts_of(payload json) returns int
language sql immutable as $$
  select case when payload ->> 'maxTries' ~ '^[1-9]\d{0,3}$' then (payload ->> 'maxTries')::int else 4 end
$$;

-- Views in Laravel's columns; times in whole Unix seconds

create function queue.unix_seconds(moment timestamptz) returns int
language sql immutable strict as $$
  select least(floor(extract(epoch from moment)), 2147483647)::int -- Laravel's columns end in 2038
$$;

create view queue.jobs as
select
  j.id,
  t.identifier as queue,
  j.payload::text as payload,
  j.attempts::int as attempts,
  queue.unix_seconds(j.locked_at) as reserved_at,
  queue.unix_seconds(j.run_at) as available_at,
  queue.unix_seconds(j.created_at) as created_at
from graphile_worker._private_jobs j
join graphile_worker._private_tasks t on t.id = j.task_id;

create view queue.failed_jobs as
select f.id, f.uuid, 'database' as connection, f.queue, f.payload::text as payload, f.exception, f.failed_at
from queue.failures f;

-- Comments

comment on schema queue is 'Jobs for operators: look at queue.jobs and queue.failed_jobs, call queue.retry(uuid).';
comment on view queue.jobs is 'Every job that waits or runs, in the columns of Laravel''s jobs table.';
comment on column queue.jobs.reserved_at is 'Unix seconds since which a worker runs the job; null while it waits.';
comment on column queue.jobs.available_at is 'Unix seconds from which the job may run.';
comment on view queue.failed_jobs is 'Every job that failed for good, in the columns of Laravel''s failed_jobs table.';
comment on table queue.failures is 'Jobs that failed for good; moved here in the transaction that failed them.';
comment on table queue.workers is 'Worker pools and when they were last heard of.';
comment on function queue.dispatch(text, jsonb, text, timestamptz, int, int, text) is
  'Puts a task on a queue, in the caller''s transaction: select queue.dispatch(''mail/flush'', ''{}'', queue => ''mail''). Returns the job''s uuid.';
comment on function queue.retry(uuid) is 'Puts a failed job back on its queue with all its attempts; false if there is no such failed job.';
comment on function queue.retry_all(text) is 'Puts all failed jobs, or those of one queue, back; returns how many.';
comment on function queue.forget(uuid) is 'Deletes a failed job; false if there is none.';
