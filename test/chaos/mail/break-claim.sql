-- Letters that are sent stay in the queue: nobody sees that they are in somebody's hands.
create function chaos.stay_queued() returns trigger
language plpgsql volatile set search_path = '' as $$
begin
  new.state := 'queued';
  new.lease_until := null;
  return new;
end;
$$;

create trigger _990_stay_queued before update on mail.letters
  for each row when (old.state = 'queued' and new.state = 'sending') execute function chaos.stay_queued();
