-- The words of letters. Templates are folders of the code (src/mail/templates); every start publishes them here, compiled to
-- formats, and a letter is `format(html, its values)` in the transaction of its cause. What is called for every letter sets no
-- search_path of its own, so that Postgres can inline it.

-- Takes the place of what was published: [{name, locale, digest, names, required, subject, html, text, sections, sample}]. Any
-- number of processes may call it at once.
create function mail.publish(templates jsonb, public_url text, digest text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  lock table mail.templates in share row exclusive mode;
  insert into mail.templates as t (name, locale, digest, names, required, subject, html, text, sections, sample)
  select p.name, p.locale, p.digest, p.names, p.required, p.subject, p.html, p.text, p.sections, p.sample
  from jsonb_populate_recordset(null::mail.templates, publish.templates) p
  on conflict on constraint templates_are_published_once do update
  set version = t.version + 1, digest = excluded.digest, names = excluded.names, required = excluded.required,
    subject = excluded.subject, html = excluded.html, text = excluded.text, sections = excluded.sections,
    sample = excluded.sample, updated_at = now()
  where t.digest <> excluded.digest;
  delete from mail.templates t
  where (t.name, t.locale) not in (
    select p.name, p.locale from jsonb_populate_recordset(null::mail.templates, publish.templates) p
  );
  insert into mail.publication as p (public_url, digest)
  values (publish.public_url, publish.digest)
  on conflict (is_only) do update
  set public_url = excluded.public_url, digest = excluded.digest, updated_at = now();
end;
$$;

-- The template in the reader's language, else in English, ready for many letters: unpacked, cut into its sections, and with
-- those of its values that are everybody's.
create function mail.template_for(name text, locale text, common jsonb)
returns table (
  locale text, names text[], required int, common text[], subject text, html text, text text,
  html_sections jsonb[], text_sections jsonb[], lists jsonb
)
language sql stable set search_path = '' as $$
  select t.locale, t.names, t.required,
    (select v.vals from mail.values_of(t.names, array_fill(null::text, array[cardinality(t.names)]), template_for.common) v),
    t.subject || '', t.html || '', t.text || '',
    array(select s.section from jsonb_array_elements(t.sections) s (section) where s.section ->> 'part' = 'html'),
    array(select s.section from jsonb_array_elements(t.sections) s (section) where s.section ->> 'part' = 'text'),
    jsonb_path_query_array(t.sections, '$[*] ? (@.list == true)')
  from mail.templates t
  where t.name = template_for.name
    and t.locale in (template_for.locale, split_part(template_for.locale, '-', 1), 'en')
  order by t.locale = template_for.locale desc, t.locale <> 'en' desc
  limit 1
$$;

-- What every template may name, whatever the letter's own data say.
create function mail.common_values() returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'communityName', c.name, 'colour', c.colour, 'buttonText', mail.readable_on(c.colour), 'locale', c.locale,
    'publicUrl', (select p.public_url from mail.publication p)
  )
  from app.community c
$$;

-- Black or white, whichever stands out more from a colour (WCAG 2.2, relative luminance).
create function mail.readable_on(colour text) returns text
language sql immutable set search_path = '' as $$
  select case when sum(l.weight * case when l.part <= 0.04045 then l.part / 12.92 else ((l.part + 0.055) / 1.055) ^ 2.4 end) > 0.179
    then '#000000' else '#ffffff' end
  from (
    select w.weight, ('x' || lpad(substr(readable_on.colour, w.at, 2), 8, '0'))::bit(32)::int / 255.0::float8 as part
    from (values (2, 0.2126), (4, 0.7152), (6, 0.0722)) w (at, weight)
  ) l
$$;

-- What is this letter's own: to whom it goes, and how to get no more of its kind.
create function mail.own_values(public_url text, recipient text, token text) returns jsonb
language sql stable as $$
  select case when token is null then jsonb_build_object('recipient', recipient) else jsonb_build_object(
    'recipient', recipient,
    'unsubscribeUrl', public_url || '/unsubscribe/' || token,
    'preferencesUrl', public_url || '/preferences/' || token
  ) end
