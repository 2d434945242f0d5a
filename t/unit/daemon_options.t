#!/bin/sh
# What the daemons say to options, before they touch anything.
set -u
LC_ALL=C
export LC_ALL
top=${top_builddir:-.}
n=0
d=$(mktemp -d /tmp/coffer-options.XXXXXX)
trap 'rm -rf "$d"' EXIT
trap 'exit 1' INT TERM HUP

# says STATUS PATTERN PROGRAM OPTION... - one stream, no other word in the other
says() {
	want=$1 pattern=$2
	shift 2
	"$@" >"$d/out" 2>"$d/err" </dev/null
	have=$?
	[ "$want" = 0 ] && told=$d/out other=$d/err || told=$d/err other=$d/out
	[ $have = "$want" ] && grep -q -e "$pattern" "$told" && [ ! -s "$other" ] &&
	    { [ "$want" = 0 ] || [ "$(wc -l <"$told")" = 1 ]; } && return
	echo "$*: exit status $have, wanted $want and $pattern"
	cat "$d/out" "$d/err"
}
ok() {			# SENTENCE: nothing in bad
	n=$((n + 1))
	[ ! -s "$d/bad" ] && echo "ok $n - $1" && return
	echo "not ok $n - $1"
	sed 's/^/# /' "$d/bad"
}

printf '[coffer]\nlog_level = warn\n' >"$d/good"
printf '[coffer]\nlog_level = loud\n' >"$d/loud"
printf '[pg]\ndsn = x\nnope = 1\n' >"$d/bad_conf"
for p in coffer-api worker/coffer-worker worker/coffer-conductor agent/coffer-agent; do
	at=$top/$p
	[ -x "$at" ] || at=$top/${p#*/}
	name=${p#*/}
	{
		says 0 "^usage: $name \[-c FILE\] \[-n NAME\] \[-t\]" "$at" --help
		says 0 '^  -V, --version  the version$' "$at" -h
		says 0 "^$name [0-9]" "$at" --version
		says 0 "^$name: $d/good is good$" "$at" -n 2 -t -c "$d/good"
		says 2 "one word too many: now (see $name --help)" "$at" now
		says 2 "unknown option.*: --frob (see $name --help)" "$at" --frob
		says 2 "unknown option.*: --frob" "$at" -t --frob now
		says 2 '-c wants a value (see' "$at" -t -c
		says 2 '-n wants a value (see' "$at" -n
		says 1 'nowhere: No such file' "$at" -t -c "$d/nowhere"
		says 1 'bad_conf:3: no setting nope in \[pg\]$' "$at" -t -c "$d/bad_conf"
		says 1 'loud is none of error, warn' "$at" -t -c "$d/loud"
	} >"$d/bad"
	ok "$name says what is wrong with its options"
done
{
	says 0 '^  --pool ' "$top/coffer-api" --help
	says 2 'unknown option or value: --pool cats (see' "$top/coffer-api" --pool cats
	says 2 'unknown option or value: --pool (see' "$top/coffer-api" --pool
	for pool in main guest storage; do
		says 0 'is good' "$top/coffer-api" --pool $pool -t -c "$d/good"
	done
} >"$d/bad"
ok "coffer-api takes the names of its pools and no others"
echo "1..$n"
