-- What a campaign says to whom. Subject and body are plain text; a blank line makes a paragraph, and addresses of the web
-- become links. `#tag` and `#tag|fallback` are replaced where the tag is declared, `##` is a #, and everything else stays:
-- the text is cut into parts once, each part is escaped by itself, and a value is never read for tags again. What is called for
-- every recipient sets no search_path of its own, so that Postgres can inline it.

-- Parts: [{"literal": "…"} | {"url": "…"} | {"tag": "…", "fallback": "…"}]
create function campaigns.parts(source text) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_match text[];
  v_parts jsonb := '[]';
  v_literal text := '';
begin
  for v_match in
    select regexp_matches(
      replace(parts.source, E'\r\n', E'\n'),
      '(https?://[^\s<>"]*[^\s<>".,;:!?)])|(##)|(?<![[:alnum:]_&/#])#([[:alpha:]][[:alnum:]_]*)(?:\|(?:"([^"\n]*)"|([^\s"#|.,;:!?]+)))?|([^#h]+|.)',
      'g'
    )
  loop
    if coalesce(v_match[1], v_match[3]) is null then
      v_literal := v_literal || case when v_match[2] is not null then '#' else v_match[6] end;
      continue;
    end if;
    if v_literal <> '' then
      v_parts := v_parts || jsonb_build_object('literal', v_literal);
      v_literal := '';
    end if;
    v_parts := v_parts || case when v_match[1] is not null then jsonb_build_object('url', v_match[1])
      else jsonb_strip_nulls(jsonb_build_object('tag', v_match[3], 'fallback', coalesce(v_match[4], v_match[5]))) end;
  end loop;
  return case when v_literal = '' then v_parts else v_parts || jsonb_build_object('literal', v_literal) end;
end
$$;

create function campaigns.tags_in(parts jsonb) returns setof text
language sql immutable set search_path = '' as $$
  select distinct p.part ->> 'tag' from jsonb_array_elements(tags_in.parts) p (part) where p.part ? 'tag'
$$;

create function campaigns.as_text(parts jsonb, vals jsonb) returns text
language sql immutable as $$
  select string_agg(
    coalesce(p.part ->> 'literal', p.part ->> 'url', vals ->> (p.part ->> 'tag'), p.part ->> 'fallback', '#' || (p.part ->> 'tag')),
    '' order by p.n
  )
  from jsonb_array_elements(as_text.parts) with ordinality p (part, n)
$$;

create function campaigns.as_html(parts jsonb, vals jsonb) returns text
language sql immutable as $$
  select '<p>' || string_agg(
    case
      when p.part ? 'literal' then campaigns.with_paragraphs(campaigns.escaped(p.part ->> 'literal'))
      when p.part ? 'url' then format('<a class="link" href="%1$s">%1$s</a>', campaigns.escaped(p.part ->> 'url'))
      else campaigns.escaped(coalesce(vals ->> (p.part ->> 'tag'), p.part ->> 'fallback', '#' || (p.part ->> 'tag')))
    end,
    '' order by p.n
  ) || '</p>'
  from jsonb_array_elements(as_html.parts) with ordinality p (part, n)
$$;

create function campaigns.with_paragraphs(html text) returns text
language sql immutable as $$
  select replace(regexp_replace(with_paragraphs.html, '\n[ \t]*\n\s*', '</p><p>', 'g'), E'\n', '<br>')
$$;

