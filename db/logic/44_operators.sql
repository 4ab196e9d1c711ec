-- The queue for whoever runs the community: what a console shows of it and does with it. The acts are those of schema
-- queue, and queue.audit notes them under the person's id.

-- True, or it raises; for the views, which show everything or nothing.
create function operators.is_operator() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_person_id();
  if not app.is_community_owner() then
    raise exception 'Only the owner of the community may see the queue: ask them.' using errcode = 'HW403';
  end if;
  return true;
end
$$;

create function operators.act_as_operator() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.is_operator(), set_config('howdah.actor', 'person ' || app.current_person_id(), true);
end
$$;

-- Queues

create function operators.queue_facts() returns setof queue.overview
language sql stable security definer set search_path = '' as $$
  select o.* from queue.overview o where (select operators.is_operator())
$$;

create view operators.queues as
select
  o.queue as name, o.paused, o.waiting, o.delayed, o.running, o.failed, o.failed_last_hour, o.workers, o.jobs_per_minute,
  o.average_ms, o.oldest_wait_seconds, o.paused_by, o.paused_since, o.paused_until, o.pause_reason
from operators.queue_facts() o;

create function operators.pause_queue(queue text, reason text default null, until timestamptz default null) returns operators.queues
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_queue(pause_queue.queue);
  if char_length(pause_queue.reason) > 200 then
    raise exception 'A reason has at most 200 characters.' using errcode = 'HW422', column = 'reason';
  elsif pause_queue.until <= clock_timestamp() then
    raise exception 'A pause cannot end in the past: give a later time, or none.' using errcode = 'HW422', column = 'until';
  end if;
  perform queue.pause(pause_queue.queue, nullif(btrim(pause_queue.reason), ''), pause_queue.until);
  return operators.queue_named(pause_queue.queue);
end
$$;

create function operators.resume_queue(queue text) returns operators.queues
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_queue(resume_queue.queue);
  perform queue.resume(resume_queue.queue);
  return operators.queue_named(resume_queue.queue);
end
$$;

create function operators.clear_queue(queue text) returns integer
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_queue(clear_queue.queue);
  return queue.clear(clear_queue.queue);
end
$$;

create function operators.check_queue(name text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from queue.queues q where q.name = check_queue.name) then
    raise exception 'There is no such queue: the query "queues" shows all.' using errcode = 'HW404', column = 'queue';
  end if;
end
$$;

create function operators.queue_named(name text) returns operators.queues
language sql stable set search_path = '' as $$
  select q.* from operators.queues q where q.name = queue_named.name
$$;

-- Failed jobs

create view operators.failed_jobs as
select
  f.id,
  case when f.uuid ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then f.uuid::uuid end as uuid,
  f.queue,
  coalesce(substring(f.payload from '"displayName"\s*:\s*"((?:[^"\\]|\\.)*)"'), f.queue) as task,
  f.exception,
  f.failed_at at time zone 'utc' as failed_at
from laravel.failed_jobs f
where (select operators.is_operator());

create function operators.retry_failed_job(id bigint) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator();
  return queue.retry(operators.uuid_of_failed_job(retry_failed_job.id));
end
$$;

create function operators.retry_failed_jobs(queue text default null) returns integer
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator();
  return queue.retry_all(operators.known_queue(retry_failed_jobs.queue));
end
$$;

create function operators.forget_failed_job(id bigint) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator();
  return queue.forget(operators.uuid_of_failed_job(forget_failed_job.id));
end
$$;

create function operators.forget_failed_jobs(queue text default null, older_than_hours integer default null) returns integer
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator();
  if forget_failed_jobs.older_than_hours not between 0 and 100000 then
    raise exception 'The age lies between 0 and 100,000 hours.' using errcode = 'HW422', column = 'older_than_hours';
  end if;
  return queue.flush(forget_failed_jobs.older_than_hours, operators.known_queue(forget_failed_jobs.queue));
end
$$;

