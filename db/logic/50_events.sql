-- Events. Making one stores it, announces it and sets its reminder in one transaction, without touching its audience.
-- What its audience is told hangs on four causes: events:<id>:created, :changed:<revision>, :cancelled and :reminder:<start>.

create function events.create_event(
  title text,
  starts_at timestamptz,
  client_id uuid,
  description text default '',
  place text default '',
  ends_at timestamptz default null,
  time_zone text default null,
  group_ids uuid[] default null,
  roles text[] default null,
  person_ids uuid[] default null,
  capacity int default null,
  remind_minutes_before int default 1440,
  urgent boolean default false
) returns events.events
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_event events.events;
begin
  select e.* into v_event
  from events.events e
  where e.created_by = v_person_id and e.client_id = create_event.client_id;
  if found then
    return v_event;
  end if;
  v_event := jsonb_populate_record(null::events.events, jsonb_build_object(
    'created_by', v_person_id, 'client_id', create_event.client_id, 'title', btrim(create_event.title),
    'description', coalesce(btrim(create_event.description), ''), 'place', coalesce(btrim(create_event.place), ''),
    'starts_at', create_event.starts_at, 'ends_at', create_event.ends_at,
    'time_zone', coalesce(create_event.time_zone, app.time_zone_of(v_person_id)),
    'group_ids', coalesce(create_event.group_ids, '{}'), 'roles', coalesce(create_event.roles, '{}'),
    'person_ids', coalesce(create_event.person_ids, '{}'), 'capacity', create_event.capacity,
    'remind_minutes_before', create_event.remind_minutes_before
  ));
  perform events.refuse(v_event);
  perform app.require_client_id(create_event.client_id);
  perform notify.refuse_audience(group_ids, roles, person_ids);
  perform notify.require_staff_for(group_ids, person_ids);

  insert into events.events as e (
    created_by, client_id, title, description, place, starts_at, ends_at, time_zone, group_ids, roles, person_ids, capacity,
    remind_minutes_before
  )
  values (
    v_person_id, v_event.client_id, v_event.title, v_event.description, v_event.place, v_event.starts_at, v_event.ends_at,
    v_event.time_zone, v_event.group_ids, v_event.roles, v_event.person_ids, v_event.capacity, v_event.remind_minutes_before
  )
  on conflict on constraint events_are_made_once do nothing
  returning * into v_event;
  if not found then
    select e.* into v_event
    from events.events e
    where e.created_by = v_person_id and e.client_id = create_event.client_id;
    return v_event;
  end if;
  perform notify.announce(
    events.cause(v_event, 'created'), 'event', v_event.title, events.words(v_event), '/events/' || v_event.id,
    v_event.group_ids, v_event.roles, v_event.person_ids, v_person_id, coalesce(create_event.urgent, false),
    expires_at => v_event.starts_at, about => jsonb_build_object('eventId', v_event.id)
  );
  perform events.set_reminder(v_event);
  return v_event;
end
$$;

-- What is not given stays. Those who know of the event are told once of another title, place or time; those who do not yet
-- know learn of it in the new words.
create function events.update_event(
  event_id uuid,
  title text default null,
  description text default null,
  place text default null,
  starts_at timestamptz default null,
  ends_at timestamptz default null,
  time_zone text default null,
  capacity int default null,
  remind_minutes_before int default null,
  group_ids uuid[] default null,
  roles text[] default null,
  person_ids uuid[] default null,
  clear text[] default null
) returns events.events
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_before events.events;
  v_event events.events;
