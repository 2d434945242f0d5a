-- What an instance is asked to be: its place, and what a resize makes of it.
BEGIN;
INSERT INTO schema_version (version) VALUES (7);

-- While a resize is under way, what it is to end with.  Until it has ended the
-- quota is charged the larger one of both.
ALTER TABLE instances
	ADD COLUMN to_flavor	text,
	ADD COLUMN to_ram_mb	int,
	ADD COLUMN to_vcpus	int,
	ADD COLUMN to_gb	int;

-- As asked for at create; NULL: it was not.
ALTER TABLE instances
	ADD COLUMN zone		text;

-- Workers give back what a failed resize was charged.
GRANT SELECT, INSERT, UPDATE ON quotas TO coffer_worker;
COMMIT;
