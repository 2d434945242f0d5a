#!/bin/sh
# systemd understands every directive of our units.  Reads what was built.
. "$(dirname "$0")/lint.sh"

build=${top_builddir:-.}
units="coffer-api@ coffer-conductor@ coffer-worker@"

for u in $units; do
	f=$build/systemd/$u.service
	[ -s "$f" ] || echo "$u.service is not built"
	! grep -n '@[a-z]*dir@' "$f" || echo "$u.service is not filled in"
	for must in NoNewPrivileges=yes ProtectSystem=strict PrivateTmp=yes \
	    CapabilityBoundingSet= LimitCORE=0 Restart=always; do
		grep -q "^$must" "$f" || echo "$u.service lacks $must"
	done
done >"$lint_tmp/bad" 2>&1
verdict "every unit gives rights up"

grep -q '^KillMode=process$' "$build/systemd/coffer-worker@.service" ||
    echo "instances would end with the worker" >"$lint_tmp/bad"
verdict "instances survive the worker"

if ! command -v systemd-analyze >/dev/null 2>&1; then
	skip "systemd-analyze verify finds nothing wrong" "no systemd-analyze"
else
	# It wants the programs to be there: any will do for this.
	mkdir "$lint_tmp/units"
	for u in $units; do
		sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' \
		    "$build/systemd/$u.service" >"$lint_tmp/units/$u.service"
	done
	cp systemd/coffer.target "$lint_tmp/units/"
	for u in coffer-api@main coffer-conductor@1 coffer-worker@1; do
		SYSTEMD_UNIT_PATH=$lint_tmp/units: systemd-analyze verify \
		    --man=no --recursive-errors=no "$lint_tmp/units/${u%@*}@.service" 2>&1 || :
	done | grep -E "^$lint_tmp|coffer" | sort -u >"$lint_tmp/bad" || :
	verdict "systemd-analyze verify finds nothing wrong"
fi
finish
