-- What the chaos run writes down, and how it counts in the end. The ledger is committed with each dispatch and is the truth;
-- effects have no unique constraint, so that a double would be seen.

set local check_function_bodies = off; -- callers come first

create schema chaos;

create table chaos.ledger (
  uuid uuid primary key,
  kind text not null,
  -- one: exactly one effect; some: at least one; either: one effect or one failure; failure: one failure, no effect
  expects text not null,
  written_at timestamptz not null default clock_timestamp()
);

create table chaos.batches (
  id text primary key,
  kind text not null,
  members int not null
);

create table chaos.chains (
  id uuid primary key,
  kind text not null,
  links int not null
);

create table chaos.effects (
  id bigint generated always as identity primary key,
  uuid uuid not null,
  kind text not null,
  owner text,
  n int,
  attempt int not null,
  pid int not null,
  made_at timestamptz not null default clock_timestamp()
);
create index effects_of_a_job on chaos.effects (uuid);
create index effects_of_an_owner on chaos.effects (owner, kind, n);

create table chaos.deaths (
  pid int primary key,
  how text not null,
  died_at timestamptz not null
);

-- queue.workers forgets a process when it is rescued.
create table chaos.workers (
  id text primary key,
  pid int not null
);
create index workers_by_pid on chaos.workers (pid);

create function chaos.tg_workers__remember() returns trigger
language plpgsql volatile as $$
begin
  insert into chaos.workers (id, pid) select new.id, p.pid from queue.processes p where p.id = new.process_id
  on conflict do nothing;
  return null;
end
$$;
create trigger _500_remember after insert on queue.workers for each row execute function chaos.tg_workers__remember();

-- Writing

create function chaos.write(kind text, expects text, job jsonb) returns void
language sql volatile as $$
  insert into chaos.ledger (uuid, kind, expects)
  select d.uuid, write.kind, write.expects
  from unnest(queue.dispatch_many(jsonb_build_array(write.job))) d (uuid)
  where d.uuid is not null
$$;

create function chaos.write_probes(queue text, jobs int) returns void
language sql volatile as $$
  select chaos.write(
    'probe', 'some', jsonb_build_object('task', 'chaos/plain', 'queue', write_probes.queue, 'payload', '{"ms": 30}'::jsonb)
  )
  from generate_series(1, write_probes.jobs - (
    select count(*)::int from graphile_worker._private_jobs j join queue.queues q on q.task_id = j.task_id
    where q.name = write_probes.queue and j.locked_at is null and j.run_at <= now()
  ))
$$;

-- Three members form a chain within the batch. The first member of a batch that is not good fails.
create function chaos.write_batch(kind text, members int) returns void
language plpgsql volatile as $$
declare
  v_jobs jsonb;
  v_id text;
begin
  select jsonb_agg(chaos.member(n, write_batch.kind <> 'good') order by n) into v_jobs
  from generate_series(1, write_batch.members - 3) n;
  v_jobs := v_jobs || jsonb_build_array((
    select jsonb_agg(chaos.member(n, false) order by n)
    from generate_series(write_batch.members - 2, write_batch.members) n
  ));
  v_id := queue.dispatch_batch(
    v_jobs,
    name => write_batch.kind,
    allow_failures => write_batch.kind = 'allowing',
    on_progress => case when write_batch.members % 3 = 0 then chaos.told('progress') end,
    on_success => chaos.told('success'),
    on_failure => chaos.told('failure'),
    on_end => chaos.told('end')
  );
  insert into chaos.batches (id, kind, members) values (v_id, write_batch.kind, write_batch.members);
end
$$;

create function chaos.member(n int, first_fails boolean) returns jsonb
language sql immutable as $$
  select jsonb_build_object(
    'task', case when member.n = 1 and member.first_fails then 'chaos/doomed' when chaos.is_plain(member.n) then 'chaos/plain' else 'chaos/exact' end,
    'payload', jsonb_build_object('n', member.n)
  )
$$;

-- Every third member does not write in its completing transaction, and is completed in a group.
create function chaos.is_plain(n int) returns boolean language sql immutable as $$ select is_plain.n % 3 = 0 $$;

create function chaos.told(what text) returns jsonb
language sql immutable as $$
  select jsonb_build_object('task', 'chaos/told', 'payload', jsonb_build_object('told', told.what))
$$;

create function chaos.write_chain(kind text, links int) returns void
language plpgsql volatile as $$
declare
  v_id constant uuid := gen_random_uuid();
