-- Batches and chains. The counts stand in Laravel's own table; each job moves them once, in the transaction that deletes
-- its row, so that no crash can count a job twice or forget it. Callbacks are jobs, dispatched in that same transaction.

-- A list of jobs; a list within the list is a chain.
create function queue.dispatch_batch(
  jobs jsonb,
  name text default '',
  allow_failures boolean default false,
  on_progress jsonb default null,
  on_success jsonb default null,
  on_failure jsonb default null,
  on_end jsonb default null
) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id constant text := queue.new_uuid()::text;
begin
  perform queue.refuse_unfit(jsonb_agg(c.callback)) from unnest(array[
    dispatch_batch.on_progress, dispatch_batch.on_success, dispatch_batch.on_failure, dispatch_batch.on_end
  ]) c (callback)
  where c.callback <> 'null';
  insert into laravel.job_batches (id, name, total_jobs, pending_jobs, failed_jobs, failed_job_ids, options, created_at)
  values (v_id, coalesce(dispatch_batch.name, ''), 0, 0, 0, '[]',
    -- What PHP's workers read: a:0:{} or a:1:{s:13:"allowFailures";b:1;}
    case when dispatch_batch.allow_failures then 'YToxOntzOjEzOiJhbGxvd0ZhaWx1cmVzIjtiOjE7fQ==' else 'YTowOnt9' end,
    queue.unix_seconds(clock_timestamp())
  );
  insert into queue.batches (id, allow_failures, on_progress, on_success, on_failure, on_end)
  values (
    v_id, dispatch_batch.allow_failures, dispatch_batch.on_progress, dispatch_batch.on_success,
    dispatch_batch.on_failure, dispatch_batch.on_end
  );
  if queue.add_to_batch(v_id, dispatch_batch.jobs) = 0 then
    perform queue.batch_moved(v_id, 0);
  end if;
  return v_id;
end
$$;

-- Adds jobs to a batch, as its own jobs may do while it runs; returns how many, 0 when the batch is over.
create function queue.add_to_batch(batch_id text, jobs jsonb) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  if jsonb_typeof(add_to_batch.jobs) is distinct from 'array' then
    raise exception 'A batch takes a list of jobs: [{"task": "mail/flush"}, ...].' using errcode = 'HW422';
  end if;
  select coalesce(sum(case when jsonb_typeof(j.job) = 'array' then jsonb_array_length(j.job) else 1 end), 0)
  into v_count
  from jsonb_array_elements(add_to_batch.jobs) j (job);
  perform queue.refuse_unfit(jsonb_agg(l.link))
  from jsonb_array_elements(add_to_batch.jobs) j (job)
  cross join jsonb_array_elements(case when jsonb_typeof(j.job) = 'array' then j.job else jsonb_build_array(j.job) end) l (link);

  update laravel.job_batches b
  set total_jobs = b.total_jobs + v_count, pending_jobs = b.pending_jobs + v_count
  where b.id = add_to_batch.batch_id and b.cancelled_at is null and b.finished_at is null;
  if not found then
    if not exists (select from laravel.job_batches b where b.id = add_to_batch.batch_id) then
      raise exception 'There is no batch %.', add_to_batch.batch_id using errcode = 'HW404';
    end if;
    return 0;
  end if;
  perform queue.dispatch_many(coalesce(jsonb_agg(queue.batch_member(j.job, add_to_batch.batch_id) order by j.n), '[]'))
  from jsonb_array_elements(add_to_batch.jobs) with ordinality j (job, n)
  where j.job <> '[]';
  return v_count;
end
$$;

create function queue.batch_member(job jsonb, batch_id text) returns jsonb
language sql immutable as $$
  select case when jsonb_typeof(job) = 'array' then
    (job -> 0) || jsonb_build_object('batch_id', batch_id) || queue.pair('chain', (
      select jsonb_agg(l.link || jsonb_build_object('batch_id', batch_id) order by l.n)
      from jsonb_array_elements(job) with ordinality l (link, n)
      where l.n > 1
    ))
  else job || jsonb_build_object('batch_id', batch_id)
  end
$$;

-- One after the other: each link is dispatched in the transaction that completes the one before it.
create function queue.dispatch_chain(jobs jsonb, on_failure jsonb default null) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
begin
  if jsonb_typeof(dispatch_chain.jobs) is distinct from 'array' or jsonb_typeof(dispatch_chain.jobs -> 0) is distinct from 'object' then
    raise exception 'A chain takes a list of jobs: [{"task": "mail/flush"}, ...].' using errcode = 'HW422';
  end if;
  perform queue.refuse_unfit(dispatch_chain.jobs - 0); -- the first one may be unique: without it there is no chain
  perform queue.refuse_unfit(jsonb_build_array(dispatch_chain.on_failure)) where dispatch_chain.on_failure <> 'null';
  return (queue.dispatch_many(jsonb_build_array(
    (dispatch_chain.jobs -> 0)
    || queue.pair('chain', dispatch_chain.jobs - 0)
    || queue.pair('chain_catch', dispatch_chain.on_failure)
  )))[1];
