-- Recurring tasks. A row is a schedule; live workers watch the nearest next_tick, and the one that locks the row first
-- dispatches its job and moves next_tick in the same transaction: one job per tick, however many workers there are and
-- wherever they crash. What a cron expression means is reckoned in src/queue/cron.ts.

create function queue.schedule(
  name text,
  task text,
  cron text,
  payload jsonb default '{}',
  queue text default null,
  timezone text default 'UTC',
  missed text default 'skip'
) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform queue.refuse_bad_schedule(schedule.task, schedule.cron, schedule.queue, schedule.timezone, schedule.missed);
  insert into queue.schedules as s (name, task, cron, payload, queue, timezone, missed)
  values (
    schedule.name, schedule.task, schedule.cron, coalesce(schedule.payload, '{}'), schedule.queue, schedule.timezone,
    schedule.missed
  )
  on conflict on constraint schedules_pkey do update
  set task = excluded.task, cron = excluded.cron, payload = excluded.payload, queue = excluded.queue,
      timezone = excluded.timezone, missed = excluded.missed;
  perform queue.note('schedule', schedule.name, 1, jsonb_build_object('task', schedule.task, 'cron', schedule.cron));
end
$$;

-- What can be seen at once is told at once; only the next tick can tell whether the payload suits the task.
create function queue.refuse_bad_schedule(task text, cron text, queue text, timezone text, missed text) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_problem text;
begin
  v_problem := case
    when cron !~ '^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+(\s+\S+){4,5})\s*$' then format(
      '"%s" is no cron expression: it has five fields (minute, hour, day, month, weekday), six with the second in front, or is a word such as @daily.', cron)
    when missed not in ('skip', 'once', 'all') then format('missed must be skip, once or all, not "%s".', missed)
    when not exists (select from queue.tasks t where t.name = refuse_bad_schedule.task) then format(
      'There is no task "%s": it would be the file tasks/%s.ts of a worker that has run on this database.', task, task)
    when queue is not null and not exists (select from queue.queues q where q.name = refuse_bad_schedule.queue) then format(
      'There is no queue "%s": create it with select queue.create_queue(%L).', queue, queue)
    when not queue.is_timezone(timezone) then format('"%s" is no time zone: name one as Asia/Jakarta or UTC.', timezone)
  end;
  if v_problem is not null then
    raise exception '%', v_problem using errcode = 'HW422';
  end if;
end
$$;

create function queue.is_timezone(name text) returns boolean
language plpgsql stable as $$
begin
  return (now() at time zone is_timezone.name) is not null;
exception
  when invalid_parameter_value then return false;
end
$$;

