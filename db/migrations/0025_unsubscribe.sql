-- Other audiences, leaving without signing in, and rates that mailbox providers mind.

-- The audience was changed after it had been read; until the job has told the difference.
alter table notify.announcements add column readdressed_at timestamptz;

-- Addresses that nobody signs in with, and categories that belong to no preference: what they have left.
create table mail.refusals (
  address text not null,
  category text not null,
  created_at timestamptz not null default now(),
  constraint an_address_refuses_a_category_once primary key (address, category),
  constraint addresses_are_in_lower_case check (address = lower(address))
);
alter table mail.refusals enable row level security;

-- What a mail service that keeps subscriptions itself said last of an address.
create table notify.mirrored_subscriptions (
  address text not null,
  stream text not null,
  suppressed boolean not null,
  at timestamptz not null,
  constraint an_address_is_mirrored_once_per_stream primary key (address, stream),
  constraint addresses_are_in_lower_case check (address = lower(address))
);
alter table notify.mirrored_subscriptions enable row level security;

-- Above these shares of the letters that were taken, mailbox providers mind (docs/mail.md); few letters say nothing.
create table mail.health_limits (
  id boolean primary key default true,
  least_accepted int not null default 200,
  complaints_warn numeric not null default 0.001,
  complaints_alarm numeric not null default 0.003,
  bounces_warn numeric not null default 0.05,
  bounces_alarm numeric not null default 0.10,
  updated_at timestamptz not null default now(),
  constraint there_is_one_row check (id),
  constraint few_letters_are_at_least_one check (least_accepted >= 1),
  constraint shares_rise_from_warning_to_alarm check (
    0 < complaints_warn and complaints_warn <= complaints_alarm and complaints_alarm <= 1
    and 0 < bounces_warn and bounces_warn <= bounces_alarm and bounces_alarm <= 1
  )
);
alter table mail.health_limits enable row level security;
insert into mail.health_limits default values;

-- What the operators have been told of a stream.
create table mail.told_health (
  stream text primary key,
  state text not null,
  since timestamptz not null default now(),
  constraint states_are_known check (state in ('fine', 'warning', 'alarm'))
);
alter table mail.told_health enable row level security;

create index letters_by_time on mail.letters using brin (created_at);
create index delivery_events_of_trouble on mail.delivery_events (created_at) where kind in ('bounced', 'complained');

-- An alert counts the events after the ones that somebody has looked at and said to go on all the same.
alter table campaigns.campaigns
  add column alert text,
  add column alert_reason text,
  add column alerted_at timestamptz,
  add column overruled_by uuid references app.people on delete set null,
  add column overruled_at timestamptz,
  add column overruled_event_id bigint not null default 0,
  add constraint alerts_are_known check (alert in ('warning', 'paused', 'alarm')),
  add constraint alerts_have_a_reason_and_a_time check (
    (alert is null) = (alert_reason is null) and (alert is null) = (alerted_at is null)
  );
create index campaigns_by_overruler on campaigns.campaigns (overruled_by);
