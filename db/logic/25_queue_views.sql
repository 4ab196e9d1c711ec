-- What the queue shows: views for people and for Laravel's tools, and queue.explain, which says in one sentence why a
-- job does not run.

create function queue.unix_seconds(moment timestamptz) returns int
language sql immutable strict as $$
  select least(floor(extract(epoch from moment)), 2147483647)::int -- Laravel's columns end in 2038
$$;

-- Jobs

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
select
  f.id,
  queue.uuid_or_null(f.uuid) as uuid,
  f.connection,
  f.queue,
  f.payload,
  f.exception,
  f.failed_at at time zone 'utc' as failed_at
from laravel.failed_jobs f;

create view queue.job_batches as
select
  b.id,
  b.name,
  b.total_jobs,
  b.pending_jobs,
  b.failed_jobs,
  b.total_jobs - b.pending_jobs as processed_jobs,
  case when b.total_jobs > 0 then round(100.0 * (b.total_jobs - b.pending_jobs) / b.total_jobs)::int else 0 end as percent,
  queue.json_of(b.failed_job_ids)::jsonb as failed_job_ids,
  queue.allows_failures(b) as allow_failures,
  to_timestamp(b.cancelled_at) as cancelled_at,
  to_timestamp(b.created_at) as created_at,
  to_timestamp(b.finished_at) as finished_at
from laravel.job_batches b;

-- Workers

-- Alive as queue.rescue sees it: heard of within 6 seconds, or within 30 while its connection holds.
create function queue.is_alive(process queue.processes) returns boolean
language sql stable as $$
  select (process).beat_at > clock_timestamp() - interval '6 seconds'
    or (
      (process).beat_at > clock_timestamp() - interval '30 seconds'
      and exists (
        select from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2
          and l.classid = queue.lock_class()::oid and l.objid = (process).number::oid
          and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
      )
    )
$$;

create view queue.live_workers as
select
  w.id,
  w.queue,
  p.hostname,
  p.pid,
  coalesce(j.running, 0)::int as running,
  round(greatest(extract(epoch from clock_timestamp() - p.beat_at), 0), 1)::float8 as heard_seconds_ago,
  round(p.memory_bytes / 1048576.0)::int as memory_mb,
  p.slots,
  p.supervisor,
  w.started_at,
  p.id as process_id
from queue.processes p
join queue.workers w on w.process_id = p.id
left join (
  select j.locked_by, count(*) as running
  from graphile_worker._private_jobs j
  where j.locked_at is not null
  group by j.locked_by
) j on j.locked_by = w.id
where queue.is_alive(p);

-- Queues

-- Also those that nobody declared: the names by which plain graphile_worker.add_job put jobs there.
create view queue.overview as
with jobs as (
  select
    j.task_id,
    count(*) filter (where j.locked_at is null and j.run_at <= statement_timestamp()) as waiting,
    count(*) filter (where j.locked_at is null and j.run_at > statement_timestamp()) as delayed,
    count(j.locked_at) as running,
    min(j.run_at) filter (where j.locked_at is null) as oldest
  from graphile_worker._private_jobs j
  group by j.task_id
),
names as (
  select t.id as task_id, t.identifier as queue
  from graphile_worker._private_tasks t
  where t.id in (select q.task_id from queue.queues q union all select j.task_id from jobs j)
),
failed as (
  select f.queue, count(*) as failed,
    count(*) filter (where f.failed_at > (statement_timestamp() - interval '1 hour') at time zone 'utc') as lately
  from laravel.failed_jobs f
  group by f.queue
),
workers as (
  select w.queue, count(distinct w.process_id) as workers
  from queue.workers w
  join queue.processes p on p.id = w.process_id
  where queue.is_alive(p)
  group by w.queue
),
ended as (
  select a.queue, count(*) as jobs, avg(extract(epoch from a.ended_at - a.started_at)) as seconds
  from queue.attempts a
  where a.ended_at > statement_timestamp() - interval '5 minutes' and a.outcome = 'completed'
  group by a.queue
)
select
  n.queue,
  (p.pause).queue is not null as paused,
  coalesce(j.waiting, 0)::int as waiting,
  coalesce(j.delayed, 0)::int as delayed,
  coalesce(j.running, 0)::int as running,
  coalesce(f.failed, 0)::int as failed,
  case when j.waiting > 0 then round(extract(epoch from statement_timestamp() - j.oldest), 1)::float8 end as oldest_wait_seconds,
  coalesce(w.workers, 0)::int as workers,
  round(coalesce(e.jobs, 0) / 5.0, 1)::float8 as jobs_per_minute,
  round(e.seconds * 1000, 1)::float8 as average_ms,
  coalesce(f.lately, 0)::int as failed_last_hour,
  q.served,
  (p.pause).paused_by,
  (p.pause).paused_at as paused_since,
  (p.pause).until as paused_until,
  (p.pause).reason as pause_reason
