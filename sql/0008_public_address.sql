-- The second address of an instance whose access is public, and when what its
-- guest had said was given up.
BEGIN;
INSERT INTO schema_version (version) VALUES (8);

-- By the network driver; NULL: none, or the driver has no such.
ALTER TABLE instances
	ADD COLUMN public_address	text;

-- By reset_status: what the guest said until then counts no more.
ALTER TABLE instances
	ADD COLUMN reset_at	timestamptz;

-- What was granted on the table holds for these, too: the API and the worker
-- read and write them, the conductor does neither.
COMMIT;
