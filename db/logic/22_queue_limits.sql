-- Limits by key: rate, concurrency, circuit breaker, shared by all processes. A job names its keys at dispatch and carries
-- them as graphile-worker flags, so that a fetch passes over the jobs of a closed key: no attempt is burned for them and
-- no row is written. Only where two workers fetch jobs of one key at the same moment, one of the two puts its job back.

create function queue.limit(
  key text, rate int default null, rate_seconds int default 1, concurrency int default null,
  breaker_failures int default null, breaker_seconds int default 60, breaker_cooldown_seconds int default 60
) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into queue.limits as l (key, rate, rate_seconds, concurrency, breaker_failures, breaker_seconds, breaker_cooldown_seconds)
  values (
    "limit".key, "limit".rate, "limit".rate_seconds, "limit".concurrency, "limit".breaker_failures,
    "limit".breaker_seconds, "limit".breaker_cooldown_seconds
  )
  on conflict on constraint limits_pkey do update
  set rate = excluded.rate, rate_seconds = excluded.rate_seconds, concurrency = excluded.concurrency,
      breaker_failures = excluded.breaker_failures, breaker_seconds = excluded.breaker_seconds,
      breaker_cooldown_seconds = excluded.breaker_cooldown_seconds, updated_at = now();
  perform queue.note('limit', "limit".key, 1, to_jsonb(queue.limit_of("limit".key)));
  perform pg_notify('howdah_queue', 'limits');
exception
  when check_violation or not_null_violation
  then raise exception 'The key % cannot have this limit: %', "limit".key, sqlerrm using errcode = 'HW422';
end
$$;

