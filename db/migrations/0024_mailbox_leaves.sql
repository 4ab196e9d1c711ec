-- The dev mailbox is a process of its own with a store of its own: it stands for a provider on the other side of the
-- network, and knows nothing of this database.

drop schema mailbox cascade;
