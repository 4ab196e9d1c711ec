-- The queue: Laravel's shape around graphile-worker. A queue is a graphile-worker task identifier; the payload is an
-- envelope that names the task. This file: queues, tasks and dispatch. 21 runs jobs, 22 limits them, 23 groups them
-- into batches and chains, 24 is for operators, 25 shows, 26 is for Laravel.

-- Queues

create function queue.create_queue(name text, settings jsonb default '{}') returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if create_queue.name is null or create_queue.name !~ '^[^,/\s]{1,100}$' then
    raise exception '"%" cannot name a queue: no comma, slash or space, 100 characters at most.', create_queue.name
      using errcode = 'HW422';
  end if;
  insert into graphile_worker._private_tasks (identifier) values (create_queue.name) on conflict do nothing;
  insert into queue.queues (name, task_id)
  select create_queue.name, t.id from graphile_worker._private_tasks t where t.identifier = create_queue.name
  on conflict do nothing;
  perform queue.apply_settings(create_queue.name, create_queue.settings);
end
$$;

-- The code's own word on a queue: what it says anew wins, what an operator changed stays as long as the code says the same.
create function queue.declare_queue(name text, settings jsonb) returns void
language plpgsql volatile as $$
declare
  v_declared jsonb;
  v_changed jsonb;
begin
  select q.declared into v_declared from queue.queues q where q.name = declare_queue.name;
  if v_declared is not distinct from declare_queue.settings then
    return;
  end if;
  select coalesce(jsonb_object_agg(s.key, s.value), '{}') into v_changed
  from jsonb_each(declare_queue.settings) s
  where v_declared -> s.key is distinct from s.value;
  perform queue.create_queue(declare_queue.name, v_changed);
  update queue.queues q set declared = declare_queue.settings where q.name = declare_queue.name;
end
$$;

