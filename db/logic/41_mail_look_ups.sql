-- Letters whose hand-over has no known outcome: look-ups at the provider, and what a person decides.

-- Takes batches whose outcome is unknown and due for a look-up, with the letters of each. Rings again in a minute in case the
-- look-up fails.
create function mail.claim_look_ups(batches int) returns table (stream text, batch_id uuid, letters uuid[])
language plpgsql volatile set search_path = '' as $$
#variable_conflict use_column
begin
  return query
    with due as materialized (
      select l.stream, l.batch_id
      from mail.letters l
      where l.state = 'unknown' and l.next_look_up_at <= now()
      group by l.stream, l.batch_id
      order by min(l.next_look_up_at)
      limit claim_look_ups.batches
    ),
    chosen as materialized (
      select l.id
      from mail.letters l
      join due on due.batch_id = l.batch_id and due.stream = l.stream
      where l.state = 'unknown' and l.next_look_up_at <= now()
      for update of l skip locked
    ),
    taken as (
      update mail.letters l
      set next_look_up_at = now() + interval '60 seconds'
      from chosen
      where l.id = chosen.id
      returning l.stream, l.batch_id, l.id
    )
    select taken.stream, taken.batch_id, array_agg(taken.id) from taken group by taken.stream, taken.batch_id;
  if found then
    perform mail.wake_at('mail/reconcile', now() + interval '60 seconds');
  end if;
end;
$$;

-- Writes down an answered look-up: the letters that were asked about, and the messages that the provider knows,
-- [{id, attempt, messageId}]; answers the letters of which a second acceptance was learned. A letter that is missing after
-- its quarantine and enough look-ups goes out again, is too late, or is held for a person, by its policy. The provider
-- forgets after a while, so absence proves nothing for letters older than that.
create function mail.record_look_up(letters uuid[], messages jsonb) returns setof uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_next timestamptz;
  v_resend boolean;
begin
  perform 1 from mail.letters l where l.id = any (record_look_up.letters) order by l.id for update;
  return query
    select m.id
    from jsonb_to_recordset(record_look_up.messages) as m (id uuid, attempt int, "messageId" uuid)
    where mail.learn_receipt(m.id, m.attempt, m."messageId") = 'duplicate';

  with missing as (
    update mail.letters l
    set look_ups = l.look_ups + 1,
        state = d.state,
        next_look_up_at = case when d.state = 'unknown' then mail.next_look_up(l.last_tx_at, l.quarantine) end,
        error = case d.state
          when 'held' then 'not known to the provider; a person decides'
          when 'expired' then 'not known to the provider, and too late to send again'
          else l.error
        end
    from mail.letters old
    join mail.streams s on s.stream = old.stream
    cross join lateral (
      select case
        when now() < old.absent_after or old.look_ups + 1 < old.look_ups_needed then 'unknown'
        when old.expires_at <= now() then 'expired'
        when old.policy = 'hold' or old.last_tx_at < now() - (s.retention - interval '1 day') then 'held'
        else 'queued'
      end as state
    ) d
    where old.id = l.id and l.id = any (record_look_up.letters) and l.state = 'unknown'
    returning l.state, l.next_look_up_at
  )
  select min(missing.next_look_up_at), bool_or(missing.state = 'queued') into v_next, v_resend from missing;

  perform mail.wake_at('mail/reconcile', v_next);
  if v_resend then
    perform mail.wake();
  end if;
end;
$$;

-- 15 s, 60 s, 5 min and the end of the quarantine after the hand-over; after that every 5 minutes.
create function mail.next_look_up(last_tx_at timestamptz, quarantine interval) returns timestamptz
language sql stable set search_path = '' as $$
  select coalesce(min(next_look_up.last_tx_at + step), now() + interval '5 minutes')
  from unnest(array[interval '15 seconds', interval '60 seconds', interval '5 minutes', next_look_up.quarantine]) step
  where next_look_up.last_tx_at + step > now();
$$;

-- A person's word about an undecided letter: `send` it (again), `accept` that it has arrived, or `drop` it.
create function mail.decide(letter_id uuid, decision text) returns mail.letters
language plpgsql volatile set search_path = '' as $$
declare
  v_letter mail.letters;
begin
  if coalesce(decide.decision, '') not in ('send', 'accept', 'drop') then
    raise exception 'A decision is "send", "accept" or "drop".' using errcode = 'HW422', column = 'decision';
  end if;
  select l.* into v_letter from mail.letters l where l.id = decide.letter_id for update;
  if not found then
    raise exception 'There is no letter %.', decide.letter_id using errcode = 'HW404', column = 'id';
  elsif v_letter.state not in ('unknown', 'held') then
    raise exception 'There is nothing to decide: the letter is %.', v_letter.state using errcode = 'HW409', column = 'id';
  end if;
  update mail.letters l
  set state = case decide.decision when 'send' then 'queued' when 'accept' then 'accepted' else 'cancelled' end,
      next_look_up_at = null,
      not_before = now(),
      expires_at = case when decide.decision = 'send' and l.expires_at <= now() then null else l.expires_at end,
      decided_by = queue.actor()
  where l.id = v_letter.id
  returning l.* into v_letter;
  perform queue.note('decide_letter', v_letter.id::text, 1, jsonb_build_object('decision', decide.decision));
  if v_letter.state = 'queued' then
    perform mail.wake();
  end if;
  return v_letter;
end
$$;

-- Letters whose hand-over has no known outcome, oldest first.
create view mail.undecided with (security_invoker = true) as
  select l.id, l.state, l.policy, l.stream, l.recipient, l.template, l.attempt, l.last_tx_at, l.look_ups,
    l.next_look_up_at, l.error
  from mail.letters l
  where l.state in ('unknown', 'held')
  order by l.last_tx_at;
