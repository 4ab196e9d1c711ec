-- What graphile-worker's job table has no place for: jobs that failed for good, and the workers' heartbeats.

create schema queue;

create table queue.failures (
  id bigint generated always as identity primary key,
  uuid uuid not null,
  queue text not null,
  payload json not null,
  priority int not null,
  attempts int not null,
  exception text not null,
  failed_at timestamptz not null default now(),
  constraint one_failure_per_job unique (uuid)
);
alter table queue.failures enable row level security;
create index failures_by_queue_and_time on queue.failures (queue, failed_at);

create table queue.workers (
  id text primary key,
  queue text not null,
  hostname text not null,
  pid int not null,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);
alter table queue.workers enable row level security;
create index workers_by_beat on queue.workers (beat_at);