from names n
left join queue.queues q on q.task_id = n.task_id
left join jobs j on j.task_id = n.task_id
left join failed f on f.queue = n.queue
left join workers w on w.queue = coalesce(q.name, 'default')
left join ended e on e.queue = n.queue
cross join lateral (select queue.pause_of(n.queue) as pause offset 0) p
order by q.rank nulls last, n.queue;

create view queue.waits as
select
  t.identifier as queue,
  count(*)::int as waiting,
  round(extract(epoch from statement_timestamp() - min(j.run_at)), 1)::float8 as oldest_seconds,
  round(extract(epoch from statement_timestamp() - percentile_disc(0.05) within group (order by j.run_at)), 1)::float8 as p95_seconds,
  round(extract(epoch from statement_timestamp() - percentile_disc(0.5) within group (order by j.run_at)), 1)::float8 as p50_seconds
from graphile_worker._private_jobs j
join graphile_worker._private_tasks t on t.id = j.task_id
where j.is_available and j.run_at <= statement_timestamp()
group by t.identifier;

create view queue.throughput as
select
  a.queue,
  date_trunc('minute', a.ended_at) as minute,
  (count(*) filter (where a.outcome = 'completed'))::int as completed,
  (count(*) filter (where a.outcome = 'retried'))::int as retried,
  (count(*) filter (where a.outcome = 'failed'))::int as failed,
  (round(avg(d.milliseconds) filter (where a.outcome = 'completed'), 1))::float8 as average_ms,
  round((percentile_cont(0.95) within group (order by d.milliseconds) filter (where a.outcome = 'completed'))::numeric, 1)::float8 as p95_ms
from queue.attempts a
cross join lateral (select extract(epoch from a.ended_at - a.started_at) * 1000 as milliseconds) d
where a.ended_at > statement_timestamp() - interval '1 hour'
group by a.queue, date_trunc('minute', a.ended_at);

-- Why does this job not run?

create function queue.explain(job_id bigint) returns text
language plpgsql stable strict as $$
declare
  v_job graphile_worker._private_jobs;
  v_envelope jsonb;
  v_queue text;
  v_task text;
  v_reasons text[];
