-- Tables that are partitioned by the day: the days ahead are made, the days past keeping are dropped.

create function app.roll_partitions(parent regclass, key name, days_ahead integer, days_kept integer) returns void
language plpgsql volatile set search_path = '' set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  v_schema name;
  v_name name;
  v_today constant date := (now() at time zone 'utc')::date;
  v_day date;
  v_table name;
begin
  if not pg_try_advisory_xact_lock(hashtextextended(roll_partitions.parent::text, 0)) then
    return;
  end if;
  select n.nspname, c.relname into v_schema, v_name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = roll_partitions.parent;

  for v_day in select generate_series(v_today - 1, v_today + roll_partitions.days_ahead, interval '1 day') loop
    begin
      perform app.add_partition(v_schema, v_name, roll_partitions.key, v_day);
    exception when lock_not_available then
      raise warning 'the partition for % has to wait: % is busy', v_day, roll_partitions.parent;
    end;
  end loop;

  for v_table in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = roll_partitions.parent and c.relname ~ ('^' || v_name || '_\d{4}_\d\d_\d\d$')
      and to_date(right(c.relname, 10), 'YYYY_MM_DD') < v_today - roll_partitions.days_kept
  loop
    begin
      execute format('drop table %I.%I', v_schema, v_table);
    exception when lock_not_available then
      raise warning '%.% stays until the next time: % is busy', v_schema, v_table, roll_partitions.parent;
    end;
  end loop;
  execute format(
    'delete from %I.%I where %I < %L', v_schema, v_name || '_default', roll_partitions.key, v_today - roll_partitions.days_kept);
end
$$;

-- Built beside the table and attached, which does not stop readers and writers as "create ... partition of" would. Rows of
-- that day that came into the default partition move.
create function app.add_partition(schema_name name, table_name name, key name, day date) returns void
language plpgsql volatile set search_path = '' set timezone = 'UTC' as $$
declare
  v_partition constant text := format('%I.%I', add_partition.schema_name, add_partition.table_name || to_char(add_partition.day, '_YYYY_MM_DD'));
  v_parent constant text := format('%I.%I', add_partition.schema_name, add_partition.table_name);
begin
  if to_regclass(v_partition) is not null then
    return;
  end if;
  execute format('create table %s (like %s including defaults including constraints)', v_partition, v_parent);
  execute format('alter table %s enable row level security', v_partition);
  execute format(
    'with moved as (delete from %I.%I where %I >= %L and %I < %L returning *) insert into %s select * from moved',
    add_partition.schema_name, add_partition.table_name || '_default', add_partition.key, add_partition.day,
    add_partition.key, add_partition.day + 1, v_partition);
  execute format(
    'alter table %s attach partition %s for values from (%L) to (%L)',
    v_parent, v_partition, add_partition.day, add_partition.day + 1);
end
$$;

comment on function app.roll_partitions(regclass, name, integer, integer) is
  E'@behavior -*\nMakes the days ahead of a table that is partitioned by the day, drops the days past keeping.';
comment on function app.add_partition(name, name, name, date) is
  E'@behavior -*\nAdds the partition of one day and moves its rows out of the default partition.';
