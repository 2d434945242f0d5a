# Pages are filled in with what the code's own tables say (man/mkdoc).
man_pages = \
	man/coffer.8 man/coffer-agent.8 man/coffer-api.8 \
	man/coffer-conductor.8 man/coffer-sandbox.8 man/coffer-worker.8 \
	man/coffer.conf.5
man_sources = \
	man/coffer.8.in man/coffer-agent.8.in man/coffer-api.8.in \
	man/coffer-conductor.8.in man/coffer-sandbox.8.in \
	man/coffer-worker.8.in man/coffer.conf.5.in
man_parts = man/service-options.mdoc man/service-ways.mdoc
man_MANS = $(man_pages)
EXTRA_DIST += $(man_sources) $(man_parts) man/fill

noinst_PROGRAMS += man/mkdoc
man_mkdoc_SOURCES = man/mkdoc.c
man_mkdoc_LDADD = $(BASE)

man/settings.mdoc: man/mkdoc$(EXEEXT)
	$(AM_V_GEN)man/mkdoc$(EXEEXT) settings >$@.tmp && mv $@.tmp $@
man/commands.mdoc: man/mkdoc$(EXEEXT)
	$(AM_V_GEN)man/mkdoc$(EXEEXT) commands >$@.tmp && mv $@.tmp $@
etc/coffer.conf: man/mkdoc$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) etc && \
	man/mkdoc$(EXEEXT) sample >$@.tmp && mv $@.tmp $@

$(man_pages): $(man_sources) $(man_parts) man/fill \
    man/settings.mdoc man/commands.mdoc
	$(AM_V_GEN)$(SHELL) $(srcdir)/man/fill $(srcdir)/$@.in \
	    date='November 24, 2026' version='$(PACKAGE_VERSION)' \
	    sysconfdir='$(sysconfdir)' pkgdatadir='$(pkgdatadir)' \
	    pkglibexecdir='$(pkglibexecdir)' \
	    OPTIONS:$(srcdir)/man/service-options.mdoc \
	    WAYS:$(srcdir)/man/service-ways.mdoc \
	    SETTINGS:man/settings.mdoc COMMANDS:man/commands.mdoc \
	    >$@.tmp && mv $@.tmp $@

# The sample: every setting with its preset, commented.
doc_DATA = etc/coffer.conf
CLEANFILES += $(man_pages) man/settings.mdoc man/commands.mdoc etc/coffer.conf
