/* What those inside an instance can reach, in one mode (MODE): tried for real. */
#include "t/unit/test.h"
#include "t/unit/local_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/cloud/local.h"
#include "lib/cloud/local_tree.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FOREVER "echo up; while :; do sleep 1; done"

static bool
is(const char *mode)
{
	return strcmp(MODE, mode) == 0;
}

static bool
has_view(void)
{
	return is("full") || is("userns");
}

/* Each line: a name, and a shell command that may not succeed. */
static const struct { const char *what, *try; bool view_only; } attacks[] = {
	{ "unshare user", "unshare -U -r true", false },
	{ "unshare mount", "unshare -m true", false },
	{ "clone user", "perl -e 'exit(syscall(56, 0x10000000|17, 0,0,0,0) "
	    "< 0)'", false },
	{ "mount", "mount -t tmpfs x /tmp", false },
	{ "chroot", "chroot / true", false },
	{ "ptrace", "perl -e 'exit(syscall(101, 0,0,0,0) < 0)'", false },
	{ "keyctl", "perl -e 'exit(syscall(250, 0, -3, 0) < 0)'", false },
	{ "setuid", "perl -e '$< = 0; exit($< != 0)'", false },
	{ "capability", "grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status && "
	    "[ $(id -u) = 0 ]", false },
	{ "new privileges", "grep -q 'NoNewPrivs:.*0' /proc/self/status",
	    false },
	{ "no filter", "grep -q 'Seccomp:.*[01]' /proc/self/status", false },
	{ "shadow", "cat /etc/shadow", false },
	{ "own disk", "ls $HOST", true },
	{ "the others", "ls -d /proc/[0-9]* | grep -q '[0-9][0-9][0-9]'",
	    true },
	{ "first process", "kill -KILL 1; ls -l /proc/1/fd/", true },
	{ "write /usr", "touch /usr/x", false },
	{ "write /", "touch /x", false },
	{ "write /etc", "touch /etc/x", false },
	{ "write agent", "echo >> /run/coffer-agent/coffer-agent", true },
	{ "devices", "ls /dev/vda /dev/sda /dev/mem /dev/loop0", true },
	{ "sys", "ls /sys/*", true },
	{ "run from the volume", "cp /usr/bin/true x; ./x", true },
	{ "run from /tmp", "cp /usr/bin/true /tmp/x; /tmp/x", true },
	{ "users", "grep -vc 'root\\|coffer' /etc/passwd", true },
};

static void
attacks_from_inside_fail(void **state)
{
	struct place p;
	struct text t;
	struct op op;
	const char *text;

	(void)state;
	if (is("plain"))
		skip();			/* walls are what it lacks */
	op_begin(&op, "test");
	text_begin(&t, &op, 4096);
	text_printf(&t, "HOST=%s\n", stack_dir);
	for (size_t i = 0; i < ROWS(attacks); i++)
		if (has_view() || !attacks[i].view_only)
			text_printf(&t, "if (%s) >/dev/null 2>&1; then "
			    "echo 'BROKE OUT: %s'; fi\n", attacks[i].try,
			    attacks[i].what);
	text_add(&t, "echo tried all; sleep 1000");
	p = place_in(&op, 1, t.s);
	make(&op, &p);
	text = said(&op, &p, "tried all");
	if (strstr(text, "BROKE OUT") != NULL)
		fail_msg("%s", text);
	unmake(&op, &p);
	op_end(&op);
}

/* The means of the attacks work: outside each of the first does succeed. */
static void
the_same_attacks_succeed_outside(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(0, system(attacks[0].try));
	assert_int_equal(0, system("perl -e 'exit(syscall(250, 0, -3, 0) < 0)'"));
	assert_int_equal(0, system("chroot / true"));
}

static void
another_instances_files_are_out_of_reach(void **state)
{
	struct place a, b;
	struct op op;

	(void)state;
	if (geteuid() != 0 && is("plain"))
		skip();
	op_begin(&op, "test");
	a = place_in(&op, 1, "echo secret >mine; " FOREVER);
	make(&op, &a);
	said(&op, &a, "up");
	b = place_in(&op, 2, op_printf(&op, "cat %s/vol/mine %s/agent.conf "
	    "&& echo BROKE OUT; ls %s/instances && echo BROKE OUT; "
	    "echo tried all; sleep 1000", place_dir(&op, &a),
	    place_dir(&op, &a), stack_dir));
	make(&op, &b);
	assert_null(strstr(said(&op, &b, "tried all"), "BROKE OUT"));
	unmake(&op, &a);
	unmake(&op, &b);
	op_end(&op);
}

/* A listening socket on every address of the host; its port. */
static int
listen_everywhere(int *fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t n = sizeof(in);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(*fd, (struct sockaddr *)&in, sizeof(in)));
	assert_int_equal(0, listen(*fd, 8));
	getsockname(*fd, (struct sockaddr *)&in, &n);
	return ntohs(in.sin_port);
}

static bool
host_reaches(const char *address, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port) };
	const struct timeval soon = { .tv_sec = 3 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	inet_pton(AF_INET, address, &in.sin_addr);
	ok = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;
	close(fd);
	return ok;
}

