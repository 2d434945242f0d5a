#!/bin/sh
# The operator's tool as an operator sees it, on a private PostgreSQL and with
# the null drivers, whose resources are files.
set -u
LC_ALL=C
export LC_ALL
src=${top_srcdir:-$(dirname "$0")/../..}
tool=${top_builddir:-.}/coffer/coffer
n=0

ok() { n=$((n + 1)); echo "ok $n - $1"; }
bad() {
	n=$((n + 1))
	echo "not ok $n - $1"
	sed 's/^/# /' "$d/out"
}
# says SENTENCE STATUS PATTERN COMMAND... - exit status, and what is printed.
says() {
	sentence=$1 want=$2 pattern=$3
	shift 3
	"$tool" -c "$d/conf" "$@" >"$d/out" 2>&1 </dev/null
	have=$?
	if [ $have = "$want" ] && { [ -z "$pattern" ] ||
	    grep -q -e "$pattern" "$d/out"; }; then
		ok "$sentence"
	else
		echo "exit status $have, not $want; or no $pattern" >>"$d/out"
		bad "$sentence"
	fi
}
coffer() { "$tool" -c "$d/conf" "$@" </dev/null; }
sql() { psql -X -q -A -t -h "$d/pg" -U admin -d coffer -c "$1"; }

