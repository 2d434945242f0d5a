#!/bin/sh
# Foreign libraries, dangerous calls and SQL have one owner each.
. "$(dirname "$0")/lint.sh"

# What (an extended regular expression on a line without its comment), where
# it may stand (shell patterns of files), and the sentence.
laws() {
	cat <<'LAWS'
#[ 	]*include <(libpq-fe|libpq/|postgres_ext)|lib/wire/pg.c agent/postgresql_sql.c agent/postgresql_backup.c|libpq
#[ 	]*include <curl/|lib/wire/http.c|libcurl
#[ 	]*include <hiredis|lib/wire/redis.c|hiredis
#[ 	]*include <json-c|lib/base/json.c|json-c
#[ 	]*include <libxml|lib/base/xml.c|libxml2
#[ 	]*include <sodium|lib/base/seal.c|libsodium
#[ 	]*include <zstd|agent/stream.c|libzstd
#[ 	]*include <zlib|agent/stream_old.c|zlib
#[ 	]*include <openssl/(x509|pem|bio|rand)|agent/certificate.c|libcrypto's certificates
#[ 	]*include <openssl|lib/base/salted.c agent/certificate.c|libcrypto
#[ 	]*include <(fcgiapp|fcgi_stdio|fcgios)|fcgi/request.c|libfcgi
#[ 	]*include <(mysql|mariadb|mysqld_error|errmsg)|agent/mariadb*.c|libmariadb
(^|[^A-Za-z_>.])(execl|execle|execlp|execv|execve|execvp|execvpe|execveat|fexecve|posix_spawnp?|clone|clone3)[ ]*\(|agent/host*.c lib/cloud/local_*.c coffer/catalog.c|starting programs
(^|[^A-Za-z_>.])(system|popen)[ ]*\(|nobody|a shell
(^|[^A-Za-z_>.])(mount|umount|umount2|pivot_root|unshare|setns|chroot)[ ]*\(|agent/host.c lib/cloud/local_*.c|mounts and namespaces
(^|[^A-Za-z_>.])(gets|strcat|sprintf|vsprintf|strtok|tmpnam|mktemp|alloca)[ ]*\(|nobody|calls that cannot be made safe
(^|[^A-Za-z_>.])(setjmp|longjmp|sigsetjmp|siglongjmp)[ ]*\(|nobody|jumps out of functions
"[^"]*(SELECT [a-z*(]|INSERT INTO |UPDATE [a-z_]+ SET|DELETE FROM |CREATE (TABLE|INDEX|ROLE)|ALTER TABLE )|lib/store/* lib/wire/pg.c agent/mariadb*.c agent/postgresql*.c|SQL
PQ(exec|sendQuery|escape[A-Za-z]*)[ ]*\(|lib/wire/pg.c agent/postgresql_sql.c agent/postgresql_backup.c|queries without parameters
LAWS
}

# The code without comments and, except for the law about SQL, as it stands.
# shellcheck disable=SC2086
files '*.[ch]' $product >"$lint_tmp/sources"
while read -r f; do
	awk -v f="$f" '
	{
		line = $0
		while (1) {
			if (inside) {
				if (!(i = index(line, "*/"))) { line = ""; break }
				line = substr(line, i + 2)
				inside = 0
			}
			if (!(i = index(line, "/*")))
				break
			rest = substr(line, i + 2)
			if (j = index(rest, "*/"))
				line = substr(line, 1, i - 1) substr(rest, j + 2)
			else {
				line = substr(line, 1, i - 1)
				inside = 1
				break
			}
		}
		if (line ~ /[^ \t]/)
			print f ":" NR ":" line
	}' "$f"
done <"$lint_tmp/sources" >"$lint_tmp/code"

allowed() {			# file, patterns
	for pattern in $2; do
		# shellcheck disable=SC2254
		case $1 in $pattern) return 0 ;; esac
	done
	return 1
}

laws >"$lint_tmp/laws"
while IFS= read -r law; do
	what=${law%|*}
	sentence=${law##*|}
	where=${what##*|}
	what=${what%|*}
	awk -v what="$what" '
	{
		line = $0
		sub(/^[^:]*:[0-9]*:/, "", line)
		if (line ~ what)
			print
	}' "$lint_tmp/code" >"$lint_tmp/hits"
	set -f
	while IFS= read -r hit; do
		allowed "${hit%%:*}" "$where" || printf '%s\n' "$hit"
	done <"$lint_tmp/hits" >"$lint_tmp/bad"
	set +f
	verdict "$sentence: $where, and nobody else"
done <"$lint_tmp/laws"

wc -l <"$lint_tmp/code" | sed 's/ *//; s/$/ lines of code read/' | figures
finish
