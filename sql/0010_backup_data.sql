-- What a backup consists of, where its data are real, and how far a task has
-- come that moves data.
BEGIN;
INSERT INTO schema_version (version) VALUES (10);

ALTER TABLE backups
	ADD COLUMN key text,			-- of its data, sealed; NULL: there are none of ours
	ADD COLUMN mark text,			-- where an incremental one goes on, in the engine's words
	ADD COLUMN segments jsonb,		-- [{"name", "bytes", "md5"}], in order
	ADD COLUMN stored_bytes bigint,		-- of all segments
	ADD COLUMN plain_bytes bigint,		-- before compression
	-- When storage is looked at (again) for what is to go; NULL: nothing is.
	ADD COLUMN sweep_at timestamptz;
CREATE INDEX backups_sweep ON backups (sweep_at) WHERE sweep_at IS NOT NULL;

ALTER TABLE tasks
	ADD COLUMN moved_bytes bigint,
	ADD COLUMN total_bytes bigint,		-- what they are compared with
	ADD COLUMN moving_since timestamptz,	-- the first look
	ADD COLUMN moved_at timestamptz;	-- the last look that saw more than the one before

-- "12.5 of 80.0 MB, 15 %, 41.2 MB/s"
CREATE FUNCTION task_progress(moved bigint, total bigint, since timestamptz,
	at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN moved IS NULL THEN NULL
	WHEN coalesce(total, 0) <= 0 THEN format('%s MB', round(moved / 1e6, 1))
	ELSE format('%s of %s MB, %s %%', round(moved / 1e6, 1),
	    round(total / 1e6, 1), least(100, moved * 100 / total)) END ||
	CASE WHEN moved IS NOT NULL AND at > since THEN format(', %s MB/s',
	    round(moved / 1e6 / extract(epoch from at - since), 1)) ELSE '' END
$$;
COMMIT;
