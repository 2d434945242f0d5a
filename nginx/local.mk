# Templates: the packages and dev/stack put paths into them.
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = nginx/coffer.conf.in nginx/nginx.conf.in
