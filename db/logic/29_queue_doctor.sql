-- What an operator should know before it hurts: one row per thing that was looked at, with what was found and its cure.

create function queue.doctor() returns table (name text, status text, finding text, cure text)
language sql stable as $$
  select c.name, coalesce(f.status, 'ok'), f.finding, f.cure
  from (values
    (1, 'time limits'), (2, 'workers'), (3, 'pauses'), (4, 'indexes'), (5, 'held jobs'), (6, 'spent jobs'), (7, 'tasks'),
    (8, 'schedules'), (9, 'old snapshots'), (10, 'vacuum'), (11, 'connections')
  ) c (n, name)
  left join (
    select 'time limits', f.* from queue.doctor_time_limits() f union all
    select 'workers', f.* from queue.doctor_workers() f union all
    select 'pauses', f.* from queue.doctor_pauses() f union all
    select 'indexes', f.* from queue.doctor_indexes() f union all
    select 'held jobs', f.* from queue.doctor_held() f union all
    select 'spent jobs', f.* from queue.doctor_spent() f union all
    select 'tasks', f.* from queue.doctor_tasks() f union all
    select 'schedules', f.* from queue.doctor_schedules() f union all
    select 'old snapshots', f.* from queue.doctor_snapshots() f union all
    select 'vacuum', f.* from queue.doctor_vacuum() f union all
    select 'connections', f.* from queue.doctor_connections() f
  ) f (name, status, finding, cure) on f.name = c.name
  order by c.n, f.status, f.finding
$$;

-- graphile-worker gives back what has been locked for four hours, also while it runs: it would run twice.
create function queue.doctor_time_limits() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'error',
    format('%s %s %s, and a job that runs for 4 hours is started again beside itself', l.kind, l.name,
      case l.seconds when 0 then 'has no time limit' else 'has a time limit of ' || queue.span(make_interval(secs => l.seconds)) end),
    case l.kind when 'the queue' then format('howdah queue:configure %s timeout_seconds=3600', l.name)
      else 'give the task a timeout below 14000 seconds' end
  from (
    select 'the queue' as kind, q.name, q.timeout_seconds as seconds from queue.queues q where q.served
    union all
    select 'the task', t.name, queue.number_of(t.options, 'timeout')::int from queue.tasks t
  ) l
  where l.seconds = 0 or l.seconds > 14000
$$;

create function queue.doctor_workers() returns table (status text, finding text, cure text)
language sql stable as $$
  with unserved as (
    select o.queue, o.waiting from queue.overview o
    where o.served is not false and not o.paused and o.workers = 0 and (o.served or o.waiting > 0)
  ),
  alive as (select exists (select from queue.processes p where queue.is_alive(p)) as somebody)
  select case when u.waiting > 0 then 'error' else 'warning' end,
    format('no live worker serves the queue %s (jobs that are due: %s)', u.queue, u.waiting),
    'howdah work --queue=' || u.queue
  from unserved u, alive
  where alive.somebody
  union all
  select case when sum(u.waiting) > 0 then 'error' else 'warning' end,
    format('no worker is alive (jobs that are due: %s)', sum(u.waiting)), 'howdah work'
  from unserved u, alive
  where not alive.somebody
  having count(*) > 0
$$;

create function queue.doctor_pauses() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'warning',
    format('%s paused by %s since %s, without an end%s', case p.queue when '*' then 'all queues are' else p.queue || ' is' end,
      p.paused_by, queue.span(now() - p.paused_at), coalesce(': ' || p.reason, '')),
    'howdah queue:resume ' || case p.queue when '*' then '--all' else p.queue end
  from queue.pauses p
  where p.until is null and p.paused_at < now() - interval '1 hour'
$$;

create function queue.doctor_indexes() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'error', format('the index %s is missing: fetches slow down with every job of other queues', m.name),
    'start a worker, which builds it: howdah work; or by hand: ' || m.statement
  from queue.missing_indexes() m
  union all
  select 'warning', format('the index %s is invalid or nobody''s', s.name),
    format('a worker that starts drops it: howdah work; or by hand: drop index concurrently graphile_worker.%I', s.name)
  from queue.stale_indexes() s (name)
$$;

-- Another program may run graphile-worker on these tables; what it holds for long is worth a look all the same.
create function queue.doctor_held() returns table (status text, finding text, cure text)
language sql stable as $$
  select case when min(j.locked_at) < now() - interval '15 minutes' then 'error' else 'warning' end,
    format('jobs are held by "%s", which is no worker of ours: %s, for up to %s', j.locked_by, count(*),
      queue.span(now() - min(j.locked_at))),
    format('make sure that it is gone, then: select graphile_worker.force_unlock_workers(array[%L])', j.locked_by)
  from graphile_worker._private_jobs j
  where j.locked_at < now() - interval '10 seconds' and j.locked_by <> 'laravel'
    and not exists (select from queue.workers w where w.id = j.locked_by)
  group by j.locked_by
  union all
  select 'error', format('a worker on %s (process %s) was last heard of %s ago, and no other is alive to give back what it holds: %s',
      p.hostname, p.pid, queue.span(clock_timestamp() - p.beat_at), h.jobs),
    'howdah work'
  from queue.processes p
  cross join lateral (
    select count(*) as jobs from graphile_worker._private_jobs j
    where j.locked_by in (select w.id from queue.workers w where w.process_id = p.id)
  ) h
  where h.jobs > 0 and not exists (select from queue.processes o where queue.is_alive(o))
