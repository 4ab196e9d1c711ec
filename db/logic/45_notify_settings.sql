-- What people choose: how often they are mailed what, when not, and when their digests come.

-- How often each of these people is told of a category over a channel, and who says so: the person, the community for the
-- first of the person's roles that it has a word on, the community for everybody, or Howdah.
create function notify.frequencies(person_ids uuid[], category text, channel text)
returns table (person_id uuid, frequency text, source text)
language sql stable security definer set search_path = '' as $$
  with role_defaults as materialized (
    select d.role, d.frequency, array_position(array['owner', 'teacher', 'parent', 'student', 'member'], d.role) as rank
    from notify.default_preferences d
    where d.category = frequencies.category and d.channel = frequencies.channel and d.role <> 'everybody'
  ),
  by_role as materialized (
    select distinct on (m.person_id) m.person_id, r.frequency
    from role_defaults r
    join app.memberships m on m.role = r.role and m.person_id = any (frequencies.person_ids)
    order by m.person_id, r.rank
  )
  select
    p.id,
    case when k.is_fixed then 'instant' else coalesce(own.frequency, r.frequency, d.frequency, 'instant') end,
    case
      when k.is_fixed then 'fixed'
      when own.frequency is not null then 'person'
      when r.frequency is not null then 'role'
      when d.frequency is not null then 'community'
      else 'howdah'
    end
  from unnest(frequencies.person_ids) p (id)
  cross join (select frequencies.category in ('security', 'account') as is_fixed) k
  left join notify.preferences own
    on own.person_id = p.id and own.category = frequencies.category and own.channel = frequencies.channel
  left join by_role r on r.person_id = p.id
  left join notify.default_preferences d
    on d.role = 'everybody' and d.category = frequencies.category and d.channel = frequencies.channel
$$;

create function notify.my_preferences() returns notify.preference[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(row(c.category, 'mail', f.frequency, f.source)::notify.preference order by c.n), '{}')
  from (select app.current_person_id() as id) p
  cross join unnest(notify.categories()) with ordinality c (category, n)
  cross join lateral notify.frequencies(array[p.id], c.category, 'mail') f
  where p.id is not null
$$;

create function notify.categories() returns text[]
language sql immutable as $$
  select array['announcement', 'event', 'grade', 'chat-mention', 'chat-direct', 'campaign', 'security', 'account']
$$;

create function notify.set_preference(category text, channel text, frequency text) returns notify.preference
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  perform notify.refuse_preference(category, channel, frequency);
  return notify.prefer(v_person_id, set_preference.category, set_preference.channel, set_preference.frequency);
end
$$;

-- Without the asking; for links to unsubscribe, which work without signing in. What waits in the outbox does not go out any more.
create function notify.prefer(person_id uuid, category text, channel text, frequency text, since timestamptz default now())
returns notify.preference
language sql volatile security definer set search_path = '' as $$
  select mail.cancel_many(array(
    select l.id from mail.letters l
    where l.person_id = prefer.person_id and l.category = prefer.category and l.state in ('queued', 'sending', 'unknown', 'held')
  ))
  where prefer.channel = 'mail' and prefer.frequency = 'off';
  insert into notify.preferences as p (person_id, category, channel, frequency, updated_at)
  values (prefer.person_id, prefer.category, prefer.channel, prefer.frequency, prefer.since)
  on conflict on constraint one_preference_per_category_and_channel do update
  set frequency = excluded.frequency, updated_at = excluded.updated_at
  returning p.category, p.channel, p.frequency, 'person'
$$;

create function notify.reset_preference(category text, channel text) returns notify.preference
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  perform notify.refuse_preference(category, channel, 'instant');
  delete from notify.preferences p
  where p.person_id = v_person_id and p.category = reset_preference.category and p.channel = reset_preference.channel;
  return (
    select row(reset_preference.category, reset_preference.channel, f.frequency, f.source)::notify.preference
    from notify.frequencies(array[v_person_id], reset_preference.category, reset_preference.channel) f
  );
end
$$;

create function notify.set_default_preference(category text, channel text, frequency text, role text default 'everybody')
returns notify.default_preferences
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_default notify.default_preferences;
begin
  perform notify.require_community_owner();
  perform notify.refuse_preference(category, channel, frequency);
  perform notify.refuse_role(role);
  insert into notify.default_preferences as d (role, category, channel, frequency)
  values (
    set_default_preference.role, set_default_preference.category, set_default_preference.channel, set_default_preference.frequency
  )
  on conflict on constraint one_default_per_role_category_and_channel do update
  set frequency = excluded.frequency, updated_at = now()
  returning * into v_default;
  return v_default;
end
$$;

create function notify.reset_default_preference(category text, channel text, role text default 'everybody') returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform notify.require_community_owner();
  perform notify.refuse_preference(category, channel, 'instant');
  perform notify.refuse_role(role);
  delete from notify.default_preferences d
  where d.role = reset_default_preference.role
    and d.category = reset_default_preference.category
    and d.channel = reset_default_preference.channel;
  return found;
