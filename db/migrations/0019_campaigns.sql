-- Campaigns: letters to many with merge tags, what people pledged and paid, and what became of each letter.

create schema campaigns;
comment on schema campaigns is E'@howdah @api\nLetters to many; pledges and payments.';

-- Append-only: what the provider told of a letter after it had taken it.
create table mail.delivery_events (
  id bigint primary key generated always as identity,
  letter_id uuid not null references mail.letters on delete cascade,
  kind text not null,
  at timestamptz not null,
  provider_key text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint delivery_events_are_recorded_once unique (provider_key),
  constraint kinds_are_known check (kind in ('delivered', 'bounced', 'complained', 'opened', 'clicked', 'unsubscribed'))
);
alter table mail.delivery_events enable row level security;
create index delivery_events_of_letter on mail.delivery_events (letter_id, kind);

create table campaigns.campaign_settings (
  id boolean primary key default true,
  chunk_threshold int not null default 100,
  chunk_size int not null default 50,
  letters_per_minute int not null default 3000,
  letters_to_minors boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint there_is_one_row check (id),
  constraint thresholds_are_positive check (chunk_threshold >= 1),
  constraint chunks_have_1_to_500_letters check (chunk_size between 1 and 500),
  constraint paces_are_positive check (letters_per_minute between 1 and 1000000)
);
alter table campaigns.campaign_settings enable row level security;
insert into campaigns.campaign_settings default values;

create table campaigns.currencies (
  code text primary key,
  digits int not null,
  symbol text not null,
  hides_empty_digits boolean not null default false,
  constraint codes_are_iso_4217 check (code ~ '^[A-Z]{3}$'),
  constraint digits_are_0_to_3 check (digits between 0 and 3)
);
alter table campaigns.currencies enable row level security;
insert into campaigns.currencies (code, digits, symbol, hides_empty_digits) values
  ('AED', 2, 'AED', false), ('AUD', 2, 'A$', false), ('BDT', 2, '৳', false), ('BHD', 3, 'BHD', false),
  ('BRL', 2, 'R$', false), ('CAD', 2, 'CA$', false), ('CHF', 2, 'CHF', false), ('CLP', 0, 'CLP', false),
  ('CNY', 2, 'CN¥', false), ('CZK', 2, 'CZK', false), ('DKK', 2, 'DKK', false), ('EGP', 2, 'EGP', false),
  ('EUR', 2, '€', false), ('GBP', 2, '£', false), ('HKD', 2, 'HK$', false), ('HUF', 2, 'HUF', false),
  ('IDR', 2, 'Rp', true), ('ILS', 2, '₪', false), ('INR', 2, '₹', false), ('ISK', 0, 'ISK', false),
  ('JOD', 3, 'JOD', false), ('JPY', 0, '¥', false), ('KES', 2, 'KES', false), ('KRW', 0, '₩', false),
  ('KWD', 3, 'KWD', false), ('LKR', 2, 'LKR', false), ('MXN', 2, 'MX$', false), ('MYR', 2, 'RM', false),
  ('NGN', 2, '₦', false), ('NOK', 2, 'NOK', false), ('NPR', 2, 'NPR', false), ('NZD', 2, 'NZ$', false),
  ('OMR', 3, 'OMR', false), ('PHP', 2, '₱', false), ('PKR', 2, 'PKR', false), ('PLN', 2, 'PLN', false),
  ('QAR', 2, 'QAR', false), ('RON', 2, 'RON', false), ('SAR', 2, 'SAR', false), ('SEK', 2, 'SEK', false),
  ('SGD', 2, 'S$', false), ('THB', 2, '฿', false), ('TND', 3, 'TND', false), ('TRY', 2, '₺', false),
  ('TWD', 2, 'NT$', false), ('TZS', 2, 'TZS', false), ('UAH', 2, '₴', false), ('UGX', 0, 'UGX', false),
  ('USD', 2, '$', false), ('VND', 0, '₫', false), ('XAF', 0, 'FCFA', false), ('XOF', 0, 'F CFA', false),
  ('ZAR', 2, 'R', false);

create table campaigns.pledges (
  id uuid primary key default gen_random_uuid(),
  group_id uuid references app.groups on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  created_by uuid references app.people on delete set null,
  purpose text not null,
  amount bigint not null,
  currency text not null references campaigns.currencies on delete restrict,
  due_on date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_pledge_per_person_and_purpose unique nulls not distinct (group_id, purpose, person_id),
  constraint purposes_have_1_to_100_characters check (char_length(btrim(purpose)) between 1 and 100),
  constraint amounts_are_sensible check (amount between 0 and 1000000000000000)
);
alter table campaigns.pledges enable row level security;
create index pledges_of_person on campaigns.pledges (person_id);
create index pledges_by_creator on campaigns.pledges (created_by);
create index pledges_in_currency on campaigns.pledges (currency);

