-- Row changes for those who subscribed to them (postgres_changes). The publication supabase_realtime says which tables may
-- be watched; a table that is watched carries triggers which write each changed row into realtime.changes, and one that
-- nobody watches carries none. Relays read that log with realtime.feed_changes() and ask realtime.sift() who is to see what.
-- Rows are judged as they were in the change: a row that is gone by now is told all the same.

-- A partition is never listed: its rows are told as rows of the partitioned table.
create function realtime.published()
returns table (
  relation oid, schema_name name, table_name name, columns smallint[], row_filter text, operations text[]
)
language sql stable set search_path = ''
as $$
  with publication as (
    select p.oid, p.puballtables, array_remove(array[
        case when p.pubinsert then 'INSERT' end, case when p.pubupdate then 'UPDATE' end,
        case when p.pubdelete then 'DELETE' end, case when p.pubtruncate then 'TRUNCATE' end
      ], null) as operations
    from pg_publication as p
    where p.pubname = 'supabase_realtime'
  ),
  listed as (
    select r.prrelid as relation, r.prattrs::smallint[] as columns, pg_get_expr(r.prqual, r.prrelid) as row_filter, p.operations
    from publication as p
    join pg_publication_rel as r on r.prpubid = p.oid
    union all
    select c.oid, null, null, p.operations
    from publication as p
    join pg_publication_namespace as n on n.pnpubid = p.oid
    join pg_class as c on c.relnamespace = n.pnnspid
    union all
    select c.oid, null, null, p.operations
    from publication as p
    join pg_class as c on p.puballtables
  )
  select distinct on (c.oid) c.oid, n.nspname, c.relname, l.columns, l.row_filter, l.operations
  from listed as l
  join pg_class as c on c.oid = l.relation
  join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence = 'p' and not c.relispartition
    and n.nspname not in ('realtime', 'information_schema') and n.nspname !~ '^pg_'
  order by c.oid, l.columns nulls first, l.row_filter nulls first
$$;

-- One binding after the other, each {schema, table, conditions: [{column, op, not}], values, select}: the tables it stands
-- for, or what is wrong with it. '*' stands for every published table that the role may read and the filter fits.
create function realtime.check_bindings(role text, bindings jsonb, usual_path text default current_setting('search_path'))
returns table (relations bigint[], names text[], problem text)
language plpgsql stable set search_path = ''
as $$
declare
  v_binding record;
  v_table record;
  v_problem text;
begin
  for v_binding in
    select b.* from jsonb_to_recordset(check_bindings.bindings)
      as b (schema text, "table" text, conditions jsonb, "values" jsonb, "select" text[])
  loop
    relations := '{}';
    names := '{}';
    v_problem := 'the table is not in the publication supabase_realtime';
    for v_table in
      select p.relation, p.columns from realtime.published() as p
      where v_binding.schema in ('*', p.schema_name) and v_binding."table" in ('*', p.table_name)
      order by p.relation
    loop
      begin
        perform realtime.check_binding(
          check_bindings.role, v_table.relation, v_table.columns, v_binding.conditions, v_binding."values", v_binding."select",
          check_bindings.usual_path);
        relations := relations || v_table.relation::bigint;
        names := names || v_table.relation::regclass::text;
      exception when others then
        v_problem := sqlerrm;
      end;
    end loop;
    problem := case when relations = '{}' then v_problem end;
    return next;
  end loop;
end
$$;

-- Raises what is wrong.
create function realtime.check_binding(
  role text, relation oid, columns smallint[], conditions jsonb, "values" jsonb, "select" text[], usual_path text
) returns void
language plpgsql stable set search_path = ''
as $$
declare
  v_name text;
  v_condition record;
  v_probe record;
