# What every lint begins with: stands at the top of the sources, which may be a
# tarball (no git), and answers in TAP.  Source it: . "$(dirname "$0")/lint.sh"
set -eu
LC_ALL=C
export LC_ALL
cd "${top_srcdir:-$(dirname "$0")/../..}"
lint_tmp=$(mktemp -d)
trap 'rm -rf "$lint_tmp"' EXIT
lint_n=0

# Folders of the product, of its tests and tools.
product="lib fcgi worker agent coffer man"
beside="t bench"

# files PATTERN FOLDER... - in order; folders that are missing are left out.
files() {
	pattern=$1
	shift
	for folder in "$@"; do
		[ ! -d "$folder" ] || find "$folder" -type f -name "$pattern"
	done | sort
}

# verdict SENTENCE - ok when the file "bad" in $lint_tmp is missing or empty;
# else its lines say why not.
verdict() {
	lint_n=$((lint_n + 1))
	if [ -s "$lint_tmp/bad" ]; then
		echo "not ok $lint_n - $1"
		sed 's/^/#   /' "$lint_tmp/bad"
	else
		echo "ok $lint_n - $1"
	fi
	rm -f "$lint_tmp/bad"
}

skip() {
	lint_n=$((lint_n + 1))
	echo "ok $lint_n - $1 # SKIP $2"
}

figures() { sed 's/^/# /'; }

finish() { echo "1..$lint_n"; }
