-- What workers call. A job is held by (id, locked_by, attempts): no row touched means that somebody else holds it now.

-- Ends many jobs at once, in the transaction that writes their history and moves their batches and chains on.
create function queue.complete_many(
  worker_id text, queue text, job_ids bigint[], attempts int[], uuids uuid[], tasks text[], milliseconds double precision[]
) returns bigint[]
language plpgsql volatile set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_done bigint[];
  v_bound jsonb;
  v_lanes int[];
begin
  with held as (
    delete from graphile_worker._private_jobs j
    using unnest(
      complete_many.job_ids, complete_many.attempts, complete_many.uuids, complete_many.tasks, complete_many.milliseconds
    ) h (id, attempt, uuid, task, ms)
    where j.id = h.id and j.locked_by = complete_many.worker_id and j.attempts = h.attempt
    returning j.id, j.flags, j.payload, j.job_queue_id, h.uuid, h.task, h.attempt, h.ms
  ),
  history as (
    insert into queue.attempts (uuid, job_id, queue, task, attempt, worker_id, outcome, started_at, ended_at)
    select h.uuid, h.id, complete_many.queue, h.task, h.attempt, complete_many.worker_id, 'completed',
      clock_timestamp() - h.ms * interval '1 millisecond', clock_timestamp() -- now() is when a transactional task began
    from held h
  )
  select array_agg(h.id), jsonb_agg(coalesce(queue.envelope_of(h.payload), '{}')) filter (where h.flags is not null),
    array_agg(h.job_queue_id) filter (where h.job_queue_id is not null)
  into v_done, v_bound, v_lanes
  from held h;
  perform queue.free_lanes(v_lanes);

  if v_bound is not null then
    perform queue.after_success(v_done, v_bound);
  end if;
  -- Of a transactional task: one that is stopped before its commit must not hold a batch, and with it all its members.
  perform set_config('idle_in_transaction_session_timeout', '5s', true);
  return coalesce(v_done, '{}');
end
$$;

-- For a worker that was cut off while it completed: which of these does the history know as completed by this worker?
create function queue.completed_already(worker_id text, job_ids bigint[], attempts int[], uuids uuid[]) returns bigint[]
language sql stable as $$
  select coalesce(array_agg(h.id), '{}')
  from unnest(completed_already.job_ids, completed_already.attempts, completed_already.uuids) h (id, attempt, uuid)
  where exists (
    select from queue.attempts a
    where a.uuid = h.uuid and a.job_id = h.id and a.attempt = h.attempt and a.worker_id = completed_already.worker_id
      and a.outcome = 'completed'
  )
$$;

-- An attempt whose transaction was cut off, by a restart of Postgres say, has not failed: it has died.
create function queue.fail(
  worker_id text, job_id bigint, attempt int, uuid uuid, task text, milliseconds double precision, exception text,
  final boolean default false, cut_off boolean default false
) returns text
language plpgsql volatile as $$
declare
  v_job graphile_worker._private_jobs;
  v_queue queue.queues;
  v_envelope jsonb;
  v_outcome text;
begin
  select * into v_job from graphile_worker._private_jobs j
  where j.id = fail.job_id and j.locked_by = fail.worker_id and j.attempts = fail.attempt
  for update;
  if not found then
    return 'fenced';
  end if;
  if fail.cut_off then
    return case when queue.rescue_job(v_job, fail.exception) then 'retried' else 'failed' end;
  end if;
  v_envelope := queue.envelope_of(v_job.payload);
  select * into v_queue from queue.queues q where q.task_id = v_job.task_id;
  v_outcome := case
    when exists (select from queue.cancellations c where c.job_id = fail.job_id) then 'cancelled'
    when fail.final or queue.is_exhausted(v_job, v_envelope, fail.uuid) then 'failed'
    else 'retried'
  end;
  perform queue.record(v_job, fail.uuid, fail.task, v_outcome, fail.milliseconds, fail.exception);
  if v_outcome = 'retried' then
    perform queue.breaker_failed(v_job);
    update graphile_worker._private_jobs j
    set locked_at = null,
        locked_by = null,
        last_error = left(fail.exception, 2000),
        run_at = clock_timestamp() + queue.backoff_of(v_envelope, v_queue.backoff, v_job.attempts),
        updated_at = now()
    where j.id = fail.job_id;
    delete from queue.holds h where h.job_id = fail.job_id;
    perform queue.free_lanes(array[v_job.job_queue_id]);
  else
    perform queue.bury(v_job, fail.uuid, v_envelope, fail.exception, v_outcome = 'failed');
  end if;
  return v_outcome;