begin
  if not has_any_column_privilege(check_binding.role, check_binding.relation, 'SELECT') then
    raise exception 'permission denied for table %', check_binding.relation::regclass;
  end if;
  for v_name in
    select c ->> 'column' from jsonb_array_elements(check_binding.conditions) as c
    union all
    select unnest(check_binding."select")
  loop
    if not realtime.is_readable(check_binding.role, check_binding.relation, check_binding.columns, v_name) then
      raise exception 'column "%" does not exist in % or may not be read', v_name, check_binding.relation::regclass;
    end if;
  end loop;
  perform set_config('search_path', check_binding.usual_path, true);
  for v_condition in
    select c.condition, c.place - 1 as place, check_binding."values" -> (c.place - 1)::integer as value
    from jsonb_array_elements(check_binding.conditions) with ordinality as c (condition, place)
  loop
    select * into v_probe from realtime.condition(check_binding.relation, v_condition.condition, v_condition.place::integer);
    execute format('select %s from (select $1::jsonb as "values") as f', v_probe.value) using check_binding."values";
    if v_condition.condition ->> 'op' in ('match', 'imatch') then
      perform '' ~ (v_condition.value #>> '{}');
    elsif v_condition.condition ->> 'op' in ('like', 'ilike') and (v_condition.value #>> '{}') ~ '(^|[^\\])(\\\\)*\\$' then
      raise exception 'the pattern must not end with a backslash';
    end if;
    -- The parser says whether the operator fits the column.
    execute format(
      'select %s from (select (null::%s).*) as r, (select %s as v%s from (select $1::jsonb as "values") as f) as s',
      v_probe.test, check_binding.relation::regclass, v_probe.value, v_condition.place) using check_binding."values";
  end loop;
end
$$;

create function realtime.is_readable(role text, relation oid, columns smallint[], column_name text) returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from pg_attribute as a
    where a.attrelid = is_readable.relation and a.attname = is_readable.column_name and a.attnum > 0 and not a.attisdropped
      and (is_readable.columns is null or a.attnum = any (is_readable.columns))
      and has_column_privilege(is_readable.role, is_readable.relation, a.attnum, 'SELECT'))
$$;

-- One condition of a filter as SQL: `value` makes the typed value out of f.values, `test` compares the column of r with it.
-- The type is the column's without its length, so that 'abcd' is not cut to fit a varchar(3).
create function realtime.condition(relation oid, condition jsonb, place integer, out value text, out test text)
language plpgsql stable set search_path = ''
as $$
declare
  v_type record;
  v_column constant text := format('r.%I', condition.condition ->> 'column');
  v_op constant text := condition.condition ->> 'op';
begin
  select t.typarray, format_type(t.oid, -1) as name into v_type
  from pg_attribute as a
  join pg_type as t on t.oid = a.atttypid
  where a.attrelid = condition.relation and a.attname = condition.condition ->> 'column' and a.attnum > 0;

  value := case
    when v_op = 'in' and v_type.typarray <> 0 then
      format('array(select jsonb_array_elements_text(f."values" -> %s))::text::%s', condition.place, format_type(v_type.typarray, -1))
    when v_op in ('like', 'ilike', 'match', 'imatch') then format('(f."values" ->> %s)', condition.place)
    when v_op ~ '^is(null|true|false|unknown)$' then 'null'
    else format('(f."values" ->> %s)::%s', condition.place, v_type.name)
  end;
  test := v_column || case v_op
    when 'eq' then ' = s.v%s'
    when 'neq' then ' <> s.v%s'
    when 'lt' then ' < s.v%s'
    when 'lte' then ' <= s.v%s'
    when 'gt' then ' > s.v%s'
    when 'gte' then ' >= s.v%s'
    when 'like' then ' like s.v%s'
    when 'ilike' then ' ilike s.v%s'
    when 'match' then ' ~ s.v%s'
    when 'imatch' then ' ~* s.v%s'
    when 'in' then ' = any (s.v%s)'
    when 'isdistinct' then ' is distinct from s.v%s'
    when 'isnull' then ' is null'
    when 'istrue' then ' is true'
    when 'isfalse' then ' is false'
    when 'isunknown' then ' is unknown'
  end;
  test := replace(test, 's.v%s', 's.v' || condition.place);
  if (condition.condition ->> 'not')::boolean then
    test := format('not (%s)', test);
  end if;
end
$$;

-- From its commit on every change of the table is logged: making a trigger waits for those who are writing. Fails with
-- lock_not_available when they write on; then ask again.
create function realtime.watch(relay_id uuid, relation oid) returns void
language plpgsql volatile set search_path = '' set lock_timeout = '200ms'
as $$
declare
  v_statement text;
begin
  perform realtime.lock_watch(watch.relation);
  insert into realtime.watches (relay_id, relation) values (watch.relay_id, watch.relation)
  on conflict on constraint a_relay_watches_a_table_once do nothing;
  for v_statement in select t.statement from realtime.missing_triggers(watch.relation) as t loop
    execute v_statement;
  end loop;
end
$$;

-- The triggers of others sort after ours. With a transition table a statement on a partitioned table fires the triggers of
-- that table only, a statement on a partition those of the partition only. A table with row triggers of its own needs one
-- that fires before the statement: see tg_changes__open.
create function realtime.missing_triggers(relation oid)
returns table (member oid, statement text)
language sql stable set search_path = ''
as $$
  with member as (
    select c.oid, c.oid <> missing_triggers.relation as is_partition
    from pg_class as c
    where (c.oid = missing_triggers.relation or c.oid in (select t.relid from pg_partition_tree(missing_triggers.relation) as t))
      and c.relkind in ('r', 'p')
  ),
  wanted as (
    select m.oid, m.is_partition, '!howdah_' || k.operation as name, 'tg_changes__log' as function_name,
      format('after %s on %s %s', k.operation, m.oid::regclass, k.referencing) as event
    from member as m
    cross join (values
      ('insert', 'referencing new table as new_rows'),
      ('update', 'referencing old table as old_rows new table as new_rows'),
      ('delete', 'referencing old table as old_rows'),
      ('truncate', '')) as k (operation, referencing)
    union all
    select m.oid, m.is_partition, '!howdah_open_' || k.operation, 'tg_changes__open',
      format('before %s on %s', k.operation, m.oid::regclass)
    from member as m
    cross join (values ('insert'), ('update'), ('delete')) as k (operation)
    where exists (
      select from pg_trigger as t
      where t.tgrelid in (select o.oid from member as o) and not t.tgisinternal and t.tgtype & 1 = 1 and t.tgtype & 66 = 0)
  )
  select w.oid, format('create or replace trigger %I %s for each statement execute function realtime.%I(%s)',
    w.name, w.event, w.function_name, case when w.is_partition then '''partition''' else '' end)
  from wanted as w
  where not exists (
    select from pg_trigger as t
    where t.tgrelid = w.oid and t.tgname = w.name and t.tgenabled <> 'D'
      and t.tgfoid in (select p.oid from pg_proc as p where p.pronamespace = 'realtime'::regnamespace and p.proname = w.function_name))
$$;

create function realtime.lock_watch(relation oid) returns void
language sql volatile set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('realtime.watch', lock_watch.relation::bigint))
$$;

