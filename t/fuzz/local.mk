# libFuzzer targets: configure with CC=clang --enable-fuzz, then "make fuzz"
# runs each for FUZZ_SECONDS over its corpus.
FUZZERS = t/fuzz/json_fuzz t/fuzz/conf_fuzz t/fuzz/report_fuzz \
	t/fuzz/order_fuzz t/fuzz/request_fuzz t/fuzz/xml_fuzz \
	t/fuzz/cron_fuzz t/fuzz/object_fuzz t/fuzz/stream_fuzz \
	t/fuzz/old_fuzz t/fuzz/untar_fuzz t/fuzz/result_fuzz
FUZZ_SECONDS = 10
if FUZZ
noinst_PROGRAMS += $(FUZZERS)
else
EXTRA_PROGRAMS += $(FUZZERS)
endif
FUZZ_LINK = $(HARDEN_LDFLAGS) -fsanitize=fuzzer

t_fuzz_json_fuzz_SOURCES = t/fuzz/json_fuzz.c t/fuzz/fuzz.h
t_fuzz_json_fuzz_LDADD = $(BASE)
t_fuzz_json_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_conf_fuzz_SOURCES = t/fuzz/conf_fuzz.c
t_fuzz_conf_fuzz_LDADD = $(BASE)
t_fuzz_conf_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_report_fuzz_SOURCES = t/fuzz/report_fuzz.c
t_fuzz_report_fuzz_LDADD = $(MSG)
t_fuzz_report_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_order_fuzz_SOURCES = t/fuzz/order_fuzz.c
t_fuzz_order_fuzz_LDADD = $(MSG)
t_fuzz_order_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_request_fuzz_SOURCES = t/fuzz/request_fuzz.c
t_fuzz_request_fuzz_LDADD = $(API)
t_fuzz_request_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_cron_fuzz_SOURCES = t/fuzz/cron_fuzz.c
t_fuzz_cron_fuzz_LDADD = $(BASE)
t_fuzz_cron_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_object_fuzz_SOURCES = t/fuzz/object_fuzz.c
t_fuzz_object_fuzz_LDADD = $(API)
t_fuzz_object_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_stream_fuzz_SOURCES = t/fuzz/stream_fuzz.c t/fuzz/drop.h
t_fuzz_stream_fuzz_LDADD = $(TRANSFER)
t_fuzz_stream_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_old_fuzz_SOURCES = t/fuzz/old_fuzz.c t/fuzz/drop.h
t_fuzz_old_fuzz_LDADD = $(TRANSFER)
t_fuzz_old_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_untar_fuzz_SOURCES = t/fuzz/untar_fuzz.c
t_fuzz_untar_fuzz_LDADD = $(AGENT)
t_fuzz_untar_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_result_fuzz_SOURCES = t/fuzz/result_fuzz.c
t_fuzz_result_fuzz_LDADD = worker/libworker.a $(CLOUD) $(MSG) $(STORE) \
	$(CRYPTO_LIBS)
t_fuzz_result_fuzz_LDFLAGS = $(FUZZ_LINK)
t_fuzz_xml_fuzz_SOURCES = t/fuzz/xml_fuzz.c
t_fuzz_xml_fuzz_LDADD = $(API)
t_fuzz_xml_fuzz_LDFLAGS = $(FUZZ_LINK)

EXTRA_DIST += t/fuzz/corpus

# What a run finds beyond the corpus that is kept is thrown away again.
.PHONY: fuzz fuzzers
fuzzers: $(FUZZERS)
fuzz: $(FUZZERS)
	@set -e; for f in $(FUZZERS); do \
		name=$$(basename $$f _fuzz); \
		new=$$(mktemp -d); \
		echo "fuzz: $$name, $(FUZZ_SECONDS) s"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=1024 \
		    -print_final_stats=0 -verbosity=0 $$new \
		    $(top_srcdir)/t/fuzz/corpus/$$name || { rm -rf $$new; exit 1; }; \
		rm -rf $$new; \
	done
