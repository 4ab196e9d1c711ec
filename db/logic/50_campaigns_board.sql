-- What became of the letters of a campaign, counted from the outbox and from what the provider told (mail.delivery_events).
-- Delivered, bounced and clicked are facts; opened is an estimate, as mail programs open letters by themselves.

create view campaigns.campaign_outcomes with (security_invoker = true) as
  select r.id, r.campaign_id, r.person_id,
    r.state = 'waiting' or coalesce(l.state in ('queued', 'sending'), false) as queued,
    r.state = 'skipped' or coalesce(l.state = 'suppressed', false) as suppressed,
    case when r.state = 'skipped' then r.reason when l.state = 'suppressed' then 'provider' end as suppressed_because,
    coalesce(l.state in ('accepted', 'delivered', 'bounced', 'complained'), false) as accepted,
    e.delivered or coalesce(l.state = 'delivered', false) as delivered,
    e.bounced or coalesce(l.state = 'bounced', false) as bounced,
    e.complained or coalesce(l.state = 'complained', false) as complained,
    e.opened, e.clicked, e.unsubscribed,
    coalesce(l.state in ('unknown', 'held'), false) as undecided,
    r.state = 'cancelled' or coalesce(l.state in ('cancelled', 'expired'), false) as cancelled,
    r.state = 'failed' or coalesce(l.state = 'failed', false) as failed,
    not (e.delivered or e.opened or e.clicked or e.unsubscribed or e.complained or coalesce(l.state in ('delivered', 'complained'), false))
      as not_received,
    not (e.opened or e.clicked or e.unsubscribed or e.complained or coalesce(l.state = 'complained', false)) as not_seen
  from campaigns.campaign_recipients r
  left join mail.letters l on l.id = r.letter_id
  cross join lateral (
    select
      coalesce(bool_or(e.kind = 'delivered'), false) as delivered,
      coalesce(bool_or(e.kind = 'bounced'), false) as bounced,
      coalesce(bool_or(e.kind = 'complained'), false) as complained,
      coalesce(bool_or(e.kind = 'opened'), false) as opened,
      coalesce(bool_or(e.kind = 'clicked'), false) as clicked,
      coalesce(bool_or(e.kind = 'unsubscribed'), false) as unsubscribed
    from mail.delivery_events e
    where e.letter_id = r.letter_id
  ) e;

create function campaigns.is_in_state(outcome campaigns.campaign_outcomes, state text) returns boolean
language sql immutable set search_path = '' as $$
  select case is_in_state.state
    when 'queued' then (outcome).queued
    when 'suppressed' then (outcome).suppressed
    when 'accepted' then (outcome).accepted
    when 'delivered' then (outcome).delivered
    when 'bounced' then (outcome).bounced
    when 'complained' then (outcome).complained
    when 'opened' then (outcome).opened
    when 'clicked' then (outcome).clicked
    when 'unsubscribed' then (outcome).unsubscribed
    when 'undecided' then (outcome).undecided
    when 'cancelled' then (outcome).cancelled
    when 'failed' then (outcome).failed
    when 'not-received' then (outcome).not_received
    when 'not-seen' then (outcome).not_seen
  end
$$;

