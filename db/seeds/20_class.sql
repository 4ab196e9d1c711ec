-- The rest of Biology 7B: so many students that lists and sheets look as they do in a school, and the guardians of some.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_name text;
  v_person app.people;
  v_child text;
begin
  foreach v_name in array array[
    'Adit Nugroho', 'Dimas Prakoso', 'Eka Wulandari', 'Fitri Handayani', 'Galih Permana', 'Intan Maharani',
    'Joko Susilo', 'Kirana Dewanti', 'Lintang Ayu', 'Mega Puspita', 'Nanda Kusuma', 'Oki Setiawan'
  ] loop
    v_person := app.find_or_create_person(lower(split_part(v_name, ' ', 1)) || '@school.example', v_name);
    insert into app.memberships (group_id, person_id, role) values (v_class_id, v_person.id, 'student');
  end loop;

  for v_name, v_child in
    select * from (values
      ('Sari Saputra', 'bima'), ('Hadi Lestari', 'citra'), ('Ratna Nugroho', 'adit'), ('Yusuf Prakoso', 'dimas'),
      ('Dewi Handayani', 'fitri'), ('Maria Anindya Permatasari Kusumawardhani', 'mega')
    ) as g (name, child)
  loop
    v_person := app.find_or_create_person(lower(split_part(v_name, ' ', 1)) || '@home.example', v_name);
    insert into app.memberships (group_id, person_id, role) values (v_class_id, v_person.id, 'parent');
    insert into app.guardianships (guardian_id, child_id)
    select v_person.id, e.person_id from app.email_addresses e where e.address = v_child || '@school.example';
  end loop;
end
$$;