begin
  v_before := events.require_organised(event_id);
  if v_before.cancelled_at is not null then
    raise exception 'The event has been cancelled: make a new one.' using errcode = 'HW409';
  end if;
  v_event := jsonb_populate_record(v_before, app.cleared(update_event.clear, '{endsAt,capacity}'));
  v_event.title := coalesce(btrim(update_event.title), v_before.title);
  v_event.description := coalesce(btrim(update_event.description), v_before.description);
  v_event.place := coalesce(btrim(update_event.place), v_before.place);
  v_event.starts_at := coalesce(update_event.starts_at, v_before.starts_at);
  v_event.ends_at := coalesce(update_event.ends_at, v_event.starts_at + (v_event.ends_at - v_before.starts_at));
  v_event.time_zone := coalesce(update_event.time_zone, v_before.time_zone);
  v_event.capacity := case when update_event.capacity = 0 then null else coalesce(update_event.capacity, v_event.capacity) end;
  v_event.remind_minutes_before := coalesce(update_event.remind_minutes_before, v_before.remind_minutes_before);
  v_event.group_ids := coalesce(update_event.group_ids, v_before.group_ids);
  v_event.roles := coalesce(update_event.roles, v_before.roles);
  v_event.person_ids := coalesce(update_event.person_ids, v_before.person_ids);
  perform events.refuse(v_event);
  perform events.refuse_other_audience(v_before, v_event);
  if v_event.capacity < events.places_taken(v_event.id, null) then
    raise exception 'More people than that have said yes.' using errcode = 'HW409', column = 'capacity';
  end if;
  if v_event is not distinct from v_before then
    return v_before;
  end if;
  v_event.revision := v_before.revision + events.differs(v_before, v_event)::int;
  update events.events e
  set title = v_event.title, description = v_event.description, place = v_event.place, starts_at = v_event.starts_at,
      ends_at = v_event.ends_at, time_zone = v_event.time_zone, capacity = v_event.capacity,
      remind_minutes_before = v_event.remind_minutes_before, revision = v_event.revision,
      group_ids = v_event.group_ids, roles = v_event.roles, person_ids = v_event.person_ids
  where e.id = v_event.id
  returning * into v_event;
  perform events.tell_change(v_before, v_event);
  return v_event;
end
$$;

-- Who was there may stay: only whom it adds must be known to the organiser, and theirs to invite.
create function events.refuse_other_audience(before events.events, event events.events) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_groups constant uuid[] := array(select unnest(event.group_ids) except select unnest(before.group_ids));
  v_people constant uuid[] := array(select unnest(event.person_ids) except select unnest(before.person_ids));
begin
  if events.same_audience(before, event) then
    return;
  end if;
  perform notify.refuse_audience(
    event.group_ids, event.roles, event.person_ids, known_group_ids => before.group_ids, known_person_ids => before.person_ids
  );
  perform notify.require_staff_for(v_groups, v_people);
end
$$;

create function events.same_audience(before events.events, event events.events) returns boolean
language sql immutable as $$
  select ((before).group_ids, (before).roles, (before).person_ids) is not distinct from ((event).group_ids, (event).roles, (event).person_ids)
$$;

create function events.tell_change(before events.events, event events.events) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform notify.reword(events.cause(event, 'created'), event.title, events.words(event), '/events/' || event.id);
  if not events.same_audience(before, event) then
    perform notify.readdress(events.cause(event, 'created'), event.group_ids, event.roles, event.person_ids);
  end if;
  if event.revision > before.revision then
    perform notify.withdraw(events.cause(before, 'changed:' || before.revision));
    perform notify.follow_up(
      events.cause(event, 'changed:' || event.revision), events.cause(event, 'created'), left(app.in_words('Changed: ', 'Berubah: ') || event.title, 200),
      events.words(event), '/events/' || event.id, app.current_person_id(),
      about => jsonb_build_object('eventId', event.id)
    );
  end if;
  if (event.starts_at, event.remind_minutes_before) is distinct from (before.starts_at, before.remind_minutes_before) then
    perform notify.withdraw(events.reminder_cause(before));
    perform events.set_reminder(event);
  end if;
end
$$;

create function events.differs(before events.events, event events.events) returns boolean
language sql immutable as $$
  select ((before).title, (before).place, (before).starts_at, (before).ends_at, (before).time_zone)
    is distinct from ((event).title, (event).place, (event).starts_at, (event).ends_at, (event).time_zone)
$$;

-- Whoever does not know of it yet never will; whoever does is told.
create function events.cancel_event(event_id uuid, reason text default '') returns events.events
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_event events.events;
begin
  v_event := events.require_organised(event_id);
  if char_length(cancel_event.reason) > 1000 then
    raise exception 'The reason can have 1,000 characters.' using errcode = 'HW422', column = 'reason';
  end if;
  if v_event.cancelled_at is not null then
    return v_event;
  end if;
  update events.events e
  set cancelled_at = now(), cancel_reason = coalesce(btrim(cancel_event.reason), '')
  where e.id = v_event.id
  returning * into v_event;
  perform notify.withdraw(events.cause(v_event, 'created'));
  perform notify.withdraw(events.cause(v_event, 'changed:' || v_event.revision));
  perform notify.withdraw(events.reminder_cause(v_event));
  perform notify.follow_up(
    events.cause(v_event, 'cancelled'), events.cause(v_event, 'created'), left(app.in_words('Cancelled: ', 'Dibatalkan: ') || v_event.title, 200),
    btrim(v_event.cancel_reason || E'\n\n' || events.words(v_event), E'\n'), '/events/' || v_event.id,
    app.current_person_id(), about => jsonb_build_object('eventId', v_event.id)
  );
  return v_event;
