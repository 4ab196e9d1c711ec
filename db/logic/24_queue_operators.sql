-- What operators do: retry, forget and prune failed jobs; clear, pause, cancel, hurry waiting ones. Whatever touched
-- something is noted in queue.audit, once per act. Called by the owner of the database: psql, the CLI, the console.

create function queue.note(act text, target text, affected bigint, detail jsonb default '{}') returns void
language sql volatile set search_path = '' as $$
  insert into queue.audit (actor, act, target, affected, detail)
  select queue.actor(), note.act, note.target, note.affected, jsonb_strip_nulls(coalesce(note.detail, '{}'))
  where note.affected > 0
$$;

-- Who acts: the person that a console speaks for, else the database user.
create function queue.actor() returns text
language sql stable set search_path = '' as $$
  select coalesce(nullif(current_setting('howdah.actor', true), ''), session_user)
$$;

-- Retry

create function queue.retry(uuid uuid) returns boolean
language plpgsql volatile as $$
declare
  v_ids constant bigint[] := array(select f.id from laravel.failed_jobs f where f.uuid = retry.uuid::text);
  v_count constant bigint := queue.retry_failed(v_ids);
begin
  if v_count = 0 and exists (select from laravel.failed_jobs f where f.id = any (v_ids)) then
    raise exception 'The payload of % is no JSON and can never run: queue.forget(uuid) deletes it.', retry.uuid
      using errcode = 'HW422';
  end if;
  perform queue.note('retry', retry.uuid::text, v_count);
  return v_count > 0;
end
$$;

create function queue.retry_all(queue text default null) returns bigint
language plpgsql volatile as $$
declare
  v_count constant bigint := queue.retry_failed(array(
    select f.id from laravel.failed_jobs f where retry_all.queue is null or f.queue = retry_all.queue
  ));
begin
  perform queue.note('retry_all', coalesce(retry_all.queue, '*'), v_count);
  return v_count;
end
$$;

create function queue.retry_where(filter jsonb) returns bigint
language plpgsql volatile as $$
declare
  v_count constant bigint := queue.retry_failed(queue.failed_where(retry_where.filter));
begin
  perform queue.note('retry_where', '*', v_count, retry_where.filter);
  return v_count;
end
$$;

create function queue.retry_batch(batch_id text) returns bigint
language plpgsql volatile as $$
declare
  v_failed_job_ids jsonb;
  v_count bigint;
begin
  select coalesce(queue.json_of(b.failed_job_ids)::jsonb, '[]') into v_failed_job_ids
  from laravel.job_batches b
  where b.id = retry_batch.batch_id;
  if not found then
    raise exception 'There is no batch "%".', retry_batch.batch_id using errcode = 'HW404';
  end if;
  v_count := queue.retry_failed(array(
    select f.id from laravel.failed_jobs f where f.uuid in (select jsonb_array_elements_text(v_failed_job_ids))
  ));
  perform queue.note('retry_batch', retry_batch.batch_id, v_count);
  return v_count;
end
$$;

-- The failed jobs that a filter describes, the oldest first.
create function queue.failed_where(filter jsonb) returns bigint[]
language plpgsql stable as $$
declare
  v_keys constant text[] := array['queue', 'task', 'tag', 'batch', 'exception', 'since', 'until', 'limit'];
  v_wrong text;
  v record;