-- True if the table has lost its triggers, or needs them for another relay.
create function realtime.unwatch(relay_id uuid, relation oid) returns boolean
language plpgsql volatile set search_path = '' set lock_timeout = '200ms'
as $$
begin
  perform realtime.lock_watch(unwatch.relation);
  delete from realtime.watches as w where w.relay_id = unwatch.relay_id and w.relation = unwatch.relation;
  return realtime.drop_triggers(unwatch.relation);
end
$$;

-- A crash of the server empties realtime.watches; every relay enters its watches again within seconds, and until then a
-- table may be watched without anybody seeing it. So nothing is dropped while a relay is younger than a minute.
create function realtime.drop_triggers(relation oid) returns boolean
language plpgsql volatile set search_path = '' set lock_timeout = '50ms'
as $$
declare
  v_statement text;
begin
  if exists (select from realtime.watches as w where w.relation = drop_triggers.relation) then
    return true;
  elsif exists (select from realtime.relays as r where r.started_at > clock_timestamp() - interval '1 minute') then
    return false;
  end if;
  for v_statement in
    select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass)
    from realtime.own_triggers() as t
    where t.root = drop_triggers.relation
  loop
    execute v_statement;
  end loop;
  return true;
exception when lock_not_available then
  return false;
end
$$;

create function realtime.own_triggers() returns table (tgname name, tgrelid oid, root oid)
language sql stable set search_path = ''
as $$
  select t.tgname, t.tgrelid, coalesce(pg_partition_root(t.tgrelid)::oid, t.tgrelid)
  from pg_trigger as t
  where t.tgfoid in (
    select p.oid from pg_proc as p
    where p.pronamespace = 'realtime'::regnamespace and p.proname in ('tg_changes__log', 'tg_changes__open'))
$$;

-- Takes the triggers off tables whose watchers have died; those that are busy have their turn next time.
create function realtime.sweep_watches() returns void
language plpgsql volatile set search_path = ''
as $$
declare
  v_relation oid;
begin
  for v_relation in
    select distinct t.root from realtime.own_triggers() as t
    where not exists (select from realtime.watches as w where w.relation = t.root)
  loop
    if pg_try_advisory_xact_lock(hashtextextended('realtime.watch', v_relation::bigint)) then
      perform realtime.drop_triggers(v_relation);
    end if;
  end loop;
end
$$;

-- `face` changes whenever the publication does. `broken`: watched tables whose own triggers are gone, so that changes may
-- have been missed; `incomplete`: those that lack their entry or the triggers of a partition.
create function realtime.check_watches(
  relay_id uuid, relations bigint[], out face text, out broken bigint[], out incomplete bigint[]
)
language sql stable set search_path = ''
as $$
  select
    (select md5(coalesce(string_agg(p::text, ',' order by p.relation), '')) from realtime.published() as p),
    coalesce(array_agg(w.relation) filter (where w.missing @> array[w.relation]), '{}'),
    coalesce(array_agg(w.relation) filter (where cardinality(w.missing) > 0 or not exists (
      select from realtime.watches as e where e.relay_id = check_watches.relay_id and e.relation = w.relation::oid)), '{}')
  from (
    select c.oid::bigint as relation, array(select m.member::bigint from realtime.missing_triggers(c.oid) as m) as missing
    from pg_class as c
    where c.oid = any (check_watches.relations::oid[])
  ) as w
$$;

-- Logs what a statement changed and wakes the relays. The writer's statement never fails by it, and no change is passed over
-- in silence: what cannot be told row by row is told as a number of rows, 0 where even that is unknown. Without nested
-- loops: the plan is kept, and the next statement may change ten thousand rows where this one changed one.
create or replace function realtime.tg_changes__log() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_nestloop = off
as $$
declare
  v_relation oid := tg_relid;
  v_schema name := tg_table_schema;
  v_table name := tg_table_name;
  v_opened constant text := format('realtime.open_%s_%s', tg_relid, lower(tg_op));
  v_open constant text := current_setting(v_opened, true);
  v_place bigint;
  v_most bigint;
  v_rows bigint;
  v_new bigint;
