-- Configuration groups: nothing so far.
BEGIN;
INSERT INTO schema_version (version) VALUES (3);
COMMIT;
