#!/bin/sh
# The manual and the programs tell the same story.  Reads what was built.
. "$(dirname "$0")/lint.sh"

build=${top_builddir:-.}
pages="coffer.8 coffer-agent.8 coffer-api.8 coffer-conductor.8
coffer-sandbox.8 coffer-worker.8 coffer.conf.5"

for p in $pages; do
	[ -s "$build/man/$p" ] || echo "$p is not built"
	! grep -n '@[A-Z][A-Z]*@\|@[a-z]*dir@' "$build/man/$p" ||
	    echo "$p is not filled in"
done >"$lint_tmp/bad" 2>/dev/null
verdict "every page is built"

if command -v mandoc >/dev/null 2>&1; then
	for p in $pages; do
		mandoc -T lint -W warning "$build/man/$p" || :
	done >"$lint_tmp/bad" 2>&1
	verdict "mandoc finds nothing wrong"
else
	skip "mandoc finds nothing wrong" "no mandoc"
fi

# Options of a page: its ".It Fl" lines.  Options of --help: the first column.
of_page() {
	awk '/^\.It Fl / {
		for (i = 2; i < NF; i++)
			if ($i == "Fl") print "-" $(i + 1)
	}' "$build/man/$1.8" | sort -u
}
of_help() {
	"$2" --help </dev/null 2>&1 | sed -n 's/^  \(-.*\)/\1/p' |
	    sed 's/  .*//' | tr ', ' '\n\n' | grep '^-' | sort -u
}
program() {
	for at in "$build/$1" "$build"/*/"$1"; do
		[ -f "$at" ] && [ -x "$at" ] && { echo "$at"; return; }
	done
}
for p in coffer coffer-agent coffer-api coffer-conductor coffer-sandbox \
    coffer-worker; do
	at=$(program $p || :)
	if [ -z "$at" ]; then
		skip "$p(8) has the options of $p --help" "$p is not built"
		continue
	fi
	of_page $p >"$lint_tmp/page"
	of_help $p "$at" >"$lint_tmp/help"
	diff "$lint_tmp/page" "$lint_tmp/help" |
	    sed -n 's/^< /only in the page: /p; s/^> /only in --help: /p' \
	    >"$lint_tmp/bad"
	[ -s "$lint_tmp/help" ] || echo "--help says nothing" >>"$lint_tmp/bad"
	verdict "$p(8) has the options of $p --help"
done

# Every row of the tables; the page is made from them, so this tests mkdoc.
sed -n 's/^COMMAND([A-Z]*, *\([a-z_]*\),.*/\1/p' coffer/commands.tbl.h |
    tr _ ' ' | while read -r words; do
	grep -qx "\.Cm $words" "$build/man/coffer.8" || echo "$words"
done >"$lint_tmp/bad"
verdict "coffer(8) has every command"

# "user add --id" of each option of each command: in the page, in --help, and
# where the command reads it (parameters generate hands its own on).
awk '/^\.It Xo/ { row = NR }
    /^\.Cm / && NR == row + 1 { c = $2 ($3 == "" ? "" : " " $3); on = 1 }
    /^\.Xc/ { on = 0 }
    on { for (i = 1; i < NF; i++) if ($i == "Fl") print c " -" $(i + 1) }
    ' "$build/man/coffer.8" | sort -u >"$lint_tmp/page"
at=$(program coffer || :)
if [ -n "$at" ]; then
	"$at" --help </dev/null | sed -n 's/^  \([a-z].*\)/\1/p' |
	    awk '{ c = $1 ($2 ~ /^[a-z]/ ? " " $2 : "")
		for (i = 2; i <= NF; i++) { gsub(/[][]/, "", $i)
		    if ($i ~ /^--/) print c " " $i } }' |
	    sort -u >"$lint_tmp/help"
	diff "$lint_tmp/page" "$lint_tmp/help" >"$lint_tmp/bad" || :
	[ -s "$lint_tmp/help" ] || echo "no options" >>"$lint_tmp/bad"
	verdict "each command has the same options in coffer(8) and --help"
fi
sed -n 's/^[^-]* \(--[a-z-]*\)$/\1/p' "$lint_tmp/page" | grep -v '^--socket$' |
    sort -u >"$lint_tmp/told"
cat coffer/*.c | tr '\n\t' '  ' |
    grep -o 'ask_\(option\|number\)(a, *"--[a-z-]*"' |
    sed 's/.*"\(.*\)"/\1/' | sort -u >"$lint_tmp/read"
diff "$lint_tmp/told" "$lint_tmp/read" |
    sed -n 's/^< /told and not read: /p; s/^> /read and not told: /p' >"$lint_tmp/bad"
verdict "commands read the options that they tell"

sed -n 's/^	{ "[a-z]*", *"\([a-z_]*\)",.*/\1/p' lib/base/conf_keys.c |
    sort -u >"$lint_tmp/keys"
while read -r key; do
	grep -q "^\.It Cm $key " "$build/man/coffer.conf.5" || echo "$key: page"
	grep -q "^#$key =" "$build/etc/coffer.conf" || echo "$key: sample"
done <"$lint_tmp/keys" >"$lint_tmp/bad"
verdict "coffer.conf(5) and the sample have every setting"
echo "# $(wc -l <"$lint_tmp/keys") settings," \
    "$(grep -c '^COMMAND' coffer/commands.tbl.h) commands"
finish
