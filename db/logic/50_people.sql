-- People about themselves, the community's settings, and what its staff decide for children.

create function app.update_profile(name text default null, locale text default null, time_zone text default null)
returns app.people
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_person app.people;
begin
  perform app.require_name(update_profile.name);
  perform app.require_locale(nullif(update_profile.locale, ''));
  perform app.require_time_zone(nullif(update_profile.time_zone, ''));
  update app.people p
  set name = coalesce(btrim(update_profile.name), p.name),
      locale = case when update_profile.locale is null then p.locale else nullif(update_profile.locale, '') end,
      time_zone = case when update_profile.time_zone is null then p.time_zone else nullif(update_profile.time_zone, '') end
  where p.id = v_person_id
  returning * into v_person;
  return v_person;
end
$$;

create function app.update_community(
  name text default null,
  colour text default null,
  locale text default null,
  time_zone text default null,
  students_are_minors boolean default null,
  minors_chat_with text default null,
  guardians_get_grades boolean default null
) returns app.community
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_community app.community;
begin
  perform app.require_community_owner();
  perform app.require_name(update_community.name);
  perform app.require_locale(update_community.locale);
  perform app.require_time_zone(update_community.time_zone);
  if lower(update_community.colour) !~ '^#[0-9a-f]{6}$' then
    raise exception 'A colour is written like #b4532a.' using errcode = 'HW422', column = 'colour';
  end if;
  if update_community.minors_chat_with not in ('nobody', 'teachers', 'guardian-present', 'everybody') then
    raise exception 'Choose nobody, teachers, guardian-present or everybody.'
      using errcode = 'HW422', column = 'minors_chat_with';
  end if;
  update app.community c
  set name = coalesce(btrim(update_community.name), c.name),
      colour = coalesce(lower(update_community.colour), c.colour),
      locale = coalesce(update_community.locale, c.locale),
      time_zone = coalesce(update_community.time_zone, c.time_zone),
      students_are_minors = coalesce(update_community.students_are_minors, c.students_are_minors),
      minors_chat_with = coalesce(update_community.minors_chat_with, c.minors_chat_with),
      guardians_get_grades = coalesce(update_community.guardians_get_grades, c.guardians_get_grades)
  returning * into v_community;
  return v_community;
end
$$;

create function app.set_community_role(person_id uuid, role text) returns app.people
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person app.people;
begin
  perform app.require_community_owner();
  if coalesce(set_community_role.role, '') not in ('owner', 'staff', 'member') then
    raise exception 'The role must be owner, staff or member.' using errcode = 'HW422', column = 'role';
  end if;
  perform from app.community c for no key update; -- two owners who step down at once wait for each other
  update app.people p
  set community_role = set_community_role.role
  where p.id = set_community_role.person_id
  returning * into v_person;
  if not found then
    raise exception 'There is no such person.' using errcode = 'HW404', column = 'person_id';
  end if;
  if not exists (select from app.people p where p.community_role = 'owner') then
    raise exception 'The community keeps at least one owner: name another one first.' using errcode = 'HW409';
  end if;
  return v_person;
end
$$;

create function app.set_minor(person_id uuid, is_minor boolean) returns app.people
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person app.people;
begin
  perform app.require_ward(set_minor.person_id, 'person_id');
  if set_minor.is_minor is null then
    raise exception 'Say whether the person is a minor.' using errcode = 'HW422', column = 'is_minor';
  end if;
  if set_minor.person_id = app.current_person_id() and not app.is_community_owner() then
    raise exception 'Somebody else has to say this about you.' using errcode = 'HW403';
  end if;
  update app.people p set is_minor = set_minor.is_minor where p.id = set_minor.person_id returning * into v_person;
  return v_person;
end
$$;

create function app.add_guardian(child_id uuid, guardian_id uuid) returns app.guardianships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_guardianship app.guardianships;
begin
  perform app.require_ward(add_guardian.child_id, 'child_id');
  if add_guardian.guardian_id = add_guardian.child_id then
    raise exception 'Nobody is their own guardian.' using errcode = 'HW422', column = 'guardian_id';
  end if;
  if not exists (
    select from app.people p
    where p.id = add_guardian.guardian_id
      and (app.is_community_staff() or p.id in (select app.current_peer_ids()) or p.id = v_person_id)
  ) then
    raise exception 'There is no such person, or you do not know them.' using errcode = 'HW404', column = 'guardian_id';
  end if;
  if add_guardian.guardian_id = v_person_id and not app.is_community_staff() then
    raise exception 'Somebody else has to make you a guardian.' using errcode = 'HW403';
  end if;
  if exists (select from app.people p where p.id = add_guardian.guardian_id and p.is_minor) then
    raise exception 'A minor cannot be a guardian.' using errcode = 'HW422', column = 'guardian_id';
  end if;
  insert into app.guardianships as g (guardian_id, child_id, created_by)
  values (add_guardian.guardian_id, add_guardian.child_id, v_person_id)
  on conflict on constraint one_guardianship_per_pair do update set created_by = g.created_by
  returning * into v_guardianship;
  return v_guardianship;
