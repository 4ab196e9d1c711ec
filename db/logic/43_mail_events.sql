-- What the provider tells of letters, and who must not be written to. A call is stored as it came (mail.store_calls) and
-- heard later (mail.hear_calls); calls come twice, late, in any order, or only in the answers of a sweep. So nothing is
-- decided by the order of arrival: events are facts with a time, and the state of a letter and every suppression follow from
-- all of them that are known.

-- Null: a letter of this category may be sent on this stream; else the reason why not. The provider refuses an essential
-- letter only where it knows the suppression itself.
create function mail.suppression_of(address text, stream text, category text) returns text
language sql stable as $$
  select s.reason
  from mail.suppressions s
  where s.address = lower(suppression_of.address) and s.lifted_at is null
    and case s.reason
      when 'hard-bounce' then true
      when 'soft-bounces' then not mail.is_essential(suppression_of.category)
      when 'spam-complaint' then s.stream = suppression_of.stream or not mail.is_essential(suppression_of.category)
      else s.stream = suppression_of.stream
    end
  order by s.reason = 'spam-complaint' desc, s.reason = 'hard-bounce' desc, s.id
  limit 1
$$;

create function mail.is_essential(category text) returns boolean
language sql immutable as $$
  select coalesce(is_essential.category in ('security', 'account'), false)
$$;
