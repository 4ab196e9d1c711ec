-- Classes: inviting people into them.

create function app.invite_to_class(class_id uuid, email text, name text, role text default 'student')
returns app.memberships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_inviter_id constant uuid := app.require_person_id();
  v_class app.groups;
  v_person app.people;
  v_membership app.memberships;
begin
  select g.* into v_class
  from app.groups g
  where g.id = invite_to_class.class_id and g.id in (select app.current_group_ids()) and g.kind = 'class';
  if not found then
    raise exception 'There is no such class, or you are not in it.' using errcode = 'HW404';
  end if;
  if app.current_role_in(v_class.id) not in ('owner', 'teacher') then
    raise exception 'Only the owner and the teachers of a class may invite to it.' using errcode = 'HW403';
  end if;
  perform app.require_invitation(email, name, role);

  v_person := app.find_or_create_person(email, name);
  insert into app.memberships as m (group_id, person_id, invited_by, role)
  values (v_class.id, v_person.id, v_inviter_id, invite_to_class.role)
  on conflict on constraint one_membership_per_person_and_group do nothing
  returning * into v_membership;
  if not found then
    select m.* into v_membership
    from app.memberships m
    where m.group_id = v_class.id and m.person_id = v_person.id;
    return v_membership; -- invited before: the mail went out then
  end if;
  perform app.send_invitation(v_membership, v_class.name, v_person.name);
  return v_membership;
end
$$;

create function app.require_invitation(email text, name text, role text) returns void
language plpgsql immutable as $$
begin
  perform mail.checked_address(email);
  if char_length(btrim(name)) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
  if role not in ('teacher', 'student', 'parent') then
    raise exception 'The role must be teacher, student or parent, not "%".', left(role, 100)
      using errcode = 'HW422', column = 'role';
  end if;
end
$$;

create function app.send_invitation(membership app.memberships, class_name text, person_name text) returns void
language sql volatile as $$
  select mail.enqueue(
    template => 'class-invitation',
    recipient => (
      select e.address from app.email_addresses e
      where e.person_id = (membership).person_id
      order by e.created_at
      limit 1
    ),
    data => jsonb_build_object(
      'className', class_name,
      'inviterName', (select p.name from app.people p where p.id = (membership).invited_by),
      'personName', person_name,
      'role', (membership).role,
      'signInToken', app.create_sign_in_link((membership).person_id, '14 days')
    ),
    dedupe_key => 'class-invitation:' || (membership).id
  )
$$;

-- Grants

grant execute on function app.invite_to_class(uuid, text, text, text) to anon, authenticated;

-- Comments

comment on function app.invite_to_class(uuid, text, text, text) is
  'Makes a person a member of a class at once and mails an invitation. Inviting again changes nothing and mails nothing. For owners and teachers of the class. Errors: HW401, HW403, HW404, HW422.';