end
$$;

-- Puts a job back that is not to be counted as an attempt; false when somebody else holds it now.
create function queue.snooze(
  worker_id text, job_id bigint, attempt int, uuid uuid, task text, milliseconds double precision, seconds double precision
) returns boolean
language plpgsql volatile as $$
declare
  v_job graphile_worker._private_jobs;
begin
  if not queue.put_back(snooze.worker_id, snooze.job_id, snooze.attempt, clock_timestamp() + snooze.seconds * interval '1 second') then
    return false;
  end if;
  select * into v_job from graphile_worker._private_jobs j where j.id = snooze.job_id;
  v_job.attempts := snooze.attempt;
  v_job.locked_by := snooze.worker_id;
  perform queue.record(v_job, snooze.uuid, snooze.task, 'snoozed', snooze.milliseconds, null);
  return true;
end
$$;

-- A job that was fetched and not begun goes back as it was.
create function queue.put_back(worker_id text, job_id bigint, attempt int, run_at timestamptz default null) returns boolean
language plpgsql volatile as $$
declare
  v_lane int;
begin
  update graphile_worker._private_jobs j
  set locked_at = null,
      locked_by = null,
      attempts = greatest(j.attempts - 1, 0),
      run_at = coalesce(put_back.run_at, j.run_at),
      updated_at = now()
  where j.id = put_back.job_id and j.locked_by = put_back.worker_id and j.attempts = put_back.attempt
  returning j.job_queue_id into v_lane;
  if not found then
    return false;
  end if;
  delete from queue.holds h where h.job_id = put_back.job_id;
  perform queue.free_lanes(array[v_lane]);
  perform queue.cancel(c.job_id, c.reason) from queue.cancellations c where c.job_id = put_back.job_id; -- nobody is to be asked now
  return true;
end
$$;

-- A lane of graphile-worker (its queue_name) is locked by the job that runs in it, and waits for that job's end.
create function queue.free_lanes(lanes int[]) returns void
language sql volatile strict as $$
  update graphile_worker._private_job_queues l set locked_at = null, locked_by = null where l.id = any (free_lanes.lanes)
$$;

create function queue.is_exhausted(job graphile_worker._private_jobs, envelope jsonb, uuid uuid) returns boolean
language sql stable as $$
  select case
    when queue.number_of(is_exhausted.envelope, 'retryUntil') is not null
      then queue.number_of(is_exhausted.envelope, 'retryUntil') <= extract(epoch from clock_timestamp())
    else is_exhausted.job.attempts >= is_exhausted.job.max_attempts
  end
  or (
    queue.number_of(is_exhausted.envelope, 'maxExceptions') is not null
    and (
      select count(*) + 1 >= queue.number_of(is_exhausted.envelope, 'maxExceptions')
      from queue.attempts a
      where a.uuid = is_exhausted.uuid and a.job_id = (is_exhausted.job).id and a.outcome = 'retried'
    )
  )
$$;

create function queue.backoff_of(envelope jsonb, fallback int[], attempts int) returns interval
language plpgsql stable as $$
declare
  v_list int[] := backoff_of.fallback;
begin
  if queue.list_of(envelope ->> 'backoff') ~ '^\d{1,7}(,\d{1,7}){0,49}$' then
    v_list := string_to_array(queue.list_of(envelope ->> 'backoff'), ',')::int[];
  end if;
  v_list := coalesce(v_list, '{5,25,125}');
  return make_interval(secs => v_list[least(backoff_of.attempts, cardinality(v_list))]);
end
$$;

-- What came from outside may hold anything: an option that is no number is no option.
create function queue.number_of(envelope jsonb, option text) returns bigint
language sql immutable as $$
  select case when envelope ->> option ~ '^\d{1,15}$' then (envelope ->> option)::bigint end
$$;

-- The envelope, whatever the payload holds: null if it is none.
create function queue.envelope_of(payload json) returns jsonb
language plpgsql immutable as $$
declare
  v_payload jsonb;