end
$$;

create function events.rsvp(
  event_id uuid, answer text, guests int default 0, comment text default '', person_id uuid default null
) returns events.rsvps
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_answerer_id constant uuid := app.require_person_id();
  v_person_id constant uuid := coalesce(rsvp.person_id, v_answerer_id);
  v_event events.events;
  v_rsvp events.rsvps;
begin
  if v_person_id <> v_answerer_id and v_person_id not in (select app.current_child_ids()) then
    raise exception 'You can answer for yourself and for your children.' using errcode = 'HW404', column = 'person_id';
  end if;
  perform events.refuse_answer(answer, guests, comment);
  -- One after the other: the places left are counted under the lock of the event.
  select e.* into v_event
  from events.events e
  where e.id = rsvp.event_id and e.id in (select events.event_ids_of(array[v_person_id]))
  for update;
  if not found then
    raise exception 'There is no such event for you.' using errcode = 'HW404', column = 'event_id';
  end if;
  if v_event.cancelled_at is not null or coalesce(v_event.ends_at, v_event.starts_at) < now() then
    raise exception 'The event is over, or was cancelled.' using errcode = 'HW409';
  end if;
  if rsvp.answer = 'yes' and events.places_taken(v_event.id, v_person_id) + 1 + coalesce(rsvp.guests, 0) > v_event.capacity then
    raise exception 'There are not enough places left.' using errcode = 'HW409', column = 'guests';
  end if;
  insert into events.rsvps as r (event_id, person_id, answered_by, answer, guests, comment)
  values (
    v_event.id, v_person_id, v_answerer_id, rsvp.answer, coalesce(rsvp.guests, 0), coalesce(btrim(rsvp.comment), '')
  )
  on conflict on constraint one_answer_per_person_and_event do update
  set answered_by = excluded.answered_by, answer = excluded.answer, guests = excluded.guests, comment = excluded.comment
  returning * into v_rsvp;
  return v_rsvp;
end
$$;