$$;

-- The values of a template's names, in their order; null where there is none.
create function mail.values_of(names text[], common text[], data jsonb) returns table (vals text[])
language sql immutable as $$
  select array(select coalesce(n.common, mail.value_of(data, n.name)) from unnest(names, common) n (name, common))
$$;

-- A text or a number; nothing else, and no blank, is a value.
create function mail.value_of(data jsonb, name text) returns text
language sql immutable as $$
  select case when jsonb_typeof(data -> name) in ('string', 'number') and data ->> name ~ '\S'
    then mail.printable(data ->> name) end
$$;

create function mail.printable(value text) returns text
language sql immutable as $$
  select case when value ~ '[\x01-\x08\x0b-\x1f\x7f-\x9f]' then regexp_replace(value, '[\x01-\x08\x0b-\x1f\x7f-\x9f]', '', 'g') else value end
$$;

create function mail.problem_of(names text[], required int, lists jsonb, vals text[], data jsonb, common jsonb) returns text
language sql stable as $$
  select case
    when array_position(vals[1:required], null) is not null
      then format('The letter needs a value for "%s".', names[array_position(vals[1:required], null)])
    when lists <> '[]' then mail.problem_of_lists(lists, data, common)
  end
$$;

create function mail.problem_of_lists(lists jsonb, data jsonb, common jsonb) returns text
language sql stable set search_path = '' as $$
  select case when not k.is_list then format('The letter needs a list for "%s".', s.name)
    else (
      select format('The letter needs a value for "%s" in each of "%s".', n.name, s.name)
      from jsonb_array_elements(case when k.is_list then problem_of_lists.data -> s.name else '[]' end) i (item)
      cross join unnest(s.names) n (name)
      where coalesce(mail.value_of(problem_of_lists.common, n.name), mail.value_of(i.item, n.name), mail.value_of(problem_of_lists.data, n.name)) is null
      limit 1
    ) end
  from jsonb_to_recordset(problem_of_lists.lists) s (name text, names text[])
  cross join lateral (select coalesce(jsonb_typeof(problem_of_lists.data -> s.name), '') = 'array' as is_list) k
  order by 1
  limit 1
$$;

-- The words. In HTML the values come twice, first escaped, then as they are, for what the database has made as HTML; after
-- them come the sections.
create function mail.words_of(
  subject text, html text, text text, html_sections jsonb[], text_sections jsonb[], vals text[], data jsonb, common jsonb
) returns table (subject text, html text, text text)
language sql stable as $$
  select mail.one_line(format(words_of.subject, variadic words_of.vals)),
    format(words_of.html, variadic h.vals || array(
      select mail.section(s, words_of.vals, h.vals, words_of.data, words_of.common) from unnest(words_of.html_sections) s
    )),
    format(words_of.text, variadic words_of.vals || array(
      select mail.section(s, words_of.vals, words_of.vals, words_of.data, words_of.common) from unnest(words_of.text_sections) s
    ))
  from (select array(select mail.escaped(v) from unnest(words_of.vals) v) || words_of.vals as vals offset 0) h
$$;

-- What a letter with these data would say, written to nobody; its category is among the data.
create function mail.preview(template text, locale text, data jsonb) returns table (locale text, subject text, html text, text text)
language sql stable set search_path = '' as $$
  select u.locale, w.subject, w.html, w.text
  from mail.common_values() c (common)
  cross join lateral mail.template_for(preview.template, preview.locale, c.common) u
  cross join lateral (
    select preview.data || mail.own_values(
      c.common ->> 'publicUrl', 'reader@example.com', case when mail.can_leave(preview.data ->> 'category') then 'preview' end
    ) as data
  ) d
  cross join lateral mail.values_of(u.names, u.common, d.data) v
  cross join lateral mail.words_of(u.subject, u.html, u.text, u.html_sections, u.text_sections, v.vals, d.data, c.common) w