static const char *
dial(struct op *op, const char *address, int port)
{
	return op_printf(op, "perl -MIO::Socket::INET -e 'exit(!IO::Socket::"
	    "INET->new(PeerAddr => \"%s:%d\", Timeout => 1))' && "
	    "echo 'BROKE OUT: %s:%d'\n", address, port, address, port);
}

#define SERVER	"perl -MIO::Socket::INET -e '$l = IO::Socket::"		\
	"INET->new(LocalPort => 3306, Listen => 9); print \"up\\n\"; "	\
	"$| = 1; print \"listens\\n\"; $l->accept while 1'"

static void
the_network_leads_in_and_not_out(void **state)
{
	struct local_net net;
	struct place a, b;
	struct op op;
	int fd, port;

	(void)state;
	if (!is("full"))
		skip();			/* shares the host's network, and says so */
	op_begin(&op, "test");
	port = listen_everywhere(&fd);
	a = place_in(&op, 1, SERVER);
	make(&op, &a);
	said(&op, &a, "listens");
	assert_int_equal(OK, local_net(&op, 1, &net));
	assert_true(host_reaches(a.address, 3306));
	assert_true(host_reaches(net.gateway, port));
	/* Not even an answer to who has the address: ports are isolated, too. */
	b = place_in(&op, 2, op_printf(&op, "%s%s%s"
	    "grep '^%s .* 0x2 ' /proc/net/arp && echo BROKE OUT\n"
	    "grep -q '^%s .* 0x2 ' /proc/net/arp || echo BROKE DOWN\n"
	    "echo tried all; sleep 1000",
	    dial(&op, net.gateway, port), dial(&op, "127.0.0.1", port),
	    dial(&op, a.address, 3306), a.address, net.gateway));
	make(&op, &b);
	assert_null(strstr(said(&op, &b, "tried all"), "BROKE"));
	unmake(&op, &a);
	unmake(&op, &b);
	close(fd);
	assert_string_equal("", traces(&op));
	op_end(&op);
}

/* The host remembers who had an address: that must not lead it astray. */
static void
who_inherits_an_address_is_reached_at_once(void **state)
{
	struct place other, p;
	struct op op;
	char *first, *now;
	const char *at;

	(void)state;
	if (!is("full"))
		skip();
	op_begin(&op, "test");
	other = place_in(&op, 1, FOREVER);	/* keeps the bridge up */
	make(&op, &other);
	at = op_printf(&op, "/sys/class/net/%s/address", stack_bridge);
	assert_int_equal(OK, file_read(&op, at, &first));
	for (int i = 0; i < 2; i++) {
		p = place_in(&op, 2, SERVER);
		make(&op, &p);
		said(&op, &p, "listens");
		assert_true(host_reaches(p.address, 3306));
		/* What the guests remember of the host holds, too. */
		assert_int_equal(OK, file_read(&op, at, &now));
		assert_string_equal(first, now);
		unmake(&op, &p);
	}
	unmake(&op, &other);
	op_end(&op);
}

/* --- limits ----------------------------------------------------------------------- */

static void
memory_processes_and_disk_are_limited(void **state)
{
	struct place p;
	struct op op;
	const char *text;

	(void)state;
	if (!is("full"))
		skip();			/* volumes are directories elsewhere */
	op_begin(&op, "test");
	p = place_in(&op, 1,
	    "head -c 500m /dev/zero | tail -c 499m >/dev/null || true\n"
	    "(perl -e '$x = \"x\" x 500_000_000; print \"BROKE memory\\n\"')\n"
	    "fallocate -l 2G big && echo BROKE disk\n"
	    "fallocate -l 512M small && echo half fits\n"
	    "setsid -w perl -e '$| = 1; for (1..600) { $p = fork; "
	    "last if !defined $p; if (!$p) { sleep 5; exit } $n = $_ } "
	    "print \"BROKE processes\\n\" if $n == 600; kill 9, 0'\n"
	    "echo tried all; sleep 1000");
	p.ram_mb = 256;			/* and 512 processes */
	make(&op, &p);
	text = said(&op, &p, "tried all");
	assert_null(strstr(text, "BROKE"));
	assert_non_null(strstr(text, "half fits"));
	unmake(&op, &p);
	op_end(&op);
}

static void
only_walls_that_hold_contain_a_superuser(void **state)
{
	(void)state;
	assert_int_equal(has_view(), cloud_compute()->contains_root());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_walls_that_hold_contain_a_superuser),
		cmocka_unit_test(the_same_attacks_succeed_outside),
		cmocka_unit_test(attacks_from_inside_fail),
		cmocka_unit_test(another_instances_files_are_out_of_reach),
		cmocka_unit_test(the_network_leads_in_and_not_out),
		cmocka_unit_test(who_inherits_an_address_is_reached_at_once),
		cmocka_unit_test(memory_processes_and_disk_are_limited),
	};
	int failures;

	stack_begin(MODE);
	failures = cmocka_run_group_tests_name("walls " MODE, tests, NULL,
	    NULL);
	stack_end();
	return failures;
}