begin
  v_payload := queue.readable(payload);
  return case when jsonb_typeof(v_payload) = 'object' and jsonb_typeof(v_payload -> 'job') = 'string' then v_payload end;
exception
  when data_exception then return null;
end
$$;

create function queue.record(
  job graphile_worker._private_jobs, uuid uuid, task text, outcome text, milliseconds double precision, error text
) returns void
language sql volatile as $$
  insert into queue.attempts (uuid, job_id, queue, task, attempt, worker_id, outcome, started_at, ended_at, error)
  values (
    record.uuid, (record.job).id, queue.name_of((record.job).task_id), record.task, (record.job).attempts,
    (record.job).locked_by, record.outcome,
    clock_timestamp() - record.milliseconds * interval '1 millisecond', clock_timestamp(), record.error
  )
$$;

create function queue.name_of(task_id int) returns text
language sql stable as $$
  select t.identifier from graphile_worker._private_tasks t where t.id = name_of.task_id
$$;

-- The job leaves the table for good: into failed_jobs, or nowhere when it was cancelled. Nothing in here may raise for
-- what a payload holds, or the job could never leave.
create function queue.bury(
  job graphile_worker._private_jobs, uuid uuid, envelope jsonb, exception text, keep boolean
) returns void
language plpgsql volatile as $$
declare
  v_uuid uuid := bury.uuid;
  v_payload text := (bury.job).payload::text;
begin
  if bury.keep then
    if bury.envelope is null or exists (select from laravel.failed_jobs f where f.uuid = v_uuid::text) then
      v_uuid := case when bury.envelope is null then v_uuid else queue.new_uuid() end;
    end if;
    if bury.envelope is null or bury.envelope ->> 'uuid' is distinct from v_uuid::text then
      v_payload := queue.wrapped((bury.job), v_uuid, bury.envelope);
    end if;
    insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
    values (v_uuid::text, 'database', queue.name_of((bury.job).task_id), v_payload, bury.exception)
    on conflict on constraint one_failure_per_job do nothing;
  end if;
  delete from graphile_worker._private_jobs j where j.id = (bury.job).id;
  delete from queue.cancellations c where c.job_id = (bury.job).id;
  perform queue.breaker_failed(bury.job) where bury.keep;
  delete from queue.holds h where h.job_id = (bury.job).id;
  perform queue.free_lanes(array[(bury.job).job_queue_id]);
  perform queue.after_failure(bury.envelope, v_uuid);
end
$$;

-- A payload that is no envelope, or one of a uuid that is taken, as an envelope that can be retried.
create function queue.wrapped(job graphile_worker._private_jobs, uuid uuid, envelope jsonb) returns text
language plpgsql volatile as $$
begin
  if wrapped.envelope is not null and (wrapped.job).payload::text ~ '\\u0000' then
    return regexp_replace((wrapped.job).payload::text, '"uuid"\s*:\s*"[^"]*"', format('"uuid":"%s"', wrapped.uuid)); -- it would lose its NULs
  elsif wrapped.envelope is not null then
    return wrapped.envelope || jsonb_build_object('uuid', wrapped.uuid);
  end if;
  return json_build_object(
    'uuid', wrapped.uuid, 'displayName', queue.name_of((wrapped.job).task_id), 'job', queue.name_of((wrapped.job).task_id),
    'maxTries', (wrapped.job).max_attempts, 'data', (wrapped.job).payload
  );
end
$$;

-- The uuid by which history and failed jobs know a job that brought none.
create function queue.uuid_of(job_id bigint, envelope jsonb) returns uuid
language sql immutable as $$
  select case
    when envelope ->> 'uuid' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (envelope ->> 'uuid')::uuid
    else ('00000000-0000-8000-8000-' || lpad(to_hex(job_id), 12, '0'))::uuid
  end
$$;

-- Processes and workers

create function queue.enter(
  process_id uuid, hostname text, pid int, slots int, queues text[], tasks text[], supervisor text
) returns int
language sql volatile as $$
  insert into queue.processes as p (id, hostname, pid, slots, queues, tasks, supervisor)
  values (enter.process_id, enter.hostname, enter.pid, enter.slots, enter.queues, enter.tasks, enter.supervisor)
  on conflict (id) do update set beat_at = now()
  returning p.number
$$;

