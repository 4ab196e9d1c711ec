-- The two ways that letters go, and what slows or stops them. A stream is the provider's (transactional and broadcast have
-- senders, suppressions and troubles of their own); a lane is ours: urgent letters have one beside that of their stream, so
-- that nobody waits for a sign-in letter behind what is not urgent. What stands in mail.streams holds for all processes.

-- The stream of a lane: urgent, outbound or broadcast.
create function mail.stream_of(lane text) returns text
language sql immutable as $$
  select case when stream_of.lane = 'broadcast' then 'broadcast' else 'outbound' end
$$;

create function mail.is_urgent(stream text, priority int) returns boolean
language sql immutable as $$
  select is_urgent.stream = 'outbound' and is_urgent.priority <= 20
$$;

create function mail.first_priority_of(lane text) returns int
language sql immutable as $$
  select case when first_priority_of.lane = 'outbound' then 21 else -2147483648 end
$$;

create function mail.last_priority_of(lane text) returns int
language sql immutable as $$
  select case when last_priority_of.lane = 'urgent' then 20 else 2147483647 end
$$;

create function mail.has_due(lane text) returns boolean
language sql volatile set search_path = '' as $$
  select exists (
    select from mail.letters l
    where l.state = 'queued' and l.stream = mail.stream_of(has_due.lane)
      and l.priority between mail.first_priority_of(has_due.lane) and mail.last_priority_of(has_due.lane)
      and l.not_before <= now() and (l.expires_at is null or l.expires_at > now())
  )
$$;

create function mail.most_urgent_lane() returns text
language sql volatile set search_path = '' as $$
  select lane from unnest(array['urgent', 'outbound', 'broadcast']) lane where mail.has_due(lane) limit 1
$$;

-- How many of the wanted letters may be claimed now. After trouble one request at a time tries, a small one; urgent
-- letters are few and always try, and go at the cost of those that are not.
create function mail.allow(lane text, wanted int) returns int
language plpgsql volatile set search_path = '' as $$
declare
  v_stream mail.streams;
begin
  select s.* into strict v_stream from mail.streams s where s.stream = mail.stream_of(allow.lane);
  if v_stream.stopped_at is not null or mail.is_paused() then
    return 0;
  elsif v_stream.troubles > 0 and allow.lane <> 'urgent' then
    return case when mail.may_try(allow.lane) then least(allow.wanted, 25) else 0 end;
  elsif v_stream.letters_per_second is null then
    return allow.wanted;
  end if;
  return case when allow.lane = 'urgent' then allow.wanted else least(allow.wanted, floor(mail.refill(v_stream.stream))::int) end;
end
$$;

create function mail.is_paused() returns boolean
language sql volatile set search_path = '' as $$
  select exists (select from queue.pauses p where p.queue in ('mail', '*') and (p.until is null or p.until > now()))
$$;

create function mail.may_try(lane text) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  if not mail.has_due(may_try.lane) then
    return false;
  end if;
  update mail.streams s
  set resting_until = now() + interval '40 seconds', trying = true
  where s.stream = mail.stream_of(may_try.lane) and s.resting_until <= now();
  return found;
end
$$;

-- The letters that the rate allows by now, at most those of a second; the row stays locked until they are claimed.
create function mail.refill(stream text) returns double precision
language sql volatile set search_path = '' as $$
  update mail.streams s
  set allowance = least(
        greatest(s.letters_per_second, 1),
        s.allowance + s.letters_per_second * greatest(extract(epoch from clock_timestamp() - s.allowed_at), 0)
      ),
      allowed_at = clock_timestamp()
  where s.stream = refill.stream
  returning greatest(s.allowance, 0)
$$;

create function mail.spend(stream text, letters int) returns void
language sql volatile set search_path = '' as $$
  update mail.streams s
  set allowance = s.allowance - spend.letters
  where s.stream = spend.stream and s.letters_per_second is not null
$$;

-- Seconds until a claim of the lane may find something; null when nothing is due, or only a person can help.
create function mail.wait_of(lane text) returns double precision
language sql volatile set search_path = '' as $$
  select case when wait_of.lane = 'urgent' then 0.02 else greatest(
    0.02,
    extract(epoch from s.resting_until - now()),
    (1 - s.allowance) / s.letters_per_second - extract(epoch from now() - s.allowed_at)
  ) end
  from mail.streams s
  where s.stream = mail.stream_of(wait_of.lane) and s.stopped_at is null and not mail.is_paused() and mail.has_due(wait_of.lane)
$$;

