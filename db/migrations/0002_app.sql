-- People, the groups they belong to, and how they sign in.

create schema app;

create table app.people (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200)
);
alter table app.people enable row level security;

create table app.email_addresses (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references app.people on delete cascade,
  address text not null,
  created_at timestamptz not null default now(),
  constraint addresses_look_like_mail check (
    address ~ '^[^\s@<>(),;:"\\\[\]]{1,64}@[^\s@<>(),;:"\\\[\]]+\.[^\s@<>(),;:"\\\[\].]+$' and char_length(address) <= 254
  )
);
alter table app.email_addresses enable row level security;
create unique index email_addresses_for_lookup on app.email_addresses (lower(address));
create index email_addresses_of_person on app.email_addresses (person_id);

create table app.groups (
  id uuid primary key default gen_random_uuid(),
  kind text not null default 'class',
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint kinds_are_known check (kind in ('class', 'club', 'other')),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200)
);
alter table app.groups enable row level security;

create table app.memberships (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  invited_by uuid references app.people on delete set null,
  role text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roles_are_known check (role in ('owner', 'teacher', 'student', 'parent', 'member')),
  constraint one_membership_per_person_and_group unique (group_id, person_id)
);
alter table app.memberships enable row level security;
create index memberships_of_person on app.memberships (person_id);
create index memberships_by_inviter on app.memberships (invited_by);

create table app.sign_in_links (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references app.people on delete cascade,
  token_hash bytea not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  constraint links_are_used_in_time check (used_at <= expires_at)
);
alter table app.sign_in_links enable row level security;
create unique index sign_in_links_for_use on app.sign_in_links (token_hash);
create index sign_in_links_of_person on app.sign_in_links (person_id, created_at);

create table app.sessions (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references app.people on delete cascade,
  token_hash bytea not null,
  user_agent text,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  last_seen_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
alter table app.sessions enable row level security;
create unique index sessions_for_use on app.sessions (token_hash);
create index sessions_of_person on app.sessions (person_id);
