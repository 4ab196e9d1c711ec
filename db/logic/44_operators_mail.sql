-- Mail for whoever runs the community: how its streams are, letters that nobody knows the fate of, and what a person decides.

create function operators.mail_facts() returns setof mail.status
language sql stable security definer set search_path = '' as $$
  select s.* from mail.status s where (select operators.is_operator())
$$;

create view operators.mail_streams as
select
  s.stream as name, s.letters_per_second, s.waiting, s.later, s.sending, s.unknown, s.held, s.oldest as waiting_since,
  s.stopped_at, s.stopped_code, s.stopped_because, s.resting_until, s.trouble
from operators.mail_facts() s;

create view operators.undecided_letters as
select
  l.id, l.state, l.stream, l.recipient, l.template, l.attempt, l.last_tx_at as sent_at, l.look_ups, l.next_look_up_at,
  l.error as problem
from mail.letters l
where l.state in ('unknown', 'held') and (select operators.is_operator());

create function operators.resume_mail(stream text) returns operators.mail_streams
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), mail.resume(resume_mail.stream);
  return operators.mail_stream_named(resume_mail.stream);
end
$$;

create function operators.set_mail_rate(stream text, letters_per_second double precision default null) returns operators.mail_streams
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator(), mail.set_rate(set_mail_rate.stream, set_mail_rate.letters_per_second);
  return operators.mail_stream_named(set_mail_rate.stream);
end
$$;

create function operators.decide_letter(id uuid, decision text) returns text
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform operators.act_as_operator();
  return (mail.decide(decide_letter.id, decide_letter.decision)).state;
end
$$;

create function operators.mail_stream_named(name text) returns operators.mail_streams
language sql stable set search_path = '' as $$
  select s.* from operators.mail_streams s where s.name = mail_stream_named.name
$$;

-- Grants

grant select on operators.mail_streams, operators.undecided_letters to authenticated;
grant execute on function operators.mail_facts() to authenticated;
grant execute on function
  operators.resume_mail(text), operators.set_mail_rate(text, double precision), operators.decide_letter(uuid, text)
to anon, authenticated;

-- Comments

comment on function operators.mail_facts() is E'@behavior -*\nmail.status for the owner of the community.';
comment on function operators.mail_stream_named(text) is E'@behavior -*\nA stream by its name.';

comment on view operators.mail_streams is
  E'@primaryKey name\n@behavior -insert -update -delete\nOne of the two ways that letters go, and what waits on it, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.mail_streams.name is 'outbound, or broadcast for campaigns.';
comment on column operators.mail_streams.letters_per_second is 'How many letters may go per second; null: as many as the provider takes.';
comment on column operators.mail_streams.waiting is E'@notNull\nLetters that could go now.';
comment on column operators.mail_streams.later is E'@notNull\nLetters whose time has not come, or that wait for their next attempt.';
comment on column operators.mail_streams.sending is E'@notNull\nLetters that are being handed over.';
comment on column operators.mail_streams.unknown is E'@notNull\nLetters that were handed over without an answer: the provider is being asked.';
comment on column operators.mail_streams.held is E'@notNull\nLetters that wait for a decision.';
comment on column operators.mail_streams.waiting_since is 'Since when the oldest of the waiting letters waits.';
comment on column operators.mail_streams.stopped_at is 'When it was stopped; null: it goes.';
comment on column operators.mail_streams.stopped_code is 'The code of what stopped it.';
comment on column operators.mail_streams.stopped_because is 'What stopped it.';
comment on column operators.mail_streams.resting_until is 'After trouble: when it tries again by itself.';
comment on column operators.mail_streams.trouble is 'What the trouble was.';

comment on view operators.undecided_letters is
  E'@primaryKey id\n@behavior -insert -update -delete\nA letter of which nobody knows whether the provider has it, for the owner of the community. Errors: HW401, HW403.';
comment on column operators.undecided_letters.id is 'Its id, which the provider knows as metadata mid.';
comment on column operators.undecided_letters.state is E'@notNull\n@behavior +filterBy +orderBy\nunknown: look-ups go on; held: a person decides.';
comment on column operators.undecided_letters.stream is E'@notNull\nThe stream it went by.';
comment on column operators.undecided_letters.recipient is E'@notNull\nThe address it went to.';
comment on column operators.undecided_letters.template is E'@notNull\nWhat kind of letter it is.';
comment on column operators.undecided_letters.attempt is E'@notNull\nHow often it was handed over.';
comment on column operators.undecided_letters.sent_at is E'@notNull\n@behavior +orderBy\nWhen it was handed over last.';
comment on column operators.undecided_letters.look_ups is E'@notNull\nHow often the provider was asked since.';
comment on column operators.undecided_letters.next_look_up_at is 'When it is asked next.';
comment on column operators.undecided_letters.problem is 'Why nobody knows.';

comment on function operators.resume_mail(text) is
  E'@arg stream The name of the stream.\nLets the letters of a stream go again, once what stopped it has been mended. For the owner of the community. Errors: HW401, HW403, HW404.';
comment on function operators.set_mail_rate(text, double precision) is
  E'@arg stream The name of the stream.\n@arg lettersPerSecond At most so many, over all processes; none: as many as the provider takes.\nLimits the letters of a stream per second, from now on. For the owner of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function operators.decide_letter(uuid, text) is
  E'@arg id The id of the letter.\n@arg decision send it again, accept that it has arrived, or drop it.\nDecides about an undecided letter; its state afterwards. For the owner of the community. Errors: HW401, HW403, HW404, HW409, HW422.';
