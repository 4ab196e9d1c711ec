-- A term of grades in Biology 7B: two assignments that are released, one with a correction, one in drafts, one to come.

do $$
declare
  v_class app.groups := (select g from app.groups g where g.name = 'Biology 7B');
  v_teacher_id uuid := (
    select m.person_id from app.memberships m where m.group_id = v_class.id and m.role = 'owner'
  );
  v_release_id uuid;
begin
  insert into grades.assignments (group_id, created_by, client_id, title, description, due_at, max_points, scale)
  values
    (v_class.id, v_teacher_id, gen_random_uuid(), 'Herbarium', 'Ten pressed leaves, each with its name and place.', date_trunc('day', now()) - interval '20 days' + interval '7 hours', 20, 'points'),
    (v_class.id, v_teacher_id, gen_random_uuid(), 'Cell drawing', 'A plant cell and an animal cell, side by side.', date_trunc('day', now()) - interval '12 days' + interval '7 hours', null, 'letters'),
    (v_class.id, v_teacher_id, gen_random_uuid(), 'Pond water report', 'What lives in your jar? Two pages with drawings.', date_trunc('day', now()) - interval '2 days' + interval '7 hours', 30, 'points'),
    (v_class.id, v_teacher_id, gen_random_uuid(), 'Microscope licence', 'Show that you can set one up alone.', date_trunc('day', now()) + interval '6 days' + interval '7 hours', null, 'pass');

  insert into grades.releases (group_id, released_by, client_id, assignment_ids, tell_at, created_at)
  select v_class.id, v_teacher_id, gen_random_uuid(), array_agg(a.id), now() - interval '9 days', now() - interval '9 days 5 minutes'
  from grades.assignments a
  where a.group_id = v_class.id and a.title in ('Herbarium', 'Cell drawing')
  returning id into v_release_id;

  insert into grades.grades (group_id, assignment_id, person_id, graded_by, release_id, released_at, points, mark, comment)
  select
    v_class.id, a.id, m.person_id, v_teacher_id,
    case when a.title <> 'Pond water report' then v_release_id end,
    case when a.title <> 'Pond water report' then now() - interval '9 days 5 minutes' end,
    case a.title when 'Herbarium' then 11 + (m.n * 7) % 10 when 'Pond water report' then 16 + (m.n * 5) % 15 end,
    case when a.title = 'Cell drawing' then (array['A', 'B+', 'A-', 'B', 'C+', 'A', 'B-'])[1 + m.n % 7] end,
    case when a.title = 'Herbarium' and m.n % 4 = 0 then 'Beautifully pressed. The names in Latin next time?' else '' end
  from grades.assignments a
  join (
    select m.person_id, row_number() over (order by p.name)::int as n
    from app.memberships m
    join app.people p on p.id = m.person_id
    where m.group_id = v_class.id and m.role = 'student'
  ) m on a.title in ('Herbarium', 'Cell drawing') or m.n <= 9
  where a.group_id = v_class.id and a.title in ('Herbarium', 'Cell drawing', 'Pond water report');

  insert into grades.grade_changes (grade_id, changed_by, points, comment, created_at)
  select g.id, v_teacher_id, g.points - 2, g.comment, now() - interval '3 days'
  from grades.grades g
  join grades.assignments a on a.id = g.assignment_id and a.title = 'Herbarium'
  join app.people p on p.id = g.person_id and p.name = 'Bima Saputra';
  update grades.grades g
  set changed_at = now() - interval '3 days'
  where g.id in (select c.grade_id from grades.grade_changes c);
end
$$;