begin
  select * into v_job from graphile_worker._private_jobs j where j.id = explain.job_id;
  if not found then
    return coalesce(
      queue.how_ended(queue.uuid_of(explain.job_id, null)),
      format('There is no job %s: it ended or never was, and queue.explain(uuid) looks into the history.', explain.job_id)
    );
  end if;
  v_envelope := queue.envelope_of(v_job.payload);
  v_queue := queue.name_of(v_job.task_id);
  v_task := queue.task_of(v_envelope, v_queue);
  if v_job.locked_at is not null then
    return queue.sentence(queue.who_holds(v_job, v_envelope) || queue.what_follows(v_envelope));
  end if;
  v_reasons := array[queue.why_left(v_job), queue.why_delayed(v_job, v_envelope)];
  if v_reasons[1] is null then
    v_reasons := array[
      queue.why_skipped(v_envelope), queue.why_exhausted(v_job), queue.why_paused(v_queue), queue.why_unserved(v_queue, v_task)
    ] || v_reasons;
    if v_job.run_at <= clock_timestamp() then
      v_reasons := v_reasons || queue.why_laned(v_job) || queue.why_limited(v_job, v_queue);
    end if;
  end if;
  v_reasons := array_remove(v_reasons, null);
  if v_reasons = '{}' then
    v_reasons := array[coalesce(queue.why_behind(v_job, v_queue), 'nothing stands in its way, and it should start at once')];
  end if;
  return queue.sentence(array_to_string(v_reasons, '; besides, ') || queue.what_follows(v_envelope));
end
$$;

create function queue.explain(uuid uuid) returns text
language sql stable as $$
  select coalesce(
    queue.explain(queue.job_id(explain.uuid)),
    queue.how_ended(explain.uuid),
    format('No job %s is known: it never was, or the history no longer reaches back to it.', explain.uuid)
  )
$$;

-- For what is typed between quotes, which may be either.
create function queue.explain(job text) returns text
language sql stable as $$
  select case when explain.job ~ '^\d{1,18}$' then queue.explain(explain.job::bigint) else queue.explain(explain.job::uuid) end
$$;

-- A worker holds what it runs and the few jobs that it fetched ahead.
create function queue.who_holds(job graphile_worker._private_jobs, envelope jsonb) returns text
language plpgsql stable as $$
declare
  v_process queue.processes;
  v_said text;
  v_since constant text := format('since %s (%s)', queue.moment((job).locked_at), queue.span(clock_timestamp() - (job).locked_at));
begin
  if (job).locked_by = 'laravel' then
    return 'it is held by a worker of Laravel ' || v_since;
  end if;
  select p.* into v_process from queue.workers w join queue.processes p on p.id = w.process_id where w.id = (job).locked_by;
  if not found then
    return format('it is held by "%s", which is no worker of ours, %s', (job).locked_by, v_since);
  elsif not queue.is_alive(v_process) then
    return format('it is held by a worker on %s (process %s) that was last heard of %s ago and is taken for dead: %s',
      v_process.hostname, v_process.pid, queue.span(clock_timestamp() - v_process.beat_at),
      case when exists (select from queue.processes p where queue.is_alive(p)) then 'the others are about to give the job back'
        else 'no other worker is alive to give the job back, so start one' end);
  end if;
  select concat(
    (select format(', %s %% done', rtrim(rtrim(p.percent::text, '0'), '.')) || coalesce(' (' || p.note || ')', '')
     from queue.progress p where p.uuid = queue.uuid_of((job).id, envelope)),
    (select format(', and was asked by %s to stop %s ago', c.cancelled_by, queue.span(clock_timestamp() - c.cancelled_at))
     from queue.cancellations c where c.job_id = (job).id)
  ) into v_said;
  return format('it is held by a worker on %s (process %s, heard of %s ago) %s, attempt %s%s', v_process.hostname, v_process.pid,
    queue.span(clock_timestamp() - v_process.beat_at), v_since, queue.attempt_of(job), v_said);
end
$$;

-- What Laravel's workers run is theirs to explain, but for what they are not given.
create function queue.why_left(job graphile_worker._private_jobs) returns text
language sql stable as $$
  select format('its queue %s is left to Laravel''s workers', q.name)
    || case when not (job).flags ? 'laravel' then ', which get no job with limits, a chain or a batch of ours' else '' end
  from queue.queues q
  where q.task_id = (job).task_id and not q.served
$$;