begin
  if v_open <> '' then
    perform set_config(v_opened, substr(v_open, length(split_part(v_open, ',', 1)) + 2), true);
    v_place := nextval('realtime.changes_id_seq');
  end if;
  if tg_nargs > 0 then
    select w.relation, n.nspname, c.relname into v_relation, v_schema, v_table
    from pg_partition_ancestors(tg_relid) as a
    join realtime.watches as w on w.relation = a.relid
    join pg_class as c on c.oid = w.relation
    join pg_namespace as n on n.oid = c.relnamespace
    limit 1;
    if not found then
      return null;
    end if;
  end if;

  begin
    v_most := coalesce(nullif(current_setting('realtime.max_changed_rows', true), '')::bigint, 10000);
    if tg_op = 'INSERT' then
      select count(*) into v_rows from new_rows;
      insert into realtime.changes (relation, schema_name, table_name, operation, record)
      select v_relation, v_schema, v_table, 'INSERT', to_jsonb(n.*) from new_rows as n where v_rows <= v_most;
    elsif tg_op = 'DELETE' then
      select count(*) into v_rows from old_rows;
      insert into realtime.changes (relation, schema_name, table_name, operation, old_record)
      select v_relation, v_schema, v_table, 'DELETE', to_jsonb(o.*) from old_rows as o where v_rows <= v_most;
    elsif tg_op = 'UPDATE' then
      -- The executor writes the two tables in step. Only a row that was to move into another partition and was refused
      -- there stands in one of them alone.
      select count(*) into v_rows from old_rows;
      select count(*) into v_new from new_rows;
      if v_rows <> v_new then
        v_most := 0;
      end if;
      insert into realtime.changes (relation, schema_name, table_name, operation, record, old_record)
      select v_relation, v_schema, v_table, 'UPDATE', n.row, o.row
      from (select row_number() over () as place, to_jsonb(r.*) as row from new_rows as r) as n
      join (select row_number() over () as place, to_jsonb(r.*) as row from old_rows as r) as o using (place)
      where v_rows <= v_most
      order by place;
    end if;
  exception
    -- That transaction is to be run again; going on would lose the change.
    when transaction_rollback then
      raise;
    when others then
      raise warning 'the change of %.% is told without its rows: %', v_schema, v_table, sqlerrm;
      v_rows := null;
  end;
  if v_rows = 0 then
    return null;
  end if;
  begin
    insert into realtime.changes (relation, schema_name, table_name, operation, rows)
    select v_relation, v_schema, v_table, tg_op, coalesce(v_rows, 0)
    where (v_rows <= v_most) is not true
      and not (tg_op = 'TRUNCATE' and exists (
        select from realtime.changes as c
        where c.xid = pg_current_xact_id() and c.relation = v_relation and c.operation = 'TRUNCATE'));
    if v_place is not null then
      perform realtime.log_again(v_relation, split_part(v_open, ',', 1)::bigint, v_place);
    end if;
  exception
    when transaction_rollback then
      raise;
    when others then
      raise warning 'the change of %.% is not told: %', v_schema, v_table, sqlerrm;
  end;
  if current_setting('realtime.wake', true) is distinct from 'caller' then
    perform pg_notify('howdah_wake', '');
  end if;
  return null;
end
$$;

-- A row trigger may change rows of its table again; those nested statements end, and are logged, before the one around them.
-- Where a table has row triggers, this notes the place in the log at which a statement began, and what was logged from there
-- on is moved behind the statement's own rows. Statements of one kind may be nested, so the places form a stack.
create or replace function realtime.tg_changes__open() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_opened constant text := format('realtime.open_%s_%s', tg_relid, lower(tg_op));
begin
  perform set_config(v_opened,
    concat_ws(',', nextval('realtime.changes_id_seq'), nullif(current_setting(v_opened, true), '')), true);
  return null;
end
$$;

create function realtime.log_again(relation oid, after bigint, before bigint) returns void
language sql volatile set search_path = ''
as $$
  with nested as (
    delete from realtime.changes as c
    where c.xid = pg_current_xact_id() and c.relation = log_again.relation
      and c.id > log_again.after and c.id < log_again.before
    returning c.*
  )
  insert into realtime.changes (at, relation, schema_name, table_name, operation, rows, record, old_record)
  select n.at, n.relation, n.schema_name, n.table_name, n.operation, n.rows, n.record, n.old_record
  from nested as n
  order by n.id
$$;

-- What became visible since an earlier snapshot, at most so many changes of these tables and about 8 MB, ordered by id; and
-- the snapshot to ask with next time. While there is more, ask with that snapshot as `until` and the last id as `after`.
-- Sequential scans are off: a fresh partition has no statistics, and the planner would read all of it.
create function realtime.feed_changes(
  since pg_snapshot, relations bigint[], most integer, until pg_snapshot, after bigint,
  out upto text, out ids bigint[], out relation_of bigint[], out earliest text, out latest text, out more boolean
)
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
  v_until constant pg_snapshot := coalesce(feed_changes.until, pg_current_snapshot());
  v_relations constant oid[] := feed_changes.relations::oid[];
  v_newest constant xid8 := (
    select c.xid from realtime.changes as c
    where c.xid >= coalesce(pg_snapshot_xmax(feed_changes.since), '3') and pg_visible_in_snapshot(c.xid, v_until)
    order by c.xid desc
    limit 1
  );