create function queue.configure(name text, settings jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform queue.apply_settings(configure.name, configure.settings);
  perform queue.note('configure', configure.name, 1, configure.settings);
end
$$;

create function queue.apply_settings(name text, settings jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_settable constant text[] := array[
    'served', 'rank', 'weight', 'concurrency', 'tries', 'backoff', 'timeout_seconds', 'rate', 'rate_seconds', 'on_death',
    'payload_bytes', 'keep_failed'
  ];
  v_unknown text;
begin
  if jsonb_typeof(apply_settings.settings) is distinct from 'object' then
    raise exception 'Settings are an object such as {"concurrency": 5}.' using errcode = 'HW422';
  end if;
  select s.key into v_unknown from jsonb_object_keys(apply_settings.settings) s (key) where s.key <> all (v_settable) limit 1;
  if v_unknown is not null then
    raise exception 'A queue has no setting "%": it has %.', v_unknown, array_to_string(v_settable, ', ')
      using errcode = 'HW422';
  end if;
  update queue.queues q
  set (served, rank, weight, concurrency, tries, backoff, timeout_seconds, rate, rate_seconds, on_death, payload_bytes, keep_failed, updated_at)
    = (select s.served, s.rank, s.weight, s.concurrency, s.tries, s.backoff, s.timeout_seconds, s.rate, s.rate_seconds,
              s.on_death, s.payload_bytes, s.keep_failed, now()
       from jsonb_populate_record(q, apply_settings.settings) s)
  where q.name = apply_settings.name;
  if not found then
    perform queue.refuse_unknown_queue(apply_settings.name);
  end if;
  perform pg_notify('howdah_queue', 'settings');
exception
  when check_violation or not_null_violation or invalid_text_representation or invalid_datetime_format or numeric_value_out_of_range
  then raise exception 'The queue % cannot have these settings: %', apply_settings.name, sqlerrm using errcode = 'HW422';
end
$$;

create function queue.refuse_unknown_queue(name text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  raise exception 'There is no queue "%": create it with select queue.create_queue(%).', refuse_unknown_queue.name,
    quote_literal(refuse_unknown_queue.name)
    using errcode = 'HW404';
end
$$;

-- A process says at its start which tasks it can run; one that nobody can run for 30 days is forgotten.
create function queue.declare_tasks(tasks jsonb) returns void
language sql volatile as $$
  insert into queue.tasks (name, queue, options, required, aliases)
  select t.name, t.queue, coalesce(t.options, '{}'), coalesce(t.required, '{}'), coalesce(t.aliases, '{}')
  from jsonb_to_recordset(declare_tasks.tasks) t (name text, queue text, options jsonb, required text[], aliases text[])
  order by t.name
  on conflict (name) do update
  set queue = excluded.queue, options = excluded.options, required = excluded.required, aliases = excluded.aliases, seen_at = now();

  delete from queue.tasks t where t.seen_at < now() - interval '30 days';
$$;

-- Dispatch

create function queue.dispatch(
  task text,
  payload jsonb default '{}',
  queue text default null,
  delay interval default null,
  run_at timestamptz default null,
  priority int default null,
  tries int default null,
  max_exceptions int default null,
  backoff text default null,
  timeout int default null,
  fail_on_timeout boolean default null,
  retry_until timestamptz default null,
  unique_key text default null,
  unique_until text default null,
  unique_for interval default null,
  debounce interval default null,
  debounce_max interval default null,
  limits text[] default null,
  tags text[] default null
) returns uuid
language sql volatile security definer set search_path = '' as $$
  select (queue.dispatch_many(jsonb_build_array(
    jsonb_strip_nulls(jsonb_build_object(
      'task', dispatch.task, 'queue', dispatch.queue, 'delay', dispatch.delay, 'run_at', dispatch.run_at,
      'priority', dispatch.priority, 'tries', dispatch.tries, 'max_exceptions', dispatch.max_exceptions,
      'backoff', dispatch.backoff, 'timeout', dispatch.timeout, 'fail_on_timeout', dispatch.fail_on_timeout,
      'retry_until', dispatch.retry_until, 'unique_key', dispatch.unique_key, 'unique_until', dispatch.unique_until,
      'unique_for', dispatch.unique_for, 'debounce', dispatch.debounce, 'debounce_max', dispatch.debounce_max,
      'limits', dispatch.limits, 'tags', dispatch.tags
    )) || jsonb_build_object('payload', dispatch.payload)
  )))[1]
$$;

-- All or none, in one statement however many they are; the uuids stand in the order of the jobs, null where a unique
-- job was there already.
create function queue.dispatch_many(jobs jsonb) returns uuid[]
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_uuids uuid[];
  v_problem text;
  v_keyed jsonb;
  v_limited text[];
  v_due jsonb;
  v_each record;
begin
  with asked as materialized (
    select a.*
    from rows from (
      jsonb_to_recordset(dispatch_many.jobs) as (
        task text, payload jsonb, queue text, delay interval, run_at timestamptz, priority int, tries int,
        max_exceptions int, backoff text, timeout int, fail_on_timeout boolean, retry_until timestamptz, unique_key text,
        unique_until text, unique_for interval, debounce interval, debounce_max interval, limits jsonb, tags jsonb,
        encrypted boolean, batch_id text, chain jsonb, chain_catch jsonb
      )
    ) with ordinality a (
      task, payload, queue, delay, run_at, priority, tries, max_exceptions, backoff, timeout, fail_on_timeout,
      retry_until, unique_key, unique_until, unique_for, debounce, debounce_max, limits, tags, encrypted, batch_id, chain,
      chain_catch, n
    )
  ),
  known as materialized (
    select t.name, t.required, t.queue, o.*
    from queue.tasks t,
      jsonb_to_record(t.options) o (
        tries int, max_exceptions int, backoff text, timeout int, fail_on_timeout boolean, priority int, limits jsonb,
        unique_until text, tags jsonb
      )
    where t.name in (select a.task from asked a)
  ),
  planned as materialized (
    select
      a.n,
      queue.new_uuid() as uuid,
      q.name as queue,
      q.task_id,
      case when a.unique_key is not null then a.task || ':' || a.unique_key end as key,
      a.unique_for,
      a.debounce,
      a.debounce_max,
      coalesce(a.priority, k.priority, 0) as priority,
      coalesce(a.run_at, clock_timestamp() + coalesce(a.delay, a.debounce, interval '0')) as run_at,
      case
        when coalesce(a.tries, k.tries, q.tries) = 0 or a.retry_until is not null then 32767
        else coalesce(a.tries, k.tries, q.tries)
      end as max_attempts,
      coalesce(a.limits, k.limits) as limits,
      case when coalesce(a.limits, k.limits, a.chain, a.chain_catch) is not null or a.batch_id is not null then
        queue.flags_of(
          coalesce(a.limits, k.limits), a.batch_id is not null,
          queue.pair('chain', a.chain) || queue.pair('', a.chain_catch) <> '{}'
        )
      end as flags,
      jsonb_build_object(
        'displayName', a.task, 'job', a.task, 'maxTries', coalesce(a.tries, k.tries, q.tries),
        'data', coalesce(a.payload, '{}'), 'createdAt', floor(extract(epoch from clock_timestamp()))::bigint
      ) || jsonb_strip_nulls(jsonb_build_object(
        'maxExceptions', coalesce(a.max_exceptions, k.max_exceptions),
        'backoff', queue.list_of(coalesce(a.backoff, k.backoff)),
        'timeout', coalesce(a.timeout, k.timeout),
        'failOnTimeout', coalesce(a.fail_on_timeout, k.fail_on_timeout),
        'retryUntil', floor(extract(epoch from a.retry_until))::bigint,
        'priority', nullif(coalesce(a.priority, k.priority), 0),
        'uniqueUntil', case when a.unique_key is not null then nullif(coalesce(a.unique_until, k.unique_until), 'done') end,
        'limits', coalesce(a.limits, k.limits),
        'tags', coalesce(a.tags, k.tags),
        'encrypted', a.encrypted,
        'batchId', a.batch_id
      )) || queue.pair('chain', a.chain) || queue.pair('chainCatch', a.chain_catch) as envelope,
      case
        when a.task is null then 'A job names no task.'
        when k.name is null then format(
          'There is no task "%s": it would be the file tasks/%s.ts of a worker that has run on this database.', a.task, a.task)
        when q.name is null then format(
          'There is no queue "%s": create it with select queue.create_queue(%L).', coalesce(a.queue, k.queue), coalesce(a.queue, k.queue))
        when a.encrypted is not true and cardinality(k.required) > 0 and not coalesce(a.payload, '{}') ?& k.required then format(
          'The payload of %s lacks %s.', a.task,
          (select string_agg(r, ', ') from unnest(k.required) r where not coalesce(a.payload, '{}') ? r))
        when octet_length(a.payload::text) > q.payload_bytes then format(
          'The payload of %s has %s bytes and the queue %s takes %s: store it and send its id.', a.task,
          octet_length(a.payload::text), q.name, q.payload_bytes)
        when queue.list_of(coalesce(a.backoff, k.backoff)) !~ '^\d{1,7}(,\d{1,7}){0,49}$' then format(
          'The backoff "%s" of %s is no list of seconds such as 5,25,125.', coalesce(a.backoff, k.backoff), a.task)
        when coalesce(a.tries, 0) not between 0 and 32766 then format('tries must be 0 (no end) to 32766, not %s.', a.tries)
        when coalesce(a.timeout, 0) not between 0 and 86400 then format('timeout must be 0 (none) to 86400 seconds, not %s.', a.timeout)
        when coalesce(a.max_exceptions, 1) < 1 then format('max_exceptions must be 1 or more, not %s.', a.max_exceptions)
        when coalesce(a.priority, 0) not between -32768 and 32767 then format('priority must be -32768 to 32767, not %s.', a.priority)
        when a.retry_until < clock_timestamp() then format('retry_until has passed: %s.', a.retry_until)
        when coalesce(a.unique_until, 'done') not in ('done', 'started') then format(
          'unique_until must be done or started, not "%s".', a.unique_until)
        when length(a.unique_key) > 300 then 'unique_key has more than 300 characters.'
        when a.unique_key is null and coalesce(a.unique_until, a.unique_for::text, a.debounce::text, a.debounce_max::text) is not null
          then 'unique_until, unique_for, debounce and debounce_max need a unique_key.'
        when a.debounce is not null and coalesce(a.unique_until, a.unique_for::text) is not null
          then 'debounce excludes unique_until and unique_for.'
        when a.unique_for <= interval '0' then format('unique_for must be more than 0, not %s.', a.unique_for)
        when least(a.debounce, a.debounce_max) < interval '0' then format(
          'debounce and debounce_max must be 0 or more, not %s.', least(a.debounce, a.debounce_max))
        when not queue.are_keys(a.limits) then format('limits must be a list of keys of 1 to 200 characters without spaces, not %s.', left(a.limits::text, 300))
        when jsonb_typeof(a.tags) <> 'array' or a.tags @? '$[*] ? (@.type() != "string")' then 'tags must be a list of words.'
      end as problem
    from asked a
    left join known k on k.name = a.task
    left join queue.queues q on q.name = coalesce(a.queue, k.queue, 'default')
  ),
  inserted as (
    insert into graphile_worker._private_jobs (task_id, payload, priority, run_at, max_attempts, flags)
    select p.task_id, (p.envelope || jsonb_build_object('uuid', p.uuid))::json, p.priority, p.run_at, p.max_attempts, p.flags
    from planned p
    where p.problem is null and p.key is null
    order by p.n
  )
  select
    array_agg(case when p.key is null then p.uuid end order by p.n),
    min(p.problem),
    jsonb_agg(to_jsonb(p) order by p.n) filter (where p.key is not null),
    array_agg(distinct p.queue) filter (where p.limits is not null),
    (select jsonb_object_agg(d.queue, d.jobs)
     from (select p.queue, count(*) as jobs from planned p where p.run_at <= clock_timestamp() and p.queue is not null group by p.queue) d)
  into v_uuids, v_problem, v_keyed, v_limited, v_due
  from planned p;

  if v_problem is not null then
    raise exception '%', v_problem using errcode = 'HW422';
  end if;
  if v_limited is not null then
    perform queue.serve_with_limits(v_limited);
  end if;
  for v_each in
    select * from jsonb_to_recordset(v_keyed) k (
      n int, uuid uuid, task_id int, key text, unique_for interval, debounce interval, debounce_max interval, priority int,
      run_at timestamptz, max_attempts int, flags jsonb, envelope jsonb
    )
  loop
    v_uuids[v_each.n] := queue.dispatch_keyed(
      v_each.uuid, v_each.task_id, v_each.key, v_each.unique_for, v_each.debounce, v_each.debounce_max, v_each.priority,
      v_each.run_at, v_each.max_attempts, v_each.flags, v_each.envelope
    );
  end loop;
  for v_each in select d.key as queue, d.value as jobs from jsonb_each_text(v_due) d loop
    perform pg_notify('howdah_jobs', v_each.queue || ' ' || v_each.jobs);
  end loop;
  return coalesce(v_uuids, '{}');
end
$$;

-- The job row itself is the lock: graphile-worker's unique key lives and dies with it, so that no lock can outlive its job.
create function queue.dispatch_keyed(
  uuid uuid, task_id int, key text, unique_for interval, debounce interval, debounce_max interval, priority int,
  run_at timestamptz, max_attempts int, flags jsonb, envelope jsonb
) returns uuid
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
declare
  v_uuid uuid;
begin
  if dispatch_keyed.unique_for is not null then
    insert into queue.unique_windows as w (key, uuid, until)
    values (dispatch_keyed.key, dispatch_keyed.uuid, clock_timestamp() + dispatch_keyed.unique_for)
    on conflict on constraint unique_windows_pkey do update set uuid = excluded.uuid, until = excluded.until
      where w.until <= clock_timestamp()
    returning w.uuid into v_uuid;
    if v_uuid is null then
      return null;
    end if;
  end if;
  if dispatch_keyed.debounce is not null then
    update graphile_worker._private_jobs j set key = null where j.key = dispatch_keyed.key and j.locked_at is not null;
  end if;
  insert into graphile_worker._private_jobs as j (task_id, payload, priority, run_at, max_attempts, flags, key)
  values (
    dispatch_keyed.task_id, (dispatch_keyed.envelope || jsonb_build_object('uuid', dispatch_keyed.uuid))::json,
    dispatch_keyed.priority, dispatch_keyed.run_at, dispatch_keyed.max_attempts, dispatch_keyed.flags,
    case when dispatch_keyed.unique_for is null then dispatch_keyed.key end
  )
  on conflict (key) do update
  set payload = (dispatch_keyed.envelope || jsonb_build_object('uuid', j.payload -> 'uuid'))::json,
      run_at = least(excluded.run_at, j.created_at + dispatch_keyed.debounce_max),
      revision = j.revision + 1,
      updated_at = now()
    where dispatch_keyed.debounce is not null and j.locked_at is null
  returning (j.payload ->> 'uuid')::uuid into v_uuid;
  return v_uuid;
end
$$;

create function queue.flags_of(limits jsonb, batched boolean, chained boolean) returns jsonb
language sql immutable as $$
  select case when limits is not null or batched or chained then
    coalesce((
      select jsonb_object_agg('limit:' || l.key, true)
      from jsonb_array_elements_text(case when queue.are_keys(limits) then limits end) l (key)
    ), '{}')
    || case when batched then '{"batch": true}'::jsonb else '{}' end
    || case when chained then '{"chain": true}'::jsonb else '{}' end
  end
$$;

create function queue.are_keys(list jsonb) returns boolean
language sql immutable strict as $$
  select jsonb_typeof(list) = 'array'
    and not list @? '$[*] ? (@.type() != "string" || !(@ like_regex "^\\S{1,200}$"))'
$$;

-- jsonb_strip_nulls would strip the nulls within a payload as well.
create function queue.pair(key text, value jsonb) returns jsonb
language sql stable as $$
  select case when value is null or value in ('null', '[]') then '{}' else jsonb_build_object(key, value) end
$$;

-- "5, 25", [5, 25] and {5,25} are all 5,25.
create function queue.list_of(list text) returns text
language sql immutable strict as $$
  select translate(list, '[]{} ', '')
$$;

-- From PostgreSQL 18 on in the order of time, which keeps the index of the history small.
do $$
begin
  execute format(
    'create function queue.new_uuid() returns uuid language sql volatile as ''select pg_catalog.%s()''',
    case when current_setting('server_version_num')::int >= 180000 then 'uuidv7' else 'gen_random_uuid' end
  );
end
$$;

-- json may hold a NUL, which neither text nor jsonb can: PHP writes it before the names of private properties.
create function queue.readable(payload json) returns jsonb
language sql immutable as $$
  select regexp_replace(payload::text, '(?<!\\)((\\\\)*)\\u0000', '\1', 'g')::jsonb
$$;

-- Comments

comment on schema queue is
  E'@howdah\nJobs for operators: look at queue.jobs, queue.failed_jobs, queue.overview; call queue.retry(uuid), queue.explain(id), queue.pause(queue).';
comment on function queue.dispatch is
  'Puts a task on a queue, in the caller''s transaction: select queue.dispatch(''mail/flush'', ''{}'', queue => ''mail''). Returns the job''s uuid; null when a job of the same unique_key is there already.';
comment on function queue.dispatch_many is
  'Dispatches a list of {"task", "payload", "queue", ...} with the options of queue.dispatch, all or none; returns their uuids in order.';
comment on function queue.create_queue is
  'Makes a queue; live workers build its index and serve it: select queue.create_queue(''reports'', ''{"concurrency": 2}'').';
comment on function queue.configure is
  'Changes settings of a queue while it runs: select queue.configure(''mail'', ''{"rate": 10, "concurrency": 5}'').';
comment on table queue.queues is 'The queues and their settings; concurrency is per worker process, rate is for all of them together.';
comment on column queue.queues.served is 'Whether Howdah''s workers serve it; false leaves it to Laravel''s.';
comment on column queue.queues.rank is 'A queue of lower rank goes first whenever a slot becomes free; weight shares the slots within a rank.';
comment on column queue.queues.on_death is 'What becomes of a job whose last try died with its worker: retry (up to three deaths) or fail.';
comment on column queue.queues.limited is 'Set by the first job that asks for a limit: such a queue is fetched job by job.';
comment on table queue.tasks is 'The tasks that processes of this database can run, with the options that their files declare.';