create function queue.unschedule(name text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_declared jsonb;
begin
  select s.declared into v_declared from queue.schedules s where s.name = unschedule.name for update;
  if v_declared <> '{}' then
    raise exception 'The code declares %, so the next start would bring it back: call queue.disable_schedule(%).',
      unschedule.name, quote_literal(unschedule.name)
      using errcode = 'HW409';
  end if;
  delete from queue.schedules s where s.name = unschedule.name;
  if not found then
    return false;
  end if;
  perform queue.note('unschedule', unschedule.name, 1);
  return true;
end
$$;

create function queue.enable_schedule(name text) returns void
language sql volatile security definer set search_path = '' as $$
  select queue.switch_schedule(enable_schedule.name, true)
$$;

create function queue.disable_schedule(name text) returns void
language sql volatile security definer set search_path = '' as $$
  select queue.switch_schedule(disable_schedule.name, false)
$$;

create function queue.switch_schedule(name text, enabled boolean) returns void
language plpgsql volatile set search_path = '' as $$
begin
  update queue.schedules s set enabled = switch_schedule.enabled where s.name = switch_schedule.name;
  if not found then
    raise exception 'There is no schedule "%": select name from queue.schedules shows all.', switch_schedule.name
      using errcode = 'HW404';
  end if;
  perform queue.note(
    case when switch_schedule.enabled then 'enable_schedule' else 'disable_schedule' end, switch_schedule.name, 1);
end
$$;

-- The code's own word on its schedules, with the rule of queue.declare_queue: what it says anew wins, what an operator
-- changed stays as long as the code says the same. One that the code says no more is gone.
create function queue.declare_schedules(schedules jsonb) returns void
language plpgsql volatile as $$
declare
  v_each jsonb;
begin
  for v_each in select s.value from jsonb_array_elements(declare_schedules.schedules) s order by s.value ->> 'name' loop
    perform queue.declare_schedule(v_each ->> 'name', v_each - 'name');
  end loop;
  delete from queue.schedules s
  where s.declared <> '{}'
    and s.name not in (select d.value ->> 'name' from jsonb_array_elements(declare_schedules.schedules) d);
end
$$;

create function queue.declare_schedule(name text, settings jsonb) returns void
language plpgsql volatile as $$
declare
  v_declared jsonb;
  v_changed jsonb;
begin
  insert into queue.schedules (name, task, cron, payload, queue, timezone, missed, declared)
  select declare_schedule.name, s.task, s.cron, s.payload, s.queue, s.timezone, s.missed, declare_schedule.settings
  from jsonb_populate_record(null::queue.schedules, declare_schedule.settings) s
  on conflict on constraint schedules_pkey do nothing;
  select s.declared into v_declared from queue.schedules s where s.name = declare_schedule.name for update;
  if v_declared = declare_schedule.settings then
    return;
  end if;
  select coalesce(jsonb_object_agg(s.key, s.value), '{}') into v_changed
  from jsonb_each(declare_schedule.settings) s
  where v_declared -> s.key is distinct from s.value;
  update queue.schedules s
  set (task, cron, payload, queue, timezone, missed, declared)
    = (select c.task, c.cron, c.payload, c.queue, c.timezone, c.missed, declare_schedule.settings
       from jsonb_populate_record(s, v_changed) c)
  where s.name = declare_schedule.name;
end
$$;

-- For the ticker

-- Locks one schedule that is due, or whose next tick is not reckoned yet, until the end of the transaction. The clock
-- is the database's, the same for all nodes.
create function queue.due_schedule(moment timestamptz default null)
returns table (name text, task text, cron text, timezone text, missed text, tick timestamptz, seen_at timestamptz)
language sql volatile as $$
  select s.name, s.task, s.cron, s.timezone, s.missed, s.next_tick, coalesce(due_schedule.moment, clock_timestamp())
  from queue.schedules s
  where s.enabled
    and (
      s.next_tick <= coalesce(due_schedule.moment, clock_timestamp())
      or (s.next_tick is null and s.error is null)
    )
  order by s.next_tick nulls first
  limit 1
  for update skip locked
$$;

-- Dispatches a job for each of these ticks and moves on; says why not when the dispatch is refused. What may pass by
-- itself (a deadlock, a lost connection) is raised, so that the tick stays due.
create function queue.tick(name text, ticks timestamptz[], next_tick timestamptz, problem text default null) returns text
language plpgsql volatile as $$
declare
  v_problem text := tick.problem;
begin
  begin
    perform queue.dispatch_many(queue.jobs_of_ticks(tick.name, tick.ticks));
  exception when others then
    if left(sqlstate, 2) in ('08', '40', '53', '55', '57', '58', 'XX') then
      raise;
    end if;
    v_problem := sqlerrm;
  end;
  update queue.schedules s
  set last_tick = case when v_problem is null then coalesce(tick.ticks[cardinality(tick.ticks)], s.last_tick) else s.last_tick end,
      next_tick = tick.next_tick,
      error = v_problem
  where s.name = tick.name;
  return v_problem;
end
$$;

-- The tags say which schedule and which tick a job is of; those of the task stay.
create function queue.jobs_of_ticks(name text, ticks timestamptz[]) returns jsonb
language sql stable as $$
  select coalesce(
    jsonb_agg(jsonb_build_object(
      'task', s.task,
      'queue', s.queue,
      'payload', s.payload,
      'tags', jsonb_build_array('schedule:' || s.name, to_char(t.tick at time zone 'UTC', '"tick:"YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        || coalesce((select k.options -> 'tags' from queue.tasks k where k.name = s.task), '[]')
    ) order by t.tick),
    '[]'
  )
  from queue.schedules s, unnest(jobs_of_ticks.ticks) t (tick)
  where s.name = jobs_of_ticks.name
$$;

-- How long nothing is due; null when nothing is scheduled.
create function queue.milliseconds_to_tick(moment timestamptz default null) returns double precision
language sql volatile as $$
  select greatest(extract(epoch from min(coalesce(s.next_tick, n.moment)) - min(n.moment)) * 1000, 0)
  from (select coalesce(milliseconds_to_tick.moment, clock_timestamp()) as moment) n, queue.schedules s
  where s.enabled and (s.next_tick is not null or s.error is null)
$$;

-- Triggers

-- Another rhythm is reckoned anew, from now: what lies before an edit was not missed.
create function queue.tg_schedules__reckon_anew() returns trigger
language plpgsql volatile as $$
begin
  if (new.cron, new.timezone, new.enabled) is distinct from (old.cron, old.timezone, old.enabled) then
    new.next_tick := null;
    new.error := null;
  end if;
  new.updated_at := now();
  return new;
end
$$;

create trigger _100_reckon_anew before update on queue.schedules
for each row execute function queue.tg_schedules__reckon_anew();

create function queue.tg_schedules__wake() returns trigger
language plpgsql volatile as $$
begin
  perform pg_notify('howdah_queue', 'schedule');
  return null;
end
$$;

create trigger _900_wake after insert or delete on queue.schedules
for each row execute function queue.tg_schedules__wake();

-- Not for a tick that was just run: whoever waits for the next one knows it by the clock.
create trigger _900_wake_on_edit after update on queue.schedules
for each row when (old.last_tick is not distinct from new.last_tick and old.next_tick is distinct from new.next_tick)
execute function queue.tg_schedules__wake();

-- Comments

comment on table queue.schedules is
  'Recurring tasks; edit the rows while workers run. update queue.schedules set next_tick = now() where name = … runs one at once.';
comment on column queue.schedules.cron is
  'Minute, hour, day, month, weekday, with the second in front if there are six fields; or @hourly, @daily, @weekly, @monthly, @yearly. Day and weekday: either will do. L is the last day of the month, 5#2 its second Friday.';
comment on column queue.schedules.timezone is
  'The clock that the cron expression means. When it is put forward, a fixed time that is left out comes right after; when it is put back, a fixed time comes once and what recurs within hours goes on through both.';
comment on column queue.schedules.missed is
  'What becomes of ticks that no worker saw: skip (over a minute late: none), once (one job for however many), all (a job for each, the last 1,000 at most).';
comment on column queue.schedules.error is
  'Why there is no next tick (the expression or time zone cannot be read: mend it) or why the last one was refused (it is tried again at the next).';
comment on column queue.schedules.declared is 'What the code says, empty for a schedule that an operator made.';
comment on function queue.schedule is
  'Makes or replaces a recurring task: select queue.schedule(''remind'', ''events/remind'', ''0 7 * * 1-5'', timezone => ''Asia/Jakarta''). Errors: HW422.';
comment on function queue.unschedule is 'Removes a schedule; false when there was none. One that the code declares can only be disabled. Errors: HW409.';
comment on function queue.enable_schedule is 'Lets a schedule go on from now. Errors: HW404.';
comment on function queue.disable_schedule is 'Stops a schedule until it is enabled; the ticks between are not missed. Errors: HW404.';
