#!/usr/bin/python3
"""Where the operator names a MySQL, it serves who asks for MySQL."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App91'
HOME = subprocess.run([os.path.join(TOP, 'dev', 'mysql')], text=True,
                      stdout=subprocess.PIPE).stdout.strip()
it = {}


def rows(sql, **more):
    return it['c'].query(it['instance'], 'app', APP, sql, **more)


@story
def a_create_becomes_active_and_its_user_gets_in(s):
    c = it['c'] = s.client('alice')
    it['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    i = it['instance'] = c.active(it['id'])
    same(i['datastore']['type'], 'mysql')
    same(i['datastore']['version'], '5.6.24')
    check(rows('SELECT VERSION()')[0][0].startswith('5.6.24'))
    rows('CREATE TABLE t (n int); INSERT INTO t VALUES (7)')
    same(rows('SELECT n FROM t'), [['7']])


@story
def a_catalogue_is_made_from_the_server_itself(s):
    c = it['c']
    d = c.get('/datastores/mysql').json['datastore']
    s.coffer('parameters', 'load', 'mysql/5.6.24', '-',
             input=s.coffer('parameters', 'generate', '--engine', 'mysql'))
    a = c.get('/datastores/mysql/versions/%s/parameters' %
              d['default_version'])
    rows = {p['name']: p for p in a.json['configuration-parameters']}
    same({k: rows['max_connections'].get(k) for k in (
        'type', 'restart_required', 'min', 'max')}, {
            'type': 'integer', 'restart_required': False, 'min': 1,
            'max': 100000})
    same([(rows[n]['type'], rows[n]['restart_required']) for n in (
        'innodb_buffer_pool_size', 'old', 'long_query_time', 'sql_mode')],
        [('integer', True), ('boolean', True), ('float', False),
         ('string', False)])
    check(len(rows) > 200, len(rows))
    for no in ('datadir', 'log_bin', 'gtid_mode', 'plugin_dir', 'init_file',
               'aria_pagecache_buffer_size', 'innodb_page_size'):
        check(no not in rows, no)


def take(s, name, **more):
    a = it['c'].post('/backups', {'backup': dict(
        name=name, instance=it['id'], **more)})
    if a.status == 202:
        at = '/backups/' + a.json['backup']['id']
        until(40, lambda: it['c'].get(at).json['backup']['verified_at'] or
              it['c'].get(at).json['backup']['status'] == 'FAILED')
        a = it['c'].get(at)
    return a


@story
def a_backup_is_taken_and_found_good(s):
    rows('CREATE VIEW v AS SELECT n + 1 AS m FROM t;'
         'CREATE PROCEDURE p() SELECT m FROM v')
    b = it['backup'] = take(s, 'all').json['backup']
    same((b['status'], b['verified'], b['verify_error']),
         ('COMPLETED', True, None), b)
    check(b['locationRef'].endswith('.dump.zst.enc'), b)


@story
def there_is_none_of_what_changed_since(s):
    same(take(s, 'more', incremental=1).fault(501, 'notImplemented'),
         "The 'create_incremental_backup' operation is not supported for "
         "the 'mysql' datastore.")


@story
def it_becomes_another_instance_with_its_users(s):
    c = it['c']
    a = c.post('/instances/%s/root' % it['id'])     # not where nothing could contain it
    root = a.json['user']['password'] if a.status == 200 else 'none'
    rows('DROP TABLE t')
    id = c.create('again', restorePoint={'backupRef': it['backup']['id']})
    was, it['instance'] = it['instance'], c.active(id)
    check(rows('SELECT VERSION()')[0][0].startswith('5.6.24'))
    same(rows('CALL p()'), [['8']])
    same([(u['name'], u['databases']) for u in c.get(
        '/instances/%s/users' % id).json['users']],
        [('app', [{'name': 'app'}])])
    try:
        c.query(it['instance'], 'root', root, 'SELECT 1', wait=1)
    except Failed:
        root = None
    same(root, None)
    c.remove(id)
    it['instance'] = was


main(['local.mysql=' + HOME, 'backup.verify=always'], datastore='mysql', needs=lambda:
     None if HOME else 'no MySQL is here: dev/mysql --fetch')
