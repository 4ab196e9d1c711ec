-- Whether mailbox providers and the mail service have reason to mind our mail: how many letters of a stream bounced for good or
-- were called spam, as shares of those that were taken. A transactional stream is never stopped for it, only told of.

create function mail.was_taken(state text) returns boolean
language sql immutable as $$
  select was_taken.state in ('accepted', 'delivered', 'bounced', 'complained')
$$;

-- Only a letter in one of these states has such events.
create function mail.trouble_of(letter mail.letters, after_event_id bigint default 0) returns table (bounced boolean, complained boolean)
language sql stable as $$
  select
    (letter).state in ('bounced', 'complained') and exists (
      select from mail.delivery_events e
      where e.letter_id = (letter).id and e.kind = 'bounced' and mail.is_for_good(e) and e.id > trouble_of.after_event_id
    ),
    (letter).state = 'complained' and exists (
      select from mail.delivery_events e
      where e.letter_id = (letter).id and e.kind = 'complained' and e.id > trouble_of.after_event_id
    )
$$;

-- A mailbox that is full today is no sign of a bad list; an event that does not say its type counts.
create function mail.is_for_good(event mail.delivery_events) returns boolean
language sql immutable as $$
  select coalesce((event).details ->> 'type' not in ('SoftBounce', 'Transient', 'DnsError'), true)
$$;

create function mail.judge(accepted bigint, bounced bigint, complained bigint)
returns table (state text, reason text, bounce_rate numeric, complaint_rate numeric)
language sql stable set search_path = '' as $$
  select
    case
      when judge.accepted < l.least_accepted then 'fine'
      when r.complaints >= l.complaints_alarm or r.bounces >= l.bounces_alarm then 'alarm'
      when r.complaints >= l.complaints_warn or r.bounces >= l.bounces_warn then 'warning'
      else 'fine'
    end,
    case when judge.accepted >= l.least_accepted then nullif(concat_ws(' ',
      case when r.complaints >= l.complaints_warn then format(
        '%s of %s letters (%s %%) were called spam; mailbox providers mind from %s %% on, and block at %s %%.',
        judge.complained, judge.accepted, mail.percent(r.complaints), mail.percent(l.complaints_warn), mail.percent(l.complaints_alarm)
      ) end,
      case when r.bounces >= l.bounces_warn then format(
        '%s of %s letters (%s %%) came back for good; mail services mind from %s %% on, and block at %s %%.',
        judge.bounced, judge.accepted, mail.percent(r.bounces), mail.percent(l.bounces_warn), mail.percent(l.bounces_alarm)
      ) end
    ), '') end,
    r.bounces, r.complaints
  from mail.health_limits l
  cross join lateral (
    select
      round(coalesce(judge.bounced::numeric / nullif(judge.accepted, 0), 0), 5) as bounces,
      round(coalesce(judge.complained::numeric / nullif(judge.accepted, 0), 0), 5) as complaints
  ) r
$$;

create function mail.percent(share numeric) returns text
language sql immutable as $$
  select trim_scale(round(percent.share * 100, 2))::text
$$;

-- The streams whose state is another than was told last. Of the two windows the worse one counts.
create function mail.look_at_health() returns table (stream text, state text, reason text)
language sql volatile set search_path = '' as $$
  with worst as (
    select distinct on (h.stream) h.stream, h.state, h.reason
    from mail.health h
    order by h.stream, array_position(array['alarm', 'warning', 'fine'], h.state), h."window"
  ),
  told as (
    insert into mail.told_health as t (stream, state)
    select w.stream, w.state from worst w order by w.stream
    on conflict on constraint told_health_pkey do update set state = excluded.state, since = now()
    where t.state <> excluded.state
    returning t.stream, t.since, t.state, (t.xmax = 0) as is_first
  )
  select w.stream, w.state, w.reason
  from told t
  join worst w on w.stream = t.stream
  where not (t.is_first and t.state = 'fine')
$$;

-- Once in ten seconds at most, however many events come.
create function mail.look_soon(task text) returns void
language sql volatile security definer set search_path = '' as $$
  select queue.dispatch(
    look_soon.task, run_at => to_timestamp(s.slot), unique_key => s.slot::text, unique_until => 'started'
  )
  from (select ceil(extract(epoch from clock_timestamp()) / 10)::bigint * 10 as slot) s
$$;

-- Views

create view mail.health with (security_invoker = true) as
  select s.stream, w.name as "window", c.accepted, c.bounced, c.complained, v.bounce_rate, v.complaint_rate, v.state, v.reason
  from (values ('outbound'), ('broadcast')) s (stream)
  cross join (values ('day', interval '1 day'), ('week', interval '7 days')) w (name, length)
  cross join lateral (
    select
      count(*) filter (where mail.was_taken(l.state)) as accepted,
      count(*) filter (where mail.was_taken(l.state) and e.bounced) as bounced,
      count(*) filter (where mail.was_taken(l.state) and e.complained) as complained
    from mail.letters l
    cross join lateral mail.trouble_of(l) e
    where l.stream = s.stream and l.created_at > now() - w.length
  ) c
  cross join lateral mail.judge(c.accepted, c.bounced, c.complained) v;

comment on view mail.health is 'Bounces and complaints by stream, of the last day and week.';
