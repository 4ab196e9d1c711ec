-- Letters are rendered in the transaction of their cause, from templates that the code publishes; their words have a table
-- of their own, so that a change of a letter's state copies none of them.

-- One row per template and language. A place in a format is the number of a value: `names` in their order, of which the
-- first `required` must have one; `sections` are the parts that are repeated for a list, or left out.
create table mail.templates (
  name text not null,
  locale text not null,
  version int not null default 1,
  digest text not null,
  names text[] not null,
  required int not null,
  subject text not null,
  html text not null,
  text text not null,
  sections jsonb not null,
  sample jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint templates_are_published_once primary key (name, locale),
  constraint names_are_lower_case_with_dashes check (name ~ '^[a-z][a-z0-9-]*$'),
  constraint locales_look_like_locales check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
  constraint required_names_are_names check (required between 0 and cardinality(names))
);
alter table mail.templates enable row level security;

-- Where the links of letters lead, and the digest of all that is published.
create table mail.publication (
  is_only boolean primary key default true,
  public_url text not null,
  digest text not null,
  updated_at timestamptz not null default now(),
  constraint there_is_one_publication check (is_only),
  constraint public_urls_end_without_a_slash check (public_url ~ '^https?://.*[^/]$')
);
alter table mail.publication enable row level security;

-- What a letter says, once and for all.
create table mail.words (
  letter_id uuid primary key references mail.letters on delete cascade,
  subject text not null,
  html text not null,
  text text not null
);
alter table mail.words enable row level security;

insert into mail.words (letter_id, subject, html, text)
select l.id, l.subject, l.html, l.text from mail.letters l where l.subject is not null;

-- A letter of before that was never rendered has no words to send.
update mail.letters l
set state = 'failed', error = 'written before letters were rendered at once; its cause has to write it again'
where l.subject is null and l.state = 'queued';

drop trigger if exists _100_keep_words on mail.letters;

alter table mail.letters
  drop column subject,
  drop column html,
  drop column text,
  drop column data,
  add column category text not null default 'account',
  add column person_id uuid references app.people on delete set null,
  add column locale text not null default 'en',
  add column secret boolean not null default false,
  add column unsubscribe_token text,
  add constraint categories_are_lower_case_with_dashes check (category ~ '^[a-z]+(-[a-z]+)*$'),
  add constraint unsubscribe_tokens_belong_to_one_letter unique (unsubscribe_token),
  add constraint only_letters_one_can_leave_have_a_token check (
    unsubscribe_token is null or category not in ('security', 'account', 'invitation')
  ),
  set (fillfactor = 70);
alter table mail.letters
  alter column category drop default,
  alter column locale drop default;

create index letters_of_person on mail.letters (person_id);

create type app.letter_template as (name text, locales text[]);
create type app.letter_preview as (locale text, subject text, html text, text text);
