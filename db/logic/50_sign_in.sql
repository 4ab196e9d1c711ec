-- Asking for a way in by mail: a link and a code for who is known, the invitation once more for who is invited.

-- Dispatches the same job for every address, so that neither the answer nor its time tells who is known.
create function app.request_sign_in_link(address text) returns void
language plpgsql volatile as $$
begin
  if app.try(request_sign_in_link.address, 'link', interval '15 minutes') <= 5 then
    perform queue.dispatch('sign-in/mail-link', jsonb_build_object('address', request_sign_in_link.address), queue => 'mail');
  end if;
end
$$;

create function app.mail_sign_in_link(address text) returns void
language plpgsql volatile as $$
declare
  v_person_id uuid;
  v_name text;
  v_address text;
begin
  select p.id, p.name, e.address into v_person_id, v_name, v_address
  from app.email_addresses e
  join app.people p on p.id = e.person_id
  where lower(e.address) = lower(btrim(mail_sign_in_link.address));
  if found then
    perform app.mail_link_and_code(v_person_id, v_name, v_address);
    return;
  end if;
  perform app.mail_invitation(i.id)
  from app.invitations i
  where lower(i.email) = lower(btrim(mail_sign_in_link.address)) and i.accepted_at is null and i.expires_at > now()
  order by i.created_at desc
  limit 1;
end
$$;

create function app.mail_link_and_code(person_id uuid, name text, address text) returns void
language plpgsql volatile as $$
declare
  v_token constant text := app.create_sign_in_link(mail_link_and_code.person_id);
  v_code constant text := app.new_code();
begin
  update app.sign_in_links l
  set code_hash = app.hash_code(l.token_hash, v_code)
  where l.token_hash = app.hash_token(v_token);
  perform mail.enqueue(
    template => 'sign-in-link',
    recipient => mail_link_and_code.address,
    data => jsonb_build_object('personName', mail_link_and_code.name, 'signInToken', v_token, 'code', v_code),
    dedupe_key => 'sign-in-link:' || gen_random_uuid(),
    priority => 10,
    expires_at => now() + interval '15 minutes',
    person_id => mail_link_and_code.person_id,
    category => 'security',
    secret => true
  );
end
$$;

-- Six digits from the bytes of a random UUID that carry no version.
create function app.new_code() returns text
language sql volatile as $$
  select lpad(((('x' || right(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint) % 1000000)::text, 6, '0')
$$;

-- The link of the letter proves that its reader is the person, and signs in.
create function app.add_email_address(email text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_address constant text := mail.checked_address(email);
  v_token text;
begin
  if app.try(v_person_id::text, 'link', interval '1 hour') > 5 then
    raise exception 'You have asked for too many letters: try again in an hour.' using errcode = 'HW409';
  end if;
  v_token := app.create_sign_in_link(v_person_id);
  update app.sign_in_links l set address = v_address where l.token_hash = app.hash_token(v_token);
  perform mail.enqueue(
    template => 'confirm-address',
    recipient => v_address,
    data => jsonb_build_object(
      'personName', (select p.name from app.people p where p.id = v_person_id), 'signInToken', v_token
    ),
    dedupe_key => 'confirm-address:' || gen_random_uuid(),
    priority => 10,
    expires_at => now() + interval '15 minutes',
    person_id => v_person_id,
    category => 'security',
    secret => true
  );
  return true;
end
$$;

grant execute on function app.add_email_address(text) to anon, authenticated;

comment on function app.request_sign_in_link(text) is
  'Mails a link and a code if the address is known; whether it is known is never revealed. At most 5 in 15 minutes.';
comment on function app.mail_sign_in_link(text) is 'What the job of request_sign_in_link does.';
comment on function app.add_email_address(text) is
  'Mails a link to an address; who opens it within 15 minutes has the address from then on, unless somebody else has it already. The answer is always true. Errors: HW401, HW409, HW422.';
