-- The provider's calls, read as facts: what a stored payload says, about which letter and which address.

-- Our domain, our account or our words were refused, not the recipient.
create function mail.is_our_fault(bounce_type text) returns boolean
language sql immutable set search_path = '' as $$
  select coalesce(is_our_fault.bounce_type in (
    'Blocked', 'DMARCPolicy', 'SpamNotification', 'VirusNotification', 'SMTPApiError', 'TemplateRenderingFailed'
  ), false)
$$;

-- What a bounce of a type means for the letter; of a type that nobody knows yet, whether the provider gives the address up.
create function mail.kind_of_bounce(type text, inactive boolean) returns text
language sql immutable set search_path = '' as $$
  select case
    when kind_of_bounce.type = 'SpamComplaint' then 'complained'
    when kind_of_bounce.type = 'Unsubscribe' then 'unsubscribed'
    when kind_of_bounce.inactive or mail.is_our_fault(kind_of_bounce.type)
      or kind_of_bounce.type in ('HardBounce', 'SoftBounce', 'BadEmailAddress', 'ManuallyDeactivated') then 'bounced'
    when kind_of_bounce.type in ('Transient', 'DnsError') then 'delayed'
    else 'noted'
  end
$$;

create function mail.has_written_to(address text) returns boolean
language sql stable set search_path = '' as $$
  select exists (select from mail.letters l where lower(l.recipient) = has_written_to.address)
$$;

create function mail.suppression_reason(reason text, origin text) returns text
language sql immutable set search_path = '' as $$
  select case
    when suppression_reason.reason = 'HardBounce' then 'hard-bounce'
    when suppression_reason.reason = 'SpamComplaint' then 'spam-complaint'
    when lower(suppression_reason.origin) = 'recipient' then 'unsubscribed'
    else 'manual'
  end
$$;

create function mail.moment_or_null(moment text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  return moment_or_null.moment::timestamptz;
exception
  when data_exception then return null;
end
$$;

-- What each stored call says, as facts. `suppresses` is a reason, or 'nothing' where the address is written to again; a call
-- about an address that was never written to (of another program, or to try us out) says nothing.
create view mail.call_facts with (security_invoker = true) as
  select c.id, c.outcome, p.mid, p.message_id, p.address, p.type, l.id as letter_id, s.stream, k.kind, w.suppresses,
    coalesce(case when p.mid is not null and p.attempt ~ '^\d{1,9}$' then p.attempt::int end, l.attempt) as attempt,
    case when w.suppresses <> 'hard-bounce' then s.stream end as suppressed_stream,
    case
      when p.record = 'Bounce' and not p.inactive then 'howdah'
      when lower(p.origin) in ('customer', 'admin') then lower(p.origin)
      else 'recipient'
    end as origin,
    coalesce(mail.moment_or_null(p.at), c.received_at) as at,
    case p.record
      when 'Delivery' then 'delivery:' || p.message_id || ':' || p.address
      when 'Open' then 'open:' || p.message_id || ':' || p.address || ':' || p.at
      when 'Click' then 'click:' || p.message_id || ':' || p.address || ':' || p.at || ':' || md5(coalesce(p.link, ''))
      when 'SubscriptionChange' then 'subscription:' || p.message_id || ':' || p.address || ':' || p.at
      else 'bounce:' || coalesce(p.bounce, p.message_id || ':' || p.address || ':' || p.at)
    end as provider_key,
    jsonb_strip_nulls(case
      when p.record in ('Bounce', 'SpamComplaint') then jsonb_build_object(
        'type', p.type, 'inactive', p.inactive, 'details', left(c.payload ->> 'Details', 500))
      when p.record = 'Click' then jsonb_build_object('link', p.link)
      else '{}'
    end) as details,
    case
      when c.payload is null then 'not an object of JSON'
      when p.record not in ('Delivery', 'Bounce', 'SpamComplaint', 'Open', 'Click', 'SubscriptionChange') then
        'RecordType ' || p.record || ' is not known'
      when p.address is null then 'names no recipient'
      when p.record <> 'SubscriptionChange' and queue.uuid_or_null(c.payload ->> 'MessageID') is null then 'names no message'
      when p.record = 'SubscriptionChange' and p.suppress_sending is null then 'does not say whether it suppresses'
    end as problem
  from mail.webhook_calls c
  cross join lateral (
    select
      coalesce(c.payload ->> 'RecordType', 'none') as record,
      nullif(queue.uuid_or_null(c.payload ->> 'MessageID'), '00000000-0000-0000-0000-000000000000') as message_id,
      queue.uuid_or_null(c.payload #>> '{Metadata,mid}') as mid,
      c.payload #>> '{Metadata,a}' as attempt,
      nullif(lower(btrim(coalesce(c.payload ->> 'Recipient', c.payload ->> 'Email'))), '') as address,
      coalesce(c.payload ->> 'DeliveredAt', c.payload ->> 'BouncedAt', c.payload ->> 'ReceivedAt', c.payload ->> 'ChangedAt', '') as at,
      case c.payload ->> 'RecordType' when 'SpamComplaint' then 'SpamComplaint' else c.payload ->> 'Type' end as type,
      coalesce(c.payload ->> 'Inactive' = 'true', false) as inactive,
      c.payload ->> 'ID' as bounce,
      c.payload ->> 'OriginalLink' as link,
      c.payload ->> 'Origin' as origin,
      case c.payload ->> 'SuppressSending' when 'true' then true when 'false' then false end as suppress_sending,
      c.payload ->> 'SuppressionReason' as reason
  ) p
  left join lateral (
    select l.id, l.stream, l.attempt from mail.letters l where l.id = p.mid
    union all
    select l.id, l.stream, l.attempt from mail.letters l where l.provider_message_id = p.message_id
    union all
    select l.id, l.stream, l.attempt
    from mail.duplicates d
    join mail.letters l on l.id = d.letter_id
    where d.provider_message_id = p.message_id
    limit 1
  ) l on true
  cross join lateral (select coalesce(l.stream, c.stream) as stream) s
  cross join lateral (
    select case p.record
      when 'Delivery' then 'delivered'
      when 'Bounce' then mail.kind_of_bounce(p.type, p.inactive)
      when 'SpamComplaint' then 'complained'
      when 'Open' then 'opened'
      when 'Click' then 'clicked'
      when 'SubscriptionChange' then
        case when p.suppress_sending and p.reason = 'ManualSuppression' and lower(p.origin) = 'recipient' then 'unsubscribed' end
    end as kind
  ) k
  cross join lateral (
    select case
      when p.record = 'SubscriptionChange' and c.source = 'webhook' and not mail.has_written_to(p.address) then null
      when p.record = 'SubscriptionChange' and not p.suppress_sending then 'nothing'
      when p.record = 'SubscriptionChange' then mail.suppression_reason(p.reason, p.origin)
      when l.id is null then null
      when k.kind = 'complained' then 'spam-complaint'
      when k.kind = 'unsubscribed' then 'unsubscribed'
      when p.type = 'ManuallyDeactivated' then 'manual'
      when k.kind = 'bounced' and not mail.is_our_fault(p.type) and (p.inactive or p.type in ('HardBounce', 'BadEmailAddress'))
        then 'hard-bounce'
    end as suppresses
  ) w;