create function queue.unlimit(key text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_found boolean;
begin
  delete from queue.limits l where l.key = unlimit.key;
  v_found := found;
  perform queue.note('unlimit', unlimit.key, v_found::int);
  perform pg_notify('howdah_queue', 'limits');
  return v_found;
end
$$;

-- The limit of a key: its own, or the one of the longest beginning with a star.
create function queue.limit_of(key text) returns queue.limits
language sql stable as $$
  select l.* from queue.limits l
  where l.key = limit_of.key or (right(l.key, 1) = '*' and starts_with(limit_of.key, left(l.key, -1)))
  order by l.key = limit_of.key desc, length(l.key) desc
  limit 1
$$;

create function queue.serve_with_limits(queues text[]) returns void
language plpgsql volatile set search_path = '' as $$
begin
  update queue.queues q set limited = true where q.name = any (serve_with_limits.queues) and not q.limited;
  if found then
    perform pg_notify('howdah_queue', 'settings');
  end if;
end
$$;

-- Takes a token of a queue's own rate before its next fetch; answers the seconds to wait when there is none.
create function queue.take_token(key text, rate int, rate_seconds int) returns double precision
language plpgsql volatile as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_tokens double precision;
begin
  insert into queue.limit_states (key, tokens) values (take_token.key, 1) on conflict do nothing;
  select queue.tokens_at(s, v_now, take_token.rate, take_token.rate_seconds) into v_tokens
  from queue.limit_states s where s.key = take_token.key for update;
  if v_tokens < 1 then
    return (1 - v_tokens) * take_token.rate_seconds / take_token.rate;
  end if;
  update queue.limit_states s set tokens = v_tokens - 1, refilled_at = v_now where s.key = take_token.key;
  return 0;
end
$$;

-- For a fetch that found no job.
create function queue.return_token(key text) returns void
language sql volatile as $$
  update queue.limit_states s set tokens = s.tokens + 1 where s.key = return_token.key
$$;

-- A bucket holds a tenth of a period's tokens, so that no period sees more than 1.1 times the rate, or one job more than
-- the rate. The fraction makes up for a worker that comes late for its token; a whole one would let one job more through.
create function queue.tokens_at(state queue.limit_states, moment timestamptz, rate int, rate_seconds int) returns double precision
language sql immutable as $$
  select least(
    greatest(1, tokens_at.rate / 10) + 0.3,
    (tokens_at.state).tokens
      + greatest(0, extract(epoch from tokens_at.moment - (tokens_at.state).refilled_at)) * tokens_at.rate / tokens_at.rate_seconds
  )
$$;

-- The keys whose jobs a fetch passes over now, as flags, and when the first of them opens by itself.
create function queue.closed_keys(out flags text[], out opens_at timestamptz)
language sql stable as $$
  select coalesce(array_agg('limit:' || k.key), '{}'), min(k.opens_at) filter (where k.opens_at <> 'infinity')
  from (
    select s.key, queue.key_opens_at(s.key) as opens_at
    from queue.limit_states s
    where s.breaker <> 'closed'
      or (s.tokens < 1 and s.refilled_at > now() - (select queue.longest_refill()))
      or s.key in (select h.key from queue.holds h)
  ) k
  where k.opens_at > clock_timestamp()
$$;

-- A key without a token has one after this time, whichever limit is its own: of thousands of keys, only those that were
-- taken lately have to be looked at.
create function queue.longest_refill() returns interval
language sql stable as $$
  select coalesce(max(make_interval(secs => l.rate_seconds::double precision / l.rate)), '0') from queue.limits l
$$;

-- Null: open. 'infinity': open when a running job of the key ends.
create function queue.key_opens_at(key text) returns timestamptz
language plpgsql stable as $$
declare
  v_limit constant queue.limits := queue.limit_of(key_opens_at.key);
  v_state queue.limit_states;
  v_now constant timestamptz := clock_timestamp();
  v_tokens double precision;
begin
  if v_limit.key is null then
    return null;
  end if;
  select * into v_state from queue.limit_states s where s.key = key_opens_at.key;
  if v_state.key is null then
    return null;
  end if;
  if v_limit.breaker_failures is not null and v_state.breaker = 'open'
    and v_state.opened_at + make_interval(secs => v_limit.breaker_cooldown_seconds) > v_now
  then
    return v_state.opened_at + make_interval(secs => v_limit.breaker_cooldown_seconds);
  end if;
  if v_limit.breaker_failures is not null and v_state.breaker = 'half-open'
    and v_state.probe_job_id = any (queue.holders_of(key_opens_at.key))
  then
    return 'infinity';
  end if;
  if v_limit.concurrency is not null and cardinality(queue.holders_of(key_opens_at.key)) >= v_limit.concurrency then
    return 'infinity';
  end if;
  if v_limit.rate is not null then
    v_tokens := queue.tokens_at(v_state, v_now, v_limit.rate, v_limit.rate_seconds);
    if v_tokens < 1 then
      return v_now + (1 - v_tokens) * v_limit.rate_seconds / v_limit.rate * interval '1 second';
    end if;
  end if;
  return null;
end
$$;

-- A hold counts as long as its worker has the job: one whose job is gone, by whatever hand, holds nothing.
create function queue.holders_of(key text) returns bigint[]
language sql stable as $$
  select array(
    select h.job_id
    from queue.holds h
    join graphile_worker._private_jobs j on j.id = h.job_id and j.locked_by = h.worker_id
    where h.key = holders_of.key
  )
$$;

-- Before a job with flags runs: 'go', 'skip' (its batch was cancelled) or 'wait' (a key closed since the fetch).
create function queue.begin_job(worker_id text, job_id bigint, keys text[], batch_id text) returns text
language plpgsql volatile as $$
declare
  v_key text;
begin
  if begin_job.batch_id is not null and exists (
    select from laravel.job_batches b where b.id = begin_job.batch_id and b.cancelled_at is not null
  ) then
    return 'skip';
  end if;
  if cardinality(begin_job.keys) > 0 then
    insert into queue.limit_states (key, tokens)
    select k.key, 1 from unnest(begin_job.keys) k (key) order by k.key
    on conflict do nothing;
    perform from queue.limit_states s where s.key = any (begin_job.keys) order by s.key for update;
    if exists (select from unnest(begin_job.keys) k (key) where queue.key_opens_at(k.key) is not null) then
      return 'wait';
    end if;
    foreach v_key in array begin_job.keys loop
      perform queue.take_key(begin_job.worker_id, begin_job.job_id, v_key);
    end loop;
  end if;
  return 'go';
end
$$;

-- Its state row is locked and known to be open.
create function queue.take_key(worker_id text, job_id bigint, key text) returns void
language plpgsql volatile as $$
declare
  v_limit constant queue.limits := queue.limit_of(take_key.key);
  v_now constant timestamptz := clock_timestamp();
begin
  if v_limit.key is null then
    return;
  end if;
  insert into queue.holds (job_id, key, worker_id) values (take_key.job_id, take_key.key, take_key.worker_id)
  on conflict on constraint holds_pkey do update set worker_id = excluded.worker_id, held_since = now();
  update queue.limit_states s
  set tokens = case when v_limit.rate is null then s.tokens
        else queue.tokens_at(s, v_now, v_limit.rate, v_limit.rate_seconds) - 1 end,
      refilled_at = v_now,
      breaker = case when s.breaker = 'closed' then 'closed' else 'half-open' end,
      probe_job_id = case when s.breaker = 'closed' then null else take_key.job_id end
  where s.key = take_key.key;
end
$$;

-- Counts a failure against every key of the job; enough of them within the window open its breaker.
create function queue.breaker_failed(job graphile_worker._private_jobs) returns void
language plpgsql volatile as $$
declare
  v_key text;
  v_limit queue.limits;
begin
  if (job).flags is null then
    return;
  end if;
  for v_key in select substr(f, 7) from jsonb_object_keys((job).flags) f where f like 'limit:%' order by 1 loop
    v_limit := queue.limit_of(v_key);
    continue when v_limit.breaker_failures is null;
    update queue.limit_states s
    set failures = case when s.window_started_at > clock_timestamp() - make_interval(secs => v_limit.breaker_seconds) then s.failures + 1 else 1 end,
        window_started_at = case
          when s.window_started_at > clock_timestamp() - make_interval(secs => v_limit.breaker_seconds) then s.window_started_at
          else clock_timestamp()
        end
    where s.key = v_key;
    update queue.limit_states s
    set breaker = 'open', opened_at = clock_timestamp(), failures = 0, probe_job_id = null
    where s.key = v_key
      and (s.failures >= v_limit.breaker_failures or (s.breaker = 'half-open' and s.probe_job_id = (job).id));
  end loop;
end
$$;

-- Frees the keys of jobs that ended well; a probe that did closes its breaker.
create function queue.free_keys(job_ids bigint[]) returns void
language sql volatile as $$
  update queue.limit_states s
  set breaker = 'closed', failures = 0, opened_at = null, probe_job_id = null
  where s.breaker = 'half-open' and s.probe_job_id = any (free_keys.job_ids);

  delete from queue.holds h where h.job_id = any (free_keys.job_ids);
$$;

create function queue.tg_limit_states__tell() returns trigger
language plpgsql as $$
begin
  perform pg_notify('howdah_queue', format('breaker %s %s', new.breaker, new.key));
  return new;
end
$$;

create trigger _500_tell after update on queue.limit_states
for each row when (old.breaker is distinct from new.breaker)
execute function queue.tg_limit_states__tell();

comment on function queue.limit is
  'Limits all jobs that name this key, over all processes: select queue.limit(''postmark'', rate => 10, concurrency => 5, breaker_failures => 20). A key such as tenant:* is the limit of each tenant:1, tenant:2, ...';
comment on function queue.unlimit is 'Takes a limit away; false if there was none.';
comment on table queue.limits is 'Limits by key: rate per rate_seconds, concurrency, and a circuit breaker that opens after breaker_failures within breaker_seconds for breaker_cooldown_seconds.';
comment on table queue.limit_states is 'What is left of each key''s rate, and the state of its circuit breaker.';
comment on table queue.holds is 'Which running job holds which key.';