begin
  upto := realtime.cut_snapshot(v_until, feed_changes.since, v_newest);
  select coalesce(array_agg(p.id order by p.id) filter (where p.fits), '{}'),
    coalesce(array_agg(p.relation::bigint order by p.id) filter (where p.fits), '{}'),
    min(p.at) filter (where p.fits), max(p.at) filter (where p.fits), coalesce(bool_or(not p.fits), false)
  into ids, relation_of, earliest, latest, more
  from (
    select found.id, found.relation, found.at,
      row_number() over by_id <= feed_changes.most and sum(found.bytes) over by_id - found.bytes < 8000000 as fits
    from (
      -- The first page finds its rows by transaction, the others of a large difference by id.
      (
        select c.id, c.relation, c.at, coalesce(pg_column_size(c.record), 0) + coalesce(pg_column_size(c.old_record), 0) as bytes
        from (
          select n.* from realtime.changes as n
          where feed_changes.after is null and n.xid >= pg_snapshot_xmax(feed_changes.since)
          union all
          select r.* from realtime.changes as r
          where feed_changes.after is null and r.xid = any (array(select pg_snapshot_xip(feed_changes.since)))
        ) as c
        where c.relation = any (v_relations)
        order by c.id
        limit feed_changes.most + 1
      )
      union all
      (
        select c.id, c.relation, c.at, coalesce(pg_column_size(c.record), 0) + coalesce(pg_column_size(c.old_record), 0)
        from realtime.changes as c
        where c.id > feed_changes.after and c.relation = any (v_relations)
          and pg_visible_in_snapshot(c.xid, v_until) and not pg_visible_in_snapshot(c.xid, feed_changes.since)
        order by c.id
        limit feed_changes.most + 1
      )
    ) as found
    window by_id as (order by found.id)
  ) as p;
end
$$;

-- Who is to see what of these changes of one table. `shapes` are the filters, [{event, conditions, values}], with
-- conditions as in realtime.condition(); `cuts` what is shown of a row, [{role, select}]; `viewers` those who ask, each with
-- the questions [number, shape, cut] they put: [{role, claims, headers, questions}]. All are counted from 0. Policies and the
-- operators of extensions may need the search_path that sessions usually have. The rows:
--   change_ids, questions     one viewer's: that change answers that question
--   change_id, cut, payload   the change as this cut shows it
--   change_id, operation, changed_rows, questions   rows that are not told one by one, and whom it concerns
--   viewer, failure           a policy raised, and nothing was judged for this viewer
create function realtime.sift(
  relation oid, ids bigint[], earliest timestamptz, latest timestamptz, shapes jsonb, cuts jsonb, viewers jsonb,
  usual_path text default current_setting('search_path')
)
returns table (
  change_id bigint, cut integer, payload text, operation text, changed_rows bigint, change_ids bigint[], questions integer[],
  viewer integer, failure text
)
language plpgsql volatile set search_path = '' set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_published record;
  v_template record;
  v_viewer record;
  v_statement text;
  v_ids bigint[];
  v_records jsonb[];
  v_operations text[];
  v_hits bigint[] := '{}';
  v_hit_shapes integer[] := '{}';
  v_more bigint[];
  v_more_shapes integer[];
  v_seen bigint[];
  v_told bigint[] := '{}';
  v_told_cuts integer[] := '{}';
