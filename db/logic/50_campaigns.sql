-- Campaigns: one letter to many. A draft is written, previewed and tested; sending freezes its recipients and their letters
-- in one transaction (campaigns.prepare) and hands them to the outbox by jobs: one each for a few, chunks at a pace for
-- many. A job works only for the round that dispatched it, under a shared lock of the campaign's row, so that a pause or a
-- cancellation, which takes the row for itself, is obeyed by everything that comes after it.
-- 50_campaigns_letters.sql is what the letters say, _money.sql pledges and payments, _board.sql what became of the letters,
-- _alerts.sql when too many of them came to a bad end.

-- Drafts

create function campaigns.create_campaign(
  name text,
  subject text,
  body text,
  client_id uuid,
  group_id uuid default null,
  audience_group_ids uuid[] default null,
  audience_roles text[] default null,
  audience_person_ids uuid[] default null,
  purpose text default null,
  currency text default null,
  due_on date default null,
  tags campaigns.merge_tag_entry[] default null
) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_person_id constant uuid := app.require_person_id();
  v_draft campaigns.campaigns;
  v_campaign campaigns.campaigns;
begin
  perform campaigns.require_staff(create_campaign.group_id);
  v_draft.group_id := create_campaign.group_id;
  v_draft.name := create_campaign.name;
  v_draft.subject := create_campaign.subject;
  v_draft.body := create_campaign.body;
  v_draft.audience_group_ids := coalesce(create_campaign.audience_group_ids, '{}');
  v_draft.audience_roles := coalesce(create_campaign.audience_roles, '{}');
  v_draft.audience_person_ids := coalesce(create_campaign.audience_person_ids, '{}');
  v_draft.purpose := nullif(btrim(create_campaign.purpose), '');
  v_draft.currency := create_campaign.currency;
  v_draft.due_on := create_campaign.due_on;
  perform campaigns.require_draft(v_draft);
  perform campaigns.require_tags(create_campaign.tags);

  insert into campaigns.campaigns (
    group_id, created_by, client_id, name, subject, body, audience_group_ids, audience_roles, audience_person_ids, purpose,
    currency, due_on
  )
  values (
    v_draft.group_id, v_person_id, create_campaign.client_id, v_draft.name, v_draft.subject, v_draft.body,
    v_draft.audience_group_ids, v_draft.audience_roles, v_draft.audience_person_ids, v_draft.purpose, v_draft.currency,
    v_draft.due_on
  )
  on conflict (created_by, client_id) do nothing
  returning * into v_campaign;
  if found then
    perform campaigns.declare_tags(v_campaign.id, create_campaign.tags);
    return v_campaign;
  end if;
  select c.* into v_campaign
  from campaigns.campaigns c
  where c.created_by = v_person_id and c.client_id = create_campaign.client_id;
  return v_campaign;
end
$$;

create function campaigns.update_campaign(
  campaign_id uuid,
  name text default null,
  subject text default null,
  body text default null,
  audience_group_ids uuid[] default null,
  audience_roles text[] default null,
  audience_person_ids uuid[] default null,
  purpose text default null,
  currency text default null,
  due_on date default null,
  tags campaigns.merge_tag_entry[] default null,
  clear text[] default null
) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_draft campaigns.campaigns := campaigns.require_campaign(update_campaign.campaign_id);
begin
  if v_draft.state <> 'draft' then
    raise exception 'Only a draft can be changed: this campaign is %.', v_draft.state using errcode = 'HW409';
  end if;
  v_draft := jsonb_populate_record(v_draft, app.cleared(update_campaign.clear, '{purpose,currency,dueOn}'));
  v_draft.name := coalesce(update_campaign.name, v_draft.name);
  v_draft.subject := coalesce(update_campaign.subject, v_draft.subject);
  v_draft.body := coalesce(update_campaign.body, v_draft.body);
  v_draft.audience_group_ids := coalesce(update_campaign.audience_group_ids, v_draft.audience_group_ids);
  v_draft.audience_roles := coalesce(update_campaign.audience_roles, v_draft.audience_roles);
  v_draft.audience_person_ids := coalesce(update_campaign.audience_person_ids, v_draft.audience_person_ids);
  v_draft.purpose := nullif(btrim(coalesce(update_campaign.purpose, v_draft.purpose)), '');
  v_draft.currency := coalesce(update_campaign.currency, v_draft.currency);
  v_draft.due_on := coalesce(update_campaign.due_on, v_draft.due_on);
  perform campaigns.require_draft(v_draft);
  perform campaigns.require_tags(update_campaign.tags);
  perform campaigns.declare_tags(v_draft.id, update_campaign.tags);
  update campaigns.campaigns c
  set (name, subject, body, audience_group_ids, audience_roles, audience_person_ids, purpose, currency, due_on)
    = row(v_draft.name, v_draft.subject, v_draft.body, v_draft.audience_group_ids, v_draft.audience_roles,
        v_draft.audience_person_ids, v_draft.purpose, v_draft.currency, v_draft.due_on)
  where c.id = v_draft.id
  returning c.* into v_draft;
  return v_draft;
end
$$;