$$;

-- One for a list stands once for each of its objects; another stands where its value is there, and has the places of the whole.
create function mail.section(section jsonb, vals text[], places text[], data jsonb, common jsonb) returns text
language sql stable as $$
  select case
    when section ->> 'list' = 'true' then mail.repeated(section, data -> (section ->> 'name'), data, common)
    when vals[(section ->> 'at')::int] is null then ''
    else format(section ->> 'format', variadic places)
  end
$$;

create function mail.repeated(section jsonb, items jsonb, data jsonb, common jsonb) returns text
language sql stable set search_path = '' as $$
  select coalesce(string_agg(
    format(s.format, variadic case when s.part = 'html' then h.vals else v.vals end), '' order by i.n
  ), '')
  from jsonb_to_record(repeated.section) s (part text, names text[], format text)
  cross join jsonb_array_elements(repeated.items) with ordinality i (item, n)
  cross join lateral (
    select array(
      select coalesce(mail.value_of(repeated.common, n), mail.value_of(i.item, n), mail.value_of(repeated.data, n)) from unnest(s.names) n
    ) as vals
  ) v
  cross join lateral (select array(select mail.escaped(e) from unnest(v.vals) e) || v.vals as vals) h
$$;

create function mail.escaped(value text) returns text
language sql immutable as $$
  select case when value ~ '[&<>"'']' then replace(replace(replace(replace(replace(
    value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;') else value end
$$;

-- Header values keep to one line, or a name could add headers of its own.
create function mail.one_line(value text) returns text
language sql immutable as $$
  select btrim(regexp_replace(value, '[\x01-\x20\x7f-\x9f\u2028\u2029]+', ' ', 'g'))
$$;

-- What was said long ago is nobody's business any more; that it was said stays in mail.letters. Answers how many were forgotten.
create function mail.forget_words(days_kept int default 60) returns bigint
language sql volatile set search_path = '' as $$
  with forgotten as (
    delete from mail.words w
    using mail.letters l
    where l.id = w.letter_id and mail.is_over(l.state) and l.updated_at < now() - make_interval(days => forget_words.days_kept)
    returning 1
  )
  select count(*) from forgotten
$$;

-- Triggers.

create function mail.tg_words__stay() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  raise exception 'A letter cannot be rewritten.' using errcode = 'HW409';
end;
$$;

-- A letter that may still go out keeps its words; gone with the letter they are not missed.
create function mail.tg_words__keep() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if exists (select from mail.letters l where l.id = old.letter_id and not mail.is_over(l.state)) then
    raise exception 'The words of a letter that may still go out are kept.' using errcode = 'HW409';
  end if;
  return old;
end;
$$;

create function mail.is_over(state text) returns boolean
language sql immutable as $$
  select is_over.state not in ('queued', 'sending', 'unknown', 'held')
$$;

create function mail.tg_letters__forget_secret() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  delete from mail.words w where w.letter_id = new.id;
  return null;
end;
$$;

create function mail.tg_letters__need_words() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  if not exists (select from mail.words w where w.letter_id = new.id) then
    raise exception 'What this letter said has been forgotten: it cannot go out again.' using errcode = 'HW409';
  end if;
  return new;
end;
$$;

create trigger _100_stay before update on mail.words
  for each row execute function mail.tg_words__stay();
create trigger _100_keep before delete on mail.words
  for each row execute function mail.tg_words__keep();
create trigger _100_need_words before update of state on mail.letters
  for each row when (mail.is_over(old.state) and not mail.is_over(new.state)) execute function mail.tg_letters__need_words();
create trigger _500_forget_secret after update of state on mail.letters
  for each row when (new.secret and mail.is_over(new.state)) execute function mail.tg_letters__forget_secret();