begin
  select p.* into v_published from realtime.published() as p where p.relation = sift.relation;
  if not found then
    return;
  end if;
  select coalesce(array_agg(j.id), '{}'), coalesce(array_agg(j.record), '{}'), coalesce(array_agg(j.operation), '{}')
  into v_ids, v_records, v_operations
  from realtime.judged_changes(sift.relation, sift.ids, sift.earliest, sift.latest) as j
  where j.operation = any (v_published.operations);
  if v_published.row_filter is not null then
    execute realtime.judging(sift.relation, v_published.row_filter) into v_more using v_ids, v_records;
    select coalesce(array_agg(j.id), '{}'), coalesce(array_agg(j.record), '{}'), coalesce(array_agg(j.operation), '{}')
    into v_ids, v_records, v_operations
    from unnest(v_ids, v_records, v_operations) as j (id, record, operation)
    where j.id = any (v_more);
  end if;

  for v_template in
    select s.shape -> 'conditions' as conditions,
      jsonb_agg(jsonb_build_object('n', s.place - 1, 'event', s.shape -> 'event', 'values', s.shape -> 'values')) as shapes
    from jsonb_array_elements(sift.shapes) with ordinality as s (shape, place)
    group by 1
  loop
    v_statement := realtime.matching(sift.relation, v_template.conditions);
    perform set_config('search_path', sift.usual_path, true);
    execute v_statement into v_more, v_more_shapes using v_ids, v_records, v_operations, v_template.shapes;
    perform set_config('search_path', '', true);
    v_hits := v_hits || v_more;
    v_hit_shapes := v_hit_shapes || v_more_shapes;
  end loop;

  for v_viewer in
    select (v.place - 1)::integer as n, v.viewer ->> 'role' as role, v.viewer ->> 'claims' as claims,
      v.viewer ->> 'headers' as headers, p.policy, q.numbers, q.shapes, q.cuts
    from jsonb_array_elements(sift.viewers) with ordinality as v (viewer, place)
    join (
      select r.role, realtime.select_policy(sift.relation, r.role) as policy
      from (select distinct w ->> 'role' as role from jsonb_array_elements(sift.viewers) as w) as r
    ) as p on p.role = v.viewer ->> 'role'
    cross join lateral (
      select array_agg((e -> 0)::integer) as numbers, array_agg((e -> 1)::integer) as shapes, array_agg((e -> 2)::integer) as cuts
      from jsonb_array_elements(v.viewer -> 'questions') as e
    ) as q
  loop
    select array_agg(distinct h.id) into v_seen
    from unnest(v_hits, v_hit_shapes) as h (id, shape)
    where h.shape = any (v_viewer.shapes);
    continue when v_seen is null;
    begin
      v_seen := realtime.visible_to(
        sift.relation, v_viewer.policy, v_viewer.role, v_viewer.claims, v_viewer.headers, v_seen, v_ids, v_records,
        sift.usual_path);
    exception when others then
      viewer := v_viewer.n;
      failure := sqlerrm;
      return next;
      viewer := null;
      failure := null;
      continue;
    end;
    select array_agg(h.id), array_agg(q.number) into change_ids, questions
    from unnest(v_hits, v_hit_shapes) as h (id, shape)
    join unnest(v_viewer.numbers, v_viewer.shapes) as q (number, shape) on q.shape = h.shape
    where h.id = any (v_seen);
    continue when change_ids is null;
    return next;
    select v_told || coalesce(array_agg(n.id), '{}'), v_told_cuts || coalesce(array_agg(n.cut), '{}') into v_told, v_told_cuts
    from (
      select distinct h.id, q.cut
      from unnest(v_hits, v_hit_shapes) as h (id, shape)
      join unnest(v_viewer.shapes, v_viewer.cuts) as q (shape, cut) on q.shape = h.shape
      where h.id = any (v_seen)
      except
      select * from unnest(v_told, v_told_cuts)
    ) as n;
  end loop;

  return query
    with told as (
      select t.cut, c.* from unnest(v_told, v_told_cuts) as t (id, cut)
      join realtime.changes as c on c.id = t.id
      where c.id = any (sift.ids) and c.at between sift.earliest and sift.latest
    ),
    field as materialized (
      select distinct f.name from told as t
      cross join lateral (
        select jsonb_object_keys(t.record) as name union all select jsonb_object_keys(t.old_record)
      ) as f
    ),
    cut as materialized (
      select (s.place - 1)::integer as cut, k.described, k.authorized,
        array(select f.name from field as f where f.name <> all (k.readable)) as hidden,
        array(select f.name from field as f where f.name <> all (k.identity)) as hidden_of_old
      from jsonb_array_elements(sift.cuts) with ordinality as s (cut, place)
      cross join lateral realtime.cut(
        sift.relation, v_published.columns, s.cut ->> 'role',
        case when jsonb_typeof(s.cut -> 'select') = 'array' then array(select jsonb_array_elements_text(s.cut -> 'select')) end
      ) as k
    )
    select t.id, t.cut,
      realtime.change_data(
        t.schema_name, t.table_name, t.operation, t.at, k.described, k.authorized,
        t.record - k.hidden, t.old_record - k.hidden_of_old),
      null, null::bigint, null::bigint[], null::integer[], null::integer, null
    from told as t
    join cut as k on k.cut = t.cut;
  return query
    select c.id, null::integer, null, c.operation, c.rows, null::bigint[], array_agg((e.question -> 0)::integer), null::integer, null
    from realtime.changes as c
    cross join jsonb_array_elements(sift.viewers) as v (viewer)
    cross join lateral jsonb_array_elements(v.viewer -> 'questions') as e (question)
    cross join lateral (select sift.shapes -> (e.question -> 1)::integer ->> 'event' as event) as s
    where c.id = any (sift.ids) and c.at between sift.earliest and sift.latest and c.relation = sift.relation
      and c.record is null and c.old_record is null and c.operation = any (v_published.operations)
      and (s.event in ('*', c.operation) or c.operation = 'TRUNCATE' and s.event = 'DELETE')
    group by c.id, c.operation, c.rows;
end
$$;

-- The row by which a change is judged: the new one, of a DELETE the old one. Left out are columns whose JSON does not read
-- back into their type (hstore and others that are cast to JSON).
create function realtime.judged_changes(relation oid, ids bigint[], earliest timestamptz, latest timestamptz)
returns table (id bigint, operation text, record jsonb)
language sql stable set search_path = ''
as $$
  select c.id, c.operation, coalesce(c.record, c.old_record) - array(
      select a.attname::text
      from pg_attribute as a
      join pg_cast as k on k.castsource = a.atttypid and k.casttarget = 'json'::regtype and k.castfunc <> 0
      where a.attrelid = judged_changes.relation and a.attnum > 0)
  from realtime.changes as c
  where c.id = any (judged_changes.ids) and c.at between judged_changes.earliest and judged_changes.latest
    and c.relation = judged_changes.relation and coalesce(c.record, c.old_record) is not null
  order by c.id
$$;

