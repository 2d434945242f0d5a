#!/bin/sh
# Who may include whom.  A folder that is not named in its row is forbidden.
. "$(dirname "$0")/lint.sh"

law='
lib/base   lib/base
lib/wire   lib/base lib/wire
lib/msg    lib/base lib/wire lib/msg
lib/store  lib/base lib/wire lib/store
lib/cloud  lib/base lib/wire lib/cloud
fcgi       lib/base lib/msg lib/store lib/cloud fcgi
worker     lib/base lib/msg lib/store lib/cloud worker
agent      lib/base lib/wire lib/msg agent
coffer     lib/base lib/msg lib/store lib/cloud coffer
man        lib/base coffer man
'

# shellcheck disable=SC2086
files '*.[ch]' $product >"$lint_tmp/sources"
# from-folder, line, included file
while read -r f; do
	sed -n 's|^[ 	]*#[ 	]*include "\([^"]*\)".*|\1|p' "$f" |
	    sed "s|^|$f $(dirname "$f") |"
done <"$lint_tmp/sources" >"$lint_tmp/includes"

awk -v law="$law" '
BEGIN {
	rows = split(law, row, "\n")
	for (i = 1; i <= rows; i++) {
		words = split(row[i], w, " ")
		for (j = 2; j <= words; j++)
			may[w[1], w[j]] = 1
		if (words > 0)
			known[w[1]] = 1
	}
}
{
	to = $3
	if (to == "config.h")
		next
	if (!sub("/[^/]*$", "", to))
		to = "(no folder)"
	if (!($2 in known))
		print $1 ": its folder has no row in the law"
	else if (!(($2, to) in may))
		print $1 " includes \"" $3 "\""
}' "$lint_tmp/includes" | sort -u >"$lint_tmp/bad"
verdict "includes point downward"

while read -r from folder to; do
	[ "$to" = config.h ] || [ -f "$to" ] ||
	    echo "$from includes \"$to\", which is not there"
done <"$lint_tmp/includes" >"$lint_tmp/bad"
verdict "includes are spelled from the top"

# Floors without circles could still hold a circle of two headers.
awk '$1 ~ /\.h$/ && $1 !~ /\.tbl\.h$/ && $3 !~ /\.tbl\.h$/ { print $3, $1 }' \
    "$lint_tmp/includes" | tsort >/dev/null 2>"$lint_tmp/circle" || :
sed 's/^tsort: -: /a circle: /; s/^tsort: //' "$lint_tmp/circle" >"$lint_tmp/bad"
verdict "no headers include each other in a circle"

awk '{ n++ } END { print n + 0, "includes of our own headers" }' \
    "$lint_tmp/includes" | figures
finish
