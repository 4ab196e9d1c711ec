-- Direct conversations: of two people, or of a few. The same people always have the same one. The community's policy on
-- minors is asked when one is opened and each time something is said in it.

create function chat.open_direct(person_ids uuid[], client_id uuid) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_people uuid[] := array(
    select distinct i from unnest(open_direct.person_ids || v_person_id) i where i is not null order by i
  );
  v_room chat.rooms;
begin
  perform app.require_client_id(open_direct.client_id);
  select r.* into v_room
  from chat.rooms r
  where r.created_by = v_person_id and r.client_id = open_direct.client_id;
  if found then
    return v_room;
  end if;
  perform chat.require_direct_people(v_people);
  insert into chat.rooms (kind, name, created_by, client_id, direct_people)
  values ('direct', chat.names_of(v_people), v_person_id, open_direct.client_id, v_people)
  on conflict do nothing
  returning * into v_room;
  if found then
    insert into chat.room_members (room_id, person_id) select v_room.id, i from unnest(v_people) i;
    return v_room;
  end if;
  select r.* into v_room
  from chat.rooms r
  where r.direct_people = v_people or (r.created_by = v_person_id and r.client_id = open_direct.client_id);
  return v_room;
end
$$;

create function chat.require_direct_people(people uuid[]) returns void
language plpgsql stable as $$
begin
  if cardinality(people) not between 2 and 9 then
    raise exception 'A direct conversation is with 1 to 8 other people.' using errcode = 'HW422', column = 'person_ids';
  end if;
  if exists (
    select from unnest(people) i
    where i <> app.current_person_id() and not chat.knows(app.current_person_id(), i)
  ) then
    raise exception 'There is no such person, or you share no group.' using errcode = 'HW404', column = 'person_ids';
  end if;
  if not chat.direct_is_allowed(people) then
    raise exception 'This community does not let these adults and minors talk directly: ask its owner.'
      using errcode = 'HW403', column = 'person_ids';
  end if;
end
$$;

-- They share a group or a room; one minds the other, or a child in a group of the other's; or one runs the community.
create function chat.knows(person_id uuid, other_id uuid) returns boolean
language sql stable as $$
  select exists (
    select from app.memberships a
    join app.memberships b on b.group_id = a.group_id
    where a.person_id = knows.person_id and b.person_id = knows.other_id
  ) or exists (
    select from app.guardianships g
    where (g.guardian_id, g.child_id) in ((knows.person_id, knows.other_id), (knows.other_id, knows.person_id))
  ) or exists (
    select from app.guardianships g
    join app.memberships c on c.person_id = g.child_id
    join app.memberships o on o.group_id = c.group_id
    where (g.guardian_id, o.person_id) in ((knows.person_id, knows.other_id), (knows.other_id, knows.person_id))
  ) or exists (
    select from chat.room_members a
    join chat.room_members b on b.room_id = a.room_id
    where a.person_id = knows.person_id and b.person_id = knows.other_id
  ) or exists (
    select from app.people p
    join app.people o on o.id = knows.other_id
    where p.id = knows.person_id and 'owner' in (p.community_role, o.community_role)
  )
$$;

-- Each adult with each minor: one minds the other, or the community's policy allows it.
create function chat.direct_is_allowed(people uuid[]) returns boolean
language sql stable as $$
  select not exists (
    select
    from app.people a
    join app.people m on m.is_minor and m.id = any (direct_is_allowed.people)
    where a.id = any (direct_is_allowed.people) and not a.is_minor
      and not exists (select from app.guardianships g where g.guardian_id = a.id and g.child_id = m.id)
      and not case (select c.minors_chat_with from app.community c)
        when 'everybody' then true
        when 'teachers' then chat.teaches(a.id, m.id)
        when 'guardian-present' then exists (
          select from app.guardianships g
          where g.child_id = m.id and g.guardian_id = any (direct_is_allowed.people)
        )
        else false
      end
  )
$$;

create function chat.teaches(teacher_id uuid, student_id uuid) returns boolean
language sql stable as $$
  select exists (
    select from app.memberships t
    join app.memberships s on s.group_id = t.group_id
    where t.person_id = teaches.teacher_id and t.role in ('owner', 'teacher') and s.person_id = teaches.student_id
  ) or exists (
    select from app.people p where p.id = teaches.teacher_id and p.community_role = 'owner'
  )
$$;

create function chat.names_of(people uuid[]) returns text
language sql stable as $$
  select left(string_agg(p.name, ', ' order by p.name, p.id), 200) from app.people p where p.id = any (names_of.people)
$$;

-- The title of a room for who looks at it: a direct conversation is called as the others in it are.
create function chat.rooms_title(room chat.rooms) returns text
language sql stable security definer set search_path = '' as $$
  select case (room).kind
    when 'direct' then coalesce(
      chat.names_of(array_remove((room).direct_people, app.current_person_id())), (room).name
    )
    else (room).name
  end
$$;

-- Grants

grant execute on function chat.open_direct(uuid[], uuid) to anon, authenticated;
grant execute on function chat.rooms_title(chat.rooms) to authenticated;

-- Comments

comment on function chat.open_direct(uuid[], uuid) is
  'The direct conversation with one or up to eight other people whom one shares a group with or knows otherwise; the same people have the same one. Adults and minors only as the community''s policy (minorsChatWith) allows. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.rooms_title(chat.rooms) is 'What to call the room: its name, or the names of the others in a direct conversation.';