-- A query ($1 ids, $2 records) for the ids of the rows for which an expression of the catalogue is true. Such an expression
-- names the columns bare or by their table, so nothing else in the query may have a name like theirs.
create function realtime.judging(relation oid, expression text) returns text
language sql stable set search_path = ''
as $$
  select format(
    'select coalesce(pg_catalog.array_agg(howdah__id), ''{}'') from rows from (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::jsonb[])) as howdah__change (howdah__id, howdah__record)'
      ' cross join lateral pg_catalog.jsonb_populate_record(null::%s, howdah__record) as %I where %s',
    c.oid::regclass, c.relname, judging.expression)
  from pg_class as c
  where c.oid = judging.relation
$$;

-- A query ($1 ids, $2 records, $3 operations, $4 shapes) for which change fits which shape, for shapes with these conditions.
create function realtime.matching(relation oid, conditions jsonb) returns text
language sql stable set search_path = ''
as $$
  select format(
    'select coalesce(array_agg(c.id), ''{}''), coalesce(array_agg(s.n), ''{}'')'
      ' from unnest($1::bigint[], $2::jsonb[], $3::text[]) as c (id, record, operation)'
      ' cross join lateral jsonb_populate_record(null::%s, case when %L then c.record end) as r'
      ' join (select f.n, f.event%s from jsonb_to_recordset($4) as f (n integer, event text, "values" jsonb) offset 0) as s'
      ' on s.event in (''*'', c.operation)%s',
    matching.relation::regclass, count(*) > 0,
    string_agg(format(', %s as v%s', p.value, c.place - 1), '' order by c.place),
    string_agg(format(' and %s', p.test), '' order by c.place))
  from jsonb_array_elements(matching.conditions) with ordinality as c (condition, place)
  cross join lateral realtime.condition(matching.relation, c.condition, (c.place - 1)::integer) as p
$$;

-- What row-level security lets a role read, as an expression; null where it lets everything.
create function realtime.select_policy(relation oid, role text) returns text
language sql stable set search_path = ''
as $$
  select case
    when not c.relrowsecurity or select_policy.role = 'service_role' or r.rolsuper or r.rolbypassrls
      or (not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'USAGE')) then null
    else (
      select format('(%s)', concat_ws(' and ',
        coalesce('(' || string_agg(format('(%s)', p.expression), ' or ') filter (where p.polpermissive) || ')', 'false'),
        string_agg(format('(%s)', p.expression), ' and ') filter (where not p.polpermissive)))
      from (
        select o.polpermissive, pg_get_expr(o.polqual, o.polrelid) as expression
        from pg_policy as o
        where o.polrelid = c.oid and o.polcmd in ('r', '*') and o.polqual is not null
          and exists (
            select from unnest(o.polroles) as member (oid)
            where member.oid = 0 or pg_has_role(r.oid, member.oid, 'USAGE'))
      ) as p
    )
  end
  from pg_class as c
  cross join pg_roles as r
  where c.oid = select_policy.relation and r.rolname = select_policy.role
$$;

-- Asks the policy with the role and the settings that a request of this viewer would have.
create function realtime.visible_to(
  relation oid, policy text, role text, claims text, headers text, wanted bigint[], ids bigint[], records jsonb[],
  usual_path text
) returns bigint[]
language plpgsql volatile set search_path = ''
as $$
declare
  v_role_before constant text := current_setting('role');
  v_statement constant text := realtime.judging(visible_to.relation, visible_to.policy);
  v_ids bigint[];
  v_records jsonb[];
  v_visible bigint[];
begin
  if visible_to.policy is null then
    return visible_to.wanted;
  end if;
  select array_agg(j.id), array_agg(j.record) into v_ids, v_records
  from unnest(visible_to.ids, visible_to.records) as j (id, record)
  where j.id = any (visible_to.wanted);
  perform set_config('search_path', visible_to.usual_path, true),
    set_config('request.headers', visible_to.headers, true),
    set_config('request.jwt.claims', visible_to.claims, true),
    set_config('request.jwt.claim.sub', coalesce(visible_to.claims::jsonb ->> 'sub', ''), true),
    set_config('request.jwt.claim.role', visible_to.role, true),
    set_config('role', visible_to.role, true);
  execute v_statement into v_visible using v_ids, v_records;
  perform pg_catalog.set_config('role', v_role_before, true);
  return v_visible;
end
$$;

-- What a role is shown of a row: `readable` columns in all, `identity` those of an old row, `described` the columns as JSON.
-- The key is always shown; a role that may not read it is shown nothing.
create function realtime.cut(
  relation oid, columns smallint[], role text, "select" text[],
  out readable text[], out identity text[], out described text, out authorized boolean
)
language sql stable set search_path = ''
as $$
  select
    coalesce(array_agg(a.name) filter (where a.shown), '{}'),
    coalesce(array_agg(a.name) filter (where a.shown and case c.relreplident
      when 'f' then true when 'd' then a.in_key when 'i' then a.in_identity else false end), '{}'),
    coalesce(json_agg(json_build_object('name', a.name, 'type', a.type) order by a.attnum) filter (where a.shown), '[]')::text,
    coalesce(bool_and(a.granted) filter (where a.in_key), true)
  from pg_class as c
  cross join lateral (
    select x.*, x.granted and (cut.columns is null or x.attnum = any (cut.columns))
      and (cut."select" is null or x.name = any (cut."select") or x.in_key or x.in_identity) as shown
    from (
      select t.attname::text as name, t.attnum, y.typname as type,
        has_column_privilege(cut.role, c.oid, t.attnum, 'SELECT') as granted,
        exists (
          select from pg_index as i where i.indrelid = c.oid and i.indisprimary and t.attnum = any (i.indkey)) as in_key,
        exists (
          select from pg_index as i where i.indrelid = c.oid and i.indisreplident and t.attnum = any (i.indkey)) as in_identity
      from pg_attribute as t
      join pg_type as y on y.oid = t.atttypid
      where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated <> 'v'
    ) as x
  ) as a
  where c.oid = cut.relation
  group by c.relreplident