begin
  if jsonb_typeof(failed_where.filter) is distinct from 'object' or jsonb_strip_nulls(failed_where.filter) = '{}' then
    raise exception 'An empty filter describes nothing: it takes %; queue.retry_all() takes every failed job.',
      array_to_string(v_keys, ', ') using errcode = 'HW422';
  end if;
  select e.key into v_wrong from jsonb_each(failed_where.filter) e
  where e.key <> all (v_keys) or jsonb_typeof(e.value) not in ('string', 'number', 'null')
  limit 1;
  if v_wrong = any (v_keys) then
    raise exception 'The filter''s "%" takes one value, not %.', v_wrong, failed_where.filter -> v_wrong using errcode = 'HW422';
  elsif v_wrong is not null then
    raise exception 'A filter has no "%": it takes %.', v_wrong, array_to_string(v_keys, ', ') using errcode = 'HW422';
  end if;
  select * into v from jsonb_to_record(failed_where.filter) r (
    queue text, task text, tag text, batch text, exception text, since timestamptz, until timestamptz, "limit" bigint
  );
  return array(
    with candidates as materialized (
      select f.id,
        case when coalesce(v.task, v.tag, v.batch) is not null then queue.envelope_of(queue.json_of(f.payload)) end as envelope
      from laravel.failed_jobs f
      where (v.queue is null or f.queue = v.queue)
        and (v.exception is null or f.exception ilike v.exception)
        and (v.since is null or f.failed_at >= v.since at time zone 'utc')
        and (v.until is null or f.failed_at < v.until at time zone 'utc')
    )
    select c.id from candidates c
    where (v.task is null or v.task in (c.envelope ->> 'job', c.envelope ->> 'displayName'))
      and (v.tag is null or c.envelope -> 'tags' ? v.tag)
      and (v.batch is null or queue.batch_of(c.envelope) = v.batch)
    order by c.id
    limit v."limit"
  );
exception
  when data_exception then raise exception 'The filter % cannot be read: %', failed_where.filter, sqlerrm using errcode = 'HW422';
end
$$;

-- Failed rows become jobs again, in the statement that deletes them; what is no JSON stays where it is. A job of PHP
-- goes back to Laravel's side of its queue, and a name that is no queue is a task that was added by its own name.
create function queue.retry_failed(ids bigint[]) returns bigint
language plpgsql volatile as $$
declare
  v_jobs jsonb;
begin
  with taken as materialized (
    delete from laravel.failed_jobs f
    where f.id = any (retry_failed.ids) and queue.json_of(f.payload) is not null
    returning f.id, f.uuid, f.queue, f.payload, queue.envelope_of(f.payload::json) as envelope
  ),
  opened as materialized (
    select t.*, q.task_id, q.tries, queue.batch_of(t.envelope) as batch_id,
      case when q.name is null then 'bare' when q.served and laravel.is_for_laravel(t.envelope) then 'php' else 'ours' end as side
    from taken t
    left join queue.queues q on q.name = t.queue
  ),
  inserted as (
    insert into graphile_worker._private_jobs (task_id, payload, priority, run_at, max_attempts, flags)
    select o.task_id, queue.renewed(o.payload, o.envelope), queue.priority_of(o.envelope), clock_timestamp(),
      queue.max_attempts_of(o.envelope, o.tries), laravel.flags_of(o.envelope, o.batch_id)
    from opened o
    where o.side = 'ours'
    order by o.id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'uuid', o.uuid, 'queue', o.queue, 'batch_id', o.batch_id, 'side', o.side,
    'links', case when jsonb_typeof(o.envelope -> 'chain') = 'array' then jsonb_array_length(o.envelope -> 'chain') else 0 end,
    'limited', queue.limits_of(o.envelope) is not null, 'payload', case when o.side <> 'ours' then o.payload end
  )), '[]')
  into v_jobs
  from opened o;

  perform laravel.push_raw(queue.renewed(r.payload, queue.envelope_of(r.payload::json))::text, r.queue)
  from jsonb_to_recordset(v_jobs) r (queue text, side text, payload text)
  where r.side = 'php';
  perform queue.retry_bare(r.queue, r.payload::json)
  from jsonb_to_recordset(v_jobs) r (queue text, side text, payload text)
  where r.side = 'bare';
  perform queue.batch_retried(r.batch_id, queue.uuid_or_null(r.uuid), r.links)
  from jsonb_to_recordset(v_jobs) r (batch_id text, uuid text, links int)
  where r.batch_id is not null;
  perform queue.serve_with_limits(array(
    select distinct r.queue from jsonb_to_recordset(v_jobs) r (queue text, limited boolean) where r.limited
  ));
  perform pg_notify('howdah_jobs', r.queue || ' ' || count(*))
  from jsonb_to_recordset(v_jobs) r (queue text, side text)
  where r.side = 'ours'
  group by r.queue;
  return jsonb_array_length(v_jobs);
end
$$;

