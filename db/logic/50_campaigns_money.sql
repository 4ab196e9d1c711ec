-- Pledges and payments: money in minor units of its currency, as ISO 4217 has them; what is owed is derived, never stored.

create function campaigns.set_pledges(purpose text, pledges campaigns.pledge_entry[], group_id uuid default null)
returns setof campaigns.pledges
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  perform campaigns.require_staff(set_pledges.group_id);
  perform campaigns.require_purpose(set_pledges.purpose);
  perform campaigns.require_pledges(set_pledges.pledges);
  perform campaigns.require_reachable(
    set_pledges.group_id, array(select e.person_id from unnest(set_pledges.pledges) e), 'pledges'
  );
  if exists (
    select from unnest(set_pledges.pledges) e
    join campaigns.pledges p on p.person_id = e.person_id and p.purpose = btrim(set_pledges.purpose)
      and p.group_id is not distinct from set_pledges.group_id
    join campaigns.payments y on y.pledge_id = p.id
    where p.currency <> e.currency
  ) then
    raise exception 'A pledge that was paid on keeps its currency.' using errcode = 'HW409';
  end if;
  return query
    insert into campaigns.pledges as p (group_id, person_id, created_by, purpose, amount, currency, due_on)
    select set_pledges.group_id, e.person_id, v_person_id, btrim(set_pledges.purpose), e.amount, e.currency, e.due_on
    from unnest(set_pledges.pledges) e
    order by e.person_id
    on conflict on constraint one_pledge_per_person_and_purpose do update
    set amount = excluded.amount, currency = excluded.currency, due_on = excluded.due_on
    returning p.*;
end
$$;