$$;

-- The `data` of an event, as text, so that numbers keep all their digits. Called for every row, hence without settings.
create function realtime.change_data(
  schema_name text, table_name text, operation text, at timestamptz, described text, authorized boolean,
  record jsonb, old_record jsonb
) returns text
language plpgsql stable
as $$
declare
  v_columns constant text := case when change_data.authorized then change_data.described else '[]' end;
  v_record text := case when change_data.authorized then change_data.record end;
  v_old_record text := case when change_data.authorized then change_data.old_record end;
  v_errors text := 'null';
begin
  if not change_data.authorized then
    v_errors := '["Error 401: Unauthorized"]';
  elsif coalesce(octet_length(v_record), 0) + coalesce(octet_length(v_old_record), 0) > 1048576 then
    v_errors := '["Error 413: Payload Too Large"]';
    v_record := realtime.pick_short(change_data.record);
    v_old_record := realtime.pick_short(change_data.old_record);
  end if;
  return concat(
    '{"schema":', to_json(change_data.schema_name), ',"table":', to_json(change_data.table_name),
    ',"commit_timestamp":"', to_char(change_data.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    '","type":"', change_data.operation, '","columns":', v_columns,
    ',"record":' || v_record, ',"old_record":' || v_old_record, ',"errors":', v_errors, '}');
end
$$;

create function realtime.pick_short(record jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select case when pick_short.record is not null then (
    select coalesce(jsonb_object_agg(e.key, e.value) filter (where octet_length(e.value::text) <= 64), '{}')
    from jsonb_each(pick_short.record) as e
  ) end
$$;

comment on function realtime.published() is 'The tables that may be watched, by the publication supabase_realtime; columns null: all.';
comment on function realtime.check_bindings(text, jsonb, text) is 'Which tables each binding of a join stands for, or what is wrong with it.';
comment on function realtime.check_binding(text, oid, smallint[], jsonb, jsonb, text[], text) is 'Raises what keeps a role from a binding on a table.';
comment on function realtime.is_readable(text, oid, smallint[], text) is 'Whether a role may read a published column.';
comment on function realtime.condition(oid, jsonb, integer) is 'A condition of a filter as SQL.';
comment on function realtime.watch(uuid, oid) is 'A relay watches a table: from the commit on its changes are logged.';
comment on function realtime.unwatch(uuid, oid) is 'A relay watches a table no more; the last one takes the triggers off.';
comment on function realtime.lock_watch(oid) is 'Serialises those who change what is watched of a table, to the end of the transaction.';
comment on function realtime.missing_triggers(oid) is 'What a watched table lacks, with the statement that makes it.';
comment on function realtime.own_triggers() is 'The triggers on watched tables.';
comment on function realtime.drop_triggers(oid) is 'Takes the triggers off a table that nobody watches; false where that has to wait.';
comment on function realtime.sweep_watches() is 'Takes the triggers off tables that nobody watches any more.';
comment on function realtime.check_watches(uuid, bigint[]) is 'Whether all is as it was when these tables were watched.';
comment on function realtime.tg_changes__log() is 'Logs the rows that a statement changed.';
comment on function realtime.tg_changes__open() is 'Notes where in the log a statement began.';
comment on function realtime.log_again(oid, bigint, bigint) is 'Moves what nested statements logged behind the statement around them.';
comment on function realtime.feed_changes(pg_snapshot, bigint[], integer, pg_snapshot, bigint) is
  'Changes committed since a snapshot, each exactly once, and the next snapshot.';
comment on function realtime.sift(oid, bigint[], timestamptz, timestamptz, jsonb, jsonb, jsonb, text) is 'Who is to see what of some changes.';
comment on function realtime.judged_changes(oid, bigint[], timestamptz, timestamptz) is 'The rows by which changes are judged.';
comment on function realtime.judging(oid, text) is 'The query that judges rows by an expression of the catalogue.';
comment on function realtime.matching(oid, jsonb) is 'The query that matches changes with filters.';
comment on function realtime.select_policy(oid, text) is 'Row-level security of a role on a table, as an expression; null: none.';
comment on function realtime.visible_to(oid, text, text, text, text, bigint[], bigint[], jsonb[], text) is 'Which of the wanted rows a viewer may see.';
comment on function realtime.cut(oid, smallint[], text, text[]) is 'What a role is shown of a table''s rows.';
comment on function realtime.change_data(text, text, text, timestamptz, text, boolean, jsonb, jsonb) is 'A change as JSON for the wire.';
comment on function realtime.pick_short(jsonb) is 'The fields of an object up to 64 bytes.';