create function queue.why_skipped(envelope jsonb) returns text
language sql stable as $$
  select format('its batch %s was cancelled at %s, so it will be skipped', b.id, queue.moment(to_timestamp(b.cancelled_at)))
  from laravel.job_batches b
  where b.id = queue.batch_of(envelope) and b.cancelled_at is not null
$$;

create function queue.why_exhausted(job graphile_worker._private_jobs) returns text
language sql stable as $$
  select format('it has no attempts left (%s of %s), so that no worker takes it: queue.run_now(%s) gives it one more, queue.cancel(%s) deletes it',
    (job).attempts, (job).max_attempts, (job).id, (job).id)
  where (job).attempts >= (job).max_attempts
$$;

create function queue.why_paused(queue text) returns text
language sql stable as $$
  select case when p.queue = '*' then 'all queues are' else format('its queue %s is', p.queue) end
    || format(' paused since %s by %s', queue.moment(p.paused_at), p.paused_by)
    || coalesce(' until ' || queue.moment(p.until), '') || coalesce(' ("' || p.reason || '")', '')
  from queue.pause_of(why_paused.queue) p
  where p.queue is not null
$$;

create function queue.why_unserved(queue text, task text) returns text
language plpgsql stable as $$
declare
  v_queue queue.queues;
begin
  select * into v_queue from queue.queues q where q.name = why_unserved.queue;
  if not exists (select from queue.processes p where queue.is_alive(p)) then
    return 'no worker is alive, so start one: howdah work';
  elsif not exists (
    select from queue.workers w join queue.processes p on p.id = w.process_id
    where w.queue = queue.served_as(why_unserved.queue) and queue.is_alive(p)
  ) then
    return format('no live worker serves its queue %1$s, so start one: howdah work --queue=%1$s', queue.served_as(why_unserved.queue));
  elsif not exists (
    select from queue.processes p
    where queue.is_alive(p) and (
      why_unserved.task = any (p.tasks)
      or exists (select from queue.tasks t where t.name = any (p.tasks) and why_unserved.task = any (t.aliases))
    )
  ) then
    return format('no live worker knows its task %s%s', why_unserved.task,
      case when v_queue.name is not null then ', so that it will fail as soon as one takes it' end);
  end if;
  return null;
end
$$;

create function queue.why_delayed(job graphile_worker._private_jobs, envelope jsonb) returns text
language plpgsql stable as $$
declare
  v_outcome text;
  v_when constant text := format('%s (in %s)', queue.moment((job).run_at), queue.span((job).run_at - clock_timestamp()));
begin
  if (job).run_at <= clock_timestamp() then
    return null;
  end if;
  select a.outcome into v_outcome from queue.attempts a
  where a.uuid = queue.uuid_of((job).id, envelope) and a.job_id = (job).id
  order by a.ended_at desc limit 1;
  if v_outcome = 'snoozed' then
    return format('it put itself off until %s', v_when);
  elsif (job).attempts > 0 and (job).last_error is not null then
    return format('it waits for its next attempt until %s, as attempt %s failed with "%s"', v_when, queue.attempt_of(job),
      queue.first_line((job).last_error));
  end if;
  return format('it is due at %s', v_when);
end
$$;

-- A lane is graphile-worker's queue_name: its jobs run one after the other.
create function queue.why_laned(job graphile_worker._private_jobs) returns text
language sql stable as $$
  select format('its lane "%s" is taken by another job since %s', l.queue_name, queue.moment(l.locked_at))
  from graphile_worker._private_job_queues l
  where l.id = (job).job_queue_id and l.locked_at is not null
$$;

create function queue.why_limited(job graphile_worker._private_jobs, queue text) returns text
language sql stable as $$
  select string_agg(k.reason, '; besides, ' order by k.key)
  from (
    select f.flag as key, queue.why_closed(substr(f.flag, 7)) as reason
    from jsonb_object_keys((job).flags) f (flag)
    where f.flag like 'limit:%'
    union all
    select q.name, queue.why_throttled(q) from queue.queues q where q.name = why_limited.queue
  ) k