create function queue.retry_bare(identifier text, payload json) returns void
language plpgsql volatile as $$
declare
  v_envelope constant jsonb := queue.envelope_of(payload);
begin
  perform graphile_worker.add_job(
    retry_bare.identifier, queue.renewed(retry_bare.payload::text, v_envelope),
    max_attempts => queue.max_attempts_of(v_envelope, 25), priority => queue.priority_of(v_envelope),
    flags => array(select jsonb_object_keys(queue.flags_in(v_envelope)))
  );
end
$$;

-- The payload to run again: as it was, but for a retryUntil that has passed. A NUL in it, which PHP writes, bars the
-- way through jsonb; its text is edited instead.
create function queue.renewed(payload text, envelope jsonb) returns json
language plpgsql volatile as $$
declare
  v_until constant bigint := queue.fresh_retry_until(renewed.envelope);
begin
  if v_until is not distinct from queue.number_of(renewed.envelope, 'retryUntil') then
    return renewed.payload::json;
  elsif renewed.payload ~ '\\u0000' then
    return regexp_replace(renewed.payload, '"retryUntil"\s*:\s*"?\d+"?', '"retryUntil":' || coalesce(v_until::text, 'null'))::json;
  end if;
  return (renewed.payload::jsonb || jsonb_build_object('retryUntil', v_until)
    || case when v_until is null then '{}' else jsonb_build_object('createdAt', queue.unix_seconds(clock_timestamp())) end)::json;
end
$$;

-- Until when a job that is retried now is tried: a window of the same length as that which has passed; null: no such end.
create function queue.fresh_retry_until(envelope jsonb) returns bigint
language sql stable as $$
  select case
    when e.until > e.moment then e.until
    when e.created < e.until then e.moment + e.until - e.created
  end
  from (
    select queue.number_of(envelope, 'retryUntil') as until, queue.number_of(envelope, 'createdAt') as created,
      floor(extract(epoch from clock_timestamp()))::bigint as moment
  ) e
$$;

create function queue.max_attempts_of(envelope jsonb, tries int) returns int
language sql stable as $$
  select case
    when queue.fresh_retry_until(envelope) is not null or coalesce(queue.number_of(envelope, 'maxTries'), tries) = 0 then 32767
    else least(coalesce(queue.number_of(envelope, 'maxTries'), tries), 32767)::int
  end
$$;

create function queue.priority_of(envelope jsonb) returns int
language sql immutable as $$
  select case when envelope ->> 'priority' ~ '^-?\d{1,5}$' then greatest(-32768, least(32767, (envelope ->> 'priority')::int)) else 0 end
$$;

create function queue.flags_in(envelope jsonb) returns jsonb
language sql immutable as $$
  select queue.flags_of(queue.limits_of(envelope), queue.batch_of(envelope) is not null, envelope ?| array['chain', 'chainCatch'])
$$;

create function queue.limits_of(envelope jsonb) returns jsonb
language sql immutable as $$
  select case when jsonb_typeof(envelope -> 'limits') = 'array' then envelope -> 'limits' end
$$;

-- Laravel's columns are text, and what other programs write there may be anything.
create function queue.json_of(payload text) returns json
language plpgsql immutable as $$
begin
  return payload::json;
exception
  when data_exception then return null;
end
$$;

create function queue.uuid_or_null(uuid text) returns uuid
language sql immutable as $$
  select case when uuid ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then uuid::uuid end
$$;

-- Forget and prune

create function queue.forget(uuid uuid) returns boolean
language plpgsql volatile as $$
declare
  v_count bigint;
begin
  delete from laravel.failed_jobs f where f.uuid = forget.uuid::text;
  get diagnostics v_count = row_count;
  perform queue.note('forget', forget.uuid::text, v_count);
  return v_count > 0;
end
$$;

create function queue.flush(hours numeric default null, queue text default null) returns bigint
language plpgsql volatile as $$
declare
  v_count bigint;
begin
  delete from laravel.failed_jobs f
  where (flush.hours is null or f.failed_at <= queue.hours_ago(flush.hours) at time zone 'utc')
    and (flush.queue is null or f.queue = flush.queue);
  get diagnostics v_count = row_count;
  perform queue.note('flush', coalesce(flush.queue, '*'), v_count, jsonb_build_object('hours', flush.hours));
  return v_count;
