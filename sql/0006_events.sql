-- What happened, for operators and their billing: a row for everything that
-- tenants ask for and for every state that their things take, written by
-- triggers in the transaction that changes it.  And the answers to requests
-- with an Idempotency-Key.
BEGIN;
INSERT INTO schema_version (version) VALUES (6);

-- Read in the order (xid, seq), and only below the oldest transaction that
-- still runs: then nothing can appear behind a reader.  Whoever restores a dump
-- into another server sets xid to '0' and empties event_cursors.
CREATE TABLE events (
	xid		xid8 NOT NULL DEFAULT pg_current_xact_id(),
	seq		bigint GENERATED ALWAYS AS IDENTITY,
	at		timestamptz NOT NULL DEFAULT now(),
	tenant_id	text NOT NULL,
	type		text NOT NULL,		-- dbaas.instance_create.start
	payload		jsonb NOT NULL,		-- never a secret
	PRIMARY KEY (xid, seq)
);
CREATE INDEX events_tenant ON events (tenant_id, xid, seq);

-- How far a reader of all events has come.
CREATE TABLE event_cursors (
	name		text PRIMARY KEY,
	xid		xid8 NOT NULL DEFAULT '0',
	seq		bigint NOT NULL DEFAULT 0
);
INSERT INTO event_cursors (name) VALUES ('log');

-- An answer is sealed: it may hold a password.  NULL: still at work.
CREATE TABLE repeats (
	project		text NOT NULL,
	key		text NOT NULL,
	fingerprint	text NOT NULL,		-- of route and body
	status		int,
	answer		text,
	created		timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project, key)
);
CREATE INDEX repeats_created ON repeats (created);

-- What the program said of the request it serves: see store_context().
CREATE FUNCTION event_context() RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT coalesce(nullif(current_setting('coffer.context', true), ''), '{}')::jsonb
$$;

-- What the contract calls the request that a kind of task carries out.
CREATE FUNCTION event_name(kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'dbaas.' || CASE kind
		WHEN 'create' THEN 'instance_create'
		WHEN 'delete' THEN 'instance_delete'
		WHEN 'restart' THEN 'instance_restart'
		WHEN 'recover' THEN 'instance_recover'
		WHEN 'resize_flavor' THEN 'instance_resize_instance'
		WHEN 'resize_volume' THEN 'instance_resize_volume'
		WHEN 'user_update' THEN 'user_update_attributes'
		WHEN 'user_passwords' THEN 'user_change_password'
		WHEN 'grant' THEN 'user_grant'
		WHEN 'revoke' THEN 'user_revoke'
		WHEN 'reboot' THEN 'instance_reboot'
		WHEN 'backup' THEN 'backup_create'
		WHEN 'access' THEN 'instance_access'
		WHEN 'configure' THEN 'instance_configure'
		ELSE kind END
$$;

-- tasks: start, then end or error with all that start said ------------------

ALTER TABLE tasks ADD COLUMN traits jsonb;

CREATE FUNCTION event_of_new_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	more jsonb;
BEGIN
	NEW.traits := '{"server_type": "api"}' || event_context() ||
	    jsonb_build_object('tenant_id', NEW.tenant_id, 'request_id',
	    NEW.request_id, 'task_id', NEW.id, 'task_kind', NEW.kind,
	    'instance_id', NEW.instance_id);
	IF NEW.kind = 'create' THEN
		SELECT jsonb_build_object('name', i.name, 'flavor_id', i.flavor_id,
		    'volume_size', i.volume_gb, 'datastore', d.name,
		    'datastore_version', v.name, 'image_id', v.image_id,
		    'region_name', i.region, 'availability_zone', NULL)
		INTO more FROM instances i
		JOIN datastore_versions v ON v.id = i.version_id
		JOIN datastores d ON d.id = v.datastore_id
		WHERE i.id = NEW.instance_id;
	ELSIF NEW.kind = 'backup' THEN
		SELECT jsonb_build_object('backup_id', b.id, 'name', b.name,
		    'description', b.description, 'parent_id', b.parent_id)
		INTO more FROM backups b WHERE b.id = NEW.id;
	END IF;
	NEW.traits := NEW.traits || coalesce(more, '{}');
	INSERT INTO events (tenant_id, type, payload) VALUES (NEW.tenant_id,
	    event_name(NEW.kind) || '.start', NEW.traits);
	RETURN NEW;
END $$;
CREATE TRIGGER event_of_new_task BEFORE INSERT ON tasks
	FOR EACH ROW EXECUTE FUNCTION event_of_new_task();

CREATE FUNCTION event_of_ended_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	p jsonb := coalesce(NEW.traits, jsonb_build_object('tenant_id',
	    NEW.tenant_id, 'request_id', NEW.request_id, 'task_id', NEW.id,
	    'task_kind', NEW.kind, 'instance_id', NEW.instance_id)) ||
	    '{"server_type": "taskmanager"}';
	good boolean := NEW.status = 'SUCCEEDED';
BEGIN
	IF NOT good THEN
		p := p || jsonb_build_object('message', coalesce(NEW.error,
		    'Cancelled.'), 'exception', jsonb_build_array(
		    format('Task %s (%s) at step %s: %s', NEW.id, NEW.kind,
		    coalesce(NEW.failed_step, '-'), NEW.status)));
	END IF;
	INSERT INTO events (tenant_id, type, payload) VALUES (NEW.tenant_id,
	    event_name(NEW.kind) || CASE WHEN good THEN '.end' ELSE '.error' END,
	    p);
	RETURN NULL;
END $$;
CREATE TRIGGER event_of_ended_task AFTER UPDATE OF status ON tasks
	FOR EACH ROW WHEN (OLD.status <> NEW.status AND
	NEW.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))
	EXECUTE FUNCTION event_of_ended_task();

