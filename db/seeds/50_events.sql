-- What is on in Biology 7B: an excursion with answers, an evening for parents, and an event that is over.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_teacher_id uuid := (
    select m.person_id from app.memberships m where m.group_id = v_class_id and m.role = 'owner'
  );
  v_excursion events.events;
  v_past_id uuid;
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', v_teacher_id)::text, true);
  v_excursion := events.create_event(
    'Excursion to the lake', date_trunc('day', now()) + interval '5 days 7 hours', gen_random_uuid(),
    description => E'We take water samples at three places and look at them under the microscope at once.\n\nBring rubber boots, a jar with a lid, and something to eat.',
    place => 'Lake behind the library', ends_at => date_trunc('day', now()) + interval '5 days 10 hours',
    group_ids => array[v_class_id], roles => array['student', 'parent'], capacity => 24
  );
  perform events.create_event(
    'Evening for parents', date_trunc('day', now()) + interval '12 days 11 hours', gen_random_uuid(),
    description => 'The term in short, and what comes next. There will be tea.', place => 'Room 14',
    group_ids => array[v_class_id], roles => array['parent']
  );
  perform set_config('request.jwt.claims', '', true);

  insert into events.rsvps (event_id, person_id, answered_by, answer, guests, comment)
  select v_excursion.id, e.person_id, e.person_id, a.answer, a.guests, a.comment
  from (values
    ('citra@school.example', 'yes', 0, 'I can bring two nets.'), ('adit@school.example', 'yes', 0, ''),
    ('eka@school.example', 'yes', 0, ''), ('galih@school.example', 'maybe', 0, 'If my boots arrive in time.'),
    ('joko@school.example', 'no', 0, ''), ('hadi@home.example', 'yes', 1, 'With my wife, we can drive four.')
  ) a (address, answer, guests, comment)
  join app.email_addresses e on e.address = a.address;

  insert into events.events (created_by, client_id, title, place, starts_at, ends_at, time_zone, group_ids, created_at)
  values (
    v_teacher_id, gen_random_uuid(), 'Visit to the botanical garden', 'Main gate', now() - interval '9 days',
    now() - interval '9 days' + interval '3 hours', v_excursion.time_zone, array[v_class_id], now() - interval '20 days'
  )
  returning id into v_past_id;
  insert into events.rsvps (event_id, person_id, answered_by, answer)
  select v_past_id, m.person_id, m.person_id, case when m.role = 'student' then 'yes' else 'no' end
  from app.memberships m
  where m.group_id = v_class_id and m.role in ('student', 'parent');
end
$$;
