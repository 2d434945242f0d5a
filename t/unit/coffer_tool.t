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
sed "s|^dsn = .*|dsn = host=$d/none dbname=coffer|" "$d/conf" >"$d/away"
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
# --- every command, in both forms ------------------------------------------------------
# STATUS|PATTERN of what is printed|WORDS, which the shell reads; @ is 1 for the
# table and 2 for JSON.  In this order they make what later ones need.

cat >"$d/good" <<'END_OF_GOOD'
0||db migrate --dsn "$admin" --dir "$d/sql"
0|0001|db status --dsn "$admin" --dir "$d/sql"
0|key@|key new "$d/key@"
0|-|datastore add ware@
0|-|version add ware@ one --manager null --default --image i --packages p
0|-|version add ware@ two --version 2.0 --manager null --inactive --id dddddddd-0000-4000-8000-00000000000@
0||version set ware@/two --active yes --name zwei --image j --packages q --manager failing --default
0|zwei|version list ware@
0|zwei|datastore list
0|2|parameters load ware@/one "$d/two_lines"
0|max_connections|parameters list ware@/one
0|--socket /s|parameters generate --engine redis --server /bin/true --socket /s
0||flavor add f@ small@ --ram 256 --vcpus 1 --disk 1 --ephemeral 1
0|small@|flavor list
0|4|flavor load
0||flavor remove f@
0||project add p@ --id 0000000000000000000000000000000@
0||project disable p@
0|p@|project list
0||project enable p@
0||user add w@ --password-file "$d/pw"
0|password|user add u@ --id 0000000000000000000000000000000@
0||user passwd w@ --password-file "$d/pw"
0|.|user passwd u@
0||user disable w@
0|w@|user list
0||user enable w@
0||role grant u@ p@ reader
0|reader|role list u@
0|audit-u@|token list u@
0|1|token revoke u@
0||role revoke u@ p@ reader
0||quota set p@ ram=512 volumes=default instances=-1
0|512|quota show p@
0|broke|task list --failed --instance eeeeeeee-0000-4000-8000-00000000000@
0|broke|task show ffffffff-0000-4000-8000-00000000000@
0|-|task retry ffffffff-0000-4000-8000-00000000000@
0|of-@|instance list --project p@
0||backup verify abababab-0000-4000-8000-00000000000@ -c "$d/drivers"
0|nightly|schedule list --project p@
1|instance|audit
0||version remove dddddddd-0000-4000-8000-00000000000@
END_OF_GOOD

mkdir "$d/bin" "$d/said"
printf '#!/bin/sh\necho "\\"$* in \\"" | tr -d "\\n"\n' >"$d/bin/redis-parameters"
chmod 755 "$d/bin/redis-parameters"
COFFER_PARAMETERS=$d/bin
export COFFER_PARAMETERS
sed 's/^driver = null$/driver = local/' "$d/conf" >"$d/drivers"
printf 'max_connections\tinteger\t0\t1\t9\nb\tstring\t1\n' >"$d/two_lines"
sed -i 's/^dsn = .*/& password=pg-secret/' "$d/conf" "$d/drivers"

# Rows that no command makes: a tenant's and a worker's.
given() {			# PASS
	sql "INSERT INTO tokens (hash, user_id, audit_id, expires) SELECT 'h$1', id,
	    'audit-u$1', now() + interval '1 hour' FROM users WHERE name = 'u$1';
	    INSERT INTO instances (id, tenant_id, name, version_id, flavor_id, ram_mb, vcpus,
	    volume_gb, task, server_status, region, server_id) SELECT
	    'eeeeeeee-0000-4000-8000-00000000000$1', '0000000000000000000000000000000$1',
	    'of-$1', id, '1', 1, 1, 1, 'NONE', 'ERROR', 'r', 's' FROM datastore_versions
	    WHERE name = 'one' AND NOT EXISTS (SELECT FROM instances WHERE name = 'of-$1')
	    LIMIT 1;
	    INSERT INTO tasks (id, instance_id, tenant_id, user_id, request_id, kind, status,
	    deadline, error) VALUES ('ffffffff-0000-4000-8000-00000000000$1',
	    'eeeeeeee-0000-4000-8000-00000000000$1', '0000000000000000000000000000000$1', 'u',
	    'req-2', 'recover', 'FAILED', now(), 'it broke');
	    INSERT INTO backups (id, tenant_id, instance_id, name, state, container, key)
	    VALUES ('abababab-0000-4000-8000-00000000000$1', '0000000000000000000000000000000$1',
	    'eeeeeeee-0000-4000-8000-00000000000$1', 'b', 'COMPLETED', 'c', 'k');
	    INSERT INTO backup_schedules (id, tenant_id, user_id, instance_id, name, cron, zone, next_run)
	    VALUES ('acacacac-0000-4000-8000-00000000000$1', '0000000000000000000000000000000$1', 'u',
	    'eeeeeeee-0000-4000-8000-00000000000$1', 'nightly', '1 2 * * *', 'UTC', now())"
}

