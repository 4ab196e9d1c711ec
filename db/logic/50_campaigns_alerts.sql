-- Alerts. Where too many letters of a campaign bounce for good or are called spam, its makers are warned, and from the limits of
-- mailbox providers on (mail.health_limits) it is paused: each further letter would do harm to all mail of the community.
-- Somebody may overrule that; then only what comes after counts.

-- Every campaign of which bad news has come within the last week. Answers what is new.
create function campaigns.look_at_health() returns table (campaign_id uuid, alert text, reason text)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  for v_id in
    select distinct r.campaign_id
    from mail.delivery_events e
    join campaigns.campaign_recipients r on r.letter_id = e.letter_id
    where e.kind in ('bounced', 'complained') and e.created_at > now() - interval '7 days'
    order by 1
  loop
    return query select v_id, a.alert, a.alert_reason from campaigns.look_at(v_id) a where a.id is not null;
  end loop;
end
$$;

-- Answers the campaign if it has an alert that it did not have before.
create function campaigns.look_at(campaign_id uuid) returns campaigns.campaigns
language plpgsql volatile set search_path = '' as $$
declare
  v_campaign campaigns.campaigns;
  v_state text;
  v_reason text;
  v_alert text;
begin
  select c.* into v_campaign from campaigns.campaigns c where c.id = look_at.campaign_id for update;
  select h.state, h.reason into v_state, v_reason from campaigns.health(v_campaign) h;
  if v_state = 'fine' or v_campaign.alert in ('paused', 'alarm') or v_state = 'warning' and v_campaign.alert = 'warning' then
    return null;
  end if;
  v_alert := case when v_state = 'warning' then 'warning' else campaigns.stop(v_campaign) end;
  update campaigns.campaigns c
  set alert = v_alert, alert_reason = v_reason, alerted_at = now()
  where c.id = v_campaign.id
  returning c.* into v_campaign;
  perform campaigns.tell_of_alert(v_campaign);
  perform campaigns.tell_progress(v_campaign.id, now_too => true);
  return v_campaign;
end
$$;

create function campaigns.health(campaign campaigns.campaigns) returns table (state text, reason text)
language sql stable set search_path = '' as $$
  select j.state, j.reason
  from (
    select count(*) as accepted, count(*) filter (where t.bounced) as bounced, count(*) filter (where t.complained) as complained
    from campaigns.campaign_recipients r
    join mail.letters l on l.id = r.letter_id
    cross join lateral mail.trouble_of(l, (campaign).overruled_event_id) t
    where r.campaign_id = (campaign).id and mail.was_taken(l.state)
  ) n
  cross join lateral mail.judge(n.accepted, n.bounced, n.complained) j
$$;

-- What an alarm comes to: there may be nothing left to stop.
create function campaigns.stop(campaign campaigns.campaigns) returns text
language plpgsql volatile set search_path = '' as $$
begin
  if (campaign).state = 'paused' then
    return 'paused';
  end if;
  if (campaign).state not in ('preparing', 'sending', 'sent') or (campaign).state = 'sent' and not campaigns.has_letters_to_go(campaign) then
    return 'alarm';
  end if;
  perform campaigns.pause(campaign);
  return 'paused';
end
$$;

create function campaigns.tell_of_alert(campaign campaigns.campaigns) returns void
language sql volatile set search_path = '' as $$
  select notify.announce(
    format('campaign:%s:%s:%s', (campaign).id, (campaign).alert, (campaign).overruled_event_id), 'announcement',
    left(case (campaign).alert
      when 'paused' then app.in_words('Paused: ', 'Dijeda: ') when 'alarm' then app.in_words('Alarm: ', 'Bahaya: ')
      else app.in_words('Warning: ', 'Peringatan: ') end || (campaign).name, 200),
    (campaign).alert_reason || case (campaign).alert
      when 'paused' then app.in_words(
        ' The campaign was paused, so that the other mail of the community goes on arriving. Look at its list before you resume it.',
        ' Kampanye ini dijeda agar surat lain dari komunitas tetap sampai. Periksa daftar penerimanya sebelum dilanjutkan.'
      )
      else '' end,
    '/campaigns/' || (campaign).id,
    person_ids => array(
      select p.id from app.people p where p.id = (campaign).created_by or p.community_role = 'owner'
    ),
    urgent => (campaign).alert <> 'warning',
    about => jsonb_build_object('campaignId', (campaign).id)
  )
$$;

-- Before a paused campaign goes on: what it was paused for has been seen, and is not counted again.
create function campaigns.overrule(campaign campaigns.campaigns, despite_alert boolean) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if (campaign).alert is distinct from 'paused' then
    return;
  end if;
  if overrule.despite_alert is not true then
    raise exception 'The campaign was paused because of an alert: % Resume it with despiteAlert if you mean it.', (campaign).alert_reason
      using errcode = 'HW409', column = 'despite_alert';
  end if;
  update campaigns.campaigns c
  set alert = null, alert_reason = null, alerted_at = null, overruled_by = app.current_person_id(), overruled_at = now(),
      overruled_event_id = (select coalesce(max(e.id), 0) from mail.delivery_events e)
  where c.id = (campaign).id;
end
$$;

-- Triggers

create function campaigns.tg_delivery_events__look() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from added a where a.kind in ('bounced', 'complained')) then
    perform mail.look_soon('campaigns/look-at-health');
  end if;
  return null;
end
$$;

create trigger _900_look after insert on mail.delivery_events
referencing new table as added
for each statement execute function campaigns.tg_delivery_events__look();

-- Comments

comment on column campaigns.campaigns.alert is
  E'@behavior +filterBy\nwarning: too many of its letters bounce or are called spam; paused: so many that it was paused; alarm: so many, and there was nothing left to pause. null: fine.';
comment on column campaigns.campaigns.alert_reason is 'How many, and what the limits are.';
comment on column campaigns.campaigns.alerted_at is 'When it was noticed.';
comment on column campaigns.campaigns.overruled_by is 'Who resumed it despite the alert.';
comment on column campaigns.campaigns.overruled_at is 'When it was resumed despite the alert.';
comment on column campaigns.campaigns.overruled_event_id is E'@behavior -*\nEvents up to this one do not count any more.';
comment on constraint campaigns_overruled_by_fkey on campaigns.campaigns is E'@fieldName overruler\n@foreignFieldName overruledCampaigns';