-- instances: their states, what changed, and what billing reads -------------

CREATE FUNCTION event_isotime(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

-- The ids by which the contract tells datastores apart.
CREATE FUNCTION event_service(manager text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE manager
		WHEN 'mysql' THEN '2f3ff068-2bfb-4f70-9a9d-a6bb65bc084b'
		WHEN 'percona' THEN 'fd1723f5-68d2-409c-994f-a4a197892a17'
		WHEN 'mariadb' THEN '7a4f82cc-10d2-4bc6-aadc-d9aacc2a3cb5'
		WHEN 'postgresql' THEN 'ac277e0d-4f21-40aa-b347-1ea31e571720'
		WHEN 'redis' THEN 'b216ffc5-1947-456c-a4cf-70f94c05f7d0'
		WHEN 'mongodb' THEN 'c8c907af-7375-456f-b929-b637ff9209ee'
		WHEN 'cassandra' THEN '459a230d-4e97-4344-9067-2a54a310b0ed'
		ELSE 'unknown-service-id-error' END
$$;

CREATE FUNCTION event_usage(i instances, what text, more jsonb) RETURNS void
	LANGUAGE sql AS $$
	INSERT INTO events (tenant_id, type, payload)
	SELECT i.tenant_id, 'trove.instance.' || what, jsonb_build_object(
	    'tenant_id', i.tenant_id, 'user_id', (SELECT t.user_id FROM tasks t
	    WHERE t.instance_id = i.id AND t.kind = 'create' LIMIT 1),
	    'created_at', event_isotime(i.created), 'launched_at',
	    event_isotime(i.created), 'name', i.name, 'instance_name', i.name,
	    'instance_id', i.id, 'instance_type_id', i.flavor_id,
	    'instance_type', f.name, 'instance_size', i.ram_mb,
	    'nova_instance_id', i.server_id, 'region', i.region,
	    'state', lower(i.server_status), 'state_description',
	    lower(i.server_status), 'service_id', event_service(v.manager),
	    'volume_size', i.volume_gb, 'nova_volume_id', i.volume_id) || more
	FROM datastore_versions v LEFT JOIN flavors f ON f.id = i.flavor_id
	WHERE v.id = i.version_id
$$;

CREATE FUNCTION event_of_instance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	p jsonb := event_context() || jsonb_build_object('tenant_id',
	    NEW.tenant_id, 'instance_id', NEW.id);
	was jsonb := to_jsonb(OLD);
	now_is jsonb := to_jsonb(NEW);
	changed jsonb;
BEGIN
	IF (OLD.task, OLD.server_status) IS DISTINCT FROM
	    (NEW.task, NEW.server_status) THEN
		INSERT INTO events (tenant_id, type, payload) VALUES
		    (NEW.tenant_id, 'coffer.instance.state', p ||
		    jsonb_build_object('task', NEW.task, 'old_task', OLD.task,
		    'state', NEW.server_status, 'old_state', OLD.server_status));
	END IF;
	SELECT jsonb_object_agg(c, now_is -> c) INTO changed FROM unnest(ARRAY[
	    'name', 'flavor_id', 'volume_gb', 'access', 'configuration_id',
	    'replica_of', 'version_id', 'cluster_id', 'root_enabled_at',
	    'fault']) c WHERE was -> c IS DISTINCT FROM now_is -> c;
	IF changed IS NOT NULL THEN
		INSERT INTO events (tenant_id, type, payload) VALUES
		    (NEW.tenant_id, 'coffer.instance.update', p || changed);
	END IF;
	IF OLD.task = 'BUILDING' AND NEW.task = 'NONE' AND
	    NEW.server_status = 'ACTIVE' THEN
		PERFORM event_usage(NEW, 'create', '{}');
	END IF;
	IF OLD.flavor_id <> NEW.flavor_id THEN
		PERFORM event_usage(NEW, 'modify_flavor', jsonb_build_object(
		    'old_instance_size', OLD.ram_mb, 'modify_at',
		    event_isotime(NEW.updated), 'launched_at',
		    event_isotime(NEW.updated)));
	END IF;
	IF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
		PERFORM event_usage(NEW, 'delete', jsonb_build_object(
		    'deleted_at', event_isotime(NEW.deleted_at)));
	END IF;
	RETURN NULL;
END $$;
-- What workers note of a place (server_id, port_id ...) is nobody's business.
CREATE TRIGGER event_of_instance AFTER UPDATE ON instances FOR EACH ROW
	WHEN (OLD.deleted_at IS NULL AND
	(OLD.task, OLD.server_status, OLD.name, OLD.flavor_id, OLD.volume_gb,
	OLD.version_id, OLD.access, OLD.configuration_id, OLD.replica_of,
	OLD.cluster_id, OLD.root_enabled_at, OLD.fault, OLD.deleted_at)
	IS DISTINCT FROM
	(NEW.task, NEW.server_status, NEW.name, NEW.flavor_id, NEW.volume_gb,
	NEW.version_id, NEW.access, NEW.configuration_id, NEW.replica_of,
	NEW.cluster_id, NEW.root_enabled_at, NEW.fault, NEW.deleted_at))
	EXECUTE FUNCTION event_of_instance();

CREATE FUNCTION event_of_guest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events (tenant_id, type, payload)
	SELECT i.tenant_id, 'coffer.instance.guest', jsonb_build_object(
	    'tenant_id', i.tenant_id, 'instance_id', i.id, 'server_type',
	    'guest', 'status', NEW.status, 'old_status', OLD.status)
	FROM instances i WHERE i.id = NEW.instance_id;
	RETURN NULL;
END $$;
CREATE TRIGGER event_of_guest AFTER UPDATE OF status ON guests FOR EACH ROW
	WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION event_of_guest();

-- Rows that come, change and go without a task of an instance: the noun, then
-- the columns that are told.  "dbaas.configuration_create.start" and ".end" at
-- once; of what begins as NEW its task tells.  A row that is only marked as
-- deleted is deleted.
CREATE FUNCTION event_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ELSE '{}' END;
	new_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ELSE was END;
	p jsonb := '{"server_type": "api"}' || event_context() ||
	    jsonb_build_object('tenant_id', new_is -> 'tenant_id', TG_ARGV[0] ||
	    '_id', new_is -> 'id');
	verb text := CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'DELETE'
	    THEN 'delete' ELSE 'update' END;
	told jsonb;
	differ boolean;
BEGIN
	SELECT jsonb_object_agg(c, new_is -> c),
	    bool_or(was -> c IS DISTINCT FROM new_is -> c)
	INTO told, differ FROM unnest(TG_ARGV[1:]) c;
	IF was ->> 'deleted_at' IS NULL AND new_is ->> 'deleted_at' IS NOT NULL THEN
		verb := 'delete';
	ELSIF TG_OP = 'UPDATE' AND differ IS NOT TRUE THEN
		RETURN NULL;
	END IF;
	p := p || coalesce(told, '{}');
	IF verb = 'update' AND new_is ? 'state' THEN
		INSERT INTO events (tenant_id, type, payload) VALUES
		    (new_is ->> 'tenant_id', format('coffer.%s.state',
		    TG_ARGV[0]), p || jsonb_build_object('old_state',
		    was -> 'state'));
		RETURN NULL;
	ELSIF TG_OP = 'INSERT' AND new_is ->> 'state' = 'NEW' THEN
		RETURN NULL;
	END IF;
	INSERT INTO events (tenant_id, type, payload)
	SELECT coalesce(new_is ->> 'tenant_id', ''), format('dbaas.%s_%s.%s',
	    TG_ARGV[0], verb, phase), p
	FROM unnest(ARRAY['start', 'end']) phase;
	RETURN NULL;
END $$;

DO $$
DECLARE
	t text[];
BEGIN
	FOREACH t SLICE 1 IN ARRAY ARRAY[
		['configurations', 'configuration', 'name,description,version_id,revision'],
		['backups', 'backup', 'name,description,instance_id,parent_id,state,size'],
		['backup_strategies', 'backup_strategy', 'instance_id,container'],
		['clusters', 'cluster', 'name,version_id,task,configuration_id'],
		['modules', 'module', 'name,type,md5,description,datastore_id,version_id,auto_apply,visible,live_update']
	] LOOP
		CONTINUE WHEN to_regclass(t[1]) IS NULL;
		EXECUTE format('CREATE TRIGGER event_of_row AFTER INSERT OR UPDATE'
		    ' OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION'
		    ' event_of_row(%L, %s)', t[1], t[2], (SELECT
		    string_agg(quote_literal(c), ', ') FROM
		    unnest(string_to_array(t[3], ',')) c));
	END LOOP;
END $$;

GRANT INSERT ON events TO coffer_api, coffer_worker, coffer_conductor;
GRANT SELECT ON events TO coffer_api, coffer_worker;
GRANT DELETE ON events TO coffer_worker;
GRANT SELECT, UPDATE ON event_cursors TO coffer_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON repeats TO coffer_api;
GRANT SELECT, DELETE ON repeats TO coffer_worker;
GRANT SELECT (tenant_id) ON instances TO coffer_conductor;
GRANT SELECT, INSERT, UPDATE, DELETE ON events, event_cursors, repeats
	TO coffer_operator;
COMMIT;
