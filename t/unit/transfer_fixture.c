#include "t/unit/test.h"
#include "t/unit/transfer_fixture.h"
#include "t/unit/object_fixture.h"
#include "agent/file.h"
#include "agent/orders.h"
#include "agent/report.h"
#include "agent/supervisor.h"
#include "agent/transfer.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/jsonw.h"
#include "lib/msg/channel.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct key key = { { 7, 7 } };
static char copy[64];

static void
copy_remove(void)
{
	unlink(copy);
	*strrchr(copy, '/') = '\0';
	rmdir(copy);
}

void
transfer_fixture_program(void)
{
	const char *build = getenv("top_builddir");
	char dir[] = "/tmp/coffer-transfer.XXXXXX", bytes[65536];
	struct op op;
	FILE *in, *out;
	size_t n;

	op_begin(&op, "test");
	assert_non_null(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(copy, sizeof(copy), "%s/coffer-transfer", dir);
	in = fopen(op_printf(&op, "%s/agent/coffer-transfer",
	    build != NULL ? build : "."), "r");
	out = fopen(copy, "w");
	assert_true(in != NULL && out != NULL);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	fclose(out);
	chmod(copy, 0755);
	(void)!chown(copy, 65534, 65534);	/* as root only */
	(void)!chown(dir, 65534, 65534);
	assert_int_equal(conf_set(&op, "agent", "transfer", copy), OK);
	atexit(copy_remove);
	op_end(&op);
}

void
transfer_fixture_begin(struct op *op, const struct datastore *engine)
{
	assert_int_equal(conf_set(op, "agent", "engine", engine->name), OK);
	assert_int_equal(conf_set(op, "agent", "instance", TRANSFER_GUEST), OK);
	assert_int_equal(conf_set(op, "redis", "socket", "/nowhere"), OK);
	assert_int_equal(journal_open(op, conf_str("agent.data")), OK);
	supervisor_open(op, engine);
	orders_open(TRANSFER_GUEST, &key);
	report_open(TRANSFER_GUEST, &key);
	channel_close();
	channel_open(op, TRANSFER_GUEST);
	for (int i = 0; i < 4000 && !supervisor_ready() &&
	    !journal_stopped(); i++) {
		transfer_fixture_turn();
		usleep(5000);
	}
	assert_true(supervisor_ready() || journal_stopped());
}

void
transfer_fixture_turn(void)
{
	struct op op;

	op_begin(&op, "turn");
	supervisor_turn(&op);
	orders_turn();
	op_end(&op);
}

void
transfer_fixture_give(const char *id, enum order_kind kind, const char *body)
{
	const char *bytes;
	struct op op;
	size_t len;

	op_begin(&op, "give");
	bytes = guest_write_order(&op, &key, TRANSFER_GUEST, id, kind, body,
	    &len);
	assert_true(len < GUEST_MAX);
	orders_take(bytes, len);
	op_end(&op);
}

const struct journal_order *
transfer_fixture_await(const char *id)
{
	int64_t until = clock_ms() + 60000;
	const struct journal_order *o;

	for (;;) {
		struct pollfd fd = { .fd = transfer_watch(), .events = POLLIN };

		transfer_fixture_turn();
		o = journal_find(id);
		if (o != NULL && o->ended)
			return o;
		if (clock_ms() > until)
			fail_msg("order %s does not end", id);
		poll(&fd, 1, 10);
	}
}

enum err
transfer_fixture_do(const char *id, enum order_kind kind, const char *body)
{
	transfer_fixture_give(id, kind, body);
	return transfer_fixture_await(id)->err;
}

int
transfer_fixture_child(int parent, const char *name)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	int pid, above, found = 0;
	char path[300], comm[32];
	FILE *f;

	while (found == 0 && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		if (atoi(e->d_name) == 0 || (f = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(f, "%d (%31[^)]) %*c %d", &pid, comm, &above) == 3 &&
		    above == parent && strcmp(comm, name) == 0)
			found = pid;
		fclose(f);
	}
	closedir(d);
	return found;
}

bool
transfer_fixture_alive(int pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) == NULL)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state != 'Z' && state != 'X';
}

/* --- bodies --------------------------------------------------------------------------- */

static void
part_write(struct op *op, struct jsonw *w, const char *backup,
    const char *leave)
{
	unsigned char hash[SEAL_HASH];
	char hex[2 * SEAL_HASH + 1];

	seal_hash(hash, backup, strlen(backup));
	text_hex(hex, hash, SEAL_HASH);
	jsonw_kstr(w, "backup", backup);
	jsonw_kstr(w, "key", hex);
	jsonw_key(w, leave);
	jsonw_map(w);
	jsonw_kstr(w, "socket", object_fixture_socket());
	jsonw_kstr(w, "before", op_printf(op, "http://storage/%s_", backup));
	jsonw_kstr(w, "after", "?signed=canary");
	jsonw_map_end(w);
}

const char *
transfer_fixture_backup(struct op *op, const char *backup, int segment_bytes,
    const char *since)
{
	struct jsonw w;

	jsonw_begin(&w, op, 1024);
	jsonw_map(&w);
	part_write(op, &w, backup, "put");
	jsonw_kint(&w, "segment_bytes", segment_bytes);
	jsonw_kstr(&w, "since", since);
	jsonw_map_end(&w);
	return w.out.s;
}

const struct json *
transfer_fixture_result(struct op *op, const char *backup)
{
	const char *path = object_fixture_path(op_printf(op, "%s_result",
	    backup));
	const struct json *j;
	const char *text;
	size_t n;

	if (file_get(op, path, &text, &n) != OK)
		return NULL;
	assert_int_equal(json_parse(op, text, n, &j), OK);
	return j;
}

const char *
transfer_fixture_restore(struct op *op, const char *const *backups)
{
	struct jsonw w;

	jsonw_begin(&w, op, 4096);
	jsonw_map(&w);
	jsonw_key(&w, "chain");
	jsonw_list(&w);
	for (; *backups != NULL; backups++) {
		const struct json *r = transfer_fixture_result(op, *backups);
		const struct json *list = json_get(r, "segments");

		assert_non_null(r);
		jsonw_map(&w);
		part_write(op, &w, *backups, "get");
		jsonw_kint(&w, "bytes", json_int(json_get(r, "bytes")));
		jsonw_key(&w, "segments");
		if (json_kind(list) == JSON_MAP) {
			jsonw_map(&w);
			jsonw_kint(&w, "each", json_int(json_get(list,
			    "each")));
			jsonw_map_end(&w);
			jsonw_map_end(&w);
			continue;
		}
		jsonw_list(&w);
		for (size_t i = 0; i < json_count(list); i++) {
			const struct json *s = json_at(list, i);

			jsonw_map(&w);
			jsonw_kstr(&w, "name", json_str(json_get(s, "name")));
			jsonw_kint(&w, "bytes", json_int(json_get(s, "bytes")));
			jsonw_kstr(&w, "md5", json_str(json_get(s, "md5")));
			jsonw_map_end(&w);
		}
		jsonw_list_end(&w);
		jsonw_map_end(&w);
	}
	jsonw_list_end(&w);
	jsonw_map_end(&w);
	return w.out.s;
}