end
$$;

-- What runs later must be known now: nobody is there to be told when its turn comes. And it must run: a batch would wait
-- for ever for a job that was not dispatched because one of the same key was there.
create function queue.refuse_unfit(jobs jsonb) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_problem text;
begin
  select p.problem into v_problem
  from jsonb_array_elements(refuse_unfit.jobs) j (job)
  cross join lateral (
    select case
      when jsonb_typeof(j.job) <> 'object' then format('%s is no job: a job is {"task": "mail/flush", "payload": {}}.', left(j.job::text, 100))
      when not exists (select from queue.tasks t where t.name = j.job ->> 'task') then format(
        'There is no task "%s": it would be the file tasks/%s.ts of a worker that has run on this database.',
        j.job ->> 'task', j.job ->> 'task')
      when j.job ->> 'queue' not in (select q.name from queue.queues q) then format(
        'There is no queue "%s": create it with select queue.create_queue(%L).', j.job ->> 'queue', j.job ->> 'queue')
      when j.job ->> 'unique_key' is not null then format(
        'The job %s has a unique_key, which no member of a batch, later link of a chain or callback can have.', j.job ->> 'task')
    end as problem
  ) p
  where p.problem is not null
  limit 1;
  if v_problem is not null then
    raise exception '%', v_problem using errcode = 'HW422';
  end if;
end
$$;

create function queue.cancel_batch(batch_id text) returns boolean
language plpgsql volatile as $$
declare
  v_found boolean;
begin
  update laravel.job_batches b
  set cancelled_at = queue.unix_seconds(clock_timestamp()), finished_at = queue.unix_seconds(clock_timestamp())
  where b.id = cancel_batch.batch_id and b.cancelled_at is null and b.finished_at is null;
  v_found := found;
  if v_found then
    perform queue.note('cancel_batch', cancel_batch.batch_id, 1);
  end if;
  return v_found;
end
$$;

-- What completion calls, for jobs with flags only

create function queue.after_success(job_ids bigint[], envelopes jsonb) returns void
language plpgsql volatile as $$
declare
  v_batch record;
  v_envelope jsonb;
begin
  perform queue.free_keys(after_success.job_ids);
  for v_envelope in
    select e.envelope from jsonb_array_elements(after_success.envelopes) e (envelope)
    where jsonb_typeof(e.envelope -> 'chain') = 'array' and e.envelope -> 'chain' <> '[]'
  loop
    perform queue.dispatch_or_fail(
      (v_envelope -> 'chain' -> 0)
      || queue.pair('chain', (v_envelope -> 'chain') - 0)
      || queue.pair('chain_catch', v_envelope -> 'chainCatch')
    );
  end loop;
  for v_batch in
    select queue.batch_of(e.envelope) as id, count(*)::int as jobs, array_agg(e.envelope ->> 'uuid') as uuids
    from jsonb_array_elements(after_success.envelopes) e (envelope)
    where queue.batch_of(e.envelope) is not null
    group by 1
    order by 1
  loop
    update laravel.job_batches b
    set pending_jobs = b.pending_jobs - v_batch.jobs,
        failed_job_ids = queue.without(b.failed_job_ids, v_batch.uuids)
    where b.id = v_batch.id;
    perform queue.batch_moved(v_batch.id, v_batch.jobs);
  end loop;
end
$$;

create function queue.after_failure(envelope jsonb, uuid uuid) returns void
language plpgsql volatile as $$
declare
  v_batch_id constant text := queue.batch_of(envelope);
  v_links constant int := queue.links_behind(after_failure.envelope);
