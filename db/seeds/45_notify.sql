-- Two announcements of the teacher; the workers tell the class of them when they start.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_teacher_id uuid := (
    select m.person_id from app.memberships m where m.group_id = v_class_id and m.role = 'owner'
  );
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', v_teacher_id)::text, true);
  perform notify.make_announcement(
    'Bring a hand lens next week',
    'We look at moss and lichen in the school garden. A cheap lens will do; we have five to lend.',
    gen_random_uuid(), group_ids => array[v_class_id], roles => array['student']
  );
  perform notify.make_announcement(
    'No lesson on Friday',
    'The lab is being painted. The lesson is made up for on Tuesday afternoon.',
    gen_random_uuid(), group_ids => array[v_class_id]
  );
  perform set_config('request.jwt.claims', '', true);
end
$$;
