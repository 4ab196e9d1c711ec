-- What the chaos of mail keeps beside the database under test: what was written, and places to stop a commit at.
create schema chaos;

-- Written in the transaction of the letter: what is in here has to be in mail.letters and with the mailbox.
create table chaos.ledger (
  letter_id uuid primary key,
  kind text not null
);

-- Letters with what their templates give as an example.
create function chaos.write(letters jsonb, kind text) returns void
language sql volatile set search_path = '' as $$
  insert into chaos.ledger (letter_id, kind)
  select e.letter_id, write.kind
  from mail.enqueue_many((
    select jsonb_agg(l.value || jsonb_build_object('data', t.sample))
    from jsonb_array_elements(write.letters) l
    join mail.templates t on t.name = l.value ->> 'template' and t.locale = 'en'
  )) e;
$$;

-- Goes on at once, unless somebody holds the lock of that place.
create function chaos.stop_here() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock_shared(4711, tg_argv[0]::int);
  return null;
end;
$$;

-- Deferred: the transaction that stops has already begun to commit.
create constraint trigger _990_claiming after update on mail.letters
  deferrable initially deferred for each row
  when (new.attempt > old.attempt) execute function chaos.stop_here(1);
create constraint trigger _991_recording after update on mail.letters
  deferrable initially deferred for each row
  when (old.state in ('queued', 'sending') and new.state = 'accepted') execute function chaos.stop_here(2);

-- The processes that stand at a place, and their backends.
create function chaos.stopped(place int) returns table (process int, backend int)
language sql stable set search_path = '' as $$
  select p.pid, a.pid
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  join queue.processes p on a.application_name = 'howdah:worker:' || p.id
  where l.locktype = 'advisory' and l.classid = 4711 and l.objid = stopped.place and not l.granted;
$$;

-- Time goes by: for everything that waits, and for letters of senders that are dead. Those that are being sent by the
-- living have the lease that they know of. Senders that sleep until a stream has rested are woken.
create function chaos.pass(step interval, living int[]) returns void
language sql volatile set search_path = '' as $$
  with moved as materialized (
    select l.id from mail.letters l
    where l.state in ('queued', 'unknown')
      or (l.state = 'sending' and not split_part(l.claimed_by, ':', 2)::int = any (pass.living))
    for update skip locked
  )
  update mail.letters l
  set not_before = l.not_before - pass.step,
      expires_at = l.expires_at - pass.step,
      lease_until = l.lease_until - pass.step,
      last_tx_at = l.last_tx_at - pass.step,
      absent_after = l.absent_after - pass.step,
      next_look_up_at = l.next_look_up_at - pass.step,
      created_at = l.created_at - pass.step
  from moved
  where l.id = moved.id;
  update mail.streams s
  set resting_until = s.resting_until - pass.step, allowed_at = s.allowed_at - pass.step
  where s.resting_until is not null;
  select mail.wake() where exists (select from mail.streams s where s.resting_until is not null);
$$;

-- Letters that wait for something, and those that nobody will touch any more.
create function chaos.open() returns int
language sql stable set search_path = '' as $$
  select count(*)::int from mail.letters l where l.state in ('queued', 'sending', 'unknown');
$$;