end
$$;

create function queue.prune_failed(hours numeric default 24) returns bigint
language plpgsql volatile as $$
declare
  v_count bigint;
begin
  delete from laravel.failed_jobs f where f.failed_at < queue.hours_ago(prune_failed.hours) at time zone 'utc';
  get diagnostics v_count = row_count;
  perform queue.note('prune_failed', '*', v_count, jsonb_build_object('hours', prune_failed.hours));
  return v_count;
end
$$;

create function queue.prune_batches(
  hours numeric default 24, unfinished numeric default null, cancelled numeric default null
) returns bigint
language plpgsql volatile as $$
declare
  v_count bigint;
begin
  delete from laravel.job_batches b
  where b.finished_at < queue.unix_seconds(queue.hours_ago(prune_batches.hours))
    or (b.finished_at is null and b.created_at < queue.unix_seconds(queue.hours_ago(prune_batches.unfinished)))
    or (b.cancelled_at is not null and b.created_at < queue.unix_seconds(queue.hours_ago(prune_batches.cancelled)));
  get diagnostics v_count = row_count;
  perform queue.note('prune_batches', '*', v_count, jsonb_build_object(
    'hours', prune_batches.hours, 'unfinished', prune_batches.unfinished, 'cancelled', prune_batches.cancelled));
  return v_count;
end
$$;

create function queue.hours_ago(hours numeric) returns timestamptz
language sql stable strict as $$
  select now() - make_interval(secs => hours_ago.hours::double precision * 3600)
$$;

-- Clear and cancel

-- What runs, stays: clear takes waiting and delayed jobs. Batches and chains are told, or they would never end.
create function queue.clear(queue text) returns bigint
language plpgsql volatile as $$
declare
  v_task_id int;
  v_count bigint;
  v_bound jsonb;
begin
  select t.id into v_task_id from graphile_worker._private_tasks t where t.identifier = clear.queue;
  if not found then
    perform queue.refuse_unknown_queue(clear.queue);
  end if;
  with gone as materialized (
    delete from graphile_worker._private_jobs j where j.task_id = v_task_id and j.locked_at is null
    returning j.id, j.attempts, j.flags, queue.envelope_of(j.payload) as envelope
  ),
  history as (
    insert into queue.attempts (uuid, job_id, queue, task, attempt, outcome, started_at, ended_at, error)
    select queue.uuid_of(g.id, g.envelope), g.id, clear.queue, coalesce(g.envelope ->> 'job', clear.queue), g.attempts,
      'cancelled', clock_timestamp(), clock_timestamp(), 'Cleared by ' || queue.actor() || '.'
    from gone g
  ),
  forgotten as (
    delete from queue.cancellations c using gone g where c.job_id = g.id
  )
  select count(*),
    jsonb_agg(jsonb_build_object('uuid', queue.uuid_of(g.id, g.envelope), 'envelope', g.envelope) order by g.id)
      filter (where g.flags ?| array['batch', 'chain'])
  into v_count, v_bound
  from gone g;
  perform queue.after_failure(b.envelope, b.uuid) from jsonb_to_recordset(v_bound) b (uuid uuid, envelope jsonb);
  perform queue.note('clear', clear.queue, v_count);
  return v_count;
end
$$;

-- The row's lock decides: a fetch passes over it, so that the job either waits, and goes, or runs, and is asked.
create function queue.cancel(job_id bigint, reason text default null) returns text
language plpgsql volatile as $$
declare
  v_job graphile_worker._private_jobs;
  v_envelope jsonb;
  v_uuid uuid;