$$;

create function queue.doctor_spent() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'error', format('jobs of %s have no attempts left and did not fail, so that no worker takes them: %s, such as %s',
      queue.name_of(j.task_id), count(*), min(j.id)),
    format('select queue.run_now(%s) gives one more, howdah queue:cancel %s deletes it', min(j.id), min(j.id))
  from graphile_worker._private_jobs j
  where not j.is_available and j.locked_at is null
  group by j.task_id
$$;

-- The first ten thousand of what waits will do: the line before them will not hide a task for long.
create function queue.doctor_tasks() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'error', format('jobs of %s wait for the task %s, which no live worker knows: %s', d.queue, d.task, count(*)),
    format('start a worker that has tasks/%s.ts, or howdah queue:cancel %s', d.task, min(d.id))
  from (
    select j.id, t.identifier as queue, queue.task_of(queue.envelope_of(j.payload), t.identifier) as task
    from (select j.id, j.task_id, j.payload from graphile_worker._private_jobs j where j.is_available order by j.id limit 10000) j
    join graphile_worker._private_tasks t on t.id = j.task_id
    left join queue.queues q on q.task_id = t.id
    where q.served is not false
  ) d
  where exists (select from queue.processes p where queue.is_alive(p))
    and not exists (
      select from queue.processes p
      where queue.is_alive(p) and (
        d.task = any (p.tasks)
        or exists (select from queue.tasks k where k.name = any (p.tasks) and d.task = any (k.aliases))
      )
    )
  group by d.queue, d.task
$$;

create function queue.doctor_schedules() returns table (status text, finding text, cure text)
language sql stable as $$
  select 'error', format('the schedule %s: %s', s.name, s.error),
    format('mend it: update queue.schedules set cron = … where name = %L', s.name)
  from queue.schedules s where s.enabled and s.error is not null
  union all
  select 'error', format('the schedule %s is due since %s', s.name, queue.span(now() - s.next_tick)), 'start a worker: howdah work'
  from queue.schedules s where s.enabled and s.next_tick < now() - interval '2 minutes'
$$;

-- While a snapshot is held, no row that was deleted since can be cleared away, and every fetch walks over all of them.
create function queue.doctor_snapshots(longer_than interval default '5 minutes')
returns table (status text, finding text, cure text)
language sql stable as $$
  select case when s.since < now() - interval '1 hour' then 'error' else 'warning' end,
    format('%s holds a snapshot since %s', s.who, queue.span(now() - s.since)), s.cure
  from (
    select format('process %s of Postgres (%s, %s)', a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.state) as who,
      a.xact_start as since, format('end that transaction, or select pg_terminate_backend(%s)', a.pid) as cure
    from pg_catalog.pg_stat_activity a
    where a.backend_xmin is not null and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
    union all
    select format('the prepared transaction %s', x.gid), x.prepared, format('commit prepared %L, or roll it back', x.gid)
    from pg_catalog.pg_prepared_xacts x where x.database = current_database()
  ) s
  where s.since <= clock_timestamp() - doctor_snapshots.longer_than
  union all
  select 'warning', format('the replication slot %s is not read and holds back what can be cleared away', r.slot_name),
    format('start its reader, or select pg_drop_replication_slot(%L)', r.slot_name)
  from pg_catalog.pg_replication_slots r where r.xmin is not null and not r.active
$$;

create function queue.doctor_vacuum() returns table (status text, finding text, cure text)
language sql stable as $$
  select case when t.n_dead_tup > 1000000 then 'error' else 'warning' end,
    format('the table of jobs holds %s dead rows beside %s, last vacuumed %s', t.n_dead_tup, t.n_live_tup,
      coalesce(queue.moment(greatest(t.last_vacuum, t.last_autovacuum)), 'never')),
    'vacuum graphile_worker._private_jobs; if they stay, see old snapshots'
  from pg_catalog.pg_stat_all_tables t
  where t.relid = 'graphile_worker._private_jobs'::regclass and t.n_dead_tup > 100000 and t.n_dead_tup > 2 * t.n_live_tup
  union all
  select 'error', 'autovacuum is off', 'alter system set autovacuum = on; select pg_reload_conf()'
  where not current_setting('autovacuum')::boolean
$$;

create function queue.doctor_connections() returns table (status text, finding text, cure text)
language sql stable as $$
  select case when c.free < 5 then 'error' else 'warning' end, format('the database has room for %s more connections', c.free),
    'raise max_connections, or start fewer processes'
  from (select queue.free_connections() as free) c
  where c.free < 20
$$;

comment on function queue.doctor is
  'Looks for what will hurt: time limits, workers, indexes, jobs that nobody can finish, old snapshots; each finding with its cure. howdah doctor prints it.';
