-- Leaving without signing in. Who has a letter that one can leave has its token, and may with it say how often mail of each
-- category comes, nothing else; the token lives as long as its letter. Addresses that nobody signs in with have only yes and no,
-- and so have categories of letters that nobody has a preference for: mail.refusals.

-- What the pages show; null for a token that is none.
create function notify.subscriptions_by_token(token text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'locale', l.locale,
    'communityName', c.name,
    'colour', c.colour,
    'address', notify.masked(l.recipient),
    'category', l.category,
    'left', not exists (select from notify.wanted_still(l)),
    'choices', notify.choices_of(l)
  )
  from notify.letter_of_token(subscriptions_by_token.token) l
  cross join app.community c
  where l.id is not null
$$;

-- Turns off what the letter is of. Answers how it was before, for notify.choose_by_token to bring it back; null for a token that
-- is none. Again it changes nothing.
create function notify.leave_by_token(token text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_letter constant mail.letters := notify.letter_of_token(leave_by_token.token);
  v_before jsonb;
begin
  if v_letter.id is null then
    return null;
  end if;
  select jsonb_object_agg(w.category, w.frequency) into v_before from notify.wanted_still(v_letter) w;
  perform notify.choose(v_letter, w.category, 'off') from notify.wanted_still(v_letter) w;
  insert into mail.delivery_events (letter_id, kind, at, provider_key)
  values (v_letter.id, 'unsubscribed', now(), 'howdah:unsubscribed:' || v_letter.id)
  on conflict on constraint delivery_events_are_recorded_once do nothing;
  return coalesce(v_before, '{}');
end
$$;

-- {category: frequency}; what cannot be chosen is passed over. False for a token that is none.
create function notify.choose_by_token(token text, choices jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_letter constant mail.letters := notify.letter_of_token(choose_by_token.token);
begin
  if v_letter.id is null then
    return false;
  end if;
  perform notify.choose(v_letter, c.category, o.frequency)
  from jsonb_to_recordset(notify.choices_of(v_letter)) c (category text, frequency text, frequencies text[])
  join jsonb_each_text(choose_by_token.choices) o (category, frequency) on o.category = c.category
  where o.frequency = any (c.frequencies) and o.frequency <> c.frequency;
  return true;
end
$$;

-- What a mail service that keeps subscriptions itself tells of an address: whether it may get mail of a stream. The latest word
-- counts, in whatever order they come, and so does what the person has chosen since; a yes takes back a no of the same kind only.
create function notify.mirror_subscription(address text, stream text, suppressed boolean, at timestamptz) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_address constant text := lower(btrim(mirror_subscription.address));
  v_categories constant text[] := notify.categories_of_stream(mirror_subscription.stream);
  v_before notify.mirrored_subscriptions;
begin
  perform pg_advisory_xact_lock(hashtextextended('notify.mirror_subscription:' || v_address, 0));
  select m.* into v_before
  from notify.mirrored_subscriptions m
  where m.address = v_address and m.stream = mirror_subscription.stream;
  if v_before.at >= mirror_subscription.at or cardinality(v_categories) = 0 then
    return;
  end if;
  insert into notify.mirrored_subscriptions as m (address, stream, suppressed, at)
  values (v_address, mirror_subscription.stream, mirror_subscription.suppressed, mirror_subscription.at)
  on conflict on constraint an_address_is_mirrored_once_per_stream do update
  set suppressed = excluded.suppressed, at = excluded.at;
  if mirror_subscription.suppressed then
    perform notify.mirror_no(v_address, v_categories, mirror_subscription.at);
  elsif v_before.suppressed then
    perform notify.mirror_yes(v_address, v_categories, mirror_subscription.at, v_before.at);
  end if;
end
$$;

create function notify.mirror_no(address text, categories text[], at timestamptz) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_person_id constant uuid := notify.person_at(mirror_no.address);
begin
  if v_person_id is null then
    perform notify.refuse_mail(mirror_no.address, c.category, true) from unnest(mirror_no.categories) c (category);
    return;
  end if;
  perform notify.prefer(v_person_id, c.category, 'mail', 'off', mirror_no.at)
  from unnest(mirror_no.categories) c (category)
  where not exists (
    select from notify.preferences p
    where p.person_id = v_person_id and p.category = c.category and p.channel = 'mail' and p.updated_at > mirror_no.at
  );
end
$$;

create function notify.mirror_yes(address text, categories text[], at timestamptz, no_at timestamptz) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_person_id constant uuid := notify.person_at(mirror_yes.address);
begin
  if v_person_id is null then
    perform notify.refuse_mail(mirror_yes.address, c.category, false) from unnest(mirror_yes.categories) c (category);
    return;
  end if;
  perform notify.prefer(v_person_id, p.category, 'mail', 'instant', mirror_yes.at)
  from notify.preferences p
  where p.person_id = v_person_id and p.category = any (mirror_yes.categories) and p.channel = 'mail' and p.frequency = 'off'
    and p.updated_at = mirror_yes.no_at;
end
$$;

create function notify.person_at(address text) returns uuid
language sql stable set search_path = '' as $$
  select e.person_id from app.email_addresses e where lower(e.address) = lower(person_at.address)
$$;

create function notify.categories_of_stream(stream text) returns text[]
language sql immutable as $$
  select case when categories_of_stream.stream = 'broadcast' then array['campaign'] else '{}' end
$$;

-- How it is done

create function notify.letter_of_token(token text) returns mail.letters
language sql stable set search_path = '' as $$
  select l.* from mail.letters l where l.unsubscribe_token = letter_of_token.token
$$;

-- The categories that leaving a letter turns off, as far as they are on: its own; of a digest, what stands in it, and all that
-- comes in digests.
create function notify.wanted_still(letter mail.letters) returns table (category text, frequency text)
language sql stable set search_path = '' as $$
  select c.category, c.frequency
  from jsonb_to_recordset(notify.choices_of(letter)) c (category text, frequency text, frequencies text[])
  where c.frequency <> 'off' and 'off' = any (c.frequencies) and case
    when (letter).category <> 'digest' then c.category = (letter).category
    else c.frequency like 'digest-%' or c.category in (
      select n.category
      from notify.notifications n
      join notify.deliveries d on d.notification_id = n.id
      where n.person_id = (letter).person_id and d.letter_id = (letter).id
    )
  end
$$;

-- [{category, frequency, frequencies}]; what comes always has one frequency to choose from.
create function notify.choices_of(letter mail.letters) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'category', k.category, 'frequency', k.frequency, 'frequencies', k.frequencies
  ) order by k.n), '[]')
  from (
    select c.n, c.category, f.frequency, case
      when f.source = 'fixed' then array['instant']
      when c.category = 'campaign' then array['instant', 'off']
      else array['instant', 'digest-daily', 'digest-weekly', 'off']
    end as frequencies
    from unnest(notify.categories()) with ordinality c (category, n)
    cross join lateral notify.frequencies(array[(letter).person_id], c.category, 'mail') f
    where (letter).person_id is not null
    union all
    select 0, (letter).category, case when r.category is null then 'instant' else 'off' end, array['instant', 'off']
    from (values (1)) one
    left join mail.refusals r on r.address = lower((letter).recipient) and r.category = (letter).category
    where (letter).person_id is null or (letter).category <> all (notify.categories() || array['digest'])
  ) k
