# Where systemd looks; NGINX_GROUP is www-data on Debian, nginx on Fedora.
NGINX_GROUP = www-data
systemdsystemunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

systemd_units = systemd/coffer-api@.service systemd/coffer-conductor@.service \
	systemd/coffer-worker@.service
dist_systemdsystemunit_DATA = systemd/coffer.target
nodist_systemdsystemunit_DATA = $(systemd_units)
nodist_sysusers_DATA = systemd/coffer.conf
nodist_tmpfiles_DATA = systemd/tmpfiles/coffer.conf
EXTRA_DIST += systemd/coffer-api@.service.in \
	systemd/coffer-conductor@.service.in systemd/coffer-worker@.service.in \
	systemd/coffer.sysusers systemd/coffer.tmpfiles.in

systemd_fill = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) \
	-e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@nginx_group[@]|$(NGINX_GROUP)|g'

$(systemd_units): $(srcdir)/systemd/coffer-api@.service.in \
    $(srcdir)/systemd/coffer-conductor@.service.in \
    $(srcdir)/systemd/coffer-worker@.service.in
	$(systemd_fill) $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@
systemd/tmpfiles/coffer.conf: $(srcdir)/systemd/coffer.tmpfiles.in
	$(systemd_fill) $(srcdir)/systemd/coffer.tmpfiles.in >$@.tmp && mv $@.tmp $@
systemd/coffer.conf: $(srcdir)/systemd/coffer.sysusers
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/systemd/coffer.sysusers $@.tmp && mv $@.tmp $@

CLEANFILES += $(systemd_units) systemd/tmpfiles/coffer.conf systemd/coffer.conf

# Packages can be built from a tarball.
EXTRA_DIST += rpm/coffer.spec debian/changelog debian/control \
	debian/copyright debian/coffer-guest.install debian/coffer.install \
	debian/coffer.postinst debian/coffer.README.Debian debian/not-installed debian/rules \
	debian/source/format
