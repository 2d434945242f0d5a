#!/bin/sh
# The form that .clang-format describes.  Tables and declarations are aligned
# by hand, and clang-format would pull them apart: so what is compared is where
# blanks stand between the words, not how many, and not where lines break.
# Indentation is looked at here: tabs, and four blanks on a line that goes on.
. "$(dirname "$0")/lint.sh"

# shellcheck disable=SC2086
files '*.[ch]' $product $beside | grep -v '\.tbl\.h$' >"$lint_tmp/sources"

words() {
	sed 's/[ 	]*\\$//; s/($/(\\/' | awk '
	{ joined = sub(/\\$/, ""); sub(/^[ \t]+/, joined_before ? "" : " ")
	  printf "%s%s", joined_before ? "" : " ", $0; joined_before = joined }
	END { print "" }' | tr -s ' \t' '  ' | sed 's/; )/;)/g; s/;;/; ;/g; s/( ;/(;/g; s/) ->/)->/g' |
	    tr -s ' \t' '\n\n'
}

if command -v clang-format >/dev/null 2>&1; then
	while read -r f; do
		words <"$f" >"$lint_tmp/have"
		clang-format --style=file "$f" | words >"$lint_tmp/want"
		diff "$lint_tmp/have" "$lint_tmp/want" >"$lint_tmp/diff" ||
		    sed -n "s|^[<>].*|$f: &|p" "$lint_tmp/diff" | head -n 8
	done <"$lint_tmp/sources" >"$lint_tmp/bad"
	verdict "words are set apart as clang-format would"
else
	skip "words are set apart as clang-format would" "no clang-format"
fi

# Members and parameters in headers are aligned by hand; inside of a comment
# that began earlier anything goes.
grep '\.c$' "$lint_tmp/sources" | xargs awk '
FNR == 1 { inside = 0 }
{
	if (!inside && $0 ~ /^\t* / && $0 !~ /^\t* *["{]/ &&
	    $0 !~ /^\t*    [^ \t]/)
		print FILENAME ":" FNR ": not four blanks after the tabs"
	line = $0
	gsub(/"([^"\\]|\\.)*"/, "", line)
	while (1) {
		i = index(line, inside ? "*/" : "/*")
		if (i == 0)
			break
		line = substr(line, i + 2)
		inside = !inside
	}
}' >"$lint_tmp/bad"
verdict "lines begin with tabs, and go on after four blanks"

wc -l <"$lint_tmp/sources" | sed 's/ *//; s/$/ files/' | figures
finish
