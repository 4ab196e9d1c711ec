-- Groups and who is in them.

create function app.create_group(kind text, name text, client_id uuid, description text default '')
returns app.groups
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_group app.groups;
begin
  if (app.me()).is_minor then
    raise exception 'Ask an adult to make the group.' using errcode = 'HW403';
  end if;
  perform app.require_client_id(create_group.client_id);
  perform app.require_group_words(coalesce(kind, ''), coalesce(name, ''), coalesce(description, ''));
  insert into app.groups as g (kind, name, description, created_by, client_id)
  values (
    create_group.kind, btrim(create_group.name), coalesce(create_group.description, ''), v_person_id, create_group.client_id
  )
  on conflict do nothing -- made before
  returning * into v_group;
  if found then
    perform app.enrol(v_group.id, v_person_id, 'owner', null);
    return v_group;
  end if;
  select g.* into v_group
  from app.groups g
  where g.created_by = v_person_id and g.client_id = create_group.client_id;
  return v_group;
end
$$;

create function app.update_group(
  group_id uuid, name text default null, description text default null, kind text default null
) returns app.groups
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_group app.groups := app.require_owned_group(update_group.group_id);
begin
  perform app.require_group_words(kind, name, description);
  update app.groups g
  set name = coalesce(btrim(update_group.name), g.name),
      description = coalesce(update_group.description, g.description),
      kind = coalesce(update_group.kind, g.kind)
  where g.id = v_group.id
  returning * into v_group;
  return v_group;
end
$$;

create function app.archive_group(group_id uuid, archived boolean default true) returns app.groups
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_group app.groups := app.require_owned_group(archive_group.group_id);
begin
  update app.groups g
  set archived_at = case when archive_group.archived is not false then coalesce(g.archived_at, now()) end
  where g.id = v_group.id
  returning * into v_group;
  return v_group;
end
$$;

create function app.change_role(membership_id uuid, role text) returns app.memberships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_membership app.memberships := app.require_managed_membership(change_role.membership_id);
begin
  if coalesce(change_role.role, '') not in ('owner', 'teacher', 'student', 'parent', 'member') then
    raise exception 'The role must be owner, teacher, student, parent or member.' using errcode = 'HW422', column = 'role';
  end if;
  if change_role.role in ('owner', 'teacher') and not app.is_owner_of(v_membership.group_id) then
    raise exception 'Only an owner of the group may make owners and teachers.' using errcode = 'HW403';
  end if;
  update app.memberships m set role = change_role.role where m.id = v_membership.id returning * into v_membership;
  perform app.require_an_owner(v_membership.group_id);
  return v_membership;
end
$$;

create function app.remove_member(membership_id uuid) returns app.memberships
language sql volatile security definer set search_path = '' as $$
  select app.end_membership(app.require_managed_membership(remove_member.membership_id))
$$;

create function app.leave_group(group_id uuid) returns app.memberships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_membership app.memberships;
begin
  perform from app.groups g where g.id = leave_group.group_id for no key update;
  select m.* into v_membership
  from app.memberships m
  where m.group_id = leave_group.group_id and m.person_id = v_person_id;
  if not found then
    raise exception 'You are in no such group.' using errcode = 'HW404', column = 'group_id';
  end if;
  if v_membership.role = 'student' and (app.me()).is_minor then
    raise exception 'Ask a teacher of the group to let you go.' using errcode = 'HW403';
  end if;
  return app.end_membership(v_membership);
end
$$;

-- The accepted invitations go with the membership, so that the person can be invited anew.
create function app.end_membership(membership app.memberships) returns app.memberships
language plpgsql volatile as $$
begin
  delete from app.memberships m where m.id = (membership).id;
  delete from app.invitations i where i.group_id = (membership).group_id and i.person_id = (membership).person_id;
  perform app.require_an_owner((membership).group_id);
  return membership;
end
$$;

-- Checks

