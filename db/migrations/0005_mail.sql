-- Mail: the outbox (mail) and the dev mailbox's own store (mailbox). The two schemas never refer to each other:
-- the mailbox stands for a provider on the other side of the network.

create schema mail;

create table mail.letters (
  id uuid primary key default gen_random_uuid(),
  position bigint not null generated always as identity,
  dedupe_key text not null,
  stream text not null,
  priority int not null,
  recipient text not null,
  recipient_name text,
  template text not null,
  data jsonb not null,
  subject text,
  html text,
  text text,
  policy text not null default 'resend',
  quarantine interval not null default interval '15 minutes',
  state text not null default 'queued',
  attempt int not null default 0,
  batch_id uuid,
  claimed_by text,
  lease_until timestamptz,
  last_tx_at timestamptz,
  absent_after timestamptz,
  look_ups int not null default 0,
  look_ups_needed int not null default 3,
  next_look_up_at timestamptz,
  provider_message_id uuid,
  error_code text,
  error text,
  not_before timestamptz not null default now(),
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint letters_are_enqueued_once unique (dedupe_key),
  constraint provider_messages_belong_to_one_letter unique (provider_message_id),
  constraint policies_are_resend_or_hold check (policy in ('resend', 'hold')),
  constraint states_are_known check (state in (
    'queued', 'sending', 'unknown', 'held', 'accepted', 'delivered', 'bounced', 'complained',
    'suppressed', 'cancelled', 'expired', 'failed'
  )),
  constraint letters_freeze_whole check (num_nulls(subject, html, text) in (0, 3)),
  constraint attempts_count_up_from_none check (attempt >= 0),
  constraint only_letters_being_sent_hold_a_lease check ((state = 'sending') = (lease_until is not null)),
  constraint letters_handed_over_name_their_batch check (
    state not in ('sending', 'unknown')
    or (attempt > 0 and batch_id is not null and claimed_by is not null and last_tx_at is not null)
  ),
  constraint letters_handed_over_are_frozen check (state <> 'accepted' or subject is not null),
  constraint only_unknown_letters_are_looked_up check ((state = 'unknown') = (next_look_up_at is not null)),
  constraint accepted_letters_have_a_receipt check (
    state not in ('accepted', 'delivered', 'bounced', 'complained') or provider_message_id is not null
  ),
  constraint refused_letters_say_why check (state not in ('failed', 'suppressed') or error is not null)
);

create index letters_to_claim on mail.letters (priority, position) where state = 'queued';
create index letters_to_expire on mail.letters (expires_at) where state = 'queued' and expires_at is not null;
create index letters_with_a_lease on mail.letters (lease_until) where state = 'sending';
create index letters_to_look_up on mail.letters (next_look_up_at) where state = 'unknown';
create index letters_by_batch on mail.letters (batch_id) where state in ('sending', 'unknown');
create index letters_by_recipient on mail.letters (lower(recipient));

alter table mail.letters enable row level security;

-- Every acceptance ever learned of, whichever attempt it belongs to: two for one letter are a duplicate mail.
create table mail.receipts (
  id bigint primary key generated always as identity,
  letter_id uuid not null references mail.letters (id) on delete cascade,
  attempt int not null,
  provider_message_id uuid not null,
  created_at timestamptz not null default now(),
  constraint receipts_are_recorded_once unique (provider_message_id)
);

create index receipts_by_letter on mail.receipts (letter_id);

alter table mail.receipts enable row level security;

create schema mailbox;

create table mailbox.streams (
  id text primary key,
  name text not null,
  kind text not null,
  created_at timestamptz not null default now(),
  constraint stream_ids_look_like_postmarks check (id ~ '^[a-z][a-z0-9_-]{0,29}$' and id not like 'pm-%'),
  constraint stream_kinds_are_known check (kind in ('Transactional', 'Broadcasts', 'Inbound'))
);

alter table mailbox.streams enable row level security;

insert into mailbox.streams (id, name, kind) values
  ('outbound', 'Default Transactional Stream', 'Transactional'),
  ('broadcast', 'Default Broadcast Stream', 'Broadcasts'),
  ('inbound', 'Default Inbound Stream', 'Inbound');

create table mailbox.messages (
  id uuid primary key,
  position bigint not null generated always as identity,
  stream text not null references mailbox.streams (id) on delete restrict,
  from_line text not null,
  from_address text not null,
  "to" jsonb not null,
  cc jsonb not null,
  bcc jsonb not null,
  recipients text[] not null,
  reply_to text,
  subject text not null,
  tag text,
  html_body text,
  text_body text,
  headers jsonb not null,
  metadata jsonb not null,
  attachments text[] not null,
  track_opens boolean not null,
  track_links text not null,
  status text not null default 'Sent',
  received_at timestamptz not null,
  constraint statuses_are_postmarks check (status in ('Queued', 'Sent', 'Processed'))
);

create index messages_newest_first on mailbox.messages (stream, position);
create index messages_by_metadata on mailbox.messages using gin (metadata jsonb_path_ops);
create index messages_by_recipient on mailbox.messages using gin (recipients);

alter table mailbox.messages enable row level security;

create table mailbox.events (
  id bigint primary key generated always as identity,
  message_id uuid not null references mailbox.messages (id) on delete cascade,
  recipient text not null,
  type text not null,
  details jsonb not null default '{}',
  received_at timestamptz not null,
  constraint event_types_are_postmarks check (type in (
    'Delivered', 'Transient', 'Opened', 'LinkClicked', 'Bounced', 'SubscriptionChanged'
  ))
);

create index events_by_message on mailbox.events (message_id);

alter table mailbox.events enable row level security;
