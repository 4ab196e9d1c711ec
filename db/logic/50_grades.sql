-- Grades: a teacher grades in drafts, which nobody else knows of, and releases them as one act. Released grades are seen
-- at once; the telling waits for the hold-back, during which the act can be undone as if it had never been. Later
-- corrections are seen at once too, kept in a history, and told of once within five minutes.

-- Assignments

create function grades.create_assignment(
  group_id uuid,
  title text,
  client_id uuid,
  description text default '',
  due_at timestamptz default null,
  max_points double precision default null,
  scale text default 'points'
) returns grades.assignments
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_person_id constant uuid := app.require_person_id();
  v_assignment grades.assignments;
begin
  perform grades.require_staff(create_assignment.group_id);
  insert into grades.assignments (group_id, created_by, client_id, title, description, due_at, max_points, scale)
  select
    create_assignment.group_id, v_person_id, create_assignment.client_id, c.title, c.description,
    create_assignment.due_at, c.max_points, c.scale
  from grades.checked_assignment(
    create_assignment.title, create_assignment.description, create_assignment.max_points, create_assignment.scale
  ) c
  on conflict (created_by, client_id) do nothing
  returning * into v_assignment;
  if not found then
    select a.* into v_assignment
    from grades.assignments a
    where a.created_by = v_person_id and a.client_id = create_assignment.client_id;
  end if;
  return v_assignment;
end
$$;

create function grades.update_assignment(
  assignment_id uuid,
  title text default null,
  description text default null,
  due_at timestamptz default null,
  max_points double precision default null,
  without_due_at boolean default false
) returns grades.assignments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_assignment grades.assignments := grades.require_assignment(update_assignment.assignment_id);
  v_checked grades.assignments;
begin
  v_checked := grades.checked_assignment(
    coalesce(update_assignment.title, v_assignment.title),
    coalesce(update_assignment.description, v_assignment.description),
    coalesce(update_assignment.max_points, v_assignment.max_points),
    v_assignment.scale
  );
  if exists (select from grades.grades g where g.assignment_id = v_assignment.id and g.points > v_checked.max_points) then
    raise exception 'Somebody has more points than that already.' using errcode = 'HW422', column = 'max_points';
  end if;
  update grades.assignments a
  set title = v_checked.title,
      description = v_checked.description,
      max_points = v_checked.max_points,
      due_at = case when not coalesce(without_due_at, false) then coalesce(update_assignment.due_at, a.due_at) end
  where a.id = v_assignment.id
  returning a.* into v_assignment;
  return v_assignment;
end
$$;

create function grades.checked_assignment(title text, description text, max_points double precision, scale text)
returns grades.assignments
language plpgsql immutable set search_path = '' as $$
declare
  v_checked grades.assignments;
begin
  v_checked.title := btrim(checked_assignment.title);
  v_checked.description := coalesce(checked_assignment.description, '');
  v_checked.scale := coalesce(checked_assignment.scale, 'points');
  v_checked.max_points := checked_assignment.max_points;
  if char_length(v_checked.title) not between 1 and 200 or v_checked.title is null then
    raise exception 'The title must have 1 to 200 characters.' using errcode = 'HW422', column = 'title';
  end if;
  if char_length(v_checked.description) > 10000 then
    raise exception 'The description must have 10,000 characters at most.' using errcode = 'HW422', column = 'description';
  end if;
  if v_checked.scale not in ('points', 'letters', 'pass', 'words') then
    raise exception 'The scale must be points, letters, pass or words.' using errcode = 'HW422', column = 'scale';
  end if;
  if v_checked.scale = 'points' and v_checked.max_points is null then
    v_checked.max_points := 100;
  end if;
  if v_checked.scale <> 'points' and v_checked.max_points is not null then
    raise exception 'Only the scale points has a maximum.' using errcode = 'HW422', column = 'max_points';
  end if;
  if not (v_checked.max_points > 0 and v_checked.max_points <= 100000) then
    raise exception 'The maximum must be above 0 and 100,000 at most.' using errcode = 'HW422', column = 'max_points';
  end if;
  return v_checked;
end
$$;