$$;

-- The queue's own rate, over all workers; Gate (src/queue/gate.ts) takes its tokens under this key.
create function queue.why_throttled(queue queue.queues) returns text
language sql stable as $$
  select format('its queue %s has used up its rate of %s per %s', (queue).name, (queue).rate,
    queue.span(make_interval(secs => (queue).rate_seconds)))
  from queue.limit_states s
  where s.key = 'queue:' || (queue).name
    and queue.tokens_at(s, clock_timestamp(), (queue).rate, (queue).rate_seconds) < 1
$$;

create function queue.why_closed(key text) returns text
language plpgsql stable as $$
declare
  v_limit constant queue.limits := queue.limit_of(why_closed.key);
  v_opens_at constant timestamptz := queue.key_opens_at(why_closed.key);
  v_state queue.limit_states;
  v_holders bigint[];
begin
  if v_opens_at is null then
    return null;
  end if;
  select * into v_state from queue.limit_states s where s.key = why_closed.key;
  v_holders := array(select h.job_id from queue.holds h where h.key = why_closed.key order by h.held_since, h.job_id);
  return case
    when v_limit.breaker_failures is not null and v_state.breaker = 'open' and v_opens_at <> 'infinity' then
      format('the circuit breaker of %s is open since %s and lets one job try at %s (in %s)', why_closed.key,
        queue.moment(v_state.opened_at), queue.moment(v_opens_at), queue.span(v_opens_at - clock_timestamp()))
    when v_limit.breaker_failures is not null and v_state.breaker = 'half-open' and v_state.probe_job_id = any (v_holders) then
      format('the circuit breaker of %s is half-open and waits for what job %s, its probe, comes to', why_closed.key, v_state.probe_job_id)
    when v_opens_at = 'infinity' then
      format('all %s places of %s are taken, by job%s %s', v_limit.concurrency, why_closed.key,
        case when cardinality(v_holders) > 1 then 's' else '' end, queue.some_of(v_holders))
    else format('%s has used up its rate of %s per %s until %s (in %s)', why_closed.key, v_limit.rate,
      queue.span(make_interval(secs => v_limit.rate_seconds)), queue.moment(v_opens_at), queue.span(v_opens_at - clock_timestamp()))
  end;
end
$$;

-- What stands before it in the line, or else keeps every worker of its queue busy.
create function queue.why_behind(job graphile_worker._private_jobs, queue text) returns text
language plpgsql stable as $$
declare
  v_concurrency int;
  v_before bigint;
  v_running bigint;
  v_workers bigint;
  v_free bigint;
begin
  select q.concurrency into v_concurrency from queue.queues q where q.name = queue.served_as(why_behind.queue);
  select count(*) into v_before from graphile_worker._private_jobs j
  where j.is_available and j.task_id = (job).task_id and j.run_at <= clock_timestamp()
    and (j.priority, j.run_at, j.id) < ((job).priority, (job).run_at, (job).id);
  select count(distinct w.process_id), coalesce(sum(w.running), 0), coalesce(sum(greatest(least(w.slots - w.of_process, v_concurrency - w.running), 0)), 0)
  into v_workers, v_running, v_free
  from (select *, sum(l.running) over (partition by l.process_id) as of_process from queue.live_workers l) w
  where w.queue = queue.served_as(why_behind.queue);
  if v_before > 0 then
    return format('%s before it in %s, while %s run%s', case when v_before = 1 then '1 job is' else v_before || ' jobs are' end,
      why_behind.queue, v_running, case when v_running = 1 then 's' else '' end);
  elsif v_workers > 0 and v_free <= 0 then
    return format('it is the next of %s, but the slots of its workers (%s) are all taken', why_behind.queue, v_workers);
  end if;
  return null;
end
$$;

