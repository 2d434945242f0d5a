# The lints need no build: they read the sources, also those of a tarball.
dist_check_SCRIPTS += \
	t/lint/layers.t t/lint/owners.t t/lint/sizes.t t/lint/names.t \
	t/lint/engines.t t/lint/format.t t/lint/manual.t \
	t/lint/units.t
EXTRA_DIST += t/lint/lint.sh t/lint/measure.awk t/unit/tap