create function operators.uuid_of_failed_job(id bigint) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  v_uuid text;
begin
  select f.uuid into v_uuid from laravel.failed_jobs f where f.id = uuid_of_failed_job.id;
  if queue.uuid_or_null(v_uuid) is null then
    raise exception 'There is no such failed job (any more): the query "failedJobs" shows all.' using errcode = 'HW404', column = 'id';
  end if;
  return v_uuid::uuid;
end
$$;

-- Null means all queues; jobs may also have failed on one that is gone.
create function operators.known_queue(name text) returns text
language plpgsql stable set search_path = '' as $$
begin
  if known_queue.name is not null and not exists (select from laravel.failed_jobs f where f.queue = known_queue.name) then
    perform operators.check_queue(known_queue.name);
  end if;
  return known_queue.name;
end
$$;

-- Batches

create view operators.job_batches as
select
  b.id, b.name, b.total_jobs, b.pending_jobs, b.failed_jobs, b.total_jobs - b.pending_jobs as processed_jobs,
  case when b.total_jobs > 0 then round(100.0 * (b.total_jobs - b.pending_jobs) / b.total_jobs)::int else 0 end as percent,
  to_timestamp(b.created_at) as created_at, to_timestamp(b.cancelled_at) as cancelled_at, to_timestamp(b.finished_at) as finished_at
from laravel.job_batches b
where (select operators.is_operator());

create function operators.cancel_batch(id text) returns operators.job_batches
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_batch(cancel_batch.id);
  if not queue.cancel_batch(cancel_batch.id) then
    raise exception 'The batch has ended already: there is nothing to cancel.' using errcode = 'HW409', column = 'id';
  end if;
  return operators.batch_of(cancel_batch.id);
end
$$;

create function operators.retry_batch(id text) returns integer
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_batch(retry_batch.id);
  return queue.retry_batch(retry_batch.id);
end
$$;

create function operators.check_batch(id text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from laravel.job_batches b where b.id = check_batch.id) then
    raise exception 'There is no such batch: the query "jobBatches" shows all.' using errcode = 'HW404', column = 'id';
  end if;
end
$$;

create function operators.batch_of(id text) returns operators.job_batches
language sql stable set search_path = '' as $$
  select b.* from operators.job_batches b where b.id = batch_of.id
$$;

-- Schedules

create view operators.schedules as
select s.name, s.task, s.queue, s.cron, s.timezone, s.missed, s.enabled, s.last_tick, s.next_tick, s.error
from queue.schedules s
where (select operators.is_operator());

create function operators.run_schedule(name text) returns operators.schedules
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_schedule(run_schedule.name);
  perform queue.dispatch_many(queue.jobs_of_ticks(run_schedule.name, array[date_trunc('second', clock_timestamp())]));
  perform queue.note('run_schedule', run_schedule.name, 1);
  return operators.schedule_named(run_schedule.name);
end
$$;

create function operators.enable_schedule(name text) returns operators.schedules
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_schedule(enable_schedule.name);
  perform queue.enable_schedule(enable_schedule.name);
  return operators.schedule_named(enable_schedule.name);
end
$$;

create function operators.disable_schedule(name text) returns operators.schedules
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), operators.check_schedule(disable_schedule.name);
  perform queue.disable_schedule(disable_schedule.name);
  return operators.schedule_named(disable_schedule.name);
end
$$;

create function operators.check_schedule(name text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from queue.schedules s where s.name = check_schedule.name) then
    raise exception 'There is no such schedule: the query "schedules" shows all.' using errcode = 'HW404', column = 'name';
  end if;
end
$$;

create function operators.schedule_named(name text) returns operators.schedules
language sql stable set search_path = '' as $$
  select s.* from operators.schedules s where s.name = schedule_named.name
$$;

-- Grants