begin
  if jsonb_typeof(envelope -> 'chainCatch') = 'object' then
    perform queue.dispatch_or_fail(queue.with_failure(envelope -> 'chainCatch', after_failure.uuid));
  end if;
  if v_batch_id is null then
    return;
  end if;
  -- The links behind a broken one will never run: they count as failed with it, or the batch would never end.
  update laravel.job_batches b
  set failed_jobs = b.failed_jobs + 1 + v_links,
      failed_job_ids = (queue.without(b.failed_job_ids, array[after_failure.uuid::text])::jsonb || to_jsonb(after_failure.uuid::text))::text
  where b.id = v_batch_id;
  update laravel.job_batches b
  set cancelled_at = queue.unix_seconds(clock_timestamp()), finished_at = queue.unix_seconds(clock_timestamp())
  where b.id = v_batch_id and b.cancelled_at is null and b.finished_at is null and not queue.allows_failures(b);
  update queue.batches b set failure_told_at = now() where b.id = v_batch_id and b.failure_told_at is null;
  if found then
    perform queue.dispatch_or_fail(queue.with_failure(queue.with_batch(b.on_failure, b.id), after_failure.uuid))
    from queue.batches b
    where b.id = v_batch_id and b.on_failure is not null;
  end if;
  perform queue.batch_moved(v_batch_id, 0);
end
$$;

-- How many links of its chain will never run when this one does not.
create function queue.links_behind(envelope jsonb) returns int
language sql immutable as $$
  select case when jsonb_typeof(links_behind.envelope -> 'chain') = 'array'
    then jsonb_array_length(links_behind.envelope -> 'chain') else 0 end
$$;

-- Fires what is due once: progress after successes, success when nothing is pending, end when every job has run.
create function queue.batch_moved(batch_id text, succeeded int) returns void
language plpgsql volatile as $$
declare
  v_counts laravel.job_batches;
  v_batch queue.batches;
begin
  select * into v_counts from laravel.job_batches b where b.id = batch_moved.batch_id for update;
  if v_counts.pending_jobs <= 0 and v_counts.finished_at is null then
    update laravel.job_batches b set finished_at = queue.unix_seconds(clock_timestamp()) where b.id = batch_moved.batch_id;
  end if;
  select * into v_batch from queue.batches b where b.id = batch_moved.batch_id for update;
  if not found then
    return;
  end if;
  if batch_moved.succeeded > 0 and v_batch.on_progress is not null then
    perform queue.dispatch_or_fail(
      queue.with_batch(v_batch.on_progress, v_batch.id)
      || jsonb_build_object('unique_key', 'progress of ' || v_batch.id, 'debounce', '1 second', 'debounce_max', '2 seconds')
    );
  end if;
  if v_counts.pending_jobs <= 0 and v_counts.cancelled_at is null and v_batch.succeeded_at is null then
    update queue.batches b set succeeded_at = now() where b.id = v_batch.id;
    perform queue.dispatch_or_fail(queue.with_batch(v_batch.on_success, v_batch.id));
  end if;
  if v_counts.pending_jobs <= v_counts.failed_jobs and v_batch.ended_at is null then
    update queue.batches b set ended_at = now() where b.id = v_batch.id;
    perform queue.dispatch_or_fail(queue.with_batch(v_batch.on_end, v_batch.id));
  end if;
end
$$;

-- A failed member that runs again is pending, not failed; a batch that its failure had cancelled goes on.
create function queue.batch_retried(batch_id text, uuid uuid, links int default 0) returns void
language sql volatile as $$
  update laravel.job_batches b
  set failed_jobs = greatest(b.failed_jobs - 1 - batch_retried.links, 0),
      failed_job_ids = queue.without(b.failed_job_ids, array[batch_retried.uuid::text]),
      cancelled_at = null,
      finished_at = null
  where b.id = batch_retried.batch_id
$$;

-- A member that a cancelled batch no longer wants.
create function queue.skip(worker_id text, job_id bigint, attempt int, uuid uuid, task text) returns boolean
language plpgsql volatile as $$
declare
  v_job graphile_worker._private_jobs;
  v_envelope jsonb;
begin
  delete from graphile_worker._private_jobs j
  where j.id = skip.job_id and j.locked_by = skip.worker_id and j.attempts = skip.attempt
  returning * into v_job;
  if not found then
    return false;
  end if;
  perform queue.free_lanes(array[v_job.job_queue_id]);
  perform queue.record(v_job, skip.uuid, skip.task, 'cancelled', 0, 'Its batch was cancelled.');
  v_envelope := queue.envelope_of(v_job.payload);
  update laravel.job_batches b set pending_jobs = b.pending_jobs - 1 - queue.links_behind(v_envelope)
  where b.id = queue.batch_of(v_envelope);
  -- Whatever is retried later, not all of its jobs will have succeeded.
  update queue.batches b set succeeded_at = 'infinity' where b.id = queue.batch_of(v_envelope) and b.succeeded_at is null;
  perform queue.batch_moved(queue.batch_of(v_envelope), 0);
  return true;
end
$$;

-- Within a completion nothing may raise: what cannot be dispatched is a failed job from the start.
create function queue.dispatch_or_fail(job jsonb) returns void
language plpgsql volatile as $$
declare
  v_uuid constant uuid := queue.new_uuid();
  v_envelope jsonb;
