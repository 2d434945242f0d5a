# The scripts, and the stories that run on what they start.
EXTRA_DIST += \
	.ci/run \
	dev/check \
	dev/down \
	dev/packages \
	dev/stack \
	dev/up \
	t/clients/stock-command-lines.t \
	t/clients/strict-readers.t \
	t/conformance/run \
	t/scenario/0001-an-instance-and-what-is-in-it.t \
	t/scenario/0002-lists-and-documents.t \
	t/scenario/0003-strict-clients.t \
	t/scenario/0004-tokens.t \
	t/scenario/0005-who-may-do-what.t \
	t/scenario/0006-bad-input.t \
	t/scenario/0007-quotas.t \
	t/scenario/0010-an-agent-alone.t \
	t/scenario/0020-killed-processes.t \
	t/scenario/0021-redis-faults.t \
	t/scenario/0022-postgresql-faults.t \
	t/scenario/0023-guests-and-processes-come-and-go.t \
	t/scenario/0030-what-a-guest-may-not.t \
	t/scenario/0031-a-dead-guest-holds-nobody.t \
	t/scenario/0032-a-crowd-at-the-door.t \
	t/scenario/0033-a-superuser-and-the-agents-files.t \
	t/scenario/0040-the-machine-restarts.t \
	t/scenario/0050-configuration-groups.t \
	t/scenario/0065-operator.t \
	t/scenario/0066-logs.t \
	t/scenario/0070-xml.t \
	t/scenario/0050-events.t \
	t/scenario/0051-the-same-request-twice.t \
	t/scenario/0052-tried-first.t \
	t/stack/invariants \
	t/stack/stack.py \
	t/stack/storm.py