create function campaigns.require_purpose(purpose text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if char_length(btrim(require_purpose.purpose)) not between 1 and 100 then
    raise exception 'The purpose must have 1 to 100 characters.' using errcode = 'HW422', column = 'purpose';
  end if;
end
$$;

create function campaigns.require_pledges(pledges campaigns.pledge_entry[]) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_count constant int := coalesce(cardinality(pledges), 0);
begin
  if v_count not between 1 and 1000 then
    raise exception 'Give 1 to 1,000 pledges at once.' using errcode = 'HW422', column = 'pledges';
  end if;
  if exists (select from unnest(pledges) e where e.person_id is null or e.amount is null or e.currency is null) then
    raise exception 'Every pledge needs a personId, an amount and a currency.' using errcode = 'HW422', column = 'pledges';
  end if;
  if (select count(distinct e.person_id) from unnest(pledges) e) < v_count then
    raise exception 'A person stands in the list twice.' using errcode = 'HW422', column = 'pledges';
  end if;
  if exists (select from unnest(pledges) e where e.amount not between 0 and 1000000000000000) then
    raise exception 'A pledge is an amount from 0, in the smallest unit of its currency.'
      using errcode = 'HW422', column = 'pledges';
  end if;
  if exists (select from unnest(pledges) e where e.currency not in (select c.code from campaigns.currencies c)) then
    raise exception 'A currency is one of those in currencies, such as EUR or IDR.' using errcode = 'HW422', column = 'pledges';
  end if;
end
$$;

create function campaigns.record_payment(
  pledge_id uuid,
  amount bigint,
  client_id uuid,
  paid_on date default null,
  reference text default ''
) returns campaigns.payments
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_person_id constant uuid := app.require_person_id();
  v_pledge campaigns.pledges;
  v_payment campaigns.payments;
begin
  select p.* into v_pledge
  from campaigns.pledges p
  where p.id = record_payment.pledge_id and campaigns.is_staff(p.group_id)
  for no key update;
  if not found then
    raise exception 'There is no such pledge, or it is not yours to look after.' using errcode = 'HW404';
  end if;
  if record_payment.amount = 0 or record_payment.amount not between -1000000000000000 and 1000000000000000 then
    raise exception 'A payment is an amount in the smallest unit of its currency, below zero if money went back.'
      using errcode = 'HW422', column = 'amount';
  end if;
  if char_length(record_payment.reference) > 200 then
    raise exception 'The reference must have 200 characters at most.' using errcode = 'HW422', column = 'reference';
  end if;
  insert into campaigns.payments (pledge_id, recorded_by, client_id, amount, paid_on, reference)
  values (
    v_pledge.id, v_person_id, record_payment.client_id, record_payment.amount,
    coalesce(record_payment.paid_on, campaigns.today()), coalesce(record_payment.reference, '')
  )
  on conflict (recorded_by, client_id) do nothing
  returning * into v_payment;
  if not found then
    select p.* into v_payment
    from campaigns.payments p
    where p.recorded_by = v_person_id and p.client_id = record_payment.client_id;
  end if;
  return v_payment;
end
$$;

create function campaigns.today() returns date
language sql stable security definer set search_path = '' as $$
  select (now() at time zone c.time_zone)::date from app.community c
$$;

create function campaigns.pledges_paid_amount(pledge campaigns.pledges) returns bigint
language sql stable security definer set search_path = '' as $$
  select coalesce(sum(p.amount), 0)::bigint from campaigns.payments p where p.pledge_id = (pledge).id
$$;

create function campaigns.pledges_balance(pledge campaigns.pledges) returns bigint
language sql stable security definer set search_path = '' as $$
  select (pledge).amount - campaigns.pledges_paid_amount(pledge)
$$;

-- Words for money, numbers and days, in the language of who reads them

-- €1,234.50 and Rp 150,000; in Indonesian €1.234,50 and Rp150.000 with a space that does not break.
create function campaigns.money(amount bigint, currency text, locale text) returns text
language sql stable as $$
  select case when money.amount < 0 then '-' else '' end
    || c.symbol || case when c.symbol ~ '[A-Z]$|[a-z]$' then U&'\00A0' else '' end
    || campaigns.grouped(
      (abs(money.amount) / u.unit)::text
      || case when c.digits = 0 or c.hides_empty_digits and abs(money.amount) % u.unit = 0 then ''
        else '.' || lpad((abs(money.amount) % u.unit)::text, c.digits, '0') end,
      money.locale
    )
  from campaigns.currencies c
  cross join lateral (select (10 ^ c.digits)::bigint as unit) u
  where c.code = money.currency
$$;

-- 1234567.5 as 1,234,567.5 or 1.234.567,5.
create function campaigns.grouped(number text, locale text) returns text
language sql immutable as $$
  select case when grouped.locale = 'id' then translate(g.shown, ',.', '.,') else g.shown end
  from (
    select regexp_replace(split_part(grouped.number, '.', 1), '(\d)(?=(\d{3})+$)', '\1,', 'g')
      || case when grouped.number like '%.%' then '.' || split_part(grouped.number, '.', 2) else '' end as shown
  ) g
$$;

create function campaigns.balance_words(balance bigint, currency text, locale text) returns text
language sql stable as $$
  select case
    when balance_words.balance >= 0 then campaigns.money(balance_words.balance, balance_words.currency, balance_words.locale)
    when balance_words.locale = 'id' then
      campaigns.money(-balance_words.balance, balance_words.currency, 'id') || ' lebih bayar'
    else campaigns.money(-balance_words.balance, balance_words.currency, balance_words.locale) || ' overpaid'
  end
$$;

create function campaigns.days_words(days int, locale text) returns text
language sql immutable as $$
  select case
    when days_words.days is null then null
    when days_words.locale = 'id' then case
      when days_words.days > 0 then days_words.days || ' hari'
      when days_words.days = 0 then 'hari ini'
      else 'terlambat ' || -days_words.days || ' hari'
    end
    when days_words.days = 0 then 'due today'
    else abs(days_words.days) || case when abs(days_words.days) = 1 then ' day' else ' days' end
      || case when days_words.days < 0 then ' overdue' else '' end
  end
$$;

-- Triggers

create trigger _100_set_updated_at before update on campaigns.pledges
for each row execute function app.tg__set_updated_at();

-- Policies and grants

create policy everybody_reads on campaigns.currencies for select to authenticated using (true);

create policy own_read on campaigns.pledges for select to authenticated
using (person_id = (select app.current_person_id()));
create policy staff_read on campaigns.pledges for select to authenticated
using (group_id in (select app.current_staff_group_ids()));
create policy community_owners_read on campaigns.pledges for select to authenticated
using ((select app.is_community_owner()));

create policy readers_of_the_pledge_read on campaigns.payments for select to authenticated
using (pledge_id in (select p.id from campaigns.pledges p));

grant select on campaigns.currencies, campaigns.pledges, campaigns.payments to authenticated;
grant execute on function
  campaigns.set_pledges(text, campaigns.pledge_entry[], uuid),
  campaigns.record_payment(uuid, bigint, uuid, date, text)
to anon, authenticated;
grant execute on function
  campaigns.pledges_paid_amount(campaigns.pledges), campaigns.pledges_balance(campaigns.pledges)
to authenticated;

-- Comments

comment on table campaigns.currencies is E'@behavior -query:resource:single\nMoney that Howdah can count and write.';
comment on column campaigns.currencies.code is 'As in ISO 4217: EUR.';
comment on column campaigns.currencies.digits is 'Digits behind the point: an amount of 150 is 1.50 with 2 of them.';
comment on column campaigns.currencies.symbol is 'As letters show it.';
comment on column campaigns.currencies.hides_empty_digits is 'Whether ,00 is left out, as for rupiah.';
comment on table campaigns.pledges is
  'What somebody has promised to pay for a purpose. For that person, and for staff.';
comment on constraint one_pledge_per_person_and_purpose on campaigns.pledges is '@behavior -query:resource:single';
comment on column campaigns.pledges.group_id is E'@behavior +filterBy\nThe group it is for; null: the community.';
comment on column campaigns.pledges.purpose is E'@behavior +filterBy +orderBy\nWhat it is for; campaigns with the same purpose write about it.';
comment on column campaigns.pledges.amount is E'@behavior +orderBy\nIn the smallest unit of the currency: 150 is 1.50 EUR.';
comment on column campaigns.pledges.currency is 'The code of the currency.';
comment on column campaigns.pledges.due_on is E'@behavior +orderBy\nThe last day to pay, in the community''s time zone.';
comment on constraint pledges_person_id_fkey on campaigns.pledges is E'@fieldName person\n@foreignFieldName pledges';
comment on constraint pledges_created_by_fkey on campaigns.pledges is E'@fieldName creator\n@foreignFieldName recordedPledges';
comment on constraint pledges_currency_fkey on campaigns.pledges is E'@fieldName moneyOf\n@foreignFieldName pledges\n@behavior -connection -list';
comment on table campaigns.payments is 'What was paid on a pledge; below zero: paid back.';
comment on column campaigns.payments.amount is 'In the smallest unit of the pledge''s currency.';
comment on column campaigns.payments.paid_on is E'@behavior +orderBy\nThe day of the payment.';
comment on column campaigns.payments.reference is 'What the bank or the book says.';
comment on column campaigns.payments.client_id is 'Made by the recorder''s client; recording with the same one again returns the first payment.';
comment on constraint payments_recorded_by_fkey on campaigns.payments is E'@fieldName recorder\n@foreignFieldName recordedPayments';
comment on type campaigns.pledge_entry is 'What somebody promises to pay.';
comment on column campaigns.pledge_entry.amount is 'In the smallest unit of the currency: 150 is 1.50 EUR.';
comment on column campaigns.pledge_entry.currency is 'A code of currencies, such as EUR.';
comment on column campaigns.pledge_entry.due_on is 'The last day to pay; null: none of its own.';
comment on function campaigns.set_pledges is
  E'@arg pledges 1 to 1,000 pledges, one per person.\nWrites down what people of a group, or of the community, promised for a purpose; a person has one pledge per purpose. For staff of the group; without groupId for owners of the community. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function campaigns.record_payment is
  'Writes down a payment on a pledge. Idempotent: the same clientId returns the first payment. For staff. Errors: HW401, HW404, HW422.';
comment on function campaigns.pledges_paid_amount is 'The sum of its payments, in the smallest unit of the currency.';
comment on function campaigns.pledges_balance is 'What is left to pay; below zero: overpaid.';
