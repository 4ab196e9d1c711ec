-- The microscope fund: pledges and payments of the parents, a letter about them that the workers send when they start, and
-- the draft of the next one.

do $$
declare
  v_class_id uuid := (select g.id from app.groups g where g.name = 'Biology 7B');
  v_teacher_id uuid := (
    select m.person_id from app.memberships m where m.group_id = v_class_id and m.role = 'owner'
  );
  v_campaign campaigns.campaigns;
begin
  insert into campaigns.pledges (group_id, person_id, created_by, purpose, amount, currency, due_on)
  select v_class_id, e.person_id, v_teacher_id, 'Microscope fund', p.amount, 'IDR', current_date + p.days
  from (values
    ('sari@home.example', 50000000, 20), ('hadi@home.example', 25000000, 20), ('ratna@home.example', 100000000, -3),
    ('yusuf@home.example', 0, 20), ('maria@home.example', 75000000, 20)
  ) p (address, amount, days)
  join app.email_addresses e on e.address = p.address;
  insert into campaigns.payments (pledge_id, recorded_by, client_id, amount, paid_on, reference)
  select p.id, v_teacher_id, gen_random_uuid(), y.amount, current_date - 5, 'Transfer'
  from (values ('sari@home.example', 20000000), ('hadi@home.example', 30000000), ('maria@home.example', 75000000)) y (address, amount)
  join app.email_addresses e on e.address = y.address
  join campaigns.pledges p on p.person_id = e.person_id;

  perform set_config('request.jwt.claims', jsonb_build_object('sub', v_teacher_id)::text, true);
  v_campaign := campaigns.create_campaign(
    'Microscope fund: thanks', 'Thank you, #name',
    E'Dear #name,\n\nwith your help the class gets three new microscopes. You pledged #pledge|something and have paid #paid_amount|nothing so far.\n\nThank you!',
    gen_random_uuid(), v_class_id, audience_group_ids => array[v_class_id], audience_roles => array['parent'],
    purpose => 'Microscope fund'
  );
  perform campaigns.send_campaign(v_campaign.id);
  update campaigns.campaigns c set created_at = now() - interval '2 days' where c.id = v_campaign.id;
  perform campaigns.create_campaign(
    'Microscope fund: reminder', '#balance for the microscopes',
    E'Dear #name,\n\nyou pledged #pledge for the microscopes and have paid #paid_amount so far. #balance: #days_remain.\n\nWarm regards,\nWulan Pratiwi',
    gen_random_uuid(), v_class_id, audience_group_ids => array[v_class_id], audience_roles => array['parent'],
    purpose => 'Microscope fund', due_on => current_date + 20
  );
  perform set_config('request.jwt.claims', '', true);
end
$$;