end
$$;

create function notify.require_community_owner() returns void
language plpgsql stable set search_path = '' as $$
begin
  perform app.require_person_id();
  if not app.is_community_owner() then
    raise exception 'Only who runs the community may change what everybody has.' using errcode = 'HW403';
  end if;
end
$$;

create function notify.refuse_role(role text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if coalesce(refuse_role.role, '') not in ('owner', 'teacher', 'student', 'parent', 'member', 'everybody') then
    raise exception 'The role must be owner, teacher, student, parent, member or everybody.' using errcode = 'HW422', column = 'role';
  end if;
end
$$;

create function notify.refuse_preference(category text, channel text, frequency text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if refuse_preference.category in ('security', 'account') then
    raise exception 'What concerns the security of your account is always mailed at once.' using errcode = 'HW422', column = 'category';
  end if;
  if refuse_preference.category is null or refuse_preference.category <> all (notify.categories()) then
    raise exception 'The category must be announcement, event, grade, chat-mention, chat-direct or campaign.'
      using errcode = 'HW422', column = 'category';
  end if;
  if refuse_preference.channel is distinct from 'mail' then
    raise exception 'The channel must be mail.' using errcode = 'HW422', column = 'channel';
  end if;
  if coalesce(refuse_preference.frequency, '') not in ('instant', 'digest-daily', 'digest-weekly', 'off') then
    raise exception 'The frequency must be instant, digest-daily, digest-weekly or off.' using errcode = 'HW422', column = 'frequency';
  end if;
  if refuse_preference.category = 'campaign' and refuse_preference.frequency not in ('instant', 'off') then
    raise exception 'Campaigns are mailed at once or not at all: choose instant or off.' using errcode = 'HW422', column = 'frequency';
  end if;
end
$$;

create function notify.quiet_hours() returns notify.quiet_times
language sql stable security definer set search_path = '' as $$
  select q.* from notify.quiet_times q where q.person_id = app.current_person_id()
$$;

create function notify.set_quiet_hours("from" time, "to" time, days int[] default '{1,2,3,4,5,6,7}') returns notify.quiet_times
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_days constant int[] := array(select distinct d from unnest(coalesce(set_quiet_hours.days, '{}')) d order by d);
  v_quiet notify.quiet_times;
begin
  if set_quiet_hours."from" is null or set_quiet_hours."to" is null or set_quiet_hours."from" = set_quiet_hours."to" then
    raise exception 'Quiet hours need a beginning and another end, such as 22:00 and 07:00.' using errcode = 'HW422', column = 'to';
  end if;
  if cardinality(v_days) = 0 or cardinality(set_quiet_hours.days) > 7 or not coalesce(v_days <@ array[1, 2, 3, 4, 5, 6, 7], false) then
    raise exception 'The days must be one to seven numbers from 1 (Monday) to 7 (Sunday).' using errcode = 'HW422', column = 'days';
  end if;
  insert into notify.quiet_times as q (person_id, starts_at, ends_at, days)
  values (v_person_id, set_quiet_hours."from", set_quiet_hours."to", v_days)
  on conflict on constraint quiet_times_pkey do update
  set starts_at = excluded.starts_at, ends_at = excluded.ends_at, days = excluded.days, updated_at = now()
  returning * into v_quiet;
  return v_quiet;
end
$$;

create function notify.clear_quiet_hours() returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from notify.quiet_times q where q.person_id = app.require_person_id();
  return found;
end
$$;

create function notify.digest_time() returns notify.digest_times
language sql stable security definer set search_path = '' as $$
  select t.* from notify.digest_times t where t.person_id = app.current_person_id()
$$;

create function notify.set_digest_time(hour int, weekday int default 1) returns notify.digest_times
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_digest notify.digest_times;
begin
  if coalesce(set_digest_time.hour, -1) not between 0 and 23 then
    raise exception 'The hour must be 0 to 23.' using errcode = 'HW422', column = 'hour';
  end if;
  if coalesce(set_digest_time.weekday, 0) not between 1 and 7 then
    raise exception 'The weekday must be 1 (Monday) to 7 (Sunday).' using errcode = 'HW422', column = 'weekday';
  end if;
  insert into notify.digest_times as t (person_id, hour, weekday)
  values (v_person_id, set_digest_time.hour, set_digest_time.weekday)
  on conflict on constraint digest_times_pkey do update
  set hour = excluded.hour, weekday = excluded.weekday, updated_at = now()
  returning * into v_digest;
  return v_digest;
end
$$;

-- Policies and grants

create policy everybody_reads on notify.default_preferences for select to authenticated using (true);
create policy their_own on notify.quiet_times for select to authenticated using (person_id = (select app.current_person_id()));
create policy their_own on notify.digest_times for select to authenticated using (person_id = (select app.current_person_id()));

grant select on notify.default_preferences, notify.quiet_times, notify.digest_times to authenticated;
grant execute on function
  notify.set_preference(text, text, text), notify.reset_preference(text, text),
  notify.set_default_preference(text, text, text, text), notify.reset_default_preference(text, text, text),
  notify.set_quiet_hours(time, time, int[]), notify.clear_quiet_hours(), notify.set_digest_time(int, int)
to anon, authenticated;
grant execute on function notify.my_preferences(), notify.quiet_hours(), notify.digest_time() to authenticated;

-- Comments

comment on type notify.preference is 'How often the person who is signed in is told of a category over a channel.';
comment on column notify.preference.category is
  'announcement, event, grade, chat-mention, chat-direct, campaign, security or account.';
comment on column notify.preference.channel is 'mail.';
comment on column notify.preference.frequency is 'instant, digest-daily, digest-weekly or off.';
comment on column notify.preference.source is
  'Who says so: person, role (the community, for a role of the person), community (for everybody), howdah, or fixed: it cannot be changed.';
comment on table notify.preferences is E'@behavior -*\nWhat somebody chose.';
comment on constraint one_default_per_role_category_and_channel on notify.default_preferences is E'@behavior -*';
comment on table notify.default_preferences is 'What the community has for a role, or for everybody, who did not choose otherwise.';
comment on column notify.default_preferences.role is 'owner, teacher, student, parent, member or everybody.';
comment on column notify.default_preferences.category is 'announcement, event, grade, chat-mention, chat-direct or campaign.';
comment on column notify.default_preferences.channel is 'mail.';
comment on column notify.default_preferences.frequency is 'instant, digest-daily, digest-weekly or off.';
comment on table notify.quiet_times is
  E'@behavior -query:resource:single -query:resource:connection\nWhen somebody is not mailed, by the clock of their time zone.';
comment on column notify.quiet_times.starts_at is 'When they begin, such as 22:00.';
comment on column notify.quiet_times.ends_at is 'Before startsAt: on the next day.';
comment on column notify.quiet_times.days is 'On which they begin: 1 (Monday) to 7 (Sunday).';
comment on constraint quiet_times_person_id_fkey on notify.quiet_times is E'@behavior -*';
comment on table notify.digest_times is
  E'@behavior -query:resource:single -query:resource:connection\nWhen somebody''s digests come, by the clock of their time zone.';
comment on column notify.digest_times.hour is 'The hour of the day, 0 to 23.';
comment on column notify.digest_times.weekday is 'Of the weekly digest: 1 (Monday) to 7 (Sunday).';
comment on constraint digest_times_person_id_fkey on notify.digest_times is E'@behavior -*';
comment on table notify.buckets is E'@behavior -*\nToken buckets of the throttle.';
comment on function notify.frequencies(uuid[], text, text) is
  'How often each of these people is told of a category over a channel, and who says so.';
comment on function notify.prefer(uuid, text, text, text, timestamptz) is 'Sets a person''s preference for them.';
comment on function notify.my_preferences() is
  'How often you are mailed what, and who says so.';
comment on function notify.set_preference(text, text, text) is
  'Chooses how often you are told of a category over a channel: instant, digest-daily, digest-weekly or off. Errors: HW401, HW422.';
comment on function notify.reset_preference(text, text) is 'Takes back your choice: it is as the community has it. Errors: HW401, HW422.';
comment on function notify.set_default_preference(text, text, text, text) is
  'Chooses for everybody, or for a role, who did not choose otherwise. For who runs the community. Errors: HW401, HW403, HW422.';
comment on function notify.reset_default_preference(text, text, text) is
  E'@arg category announcement, event, grade, chat-mention, chat-direct or campaign.\n@arg channel mail.\n@arg role owner, teacher, student, parent, member or everybody (unless given).\nTakes back what the community has for everybody or for a role; false if there was nothing. Errors: HW401, HW403, HW422.';
comment on function notify.quiet_hours() is 'Your quiet hours, or null.';
comment on function notify.set_quiet_hours(time, time, int[]) is
  E'@arg from When they begin, such as 22:00.\n@arg to When they end, such as 07:00; before from: on the next day.\nMails to you wait from one time to the other by the clock of your time zone, also over midnight, on the days given (1 is Monday; all unless given). What is urgent comes all the same. Errors: HW401, HW422.';
comment on function notify.clear_quiet_hours() is 'Ends your quiet hours; false if there were none. Errors: HW401.';
comment on function notify.digest_time() is 'When your digests come; null: at 7, the weekly one on Mondays.';
comment on function notify.set_digest_time(int, int) is
  'Chooses the hour of your digests, and the weekday of the weekly one (1 is Monday). Errors: HW401, HW422.';
