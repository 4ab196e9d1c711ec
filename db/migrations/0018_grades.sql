-- Grades: what a group has to do, what each student got for it, and the acts by which students learn of it.

create schema grades;
comment on schema grades is E'@howdah @api\nAssignments and what students got for them.';

create table grades.assignments (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  created_by uuid references app.people on delete set null,
  client_id uuid not null,
  title text not null,
  description text not null default '',
  due_at timestamptz,
  max_points double precision,
  scale text not null default 'points',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint titles_have_1_to_200_characters check (char_length(btrim(title)) between 1 and 200),
  constraint descriptions_have_10000_characters_at_most check (char_length(description) <= 10000),
  constraint scales_are_known check (scale in ('points', 'letters', 'pass', 'words')),
  constraint points_have_a_maximum check ((scale = 'points') = (max_points is not null)),
  constraint maxima_are_sensible check (max_points > 0 and max_points <= 100000)
);
alter table grades.assignments enable row level security;
create unique index assignments_made_once on grades.assignments (created_by, client_id);
create index assignments_of_group on grades.assignments (group_id, due_at);
create index assignments_of_creator on grades.assignments (created_by);

create table grades.releases (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  released_by uuid references app.people on delete set null,
  client_id uuid not null,
  assignment_ids uuid[] not null,
  tell_at timestamptz not null,
  undone_at timestamptz,
  created_at timestamptz not null default now(),
  constraint releases_are_undone_before_they_are_told check (undone_at < tell_at)
);
alter table grades.releases enable row level security;
create unique index releases_made_once on grades.releases (released_by, client_id);
create index releases_of_group on grades.releases (group_id, created_at);
create index releases_by_releaser on grades.releases (released_by);

create table grades.grades (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  assignment_id uuid not null references grades.assignments on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  graded_by uuid references app.people on delete set null,
  release_id uuid references grades.releases on delete cascade,
  points double precision,
  mark text,
  comment text not null default '',
  released_at timestamptz,
  changed_at timestamptz,
  change_told_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_grade_per_student_and_assignment unique (assignment_id, person_id),
  constraint grades_are_points_or_a_mark check (num_nonnulls(points, mark) = 1),
  constraint marks_have_1_to_40_characters check (char_length(btrim(mark)) between 1 and 40),
  constraint comments_have_4000_characters_at_most check (char_length(comment) <= 4000),
  constraint released_grades_name_their_release check ((released_at is null) = (release_id is null)),
  constraint drafts_are_not_changed check (released_at is not null or changed_at is null)
);
alter table grades.grades enable row level security;
create index grades_of_person on grades.grades (person_id);
create index grades_of_group on grades.grades (group_id);
create index grades_by_grader on grades.grades (graded_by);
create index grades_of_release on grades.grades (release_id);

create table grades.grade_changes (
  id uuid primary key default gen_random_uuid(),
  grade_id uuid not null references grades.grades on delete cascade,
  changed_by uuid references app.people on delete set null,
  points double precision,
  mark text,
  comment text not null,
  created_at timestamptz not null default now()
);
alter table grades.grade_changes enable row level security;
create index grade_changes_of_grade on grades.grade_changes (grade_id, created_at);
create index grade_changes_by_changer on grades.grade_changes (changed_by);

create type grades.grade_entry as (person_id uuid, points double precision, mark text, comment text);

create type grades.release_forecast as (
  person_id uuid,
  name text,
  ready int,
  already_released int,
  missing_assignment_ids uuid[],
  guardians int
);
