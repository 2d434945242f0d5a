#!/bin/sh
# Names, and what may not stand in any file.
. "$(dirname "$0")/lint.sh"

# shellcheck disable=SC2086
files '*' $product $beside dev nginx sql systemd debian rpm etc |
    grep -E '\.(c|h|t|sh|sql|py|mk|in|conf|service)$' >"$lint_tmp/all" || :
# shellcheck disable=SC2086
files '*.[ch]' $product $beside >"$lint_tmp/sources"

grep -E '(^|/)[^/]*(util|utils|common|helper|helpers|manager|misc|stuff)[^/]*$' \
    "$lint_tmp/all" | grep -v '^debian/' >"$lint_tmp/bad" || :
verdict "no file is named util, common, helper, manager, misc"

# The words are put together here so that this file does not hold them.
words="TO""DO|FIX""ME|XX""X|HA""CK"
xargs grep -nE "(^|[^A-Za-z_.])($words)([^A-Za-z_.]|$)" <"$lint_tmp/all" \
    >"$lint_tmp/bad" || :
verdict "nothing is left for later in a comment"

xargs grep -nE '[ 	]+$' <"$lint_tmp/all" >"$lint_tmp/bad" || :
verdict "no blanks at the end of a line"

xargs grep -nE 'typedef[ 	]+(struct|enum|union)' <"$lint_tmp/sources" |
    grep -v '(\*' >"$lint_tmp/bad" || :		# pointers to functions may
verdict "a struct is called struct"

# "lib/wire/pg.h" is guarded by LIB_WIRE_PG_H.
for h in $(grep '\.h$' "$lint_tmp/sources" | grep -v '\.tbl\.h$'); do
	guard=$(echo "$h" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$h" && grep -q "^#define $guard\$" "$h" ||
	    echo "$h: not guarded by $guard"
done >"$lint_tmp/bad"
verdict "headers are guarded by their own path"

version=$(sed -n 's/^AC_INIT(\[coffer\], \[\([^]]*\)\].*/\1/p' configure.ac)
{
	grep -q "^coffer ($version) " debian/changelog ||
	    echo "debian/changelog does not begin with $version"
	grep -q "^Version: *$version\$" rpm/coffer.spec ||
	    echo "rpm/coffer.spec is not of $version"
} >"$lint_tmp/bad"
verdict "packages have the version of configure.ac"

# What no local.mk names is missing from the tarball.
find . -name local.mk ! -path './build*' -exec cat {} + | tr ' \t\\' '\n\n\n' |
    sort -u >"$lint_tmp/named"
grep -vxF -f "$lint_tmp/named" "$lint_tmp/sources" |
    sed 's/$/: in no local.mk/' >"$lint_tmp/bad" || :
verdict "every source stands in a local.mk"

xargs awk '
{
	width = 0
	for (i = 1; i <= length($0); i++)
		width += substr($0, i, 1) == "\t" ? 8 - width % 8 : 1
	if (width <= 80)
		next
	n++
	if ($0 !~ /"|\/\*/)
		bare++
}
END { print n + 0, "lines over 80 columns,", bare + 0,
	"of them neither row of a table nor beside a comment" }' \
    <"$lint_tmp/sources" | figures
finish
