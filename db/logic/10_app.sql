-- People and groups. Who asks is in the claims of the request.

-- Claims

create function app.claims() returns jsonb
language sql stable parallel safe as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb, '{}'::jsonb)
$$;

create function app.current_person_id() returns uuid
language sql stable parallel safe as $$
  select nullif(app.claims() ->> 'sub', '')::uuid
$$;

create function app.require_person_id() returns uuid
language plpgsql stable as $$
begin
  if app.current_person_id() is null then
    raise exception 'You are not signed in: sign in and try again.' using errcode = 'HW401';
  end if;
  return app.current_person_id();
end
$$;

-- Of whoever makes something: a lost answer is asked for again with the same one, and nothing is made twice.
create function app.require_client_id(client_id uuid) returns void
language plpgsql immutable as $$
begin
  if require_client_id.client_id is null then
    raise exception 'A clientId is missing: make a new UUID for each, and send the same one when you try again.'
      using errcode = 'HW422', column = 'client_id';
  end if;
end
$$;

-- What jsonb_populate_record takes out of a row: the columns of what `clear` names as GraphQL does. There an argument that is
-- null is as one that was not given, and cannot say it.
create function app.cleared(clear text[], clearable text[]) returns jsonb
language plpgsql immutable as $$
begin
  if not coalesce(cleared.clear <@ cleared.clearable, true) then
    raise exception 'What can be cleared is: %.', array_to_string(cleared.clearable, ', ') using errcode = 'HW422', column = 'clear';
  end if;
  return (
    select coalesce(jsonb_object_agg(lower(regexp_replace(n, '([A-Z])', '_\1', 'g')), null), '{}')
    from unnest(cleared.clear) n
  );
end
$$;

create function app.me() returns app.people
language sql stable security definer set search_path = '' as $$
  select p.* from app.people p where p.id = app.current_person_id()
$$;

-- Membership; security definer, because a policy on memberships may not ask memberships under its own policy

create function app.current_group_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select m.group_id from app.memberships m where m.person_id = app.current_person_id()
$$;

create function app.current_peer_ids() returns setof uuid
language sql stable security definer rows 100 set search_path = '' as $$
  select p.person_id
  from app.memberships m
  join app.memberships p on p.group_id = m.group_id
  where m.person_id = app.current_person_id()
$$;

create function app.current_role_in(group_id uuid) returns text
language sql stable security definer set search_path = '' as $$
  select m.role
  from app.memberships m
  where m.group_id = current_role_in.group_id and m.person_id = app.current_person_id()
$$;

create function app.community() returns app.community
language sql stable security definer set search_path = '' as $$
  select c.* from app.community c
$$;

-- Runs the community: sees every group and may do in it what its owner may.
create function app.is_community_owner() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from app.people p where p.id = app.current_person_id() and p.community_role = 'owner'
  )
$$;

-- Works for the community: sees all its people, and enrols them without waiting for their consent.
create function app.is_community_staff() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from app.people p where p.id = app.current_person_id() and p.community_role in ('owner', 'staff')
  )
$$;

-- Where the person who is signed in may do what teachers do: invite, announce, grade, moderate.
create function app.current_staff_group_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select m.group_id
  from app.memberships m
  where m.person_id = app.current_person_id() and m.role in ('owner', 'teacher')
  union
  select g.id from app.groups g where app.is_community_owner()
$$;

