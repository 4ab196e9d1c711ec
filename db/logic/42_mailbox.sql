-- The mailbox: what the dev mailbox accepted, one Postmark server whatever the token.

-- Keeps accepted messages and their delivery. One statement on its own connection: what is answered is stored.
create function mailbox.accept(messages jsonb) returns void
language sql volatile set search_path = '' as $$
  with stored as (
    insert into mailbox.messages (
      id, stream, from_line, from_address, "to", cc, bcc, recipients, reply_to, subject, tag,
      html_body, text_body, headers, metadata, attachments, track_opens, track_links, received_at
    )
    select m.id, m.stream, m.from_line, m.from_address, m."to", m.cc, m.bcc, m.recipients, m.reply_to,
      m.subject, m.tag, left(m.html_body, 1048576), left(m.text_body, 1048576), m.headers, m.metadata,
      m.attachments, m.track_opens, m.track_links, m.received_at
    from jsonb_populate_recordset(null::mailbox.messages, accept.messages) m
    returning id, recipients, received_at
  )
  insert into mailbox.events (message_id, recipient, type, details, received_at)
  select stored.id, recipient, 'Delivered',
    '{"DeliveryMessage": "kept in the mailbox", "DestinationServer": "mailbox", "DestinationIP": "127.0.0.1"}',
    stored.received_at
  from stored, unnest(stored.recipients) recipient;
$$;

-- Newest first. Every filter may be null. Days without an hour are whole days of New York, as Postmark counts them.
create function mailbox.search(
  stream text,
  recipient text,
  from_address text,
  subject text,
  tag text,
  status text,
  metadata jsonb,
  from_date timestamp,
  to_date timestamp,
  page_size int,
  page_offset int
) returns table (total int, message mailbox.messages)
language sql stable set search_path = '' as $$
  with matching as materialized (
    select m.id, m.position
    from mailbox.messages m
    where m.stream = search.stream
      and (search.recipient is null or m.recipients @> array[lower(search.recipient)])
      and (search.from_address is null or m.from_address = lower(search.from_address))
      and (search.subject is null or position(lower(search.subject) in lower(m.subject)) > 0)
      and (search.tag is null or m.tag = search.tag)
      and (search.status is null or lower(m.status) = lower(search.status))
      and (search.metadata is null or m.metadata @> search.metadata)
      and (search.from_date is null or m.received_at >= search.from_date at time zone 'America/New_York')
      and (search.to_date is null or m.received_at <= search.to_date at time zone 'America/New_York')
  ),
  page as (
    select matching.id, matching.position from matching
    order by matching.position desc
    limit search.page_size offset search.page_offset
  )
  select (select count(*)::int from matching), m
  from (select 1) always
  left join page on true
  left join mailbox.messages m on m.id = page.id
  order by page.position desc;
$$;

