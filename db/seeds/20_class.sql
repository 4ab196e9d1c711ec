-- The rest of Biology 7B: so many students that lists and sheets look as they do in a school, and two guardians.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_name text;
  v_student app.people;
  v_sari app.people := app.find_or_create_person('sari@school.example', 'Sari Saputra');
  v_hadi app.people := app.find_or_create_person('hadi@school.example', 'Hadi Lestari');
begin
  foreach v_name in array array[
    'Adit Nugroho', 'Dimas Prakoso', 'Eka Wulandari', 'Fitri Handayani', 'Galih Permana', 'Intan Maharani',
    'Joko Susilo', 'Kirana Dewanti', 'Lintang Ayu', 'Mega Puspita', 'Nanda Kusuma', 'Oki Setiawan'
  ] loop
    v_student := app.find_or_create_person(lower(split_part(v_name, ' ', 1)) || '@school.example', v_name);
    insert into app.memberships (group_id, person_id, role) values (v_class_id, v_student.id, 'student');
  end loop;
  insert into app.memberships (group_id, person_id, role)
  values (v_class_id, v_sari.id, 'parent'), (v_class_id, v_hadi.id, 'parent');
  insert into app.guardianships (guardian_id, child_id)
  select g.id, e.person_id
  from (values (v_sari.id, 'bima@school.example'), (v_hadi.id, 'citra@school.example')) g (id, address)
  join app.email_addresses e on e.address = g.address;
end
$$;
