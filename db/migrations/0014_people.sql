-- Invitations by mail and by link, who waits to be let in, identities of other issuers, and what sign-in needs besides links.

-- An invitation is addressed to a mailbox, not to a person: whether anybody is known there shows only when it is accepted.
create table app.invitation_links (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  created_by uuid references app.people on delete set null,
  client_id uuid not null,
  token text not null,
  role text not null,
  max_uses int,
  uses int not null default 0,
  mail_domain text,
  needs_approval boolean not null default false,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint roles_are_for_newcomers check (role in ('teacher', 'student', 'parent', 'member')),
  constraint teachers_are_approved check (role <> 'teacher' or needs_approval),
  constraint links_are_not_used_too_often check (uses <= max_uses),
  constraint domains_are_lower_case check (mail_domain = lower(mail_domain))
);
alter table app.invitation_links enable row level security;
create index invitation_links_of_group on app.invitation_links (group_id);
create unique index invitation_links_made_once on app.invitation_links (created_by, client_id);
create unique index invitation_links_for_use on app.invitation_links (token);

create table app.invitations (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  invited_by uuid references app.people on delete set null,
  person_id uuid references app.people on delete cascade,
  child_id uuid references app.people on delete cascade,
  invitation_link_id uuid references app.invitation_links on delete cascade,
  email text not null,
  name text not null,
  role text not null,
  child_email text,
  token_hash bytea not null,
  letters int not null default 0,
  expires_at timestamptz not null,
  used_at timestamptz,
  accepted_at timestamptz,
  created_at timestamptz not null default now(),
  constraint roles_are_for_newcomers check (role in ('teacher', 'student', 'parent', 'member')),
  constraint names_have_1_to_200_characters check (char_length(btrim(name)) between 1 and 200),
  constraint who_accepted_is_known check ((person_id is null) = (accepted_at is null)),
  constraint only_parents_have_a_child check (role = 'parent' or num_nonnulls(child_id, child_email) = 0)
);
alter table app.invitations enable row level security;
create unique index invitations_made_once on app.invitations (group_id, lower(email), child_id, lower(child_email))
  nulls not distinct;
create unique index invitations_for_use on app.invitations (token_hash);
create index invitations_by_address on app.invitations (lower(email));
create index invitations_by_child_address on app.invitations (lower(child_email)) where child_email is not null;
create index invitations_of_person on app.invitations (person_id);
create index invitations_of_child on app.invitations (child_id);
create index invitations_of_link on app.invitations (invitation_link_id);
create index invitations_by_inviter on app.invitations (invited_by);

create table app.membership_requests (
  id uuid primary key default gen_random_uuid(),
  group_id uuid not null references app.groups on delete cascade,
  person_id uuid not null references app.people on delete cascade,
  invitation_link_id uuid references app.invitation_links on delete set null,
  decided_by uuid references app.people on delete set null,
  role text not null,
  status text not null default 'waiting',
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  constraint statuses_are_known check (status in ('waiting', 'approved', 'declined')),
  constraint decisions_have_a_time check ((status = 'waiting') = (decided_at is null))
);
alter table app.membership_requests enable row level security;
create index membership_requests_of_group on app.membership_requests (group_id, status);
create index membership_requests_of_person on app.membership_requests (person_id);
create index membership_requests_of_link on app.membership_requests (invitation_link_id);
create index membership_requests_by_decider on app.membership_requests (decided_by);
create unique index membership_requests_waiting_once on app.membership_requests (group_id, person_id)
  where status = 'waiting';

-- What a call that joins a group answers.
create type app.joining as (group_id uuid, group_name text, role text, status text);

-- What became of one line of a list.
create type app.invited_line as (line int, email text, outcome text, reason text);

-- What a link says before anybody has signed in.
create type app.invitation_preview as (group_name text, role text, needs_approval boolean, mail_domain text);

-- Who somebody is for another issuer of tokens.
create table app.identities (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references app.people on delete cascade,
  issuer text not null,
  subject text not null,
  created_at timestamptz not null default now(),
  constraint one_person_per_subject unique (issuer, subject),
  constraint subjects_have_1_to_255_characters check (char_length(subject) between 1 and 255)
);
alter table app.identities enable row level security;
create index identities_of_person on app.identities (person_id);

-- A link may belong to nobody yet (it makes the owner of the community), bring a code for another device, or prove an
-- address that its person has named.
alter table app.sign_in_links
  alter column person_id drop not null,
  add column code_hash bytea,
  add column address text,
  add column makes_owner boolean not null default false,
  add constraint only_owner_links_belong_to_nobody check (makes_owner = (person_id is null));

-- What was tried of an address, known or not, so that limits are the same for both.
create table app.sign_in_tries (
  id bigint primary key generated always as identity,
  address_hash bytea not null,
  kind text not null,
  created_at timestamptz not null default now(),
  constraint kinds_are_known check (kind in ('link', 'code', 'join'))
);
alter table app.sign_in_tries enable row level security;
create index sign_in_tries_of_address on app.sign_in_tries (address_hash, kind, created_at);
create index sign_in_tries_by_age on app.sign_in_tries (created_at);