create function app.require_group_words(kind text, name text, description text) returns void
language plpgsql immutable as $$
begin
  if require_group_words.kind !~ '^[a-z][a-z-]{0,39}$' then
    raise exception 'The kind is one word of small letters, such as class or club.' using errcode = 'HW422', column = 'kind';
  end if;
  if char_length(btrim(require_group_words.name)) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
  if char_length(require_group_words.description) > 2000 then
    raise exception 'The description must have 2,000 characters at most.' using errcode = 'HW422', column = 'description';
  end if;
end
$$;

create function app.require_owned_group(group_id uuid) returns app.groups
language plpgsql volatile as $$
declare
  v_group app.groups;
begin
  perform app.require_person_id();
  select g.* into v_group
  from app.groups g
  where g.id = require_owned_group.group_id and (g.id in (select app.current_group_ids()) or app.is_community_owner())
  for no key update;
  if not found then
    raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404', column = 'group_id';
  end if;
  if not app.is_owner_of(v_group.id) then
    raise exception 'Only an owner of the group may do this.' using errcode = 'HW403';
  end if;
  return v_group;
end
$$;

-- The group's row is locked before its owners are counted: two owners who leave at once wait for each other.
create function app.require_managed_membership(membership_id uuid) returns app.memberships
language plpgsql volatile as $$
declare
  v_membership app.memberships;
begin
  perform app.require_person_id();
  perform from app.groups g
  where g.id = (select m.group_id from app.memberships m where m.id = require_managed_membership.membership_id)
  for no key update;
  select m.* into v_membership
  from app.memberships m
  where m.id = require_managed_membership.membership_id
    and (m.group_id in (select app.current_group_ids()) or app.is_community_owner());
  if not found then
    raise exception 'There is no such membership, or you are not in its group.'
      using errcode = 'HW404', column = 'membership_id';
  end if;
  if not app.is_owner_of(v_membership.group_id)
    and not (app.is_staff_of(v_membership.group_id) and v_membership.role in ('student', 'parent', 'member'))
  then
    raise exception 'Only an owner of the group may do this; its teachers may for students, parents and members.'
      using errcode = 'HW403';
  end if;
  return v_membership;
end
$$;

create function app.require_an_owner(group_id uuid) returns void
language plpgsql volatile as $$
begin
  if not exists (select from app.memberships m where m.group_id = require_an_owner.group_id and m.role = 'owner') then
    raise exception 'A group keeps at least one owner: make somebody else owner first.' using errcode = 'HW409';
  end if;
end
$$;

-- Grants

grant execute on function
  app.create_group(text, text, uuid, text),
  app.update_group(uuid, text, text, text),
  app.archive_group(uuid, boolean),
  app.change_role(uuid, text),
  app.remove_member(uuid),
  app.leave_group(uuid)
to anon, authenticated;

-- Comments

comment on function app.create_group(text, text, uuid, text) is
  'Makes a group, whose maker becomes its owner. Anybody who is not a minor may. Idempotent by clientId. Errors: HW401, HW403, HW422.';
comment on function app.update_group(uuid, text, text, text) is
  'Changes a group; what is not given stays. For its owners. Errors: HW401, HW403, HW404, HW422.';
comment on function app.archive_group(uuid, boolean) is
  E'@arg archived false takes it up again; true and null put it away.\nPuts a group away: nobody new comes in; with archived: false it is taken up again. For its owners. Errors: HW401, HW403, HW404.';
comment on function app.change_role(uuid, text) is
  'Gives a member another role. For owners of the group, and for its teachers between student, parent and member. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.remove_member(uuid) is
  'Takes somebody out of a group, which keeps at least one owner. For owners of the group; for its teachers where the member is student, parent or member. Errors: HW401, HW403, HW404, HW409.';
comment on function app.leave_group(uuid) is
  'Leaves a group, which keeps at least one owner; a minor who is its student asks a teacher. Errors: HW401, HW403, HW404, HW409.';
