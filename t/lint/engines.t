#!/bin/sh
# An engine stands on the page lib/base/engines.c, in agent/ and in its tests:
# nobody else asks for one by its name.
. "$(dirname "$0")/lint.sh"

folders="fcgi worker lib"
page="lib/base/engines.c"

# File, name, reason: each is looked for, so none of them outlives its reason.
exceptions() {
	cat <<'EXCEPTIONS'
lib/base/engines.h|mysql|whose names judge what no engine would take
lib/base/conf_keys.c|redis|the section of the bus, which is a Redis
lib/base/conf_keys.c|mysql|a setting that names an engine's home
lib/base/conf_keys.c|mariadb|the engine of an agent that is told of none
fcgi/names.c|mysql|a database and a user that are called so
EXCEPTIONS
}

# The names in the page's rows, but for the two engines of tests: "null" is
# also a word of JSON.
sed -n 's/^	{ "\([a-z]*\)",.*/\1/p' "$page" | grep -vxE 'null|failing' |
    sort -u >"$lint_tmp/engines"
[ "$(wc -l <"$lint_tmp/engines")" -ge 4 ] ||
    echo "$page: its rows are not found" >"$lint_tmp/bad"
verdict "the page of engines names them"

# shellcheck disable=SC2086
files '*.[ch]' $folders | grep -vxF "$page" >"$lint_tmp/sources"
sed 's/.*/"&"/' "$lint_tmp/engines" >"$lint_tmp/quoted"
# Comments do not decide anything.
while read -r f; do
	sed -e 's|/\*.*\*/||' -e '/^[ 	]*\/\*/,/\*\//d' "$f" |
	    grep -oFf "$lint_tmp/quoted" | sort -u | tr -d '"' |
	    sed "s|^|$f\||" || :
done <"$lint_tmp/sources" >"$lint_tmp/hits"
exceptions | cut -d'|' -f1,2 | sort >"$lint_tmp/allowed"
grep -vxFf "$lint_tmp/allowed" "$lint_tmp/hits" |
    sed 's/|/ names the engine /' >"$lint_tmp/bad" || :
verdict "engines are named on $page, and nowhere else above agent/"

grep -vxFf "$lint_tmp/hits" "$lint_tmp/allowed" |
    sed 's/|/ names no engine /' >"$lint_tmp/bad" || :
verdict "no exception is there without a reason"

# Nor by the way of variables that are called so.
xargs grep -nE '(^|[^A-Za-z_"])(is_)?(mariadb|mysql|postgresql|percona|pxc)(_[a-z]+)?( |\(|\[|;|,|\))' \
    /dev/null <"$lint_tmp/sources" | grep -vE ':[^:]*(/\*| \*|")' \
    >"$lint_tmp/bad" || :
verdict "nothing is called as an engine is"

wc -l <"$lint_tmp/engines" | sed 's/ *//; s/$/ engines/' | figures
finish
