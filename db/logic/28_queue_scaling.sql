-- What a supervisor looks at once a second to decide how many worker processes there should be.

-- One row for each queue that is served and not paused. Counts end at 10,000, so that a look at a million jobs costs what
-- a look at ten thousand does; what runs is not counted here, because graphile-worker has no index to find it by.
create function queue.backlog(queues text[] default null)
returns table (
  queue text,
  ready bigint,
  oldest_seconds double precision,
  average_ms double precision,
  concurrency int,
  rate_per_second double precision,
  limited boolean
)
language plpgsql stable as $$
declare
  v_queue queue.queues;
  v_averages jsonb;
begin
  for v_queue in
    select q.* from queue.queues q
    where q.served
      and (backlog.queues is null or q.name = any (backlog.queues))
      and not exists (
        select from queue.pauses p where p.queue in (q.name, '*') and (p.until is null or p.until > clock_timestamp())
      )
    order by q.rank, q.name
  loop
    select r.ready, r.oldest_seconds into ready, oldest_seconds from queue.ready_of(v_queue) r;
    if ready > 0 then
      v_averages := coalesce(v_averages, queue.average_runtimes());
    end if;
    queue := v_queue.name;
    average_ms := case when ready > 0 then (v_averages ->> v_queue.name)::double precision end;
    concurrency := v_queue.concurrency;
    rate_per_second := v_queue.rate::double precision / v_queue.rate_seconds;
    limited := v_queue.limited;
    return next;
  end loop;
end
$$;

-- Written out with the queue's number, because only then the queue's own index is used. The queue default also serves
-- the jobs of plain graphile_worker.add_job.
create function queue.ready_of(served queue.queues, out ready bigint, out oldest_seconds double precision)
language plpgsql stable as $$
declare
  v_bare constant text := (select string_agg(q.task_id::text, ',' order by q.task_id) from queue.queues q);
begin
  execute format(
    'select count(*), coalesce(extract(epoch from clock_timestamp() - min(r.run_at)), 0) from (
       (select j.run_at from graphile_worker._private_jobs j
        where j.is_available and j.task_id = %s and j.run_at <= clock_timestamp() order by j.priority, j.run_at limit 10000)
       union all
       (select j.run_at from graphile_worker._private_jobs j
        where %L and j.is_available and j.task_id <> all (%L::int[]) and j.run_at <= clock_timestamp()
        order by j.priority, j.run_at limit 10000)
     ) r',
    served.task_id, served.name = 'default', '{' || v_bare || '}'
  ) into ready, oldest_seconds;
end
$$;

-- Milliseconds by queue, of what was completed in the last two minutes; of the first 20,000 of them when there are more.
create function queue.average_runtimes() returns jsonb
language sql stable as $$
  select coalesce(jsonb_object_agg(q.queue, q.average_ms), '{}')
  from (
    select a.queue, avg(extract(epoch from a.ended_at - a.started_at) * 1000) as average_ms
    from (
      select a.queue, a.started_at, a.ended_at from queue.attempts a
      where a.ended_at > statement_timestamp() - interval '2 minutes' and a.outcome = 'completed'
      limit 20000
    ) a
    group by a.queue
  ) q
$$;

-- The slots of live processes that serve any of these queues and belong to nobody or another supervisor: they work the
-- same backlog.
create function queue.slots_of_others(supervisor text, queues text[] default null) returns int
language sql stable as $$
  select coalesce(sum(p.slots), 0)::int
  from queue.processes p
  where p.supervisor is distinct from slots_of_others.supervisor
    and p.beat_at > clock_timestamp() - interval '10 seconds'
    and (slots_of_others.queues is null or p.queues && (slots_of_others.queues || '{*}'::text[]))
$$;

-- How many connections the database has left for us.
create function queue.free_connections() returns int
language sql stable as $$
  select current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)
    - (select count(*)::int from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend')
$$;

comment on function queue.backlog is
  'What waits in each queue that is served and not paused: ready jobs (10,000 at most), how long the oldest has waited, their average runtime. Supervisors scale by it.';
