#!/bin/sh
# The budgets of HACKING.md: prints figures, fails on the hard limits only.
. "$(dirname "$0")/lint.sh"

function_max=100
function_p95=60
function_median=13
file_max=600
header_max=120
nesting=3
parameters=5

# shellcheck disable=SC2086
files '*.[ch]' $product >"$lint_tmp/sources"
# shellcheck disable=SC2046
awk -f t/lint/measure.awk $(cat "$lint_tmp/sources") >"$lint_tmp/m"
awk -F '\t' '$1 == "F"' "$lint_tmp/m" >"$lint_tmp/functions"
awk -F '\t' '$1 == "T"' "$lint_tmp/m" >"$lint_tmp/sizes"

awk -F '\t' '$1 == "G" { print $2 ":" $3 }' "$lint_tmp/m" >"$lint_tmp/bad"
verdict "no goto"

awk -F '\t' -v max=$function_max \
    '$5 > max { print $2 ":" $3 ": " $4 " has " $5 " lines" }' \
    "$lint_tmp/functions" >"$lint_tmp/bad"
verdict "no function is over $function_max lines"

awk -F '\t' -v max=$file_max '$2 ~ /\.c$/ && $3 > max { print $2 ": " $3 }' \
    "$lint_tmp/sizes" >"$lint_tmp/bad"
verdict "no .c file is over $file_max lines"

# A .tbl.h is a list: as long as what it lists.
awk -F '\t' -v max=$header_max \
    '$2 ~ /\.h$/ && $2 !~ /\.tbl\.h$/ && $3 > max { print $2 ": " $3 }' \
    "$lint_tmp/sizes" >"$lint_tmp/bad"
verdict "no header is over $header_max lines (tables apart)"

# --- figures -------------------------------------------------------------------

# percentile P of the sorted numbers in a file
percentile() {
	awk -v p="$1" '{ a[NR] = $1 } END {
		i = int(NR * p / 100 + 0.999999)
		print NR == 0 ? 0 : a[i < 1 ? 1 : i] }' "$2"
}
cut -f 5 "$lint_tmp/functions" | sort -n >"$lint_tmp/lengths"
median=$(percentile 50 "$lint_tmp/lengths")
p95=$(percentile 95 "$lint_tmp/lengths")
max=$(percentile 100 "$lint_tmp/lengths")
echo "# functions: $(wc -l <"$lint_tmp/lengths"), lines median $median" \
    "(budget $function_median), p95 $p95 ($function_p95), max $max" \
    "($function_max)"
awk -F '\t' -v max=$function_p95 \
    '$5 > max { print "over " max " lines: " $2 ":" $3 " " $4 " " $5 }' \
    "$lint_tmp/functions" | figures

awk -F '\t' '$2 ~ /\.c$/ { print $3 }' "$lint_tmp/sizes" | sort -n \
    >"$lint_tmp/lengths"
echo "# .c files: $(wc -l <"$lint_tmp/lengths"), lines median" \
    "$(percentile 50 "$lint_tmp/lengths") (150-250), max" \
    "$(percentile 100 "$lint_tmp/lengths") ($file_max)"
awk -F '\t' '$2 ~ /\.h$/ && $2 !~ /\.tbl\.h$/ { print $3 }' \
    "$lint_tmp/sizes" | sort -n >"$lint_tmp/lengths"
echo "# headers: $(wc -l <"$lint_tmp/lengths"), lines median" \
    "$(percentile 50 "$lint_tmp/lengths"), max" \
    "$(percentile 100 "$lint_tmp/lengths") ($header_max)"
awk -F '\t' -v max=$nesting \
    '$6 > max { print "nested " $6 " deep (" max "): " $2 ":" $3 " " $4 }' \
    "$lint_tmp/functions" | figures
awk -F '\t' -v max=$parameters \
    '$7 > max { print $7 " parameters (" max "): " $2 ":" $3 " " $4 }' \
    "$lint_tmp/functions" | figures
awk -F '\t' '{ l += $3; c += $4 } END { if (l)
    printf "# comments: %.0f %% of %d lines (10-15)\n", 100 * c / l, l }' \
    "$lint_tmp/sizes"

code=$(awk -F '\t' '{ l += $3 } END { print l + 0 }' "$lint_tmp/sizes")
# Everything written below t/ but its data.
test=$(find t -type f ! -path 't/fuzz/corpus/*' ! -path 't/data/*' \
    ! -name '*.tsv' ! -name '*.log' ! -name '*.trs' ! -name '*.o' \
    -exec cat {} + | wc -l)
echo "# test lines: $test, code lines: $code (tests >= code)"
finish