# Every line of good, one pass: what is wrong with any of them goes to bad.
drive() {			# PASS [--json]
	at=0
	while IFS='|' read -r want pattern words; do
		at=$((at + 1))
		case $words in 'token list'*) given "$1" ;; esac
		out=$d/said/$1.$at
		eval "coffer $2 $words" >"$out" 2>"$out.err"
		have=$?
		[ $have = "$want" ] && ! grep -qv 'Redis: Connection refused$' "$out.err" &&
		    { [ -z "$pattern" ] || grep -q -e "$pattern" "$out"; } || {
			echo "coffer $2 $words: exit status $have, wanted $want and $pattern"
			cat "$out" "$out.err"
		}
	done <<-END
	$(sed "s/@/$1/g" "$d/good")
	END
}
sed -n 's/^COMMAND([A-Z]*, *\([a-z_]*\),.*/\1/p' "$src/coffer/commands.tbl.h" |
    tr _ ' ' | while read -r words; do
	grep -q "|$words\( \|\$\)" "$d/good" || echo "$words"
done >"$d/out"
echo 'datastore remove' | diff - "$d/out" >/dev/null &&
    ok "every command of the table is tried here" ||
    bad "every command of the table is tried here"
drive 1 '' >"$d/out"
[ ! -s "$d/out" ] && ok "each does what it says" || bad "each does what it says"
drive 2 --json >"$d/out"
[ ! -s "$d/out" ] && ok "each does it with --json" || bad "each does it with --json"
for at in $(seq "$(wc -l <"$d/good")"); do
	[ -s "$d/said/1.$at" ] && one=y || one=n
	[ -s "$d/said/2.$at" ] && two=y || two=n
	[ $one = $two ] || sed -n "${at}p" "$d/good"
done >"$d/out"
[ ! -s "$d/out" ] && ok "whoever says something says it in both forms" ||
    bad "whoever says something says it in both forms"
if command -v python3 >/dev/null 2>&1; then
	python3 -c '
import json, os, sys
for f in sys.argv[1:]:
    text = open(f).read()
    try:
        text == "" or json.loads(text)
    except ValueError as e:
        print(f, e, text)' "$d"/said/2.*[0-9] >"$d/out" 2>&1
	[ ! -s "$d/out" ] && ok "what is said with --json is one document" ||
	    bad "what is said with --json is one document"
fi

# --- what cannot be done ----------------------------------------------------------------
# The same form.  Each says why in one line on standard error and nothing else,
# and all of them together change nothing.