create function campaigns.require_state(state text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if require_state.state not in (
    'queued', 'suppressed', 'accepted', 'delivered', 'bounced', 'complained', 'opened', 'clicked', 'unsubscribed', 'undecided',
    'cancelled', 'failed', 'not-received', 'not-seen'
  ) then
    raise exception 'There is no state "%": take delivered, bounced, not-received, not-seen or another of the board.',
      left(require_state.state, 100) using errcode = 'HW422', column = 'state';
  end if;
end
$$;

create function campaigns.campaign_board(campaign_id uuid) returns campaigns.campaign_board
language plpgsql stable security definer set search_path = '' as $$
declare
  v_campaign constant campaigns.campaigns := campaigns.seen(campaign_board.campaign_id);
  v_board campaigns.campaign_board;
begin
  select count(*), count(*) filter (where o.queued), count(*) filter (where o.suppressed),
    (
      select coalesce(jsonb_object_agg(b.reason, b.people), '{}')
      from (
        select s.suppressed_because as reason, count(*) as people
        from campaigns.campaign_outcomes s
        where s.campaign_id = v_campaign.id and s.suppressed
        group by 1
      ) b
    ),
    count(*) filter (where o.accepted), count(*) filter (where o.delivered), count(*) filter (where o.bounced),
    count(*) filter (where o.complained), count(*) filter (where o.opened), count(*) filter (where o.clicked),
    count(*) filter (where o.unsubscribed), count(*) filter (where o.undecided), count(*) filter (where o.cancelled),
    count(*) filter (where o.failed), count(*) filter (where o.not_received), count(*) filter (where o.not_seen)
  into v_board
  from campaigns.campaign_outcomes o
  where o.campaign_id = v_campaign.id;
  return v_board;
end
$$;

create function campaigns.campaign_recipients(campaign_id uuid, state text default null)
returns setof campaigns.campaign_recipients
language plpgsql stable security definer set search_path = '' as $$
begin
  perform campaigns.seen(campaign_recipients.campaign_id);
  perform campaigns.require_state(campaign_recipients.state);
  return query
    select r.*
    from campaigns.campaign_outcomes o
    join campaigns.campaign_recipients r on r.id = o.id
    join app.people p on p.id = r.person_id
    where o.campaign_id = campaign_recipients.campaign_id
      and (campaign_recipients.state is null or campaigns.is_in_state(o, campaign_recipients.state))
    order by p.name, r.id;
end
$$;

-- The one word that says most.
create function campaigns.campaign_recipients_outcome(recipient campaigns.campaign_recipients) returns text
language sql stable security definer set search_path = '' as $$
  select case
    when o.complained then 'complained'
    when o.unsubscribed then 'unsubscribed'
    when o.clicked then 'clicked'
    when o.opened then 'opened'
    when o.bounced then 'bounced'
    when o.delivered then 'delivered'
    when o.accepted then 'accepted'
    when o.undecided then 'undecided'
    when o.queued then 'queued'
    when o.suppressed then 'suppressed'
    when o.failed then 'failed'
    else 'cancelled'
  end
  from campaigns.campaign_outcomes o
  where o.id = (recipient).id and exists (
    select from campaigns.campaigns c where c.id = o.campaign_id and campaigns.is_staff(c.group_id)
  )
$$;

-- Grants

grant execute on function campaigns.campaign_board(uuid), campaigns.campaign_recipients(uuid, text) to anon, authenticated;
grant execute on function campaigns.campaign_recipients_outcome(campaigns.campaign_recipients) to authenticated;

-- Comments

comment on view campaigns.campaign_outcomes is E'@behavior -*\nWhat became of the letter to each recipient.';
comment on type campaigns.campaign_board is
  'How many recipients a campaign has in each state. A letter counts in all that are true of it: a clicked one is delivered and accepted too.';
comment on column campaigns.campaign_board.audience is 'All whom it was for.';
comment on column campaigns.campaign_board.queued is 'Not yet handed to the mail service.';
comment on column campaigns.campaign_board.suppressed is 'Got no letter on purpose.';
comment on column campaigns.campaign_board.suppressed_because is 'How many by reason; provider: the mail service refuses the address.';
comment on column campaigns.campaign_board.accepted is 'Taken by the mail service.';
comment on column campaigns.campaign_board.delivered is 'Taken by the mailbox''s server.';
comment on column campaigns.campaign_board.bounced is 'Refused by the mailbox''s server.';
comment on column campaigns.campaign_board.complained is 'Called spam.';
comment on column campaigns.campaign_board.opened is 'Opened, an estimate: mail programs open letters by themselves, or hide it.';
comment on column campaigns.campaign_board.clicked is 'Followed a link.';
comment on column campaigns.campaign_board.unsubscribed is 'Wants no more letters like this.';
comment on column campaigns.campaign_board.undecided is 'Handed over without an answer; it is being looked up.';
comment on column campaigns.campaign_board.cancelled is 'Taken back in time.';
comment on column campaigns.campaign_board.failed is 'Could not be handed over.';
comment on column campaigns.campaign_board.not_received is 'Of whom nothing says that the letter arrived.';
comment on column campaigns.campaign_board.not_seen is 'Of whom nothing says that they have looked at it.';
comment on function campaigns.campaign_board is 'What became of the letters of a campaign. For staff. Errors: HW401, HW404.';
comment on function campaigns.campaign_recipients(uuid, text) is
  E'@arg state Only those in this state: queued, suppressed, accepted, delivered, bounced, complained, opened, clicked, unsubscribed, undecided, cancelled, failed, not-received or not-seen; null: all.\nRecipients of a campaign by name: those in a state of the board, such as bounced, not-received or not-seen; all without one. For staff. Errors: HW401, HW404, HW422.';
comment on function campaigns.campaign_recipients_outcome is
  'What became of the letter: the furthest of queued, suppressed, accepted, delivered, bounced, opened, clicked, unsubscribed, complained, undecided, cancelled, failed.';