grant usage on schema operators to anon, authenticated, service_role, howdah_api;
grant select on operators.queues, operators.failed_jobs, operators.job_batches, operators.schedules to authenticated;
grant execute on function operators.is_operator(), operators.queue_facts() to authenticated;
grant execute on function
  operators.pause_queue(text, text, timestamptz), operators.resume_queue(text), operators.clear_queue(text),
  operators.retry_failed_job(bigint), operators.retry_failed_jobs(text),
  operators.forget_failed_job(bigint), operators.forget_failed_jobs(text, integer),
  operators.cancel_batch(text), operators.retry_batch(text),
  operators.run_schedule(text), operators.enable_schedule(text), operators.disable_schedule(text)
to anon, authenticated;

-- Comments

comment on function operators.is_operator() is E'@behavior -*\nTrue for the owner of the community; everybody else is refused. Errors: HW401, HW403.';
comment on function operators.act_as_operator() is E'@behavior -*\nNotes in queue.audit who acts; everybody but the owner of the community is refused.';
comment on function operators.queue_facts() is E'@behavior -*\nqueue.overview for the owner of the community.';
comment on function operators.check_queue(text) is E'@behavior -*\nRefuses a queue that is not there.';
comment on function operators.queue_named(text) is E'@behavior -*\nA queue by its name.';
comment on function operators.uuid_of_failed_job(bigint) is E'@behavior -*\nThe uuid by which schema queue knows a failed job.';
comment on function operators.known_queue(text) is E'@behavior -*\nA queue that is there, or on which jobs have failed.';
comment on function operators.check_batch(text) is E'@behavior -*\nRefuses a batch that is not there.';
comment on function operators.batch_of(text) is E'@behavior -*\nA batch by its id.';
comment on function operators.check_schedule(text) is E'@behavior -*\nRefuses a schedule that is not there.';
comment on function operators.schedule_named(text) is E'@behavior -*\nA schedule by its name.';

comment on view operators.queues is
  E'@primaryKey name\n@behavior -insert -update -delete\nA queue and its size, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.queues.name is 'Its name.';
comment on column operators.queues.paused is E'@notNull\nWhether nothing of it is begun.';
comment on column operators.queues.waiting is E'@notNull\nJobs that could run now.';
comment on column operators.queues.delayed is E'@notNull\nJobs whose time has not come, or that wait for a retry.';
comment on column operators.queues.running is E'@notNull\nJobs that run.';
comment on column operators.queues.failed is E'@notNull\nFailed jobs that are kept.';
comment on column operators.queues.failed_last_hour is E'@notNull\nThose of them that failed within the last hour.';
comment on column operators.queues.workers is E'@notNull\nWorker processes that serve it and are alive.';
comment on column operators.queues.jobs_per_minute is E'@notNull\nJobs completed per minute, over the last five.';
comment on column operators.queues.average_ms is 'How long they took on average, in milliseconds.';
comment on column operators.queues.oldest_wait_seconds is 'How long the oldest of the waiting jobs has waited.';
comment on column operators.queues.paused_by is 'Who paused it.';
comment on column operators.queues.paused_since is 'When it was paused.';
comment on column operators.queues.paused_until is 'When the pause ends by itself; null: never.';
comment on column operators.queues.pause_reason is 'Why it was paused.';

comment on view operators.failed_jobs is
  E'@primaryKey id\n@behavior -insert -update -delete\nA job that has failed for good, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.failed_jobs.id is 'Its number among the failed jobs; later ones have higher numbers.';
comment on column operators.failed_jobs.uuid is 'The uuid of the job, the same through all its attempts.';
comment on column operators.failed_jobs.queue is E'@notNull\n@behavior +filterBy +orderBy\nThe queue it was on.';
comment on column operators.failed_jobs.task is E'@notNull\n@behavior +filterBy +orderBy\nThe task it was to run.';
comment on column operators.failed_jobs.exception is E'@notNull\nWhat went wrong, in full.';
comment on column operators.failed_jobs.failed_at is E'@notNull\n@behavior +filterBy +orderBy\nWhen it failed for the last time.';

