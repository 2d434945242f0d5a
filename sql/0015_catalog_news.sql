-- Whoever keeps a copy of the catalogue hears of each change to it: it LISTENs.
BEGIN;
INSERT INTO schema_version (version) VALUES (15);

CREATE FUNCTION catalog_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY coffer_catalog;
	RETURN NULL;
END $$;
CREATE TRIGGER news AFTER INSERT OR UPDATE OR DELETE ON datastores
	EXECUTE FUNCTION catalog_news();
CREATE TRIGGER news AFTER INSERT OR UPDATE OR DELETE ON datastore_versions
	EXECUTE FUNCTION catalog_news();
CREATE TRIGGER news AFTER INSERT OR UPDATE OR DELETE ON flavors
	EXECUTE FUNCTION catalog_news();
COMMIT;