begin
  perform queue.dispatch_chain(
    (
      select jsonb_agg(jsonb_build_object(
        'task', case when write_chain.kind = 'breaking' and n = 3 then 'chaos/doomed' else 'chaos/exact' end,
        'payload', jsonb_build_object('n', n, 'chain', v_id)
      ) order by n)
      from generate_series(1, write_chain.links) n
    ),
    jsonb_build_object('task', 'chaos/told', 'payload', jsonb_build_object('told', 'broken', 'chain', v_id))
  );
  insert into chaos.chains (id, kind, links) values (v_id, write_chain.kind, write_chain.links);
end
$$;

-- Counting, when all is quiet

create view chaos.jobs as
select l.*,
  (select count(*) from chaos.effects e where e.uuid = l.uuid and e.kind <> 'told begun') as effects,
  (select count(*) from laravel.failed_jobs f where f.uuid = l.uuid::text) as failures,
  (select count(*) from queue.attempts a where a.uuid = l.uuid and a.outcome = 'completed') as completions,
  exists (select from graphile_worker._private_jobs j where j.payload ->> 'uuid' = l.uuid::text) as alive
from chaos.ledger l;

create view chaos.members as
select b.id as batch, b.kind, m.n, chaos.is_plain(m.n) as plain,
  case when m.n = 1 and b.kind <> 'good' then 0 when b.kind = 'breaking' then null else 1 end as wanted,
  (select count(*) from chaos.effects e where e.owner = b.id and e.kind = 'member' and e.n = m.n) as effects
from chaos.batches b cross join generate_series(1, b.members) m (n);

create view chaos.callbacks as
select b.id as batch, b.kind, c.told,
  case c.told when 'success' then (b.kind = 'good')::int when 'failure' then (b.kind <> 'good')::int else 1 end as wanted,
  (select count(*) from chaos.effects e where e.owner = b.id and e.kind = 'told ' || c.told) as effects
from chaos.batches b cross join (values ('success'), ('failure'), ('end')) c (told);

create view chaos.links as
select c.id as chain, c.kind, l.n,
  case when c.kind = 'breaking' and l.n > 2 then 0 else 1 end as wanted,
  count(e.id) as effects, min(e.id) as first_effect,
  lag(max(e.id)) over (partition by c.id order by l.n) as effect_before
from chaos.chains c
cross join generate_series(1, c.links) l (n)
left join chaos.effects e on e.owner = c.id::text and e.kind = 'link' and e.n = l.n
group by c.id, c.kind, l.n;

create view chaos.breaks as
select c.id as chain, c.kind, (c.kind = 'breaking')::int as wanted,
  (select count(*) from chaos.effects e where e.owner = c.id::text and e.kind = 'told broken') as effects
from chaos.chains c;

create view chaos.faults as
select 'lost' as fault, j.kind || ' ' || j.uuid as what, j.uuid::text as key
from chaos.jobs j
where not j.alive and case when j.expects = 'failure' then j.failures = 0 else j.effects + j.failures = 0 end
union all
select 'doubled', j.kind || ' ' || j.uuid, j.uuid::text
from chaos.jobs j
where j.completions > 1
  or j.expects in ('one', 'either') and j.effects + j.failures > 1
  or j.expects = 'failure' and (j.failures > 1 or j.effects > 0)
union all
select 'failed', j.kind || ' ' || j.uuid, j.uuid::text from chaos.jobs j where j.expects in ('one', 'some') and j.failures > 0
union all
select 'stuck', coalesce(j.payload ->> 'job', '?') || ' ' || j.id || coalesce(' locked by ' || j.locked_by, ' waiting'), j.payload ->> 'uuid'
from graphile_worker._private_jobs j
union all
select 'stuck', 'the key ' || h.key || ' held by job ' || h.job_id, null from queue.holds h
union all
select 'stuck', 'the process ' || p.pid || ' in queue.processes', null from queue.processes p
union all
select case when m.effects > m.wanted or m.wanted is null then 'doubled' else 'lost' end,
  format('member %s of the %s batch %s: %s effects', m.n, m.kind, m.batch, m.effects), m.batch
from chaos.members m
where case
  when m.plain then m.effects < m.wanted
  when m.wanted is null then m.effects > 1
  else m.effects <> m.wanted
end
union all
select case when c.effects > c.wanted then 'doubled' else 'lost' end,
  format('%s of the %s batch %s was told %s times', c.told, c.kind, c.batch, c.effects), c.batch
from chaos.callbacks c where c.effects <> c.wanted
union all
select case when l.effects > l.wanted then 'doubled' else 'lost' end,
  format('link %s of the %s chain %s: %s effects', l.n, l.kind, l.chain, l.effects), l.chain::text
from chaos.links l where l.effects <> l.wanted
union all
select 'disordered', format('link %s of the chain %s ran before the one before it', l.n, l.chain), l.chain::text
from chaos.links l where l.first_effect < l.effect_before
union all
select case when b.effects > b.wanted then 'doubled' else 'lost' end,
  format('the break of the %s chain %s was told %s times', b.kind, b.chain, b.effects), b.chain::text