create table campaigns.payments (
  id uuid primary key default gen_random_uuid(),
  pledge_id uuid not null references campaigns.pledges on delete cascade,
  recorded_by uuid references app.people on delete set null,
  client_id uuid not null,
  amount bigint not null,
  paid_on date not null,
  reference text not null default '',
  created_at timestamptz not null default now(),
  constraint amounts_are_sensible check (amount <> 0 and amount between -1000000000000000 and 1000000000000000),
  constraint references_have_200_characters_at_most check (char_length(reference) <= 200)
);
alter table campaigns.payments enable row level security;
create index payments_of_pledge on campaigns.payments (pledge_id);
create unique index payments_recorded_once on campaigns.payments (recorded_by, client_id);
create index payments_by_recorder on campaigns.payments (recorded_by);

create table campaigns.campaigns (
  id uuid primary key default gen_random_uuid(),
  group_id uuid references app.groups on delete cascade,
  created_by uuid references app.people on delete set null,
  follows_id uuid references campaigns.campaigns on delete cascade,
  client_id uuid not null,
  name text not null,
  subject text not null,
  body text not null,
  purpose text,
  currency text references campaigns.currencies on delete restrict,
  due_on date,
  audience_group_ids uuid[] not null default '{}',
  audience_roles text[] not null default '{}',
  audience_person_ids uuid[] not null default '{}',
  follows_state text,
  state text not null default 'draft',
  in_chunks boolean not null default false,
  round int not null default 0,
  batch_id text,
  prepared_at timestamptz,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200),
  constraint subjects_have_1_to_300_characters check (char_length(btrim(subject)) between 1 and 300),
  constraint bodies_have_1_to_20000_characters check (char_length(btrim(body)) between 1 and 20000),
  constraint purposes_have_1_to_100_characters check (char_length(btrim(purpose)) between 1 and 100),
  constraint states_are_known check (state in ('draft', 'preparing', 'sending', 'paused', 'sent', 'cancelled')),
  constraint follow_ups_name_a_state check (follows_id is null or follows_state is not null)
);
alter table campaigns.campaigns enable row level security;
create index campaigns_of_group on campaigns.campaigns (group_id, created_at);
create unique index campaigns_made_once on campaigns.campaigns (created_by, client_id);
create index campaigns_of_creator on campaigns.campaigns (created_by);
create index campaigns_that_follow on campaigns.campaigns (follows_id);
create index campaigns_in_currency on campaigns.campaigns (currency);

create table campaigns.merge_tags (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references campaigns.campaigns on delete cascade,
  name text not null,
  type text not null,
  default_value text,
  created_at timestamptz not null default now(),
  constraint a_tag_is_declared_once unique (campaign_id, name),
  constraint names_are_words check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint types_are_known check (type in ('text', 'number', 'money', 'date'))
);
alter table campaigns.merge_tags enable row level security;

create table campaigns.merge_values (
  id uuid primary key default gen_random_uuid(),
  merge_tag_id uuid not null references campaigns.merge_tags on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  value text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_value_per_tag_and_person unique (merge_tag_id, person_id),
  constraint values_have_1_to_1000_characters check (char_length(btrim(value)) between 1 and 1000)
);
alter table campaigns.merge_values enable row level security;
create index merge_values_of_person on campaigns.merge_values (person_id);

create table campaigns.campaign_recipients (
  id uuid primary key default gen_random_uuid(),
  campaign_id uuid not null references campaigns.campaigns on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  letter_id uuid references mail.letters on delete set null,
  chunk int,
  state text not null,
  reason text,
  missing_tags text[] not null default '{}',
  address text,
  data jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_letter_per_person_and_campaign unique (campaign_id, person_id),
  constraint states_are_known check (state in ('waiting', 'enqueued', 'skipped', 'cancelled', 'failed')),
  constraint who_waits_has_a_chunk_and_a_letter_to_be check (
    state <> 'waiting' or (chunk is not null and address is not null and data is not null)
  ),
  constraint who_is_left_out_is_told_why check ((state in ('skipped', 'failed')) = (reason is not null))
);
alter table campaigns.campaign_recipients enable row level security;
create index recipients_of_person on campaigns.campaign_recipients (person_id);
create index recipients_of_letter on campaigns.campaign_recipients (letter_id);
create index recipients_who_wait on campaigns.campaign_recipients (campaign_id, chunk) where state = 'waiting';

create table campaigns.campaign_progress (
  campaign_id uuid primary key references campaigns.campaigns on delete cascade,
  told_at timestamptz not null default '-infinity'
);
alter table campaigns.campaign_progress enable row level security;

create type campaigns.merge_tag_entry as (name text, type text, default_value text);
create type campaigns.merge_value_entry as (person_id uuid, tag text, value text);
create type campaigns.pledge_entry as (person_id uuid, amount bigint, currency text, due_on date);
create type campaigns.campaign_preview as (
  sample text,
  person_id uuid,
  name text,
  subject text,
  html text,
  text text,
  skipped_because text,
  missing_tags text[]
);
create type campaigns.campaign_forecast as (
  audience int,
  recipients int,
  skipped jsonb,
  in_chunks boolean,
  minutes int
);
create type campaigns.campaign_board as (
  audience int,
  queued int,
  suppressed int,
  suppressed_because jsonb,
  accepted int,
  delivered int,
  bounced int,
  complained int,
  opened int,
  clicked int,
  unsubscribed int,
  undecided int,
  cancelled int,
  failed int,
  not_received int,
  not_seen int
);
