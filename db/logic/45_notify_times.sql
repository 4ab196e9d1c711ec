-- When somebody is reached: quiet hours and the times of digests, by the clock on the wall of their own zone, so that what
-- ends at seven ends at seven whatever the clocks did that night.

create function notify.due_at(
  moment timestamptz, frequency text, is_urgent boolean, zone text, quiet notify.quiet_times, digest notify.digest_times
) returns timestamptz
language sql immutable as $$
  select case
    when due_at.frequency like 'digest-%' then notify.after_quiet(
      notify.next_digest(
        due_at.moment, due_at.zone, coalesce((digest).hour, 7),
        case when due_at.frequency = 'digest-weekly' then coalesce((digest).weekday, 1) end
      ),
      due_at.zone, quiet
    )
    when due_at.is_urgent or (quiet).starts_at is null then due_at.moment
    else notify.after_quiet(due_at.moment, due_at.zone, quiet)
  end
$$;

-- The moment itself, or the end of the quiet hours that it falls into. Hours over midnight belong to the day they begin on.
create function notify.after_quiet(moment timestamptz, zone text, quiet notify.quiet_times) returns timestamptz
language sql immutable as $$
  select coalesce(max(w.ends_at), after_quiet.moment)
  from (
    select
      notify.first_at(d.day + (quiet).starts_at, after_quiet.zone) as starts_at,
      notify.last_at(d.day + case when (quiet).ends_at > (quiet).starts_at then 0 else 1 end + (quiet).ends_at, after_quiet.zone) as ends_at
    from (
      select (after_quiet.moment at time zone after_quiet.zone)::date - n as day from generate_series(0, 1) n
    ) d
    where extract(isodow from d.day) = any ((quiet).days)
  ) w
  where after_quiet.moment >= w.starts_at and after_quiet.moment < w.ends_at
$$;

-- The next time the clock shows that hour, of that weekday if one is given.
create function notify.next_digest(moment timestamptz, zone text, hour int, weekday int) returns timestamptz
language sql immutable as $$
  select min(c.at)
  from (
    select notify.last_at(d.day + make_time(next_digest.hour, 0, 0), next_digest.zone) as at
    from (
      select (next_digest.moment at time zone next_digest.zone)::date + n as day from generate_series(0, 8) n
    ) d
    where next_digest.weekday is null or extract(isodow from d.day) = next_digest.weekday
  ) c
  where c.at > next_digest.moment
$$;

-- When a clock shows a time for the last time that day: a time that is left out counts as the first one after it.
create function notify.last_at(clock timestamp, zone text) returns timestamptz
language sql immutable as $$
  select case
    when (last_at.clock at time zone last_at.zone) at time zone last_at.zone = last_at.clock then last_at.clock at time zone last_at.zone
    else (
      select min(m)
      from generate_series(
        (last_at.clock at time zone last_at.zone) - interval '3 hours', last_at.clock at time zone last_at.zone, interval '1 minute'
      ) m
      where m at time zone last_at.zone >= last_at.clock
    )
  end
$$;

-- ... for the first time: an hour earlier when the clocks are put back over it.
create function notify.first_at(clock timestamp, zone text) returns timestamptz
language sql immutable as $$
  select coalesce(min(l.at - e.earlier), notify.last_at(first_at.clock, first_at.zone))
  from (select notify.last_at(first_at.clock, first_at.zone) as at) l
  cross join unnest(array[interval '30 minutes', interval '1 hour']) e (earlier)
  where (l.at - e.earlier) at time zone first_at.zone = first_at.clock
$$;