-- The links of a chain are no jobs until their turn comes.
create function queue.what_follows(envelope jsonb) returns text
language sql immutable as $$
  select case when jsonb_typeof(envelope -> 'chain') = 'array' and envelope -> 'chain' <> '[]' then
    format('; when it has succeeded, its chain goes on with %s%s', envelope -> 'chain' -> 0 ->> 'task',
      case when jsonb_array_length(envelope -> 'chain') > 1 then format(' and %s more', jsonb_array_length(envelope -> 'chain') - 1) end)
  else '' end
$$;

create function queue.how_ended(uuid uuid) returns text
language plpgsql stable as $$
declare
  v_last queue.attempts;
  v_failed laravel.failed_jobs;
begin
  select * into v_failed from laravel.failed_jobs f where f.uuid = how_ended.uuid::text;
  if v_failed.id is not null then
    return format('It failed for good at %s with "%s": select queue.retry(''%s'') runs it again.',
      queue.moment(v_failed.failed_at at time zone 'utc'), queue.first_line(v_failed.exception), how_ended.uuid);
  end if;
  select * into v_last from queue.attempts a where a.uuid = how_ended.uuid order by a.ended_at desc limit 1;
  if v_last.uuid is null then
    return null;
  end if;
  return case v_last.outcome
    when 'completed' then format('It completed at %s, attempt %s of %s, after %s ms.', queue.moment(v_last.ended_at), v_last.attempt,
      v_last.task, round(extract(epoch from v_last.ended_at - v_last.started_at) * 1000))
    when 'cancelled' then format('It was cancelled at %s%s', queue.moment(v_last.ended_at), coalesce(
      (select ' by ' || a.actor || coalesce(': ' || (a.detail ->> 'reason'), '.') from queue.audit a
       where a.act = 'cancel' and a.target = how_ended.uuid::text order by a.id desc limit 1),
      ': ' || queue.first_line(v_last.error)
    ))
    when 'failed' then format('It failed for good at %s with "%s", and was deleted from the failed jobs since.',
      queue.moment(v_last.ended_at), queue.first_line(v_last.error))
    else format('It was deleted by somebody: its last attempt (%s) ended at %s, %s.', v_last.attempt, queue.moment(v_last.ended_at), v_last.outcome)
  end;
end
$$;

-- The name under which workers look for the code: a class of PHP, or the task without its method.
create function queue.task_of(envelope jsonb, queue text) returns text
language sql immutable as $$
  select coalesce(
    case when envelope ->> 'job' like '%CallQueuedHandler@call' then envelope -> 'data' ->> 'commandName' end,
    regexp_replace(envelope ->> 'job', '@\w+$', ''),
    queue
  )
$$;

create function queue.attempt_of(job graphile_worker._private_jobs) returns text
language sql immutable as $$
  select (job).attempts || case when (job).max_attempts < 32767 then ' of ' || (job).max_attempts else '' end
$$;

