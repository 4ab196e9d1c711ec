-- Other audiences, leaving without signing in, and rates that mailbox providers mind.

-- The audience was changed after it had been read; until the job has told the difference.
alter table notify.announcements add column readdressed_at timestamptz;