create function campaigns.escaped(value text) returns text
language sql immutable as $$
  select replace(replace(replace(replace(replace(
    escaped.value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

-- What stands in the way of sending, in one sentence; null if nothing.
create function campaigns.problem_of(campaign campaigns.campaigns) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_tags constant text[] := array(
    select campaigns.tags_in(campaigns.parts((campaign).subject) || campaigns.parts((campaign).body))
  );
  v_own constant text[] := array(select t.name from campaigns.merge_tags t where t.campaign_id = (campaign).id);
  v_unknown text;
begin
  select string_agg('#' || t.tag, ', ' order by t.tag) into v_unknown
  from unnest(v_tags) t (tag)
  where t.tag <> all (v_own || campaigns.built_in_tags());
  if v_unknown is not null then
    return format('Nobody knows %s: declare it, or write ## for a plain #.', v_unknown);
  end if;
  if (campaign).purpose is null and v_tags && array['pledge', 'paid_amount', 'balance'] then
    return '#pledge, #paid_amount and #balance need a purpose: what the pledges are for.';
  end if;
  if (campaign).currency is null and exists (
    select from campaigns.merge_tags t
    where t.campaign_id = (campaign).id and t.type = 'money' and t.name = any (v_tags)
  ) then
    return 'A tag of the type money needs the currency of the campaign.';
  end if;
  return null;
end
$$;

create function campaigns.built_in_tags() returns text[]
language sql immutable set search_path = '' as $$
  select array['name', 'pledge', 'paid_amount', 'balance', 'days_remain']
$$;

-- Whom it would reach now, what their letter is made of, and why there would be none: no-address, opted-out, minor,
-- duplicate-address or missing-tag. campaigns.words_of makes the words of it, for those rows that need them.
create function campaigns.selection(campaign campaigns.campaigns)
returns table (
  person_id uuid, name text, locale text, address text, reason text, missing text[], pledged bigint, paid bigint, currency text,
  days int, own jsonb
)
language sql stable set search_path = '' as $$
  with needed as materialized (
    select array_agg(distinct p.part ->> 'tag') as tags
    from jsonb_array_elements(campaigns.parts((campaign).subject) || campaigns.parts((campaign).body)) p (part)
    where p.part ? 'tag' and not p.part ? 'fallback'
  ),
  paid as materialized (
    select g.person_id, g.amount, g.currency, g.due_on, coalesce(sum(y.amount), 0)::bigint as paid
    from campaigns.pledges g
    left join campaigns.payments y on y.pledge_id = g.id
    where g.purpose = (campaign).purpose and g.group_id is not distinct from (campaign).group_id
    group by g.id
  ),
  people as materialized (
    select p.id, p.name, coalesce(p.locale, c.locale) as locale, e.address, p.is_minor, d.amount as pledged, d.paid, d.currency,
      coalesce(d.due_on, (campaign).due_on) - t.today as days
    from campaigns.audience(campaign) a (person_id)
    join app.people p on p.id = a.person_id
    cross join app.community c
    cross join (select campaigns.today() as today offset 0) t
    left join lateral (
      select a.address from app.email_addresses a where a.person_id = p.id order by a.created_at, a.id limit 1
    ) e on true
    left join paid d on d.person_id = p.id
  ),
  own as materialized (
    select p.id as person_id, jsonb_object_agg(t.name, coalesce(v.value, t.default_value))
      filter (where coalesce(v.value, t.default_value) is not null) as own
    from campaigns.merge_tags t
    cross join people p
    left join campaigns.merge_values v on v.merge_tag_id = t.id and v.person_id = p.id
    where t.campaign_id = (campaign).id
    group by p.id
  ),
  opted_out as materialized (
    select campaigns.opted_out_ids(array(select p.id from people p)) as id
  ),
  lacking as materialized (
    select p.*, o.own, array(
      select t.tag
      from unnest(n.tags) t (tag)
      where case
        when t.tag = 'name' then false
        when t.tag in ('pledge', 'paid_amount', 'balance') then p.pledged is null
        when t.tag = 'days_remain' then p.days is null
        else not coalesce(o.own ? t.tag, false)
      end
      order by t.tag
    ) as missing
    from people p
    cross join needed n
    left join own o on o.person_id = p.id
  )
  select l.id, l.name, l.locale, l.address,
    case
      when l.address is null then 'no-address'
      when l.id in (select o.id from opted_out o) then 'opted-out'
      when l.is_minor and not s.letters_to_minors then 'minor'
      when row_number() over (partition by lower(l.address) order by l.id) > 1 then 'duplicate-address'
      when l.missing <> '{}' then 'missing-tag'
    end,
    l.missing, l.pledged, l.paid, l.currency, l.days, l.own
  from lacking l
  cross join campaigns.campaign_settings s
$$;

create function campaigns.words_of(
  campaign campaigns.campaigns, name text, locale text, pledged bigint, paid bigint, currency text, days int, own jsonb
) returns jsonb
language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'name', words_of.name,
    'pledge', campaigns.money(words_of.pledged, words_of.currency, words_of.locale),
    'paid_amount', campaigns.money(words_of.paid, words_of.currency, words_of.locale),
    'balance', campaigns.balance_words(words_of.pledged - words_of.paid, words_of.currency, words_of.locale),
    'days_remain', campaigns.days_words(words_of.days, words_of.locale)
  )) || case when words_of.own is null then '{}' else (
    select coalesce(
      jsonb_object_agg(t.name, campaigns.shown(t.type, words_of.own ->> t.name, (campaign).currency, words_of.locale)), '{}'
    )
    from campaigns.merge_tags t
    where t.campaign_id = (campaign).id and words_of.own ? t.name
  ) end
$$;

create function campaigns.opted_out_ids(person_ids uuid[]) returns setof uuid
language sql stable set search_path = '' as $$
  select f.person_id
  from notify.frequencies(opted_out_ids.person_ids, 'campaign', 'mail') f
  where f.frequency = 'off'
$$;

create function campaigns.shown(type text, value text, currency text, locale text) returns text
language sql stable as $$
  select case shown.type
    when 'money' then campaigns.money(shown.value::bigint, shown.currency, shown.locale)
    when 'number' then campaigns.grouped(shown.value, shown.locale)
    when 'date' then app.date_words(shown.value::date, shown.locale)
    else shown.value
  end
$$;

-- The data of the letter: what it needs is in it, so that nothing that happens later changes what it says.
create function campaigns.letter_data(campaign campaigns.campaigns, subject_parts jsonb, body_parts jsonb, name text, locale text, vals jsonb)
returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'personName', letter_data.name,
    'letterSubject', campaigns.as_text(subject_parts, vals),
    'bodyText', campaigns.as_text(body_parts, vals),
    'bodyHtml', campaigns.as_html(body_parts, vals),
    'locale', letter_data.locale,
    'groupName', coalesce((select g.name from app.groups g where g.id = (campaign).group_id), c.name)
  )
  from app.community c
$$;