from chaos.breaks b where b.effects <> b.wanted
union all
select 'miscounted', format('the %s batch %s: %s', b.kind, b.id, to_jsonb(j)), b.id
from chaos.batches b join laravel.job_batches j on j.id = b.id
where j.total_jobs <> b.members
  or j.pending_jobs <> (b.kind <> 'good')::int
  or j.failed_jobs <> (b.kind <> 'good')::int
  or (j.cancelled_at is null) = (b.kind = 'breaking')
  or (j.finished_at is null) <> (b.kind = 'allowing')
union all
select 'unfinished', format('%s %s: process %s was stopped gracefully and completed it not', e.kind, e.uuid, e.pid), e.uuid::text
from chaos.deaths d join chaos.effects e on e.pid = d.pid and e.made_at > d.died_at - interval '1 second'
where d.how = 'SIGTERM' and e.kind in ('chaos/plain', 'chaos/slow') and not exists (
  select from queue.attempts a where a.uuid = e.uuid and a.attempt = e.attempt and a.outcome = 'completed'
)
union all
select 'unfinished', format('%s %s: process %s was stopped gracefully and burned an attempt', a.task, a.uuid, d.pid), a.uuid::text
from chaos.deaths d join chaos.workers w on w.pid = d.pid join queue.attempts a on a.worker_id = w.id
where d.how = 'SIGTERM' and a.outcome = 'died' and a.error like 'The worker died%'
union all
select 'ghost', format('%s of a dispatch that was rolled back: %s', e.kind, e.uuid), e.uuid::text
from chaos.effects e
where case
  when e.owner is null then not exists (select from chaos.ledger l where l.uuid = e.uuid)
  else not exists (select from chaos.batches b where b.id = e.owner) and not exists (select from chaos.chains c where c.id::text = e.owner)
end;

-- How long the jobs of a process that was killed waited for their next start; null: it failed, or was not started again.
create view chaos.rescues as
select d.how, w.pid as worker_pid, a.uuid, a.attempt, a.task,
  extract(epoch from a.ended_at - d.died_at)::float8 as unlocked_after,
  extract(epoch from b.started_at - d.died_at)::float8 as started_after
from queue.attempts a
left join chaos.workers w on w.id = a.worker_id
left join chaos.deaths d on d.pid = w.pid
left join lateral (
  select min(greatest(b.started_at, a.ended_at)) as started_at
  from queue.attempts b
  where b.uuid = a.uuid and b.job_id = a.job_id and b.attempt > a.attempt
) b on true
where a.outcome = 'died' and a.error like 'The worker died%';

-- All that is known of a fault, for people.
create function chaos.evidence(key text) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'job', (select jsonb_agg(to_jsonb(j)) from graphile_worker._private_jobs j where evidence.key in (j.payload ->> 'uuid', j.payload ->> 'batchId')),
    'failed', (select jsonb_agg(left(f.exception, 300)) from laravel.failed_jobs f where f.uuid = evidence.key),
    'attempts', (
      select jsonb_agg(to_jsonb(a) || jsonb_build_object('error', left(a.error, 300), 'pid', w.pid) order by a.ended_at)
      from queue.attempts a left join chaos.workers w on w.id = a.worker_id
      where a.uuid::text = evidence.key
    ),
    'effects', (
      select jsonb_agg(to_jsonb(e) order by e.id) from chaos.effects e
      where e.uuid::text = evidence.key
    ),
    'batch', (select to_jsonb(b) || to_jsonb(q) from laravel.job_batches b left join queue.batches q on q.id = b.id where b.id = evidence.key)
  )
$$;

create function chaos.picture() returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'jobs', (
      select jsonb_agg(to_jsonb(g)) from (
        select q.name, j.locked_by, w.process_id is not null as of_a_process, count(*), min(j.run_at), min(j.locked_at)
        from graphile_worker._private_jobs j
        left join queue.queues q on q.task_id = j.task_id
        left join queue.workers w on w.id = j.locked_by
        group by 1, 2, 3
      ) g
    ),
    'queues', (select jsonb_agg(to_jsonb(q)) from queue.queues q),
    'holds', (select jsonb_agg(to_jsonb(h)) from queue.holds h),
    'processes', (select jsonb_agg(to_jsonb(p) - 'tasks') from queue.processes p),
    'activity', (
      select jsonb_agg(jsonb_build_object(
        'pid', a.pid, 'who', a.application_name, 'state', a.state, 'wait', a.wait_event, 'since', now() - a.state_change,
        'blocked_by', pg_blocking_pids(a.pid), 'query', left(a.query, 200)
      ))
      from pg_stat_activity a where a.datname = current_database()
    )
  )
$$;
