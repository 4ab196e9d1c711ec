-- Asking for a sign-in link by mail.

create function app.request_sign_in_link(address text) returns void
language plpgsql volatile as $$
declare
  v_person_id uuid;
  v_name text;
  v_address text;
begin
  select p.id, p.name, e.address into v_person_id, v_name, v_address
  from app.email_addresses e
  join app.people p on p.id = e.person_id
  where lower(e.address) = lower(btrim(request_sign_in_link.address));
  if not found or app.sign_in_links_are_flooding(v_person_id) then
    return;
  end if;
  perform mail.enqueue(
    template => 'sign-in-link',
    recipient => v_address,
    data => jsonb_build_object('personName', v_name, 'signInToken', app.create_sign_in_link(v_person_id)),
    dedupe_key => 'sign-in-link:' || gen_random_uuid(),
    priority => 10,
    expires_at => now() + interval '15 minutes'
  );
end
$$;

create function app.sign_in_links_are_flooding(person_id uuid) returns boolean
language sql stable as $$
  select count(*) >= 5
  from app.sign_in_links l
  where l.person_id = sign_in_links_are_flooding.person_id and l.created_at > now() - interval '15 minutes'
    and l.expires_at <= l.created_at + interval '15 minutes'
$$;

comment on function app.request_sign_in_link(text) is
  'Mails a sign-in link if the address is known; whether it is known is never revealed. At most 5 in 15 minutes.';