create function grades.require_staff(group_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_person_id();
  if app.is_staff_of(require_staff.group_id) then
    return;
  end if;
  if require_staff.group_id in (select app.current_group_ids()) then
    raise exception 'Only teachers and the owner of the group may do this.' using errcode = 'HW403';
  end if;
  raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404';
end
$$;

-- Grading, releasing and undoing wait for each other at the assignment's row.
create function grades.require_assignment(assignment_id uuid) returns grades.assignments
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_assignment grades.assignments;
begin
  perform app.require_person_id();
  select a.* into v_assignment
  from grades.assignments a
  where a.id = require_assignment.assignment_id
    and (a.group_id in (select app.current_group_ids()) or app.is_staff_of(a.group_id))
  for no key update;
  if not found then
    raise exception 'There is no such assignment, or you are not in its group.' using errcode = 'HW404';
  end if;
  perform grades.require_staff(v_assignment.group_id);
  return v_assignment;
end
$$;

-- Grading

create function grades.set_grades(assignment_id uuid, grades grades.grade_entry[]) returns setof grades.grades
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_assignment constant grades.assignments := grades.require_assignment(set_grades.assignment_id);
  v_entries grades.grade_entry[];
  v_corrected uuid[];
begin
  perform grades.require_entries(v_assignment, set_grades.grades);
  v_entries := grades.checked_entries(v_assignment, set_grades.grades);
  perform grades.take_back_drafts(v_assignment.id, v_entries);

  v_corrected := array(
    select g.id
    from unnest(v_entries) e
    join grades.grades g on g.assignment_id = v_assignment.id and g.person_id = e.person_id
    where g.released_at is not null and (g.points, g.mark, g.comment) is distinct from (e.points, e.mark, e.comment)
      and num_nonnulls(e.points, e.mark) = 1
  );
  insert into grades.grade_changes (grade_id, changed_by, points, mark, comment)
  select g.id, v_person_id, g.points, g.mark, g.comment from grades.grades g where g.id = any (v_corrected);

  insert into grades.grades as g (group_id, assignment_id, person_id, graded_by, points, mark, comment)
  select v_assignment.group_id, v_assignment.id, e.person_id, v_person_id, e.points, e.mark, e.comment
  from unnest(v_entries) e
  where num_nonnulls(e.points, e.mark) = 1
  order by e.person_id
  on conflict on constraint one_grade_per_student_and_assignment do update
  set points = excluded.points,
      mark = excluded.mark,
      comment = excluded.comment,
      graded_by = excluded.graded_by,
      changed_at = case when g.released_at is not null then now() end
  where (g.points, g.mark, g.comment) is distinct from (excluded.points, excluded.mark, excluded.comment);

  perform grades.tell_corrections(v_assignment, v_corrected);
  return query
    select g.* from grades.grades g
    join unnest(v_entries) with ordinality e (person_id, points, mark, comment, n) on e.person_id = g.person_id
    where g.assignment_id = v_assignment.id
    order by e.n;
end
$$;

create function grades.require_entries(assignment grades.assignments, entries grades.grade_entry[]) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_count constant int := coalesce(cardinality(entries), 0);
begin
  if v_count not between 1 and 1000 then
    raise exception 'Give 1 to 1,000 grades at once.' using errcode = 'HW422', column = 'grades';
  end if;
  if exists (select from unnest(entries) e where e.person_id is null) then
    raise exception 'Every grade needs a personId.' using errcode = 'HW422', column = 'grades';
  end if;
  if (select count(distinct e.person_id) from unnest(entries) e) < v_count then
    raise exception 'A person stands in the list twice.' using errcode = 'HW422', column = 'grades';
  end if;
  if exists (
    select from unnest(entries) e
    where e.person_id not in (select grades.student_ids((assignment).group_id))
  ) then
    raise exception 'Only students of the group get grades there, and somebody in the list is none.'
      using errcode = 'HW422', column = 'grades';
  end if;
  if exists (select from unnest(entries) e where char_length(e.comment) > 4000) then
    raise exception 'A comment must have 4,000 characters at most.' using errcode = 'HW422', column = 'grades';
  end if;
end
$$;

create function grades.student_ids(group_id uuid) returns setof uuid
language sql stable set search_path = '' as $$
  select m.person_id from app.memberships m where m.group_id = student_ids.group_id and m.role = 'student'
$$;

create function grades.checked_entries(assignment grades.assignments, entries grades.grade_entry[])
returns grades.grade_entry[]
language plpgsql immutable set search_path = '' as $$
begin
  if (assignment).scale = 'points' and exists (
    select from unnest(entries) e
    where e.mark is not null or not (e.points >= 0 and e.points <= (assignment).max_points)
  ) then
    raise exception 'Grades of this assignment are points from 0 to %.', (assignment).max_points
      using errcode = 'HW422', column = 'grades';
  end if;
  if (assignment).scale <> 'points' and exists (
    select from unnest(entries) e
    where e.points is not null or not grades.is_mark(e.mark, (assignment).scale)
  ) then
    raise exception 'Grades of this assignment are marks: %.', case (assignment).scale
      when 'letters' then 'A+ to F' when 'pass' then 'pass or fail' else 'words of 1 to 40 characters' end
      using errcode = 'HW422', column = 'grades';
  end if;
  return array(
    select (e.person_id, round(e.points::numeric, 2), btrim(e.mark), coalesce(e.comment, ''))::grades.grade_entry
    from unnest(entries) e
  );
end
$$;

create function grades.is_mark(mark text, scale text) returns boolean
language sql immutable set search_path = '' as $$
  select case is_mark.scale
    when 'letters' then btrim(is_mark.mark) ~ '^([A-D][+-]?|E|F)$'
    when 'pass' then btrim(is_mark.mark) in ('pass', 'fail')
    else char_length(btrim(is_mark.mark)) between 1 and 40
  end
$$;

-- An entry without points and mark takes a draft back.
create function grades.take_back_drafts(assignment_id uuid, entries grades.grade_entry[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if exists (
    select from unnest(entries) e
    where num_nonnulls(e.points, e.mark) = 0 and e.comment <> ''
  ) then
    raise exception 'A comment goes with points or a mark.' using errcode = 'HW422', column = 'grades';
  end if;
  if exists (
    select from unnest(entries) e
    join grades.grades g on g.assignment_id = take_back_drafts.assignment_id and g.person_id = e.person_id
    where num_nonnulls(e.points, e.mark) = 0 and g.released_at is not null
  ) then
    raise exception 'A released grade cannot be taken back, only corrected.' using errcode = 'HW409';
  end if;
  delete from grades.grades g
  using unnest(entries) e
  where g.assignment_id = take_back_drafts.assignment_id and g.person_id = e.person_id
    and num_nonnulls(e.points, e.mark) = 0;
end
$$;

-- Releasing

create function grades.release_grades(assignment_ids uuid[], client_id uuid, hold_back_minutes int default 5)
returns grades.releases
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_group_id constant uuid := grades.require_assignments(release_grades.assignment_ids);
  v_release grades.releases;
begin
  if coalesce(release_grades.hold_back_minutes, 5) not between 0 and 60 then
    raise exception 'The telling can be held back for 0 to 60 minutes.'
      using errcode = 'HW422', column = 'hold_back_minutes';
  end if;
  select r.* into v_release
  from grades.releases r
  where r.released_by = v_person_id and r.client_id = release_grades.client_id;
  if found then
    return v_release;
  end if;
  insert into grades.releases (group_id, released_by, client_id, assignment_ids, tell_at)
  values (
    v_group_id, v_person_id, release_grades.client_id, release_grades.assignment_ids,
    now() + make_interval(mins => coalesce(release_grades.hold_back_minutes, 5))
  )
  returning * into v_release;
  update grades.grades g
  set released_at = now(), release_id = v_release.id
  where g.assignment_id = any (release_grades.assignment_ids) and g.released_at is null;
  if not found then
    raise exception 'No grade of these assignments waits for its release.' using errcode = 'HW409';
  end if;
  perform grades.tell_release(v_release);
  return v_release;
end
$$;

-- Locks the assignments and answers the group that they all belong to.
create function grades.require_assignments(assignment_ids uuid[]) returns uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_assignment_id uuid;
  v_group_id uuid;
  v_group_ids uuid[] := '{}';
begin
  if coalesce(cardinality(require_assignments.assignment_ids), 0) not between 1 and 100 then
    raise exception 'Name 1 to 100 assignments.' using errcode = 'HW422', column = 'assignment_ids';
  end if;
  for v_assignment_id in select distinct a.id from unnest(require_assignments.assignment_ids) a (id) order by 1 loop
    v_group_id := (grades.require_assignment(v_assignment_id)).group_id;
    v_group_ids := v_group_ids || v_group_id;
  end loop;
  if v_group_id <> any (v_group_ids) then
    raise exception 'The assignments must belong to one group.' using errcode = 'HW422', column = 'assignment_ids';
  end if;
  return v_group_id;
end
$$;

create function grades.undo_release(release_id uuid) returns grades.releases
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_release grades.releases;
begin
  perform app.require_person_id();
  select r.* into v_release
  from grades.releases r
  where r.id = undo_release.release_id and app.is_staff_of(r.group_id);
  if not found then
    raise exception 'There is no such release, or it is not yours to undo.' using errcode = 'HW404';
  end if;
  perform from grades.assignments a where a.id = any (v_release.assignment_ids) order by a.id for no key update;
  select r.* into v_release from grades.releases r where r.id = undo_release.release_id for update;
  if v_release.undone_at is not null then
    return v_release;
  end if;
  if clock_timestamp() >= v_release.tell_at then
    raise exception 'It is too late to undo this release: students have been told. Correct the grades instead.'
      using errcode = 'HW409';
  end if;
  perform notify.withdraw(c.cause) from unnest(grades.causes_of_release(v_release.id)) c (cause);
  delete from grades.grade_changes c
  using grades.grades g
  where g.id = c.grade_id and g.release_id = v_release.id;
  update grades.grades g
  set released_at = null, release_id = null, changed_at = null
  where g.release_id = v_release.id;
  update grades.releases r set undone_at = now() where r.id = v_release.id returning r.* into v_release;
  return v_release;
end
$$;

create function grades.causes_of_release(release_id uuid) returns text[]
language sql immutable set search_path = '' as $$
  select array['grades:release:' || causes_of_release.release_id, 'grades:release:' || causes_of_release.release_id || ':guardians']
$$;

-- Telling: never what the grade is. A lock screen is no place for marks.

create function grades.tell_release(release grades.releases) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_causes constant text[] := grades.causes_of_release((release).id);
  v_ids constant uuid[] := array(select g.id from grades.grades g where g.release_id = (release).id);
begin
  perform grades.tell_students(v_causes[1], 'released', (release).group_id, v_ids, (release).tell_at);
  perform grades.tell_guardians(v_causes[2], 'released', (release).group_id, v_ids, (release).tell_at);
end
$$;

-- Within the hold-back of the release nobody has been told of the grade, and within five minutes of a correction nobody
-- of that: the telling to come covers this one too.
create function grades.tell_corrections(assignment grades.assignments, grade_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_tell_at constant timestamptz := now() + interval '5 minutes';
  v_cause constant text := 'grades:correction:' || gen_random_uuid();
  v_ids uuid[];
begin
  with told as (
    update grades.grades g
    set change_told_at = v_tell_at
    from grades.releases r
    where g.id = any (tell_corrections.grade_ids) and r.id = g.release_id
      and r.tell_at <= now() and (g.change_told_at is null or g.change_told_at <= now())
    returning g.id
  )
  select array_agg(told.id) into v_ids from told;
  if v_ids is not null then
    perform grades.tell_students(v_cause, 'corrected', (assignment).group_id, v_ids, v_tell_at);
    perform grades.tell_guardians(v_cause || ':guardians', 'corrected', (assignment).group_id, v_ids, v_tell_at);
  end if;
end
$$;

create function grades.tell_students(cause text, what text, group_id uuid, grade_ids uuid[], tell_at timestamptz)
returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_people jsonb;
begin
  select jsonb_agg(jsonb_build_object(
    'personId', s.person_id,
    'title', left(format(grades.words(tell_students.what, s.locale), s.group_name), 200),
    'body', left(s.titles, 1000),
    'path', '/grades',
    'about', jsonb_build_object('groupId', tell_students.group_id, 'assignmentIds', s.assignment_ids)
  ))
  into v_people
  from (
    select g.person_id, p.locale, n.name as group_name, string_agg(a.title, ', ' order by a.due_at, a.title) as titles,
      jsonb_agg(a.id order by a.due_at, a.title) as assignment_ids
    from grades.grades g
    join grades.assignments a on a.id = g.assignment_id
    join app.groups n on n.id = tell_students.group_id
    join app.people p on p.id = g.person_id
    where g.id = any (tell_students.grade_ids)
    group by g.person_id, p.locale, n.name
  ) s;
  perform notify.announce_each(
    cause => tell_students.cause, category => 'grade', people => v_people, actor_id => app.current_person_id(),
    not_before => tell_students.tell_at
  );
end
$$;

-- A guardian of several children hears of all of them at once.
create function grades.tell_guardians(cause text, what text, group_id uuid, grade_ids uuid[], tell_at timestamptz)
returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_people jsonb;
begin
  if not (select c.guardians_get_grades from app.community c) then
    return;
  end if;
  select jsonb_agg(jsonb_build_object(
    'personId', s.guardian_id,
    'title', left(format(grades.words(tell_guardians.what || ' of a child', s.locale), s.children, s.group_name), 200),
    'body', left(s.titles, 1000),
    'path', '/grades',
    'about', jsonb_build_object('groupId', tell_guardians.group_id, 'childIds', s.child_ids)
  ))
  into v_people
  from (
    select c.guardian_id, c.locale, c.group_name,
      string_agg(c.child_name, ', ' order by c.child_name) as children,
      string_agg(c.child_name || ': ' || c.titles, E'\n' order by c.child_name) as titles,
      jsonb_agg(c.child_id order by c.child_name) as child_ids
    from (
      select m.guardian_id, m.child_id, p.locale, child.name as child_name, n.name as group_name,
        string_agg(a.title, ', ' order by a.due_at, a.title) as titles
      from grades.grades g
      join app.guardianships m on m.child_id = g.person_id
      join app.people p on p.id = m.guardian_id
      join app.people child on child.id = m.child_id
      join grades.assignments a on a.id = g.assignment_id
      join app.groups n on n.id = tell_guardians.group_id
      where g.id = any (tell_guardians.grade_ids)
      group by m.guardian_id, m.child_id, p.locale, child.name, n.name
    ) c
    group by c.guardian_id, c.locale, c.group_name
  ) s;
  if v_people is not null then
    perform notify.announce_each(
      cause => tell_guardians.cause, category => 'grade', people => v_people, actor_id => app.current_person_id(),
      not_before => tell_guardians.tell_at
    );
  end if;
end
$$;

create function grades.words(what text, locale text) returns text
language sql stable set search_path = '' as $$
  select case coalesce(words.locale, (select c.locale from app.community c)) || ' ' || words.what
    when 'id released' then 'Nilai baru di %s'
    when 'id released of a child' then 'Nilai baru %s di %s'
    when 'id corrected' then 'Nilai Anda di %s diubah'
    when 'id corrected of a child' then 'Nilai %s di %s diubah'
    when 'en released' then 'New grades in %s'
    when 'en released of a child' then 'New grades of %s in %s'
    when 'en corrected' then 'A grade of yours in %s was changed'
    when 'en corrected of a child' then 'A grade of %s in %s was changed'
  end
$$;

-- Looking ahead

create function grades.release_preview(assignment_ids uuid[]) returns setof grades.release_forecast
language plpgsql stable security definer set search_path = '' as $$
declare
  v_group_id constant uuid := grades.group_of_assignments(release_preview.assignment_ids);
begin
  return query
    select s.person_id, p.name,
      count(g.id) filter (where g.released_at is null)::int,
      count(g.id) filter (where g.released_at is not null)::int,
      coalesce(array_agg(a.id order by a.due_at, a.title) filter (where g.id is null), '{}'),
      case when (select c.guardians_get_grades from app.community c) then (
        select count(*)::int from app.guardianships m where m.child_id = s.person_id
      ) else 0 end
    from (
      select grades.student_ids(v_group_id)
      union
      select g.person_id from grades.grades g where g.assignment_id = any (release_preview.assignment_ids)
    ) s (person_id)
    join app.people p on p.id = s.person_id
    cross join grades.assignments a
    left join grades.grades g on g.assignment_id = a.id and g.person_id = s.person_id
    where a.id = any (release_preview.assignment_ids)
    group by s.person_id, p.name
    order by p.name, s.person_id;
end
$$;

create function grades.group_of_assignments(assignment_ids uuid[]) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  v_group_ids uuid[];
  v_found int;
begin
  perform app.require_person_id();
  if coalesce(cardinality(group_of_assignments.assignment_ids), 0) not between 1 and 100 then
    raise exception 'Name 1 to 100 assignments.' using errcode = 'HW422', column = 'assignment_ids';
  end if;
  select array_agg(distinct a.group_id), count(*) into v_group_ids, v_found
  from grades.assignments a
  where a.id = any (group_of_assignments.assignment_ids)
    and (a.group_id in (select app.current_group_ids()) or app.is_staff_of(a.group_id));
  if v_found < (select count(distinct i.id) from unnest(group_of_assignments.assignment_ids) i (id)) then
    raise exception 'There is no such assignment, or you are not in its group.' using errcode = 'HW404';
  end if;
  if cardinality(v_group_ids) > 1 then
    raise exception 'The assignments must belong to one group.' using errcode = 'HW422', column = 'assignment_ids';
  end if;
  perform grades.require_staff(v_group_ids[1]);
  return v_group_ids[1];
end
$$;

-- For policies

create function grades.current_graded_child_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select app.current_child_ids() where (select c.guardians_get_grades from app.community c)
$$;

create function grades.current_graded_group_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.group_id
  from app.memberships m
  where m.person_id in (select grades.current_graded_child_ids()) and m.role = 'student'
$$;

-- Triggers

create trigger _100_set_updated_at before update on grades.assignments
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on grades.grades
for each row execute function app.tg__set_updated_at();

-- Policies and grants

create policy members_read on grades.assignments for select to authenticated
using (group_id in (select app.current_group_ids()));
create policy staff_read on grades.assignments for select to authenticated
using (group_id in (select app.current_staff_group_ids()));
create policy guardians_read on grades.assignments for select to authenticated
using (group_id in (select grades.current_graded_group_ids()));

create policy students_read_released on grades.grades for select to authenticated
using (released_at is not null and person_id = (select app.current_person_id()));
create policy guardians_read_released on grades.grades for select to authenticated
using (released_at is not null and person_id in (select grades.current_graded_child_ids()));
create policy staff_read on grades.grades for select to authenticated
using (group_id in (select app.current_staff_group_ids()));

create policy readers_of_the_grade_read on grades.grade_changes for select to authenticated
using (grade_id in (select g.id from grades.grades g));

create policy staff_read on grades.releases for select to authenticated
using (group_id in (select app.current_staff_group_ids()));

grant usage on schema grades to anon, authenticated, service_role, howdah_api;
grant select on grades.assignments, grades.grades, grades.grade_changes, grades.releases to authenticated;
grant execute on function
  grades.create_assignment(uuid, text, uuid, text, timestamptz, double precision, text),
  grades.update_assignment(uuid, text, text, timestamptz, double precision, boolean),
  grades.set_grades(uuid, grades.grade_entry[]),
  grades.release_grades(uuid[], uuid, int),
  grades.undo_release(uuid)
to anon, authenticated;
grant execute on function grades.release_preview(uuid[]) to anon, authenticated;
grant execute on function grades.current_graded_child_ids(), grades.current_graded_group_ids() to authenticated;

-- Comments

comment on table grades.assignments is 'Something that the students of a group have to do.';
comment on column grades.assignments.group_id is E'@behavior +filterBy\nThe group whose students have to do it.';
comment on column grades.assignments.client_id is 'Made by the creator''s client; creating with the same one again returns the first assignment.';
comment on column grades.assignments.title is E'@behavior +filterBy +orderBy\nWhat it is called.';
comment on column grades.assignments.due_at is E'@behavior +filterBy +orderBy\nWhen it has to be done; null: any time.';
comment on column grades.assignments.max_points is 'The most points there are; null unless the scale is points.';
comment on column grades.assignments.scale is 'points, letters (A+ to F), pass (pass or fail) or words (any).';
comment on constraint assignments_created_by_fkey on grades.assignments is E'@fieldName creator\n@foreignFieldName createdAssignments';
comment on table grades.grades is
  'What a student got for an assignment. Staff of the group see all; the student, and by the community''s policy the guardians, once it is released.';
comment on column grades.grades.points is 'From 0 to the assignment''s maximum; null if there is a mark.';
comment on column grades.grades.mark is 'A word of the assignment''s scale; null if there are points.';
comment on column grades.grades.comment is 'From the teacher to the student.';
comment on column grades.grades.released_at is E'@behavior +filterBy +orderBy\nSince when the student sees it; null: a draft.';
comment on column grades.grades.changed_at is 'When it was last corrected after its release; null: never.';
comment on column grades.grades.change_told_at is E'@behavior -*\nWhen the student is, or was, told of the last corrections.';
comment on constraint grades_person_id_fkey on grades.grades is E'@fieldName student\n@foreignFieldName grades';
comment on constraint grades_graded_by_fkey on grades.grades is E'@fieldName grader\n@foreignFieldName givenGrades';
comment on table grades.grade_changes is 'What a grade was before a correction.';
comment on column grades.grade_changes.points is 'The points before; null if there was a mark.';
comment on column grades.grade_changes.mark is 'The mark before; null if there were points.';
comment on column grades.grade_changes.comment is 'The comment before.';
comment on constraint grade_changes_grade_id_fkey on grades.grade_changes is E'@fieldName grade\n@foreignFieldName changes';
comment on constraint grade_changes_changed_by_fkey on grades.grade_changes is E'@fieldName changer\n@foreignFieldName changedGrades';
comment on table grades.releases is 'The act by which students got to see grades; for staff of the group.';
comment on column grades.releases.tell_at is 'When students and guardians are told; until then the release can be undone.';
comment on column grades.releases.undone_at is 'When it was undone: its grades are drafts again and nobody was told.';
comment on constraint releases_released_by_fkey on grades.releases is E'@fieldName releaser\n@foreignFieldName gradeReleases';
comment on type grades.grade_entry is 'What a student gets: points or a mark, as the scale of the assignment says. Neither of them takes a draft back.';
comment on column grades.grade_entry.person_id is 'A student of the group.';
comment on column grades.grade_entry.points is 'From 0 to the assignment''s maximum, with two decimals; null unless the scale is points.';
comment on column grades.grade_entry.mark is 'A+ to F, pass or fail, or words of 1 to 40 characters, as the scale says; null if the scale is points.';
comment on column grades.grade_entry.comment is 'Plain text of 4,000 characters at most.';
comment on type grades.release_forecast is 'What a release would mean to one student.';
comment on column grades.release_forecast.person_id is 'The student.';
comment on column grades.release_forecast.name is 'The student''s name.';
comment on column grades.release_forecast.ready is 'Drafts that the student would get to see.';
comment on column grades.release_forecast.already_released is 'Grades that the student sees already.';
comment on column grades.release_forecast.missing_assignment_ids is 'Assignments without a grade for the student.';
comment on column grades.release_forecast.guardians is 'How many guardians would be told too.';
comment on function grades.create_assignment is
  'Gives the students of a group something to do. Idempotent: the same clientId returns the first assignment. For staff. Errors: HW401, HW403, HW404, HW422.';
comment on function grades.update_assignment is
  'Changes what is given of an assignment; withoutDueAt takes its date away. For staff. Errors: HW401, HW403, HW404, HW422.';
comment on function grades.set_grades is
  E'@arg grades 1 to 1,000 grades, one per student; without points and mark: the draft is taken back.\nGrades students of the group. New grades are drafts; a released grade is corrected: its student sees that at once, and is told of it once within five minutes. For staff. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function grades.release_grades is
  E'@arg holdBackMinutes 0 to 60: how long nobody is told and the release can be undone; null: 5.\nShows all drafts of the assignments to their students at once, and tells students and guardians after holdBackMinutes (0 to 60): one notification per person, however many grades. Idempotent: the same clientId returns the first release. For staff. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function grades.undo_release is
  'Makes the grades of a release drafts again, as long as nobody was told. Idempotent. For staff. Errors: HW401, HW404, HW409.';
comment on function grades.release_preview is
  'Who would get what if the drafts of these assignments were released now, and who lacks a grade. For staff. Errors: HW401, HW403, HW404, HW422.';
comment on function grades.current_graded_child_ids() is E'@behavior -*\nThe children whose grades the person who is signed in may see.';
comment on function grades.current_graded_group_ids() is E'@behavior -*\nGroups in which a child of the person who is signed in gets grades.';
