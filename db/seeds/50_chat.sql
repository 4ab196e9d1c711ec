-- What is said at the demo school: rooms of every kind, replies, mentions, reactions and a pinned message.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_club_id uuid := (select g.id from app.groups g where g.name = 'Astronomy club');
  v_said record;
  v_person record;
begin
  create temporary table people on commit drop as
  select split_part(e.address, '@', 1) as nick, p.id, p.name
  from app.email_addresses e
  join app.people p on p.id = e.person_id;

  create temporary table places on commit drop as
  select p.nick, gen_random_uuid() as id, p.group_id, p.name, p.kind, p.maker, p.members
  from (
    values
      ('news', v_class_id, '7B announcements', 'announcement', 'wulan', '{}'::text[]),
      ('trip', v_class_id, 'Field trip to the wetlands', 'open', 'wulan', '{bima,citra,fitri,galih,intan}'),
      ('helpers', v_class_id, 'Microscope helpers', 'closed', 'wulan', '{citra,eka}'),
      ('photos', v_class_id, 'Photo corner', 'open', 'wulan', '{mega}'),
      ('sari', null, 'Sari Saputra, Wulan Pratiwi', 'direct', 'sari', '{wulan}'),
      ('pair', null, 'Bima Saputra, Citra Lestari', 'direct', 'bima', '{citra}')
  ) p (nick, group_id, name, kind, maker, members);

  insert into chat.rooms (id, group_id, name, kind, includes_group, created_by, direct_people)
  select
    p.id, p.group_id, p.name, p.kind, p.kind = 'announcement',
    (select w.id from people w where w.nick = p.maker),
    case when p.kind = 'direct' then array(
      select w.id from people w where w.nick = p.maker or w.nick = any (p.members) order by w.id
    ) end
  from places p;
  insert into chat.room_members (room_id, person_id, role)
  select p.id, w.id, case when w.nick = p.maker and p.kind <> 'direct' then 'moderator' else 'member' end
  from places p
  join people w on w.nick = p.maker or w.nick = any (p.members)
  union all
  select p.id, m.person_id, 'member'
  from places p
  join app.memberships m on m.group_id = p.group_id
  join people w on w.id = m.person_id and w.nick <> p.maker
  where p.kind = 'announcement';

  insert into places (nick, id)
  select case r.group_id when v_class_id then 'class' else 'club' end, r.id
  from chat.rooms r
  where r.group_id in (v_class_id, v_club_id) and r.includes_group and r.kind = 'open';

  update chat.messages m
  set created_at = now() - interval '1 day' + m.seq * interval '4 minutes'
  where m.room_id = (select p.id from places p where p.nick = 'class');

  create temporary table said on commit drop as
  select gen_random_uuid() as id, '{}'::uuid[] as mentions, s.*
  from (
    values
      (10, 'news', 2900, 'wulan', 'Report cards come out on Friday at six in the evening, not before.', null::int, '{🙏:sari+hadi}'::text[], true),
      (11, 'news', 1500, 'wulan', 'The laboratory is closed on Thursday. We meet in room 12 instead.', null, '{👍:bima+citra+eka+fitri+galih}', false),
      (20, 'trip', 4300, 'wulan', 'The bus leaves at seven sharp from the north gate. Bring boots, a hat and water.', null, '{👍:bima+citra+intan,🎉:galih}', true),
      (21, 'trip', 4250, 'galih', 'Can we bring our own nets?', null, '{}', false),
      (22, 'trip', 4240, 'wulan', 'Gladly, as long as they are fine ones.', 21, '{🎉:galih}', false),
      (23, 'trip', 1380, 'intan', '@[Fitri Handayani](fitri) shall we share a seat?', null, '{❤️:fitri}', false),
      (30, 'helpers', 1700, 'wulan', 'Thank you for staying late! Lenses three and five need new covers.', null, '{}', false),
      (31, 'helpers', 1650, 'citra', 'I can glue them tomorrow in the break.', 30, '{🙏:wulan}', false),
      (40, 'photos', 3000, 'mega', 'A place for what we see through the lens. Who has the first one?', null, '{}', false),
      (50, 'sari', 3100, 'sari', 'Good evening, Bima has a cold. May he hand in his report on Monday?', null, '{}', false),
      (51, 'sari', 3060, 'wulan', 'Of course. I wish him well!', null, '{❤️:sari}', false),
      (52, 'sari', 170, 'sari', 'He is better, thank you. He will be there tomorrow.', null, '{}', false),
      (60, 'pair', 260, 'citra', 'Did you find a jar with a lid?', null, '{}', false),
      (61, 'pair', 250, 'bima', 'Two! One is for you.', null, '{🎉:citra}', false),
      (70, 'club', 1900, 'raka', 'Clear sky on Friday: Saturn at half past seven, low in the south-west.', null, '{😮:bima+kirana,👍:wulan}', false),
      (71, 'club', 1890, 'kirana', 'Can we see the rings with the small telescope?', null, '{}', false),
      (72, 'club', 1880, 'raka', 'Just so. Breathe slowly and you see the gap.', 71, '{😮:kirana+galih+citra}', false),
      (80, 'class', 42, 'eka', 'Is tap water with leaves in it a pond?', null, '{😂:bima+dimas+citra+joko}', false),
      (81, 'class', 38, 'wulan', 'After three weeks in the sun, it is. Try it and tell us!', 80, '{👍:eka}', false),
      (82, 'class', 12, 'wulan', 'Two of you still owe me a place for your jar: @[Bima Saputra](bima) and @[Dimas Prakoso](dimas).', null, '{}', false),
      (83, 'class', 7, 'dimas', 'Mine is from the rice field behind our house.', 82, '{🙏:wulan}', false)
  ) s (n, place, minutes_ago, who, body, answers, reactions, pinned);

  -- A mention names a person by id.
  for v_person in select * from people loop
    update said s
    set body = replace(s.body, '](' || v_person.nick || ')', '](' || v_person.id || ')'),
      mentions = s.mentions || v_person.id
    where strpos(s.body, '](' || v_person.nick || ')') > 0;
  end loop;

  for v_said in
    select s.*, p.id as room_id, w.id as sender_id, (select a.id from said a where a.n = s.answers) as reply_to_id
    from said s
    join places p on p.nick = s.place
    join people w on w.nick = s.who
    order by s.n
  loop
    insert into chat.messages (id, room_id, sender_id, client_id, body, seq, reply_to_id, mention_ids, created_at)
    values (
      v_said.id, v_said.room_id, v_said.sender_id, gen_random_uuid(), v_said.body, chat.next_seq(v_said.room_id),
      v_said.reply_to_id, v_said.mentions, now() - v_said.minutes_ago * interval '1 minute'
    );
    insert into chat.reactions (message_id, room_id, person_id, emoji)
    select v_said.id, v_said.room_id, w.id, split_part(r, ':', 1)
    from unnest(v_said.reactions) r
    join people w on w.nick = any (string_to_array(split_part(r, ':', 2), '+'));
    if v_said.pinned then
      insert into chat.pins (message_id, room_id, pinned_by) values (v_said.id, v_said.room_id, v_said.sender_id);
    end if;
  end loop;

  update chat.rooms r
  set last_message_at = (select max(m.created_at) from chat.messages m where m.room_id = r.id);
  update chat.room_members m
  set last_read_seq = r.last_seq, last_delivered_seq = r.last_seq, last_notified_seq = r.last_seq
  from chat.rooms r
  where r.id = m.room_id;
  update chat.room_members m
  set last_read_seq = m.last_read_seq - u.unread
  from (values ('class', 'bima', 4), ('sari', 'wulan', 1), ('club', 'bima', 1), ('news', 'citra', 1)) u (place, nick, unread)
  join places p on p.nick = u.place
  join people w on w.nick = u.nick
  where m.room_id = p.id and m.person_id = w.id;
end
$$;
