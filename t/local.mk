# The lints need no build: they read the sources, also those of a tarball.
dist_check_SCRIPTS += \
	t/lint/layers.t t/lint/owners.t t/lint/sizes.t t/lint/names.t \
	t/lint/engines.t t/lint/format.t t/lint/manual.t \
	t/lint/units.t
EXTRA_DIST += t/lint/lint.sh t/lint/measure.awk t/unit/tap

# What a compiler has to say of every source, and nothing built: make warnings
ALL_CFLAGS = $(JSON_CFLAGS) $(HIREDIS_CFLAGS) $(PQ_CFLAGS) $(CURL_CFLAGS) \
	$(SODIUM_CFLAGS) $(XML_CFLAGS) $(ZSTD_CFLAGS) $(CRYPTO_CFLAGS) \
	$(ZLIB_CFLAGS) $(MARIADB_CFLAGS) $(CMOCKA_CFLAGS)
.PHONY: warnings
warnings: $(BUILT_SOURCES) config.h
	@printf '%s\n' $(SOURCES) | grep '\.c$$' | sort -u | \
	    sed 's|^|$(srcdir)/|' | xargs -n 16 -P "$$(nproc)" \
	    $(CC) -fsyntax-only -DMODE='"any"' $(AM_CPPFLAGS) $(ALL_CFLAGS) $(CPPFLAGS) \
	    $(AM_CFLAGS) $(CFLAGS)
