-- The letters that the product writes, to look at before anybody gets one: with the example that each template brings.

create function app.letter_templates() returns setof app.letter_template
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_letter_reader();
  return query
    select t.name, array_agg(t.locale order by t.locale <> 'en', t.locale)
    from mail.templates t
    group by t.name
    order by t.name;
end
$$;

create function app.preview_letter(template text, locale text default null) returns app.letter_preview
language plpgsql stable security definer set search_path = '' as $$
declare
  v_locale text;
  v_preview app.letter_preview;
begin
  perform app.require_letter_reader();
  v_locale := coalesce(
    preview_letter.locale, (select p.locale from app.people p where p.id = app.current_person_id()),
    (select c.locale from app.community c)
  );
  select w.locale, w.subject, w.html, w.text into v_preview
  from mail.templates t
  cross join lateral mail.preview(t.name, v_locale, t.sample) w
  where t.name = preview_letter.template and t.locale = w.locale;
  if not found then
    raise exception 'There is no such template: letterTemplates lists them.' using errcode = 'HW404';
  end if;
  return v_preview;
end
$$;

create function app.require_letter_reader() returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  perform app.require_person_id();
  if not app.is_community_staff() then
    raise exception 'Only who runs the community may look at its letters: ask its owner.' using errcode = 'HW403';
  end if;
end
$$;

grant execute on function app.letter_templates(), app.preview_letter(text, text) to anon, authenticated;

comment on function app.require_letter_reader() is E'@behavior -*\nRefuses everybody who is neither owner nor staff of the community.';
comment on type app.letter_template is 'A kind of letter.';
comment on column app.letter_template.name is E'@notNull\nIts name, as the code writes it.';
comment on column app.letter_template.locales is E'@notNull\nThe languages it is written in; en is one of them.';
comment on type app.letter_preview is 'What a letter would say.';
comment on column app.letter_preview.locale is E'@notNull\nThe language it is in.';
comment on column app.letter_preview.subject is E'@notNull\nIts subject.';
comment on column app.letter_preview.html is E'@notNull\nA whole HTML document: show it in a sandboxed frame.';
comment on column app.letter_preview.text is E'@notNull\nIts plain text.';
comment on function app.letter_templates() is
  'The letters that the product writes, for the owner and the staff of the community. Errors: HW401, HW403.';
comment on function app.preview_letter(text, text) is
  E'@arg template The name of the letter.\n@arg locale The language; none: one''s own. One it is not written in is English.\nA letter with the values of an example, in the name and the colour of the community. Errors: HW401, HW403, HW404.';