create function queue.enter_worker(worker_id text, process_id uuid, queue text) returns void
language sql volatile as $$
  insert into queue.workers (id, process_id, queue) values (enter_worker.worker_id, enter_worker.process_id, enter_worker.queue)
  on conflict (id) do nothing
$$;

create function queue.leave_worker(worker_id text) returns void
language sql volatile as $$
  delete from queue.workers w
  where w.id = leave_worker.worker_id
    and not exists (select from graphile_worker._private_jobs j where j.locked_by = leave_worker.worker_id)
$$;

-- Says that a process lives; false when it was taken for dead and has to enter again.
create function queue.beat(process_id uuid, memory_bytes bigint) returns boolean
language plpgsql volatile as $$
begin
  update queue.processes p set beat_at = clock_timestamp(), memory_bytes = beat.memory_bytes where p.id = beat.process_id;
  return found;
end
$$;

-- Jobs that a worker's fetch locked and whose answer never reached it: unlocked, with their attempt given back.
create function queue.release_lost(worker_id text, job_ids bigint[]) returns int
language plpgsql volatile as $$
declare
  v_count int;
  v_lanes int[];
begin
  with released as (
    update graphile_worker._private_jobs j
    set locked_at = null, locked_by = null, attempts = greatest(j.attempts - 1, 0)
    where j.locked_by = release_lost.worker_id and j.id = any (release_lost.job_ids)
    returning j.job_queue_id
  )
  select count(*), array_agg(r.job_queue_id) into v_count, v_lanes from released r;
  perform queue.free_lanes(v_lanes);
  return v_count;
end
$$;

create function queue.held_by(worker_id text) returns bigint[]
language sql stable as $$
  select coalesce(array_agg(j.id), '{}') from graphile_worker._private_jobs j where j.locked_by = held_by.worker_id
$$;

-- A process that is silent and whose connection is gone is dead after a short grace; one that still holds its
-- connection is only slow, and gets longer. Its jobs go back, the attempt stays counted. When the database was away, all
-- were silent: silence counts from the moment when it came back, or the one that asks: both have been `present` so long.
create function queue.rescue(
  grace interval default '6 seconds', grace_while_connected interval default '30 seconds', present interval default null
) returns table (process_id uuid, hostname text, pid int, jobs int, failed int)
language plpgsql volatile as $$
declare
  v_audible constant timestamptz := clock_timestamp() - rescue.present;
  v_process queue.processes;
begin
  for v_process in
    select p.* from queue.processes p
    where greatest(p.beat_at, v_audible) < clock_timestamp() - rescue.grace
    for update skip locked
  loop
    continue when greatest(v_process.beat_at, v_audible) >= clock_timestamp() - rescue.grace_while_connected
      and not pg_try_advisory_xact_lock(queue.lock_class(), v_process.number);
    process_id := v_process.id;
    hostname := v_process.hostname;
    pid := v_process.pid;
    begin
      select r.jobs, r.failed into jobs, failed from queue.rescue_process(v_process.id) r;
      return next;
    exception when others then
      raise warning 'The jobs of process % on % cannot be rescued yet: %', v_process.pid, v_process.hostname, sqlerrm;
    end;
  end loop;
end
$$;

-- One that cannot be rescued must not keep the others from it.
create function queue.rescue_process(process_id uuid, out jobs int, out failed int)
language plpgsql volatile set lock_timeout = '2s' as $$
declare
  v_job graphile_worker._private_jobs;
begin
  perform queue.cut_off(rescue_process.process_id);
  jobs := 0;
  failed := 0;
  for v_job in
    select j.* from graphile_worker._private_jobs j
    where j.locked_by in (select w.id from queue.workers w where w.process_id = rescue_process.process_id)
    for update
  loop
    if queue.rescue_safely(v_job) then
      jobs := jobs + 1;
    else
      failed := failed + 1;
    end if;
  end loop;
  perform pg_notify('howdah_jobs', w.queue || ' ' || jobs)
  from queue.workers w where w.process_id = rescue_process.process_id and jobs > 0;
  delete from queue.processes p where p.id = rescue_process.process_id;
end
$$;