cat >"$d/wrong" <<'END_OF_WRONG'
2|user wants one of: list, add, passwd, disable, enable (see|user
2|no command "usr" (see coffer --help)|usr
2|user wants one of|user frob
2|-c wants FILE|user list -c
2|unknown option --frob (usage: coffer user list)$|user list --frob
2|one word too many: more (usage|user list more
2|--id wants ID|user add x --id
2|--limit is given twice|task list --limit 1 --limit 2
2|a datastore's name has 1 to 255|datastore add ""
2|no slash|datastore add a/b
2|control characters|datastore add "$(printf 'a\tb')"
2|look like an id|datastore add dddddddd-0000-4000-8000-000000000001
2|UTF-8|datastore add "$(printf '\377')"
2|--id wants a UUID|datastore add x --id 7
4|ware1 is there already|datastore add ware1
3|no datastore nope|datastore remove nope
4|still has versions|datastore remove ware1
3|no datastore nope|version list nope
3|no datastore nope|version add nope 1 --manager null
4|ware1/one/one is there already|version add ware1 one --manager null
2|--manager ENGINE is missing|version add ware1 3
2|no engine oracle; served here are mariadb, mysql, postgresql, redis|version add ware1 3 --manager oracle
2|a default has to be active|version add ware1 3 --manager null --default --inactive
2|no slash|version add ware1 3/4 --manager null
2|nothing to change|version set ware1/one
2|--active wants yes or no|version set ware1/one --active maybe
2|a default has to be active|version set ware1/one --active no --default
2|no engine oracle|version set ware1/one --manager oracle
3|no datastore version ware1/nope (an id|version set ware1/nope --active no
4|has that name and number|version set ware1/drei --name one
4|make it inactive|version remove ware1/one
3|no datastore version|version remove nope
3|no datastore version|parameters list nope
3|no datastore version|parameters load nope "$d/two_lines"
2|No such file|parameters load ware1/one "$d/nowhere"
2|holds none|parameters load ware1/one "$d/empty"
2|no engine oracle|parameters generate --engine oracle
2|slash|flavor add a/b x --ram 1 --vcpus 1
2|are numbers|flavor add f x --ram 1 --vcpus 0
2|--ram MB is missing|flavor add f x --vcpus 1
3|no flavor nope|flavor remove nope
2|local.flavors: "1:tiny" is not id:name|flavor load -c "$d/bad_flavors"
2|1 to 64 bytes|project add ""
2|control characters|project add "$(printf 'a\033b')"
2|32 hex digits|project add x --id 1
4|project p1 is there already|project add p1
3|no project nope|project disable nope
3|no project nope|project enable nope
4|user u1 is there already|user add u1
2|nowhere: No such file|user passwd u1 --password-file "$d/nowhere"
2|the password is too long|user passwd u1 --password-file "$d/long"
3|no user nope|user passwd nope
3|no user nope|user disable nope
3|no user nope|user enable nope
3|no user nope|role list nope
3|no user nope|role grant nope p1 member
3|no project nope|role grant u1 nope member
2|no role king: there are admin, member and reader|role revoke u1 p1 king
3|u1 is not reader in p1|role revoke u1 p1 reader
4|joe is member in demo already|role grant joe demo member
3|no user nope|token list nope
3|no user nope|token revoke nope
3|no project nope|quota show nope
3|no project nope|quota set nope ram=1
2|RESOURCE=LIMIT is missing|quota set p1
2|neither a number from -1 nor default|quota set p1 ram=lots
2|ram is given twice|quota set p1 ram=1 ram=2
2|leave nothing|task list --active --failed
2|from 1 to 100000|task list --limit 0
2|--instance wants an instance's id|task list --instance of-1
3|no task nope|task show nope
3|no task nope|task retry nope
6|another task of the instance|task retry ffffffff-0000-4000-8000-000000000001
3|no project nope|instance list --project nope
3|no project nope|schedule list --project nope
2|names are not looked for|backup verify b
6|not verified here|backup verify abababab-0000-4000-8000-000000000001
2|missing|key new
4|stays as it is|key new "$d/key1"
2|nowhere/key: No such file|key new "$d/nowhere/key"
2|nowhere: No such file|db status --dsn "$admin" --dir "$d/nowhere"
2|no files named NNNN_words.sql|db migrate --dsn "$admin" --dir "$d/bin"
5|database "none" does not exist|user list -c "$d/none"
6|see coffer db status|user list -c "$d/bare"
5|as an administrator: coffer db status --dsn|db status --dir "$d/sql" -c "$d/away"
5|nowhere/.s.PGSQL.5432" failed: No such file or directory; Is the server|db migrate --dsn "host=$d/nowhere" --dir "$d/sql"
6|_test.sql: ERROR:  must be owner of table users$|db migrate --dsn "host=$d/pg user=coffer_operator dbname=coffer" --dir "$d/pending"
END_OF_WRONG

for base in none bare; do
	printf '[pg]\ndsn = host=%s/pg dbname=%s password=pg-secret\n' "$d" $base >"$d/$base"
done
sed 's/^host = here$/&\nflavors = 1:tiny/' "$d/conf" >"$d/bad_flavors"
head -c 2000 /dev/zero | tr '\0' x >"$d/long"
cp -r "$d/sql" "$d/pending"
printf 'ALTER TABLE users ADD COLUMN zz int;\n' >"$d/pending/$(printf %04d $((last + 3)))_test.sql"
sql 'CREATE DATABASE bare'
coffer version add ware1 drei --version one --manager null >/dev/null

state() {
	for t in datastores datastore_versions parameters flavors projects users \
	    assignments tokens quotas tasks instances backups schema_version; do
		sql "SELECT t FROM $t t ORDER BY t::text"
	done
}
# refused COMMAND...: one line of standard error that begins with the tool's name
refused() {			# STATUS PATTERN COMMAND...
	want=$1 pattern=$2
	shift 2
	"$@" >"$d/said/out" 2>"$d/said/err" </dev/null
	have=$?
	[ $have = "$want" ] && grep -q -e "$pattern" "$d/said/err" &&
	    [ ! -s "$d/said/out" ] && [ "$(wc -l <"$d/said/err")" = 1 ] &&
	    grep -q '^coffer: ' "$d/said/err" && return
	echo "$*: exit status $have, wanted $want and $pattern"
	cat "$d/said/out" "$d/said/err"
}
state >"$d/before"
while IFS='|' read -r want pattern words; do
	eval "refused $want \"\$pattern\" coffer $words"
	cat "$d/said/out" "$d/said/err" >>"$d/said/all"
done <"$d/wrong" >"$d/out"
[ ! -s "$d/out" ] && ok "whatever is wrong is told in one line" ||
    bad "whatever is wrong is told in one line"

sed 's/@/1/g' "$d/good" | grep -v '|db \|key new\|generate' | while IFS='|' read -r want pattern words; do
	eval "refused 5 'PostgreSQL: .*Is the server running' coffer $words -c \"\$d/away\""
done >"$d/out"
[ ! -s "$d/out" ] && ok "no command does anything without PostgreSQL" ||
    bad "no command does anything without PostgreSQL"

# As somebody without rights to the files, which root always has.
nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"
	else
		"$@"
	fi
}
mkdir "$d/closed"
for f in conf pw two_lines; do cp "$d/$f" "$d/closed/$f"; done
cp "$d/conf" "$d/open"
chmod 644 "$d/open"
chmod 000 "$d"/closed/*
chmod 555 "$d/closed"
chmod 755 "$d"
if nobody "$tool" --version >/dev/null 2>&1; then
	{
		refused 2 'conf: Permission denied' nobody "$tool" -c "$d/closed/conf" user list
		refused 2 'pw: Permission denied' nobody "$tool" -c "$d/open" user passwd u1 --password-file "$d/closed/pw"
		refused 2 'two_lines: Permission denied' nobody "$tool" -c "$d/open" parameters load ware1/one "$d/closed/two_lines"
		refused 2 'key: Permission denied' nobody "$tool" key new "$d/closed/key"
	} >"$d/out"
	[ ! -s "$d/out" ] && ok "a file without rights to it is told by its name" ||
	    bad "a file without rights to it is told by its name"
fi
chmod 755 "$d/closed"		# so that it can be removed
state | diff "$d/before" - >"$d/out" && ok "and nothing was changed" ||
    bad "and nothing was changed"

grep -r -l -e 'a given one' -e 'pg-secret' -e 'argon2id' "$d/said" >"$d/out"
[ ! -s "$d/out" ] && ok "no secret is printed" || bad "no secret is printed"
sql 'DELETE FROM backups; DELETE FROM tasks; DELETE FROM guests; DELETE FROM instances; DELETE FROM configurations'
for v in drei one; do coffer version remove ware1/$v; done >"$d/out" 2>&1
says "a datastore without versions is removed" 0 '' datastore remove ware1
[ "$(sql "SELECT count(*) FROM datastores WHERE name = 'ware1'")" = 0 ] &&
    ok "and is gone" || bad "and is gone"
echo "1..$n"