-- The provider did not answer, or said that it is too much: the stream rests, longer each time, and then one request tries.
-- What was on its way at the same moment has the same trouble and does not count again.
create function mail.rest(stream text, reason text) returns timestamptz
language plpgsql volatile set search_path = '' as $$
declare
  v_until timestamptz;
begin
  update mail.streams s
  set troubles = s.troubles + 1,
      trouble = rest.reason,
      trying = false,
      resting_until = now() + mail.rest_after(s.troubles + 1)
  where s.stream = rest.stream and (s.trying or s.troubles = 0 or s.resting_until <= now())
  returning s.resting_until into v_until;
  perform mail.wake_at('mail/flush', v_until);
  return v_until;
end
$$;

-- 2 s, 4 s, 8 s ... at most a minute.
create function mail.rest_after(troubles int) returns interval
language sql volatile as $$
  select least(interval '2 seconds' * 2 ^ least(rest_after.troubles - 1, 10), interval '1 minute') * (0.9 + random() * 0.2)
$$;

-- The provider has decided about a letter: its stream may go as fast as ever.
create function mail.end_rest(letter_id uuid) returns void
language sql volatile set search_path = '' as $$
  update mail.streams s
  set troubles = 0, trouble = null, trying = false, resting_until = null
  where s.troubles > 0 and s.stream = (select l.stream from mail.letters l where l.id = end_rest.letter_id)
$$;

-- Wrong token, account or stream: nothing goes until somebody has mended it and says so. True for the first to find out.
create function mail.stop(stream text, code text, reason text) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  update mail.streams s
  set stopped_at = now(), stopped_code = stop.code, stopped_because = stop.reason
  where s.stream = stop.stream and s.stopped_at is null;
  return found;
end
$$;

-- Lets the letters of a stream go again, those that wait for their next attempt too. False if nothing kept them.
create function mail.resume(stream text) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  v_was boolean;
begin
  perform mail.check_stream(resume.stream);
  update mail.streams s
  set stopped_at = null, stopped_code = null, stopped_because = null,
      troubles = 0, trouble = null, trying = false, resting_until = null
  where s.stream = resume.stream and (s.stopped_at is not null or s.troubles > 0);
  v_was := found;
  update mail.letters l set not_before = now()
  where l.state = 'queued' and l.stream = resume.stream and l.attempt > 0 and l.not_before > now();
  perform queue.note('resume_mail', resume.stream, v_was::int), mail.wake();
  return v_was;
end
$$;

-- Letters per second, over all processes; null is no limit. Holds from the next claim on.
create function mail.set_rate(stream text, letters_per_second double precision) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform mail.check_stream(set_rate.stream);
  if set_rate.letters_per_second <= 0 then
    raise exception 'A rate is above 0: to stop all mail, pause the queue "mail".' using errcode = 'HW422', column = 'lettersPerSecond';
  end if;
  update mail.streams s
  set letters_per_second = set_rate.letters_per_second, allowance = 0, allowed_at = now()
  where s.stream = set_rate.stream;
  perform queue.note('set_mail_rate', set_rate.stream, 1, jsonb_build_object('letters_per_second', set_rate.letters_per_second));
  perform mail.wake();
end
$$;

create function mail.check_stream(stream text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from mail.streams s where s.stream = check_stream.stream) then
    raise exception 'There is no stream "%": there are outbound and broadcast.', left(check_stream.stream, 40)
      using errcode = 'HW404', column = 'stream';
  end if;
end
$$;

-- Each stream with its letters that are not done.
create view mail.status with (security_invoker = true) as
  select s.stream, s.letters_per_second, s.requests_at_once, s.stopped_at, s.stopped_code, s.stopped_because,
    s.resting_until, s.trouble, s.troubles, l.waiting, l.urgent, l.later, l.sending, l.unknown, l.held, l.oldest
  from mail.streams s
  cross join lateral (
    select
      count(*) filter (where l.state = 'queued' and l.not_before <= now())::int as waiting,
      count(*) filter (where l.state = 'queued' and mail.is_urgent(l.stream, l.priority))::int as urgent,
      count(*) filter (where l.state = 'queued' and l.not_before > now())::int as later,
      count(*) filter (where l.state = 'sending')::int as sending,
      count(*) filter (where l.state = 'unknown')::int as unknown,
      count(*) filter (where l.state = 'held')::int as held,
      min(greatest(l.created_at, l.not_before)) filter (where l.state = 'queued' and l.not_before <= now()) as oldest
    from mail.letters l
    where l.stream = s.stream and (l.state = 'queued' or l.state in ('sending', 'unknown') or l.state = 'held')
  ) l;
