-- The backup that an instance was made of: it stays while that goes on.
BEGIN;
INSERT INTO schema_version (version) VALUES (14);

ALTER TABLE instances ADD COLUMN restores uuid;
CREATE INDEX instances_restore ON instances (restores)
	WHERE restores IS NOT NULL AND deleted_at IS NULL;
COMMIT;