create function events.refuse_answer(answer text, guests int, comment text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if coalesce(refuse_answer.answer, '') not in ('yes', 'no', 'maybe') then
    raise exception 'The answer must be yes, no or maybe.' using errcode = 'HW422', column = 'answer';
  end if;
  if refuse_answer.guests not between 0 and 20 then
    raise exception 'Guests must be 0 to 20.' using errcode = 'HW422', column = 'guests';
  end if;
  if char_length(btrim(refuse_answer.comment)) > 500 then
    raise exception 'The comment can have 500 characters.' using errcode = 'HW422', column = 'comment';
  end if;
end
$$;

create function events.places_taken(event_id uuid, except_person_id uuid) returns int
language sql stable set search_path = '' as $$
  select coalesce(sum(1 + r.guests), 0)::int
  from events.rsvps r
  where r.event_id = places_taken.event_id and r.answer = 'yes' and r.person_id is distinct from places_taken.except_person_id
$$;

create function events.refuse(event events.events) returns void
language plpgsql stable set search_path = '' as $$
begin
  if coalesce(char_length(event.title), 0) not between 1 and 200 then
    raise exception 'The title must have 1 to 200 characters.' using errcode = 'HW422', column = 'title';
  end if;
  if char_length(event.description) > 5000 then
    raise exception 'The description can have 5,000 characters.' using errcode = 'HW422', column = 'description';
  end if;
  if char_length(event.place) > 200 then
    raise exception 'The place can have 200 characters.' using errcode = 'HW422', column = 'place';
  end if;
  if event.starts_at is null or event.starts_at <= now() or event.starts_at > now() + interval '10 years' then
    raise exception 'The beginning must lie in the future, within ten years.' using errcode = 'HW422', column = 'starts_at';
  end if;
  if event.ends_at <= event.starts_at or event.ends_at > event.starts_at + interval '1 year' then
    raise exception 'The end must come after the beginning, within a year.' using errcode = 'HW422', column = 'ends_at';
  end if;
  if not queue.is_timezone(event.time_zone) then
    raise exception 'The time zone must be one such as Europe/Berlin or Asia/Jakarta.' using errcode = 'HW422', column = 'time_zone';
  end if;
  if event.capacity not between 1 and 1000000 then
    raise exception 'The capacity must be 1 to 1,000,000.' using errcode = 'HW422', column = 'capacity';
  end if;
  if event.remind_minutes_before not between 5 and 43200 then
    raise exception 'A reminder comes 5 minutes to 30 days before.' using errcode = 'HW422', column = 'remind_minutes_before';
  end if;
end
$$;

-- What is told

create function events.cause(event events.events, what text) returns text
language sql immutable as $$
  select format('events:%s:%s', (event).id, what)
$$;

create function events.reminder_cause(event events.events) returns text
language sql immutable as $$
  select events.cause(event, 'reminder:' || extract(epoch from (event).starts_at)::bigint)
$$;

create function events.words(event events.events) returns text
language sql stable as $$
  select concat_ws(E'\n',
    app.in_words('When: ', 'Waktu: ') || events.moment_words(t.starts, c.locale)
      || coalesce('–' || to_char(t.ends, 'HH24:MI'), '')
      || coalesce(' – ' || events.moment_words(t.ends_later, c.locale), '')
      || format(' (%s)', (event).time_zone),
    app.in_words('Where: ', 'Tempat: ') || nullif((event).place, ''),
    E'\n' || nullif((event).description, '')
  )
  from app.community c
  cross join lateral (
    select (event).starts_at at time zone (event).time_zone as starts, (event).ends_at at time zone (event).time_zone as until
  ) u
  cross join lateral (
    select u.starts,
      case when u.until::date = u.starts::date then u.until end as ends,
      case when u.until::date <> u.starts::date then u.until end as ends_later
  ) t
$$;

create function events.moment_words(moment timestamp, locale text) returns text
language sql immutable as $$
  select app.weekday_words(moment_words.moment::date, moment_words.locale) || ', '
    || app.date_words(moment_words.moment::date, moment_words.locale) || ', ' || to_char(moment_words.moment, 'HH24:MI')
$$;

-- A job for later in the same transaction; it looks whether the event still begins then.
create function events.set_reminder(event events.events) returns void
language sql volatile set search_path = '' as $$
  select queue.dispatch(
    'events/remind', jsonb_build_object('eventId', (event).id, 'startsAt', (event).starts_at),
    run_at => (event).starts_at - make_interval(mins => (event).remind_minutes_before)
  )
  where (event).starts_at - make_interval(mins => (event).remind_minutes_before) > now()
$$;

-- All of the audience but those who said no.
create function events.remind(event_id uuid, starts_at timestamptz) returns void
language sql volatile security definer set search_path = '' as $$
  select notify.announce(
    events.reminder_cause(e), 'event', left(app.in_words('Soon: ', 'Segera: ') || e.title, 200), events.words(e), '/events/' || e.id,
    person_ids => array(
      select p.id
      from app.people_of_audience(e.group_ids, e.roles, e.person_ids) p (id)
      where not exists (
        select from events.rsvps r where r.event_id = e.id and r.person_id = p.id and r.answer = 'no'
      )
    ),
    expires_at => e.starts_at,
    about => jsonb_build_object('eventId', e.id)
  )
  from events.events e
  where e.id = remind.event_id and e.starts_at = remind.starts_at and e.starts_at > now() and e.cancelled_at is null
$$;

-- Who sees what

-- Events for any of these people: by name, by a role in a group, as its staff, or as guardians.
create function events.event_ids_of(person_ids uuid[]) returns setof uuid
language sql stable security definer set search_path = '' rows 100 as $$
  select e.id
  from events.events e
  where e.person_ids && event_ids_of.person_ids
  union
  select e.id
  from app.memberships m
  join events.events e on e.group_ids @> array[m.group_id]
  where m.person_id = any (event_ids_of.person_ids)
    and (e.roles = '{}' or m.role = any (e.roles) or m.role in ('owner', 'teacher'))
  union
  select e.id
  from app.guardianships g
  join app.memberships m on m.person_id = g.child_id
  join events.events e on e.group_ids @> array[m.group_id]
  where g.guardian_id = any (event_ids_of.person_ids) and 'parent' = any (e.roles)
  union
  select e.id from events.events e where e.created_by = any (event_ids_of.person_ids)
$$;

create function events.current_event_ids() returns setof uuid
language sql stable security definer set search_path = '' rows 100 as $$
  select events.event_ids_of(array(select app.current_person_id() union select app.current_child_ids()))
$$;

create function events.current_organised_event_ids() returns setof uuid
language sql stable security definer set search_path = '' rows 100 as $$
  select e.id from events.events e where e.created_by = app.current_person_id()
  union
  select e.id
  from (select array(select app.current_staff_group_ids()) as ids) s
  join events.events e on e.group_ids && s.ids and e.group_ids <@ s.ids
$$;

create function events.require_organised(event_id uuid) returns events.events
language plpgsql volatile set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_event events.events;
begin
  select e.* into v_event from events.events e where e.id = require_organised.event_id for update;
  if not found or not (
    app.is_community_owner() or v_event.id in (select events.current_event_ids())
    or v_event.id in (select events.current_organised_event_ids())
  ) then
    raise exception 'There is no such event for you.' using errcode = 'HW404', column = 'event_id';
  end if;
  if v_event.created_by is distinct from v_person_id and not app.is_community_owner()
    and v_event.id not in (select events.current_organised_event_ids())
  then
    raise exception 'Only who made an event and the staff of its groups may change it.' using errcode = 'HW403';
  end if;
  return v_event;
end
$$;

create function events.events_answers(event events.events) returns events.answer_counts
language sql stable security definer set search_path = '' as $$
  select row(
    count(*) filter (where r.answer = 'yes'), count(*) filter (where r.answer = 'maybe'),
    count(*) filter (where r.answer = 'no'), coalesce(sum(r.guests) filter (where r.answer = 'yes'), 0)
  )::events.answer_counts
  from events.rsvps r
  where r.event_id = (event).id
$$;

create function events.events_my_answer(event events.events) returns events.rsvps
language sql stable security definer set search_path = '' as $$
  select r.* from events.rsvps r where r.event_id = (event).id and r.person_id = app.current_person_id()
$$;

create function events.events_unanswered(event events.events) returns setof app.people
language sql stable security definer set search_path = '' as $$
  select p.*
  from app.people_of_audience((event).group_ids, (event).roles, (event).person_ids) a (id)
  join app.people p on p.id = a.id
  where (app.is_community_owner() or (event).id in (select events.current_organised_event_ids()))
    and not exists (select from events.rsvps r where r.event_id = (event).id and r.person_id = a.id)
    and p.id is distinct from (event).created_by
  order by p.name, p.id
$$;

create function events.event_progress(event_id uuid) returns notify.progress_of_cause
language sql stable security definer set search_path = '' as $$
  select notify.progress(events.cause(e, 'created'))
  from events.events e
  where e.id = event_progress.event_id
    and (app.is_community_owner() or e.id in (select events.current_organised_event_ids()))
$$;

-- Triggers

create trigger _100_set_updated_at before update on events.events
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on events.rsvps
for each row execute function app.tg__set_updated_at();

-- Policies and grants

create policy audiences_read on events.events for select to authenticated
using (
  id in (select events.current_event_ids()) or id in (select events.current_organised_event_ids())
  or (select app.is_community_owner())
);

create policy own_and_organisers_read on events.rsvps for select to authenticated
using (
  person_id = (select app.current_person_id())
  or person_id in (select app.current_child_ids())
  or event_id in (select events.current_organised_event_ids())
  or (select app.is_community_owner())
);

grant usage on schema events to anon, authenticated, service_role, howdah_api;
grant select on events.events, events.rsvps to authenticated;
grant execute on function
  events.create_event(text, timestamptz, uuid, text, text, timestamptz, text, uuid[], text[], uuid[], int, int, boolean),
  events.update_event(
    uuid, text, text, text, timestamptz, timestamptz, text, int, int, uuid[], text[], uuid[], text[]
  ),
  events.cancel_event(uuid, text), events.rsvp(uuid, text, int, text, uuid)
to anon, authenticated;
grant execute on function
  events.current_event_ids(), events.current_organised_event_ids(), events.events_answers(events.events),
  events.events_my_answer(events.events), events.events_unanswered(events.events), events.event_progress(uuid)
to authenticated;

-- Comments

comment on table events.events is 'Something that takes place, for an audience.';
comment on column events.events.title is E'@behavior +filterBy +orderBy\nPlain text of 1 to 200 characters.';
comment on column events.events.description is 'Plain text of 5,000 characters at most.';
comment on column events.events.place is 'Plain text of 200 characters at most.';
comment on column events.events.starts_at is E'@behavior +filterBy +orderBy\nWhen it begins.';
comment on column events.events.ends_at is 'When it ends, if that is known.';
comment on column events.events.time_zone is 'IANA time zone of the place.';
comment on column events.events.group_ids is 'The groups whose members are invited.';
comment on column events.events.roles is 'Which roles of those groups; empty: all. Guardians of children in them count as parents.';
comment on column events.events.person_ids is 'People who are invited by name.';
comment on column events.events.capacity is 'How many may come, guests too; null: any number.';
comment on column events.events.remind_minutes_before is 'How long before its beginning those are reminded who did not say no.';
comment on column events.events.client_id is 'Made by the client; the same one again returns the first event.';
comment on column events.events.revision is 'How often its title, place or time was changed.';
comment on column events.events.cancelled_at is E'@behavior +filterBy\nWhen it was cancelled.';
comment on column events.events.cancel_reason is 'Why it was cancelled.';
comment on constraint events_are_made_once on events.events is E'@behavior -*';
comment on constraint events_created_by_fkey on events.events is E'@fieldName creator\n@foreignFieldName createdEvents';
comment on table events.rsvps is E'@name event_answers\nWhether somebody comes.';
comment on column events.rsvps.answer is E'@behavior +filterBy\nyes, no or maybe.';
comment on column events.rsvps.guests is 'How many others somebody brings.';
comment on column events.rsvps.comment is 'Plain text of 500 characters at most.';
comment on column events.rsvps.answered_by is 'Who gave the answer: the person, or a guardian.';
comment on constraint one_answer_per_person_and_event on events.rsvps is E'@behavior -*';
comment on constraint rsvps_event_id_fkey on events.rsvps is E'@foreignFieldName rsvps';
comment on constraint rsvps_person_id_fkey on events.rsvps is E'@fieldName person\n@foreignFieldName rsvps';
comment on constraint rsvps_answered_by_fkey on events.rsvps is E'@fieldName answerer\n@foreignFieldName givenAnswers';
comment on type events.answer_counts is 'How many will come.';
comment on column events.answer_counts.yes is 'People who said yes, without their guests.';
comment on column events.answer_counts.no is 'People who said no.';
comment on column events.answer_counts.maybe is 'People who said maybe.';
comment on column events.answer_counts.guests is 'Guests of those who said yes.';
comment on function events.create_event(text, timestamptz, uuid, text, text, timestamptz, text, uuid[], text[], uuid[], int, int, boolean) is
  E'@arg urgent Whether the invitations pass quiet hours and digests; null: no.\nMakes an event and invites its audience: the members of groups (with some of the roles; for their staff), and people of your groups by name. Returns at once, for any number of people. Urgent invitations pass quiet hours and digests. Idempotent by clientId. Errors: HW401, HW403, HW404, HW422.';
comment on function events.update_event(
  uuid, text, text, text, timestamptz, timestamptz, text, int, int, uuid[], text[], uuid[], text[]
) is
  E'@arg clear What it is to have no more: endsAt, capacity.\nChanges an event; what is not given stays, and a capacity of 0 lifts the limit. Those who were told are told once of another title, place or time. With another audience those who are new in it are invited; from who is not in it any more the invitation is taken back, unless it was read or its mail has gone out. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function events.cancel_event(uuid, text) is
  'Cancels an event: who was not told yet is not told any more, who was is told of the cancellation. Errors: HW401, HW403, HW404, HW422.';
comment on function events.rsvp(uuid, text, int, text, uuid) is
  'Answers yes, no or maybe, for yourself or one of your children (personId); again to change it. Errors: HW401, HW404, HW409, HW422.';
comment on function events.events_answers(events.events) is 'How many will come.';
comment on function events.events_my_answer(events.events) is 'Your own answer, or null.';
comment on function events.events_unanswered(events.events) is 'Who has not answered; for its organisers.';
comment on function events.event_progress(uuid) is 'How far the invitations to an event are; for its organisers.';
comment on function events.current_event_ids() is E'@behavior -*\nEvents for the person who is signed in, or for their children.';
comment on function events.current_organised_event_ids() is E'@behavior -*\nEvents that the person who is signed in may change.';
