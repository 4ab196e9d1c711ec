-- What the provider tells of letters after it has taken them: its calls as they came, and who must not be written to.

alter table mail.delivery_events drop constraint kinds_are_known;
alter table mail.delivery_events add constraint kinds_are_known check (
  kind in ('delivered', 'bounced', 'complained', 'opened', 'clicked', 'unsubscribed', 'delayed', 'noted')
);

create table mail.webhook_calls (
  id bigint primary key generated always as identity,
  trace_id text,
  source text not null,
  stream text,
  payload jsonb,
  unreadable text,
  outcome text,
  problem text,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  constraint sources_are_known check (source in ('webhook', 'sweep')),
  constraint calls_have_a_payload_or_are_unreadable check (num_nonnulls(payload, unreadable) = 1),
  constraint outcomes_are_known check (outcome in ('taken', 'repeated', 'foreign', 'odd', 'unreadable')),
  constraint processed_calls_have_an_outcome check ((outcome is null) = (processed_at is null))
);
alter table mail.webhook_calls enable row level security;
create unique index webhook_calls_stored_once on mail.webhook_calls (trace_id, md5(payload::text)) where trace_id is not null;
create index webhook_calls_to_process on mail.webhook_calls (id) where processed_at is null;
create index webhook_calls_to_look_at on mail.webhook_calls (id) where outcome in ('odd', 'unreadable');
create index webhook_calls_to_forget on mail.webhook_calls (processed_at);

create table mail.suppressions (
  id bigint primary key generated always as identity,
  letter_id uuid references mail.letters on delete set null,
  address text not null,
  stream text,
  reason text not null,
  origin text not null,
  since timestamptz not null,
  lifted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_row_per_address_stream_and_reason unique nulls not distinct (address, stream, reason),
  constraint addresses_are_in_lower_case check (address = lower(address)),
  constraint reasons_are_known check (
    reason in ('hard-bounce', 'spam-complaint', 'soft-bounces', 'unsubscribed', 'manual', 'inactive')
  ),
  constraint origins_are_known check (origin in ('recipient', 'customer', 'admin', 'howdah')),
  constraint bounces_count_in_every_stream check ((stream is null) = (reason in ('hard-bounce', 'soft-bounces'))),
  constraint complaints_are_never_lifted check (reason <> 'spam-complaint' or lifted_at is null)
);
alter table mail.suppressions enable row level security;
create index suppressions_in_force on mail.suppressions (address) where lifted_at is null;
create index suppressions_by_letter on mail.suppressions (letter_id);

-- The last moment from which an address of a stream was written to again; kept apart, as it may be told before what it lifts.
create table mail.reactivations (
  address text not null,
  stream text not null,
  at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint reactivations_pkey primary key (address, stream),
  constraint addresses_are_in_lower_case check (address = lower(address))
);
alter table mail.reactivations enable row level security;

-- Every time that the provider was asked for what its calls may not have told.
create table mail.sweeps (
  id bigint primary key generated always as identity,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  asked_since timestamptz not null,
  letters int not null default 0,
  events int not null default 0,
  suppressed int not null default 0,
  lifted int not null default 0
);
alter table mail.sweeps enable row level security;
create index sweeps_that_finished on mail.sweeps (started_at) where finished_at is not null;

create index letters_without_word on mail.letters (position) where state = 'accepted';