begin
  select * into v_job from graphile_worker._private_jobs j where j.id = cancel.job_id for update;
  if not found then
    return 'unknown';
  end if;
  v_envelope := queue.envelope_of(v_job.payload);
  v_uuid := queue.uuid_of(v_job.id, v_envelope);
  if v_job.locked_by = 'laravel' then
    raise exception 'A worker of Laravel runs the job %, and nobody can ask it to stop: end that worker.', v_job.id
      using errcode = 'HW409';
  end if;
  perform queue.note('cancel', v_uuid::text, 1, jsonb_build_object('job_id', v_job.id, 'reason', cancel.reason));
  if v_job.locked_at is not null then
    insert into queue.cancellations (job_id, reason, cancelled_by) values (v_job.id, cancel.reason, queue.actor())
    on conflict on constraint cancellations_pkey do nothing;
    perform pg_notify('howdah_queue', 'cancel ' || v_job.id);
    return 'asked';
  end if;
  delete from graphile_worker._private_jobs j where j.id = v_job.id;
  delete from queue.cancellations c where c.job_id = v_job.id;
  perform queue.record(
    v_job, v_uuid, coalesce(v_envelope ->> 'job', queue.name_of(v_job.task_id)), 'cancelled', 0,
    'Cancelled by ' || queue.actor() || coalesce(': ' || cancel.reason, '.')
  );
  if v_job.flags ?| array['batch', 'chain'] then
    perform queue.after_failure(v_envelope, v_uuid);
  end if;
  return 'cancelled';
end
$$;

create function queue.cancel(uuid uuid, reason text default null) returns text
language sql volatile as $$
  select queue.cancel(queue.job_id(cancel.uuid), cancel.reason)
$$;

-- For what is typed between quotes, which may be either.
create function queue.cancel(job text, reason text default null) returns text
language sql volatile as $$
  select case when cancel.job ~ '^\d{1,18}$' then queue.cancel(cancel.job::bigint, cancel.reason)
    else queue.cancel(cancel.job::uuid, cancel.reason) end
$$;

-- A job that waits for its time, or for a retry, is due at once. One whose attempts are used up gets one more.
create function queue.run_now(job_id bigint) returns boolean
language plpgsql volatile as $$
declare
  v_uuid uuid;
  v_queue text;
begin
  update graphile_worker._private_jobs j
  set run_at = least(j.run_at, clock_timestamp()),
      max_attempts = greatest(j.max_attempts, least(j.attempts + 1, 32767)),
      updated_at = now()
  where j.id = run_now.job_id and j.locked_at is null
  returning queue.uuid_of(j.id, queue.envelope_of(j.payload)), queue.name_of(j.task_id) into v_uuid, v_queue;
  if not found then
    return false;
  end if;
  perform pg_notify('howdah_jobs', queue.served_as(v_queue) || ' 1');
  perform queue.note('run_now', v_uuid::text, 1, jsonb_build_object('job_id', run_now.job_id));
  return true;
end
$$;

-- The workers of "default" also run the jobs that were added by a task's own name.
create function queue.served_as(name text) returns text
language sql stable as $$
  select coalesce((select q.name from queue.queues q where q.name = served_as.name), 'default')
$$;

-- No index knows uuids: this reads every waiting job. The text of a payload rules out nearly all of them cheaply.
create function queue.job_id(uuid uuid) returns bigint
language sql stable as $$
  select j.id
  from graphile_worker._private_jobs j
  where strpos(j.payload::text, job_id.uuid::text) > 0 and queue.uuid_of(j.id, queue.envelope_of(j.payload)) = job_id.uuid
  union all
  select j.id
  from graphile_worker._private_jobs j
  where job_id.uuid::text like '00000000-0000-8000-8000-%'
    and j.id = ('x' || right(job_id.uuid::text, 12))::bit(48)::bigint
    and queue.uuid_of(j.id, queue.envelope_of(j.payload)) = job_id.uuid
  limit 1
$$;

-- Pause

create function queue.pause(
  queue text default '*', reason text default null, until timestamptz default null, lasting interval default null
) returns void
language plpgsql volatile as $$
declare
  v_until constant timestamptz := coalesce(pause.until, clock_timestamp() + pause.lasting);
begin
  if pause.queue is distinct from '*' and not exists (select from queue.queues q where q.name = pause.queue) then
    perform queue.refuse_unknown_queue(pause.queue);
  elsif pause.until is not null and pause.lasting is not null then
    raise exception 'A pause ends either at "until" or after "lasting", not both.' using errcode = 'HW422';
  elsif v_until <= clock_timestamp() then
    raise exception 'A pause cannot end in the past, at %.', v_until using errcode = 'HW422';
  end if;
  insert into queue.pauses (queue, until, reason, paused_by)
  values (pause.queue, v_until, pause.reason, queue.actor())
  on conflict on constraint pauses_pkey do update
  set until = excluded.until, reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at;
  perform pg_notify('howdah_queue', 'pause');
  perform queue.note('pause', pause.queue, 1, jsonb_build_object('reason', pause.reason, 'until', v_until));