create function queue.moment(moment timestamptz) returns text
language sql stable as $$
  select to_char(moment at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
$$;

create function queue.span(span interval) returns text
language sql immutable as $$
  select case
    when s.seconds < 10 then round(s.seconds, 1) || ' s'
    when s.seconds < 120 then round(s.seconds) || ' s'
    when s.seconds < 7200 then round(s.seconds / 60) || ' min'
    when s.seconds < 172800 then round(s.seconds / 3600) || ' h'
    else round(s.seconds / 86400) || ' days'
  end
  from (select greatest(extract(epoch from span), 0)) s (seconds)
$$;

create function queue.first_line(message text) returns text
language sql immutable as $$
  select left(split_part(btrim(message, e' \n\r\t'), e'\n', 1), 200)
$$;

create function queue.some_of(ids bigint[]) returns text
language sql immutable as $$
  select array_to_string(ids[:3], ', ') || case when cardinality(ids) > 3 then format(' and %s more', cardinality(ids) - 3) else '' end
$$;

create function queue.sentence(clause text) returns text
language sql immutable as $$
  select upper(left(clause, 1)) || substr(clause, 2) || '.'
$$;

-- Comments

comment on view queue.jobs is 'Every job that waits or runs, in the columns of Laravel''s jobs table.';
comment on column queue.jobs.reserved_at is 'Unix seconds since which a worker holds the job; null while it waits.';
comment on column queue.jobs.available_at is 'Unix seconds from which the job may run.';
comment on view queue.failed_jobs is
  'Every job that failed for good, in the columns of Laravel''s failed_jobs table; queue.retry(uuid) runs one again.';
comment on column queue.failed_jobs.uuid is 'Null where a foreign program wrote something else.';
comment on view queue.job_batches is 'Batches: how far they are, and what became of them.';
comment on column queue.job_batches.percent is 'Of its jobs, how many have succeeded; a failed one stays pending, as in Laravel.';
comment on view queue.live_workers is
  'What live processes serve and hold. A process has one worker per queue, and one more on default for jobs that were added by a task''s own name.';
comment on column queue.live_workers.running is 'Jobs that it holds: those that run, and the few that it fetched ahead.';
comment on column queue.live_workers.heard_seconds_ago is 'The age of its process'' last heartbeat; they come every 2 seconds.';
comment on column queue.live_workers.slots is 'How many jobs its process runs at once, over all its queues.';
comment on view queue.overview is
  'A row per queue: is it paused, what waits, runs and failed, who serves it, how fast it goes. Also names that no queue was made for.';
comment on column queue.overview.waiting is 'Jobs that are due and that nobody holds.';
comment on column queue.overview.delayed is 'Jobs that wait for their time, or for their next attempt.';
comment on column queue.overview.failed is 'Failed jobs that were neither retried nor forgotten; failed_last_hour are those of the last hour.';
comment on column queue.overview.oldest_wait_seconds is 'How long the oldest job that is due has been waiting.';
comment on column queue.overview.workers is 'Live processes that serve it.';
comment on column queue.overview.jobs_per_minute is 'Completed jobs, over the last 5 minutes; average_ms is what one took.';
comment on column queue.overview.served is 'Whether our workers serve it; null for a name that no queue was made for.';
comment on column queue.overview.paused_by is 'Who paused it, or all queues; queue.resume(queue) ends it.';
comment on view queue.waits is 'How long the jobs that are due have been waiting: the oldest, 95 in 100 and half of them for at most so long.';
comment on view queue.throughput is 'What ended in each minute of the last hour, per queue; times are those of completed jobs.';
comment on function queue.explain(bigint) is
  'Says in one sentence why a job does not run, or who holds it: select queue.explain(4711). Takes its id or its uuid.';
comment on function queue.explain(uuid) is 'The same by uuid, also for a job that has ended: reads every waiting job, then the history.';
comment on function queue.explain(text) is 'The same for an id or a uuid in quotes.';
comment on function queue.is_alive is 'Whether a process is taken for alive.';
comment on table queue.attempts is
  'The history: a row per attempt that ended, with its outcome: completed, retried, failed, snoozed, died, cancelled. Kept for 7 days, in a partition for each.';
comment on column queue.attempts.error is 'What the task threw, with its stack, or why there was no attempt.';
comment on table queue.log_lines is 'What tasks logged, by the uuid of their job and its attempt. Kept for 7 days.';
comment on table queue.progress is 'How far a job says it is, by its uuid.';
comment on table queue.pauses is 'Paused queues, * for all: see queue.pause and queue.resume.';
comment on table queue.cancellations is 'Running jobs that were asked to stop.';
comment on table queue.processes is 'Processes that run jobs; one that is silent is rescued by the others and leaves the table.';
comment on table queue.workers is 'The workers of each process, one per queue: what locked_by of a job names.';
comment on table queue.unique_windows is 'Keys of jobs that are unique for a time, and until when.';
