/** Another number: the file of an older mailbox is refused, for nothing in it is worth a migration. */
export const schemaVersion = 1;

/** Moments are milliseconds since 1970; what is only given back as it came is JSON. */
export const schema = `
  create table streams (
    id text primary key,
    name text not null,
    description text,
    type text not null,
    unsubscribe text not null,
    created_at integer not null,
    updated_at integer,
    archived_at integer
  ) without rowid;

  insert into streams (id, name, type, unsubscribe, created_at) values
    ('outbound', 'Default Transactional Stream', 'Transactional', 'None', unixepoch() * 1000),
    ('broadcast', 'Default Broadcast Stream', 'Broadcasts', 'Postmark', unixepoch() * 1000),
    ('inbound', 'Default Inbound Stream', 'Inbound', 'None', unixepoch() * 1000);

  create table messages (
    position integer primary key,
    id text not null unique,
    stream text not null references streams (id),
    from_line text not null,
    from_address text not null,
    reply_to text,
    to_list text not null,
    cc_list text not null,
    bcc_list text not null,
    subject text not null,
    tag text,
    html_body text,
    text_body text,
    headers text not null,
    metadata text not null,
    attachments text not null,
    track_opens integer not null,
    track_links text not null,
    status text not null default 'Sent',
    received_at integer not null
  );
  create index messages_by_stream on messages (stream, position);

  create table recipients (
    address text not null,
    position integer not null references messages (position) on delete cascade,
    primary key (address, position)
  ) without rowid;
  create index recipients_by_message on recipients (position);

  create table metadata (
    key text not null,
    value text not null,
    position integer not null references messages (position) on delete cascade,
    primary key (key, value, position)
  ) without rowid;
  create index metadata_by_message on metadata (position);

  create table events (
    id integer primary key,
    message_id text not null references messages (id) on delete cascade,
    recipient text not null,
    type text not null,
    details text not null,
    received_at integer not null,
    tracking text
  );
  create index events_by_message on events (message_id);
  create index events_by_type on events (type, received_at);

  create table bounces (
    id integer primary key,
    message_id text references messages (id) on delete cascade,
    stream text not null,
    type text not null,
    email text not null,
    from_address text not null,
    subject text not null,
    tag text,
    description text not null,
    details text not null,
    dump text,
    inactive integer not null,
    can_activate integer not null,
    bounced_at integer not null
  );
  create index bounces_by_stream on bounces (stream, id);
  create index bounces_by_message on bounces (message_id);

  create table suppressions (
    stream text not null references streams (id) on delete cascade,
    address text not null,
    reason text not null,
    origin text not null,
    created_at integer not null,
    primary key (stream, address)
  ) without rowid;

  create table webhooks (
    id integer primary key,
    stream text not null references streams (id) on delete cascade,
    url text not null,
    http_auth text,
    http_headers text not null,
    triggers text not null,
    status text not null
  );

  create table templates (
    id integer primary key,
    alias text unique,
    name text not null,
    type text not null,
    subject text,
    html_body text,
    text_body text,
    layout text
  );

  create table bulks (
    id text primary key,
    position integer not null unique,
    subject text,
    total integer not null,
    released integer not null,
    failed integer not null,
    submitted_at integer not null
  );

  create table settings (name text primary key, value text not null) without rowid;

  create table agenda (
    id integer primary key,
    message_id text not null references messages (id) on delete cascade,
    recipient text not null,
    step text not null,
    due_at integer not null
  );
  create index agenda_by_time on agenda (due_at, id);
  create index agenda_by_message on agenda (message_id);

  create table deliveries (
    id integer primary key,
    webhook_id integer not null references webhooks (id) on delete cascade,
    trigger text not null,
    message_id text,
    trace_id text not null,
    body text not null,
    attempts integer not null default 0,
    outcome text not null,
    due_at integer
  );
  create index deliveries_by_webhook on deliveries (webhook_id);
  create index deliveries_that_wait on deliveries (due_at, id) where due_at is not null;

  create table attempts (
    id integer primary key,
    delivery_id integer not null references deliveries (id) on delete cascade,
    at integer not null,
    status integer,
    error text,
    retries_remaining integer not null,
    outcome text not null
  );
  create index attempts_by_delivery on attempts (delivery_id);

  create table trigger_failures (
    webhook_id integer not null references webhooks (id) on delete cascade,
    trigger text not null,
    failures integer not null,
    paused_at integer,
    primary key (webhook_id, trigger)
  ) without rowid;
`;
