-- The rooms of the chaos run, who may watch them, and how they are written to.

create schema chaos;

create table chaos.members (
  topic text not null,
  person_id uuid not null,
  primary key (topic, person_id)
);

create policy chaos_members_listen on realtime.messages for select to authenticated
using (exists (select from chaos.members m where m.topic = realtime.topic() and m.person_id = app.current_person_id()));

create policy chaos_members_are_present on realtime.messages for insert to authenticated
with check (
  extension = 'presence'
  and exists (select from chaos.members m where m.topic = realtime.topic() and m.person_id = app.current_person_id())
);

grant usage on schema chaos to authenticated;
grant select on chaos.members to authenticated;

-- A room of the chat is that of a group; any other is only a topic. Returns the topic.
create function chaos.open_room(of_chat boolean, name text, people uuid[]) returns text
language plpgsql volatile as $$
declare
  v_group_id uuid;
  v_topic text := 'club:' || open_room.name;
begin
  insert into app.people (id, name) select p, 'Watcher' from unnest(open_room.people) p on conflict do nothing;
  if open_room.of_chat then
    insert into app.groups (name) values (open_room.name) returning id into v_group_id;
    insert into app.memberships (group_id, person_id, role) select v_group_id, p, 'member' from unnest(open_room.people) p;
    select 'room:' || r.id into v_topic from chat.rooms r where r.group_id = v_group_id;
  end if;
  insert into chaos.members (topic, person_id) select v_topic, p from unnest(open_room.people) p;
  return v_topic;
end
$$;

-- One transaction of a writer, from its first lock to its end; topics come in ascending order. fate: committed; rolled
-- back; partly, which is committed too, but for a message that was rolled back to a savepoint.
create function chaos.write(topics text[], lasting_ms float8, fate text, wakes boolean, padding int) returns void
language plpgsql volatile as $$
declare
  v_topic text;
begin
  perform pg_current_xact_id();
  if not write.wakes then
    perform set_config('realtime.wake', 'caller', true);
  end if;
  foreach v_topic in array write.topics loop
    perform pg_sleep(write.lasting_ms / 1000 / (cardinality(write.topics) + 1));
    if write.fate = 'partly' then
      perform chaos.say_and_regret(v_topic);
    end if;
    perform chaos.say(v_topic, write.padding);
    if random() < 0.25 then
      perform chaos.say(v_topic, write.padding);
    end if;
  end loop;
  perform pg_sleep(write.lasting_ms / 1000 / (cardinality(write.topics) + 1));
  if write.fate = 'rolled back' then
    raise exception 'It is rolled back.' using errcode = 'HWCHA';
  end if;
end
$$;

create function chaos.say(topic text, padding int) returns void
language plpgsql volatile as $$
begin
  if say.topic like 'room:%' then
    perform set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'sub', m.person_id)::text, true)
    from (select m.person_id from chaos.members m where m.topic = say.topic limit 1) m;
    perform chat.send_message(substr(say.topic, 6)::uuid, rpad('Said', least(say.padding, 4000), '.'), gen_random_uuid());
  else
    perform realtime.send(jsonb_build_object('text', rpad('Said', say.padding, '.')), 'said', say.topic);
  end if;
end
$$;

create function chaos.say_and_regret(topic text) returns void
language plpgsql volatile as $$
begin
  perform chaos.say(say_and_regret.topic, 4);
  raise exception 'It is regretted.' using errcode = 'HWCHA';
exception when sqlstate 'HWCHA' then
  null;
end
$$;

-- What an application reads of its history: all after a message, or all.
create function chaos.history(topic text, after_id uuid) returns setof uuid
language sql stable as $$
  select m.id from realtime.messages m
  where m.topic = history.topic and m.private
    and m.seq > coalesce((select a.seq from realtime.messages a where a.id = history.after_id and a.topic = history.topic), 0)
  order by m.seq
$$;

-- What was committed, in the order in which everybody has to have heard it.
create view chaos.truth as
select m.topic, array_agg(m.id order by m.seq) as ids, min(m.seq) as first, max(m.seq) as last
from realtime.messages m
where m.topic in (select c.topic from chaos.members c) and m.seq is not null
group by m.topic;