-- A process that is stopped, not dead, may hold the rows of its jobs, or what these need, in a transaction that it will
-- not end; and a statement of a dead one may still run.
create function queue.cut_off(process_id uuid) returns void
language plpgsql volatile as $$
begin
  perform pg_terminate_backend(a.pid, 1000)
  from pg_stat_activity a
  where a.application_name = 'howdah:worker:' || cut_off.process_id and a.datname = current_database();
exception
  when insufficient_privilege then null; -- processes that are different users of the database
end
$$;

create function queue.lock_class() returns int language sql immutable as $$ select 4701647 $$;

-- What one job holds must not keep the others of its process from their rescue either. A lock is waited for, next time.
create function queue.rescue_safely(job graphile_worker._private_jobs) returns boolean
language plpgsql volatile as $$
begin
  return queue.rescue_job(job);
exception
  when lock_not_available or deadlock_detected or query_canceled then raise;
  when others then
    raise warning 'the job % runs again without a word of its death in the history: %', (job).id, sqlerrm;
    perform queue.unlock_rescued(job);
    return true;
end
$$;

-- True when the job runs again, false when it failed: its tries are used up, and its queue does not forgive a death
-- or this was the third.
create function queue.rescue_job(job graphile_worker._private_jobs, reason text default null) returns boolean
language plpgsql volatile as $$
declare
  v_envelope constant jsonb := queue.envelope_of((job).payload);
  v_uuid constant uuid := queue.uuid_of((job).id, v_envelope);
  v_deaths int;
  v_on_death text;
begin
  select count(*) + 1 into v_deaths from queue.attempts a
  where a.uuid = v_uuid and a.job_id = (job).id and a.outcome = 'died';
  select q.on_death into v_on_death from queue.queues q where q.task_id = (job).task_id;
  perform queue.record(
    job, v_uuid, coalesce(v_envelope ->> 'job', queue.name_of((job).task_id)), 'died',
    extract(epoch from clock_timestamp() - (job).locked_at) * 1000,
    coalesce(rescue_job.reason, 'The worker died while it held this job.')
  );
  if (job).attempts >= (job).max_attempts and (v_deaths >= 3 or v_on_death is distinct from 'retry')
    or exists (select from queue.cancellations c where c.job_id = (job).id)
  then
    perform queue.bury(
      job, v_uuid, v_envelope,
      coalesce(rescue_job.reason, 'The worker died while it ran this job for the last time.'),
      not exists (select from queue.cancellations c where c.job_id = (job).id)
    );
    return false;
  end if;
  perform queue.unlock_rescued(job, rescue_job.reason);
  return true;
end
$$;

create function queue.unlock_rescued(job graphile_worker._private_jobs, reason text default null) returns void
language sql volatile as $$
  update graphile_worker._private_jobs j
  set locked_at = null,
      locked_by = null,
      attempts = least(j.attempts, 32766),
      max_attempts = least(greatest(j.max_attempts, j.attempts + 1), 32767),
      last_error = left(coalesce(unlock_rescued.reason, 'The worker died while it held this job.'), 2000),
      updated_at = now()
  where j.id = (unlock_rescued.job).id;

  delete from queue.holds h where h.job_id = (unlock_rescued.job).id;

  select queue.free_lanes(array[(unlock_rescued.job).job_queue_id]);
$$;

-- A process that stops gives back what it still holds: nobody is waited for, and no attempt is burned.
create function queue.leave(process_id uuid) returns int
language plpgsql volatile as $$
declare
  v_count int;
  v_lanes int[];
begin
  with released as (
    update graphile_worker._private_jobs j
    set locked_at = null, locked_by = null, attempts = greatest(j.attempts - 1, 0)
    where j.locked_by in (select w.id from queue.workers w where w.process_id = leave.process_id)
    returning j.job_queue_id
  )
  select count(*), array_agg(r.job_queue_id) into v_count, v_lanes from released r;
  perform queue.free_lanes(v_lanes);
  delete from queue.holds h where h.worker_id in (select w.id from queue.workers w where w.process_id = leave.process_id);
  delete from queue.processes p where p.id = leave.process_id;
  return v_count;
end
$$;

-- From inside a task

create function queue.report_progress(uuid uuid, percent numeric, note text) returns void
language sql volatile as $$
  insert into queue.progress (uuid, percent, note) values (report_progress.uuid, report_progress.percent, report_progress.note)
  on conflict on constraint progress_pkey
  do update set percent = excluded.percent, note = excluded.note, updated_at = now()