comment on view operators.job_batches is
  E'@primaryKey id\n@behavior -insert -update -delete\nJobs that were dispatched together, and how far they are, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.job_batches.id is 'Its id.';
comment on column operators.job_batches.name is E'@notNull\n@behavior +filterBy +orderBy\nWhat it is for.';
comment on column operators.job_batches.total_jobs is E'@notNull\nJobs in it.';
comment on column operators.job_batches.pending_jobs is E'@notNull\nJobs that have not ended well.';
comment on column operators.job_batches.failed_jobs is E'@notNull\nFailures so far.';
comment on column operators.job_batches.processed_jobs is E'@notNull\nJobs that have ended well.';
comment on column operators.job_batches.percent is E'@notNull\nHow much of it is done, from 0 to 100.';
comment on column operators.job_batches.created_at is E'@notNull\n@behavior +filterBy +orderBy\nWhen it was dispatched.';
comment on column operators.job_batches.cancelled_at is 'When it was cancelled.';
comment on column operators.job_batches.finished_at is E'@behavior +filterBy +orderBy\nWhen it ended; null while it runs.';

comment on view operators.schedules is
  E'@primaryKey name\n@behavior -insert -update -delete\nA task that is run at set times, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.schedules.name is 'Its name.';
comment on column operators.schedules.task is E'@notNull\nThe task it runs.';
comment on column operators.schedules.queue is 'The queue it runs it on; null: that of the task.';
comment on column operators.schedules.cron is E'@notNull\nWhen: a cron expression.';
comment on column operators.schedules.timezone is E'@notNull\nThe IANA time zone of the expression.';
comment on column operators.schedules.missed is E'@notNull\nWhat becomes of times at which nothing ran: skip, once or all.';
comment on column operators.schedules.enabled is E'@notNull\nWhether it runs.';
comment on column operators.schedules.last_tick is 'The last time it ran.';
comment on column operators.schedules.next_tick is 'The next time it will.';
comment on column operators.schedules.error is 'Why it does not run.';

comment on function operators.pause_queue(text, text, timestamptz) is
  E'@arg queue The name of the queue.\n@arg reason Why, for the other operators; at most 200 characters.\n@arg until When it goes on by itself; none: when somebody resumes it.\nBegins no more jobs of a queue; those that run, run on. For the owner of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function operators.resume_queue(text) is
  E'@arg queue The name of the queue.\nEnds the pause of a queue; one that is not paused stays as it is. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.clear_queue(text) is
  E'@arg queue The name of the queue.\nDeletes the waiting and delayed jobs of a queue; how many that were. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.retry_failed_job(bigint) is
  E'@arg id The id of the failed job.\nPuts a failed job back on its queue, with all its attempts. For the owner of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function operators.retry_failed_jobs(text) is
  E'@arg queue The queue they failed on; none: all.\nPuts the failed jobs of a queue, or all, back; how many that were. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.forget_failed_job(bigint) is
  E'@arg id The id of the failed job.\nDeletes a failed job. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.forget_failed_jobs(text, integer) is
  E'@arg queue The queue they failed on; none: all.\n@arg olderThanHours Only those that failed so long ago.\nDeletes the failed jobs of a queue, or all; how many that were. For the owner of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function operators.cancel_batch(text) is
  E'@arg id The id of the batch.\nCancels a batch: its jobs that have not begun are passed over. For the owner of the community. Errors: HW401, HW403, HW404, HW409.';
comment on function operators.retry_batch(text) is
  E'@arg id The id of the batch.\nPuts the failed jobs of a batch back; how many that were. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.run_schedule(text) is
  E'@arg name The name of the schedule.\nDispatches the job of a schedule now, besides its times. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.enable_schedule(text) is
  E'@arg name The name of the schedule.\nSwitches a schedule on. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.disable_schedule(text) is
  E'@arg name The name of the schedule.\nSwitches a schedule off. For the owner of the community. Errors: HW401, HW403, HW404.';
