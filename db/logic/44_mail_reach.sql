-- Whether mail reaches a person, for those who organise: what is told by mail alone is not known to somebody it does not reach.

-- The address that letters go to, as 45_notify_mails.sql chooses it.
create function app.people_mail_problem(person app.people) returns text
language sql stable security definer set search_path = '' as $$
  select case mail.suppression_of(a.address, 'outbound', 'event')
    when 'hard-bounce' then 'unreachable'
    when 'inactive' then 'unreachable'
    when 'manual' then 'unreachable'
    when 'soft-bounces' then 'bouncing'
    when 'spam-complaint' then 'declined'
    when 'unsubscribed' then 'declined'
  end
  from app.email_addresses a
  where a.person_id = (person).id and app.may_know_of_mail((person).id)
  order by a.created_at
  limit 1
$$;

create function app.may_know_of_mail(person_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select may_know_of_mail.person_id = app.current_person_id() or app.is_community_staff() or exists (
    select from app.memberships m
    where m.group_id in (select app.current_staff_group_ids()) and (
      m.person_id = may_know_of_mail.person_id
      or m.person_id in (select g.child_id from app.guardianships g where g.guardian_id = may_know_of_mail.person_id)
    )
  )
$$;

-- Grants

grant execute on function app.people_mail_problem(app.people) to authenticated;

-- Comments

comment on function app.people_mail_problem(app.people) is
  'Why mail does not reach this person: unreachable (the address does not exist, or takes nothing), bouncing (for some time) or declined (the person wants none); null when it does. For the person and those who organise.';
comment on function app.may_know_of_mail(uuid) is E'@behavior -*\nWhether the person who is signed in organises what this person takes part in.';