$$;

create function queue.log(uuid uuid, attempt int, lines text[]) returns void
language sql volatile as $$
  insert into queue.log_lines (uuid, attempt, line)
  select log.uuid, log.attempt, l.line from unnest(log.lines) with ordinality l (line, n) order by l.n
$$;

-- Gives up the key of a job that is unique only until it starts.
create function queue.release_key(job_id bigint) returns void
language sql volatile as $$
  update graphile_worker._private_jobs j set key = null where j.id = release_key.job_id
$$;

-- History

create function queue.roll_partitions(days_ahead int default 3, days_kept int default 7) returns void
language sql volatile as $$
  select app.roll_partitions('queue.attempts', 'ended_at', roll_partitions.days_ahead, roll_partitions.days_kept)
$$;

-- What nobody needs any more; the history itself is dropped by the day, in roll_partitions.
create function queue.prune(days_kept int default 7) returns bigint
language sql volatile as $$
  with failed as (
    delete from laravel.failed_jobs f
    using queue.queues q
    where q.name = f.queue and f.failed_at < (now() - q.keep_failed) at time zone 'utc'
    returning 1
  ),
  lines as (delete from queue.log_lines l where l.logged_at < now() - make_interval(days => prune.days_kept) returning 1),
  progress as (delete from queue.progress p where p.updated_at < now() - make_interval(days => prune.days_kept) returning 1),
  windows as (delete from queue.unique_windows w where w.until < now() returning 1),
  cancellations as (
    delete from queue.cancellations c
    where not exists (select from graphile_worker._private_jobs j where j.id = c.job_id)
    returning 1
  ),
  states as (
    delete from queue.limit_states s
    where s.breaker = 'closed' and s.refilled_at < now() - interval '1 day'
      and not exists (select from queue.holds h where h.key = s.key)
    returning 1
  ),
  holds as (
    delete from queue.holds h where not exists (select from graphile_worker._private_jobs j where j.id = h.job_id)
  ),
  pauses as (delete from queue.pauses p where p.until < now()),
  audit as (delete from queue.audit a where a.acted_at < now() - interval '1 year' returning 1)
  select (select count(*) from failed) + (select count(*) from lines) + (select count(*) from progress)
    + (select count(*) from windows) + (select count(*) from cancellations) + (select count(*) from states)
    + (select count(*) from audit)
$$;

-- The queue's own index, made by live workers without stopping writers: a fetch behind 100,000 jobs of other queues
-- reads a handful of pages.
create function queue.missing_indexes() returns table (name text, statement text)
language sql stable as $$
  select i.name, i.statement
  from (
    select 'jobs_of_queue_' || q.task_id as name,
      format(
        'create index concurrently if not exists jobs_of_queue_%s on graphile_worker._private_jobs (priority, run_at) include (id, job_queue_id) where is_available and task_id = %s',
        q.task_id, q.task_id) as statement
    from queue.queues q
    union all
    select 'jobs_of_no_queue_' || md5(ids.list),
      format(
        'create index concurrently if not exists jobs_of_no_queue_%s on graphile_worker._private_jobs (priority, run_at) include (id, job_queue_id, task_id) where is_available and task_id <> all (%L::int[])',
        md5(ids.list), '{' || ids.list || '}')
    from (select string_agg(q.task_id::text, ',' order by q.task_id) as list from queue.queues q) ids
    where ids.list is not null
  ) i
  where not exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_index x on x.indexrelid = c.oid
    where c.relname = i.name and x.indrelid = 'graphile_worker._private_jobs'::regclass and x.indisvalid
  )
$$;

-- Indexes that a broken build left invalid, or that belong to another set of queues.
create function queue.stale_indexes() returns setof text
language sql stable as $$
  select c.relname::text
  from pg_catalog.pg_class c join pg_catalog.pg_index x on x.indexrelid = c.oid
  where x.indrelid = 'graphile_worker._private_jobs'::regclass
    and c.relname ~ '^jobs_of_(queue|no_queue)_'
    and (
      not x.indisvalid
      or c.relname not in (
        select 'jobs_of_queue_' || q.task_id from queue.queues q
        union all
        select 'jobs_of_no_queue_' || md5(string_agg(q.task_id::text, ',' order by q.task_id)) from queue.queues q
      )
    )
$$;
