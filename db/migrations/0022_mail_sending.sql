-- Sending: what an operator may set per stream, what stops it, and second acceptances, which are rare enough for a table.

create table mail.streams (
  stream text primary key,
  letters_per_second double precision,
  requests_at_once int not null default 8,
  retention interval not null default interval '45 days',
  allowance double precision not null default 0,
  allowed_at timestamptz not null default now(),
  troubles int not null default 0,
  trouble text,
  trying boolean not null default false,
  resting_until timestamptz,
  stopped_at timestamptz,
  stopped_code text,
  stopped_because text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint streams_are_known check (stream in ('outbound', 'broadcast')),
  constraint rates_are_above_0 check (letters_per_second > 0),
  constraint requests_at_once_are_1_to_64 check (requests_at_once between 1 and 64),
  constraint streams_in_trouble_rest check (
    (troubles > 0) = (resting_until is not null) and (troubles > 0) = (trouble is not null)
  ),
  constraint stopped_streams_say_why check (
    (stopped_at is null) = (stopped_code is null) and (stopped_at is null) = (stopped_because is null)
  )
);
alter table mail.streams enable row level security;

insert into mail.streams (stream) values ('outbound'), ('broadcast');

-- Acceptances of a letter besides the one that stands in it: each is a second mail.
drop view if exists mail.duplicates;
create table mail.duplicates (
  id bigint primary key generated always as identity,
  letter_id uuid not null references mail.letters on delete cascade,
  attempt int not null,
  provider_message_id uuid not null,
  created_at timestamptz not null default now(),
  constraint duplicates_are_recorded_once unique (provider_message_id)
);
alter table mail.duplicates enable row level security;
create index duplicates_by_letter on mail.duplicates (letter_id);

insert into mail.duplicates (letter_id, attempt, provider_message_id, created_at)
select r.letter_id, r.attempt, r.provider_message_id, r.created_at
from mail.receipts r
join mail.letters l on l.id = r.letter_id
where l.provider_message_id <> r.provider_message_id
order by r.id;

drop table mail.receipts;

alter table mail.letters
  add column decided_by text,
  add constraint letters_go_by_a_known_stream check (stream in ('outbound', 'broadcast')),
  drop constraint provider_messages_belong_to_one_letter,
  drop constraint accepted_letters_have_a_receipt,
  add constraint accepted_letters_have_a_receipt_or_somebodys_word check (
    state not in ('accepted', 'delivered', 'bounced', 'complained')
    or provider_message_id is not null or decided_by is not null
  );

create unique index letters_by_provider_message on mail.letters (provider_message_id) where provider_message_id is not null;

drop index mail.letters_to_claim;
create index letters_to_claim on mail.letters (stream, priority, position) where state = 'queued';
create index letters_undecided on mail.letters (last_tx_at) where state in ('unknown', 'held');
