-- The demo school: put into an empty embedded database by the first `npm start`, and nowhere else.

do $$
declare
  v_class app.groups := app.create_class('Biology 7B', 'wulan@school.example', 'Wulan Pratiwi');
  v_room_id uuid := (select r.id from chat.rooms r where r.group_id = v_class.id);
  v_teacher_id uuid := (select m.person_id from app.memberships m where m.group_id = v_class.id);
  v_bima app.people := app.find_or_create_person('bima@school.example', 'Bima Saputra');
  v_citra app.people := app.find_or_create_person('citra@school.example', 'Citra Lestari');
begin
  insert into app.memberships (group_id, person_id, invited_by, role)
  values (v_class.id, v_bima.id, v_teacher_id, 'student'), (v_class.id, v_citra.id, v_teacher_id, 'student');

  insert into chat.messages (room_id, sender_id, client_id, body, seq)
  select v_room_id, s.sender_id, gen_random_uuid(), s.body, chat.next_seq(v_room_id)
  from (
    values
      (1, v_teacher_id, 'Good morning! Tomorrow we look at pond water under the microscope.'),
      (2, v_bima.id, 'Do we bring our own water?'),
      (3, v_teacher_id, 'Yes, a jar from any pond. Label it with the place.'),
      (4, v_citra.id, 'I will bring some from the lake behind the library.')
  ) as s (n, sender_id, body)
  order by s.n;
end
$$;
