-- The letter of an invitation. Its token signs in and accepts in one step; a later letter's token replaces it.

create function app.mail_invitation(invitation_id uuid) returns void
language plpgsql volatile as $$
declare
  v_token constant text := app.new_token();
  v_invitation app.invitations;
begin
  update app.invitations i
  set token_hash = app.hash_token(v_token),
      used_at = null,
      letters = i.letters + 1,
      expires_at = now() + interval '14 days'
  where i.id = mail_invitation.invitation_id
  returning * into strict v_invitation;
  perform app.mail_invitation(v_invitation, v_token);
end
$$;

create function app.mail_invitation(invitation app.invitations, token text) returns void
language sql volatile as $$
  select mail.enqueue(
    template => 'group-invitation',
    recipient => (invitation).email,
    data => jsonb_build_object(
      'groupName', (select g.name from app.groups g where g.id = (invitation).group_id),
      'inviterName', coalesce((select p.name from app.people p where p.id = (invitation).invited_by), (app.community()).name),
      'personName', (invitation).name,
      'role', app.role_in_words((invitation).role, (app.community()).locale),
      'signInToken', mail_invitation.token
    ),
    dedupe_key => format('group-invitation:%s:%s', (invitation).id, (invitation).letters),
    category => 'invitation',
    secret => true
  )
$$;

create function app.role_in_words(role text, locale text) returns text
language sql immutable set search_path = '' as $$
  select coalesce(case when role_in_words.locale = 'id' then case role_in_words.role
    when 'owner' then 'pemilik'
    when 'teacher' then 'guru'
    when 'student' then 'siswa'
    when 'parent' then 'orang tua'
    when 'member' then 'anggota'
  end end, role_in_words.role)
$$;

comment on function app.role_in_words(text, text) is E'@behavior -*\nA role in a language, as it stands in a sentence.';
comment on function app.mail_invitation(uuid) is 'Mails an invitation, with a token that replaces the one of the letter before.';