end
$$;

create function app.remove_guardian(guardianship_id uuid) returns app.guardianships
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_guardianship app.guardianships;
begin
  select g.* into v_guardianship
  from app.guardianships g
  where g.id = remove_guardian.guardianship_id
    and (v_person_id in (g.guardian_id, g.child_id) or app.may_decide_for(g.child_id));
  if not found then
    raise exception 'There is no such guardianship.' using errcode = 'HW404', column = 'guardianship_id';
  end if;
  if not app.may_decide_for(v_guardianship.child_id) and v_guardianship.guardian_id <> v_person_id then
    raise exception 'Only the guardian and the staff of the child''s groups may end a guardianship.' using errcode = 'HW403';
  end if;
  delete from app.guardianships g where g.id = v_guardianship.id;
  return v_guardianship;
end
$$;

-- Checks

create function app.require_community_owner() returns uuid
language plpgsql stable as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  if not app.is_community_owner() then
    raise exception 'Only an owner of the community may do this.' using errcode = 'HW403';
  end if;
  return v_person_id;
end
$$;

create function app.require_ward(person_id uuid, argument text) returns void
language plpgsql stable as $$
begin
  perform app.require_person_id();
  if not exists (
    select from app.people p
    where p.id = require_ward.person_id
      and (app.is_community_staff() or p.id in (select app.current_peer_ids()) or p.id = app.current_person_id())
  ) then
    raise exception 'There is no such person, or you do not know them.' using errcode = 'HW404', column = argument;
  end if;
  if not app.may_decide_for(require_ward.person_id) then
    raise exception 'Only the staff of a group that the community made for this person may do this.' using errcode = 'HW403';
  end if;
end
$$;

create function app.require_name(name text) returns void
language plpgsql immutable as $$
begin
  if char_length(btrim(require_name.name)) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
end
$$;

create function app.require_locale(locale text) returns void
language plpgsql immutable as $$
begin
  if require_locale.locale not in ('en', 'id') then
    raise exception 'The language must be en or id.' using errcode = 'HW422', column = 'locale';
  end if;
end
$$;

create function app.require_time_zone(time_zone text) returns void
language plpgsql stable as $$
begin
  if require_time_zone.time_zone is not null
    and not exists (select from pg_catalog.pg_timezone_names z where z.name = require_time_zone.time_zone)
  then
    raise exception 'There is no such time zone: write one like Asia/Jakarta.' using errcode = 'HW422', column = 'time_zone';
  end if;
end
$$;

-- Grants

grant execute on function
  app.update_profile(text, text, text),
  app.update_community(text, text, text, text, boolean, text, boolean),
  app.set_community_role(uuid, text),
  app.set_minor(uuid, boolean),
  app.add_guardian(uuid, uuid),
  app.remove_guardian(uuid)
to anon, authenticated;

-- Comments

comment on function app.update_profile(text, text, text) is
  'Changes what one says about oneself; what is not given stays, an empty locale or timeZone means the community''s. Errors: HW401, HW422.';
comment on function app.update_community(text, text, text, text, boolean, text, boolean) is
  'Changes the settings of the community; what is not given stays. For its owners. Errors: HW401, HW403, HW422.';
comment on function app.set_community_role(uuid, text) is
  'Makes somebody owner, staff or plain member of the community, which keeps at least one owner. For its owners. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function app.set_minor(uuid, boolean) is
  'Says whether the policies on minors protect somebody. For staff of a group that the community made for the person, and of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function app.add_guardian(uuid, uuid) is
  'Makes somebody the guardian of a child; again changes nothing. For staff of a group that the community made for the child, and of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function app.remove_guardian(uuid) is
  'Ends a guardianship. For the guardian, and for those who may add one. Errors: HW401, HW403, HW404.';