end
$$;

create function queue.resume(queue text default '*') returns boolean
language plpgsql volatile as $$
declare
  v_was_paused boolean;
begin
  if resume.queue is distinct from '*' and not exists (select from queue.queues q where q.name = resume.queue) then
    perform queue.refuse_unknown_queue(resume.queue);
  end if;
  delete from queue.pauses p where p.queue = resume.queue
  returning p.until is null or p.until > clock_timestamp() into v_was_paused;
  if v_was_paused then
    perform pg_notify('howdah_queue', 'pause');
    perform queue.note('resume', resume.queue, 1);
  end if;
  return coalesce(v_was_paused, false);
end
$$;

create function queue.is_paused(queue text) returns boolean
language sql stable as $$
  select (queue.pause_of(is_paused.queue)).queue is not null
$$;

-- The pause that holds a queue now: its own, else that of all.
create function queue.pause_of(queue text) returns queue.pauses
language sql stable as $$
  select p.* from queue.pauses p
  where p.queue in (queue.served_as(pause_of.queue), '*') and (p.until is null or p.until > clock_timestamp())
  order by p.queue = '*'
  limit 1
$$;

-- Comments

comment on function queue.retry is
  'Puts a failed job back on its queue with all its attempts, under its uuid; false if there is no such failed job.';
comment on function queue.retry_all is 'Puts all failed jobs, or those of one queue, back; returns how many.';
comment on function queue.retry_where is
  'Puts the failed jobs back that match every key: queue, task, tag, batch, exception (an ILIKE pattern), since, until, limit. select queue.retry_where(''{"task": "mail/flush", "exception": "%timeout%", "limit": 100}''). Returns how many.';
comment on function queue.retry_batch is 'Puts the failed jobs of a batch back; returns how many.';
comment on function queue.forget is 'Deletes a failed job; false if there is none.';
comment on function queue.flush is 'Deletes all failed jobs, or those older than some hours, or those of one queue; returns how many.';
comment on function queue.prune_failed is 'Deletes failed jobs older than some hours, 24 unless said; returns how many.';
comment on function queue.prune_batches is
  'Deletes batches that finished more than some hours ago, 24 unless said; unfinished and cancelled ones only if their hours are given, counted from their creation.';
comment on function queue.clear is
  'Deletes every waiting and delayed job of a queue; running ones stay. Returns how many. Members of a batch count as failed.';
comment on function queue.cancel(bigint, text) is
  'Cancels a job: cancelled when it waited, asked when it runs and its worker was told, unknown when there is none. Takes its id or its uuid.';
comment on function queue.cancel(uuid, text) is 'Cancels a job by its uuid.';
comment on function queue.cancel(text, text) is 'Cancels a job by its id or its uuid.';
comment on function queue.run_now is 'Makes a waiting job due at once; false if it runs or is gone.';
comment on function queue.job_id is 'The id of a job that waits or runs, by its uuid; null if there is none. Reads every job.';
comment on function queue.pause is
  'Stops workers from taking jobs of a queue, or of all (''*''); what runs, ends. select queue.pause(''mail'', ''Postmark is down'', lasting => ''1 hour'').';
comment on function queue.resume is
  'Ends the pause of a queue, or with ''*'' that of all; false if there was none. A queue''s own pause outlives that of all.';
comment on function queue.is_paused is 'Whether a queue is paused now, by itself or with all.';
comment on function queue.note is 'Notes an operator''s act; nothing when nothing was touched.';
comment on table queue.audit is 'What operators did: who, which act, on what, how many jobs it touched, when. Kept for a year.';
comment on column queue.audit.actor is 'The setting howdah.actor of the session, if the console set it, else the database user.';
comment on column queue.audit.target is 'A job''s uuid, a queue, a batch; * for all.';