create function app.is_staff_of(group_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select is_staff_of.group_id in (select app.current_staff_group_ids())
$$;

create function app.is_owner_of(group_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select app.is_community_owner() or exists (
    select from app.memberships m
    where m.group_id = is_owner_of.group_id and m.person_id = app.current_person_id() and m.role = 'owner'
  )
$$;

create function app.current_child_ids() returns setof uuid
language sql stable security definer rows 5 set search_path = '' as $$
  select g.child_id from app.guardianships g where g.guardian_id = app.current_person_id()
$$;

create function app.current_child_group_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select m.group_id
  from app.guardianships g
  join app.memberships m on m.person_id = g.child_id
  where g.guardian_id = app.current_person_id()
$$;

-- The children that one minds, who else minds them, and who runs their groups.
create function app.current_family_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select o.child_id
  from app.guardianships o
  where o.guardian_id = app.current_person_id()
  union
  select g.guardian_id
  from app.guardianships g
  where g.child_id = app.current_person_id() or g.child_id in (select app.current_child_ids())
  union
  select m.person_id
  from app.memberships m
  where m.group_id in (select app.current_child_group_ids()) and m.role in ('owner', 'teacher')
$$;

-- Anybody may make a group and be its staff; only in groups that the community made does that say something about who
-- may decide for a child.
create function app.current_ward_ids() returns setof uuid
language sql stable security definer rows 100 set search_path = '' as $$
  select m.person_id
  from app.memberships m
  join app.groups g on g.id = m.group_id
  left join app.people c on c.id = g.created_by
  where m.group_id in (select app.current_staff_group_ids())
    and (g.client_id is null or c.community_role <> 'member' or app.is_community_owner())
$$;

create function app.may_decide_for(child_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select app.is_community_staff() or may_decide_for.child_id in (select app.current_ward_ids())
$$;

-- The people meant by an audience: named ones, and those with one of the roles (none given: any) in one of the groups.
-- A guardian of a child in a group counts as a parent there.
create function app.people_of_audience(group_ids uuid[], roles text[], person_ids uuid[]) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.person_id
  from app.memberships m
  where m.group_id = any (people_of_audience.group_ids)
    and (coalesce(cardinality(people_of_audience.roles), 0) = 0 or m.role = any (people_of_audience.roles))
  union
  select g.guardian_id
  from app.memberships m
  join app.guardianships g on g.child_id = m.person_id
  where m.group_id = any (people_of_audience.group_ids) and 'parent' = any (people_of_audience.roles)
  union
  select p.id from app.people p where p.id = any (people_of_audience.person_ids)
$$;

create function app.time_zone_of(person_id uuid) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce(p.time_zone, c.time_zone)
  from app.people p, app.community c
  where p.id = time_zone_of.person_id
$$;

-- Words

-- What Howdah says to many at once is said in the community's language.
create function app.in_words(en text, id text) returns text
language sql stable set search_path = '' as $$
  select case c.locale when 'id' then in_words.id else in_words.en end from app.community c
$$;

create function app.date_words(day date, locale text) returns text
language sql immutable as $$
  select extract(day from date_words.day) || ' ' || (case when date_words.locale = 'id'
    then array['Januari', 'Februari', 'Maret', 'April', 'Mei', 'Juni', 'Juli', 'Agustus', 'September', 'Oktober', 'November', 'Desember']
    else array['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
  end)[extract(month from date_words.day)::int] || ' ' || extract(year from date_words.day)
$$;

create function app.weekday_words(day date, locale text) returns text
language sql immutable as $$
  select (case when weekday_words.locale = 'id'
    then array['Senin', 'Selasa', 'Rabu', 'Kamis', 'Jumat', 'Sabtu', 'Minggu']
    else array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
  end)[extract(isodow from weekday_words.day)::int]
$$;

-- People and groups

create function app.find_or_create_person(address text, name text) returns app.people
language plpgsql volatile as $$
declare
  v_address constant text := btrim(find_or_create_person.address);
  v_person app.people;
begin
  loop
    select p.* into v_person
    from app.email_addresses e
    join app.people p on p.id = e.person_id
    where lower(e.address) = lower(v_address);
    if found then
      return v_person;
    end if;
    insert into app.people (name) values (btrim(find_or_create_person.name)) returning * into v_person;
    insert into app.email_addresses (person_id, address) values (v_person.id, v_address) on conflict do nothing;
    if found then
      return v_person;
    end if;
    delete from app.people p where p.id = v_person.id; -- somebody else has just made the person
  end loop;
end
$$;

create function app.make_community_owner(address text) returns app.people
language sql volatile as $$
  update app.people p
  set community_role = 'owner'
  from app.email_addresses e
  where e.person_id = p.id and lower(e.address) = lower(btrim(make_community_owner.address))
  returning p.*
$$;

create function app.create_class(name text, owner_address text, owner_name text) returns app.groups
language plpgsql volatile as $$
declare
  v_group app.groups;
  v_owner constant app.people := app.find_or_create_person(owner_address, owner_name);
begin
  update app.people p set community_role = 'staff' where p.id = v_owner.id and p.community_role = 'member';
  insert into app.groups (kind, name) values ('class', create_class.name) returning * into v_group;
  insert into app.memberships (group_id, person_id, role) values (v_group.id, v_owner.id, 'owner');
  return v_group;
end
$$;

-- Triggers

create function app.tg__set_updated_at() returns trigger
language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger _100_set_updated_at before update on app.people
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on app.groups
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on app.memberships
for each row execute function app.tg__set_updated_at();

-- Policies and grants

-- From the function, not by it: so it is called once, and not, with its search path and owner set, for each of its rows.
create policy peers_read on app.people for select to authenticated
using (id = (select app.current_person_id()) or id in (select * from app.current_peer_ids()));

create policy families_read on app.people for select to authenticated
using (id in (select app.current_family_ids()));

create policy community_staff_reads on app.people for select to authenticated
using ((select app.is_community_staff()));

create policy own_read on app.email_addresses for select to authenticated
using (person_id = (select app.current_person_id()));

create policy members_read on app.groups for select to authenticated
using (id in (select app.current_group_ids()));

create policy guardians_read on app.groups for select to authenticated
using (id in (select app.current_child_group_ids()));

create policy community_owner_reads on app.groups for select to authenticated
using ((select app.is_community_owner()));

create policy members_read on app.memberships for select to authenticated
using (group_id in (select app.current_group_ids()));

create policy guardians_read on app.memberships for select to authenticated
using (
  person_id in (select app.current_child_ids())
  or (role in ('owner', 'teacher') and group_id in (select app.current_child_group_ids()))
);

create policy community_owner_reads on app.memberships for select to authenticated
using ((select app.is_community_owner()));

create trigger _100_set_updated_at before update on app.community
for each row execute function app.tg__set_updated_at();

create policy parties_read on app.guardianships for select to authenticated
using (
  guardian_id = (select app.current_person_id())
  or child_id = (select app.current_person_id())
  or child_id in (select app.current_child_ids())
);

create policy staff_reads on app.guardianships for select to authenticated
using (child_id in (select app.current_ward_ids()) or (select app.is_community_staff()));

grant usage on schema app to anon, authenticated, service_role, howdah_api;
grant select on app.people, app.groups, app.memberships to authenticated;
grant select (id, person_id, address, created_at) on app.email_addresses to authenticated;
grant execute on function app.claims(), app.current_person_id(), app.require_person_id() to anon, authenticated, service_role;
grant execute on function app.me() to anon, authenticated;
grant execute on function app.community() to anon, authenticated;
grant select on app.guardianships to authenticated;
grant execute on function
  app.current_group_ids(), app.current_peer_ids(), app.current_role_in(uuid), app.is_community_owner(),
  app.current_staff_group_ids(), app.is_staff_of(uuid), app.is_owner_of(uuid), app.current_child_ids(),
  app.is_community_staff(), app.current_child_group_ids(), app.current_family_ids(), app.current_ward_ids()
to authenticated;

-- Comments: they are the descriptions in the GraphQL API

comment on table app.people is 'A person: teacher, student, parent or member.';
comment on column app.people.name is E'@behavior +filterBy +orderBy\nThe name shown to others.';
comment on table app.email_addresses is 'Where mail reaches a person; also how the person signs in. Everybody sees their own only.';
comment on column app.email_addresses.address is 'The address; nobody else has the same one.';
comment on table app.groups is 'A class, a club or any other group of people.';
comment on column app.groups.kind is E'@behavior +filterBy\nclass, club, or any other word.';
comment on column app.groups.name is E'@behavior +filterBy +orderBy\nThe name shown to its members.';
comment on table app.memberships is 'A person in a group, with a role.';
comment on column app.memberships.invited_by is 'Who invited the person; null if nobody, or if the inviter has left Howdah.';
comment on column app.memberships.role is E'@behavior +filterBy +orderBy\nowner, teacher, student, parent or member.';
comment on constraint memberships_invited_by_fkey on app.memberships is
  E'@fieldName inviter\n@foreignFieldName invitedMemberships';
comment on table app.sign_in_links is 'Single-use links that sign a person in; only the hash of the token is stored.';
comment on table app.sessions is 'Signed-in devices; only the hash of the token is stored.';
comment on function app.me() is 'The person who is signed in, or null.';
comment on function app.claims() is E'@behavior -*\nThe claims of the request''s token.';
comment on function app.current_person_id() is E'@behavior -*\nThe person who is signed in, or null.';
comment on function app.require_person_id() is E'@behavior -*\nThe person who is signed in. Errors: HW401.';
comment on function app.current_group_ids() is E'@behavior -*\nThe groups of the person who is signed in.';
comment on function app.current_peer_ids() is E'@behavior -*\nEverybody who shares a group with the person who is signed in.';
comment on function app.current_role_in(uuid) is E'@behavior -*\nThe role of the person who is signed in, in one group; null if none.';
comment on function app.create_class(text, text, text) is
  'Makes a class and its owner, found or created by mail address: select app.create_class(''Biology'', ''ada@school.example'', ''Ada''). For operators.';
comment on table app.community is E'@behavior -query:resource:single -query:resource:connection\nThe community that this installation serves.';
comment on column app.community.id is E'@behavior -*\nThere is one.';
comment on column app.community.colour is 'Of letters and pages, as #rrggbb.';
comment on column app.community.locale is 'Language of those who chose none: en or id.';
comment on column app.community.time_zone is 'IANA time zone of those who chose none.';
comment on column app.community.students_are_minors is 'Whether who is invited as a student counts as a minor.';
comment on column app.community.minors_chat_with is
  'Adults who may open a direct conversation with a minor: nobody, teachers of the minor''s groups, guardian-present (a guardian is in it) or everybody.';
comment on column app.community.guardians_get_grades is 'Whether guardians see the grades of their children and are told of them.';
comment on column app.people.community_role is 'owner, staff or member of the whole community.';
comment on column app.people.locale is 'en or id; null: the community''s.';
comment on column app.people.time_zone is 'IANA time zone; null: the community''s.';
comment on column app.people.is_minor is 'Whether the policies on minors protect the person.';
comment on table app.guardianships is 'An adult who minds a child; a child may have several.';
comment on constraint guardianships_guardian_id_fkey on app.guardianships is E'@fieldName guardian\n@foreignFieldName childGuardianships';
comment on constraint guardianships_child_id_fkey on app.guardianships is E'@fieldName child\n@foreignFieldName guardianships';
comment on constraint guardianships_created_by_fkey on app.guardianships is E'@fieldName creator\n@foreignFieldName madeGuardianships';
comment on constraint groups_created_by_fkey on app.groups is E'@fieldName creator\n@foreignFieldName createdGroups';
comment on function app.community() is 'The community that this installation serves.';
comment on function app.is_community_owner() is E'@behavior -*\nWhether the person who is signed in runs the community.';
comment on function app.current_staff_group_ids() is E'@behavior -*\nGroups in which the person who is signed in may do what teachers do.';
comment on function app.is_staff_of(uuid) is E'@behavior -*\nWhether the person who is signed in may do there what teachers do.';
comment on function app.is_owner_of(uuid) is E'@behavior -*\nWhether the person who is signed in may do there what its owner may.';
comment on function app.current_child_ids() is E'@behavior -*\nThe children that the person who is signed in minds.';
comment on function app.is_community_staff() is E'@behavior -*\nWhether the person who is signed in is owner or staff of the community.';
comment on function app.current_child_group_ids() is E'@behavior -*\nThe groups of the children that the person who is signed in minds.';
comment on function app.current_family_ids() is
  E'@behavior -*\nThe children that the person who is signed in minds, who else minds them, and who runs their groups.';
comment on function app.current_ward_ids() is
  E'@behavior -*\nMembers of the groups of the community in which the person who is signed in is staff.';
comment on function app.may_decide_for(uuid) is
  'Whether the person who is signed in may name somebody''s guardians and say whether they are a minor.';
comment on function app.make_community_owner(text) is
  'Makes a person the owner of the community, by mail address: select app.make_community_owner(''ada@school.example''). For operators.';
comment on function app.people_of_audience(uuid[], text[], uuid[]) is
  'Named people, and those with one of the roles in one of the groups; guardians of a child there count as parents.';
comment on function app.time_zone_of(uuid) is 'A person''s own IANA time zone, or the community''s.';