for p in /usr/lib/postgresql/*/bin; do PATH=$PATH:$p; done
command -v psql >/dev/null && command -v initdb >/dev/null || {
	echo "1..0 # SKIP no PostgreSQL"
	exit 0
}
d=$(mktemp -d /tmp/coffer-tool.XXXXXX)
chmod 711 "$d"
mkdir "$d/pg"
trap '"$src/t/unit/private_pg" "$d/pg" stop; rm -rf "$d"' EXIT
trap 'exit 1' INT TERM HUP
"$src/t/unit/private_pg" "$d/pg" start || { echo "Bail out! no PostgreSQL"; exit 1; }
cat >"$d/conf" <<END
[pg]
dsn = host=$d/pg dbname=coffer
[local]
root = $d/local
host = here
[compute]
driver = null
[volume]
driver = null
[network]
driver = null
END
admin="host=$d/pg user=admin dbname=coffer"

# --- itself -----------------------------------------------------------------------

says "help lists every command" 0 '^  audit ' --help
says "help of a noun lists its verbs" 0 '^  role grant USER' role --help
says "help of a command says its arguments" 0 'NAME --manager' version add --help
says "the version is told" 0 '^coffer [0-9]' --version
says "an unknown command is told" 2 'no command "frob nicate"' frob nicate
says "a missing word is told with the usage" 2 'NAME is missing (usage' project add
says "an unknown setting is told with its line" 2 'conf:2: no setting' \
    -c "$(printf '[pg]\nnope = 1\n' >"$d/badconf"; echo "$d/badconf")" project list
says "a configuration that was named has to be there" 2 'No such file' \
    -c "$d/nowhere" project list
printf '[pg]\ndsn = host=%s/none dbname=coffer\n' "$d" >"$d/away"
says "a store that is away has a status of its own" 5 'PostgreSQL' -c "$d/away" project list

# --- setting up ---------------------------------------------------------------------

says "the schema is up to date" 0 '^0001 ' db status --dsn "$admin" --dir "$src/sql"
mkdir "$d/sql"
cp "$src"/sql/*.sql "$d/sql/"
add_file() {			# NUMBER SQL
	printf 'BEGIN; %s; INSERT INTO schema_version (version) VALUES (%d); COMMIT;\n' \
	    "$2" "$1" >"$d/sql/$(printf %04d "$1")_test.sql"
}
last=$(sql 'SELECT max(version) FROM schema_version')
add_file $((last + 1)) 'CREATE TABLE zz (x int)'
says "a pending file is told by the exit status" 1 'pending' \
    db status --dsn "$admin" --dir "$d/sql"
says "it is run" 0 '_test.sql$' db migrate --dsn "$admin" --dir "$d/sql"
says "it is not run again" 0 '' db migrate --dsn "$admin" --dir "$d/sql"
[ ! -s "$d/out" ] && ok "and nothing is said then" || bad "and nothing is said then"
add_file $((last + 2)) 'DROP TABLE zz'
says "a program's own role may not migrate" 6 'must be owner' db migrate \
    --dsn "host=$d/pg user=coffer_operator dbname=coffer" --dir "$d/sql"

says "a key is written" 0 'safe place' key new "$d/key"
[ "$(stat -c %a "$d/key")" = 600 ] && [ "$(wc -c <"$d/key")" = 65 ] &&
    ok "it is readable by its owner only" || bad "it is readable by its owner only"
cp "$d/key" "$d/key.was"
says "a key is never replaced" 4 'stays as it is' key new "$d/key"
cmp -s "$d/key" "$d/key.was" && ok "it is as it was" || bad "it is as it was"

# --- catalogue -----------------------------------------------------------------------

says "a datastore is added" 0 '^[0-9a-f-]\{36\}$' datastore add mariadb
says "a second of its name is not" 4 'there already' datastore add mariadb
says "a version is added" 0 '^[0-9a-f-]\{36\}$' version add mariadb 10.11 --manager null --default
says "versions are listed" 0 'mariadb  *10.11  *10.11  *null  *yes  *yes  *0  *0$' version list
says "versions are listed in JSON" 0 '"active":true,"default":true,"parameters":0' version list --json
printf '# comment\nmax_connections\tinteger\t0\t1\t100000\nsql_mode\tstring\t0\n' >"$d/tsv"
says "parameters are loaded" 0 '^2 parameters$' parameters load mariadb/10.11 "$d/tsv"
printf 'a\tinteger\t0\t1\t2\na\tinteger\t0\t1\t2\n' >"$d/tsv"
says "a name twice is refused" 2 'stands twice' parameters load mariadb/10.11 "$d/tsv"
printf 'a\tcolour\t0\t1\t2\n' >"$d/tsv"
says "a type that is none is refused with its line" 2 'line 1' parameters load mariadb/10.11 "$d/tsv"
says "what was loaded stands" 0 'max_connections  *integer  *no  *1  *100000' parameters list mariadb/10.11
says "flavors come from the configuration" 0 '^4 flavors$' flavor load
says "a flavor is added" 0 '' flavor add 9 big --ram 4096 --vcpus 2
says "a flavor without memory is not" 2 'numbers' flavor add 8 bad --ram none --vcpus 2

# --- identity ------------------------------------------------------------------------

says "a project has an id like Keystone's" 0 '^[0-9a-f]\{32\}$' project add demo
says "a name that looks like an id is refused" 2 'look like an id' \
    project add 0123456789abcdef0123456789abcdef
says "a made-up password is printed" 0 '^password [A-Za-z0-9]\{24\}$' user add joe
printf 'a given one\n' >"$d/pw"
says "a given one is not" 0 '^[0-9a-f]\{32\}$' user add ann --password-file "$d/pw"
: >"$d/empty"
says "an empty one is refused" 2 'no password' user add bob --password-file "$d/empty"
[ "$(sql "SELECT count(*) FROM users WHERE password_hash LIKE '\$argon2id\$%'")" = 2 ] &&
    ok "passwords are stored as Argon2id only" || bad "passwords are stored as Argon2id only"
says "a role is given" 0 '' role grant joe demo member
says "a role that is none is not" 2 'no role king' role grant joe demo king
says "roles are listed" 0 'joe  *demo  *member' role list

# --- work ----------------------------------------------------------------------------

says "quotas show the configured limits" 0 'volumes  *0  *40  *no' quota show demo
says "a limit is set" 0 '' quota set demo volumes=7 ram=-1
says "and shown as the project's own" 0 'volumes  *0  *7  *yes' quota show demo
says "a resource that is none is refused" 2 'wants RESOURCE' quota set demo cats=1

tenant=$(sql "SELECT id FROM projects WHERE name = 'demo'")
one=aaaaaaaa-0000-4000-8000-000000000001
two=aaaaaaaa-0000-4000-8000-000000000002
sql "INSERT INTO instances (id, tenant_id, name, version_id, flavor_id, ram_mb,
    vcpus, volume_gb, task, server_status, region, server_id, volume_id, port_id)
    SELECT '$one', '$tenant', 'evil' || chr(27) || '[2J', id, '1', 256, 1, 2, 'NONE', 'ACTIVE',
    'r', 's', 'v', 'p' FROM datastore_versions;
    INSERT INTO guests (instance_id) VALUES ('$one');
    INSERT INTO quotas (tenant_id, instances, ram, volumes) VALUES ('$tenant', 1, 256, 2)
    ON CONFLICT (tenant_id) DO UPDATE SET instances = 1, ram = 256, volumes = 2"
says "control bytes of a tenant do not reach the terminal" 0 'evil?\[2J' instance list

mkdir -p "$d/local/null/server" "$d/local/null/volume" "$d/local/null/port"
for k in server volume port; do : >"$d/local/null/$k/$one"; done
says "an audit of what agrees finds nothing" 0 '^1 instances, 0 differences$' audit
: >"$d/local/null/volume/$two"
: >"$d/local/null/server/$two"
says "a resource without a row is told" 1 "volume  *$two  no instance has it$" audit
[ -e "$d/local/null/volume/$two" ] && ok "and stays" || bad "and stays"
says "and is removed when that is asked for" 1 "volume  *$two  no instance has it: removed" audit --remove
[ ! -e "$d/local/null/volume/$two" ] && [ ! -e "$d/local/null/server/$two" ] &&
    [ -e "$d/local/null/volume/$one" ] && ok "it and nothing else" || bad "it and nothing else"
rm "$d/local/null/server/$one"
says "a row without its resource is told and stays" 1 "instance  $one  its server is gone" audit --remove
: >"$d/local/null/server/$one"
sql "UPDATE quotas SET ram = 9; INSERT INTO guests (instance_id) VALUES ('$two')"
says "a wrong quota is told, in JSON" 1 '"what":"quota".*ram 9' audit --json
says "and mended when that is asked for" 1 'mended' audit --fix-quotas
says "a guest without an instance is told" 1 "guest  *$two  its instance is gone" audit
says "and forgotten when that is asked for" 1 'mended' audit --remove
says "then all agrees again" 0 ' 0 differences' audit

sql "INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id, kind, status, deadline, error)
    VALUES ('bbbbbbbb-0000-4000-8000-000000000001', '$one', '$tenant', 'u', 'req-1',
    'user_create', 'FAILED', now(), 'because')"
says "failed tasks are listed" 0 'user_create  *FAILED.*because' task list --failed
says "a task is shown in full" 0 '^error  *because' task show bbbbbbbb-0000-4000-8000-000000000001
says "one that cannot be repeated says why" 6 'arguments.*forgotten' \
    task retry bbbbbbbb-0000-4000-8000-000000000001

says "a backup that is not there is not tried" 3 'cannot be found' \
    backup verify bbbbbbbb-0000-4000-8000-000000000002
says "nor is what is no backup's id" 2 'no backup has the id' \
    backup verify monday

if command -v python3 >/dev/null 2>&1; then
	for list in version project user role flavor task instance datastore; do
		coffer $list list --json | python3 -m json.tool
	done >"$d/out" 2>&1 && ok "JSON is JSON" || bad "JSON is JSON"
fi
echo "1..$n"