begin
  if jsonb_typeof(job) is distinct from 'object' then
    return;
  end if;
  perform queue.dispatch_many(jsonb_build_array(job));
exception
  when serialization_failure or deadlock_detected then
    raise; -- the completion is tried again
  when others then
    v_envelope := queue.as_envelope(job, v_uuid);
    insert into laravel.failed_jobs (uuid, connection, queue, payload, exception)
    values (
      v_uuid::text, 'database',
      coalesce(job ->> 'queue', (select t.queue from queue.tasks t where t.name = job ->> 'task'), 'default'),
      v_envelope, 'It could not be dispatched: ' || sqlerrm
    );
    perform queue.after_failure(v_envelope, v_uuid);
end
$$;

-- The envelope of a job that never came to be, so that it can be retried with all that hangs on it.
create function queue.as_envelope(job jsonb, uuid uuid) returns jsonb
language sql immutable as $$
  select jsonb_build_object(
    'uuid', as_envelope.uuid, 'displayName', job ->> 'task', 'job', job ->> 'task', 'data', coalesce(job -> 'payload', '{}')
  ) || jsonb_strip_nulls(jsonb_build_object(
    'maxTries', job -> 'tries', 'maxExceptions', job -> 'max_exceptions', 'backoff', queue.list_of(job ->> 'backoff'),
    'timeout', job -> 'timeout', 'failOnTimeout', job -> 'fail_on_timeout', 'priority', job -> 'priority',
    'limits', job -> 'limits', 'tags', job -> 'tags', 'encrypted', job -> 'encrypted', 'batchId', job -> 'batch_id'
  )) || queue.pair('chain', job -> 'chain') || queue.pair('chainCatch', job -> 'chain_catch')
$$;

create function queue.batch_of(envelope jsonb) returns text
language sql immutable as $$
  select coalesce(envelope ->> 'batchId', case when jsonb_typeof(envelope -> 'data') = 'object' and envelope -> 'data' ? 'commandName' then envelope -> 'data' ->> 'batchId' end)
$$;

create function queue.with_batch(job jsonb, batch_id text) returns jsonb
language sql immutable as $$
  select job || jsonb_build_object('payload', coalesce(job -> 'payload', '{}') || jsonb_build_object('batchId', batch_id))
$$;

create function queue.with_failure(job jsonb, uuid uuid) returns jsonb
language sql immutable as $$
  select job || jsonb_build_object('payload', coalesce(job -> 'payload', '{}') || jsonb_build_object('failedJob', uuid))
$$;

-- Ours say it in a column, PHP's in its serialised options.
create function queue.allows_failures(batch laravel.job_batches) returns boolean
language plpgsql stable as $$
begin
  return coalesce(
    (select b.allow_failures from queue.batches b where b.id = (batch).id),
    convert_from(decode((batch).options, 'base64'), 'UTF8') ~ '"allowFailures";b:1',
    false
  );
exception
  when data_exception then return (batch).options ~ '"allowFailures";b:1';
end
$$;

create function queue.without(failed_job_ids text, uuids text[]) returns text
language sql immutable as $$
  select case when failed_job_ids = '[]' then '[]' else (
    select coalesce(jsonb_agg(i.id), '[]')::text
    from jsonb_array_elements_text(failed_job_ids::jsonb) i (id)
    where i.id <> all (uuids)
  ) end
$$;

create function queue.tg_job_batches__tell() returns trigger
language plpgsql as $$
begin
  perform pg_notify('howdah_queue', format('batch %s %s', case when new.cancelled_at is null then 'finished' else 'cancelled' end, new.id));
  return new;
end
$$;

create trigger _500_tell after update on laravel.job_batches
for each row when (old.finished_at is null and new.finished_at is not null)
execute function queue.tg_job_batches__tell();

comment on function queue.dispatch_batch is
  'Dispatches jobs with a common end: a list of {"task", "payload", ...}, a list within it is a chain. on_progress, on_success, on_failure and on_end are jobs; their payload gets "batchId". Returns the batch''s id.';
comment on function queue.add_to_batch is 'Adds jobs to a running batch; 0 when the batch is over.';
comment on function queue.dispatch_chain is
  'Dispatches the first of a list of jobs, each of the others when the one before it has succeeded; on_failure is a job whose payload gets "failedJob".';
comment on function queue.cancel_batch is 'Cancels a batch: what runs ends, what waits is skipped; false when it was over.';
comment on table queue.batches is 'Callbacks of batches; the counts stand in laravel.job_batches.';
