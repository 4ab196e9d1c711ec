-- More than one class: a club across classes, and somebody who waits to be let in.

do $$
declare
  v_teacher_id uuid := (select e.person_id from app.email_addresses e where e.address = 'wulan@school.example');
  v_raka app.people := app.find_or_create_person('raka@school.example', 'Raka Firmansyah');
  v_yuni app.people := app.find_or_create_person('yuni@school.example', 'Yuni Astuti');
  v_club app.groups;
  v_link_id uuid;
begin
  insert into app.groups (kind, name, description, created_by, client_id)
  values (
    'club', 'Astronomy club', 'Every second Friday on the roof, when the sky is clear.', v_teacher_id, gen_random_uuid()
  )
  returning * into v_club;
  insert into app.memberships (group_id, person_id, role)
  select v_club.id, e.person_id, m.role
  from (
    values
      ('raka@school.example', 'owner'), ('wulan@school.example', 'teacher'), ('bima@school.example', 'member'),
      ('citra@school.example', 'member'), ('galih@school.example', 'member'), ('kirana@school.example', 'member')
  ) m (address, role)
  join app.email_addresses e on e.address = m.address;

  insert into app.invitation_links (group_id, created_by, client_id, token, role, needs_approval, expires_at)
  values (v_club.id, v_raka.id, gen_random_uuid(), app.new_token(), 'member', true, now() + interval '30 days')
  returning id into v_link_id;
  insert into app.membership_requests (group_id, person_id, invitation_link_id, role)
  values (v_club.id, v_yuni.id, v_link_id, 'member');
end
$$;