create function campaigns.is_staff(group_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select case when is_staff.group_id is null then app.is_community_owner() else app.is_staff_of(is_staff.group_id) end
$$;

create function campaigns.require_staff(group_id uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform app.require_person_id();
  if campaigns.is_staff(require_staff.group_id) then
    return;
  end if;
  if require_staff.group_id is null then
    raise exception 'Only owners of the community may do this for all of it: name a group.' using errcode = 'HW403';
  end if;
  if require_staff.group_id in (select app.current_group_ids()) then
    raise exception 'Only teachers and the owner of the group may do this.' using errcode = 'HW403';
  end if;
  raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404';
end
$$;

-- Takes the campaign for itself: after it, no job is at work for the campaign, and none begins before the commit.
create function campaigns.require_campaign(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
begin
  perform campaigns.seen(require_campaign.campaign_id);
  select c.* into v_campaign from campaigns.campaigns c where c.id = require_campaign.campaign_id for update;
  return v_campaign;
end
$$;

create function campaigns.seen(campaign_id uuid) returns campaigns.campaigns
language plpgsql stable security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
begin
  perform app.require_person_id();
  select c.* into v_campaign
  from campaigns.campaigns c
  where c.id = seen.campaign_id and campaigns.is_staff(c.group_id);
  if not found then
    raise exception 'There is no such campaign, or it is not yours to look after.' using errcode = 'HW404';
  end if;
  return v_campaign;
end
$$;

create function campaigns.require_draft(draft campaigns.campaigns) returns void
language plpgsql stable set search_path = '' as $$
begin
  if char_length(btrim((draft).name)) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
  if char_length(btrim((draft).subject)) not between 1 and 300 or (draft).subject ~ '[\r\n]' then
    raise exception 'The subject must be one line of 1 to 300 characters.' using errcode = 'HW422', column = 'subject';
  end if;
  if char_length(btrim((draft).body)) not between 1 and 20000 then
    raise exception 'The body must have 1 to 20,000 characters.' using errcode = 'HW422', column = 'body';
  end if;
  if (draft).purpose is not null then
    perform campaigns.require_purpose((draft).purpose);
  end if;
  if (draft).currency not in (select c.code from campaigns.currencies c) then
    raise exception 'A currency is one of those in currencies, such as EUR or IDR.' using errcode = 'HW422', column = 'currency';
  end if;
  perform campaigns.require_audience(draft);
end
$$;

create function campaigns.require_audience(draft campaigns.campaigns) returns void
language plpgsql stable set search_path = '' as $$
begin
  if exists (select from unnest((draft).audience_group_ids) g (id) where g.id is null or not app.is_staff_of(g.id))
    or cardinality((draft).audience_group_ids) > 1000
  then
    raise exception 'You may only write to groups whose teacher or owner you are.'
      using errcode = 'HW422', column = 'audience_group_ids';
  end if;
  if not (draft).audience_roles <@ array['owner', 'teacher', 'student', 'parent', 'member'] then
    raise exception 'Roles are owner, teacher, student, parent and member.' using errcode = 'HW422', column = 'audience_roles';
  end if;
  if cardinality((draft).audience_person_ids) > 10000 then
    raise exception 'Name 10,000 people at most: write to groups instead.'
      using errcode = 'HW422', column = 'audience_person_ids';
  end if;
  perform campaigns.require_reachable((draft).group_id, (draft).audience_person_ids, 'audience_person_ids');
end
$$;

-- Owners of the community reach everybody; others, the people of their group and the guardians of its children.
create function campaigns.require_reachable(group_id uuid, person_ids uuid[], field text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if exists (
    select from unnest(require_reachable.person_ids) i (id)
    where i.id is null or not exists (select from app.people p where p.id = i.id)
  ) or not app.is_community_owner() and exists (
    select from unnest(require_reachable.person_ids) i (id)
    where i.id not in (
      select app.people_of_audience(array[require_reachable.group_id], null, null)
      union all
      select app.people_of_audience(array[require_reachable.group_id], '{parent}', null)
    )
  ) then
    raise exception 'Somebody named there does not belong to the group.' using errcode = 'HW422', column = require_reachable.field;
  end if;
end
$$;

create function campaigns.require_tags(tags campaigns.merge_tag_entry[]) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_tag campaigns.merge_tag_entry;
begin
  if cardinality(tags) > 50 then
    raise exception 'Declare 50 tags at most.' using errcode = 'HW422', column = 'tags';
  end if;
  if cardinality(tags) > (select count(distinct t.name) from unnest(tags) t) then
    raise exception 'Every tag needs a name of its own.' using errcode = 'HW422', column = 'tags';
  end if;
  foreach v_tag in array coalesce(tags, '{}') loop
    if v_tag.name is null or v_tag.name !~ '^[a-z][a-z0-9_]{0,39}$' or v_tag.name = any (campaigns.built_in_tags()) then
      raise exception 'The name of a tag is a word in small letters that is not taken: "%" is none.', left(v_tag.name, 100)
        using errcode = 'HW422', column = 'tags';
    end if;
    if coalesce(v_tag.type, '') not in ('text', 'number', 'money', 'date') then
      raise exception 'The type of #% must be text, number, money or date.', v_tag.name using errcode = 'HW422', column = 'tags';
    end if;
    if not campaigns.is_of_type(v_tag.default_value, v_tag.type) then
      raise exception 'The default of #% is no %.', v_tag.name, v_tag.type using errcode = 'HW422', column = 'tags';
    end if;
  end loop;
end
$$;

create function campaigns.is_of_type(value text, type text) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return case
    when is_of_type.value is null then true
    when char_length(btrim(is_of_type.value)) not between 1 and 1000 then false
    when is_of_type.type = 'number' then is_of_type.value ~ '^-?\d{1,15}(\.\d{1,6})?$'
    when is_of_type.type = 'money' then is_of_type.value ~ '^-?\d{1,15}$'
    when is_of_type.type = 'date' then is_of_type.value ~ '^\d{4}-\d{2}-\d{2}$' and is_of_type.value::date is not null
    else true
  end;
exception
  when data_exception then return false;
end
$$;

create function campaigns.declare_tags(campaign_id uuid, tags campaigns.merge_tag_entry[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if declare_tags.tags is null then
    return;
  end if;
  delete from campaigns.merge_tags t
  where t.campaign_id = declare_tags.campaign_id
    and (t.name, t.type) not in (select e.name, e.type from unnest(declare_tags.tags) e);
  insert into campaigns.merge_tags (campaign_id, name, type, default_value)
  select declare_tags.campaign_id, e.name, e.type, e.default_value
  from unnest(declare_tags.tags) e
  on conflict on constraint a_tag_is_declared_once do update set default_value = excluded.default_value;
end
$$;

create function campaigns.set_merge_values(campaign_id uuid, entries campaigns.merge_value_entry[]) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign constant campaigns.campaigns := campaigns.require_campaign(set_merge_values.campaign_id);
begin
  if v_campaign.state <> 'draft' then
    raise exception 'Only a draft can be changed: this campaign is %.', v_campaign.state using errcode = 'HW409';
  end if;
  if coalesce(cardinality(set_merge_values.entries), 0) not between 1 and 1000 then
    raise exception 'Give 1 to 1,000 values at once.' using errcode = 'HW422', column = 'entries';
  end if;
  if exists (
    select from unnest(set_merge_values.entries) e
    left join campaigns.merge_tags t on t.campaign_id = v_campaign.id and t.name = e.tag
    where t.id is null or e.person_id is null or not campaigns.is_of_type(e.value, t.type)
  ) then
    raise exception 'Every value needs a personId, a declared tag, and the form of the tag''s type.'
      using errcode = 'HW422', column = 'entries';
  end if;
  if exists (select from unnest(set_merge_values.entries) e group by e.person_id, e.tag having count(*) > 1) then
    raise exception 'A person and tag stand in the list twice.' using errcode = 'HW422', column = 'entries';
  end if;
  perform campaigns.require_reachable(
    v_campaign.group_id, array(select e.person_id from unnest(set_merge_values.entries) e), 'entries'
  );
  delete from campaigns.merge_values v
  using unnest(set_merge_values.entries) e, campaigns.merge_tags t
  where e.value is null and t.campaign_id = v_campaign.id and t.name = e.tag
    and v.merge_tag_id = t.id and v.person_id = e.person_id;
  insert into campaigns.merge_values (merge_tag_id, person_id, value)
  select t.id, e.person_id, e.value
  from unnest(set_merge_values.entries) e
  join campaigns.merge_tags t on t.campaign_id = v_campaign.id and t.name = e.tag
  where e.value is not null
  on conflict on constraint one_value_per_tag_and_person do update set value = excluded.value;
  return v_campaign;
end
$$;

-- The people meant. Nobody named: the whole group, or the whole community. A follow-up means those of the first campaign
-- who are in its state when it is sent, without those whom the first letter may still reach.
create function campaigns.audience(campaign campaigns.campaigns) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if (campaign).follows_id is not null then
    return query
      select o.person_id from campaigns.campaign_outcomes o
      where o.campaign_id = (campaign).follows_id and campaigns.is_in_state(o, (campaign).follows_state)
        and not o.queued and not o.undecided;
  elsif cardinality((campaign).audience_group_ids) + cardinality((campaign).audience_person_ids) > 0 then
    return query select app.people_of_audience(
      (campaign).audience_group_ids, (campaign).audience_roles, (campaign).audience_person_ids
    );
  elsif (campaign).group_id is not null then
    return query select app.people_of_audience(array[(campaign).group_id], (campaign).audience_roles, null);
  elsif cardinality((campaign).audience_roles) > 0 then
    return query select app.people_of_audience(array(select g.id from app.groups g), (campaign).audience_roles, null);
  else
    return query select p.id from app.people p;
  end if;
end
$$;

-- Looking ahead

create function campaigns.preview_campaign(campaign_id uuid, person_id uuid default null)
returns setof campaigns.campaign_preview
language plpgsql stable security definer set search_path = '' as $$
declare
  v_campaign constant campaigns.campaigns := campaigns.seen(preview_campaign.campaign_id);
  v_subject constant jsonb := campaigns.parts(v_campaign.subject);
  v_body constant jsonb := campaigns.parts(v_campaign.body);
begin
  perform campaigns.refuse_problem(v_campaign);
  return query
    with everybody as materialized (
      select * from campaigns.selection(v_campaign)
    ),
    samples (n, sample, person_id) as (
      select 0, 'person', preview_campaign.person_id where preview_campaign.person_id is not null
      union all
      select w.n, w.sample, w.person_id
      from (values
        (1, 'first', (select e.person_id from everybody e where e.reason is null order by e.name, e.person_id limit 1)),
        (2, 'longest-name', (select e.person_id from everybody e order by char_length(e.name) desc, e.person_id limit 1)),
        (3, 'right-to-left-name', (select e.person_id from everybody e where e.name ~ '[\u0590-\u08ff]' order by e.person_id limit 1)),
        (4, 'missing-value', (select e.person_id from everybody e where e.reason = 'missing-tag' order by e.name, e.person_id limit 1)),
        (5, 'zero-pledge', (select e.person_id from everybody e where e.pledged = 0 order by e.name, e.person_id limit 1)),
        (6, 'zero-balance', (select e.person_id from everybody e where e.pledged = e.paid order by e.name, e.person_id limit 1)),
        (7, 'overpaid', (select e.person_id from everybody e where e.paid > e.pledged order by e.pledged - e.paid, e.person_id limit 1)),
        (8, 'overdue', (select e.person_id from everybody e where e.days < 0 order by e.days, e.person_id limit 1))
      ) w (n, sample, person_id)
      where preview_campaign.person_id is null and w.person_id is not null
    )
    select s.sample, e.person_id, e.name, w.subject, w.html, w.text, e.reason, e.missing
    from samples s
    join everybody e on e.person_id = s.person_id
    cross join lateral (
      select campaigns.words_of(v_campaign, e.name, e.locale, e.pledged, e.paid, e.currency, e.days, e.own) as vals offset 0
    ) v
    cross join lateral mail.preview('campaign', e.locale, jsonb_build_object('category', 'campaign') || campaigns.letter_data(
      v_campaign, v_subject, v_body, e.name, e.locale, v.vals
    )) w
    order by s.n;
end
$$;

create function campaigns.refuse_problem(campaign campaigns.campaigns) returns void
language plpgsql stable set search_path = '' as $$
begin
  if campaigns.problem_of(campaign) is not null then
    raise exception '%', campaigns.problem_of(campaign) using errcode = 'HW422', column = 'body';
  end if;
end
$$;

create function campaigns.campaign_forecast(campaign_id uuid) returns campaigns.campaign_forecast
language plpgsql stable security definer set search_path = '' as $$
declare
  v_campaign constant campaigns.campaigns := campaigns.seen(campaign_forecast.campaign_id);
  v_forecast campaigns.campaign_forecast;
begin
  perform campaigns.refuse_problem(v_campaign);
  select coalesce(sum(r.people), 0), coalesce(sum(r.people) filter (where r.reason is null), 0),
    coalesce(jsonb_object_agg(r.reason, r.people) filter (where r.reason is not null), '{}')
  into v_forecast.audience, v_forecast.recipients, v_forecast.skipped
  from (select s.reason, count(*)::int as people from campaigns.selection(v_campaign) s group by s.reason) r;
  select v_forecast.recipients >= s.chunk_threshold,
    case when v_forecast.recipients >= s.chunk_threshold then v_forecast.recipients / s.letters_per_minute else 0 end
  into v_forecast.in_chunks, v_forecast.minutes
  from campaigns.campaign_settings s;
  return v_forecast;
end
$$;

-- One letter to oneself, with the values of somebody who would get it.
create function campaigns.test_campaign(campaign_id uuid, client_id uuid) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_campaign campaigns.campaigns := campaigns.seen(test_campaign.campaign_id);
  v_address constant text := (
    select e.address from app.email_addresses e where e.person_id = v_person_id order by e.created_at, e.id limit 1
  );
  v_data jsonb;
begin
  perform campaigns.refuse_problem(v_campaign);
  if v_address is null then
    raise exception 'There is no mail address of yours to send a test to.' using errcode = 'HW409';
  end if;
  select campaigns.letter_data(
    v_campaign, campaigns.parts('[Test] ' || v_campaign.subject), campaigns.parts(v_campaign.body), s.name, s.locale,
    campaigns.words_of(v_campaign, s.name, s.locale, s.pledged, s.paid, s.currency, s.days, s.own)
  )
  into v_data
  from campaigns.selection(v_campaign) s
  order by s.reason is not null, s.person_id <> v_person_id, s.name, s.person_id
  limit 1;
  if v_data is null then
    raise exception 'The campaign has no audience yet.' using errcode = 'HW409';
  end if;
  perform mail.enqueue(
    template => 'campaign', recipient => v_address, data => v_data,
    dedupe_key => format('campaign-test:%s:%s:%s', v_campaign.id, v_person_id, test_campaign.client_id),
    stream => 'broadcast', person_id => v_person_id, category => 'campaign', locale => v_data ->> 'locale'
  );
  return v_campaign;
end
$$;

-- Sending

create function campaigns.send_campaign(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns := campaigns.require_campaign(send_campaign.campaign_id);
begin
  if v_campaign.state = 'cancelled' then
    raise exception 'This campaign was cancelled: make another.' using errcode = 'HW409';
  end if;
  if v_campaign.state <> 'draft' then
    return v_campaign;
  end if;
  perform campaigns.refuse_problem(v_campaign);
  if not exists (select from campaigns.audience(v_campaign)) then
    raise exception 'The campaign has no audience: nobody would get it.' using errcode = 'HW409';
  end if;
  return campaigns.start(v_campaign.id);
end
$$;

create function campaigns.start(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
begin
  update campaigns.campaigns c set state = 'preparing' where c.id = start.campaign_id returning c.* into v_campaign;
  insert into campaigns.campaign_progress (campaign_id) values (start.campaign_id) on conflict do nothing;
  perform queue.dispatch('campaigns/prepare', jsonb_build_object('campaignId', start.campaign_id));
  perform campaigns.tell_progress(start.campaign_id, now_too => true);
  return v_campaign;
end
$$;

-- One transaction, so that all letters come from one moment.
create function campaigns.prepare(campaign_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
  v_settings campaigns.campaign_settings;
begin
  select c.* into v_campaign from campaigns.campaigns c where c.id = prepare.campaign_id for update;
  if v_campaign.state is distinct from 'preparing' or v_campaign.prepared_at is not null then
    return;
  end if;
  select s.* into v_settings from campaigns.campaign_settings s;
  perform campaigns.freeze_recipients(v_campaign);
  update campaigns.campaigns c
  set state = 'sending', prepared_at = now(), in_chunks = v_settings.chunk_threshold <= (
    select count(*) from campaigns.campaign_recipients r where r.campaign_id = v_campaign.id and r.state = 'waiting'
  )
  where c.id = v_campaign.id
  returning c.* into v_campaign;
  if v_campaign.in_chunks then
    update campaigns.campaign_recipients r
    set chunk = (r.chunk - 1) / v_settings.chunk_size + 1
    where r.campaign_id = v_campaign.id and r.state = 'waiting';
  end if;
  perform campaigns.dispatch_chunks(v_campaign.id);
end
$$;

create function campaigns.freeze_recipients(campaign campaigns.campaigns) returns void
language sql volatile set search_path = '' as $$
  insert into campaigns.campaign_recipients (campaign_id, person_id, chunk, state, reason, missing_tags, address, data)
  select (campaign).id, s.person_id,
    row_number() over (partition by s.reason is null order by s.person_id),
    case when s.reason is null then 'waiting' else 'skipped' end,
    s.reason,
    case when s.reason = 'missing-tag' then s.missing else '{}' end,
    s.address,
    case when s.reason is null then campaigns.letter_data(
      campaign, p.subject, p.body, s.name, s.locale,
      campaigns.words_of(campaign, s.name, s.locale, s.pledged, s.paid, s.currency, s.days, s.own)
    ) end
  from campaigns.selection(campaign) s
  cross join (
    select campaigns.parts((campaign).subject) as subject, campaigns.parts((campaign).body) as body offset 0
  ) p
$$;

-- A new round: jobs for all who wait, those of earlier rounds do nothing more.
create function campaigns.dispatch_chunks(campaign_id uuid) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
  v_batch_id text;
begin
  update campaigns.campaigns c set round = c.round + 1, state = 'sending'
  where c.id = dispatch_chunks.campaign_id
  returning c.* into v_campaign;
  v_batch_id := queue.dispatch_batch(
    campaigns.jobs_of(v_campaign),
    name => 'Campaign ' || v_campaign.id,
    allow_failures => true,
    on_end => jsonb_build_object(
      'task', 'campaigns/finish', 'payload', jsonb_build_object('campaignId', v_campaign.id, 'round', v_campaign.round)
    )
  );
  update campaigns.campaigns c set batch_id = v_batch_id where c.id = v_campaign.id;
  perform campaigns.tell_progress(v_campaign.id, now_too => true);
end
$$;

create function campaigns.jobs_of(campaign campaigns.campaigns) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'task', 'campaigns/send',
      'queue', case when (campaign).in_chunks then 'bulk' else 'high' end,
      'payload', jsonb_build_object('campaignId', (campaign).id, 'chunk', c.chunk, 'round', (campaign).round)
    ) || case when (campaign).in_chunks and c.before > 0
      then jsonb_build_object('run_at', now() + interval '1 minute' * c.before / s.letters_per_minute) else '{}' end
    order by c.chunk
  ), '[]')
  from (
    select r.chunk, coalesce(sum(count(*)) over (order by r.chunk rows between unbounded preceding and 1 preceding), 0)::float8 as before
    from campaigns.campaign_recipients r
    where r.campaign_id = (campaign).id and r.state = 'waiting'
    group by r.chunk
  ) c
  cross join campaigns.campaign_settings s
$$;

create function campaigns.send_chunk(campaign_id uuid, chunk int, round int) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from campaigns.campaigns c
  where c.id = send_chunk.campaign_id and c.state = 'sending' and c.round = send_chunk.round
  for share;
  if not found then
    return;
  end if;
  perform campaigns.hand_over(array(
    select r.id from campaigns.campaign_recipients r
    where r.campaign_id = send_chunk.campaign_id and r.chunk = send_chunk.chunk and r.state = 'waiting'
    order by r.id
    for update
  ));
  perform campaigns.tell_progress(send_chunk.campaign_id);
end
$$;

create function campaigns.hand_over(recipient_ids uuid[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  update campaigns.campaign_recipients r
  set state = 'skipped', reason = 'opted-out', data = null
  where r.id = any (hand_over.recipient_ids) and r.person_id in (
    select campaigns.opted_out_ids(array(
      select w.person_id from campaigns.campaign_recipients w where w.id = any (hand_over.recipient_ids)
    ))
  );

  with sent as materialized (
    select s.* from mail.enqueue_many((
      select coalesce(jsonb_agg(jsonb_build_object(
        'template', 'campaign', 'recipient', r.address, 'data', r.data, 'stream', 'broadcast', 'priority', 200,
        'dedupeKey', format('campaign:%s:%s', r.campaign_id, r.person_id), 'personId', r.person_id, 'category', 'campaign',
        'locale', r.data ->> 'locale'
      ) order by r.id), '[]')
      from campaigns.campaign_recipients r
      where r.id = any (hand_over.recipient_ids) and r.state = 'waiting'
    )) s
  )
  update campaigns.campaign_recipients r
  set state = case when s.letter_id is null then 'failed' else 'enqueued' end,
      reason = case when s.letter_id is null then 'bad-address' end,
      letter_id = s.letter_id,
      data = null
  from sent s
  where r.id = any (hand_over.recipient_ids) and r.state = 'waiting'
    and s.dedupe_key = format('campaign:%s:%s', r.campaign_id, r.person_id);
end
$$;

-- When the last job of a round has ended. Who still waits belonged to a job that failed for good.
create function campaigns.finish(campaign_id uuid, round int) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update campaigns.campaigns c
  set state = 'sent', sent_at = now()
  where c.id = finish.campaign_id and c.state = 'sending' and c.round = finish.round;
  if not found then
    return;
  end if;
  update campaigns.campaign_recipients r
  set state = 'failed', reason = 'job-failed', data = null
  where r.campaign_id = finish.campaign_id and r.state = 'waiting';
  perform campaigns.tell_progress(finish.campaign_id, now_too => true);
end
$$;

-- Stopping

create function campaigns.pause_campaign(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns := campaigns.require_campaign(pause_campaign.campaign_id);
begin
  if v_campaign.state = 'paused' then
    return v_campaign;
  end if;
  if v_campaign.state not in ('preparing', 'sending') and not campaigns.has_letters_to_go(v_campaign) then
    raise exception 'Nothing of this campaign is under way.' using errcode = 'HW409';
  end if;
  return campaigns.pause(v_campaign);
end
$$;

create function campaigns.pause(campaign campaigns.campaigns) returns campaigns.campaigns
language plpgsql volatile set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
begin
  perform queue.cancel_batch((campaign).batch_id);
  perform campaigns.put_letters_off((campaign).id, 'infinity');
  update campaigns.campaigns c set state = 'paused' where c.id = (campaign).id returning c.* into v_campaign;
  perform campaigns.tell_progress(v_campaign.id, now_too => true);
  return v_campaign;
end
$$;

create function campaigns.resume_campaign(campaign_id uuid, despite_alert boolean default false) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns := campaigns.require_campaign(resume_campaign.campaign_id);
begin
  if v_campaign.state in ('preparing', 'sending', 'sent') then
    return v_campaign;
  end if;
  if v_campaign.state <> 'paused' then
    raise exception 'Only a paused campaign can go on: this one is %.', v_campaign.state using errcode = 'HW409';
  end if;
  perform campaigns.overrule(v_campaign, resume_campaign.despite_alert);
  if v_campaign.prepared_at is null then
    return campaigns.start(v_campaign.id);
  end if;
  perform campaigns.put_letters_off(v_campaign.id, now());
  perform mail.wake();
  perform campaigns.dispatch_chunks(v_campaign.id);
  select c.* into v_campaign from campaigns.campaigns c where c.id = v_campaign.id;
  return v_campaign;
end
$$;

create function campaigns.cancel_campaign(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign campaigns.campaigns := campaigns.require_campaign(cancel_campaign.campaign_id);
begin
  if v_campaign.state = 'cancelled' then
    return v_campaign;
  end if;
  if v_campaign.state = 'sent' and not campaigns.has_letters_to_go(v_campaign) then
    raise exception 'It is too late: all letters were handed over.' using errcode = 'HW409';
  end if;
  perform queue.cancel_batch(v_campaign.batch_id);
  perform mail.cancel_many(array(
    select r.letter_id from campaigns.campaign_recipients r where r.campaign_id = v_campaign.id and r.letter_id is not null
  ));
  update campaigns.campaign_recipients r
  set state = 'cancelled', data = null
  where r.campaign_id = v_campaign.id and r.state = 'waiting';
  update campaigns.campaigns c set state = 'cancelled' where c.id = v_campaign.id returning c.* into v_campaign;
  perform campaigns.tell_progress(v_campaign.id, now_too => true);
  return v_campaign;
end
$$;

create function campaigns.has_letters_to_go(campaign campaigns.campaigns) returns boolean
language sql stable set search_path = '' as $$
  select exists (
    select from campaigns.campaign_recipients r
    join mail.letters l on l.id = r.letter_id
    where r.campaign_id = (campaign).id and l.state in ('queued', 'sending', 'unknown', 'held')
  )
$$;

-- Letters that the outbox has and nobody has claimed.
create function campaigns.put_letters_off(campaign_id uuid, until timestamptz) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_ids uuid[];
begin
  v_ids := array(
    select l.id from campaigns.campaign_recipients r
    join mail.letters l on l.id = r.letter_id
    where r.campaign_id = put_letters_off.campaign_id and l.state = 'queued'
    order by l.id
    for update of l
  );
  update mail.letters l set not_before = put_letters_off.until where l.id = any (v_ids) and l.state = 'queued';
end
$$;

-- A follow-up for those of a campaign whom it has not reached: a draft, to be looked at before it is sent.
create function campaigns.resend_campaign(campaign_id uuid, client_id uuid, state text default 'not-seen')
returns campaigns.campaigns
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_person_id constant uuid := app.require_person_id();
  v_first campaigns.campaigns := campaigns.require_campaign(resend_campaign.campaign_id);
  v_campaign campaigns.campaigns;
begin
  perform campaigns.require_state(coalesce(resend_campaign.state, 'not-seen'));
  if v_first.state not in ('sent', 'cancelled') or v_first.prepared_at is null then
    raise exception 'Only a campaign that was sent can be sent again.' using errcode = 'HW409';
  end if;
  insert into campaigns.campaigns (
    group_id, created_by, follows_id, client_id, name, subject, body, purpose, currency, due_on, follows_state
  )
  values (
    v_first.group_id, v_person_id, v_first.id, resend_campaign.client_id, v_first.name, v_first.subject, v_first.body,
    v_first.purpose, v_first.currency, v_first.due_on, coalesce(resend_campaign.state, 'not-seen')
  )
  on conflict (created_by, client_id) do nothing
  returning * into v_campaign;
  if not found then
    select c.* into v_campaign
    from campaigns.campaigns c
    where c.created_by = v_person_id and c.client_id = resend_campaign.client_id;
    return v_campaign;
  end if;
  perform campaigns.copy_tags(v_first.id, v_campaign.id);
  return v_campaign;
end
$$;

create function campaigns.copy_tags(from_id uuid, to_id uuid) returns void
language sql volatile set search_path = '' as $$
  with copied as (
    insert into campaigns.merge_tags (campaign_id, name, type, default_value)
    select copy_tags.to_id, t.name, t.type, t.default_value from campaigns.merge_tags t where t.campaign_id = copy_tags.from_id
    returning *
  )
  insert into campaigns.merge_values (merge_tag_id, person_id, value)
  select n.id, v.person_id, v.value
  from copied n
  join campaigns.merge_tags t on t.campaign_id = copy_tags.from_id and t.name = n.name
  join campaigns.merge_values v on v.merge_tag_id = t.id
$$;

-- Live

-- Twice a second at most, and always when the campaign takes another state. Who finds another telling skips: the last job
-- is followed by campaigns.finish.
create function campaigns.tell_progress(campaign_id uuid, now_too boolean default false) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform from campaigns.campaign_progress p
  where p.campaign_id = tell_progress.campaign_id and p.told_at < clock_timestamp() - interval '500 milliseconds'
  for update skip locked;
  if not found and not tell_progress.now_too then
    return;
  end if;
  update campaigns.campaign_progress p set told_at = clock_timestamp() where p.campaign_id = tell_progress.campaign_id;
  perform realtime.send(
    jsonb_build_object('campaignId', c.id, 'state', c.state) || (
      select jsonb_build_object(
        'waiting', count(*) filter (where r.state = 'waiting'),
        'enqueued', count(*) filter (where r.state = 'enqueued'),
        'skipped', count(*) filter (where r.state = 'skipped'),
        'cancelled', count(*) filter (where r.state = 'cancelled'),
        'failed', count(*) filter (where r.state = 'failed')
      )
      from campaigns.campaign_recipients r
      where r.campaign_id = c.id
    ),
    'progress', 'campaign:' || c.id, true
  )
  from campaigns.campaigns c
  where c.id = tell_progress.campaign_id;
end
$$;

create function campaigns.is_in_topic(topic text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case
    when is_in_topic.topic ~ '^campaign:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then exists (
      select from campaigns.campaigns c
      where c.id = split_part(is_in_topic.topic, ':', 2)::uuid and campaigns.is_staff(c.group_id)
    )
    else false
  end
$$;

-- Triggers

create trigger _100_set_updated_at before update on campaigns.campaigns
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on campaigns.campaign_recipients
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on campaigns.merge_values
for each row execute function app.tg__set_updated_at();
create trigger _100_set_updated_at before update on campaigns.campaign_settings
for each row execute function app.tg__set_updated_at();

-- Policies and grants

create policy staff_read on campaigns.campaigns for select to authenticated
using (group_id in (select app.current_staff_group_ids()));
create policy community_owners_read on campaigns.campaigns for select to authenticated
using ((select app.is_community_owner()));

create policy readers_of_the_campaign_read on campaigns.merge_tags for select to authenticated
using (campaign_id in (select c.id from campaigns.campaigns c));
create policy readers_of_the_tag_read on campaigns.merge_values for select to authenticated
using (merge_tag_id in (select t.id from campaigns.merge_tags t));
create policy readers_of_the_campaign_read on campaigns.campaign_recipients for select to authenticated
using (campaign_id in (select c.id from campaigns.campaigns c));

create policy campaign_staff_listen on realtime.messages for select to authenticated
using (extension = 'broadcast' and (select campaigns.is_in_topic(realtime.topic())));

grant usage on schema campaigns to anon, authenticated, service_role, howdah_api;
grant select on campaigns.campaigns, campaigns.merge_tags, campaigns.merge_values, campaigns.campaign_recipients to authenticated;
grant execute on function
  campaigns.create_campaign(text, text, text, uuid, uuid, uuid[], text[], uuid[], text, text, date, campaigns.merge_tag_entry[]),
  campaigns.update_campaign(
    uuid, text, text, text, uuid[], text[], uuid[], text, text, date, campaigns.merge_tag_entry[], text[]
  ),
  campaigns.set_merge_values(uuid, campaigns.merge_value_entry[]),
  campaigns.test_campaign(uuid, uuid), campaigns.send_campaign(uuid), campaigns.pause_campaign(uuid),
  campaigns.resume_campaign(uuid, boolean), campaigns.cancel_campaign(uuid), campaigns.resend_campaign(uuid, uuid, text),
  campaigns.preview_campaign(uuid, uuid), campaigns.campaign_forecast(uuid)
to anon, authenticated;
grant execute on function campaigns.is_in_topic(text) to authenticated;

-- Comments

comment on table campaigns.campaigns is 'One letter to many, with values of each. For staff of its group, or owners of the community.';
comment on column campaigns.campaigns.group_id is E'@behavior +filterBy\nThe group that sends it; null: the community.';
comment on column campaigns.campaigns.follows_id is 'The campaign whose letter it sends again.';
comment on column campaigns.campaigns.follows_state is 'Whom of the first campaign it is for: a state of campaignRecipients.';
comment on column campaigns.campaigns.client_id is 'Made by the creator''s client; creating with the same one again returns the first campaign.';
comment on column campaigns.campaigns.name is E'@behavior +filterBy +orderBy\nWhat staff call it.';
comment on column campaigns.campaigns.subject is 'The subject of the letter, with merge tags.';
comment on column campaigns.campaigns.body is
  'Plain text with merge tags: #name, #pledge, #paid_amount, #balance, #days_remain and declared ones; #tag|fallback where a value may be missing, ## for a plain #. A blank line makes a paragraph.';
comment on column campaigns.campaigns.purpose is 'Whose pledges the letter is about.';
comment on column campaigns.campaigns.currency is 'Of declared tags of the type money.';
comment on column campaigns.campaigns.due_on is 'The day that #days_remain counts to where the pledge has none.';
comment on column campaigns.campaigns.audience_group_ids is 'Groups it is for. Neither groups nor people: the group that sends it, or the community.';
comment on column campaigns.campaigns.audience_roles is 'Roles in these groups it is for; none: all.';
comment on column campaigns.campaigns.audience_person_ids is 'People it is for besides.';
comment on column campaigns.campaigns.state is E'@behavior +filterBy +orderBy\ndraft, preparing, sending, paused, sent (all letters are in the outbox) or cancelled.';
comment on column campaigns.campaigns.in_chunks is 'Whether its letters go in chunks at a pace, and not each by itself.';
comment on column campaigns.campaigns.round is E'@behavior -*\nJobs of other rounds do nothing.';
comment on column campaigns.campaigns.batch_id is E'@behavior -*\nThe jobs of the round.';
comment on column campaigns.campaigns.prepared_at is 'When its recipients and their letters were frozen.';
comment on column campaigns.campaigns.sent_at is 'When the last letter was in the outbox.';
comment on constraint campaigns_created_by_fkey on campaigns.campaigns is E'@fieldName creator\n@foreignFieldName createdCampaigns';
comment on constraint campaigns_follows_id_fkey on campaigns.campaigns is E'@fieldName follows\n@foreignFieldName followUps';
comment on constraint campaigns_currency_fkey on campaigns.campaigns is E'@fieldName moneyOf\n@foreignFieldName campaigns\n@behavior -connection -list';
comment on table campaigns.merge_tags is 'A merge tag of one campaign''s own.';
comment on column campaigns.merge_tags.type is 'text, number, money (in the smallest unit of the campaign''s currency) or date.';
comment on column campaigns.merge_tags.default_value is 'For people without a value; null: they are skipped.';
comment on constraint merge_values_merge_tag_id_fkey on campaigns.merge_values is E'@fieldName mergeTag\n@foreignFieldName values';
comment on table campaigns.merge_values is 'What a merge tag stands for in the letter to one person.';
comment on column campaigns.merge_values.value is 'As the type of the tag says: 12.5, 150 (money in its smallest unit), 2027-01-31.';
comment on constraint merge_values_person_id_fkey on campaigns.merge_values is E'@fieldName person\n@foreignFieldName mergeValues\n@behavior -connection -list';
comment on table campaigns.campaign_recipients is
  E'@behavior -query:resource:connection -query:resource:list\nSomebody a campaign was for.';
comment on column campaigns.campaign_recipients.letter_id is E'@behavior -*\nThe letter in the outbox.';
comment on column campaigns.campaign_recipients.chunk is E'@behavior -*\nThe job it belongs to.';
comment on column campaigns.campaign_recipients.data is E'@behavior -*\nThe letter to be.';
comment on column campaigns.campaign_recipients.state is 'waiting, enqueued, skipped, cancelled or failed; what became of the letter is in outcome.';
comment on column campaigns.campaign_recipients.reason is
  'Why there is no letter: no-address, opted-out, minor, duplicate-address, missing-tag, bad-address or job-failed.';
comment on column campaigns.campaign_recipients.missing_tags is 'Tags without a value.';
comment on column campaigns.campaign_recipients.address is E'@behavior -*\nWhere the letter goes.';
comment on constraint campaign_recipients_campaign_id_fkey on campaigns.campaign_recipients is E'@fieldName campaign\n@foreignFieldName recipients';
comment on constraint campaign_recipients_person_id_fkey on campaigns.campaign_recipients is E'@fieldName person\n@foreignFieldName campaignLetters\n@behavior -connection -list';
comment on table campaigns.campaign_settings is E'@behavior -*\nFrom how many recipients on a campaign goes in chunks, their size and pace, and whether minors get such letters.';
comment on table campaigns.campaign_progress is E'@behavior -*\nWhen the progress of a campaign was told last.';
comment on table mail.delivery_events is 'What the provider told of letters after it had taken them; append-only.';
comment on type campaigns.merge_tag_entry is 'Declares a merge tag of the campaign''s own.';
comment on column campaigns.merge_tag_entry.name is 'Small letters, digits and _: written as #name in the text.';
comment on column campaigns.merge_tag_entry.type is 'text, number, money (in the smallest unit of the campaign''s currency) or date.';
comment on column campaigns.merge_tag_entry.default_value is 'For people without a value; null: they are skipped.';
comment on type campaigns.merge_value_entry is 'What a tag stands for in the letter to one person; null takes the value away.';
comment on column campaigns.merge_value_entry.tag is 'The name of a merge tag of the campaign''s own.';
comment on column campaigns.merge_value_entry.value is 'As the type of the tag says: 12.5, 150 (money in its smallest unit), 2027-01-31.';
comment on type campaigns.campaign_preview is 'The letter as one of the audience would get it.';
comment on column campaigns.campaign_preview.sample is
  'Why this person: person (asked for), first, longest-name, right-to-left-name, missing-value, zero-pledge, zero-balance, overpaid or overdue.';
comment on column campaigns.campaign_preview.name is 'The person''s name.';
comment on column campaigns.campaign_preview.subject is 'The subject of the letter.';
comment on column campaigns.campaign_preview.html is 'A whole HTML document: show it in a sandboxed frame.';
comment on column campaigns.campaign_preview.text is 'Its plain text.';
comment on column campaigns.campaign_preview.skipped_because is 'Why this person would get no letter; null: would get it.';
comment on column campaigns.campaign_preview.missing_tags is 'Tags without a value; they stand in the preview as they are.';
comment on type campaigns.campaign_forecast is 'What sending a campaign now would mean.';
comment on column campaigns.campaign_forecast.audience is 'How many people it is for.';
comment on column campaigns.campaign_forecast.recipients is 'How many of them would get a letter.';
comment on column campaigns.campaign_forecast.skipped is 'How many would not, by reason.';
comment on column campaigns.campaign_forecast.in_chunks is 'Whether its letters would go in chunks at a pace.';
comment on column campaigns.campaign_forecast.minutes is 'How long that would take.';
comment on function campaigns.create_campaign is
  E'@arg tags Merge tags of its own, 50 at most; null: none.\nWrites the draft of a letter to many. Idempotent: the same clientId returns the first campaign. For staff of the group; without groupId for owners of the community. Errors: HW401, HW403, HW404, HW422.';
comment on function campaigns.update_campaign is
  E'@arg tags All merge tags of its own, 50 at most; null: they stay.\n@arg clear What it is to have no more: purpose, currency, dueOn.\nChanges what is given of a draft; tags, if given, are all of its own ones. For staff. Errors: HW401, HW404, HW409, HW422.';
comment on function campaigns.set_merge_values is
  E'@arg entries 1 to 1,000 values, one per person and tag; null as the value takes it away.\nSays what the declared tags of a draft stand for in the letters to people. For staff. Errors: HW401, HW404, HW409, HW422.';
comment on function campaigns.preview_campaign is
  'The letter to one person of the audience; without personId, to the worst cases of it. For staff. Errors: HW401, HW404, HW422.';
comment on function campaigns.campaign_forecast is
  'How many people would get the letter now, and how many not and why. For staff. Errors: HW401, HW404, HW422.';
comment on function campaigns.test_campaign is
  'Sends one letter to the person who asks, with the values of somebody of the audience. Idempotent by clientId. For staff. Errors: HW401, HW404, HW409, HW422.';
comment on function campaigns.send_campaign is
  'Freezes the recipients and their letters, and sends them. Again, it changes nothing. For staff. Errors: HW401, HW404, HW409, HW422.';
comment on function campaigns.pause_campaign is
  'Nothing more goes out until the campaign is resumed, except what was handed over already. Again, it changes nothing. For staff. Errors: HW401, HW404, HW409.';
comment on function campaigns.resume_campaign is
  E'@arg despiteAlert true sends all the same where an alert has paused the campaign; what it was for is not counted again.\nSends what a pause has kept back. Again, it changes nothing. For staff. Errors: HW401, HW404, HW409.';
comment on function campaigns.cancel_campaign is
  'Nothing more goes out, except what was handed over already. Again, it changes nothing. For staff. Errors: HW401, HW404, HW409.';
comment on function campaigns.resend_campaign is
  'Drafts a follow-up with the same letter for those of a sent campaign who are in a state when it is sent: not-seen (default), not-received, or another of campaignRecipients; without those whom the first letter may still reach. Idempotent by clientId. For staff. Errors: HW401, HW404, HW409, HW422.';
comment on function campaigns.is_in_topic(text) is E'@behavior -*\nWhether the person who is signed in may hear of the campaign of a realtime topic.';