$$;

create function notify.choose(letter mail.letters, category text, frequency text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if (letter).person_id is not null and choose.category = any (notify.categories()) then
    perform notify.prefer((letter).person_id, choose.category, 'mail', choose.frequency);
  else
    perform notify.refuse_mail((letter).recipient, choose.category, choose.frequency = 'off');
  end if;
end
$$;

create function notify.refuse_mail(address text, category text, refuses boolean) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if refuse_mail.refuses then
    insert into mail.refusals (address, category) values (lower(refuse_mail.address), refuse_mail.category)
    on conflict on constraint an_address_refuses_a_category_once do nothing;
  else
    delete from mail.refusals r where r.address = lower(refuse_mail.address) and r.category = refuse_mail.category;
  end if;
end
$$;

-- Enough to know one's own by.
create function notify.masked(address text) returns text
language sql immutable as $$
  select left(masked.address, 1) || '***@' || split_part(masked.address, '@', 2)
$$;

-- Triggers

-- A person's own word to the mail service; not what it, or an operator, suppresses for other reasons.
create function notify.tg_suppressions__mirror() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform notify.mirror_subscription(new.address, new.stream, true, new.since);
  return null;
end
$$;

create function notify.tg_reactivations__mirror() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform notify.mirror_subscription(new.address, new.stream, false, new.at);
  return null;
end
$$;

create trigger _900_mirror after insert or update of since on mail.suppressions
for each row when (new.reason in ('manual', 'unsubscribed') and new.origin = 'recipient' and new.stream is not null)
execute function notify.tg_suppressions__mirror();
create trigger _900_mirror after insert or update of at on mail.reactivations
for each row execute function notify.tg_reactivations__mirror();

comment on table notify.mirrored_subscriptions is E'@behavior -*\nWhat the mail service said last of an address.';
comment on function notify.leave_by_token(text) is 'Turns off what a letter is of, by its token; for links to unsubscribe.';
comment on function notify.mirror_subscription(text, text, boolean, timestamptz) is
  'Takes over what a mail service that keeps subscriptions itself says of an address.';
