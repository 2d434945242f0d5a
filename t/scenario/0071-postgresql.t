#!/usr/bin/python3
"""PostgreSQL's whole story: create, connect, databases, users, access, root,
configuration, logs, resizes, restarts, crashes, with a real server at the
other end."""
import os
import signal
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
SECOND = CANARY + 'Second2'
it = {}


def this():
    return '/instances/' + it['id']


def sql(s, text, user='app', password=APP, database='app'):
    return it['alice'].query(it['instance'], user, password, text, database)


def refused(s, *args, **kw):
    try:
        sql(s, *args, **kw)
    except Failed as e:
        return str(e)
    check(False, args, 'is not refused')


def one(s, text, **kw):
    return sql(s, text, **kw)[0][0]


def healthy(s):
    s.quiet()
    return until(30, lambda: (lambda i: i if i['operating_status'] == 'HEALTHY'
                              else None)(it['alice'].show(it['id'])))


def restart(s):
    same(it['alice'].post(this() + '/action', {'restart': {}}).status, 202)
    return healthy(s)


def postmaster(s):
    """The one that has its command line still; the others are its children."""
    found = [p for p in s.inside(it['id'])
             if command_line(p).startswith(b'/usr/lib/postgresql')]
    same(len(found), 1, found)
    return found[0]


@story
def a_catalogue_is_made_from_the_server_itself(s):
    c = it['alice'] = s.client('alice')
    d = c.get('/datastores/postgresql').json['datastore']
    v, name = d['default_version'], d['versions'][0]['name']
    s.coffer('parameters', 'load', 'postgresql/' + name, '-', input=s.coffer(
        'parameters', 'generate', '--engine', 'postgresql'))
    a = c.get('/datastores/postgresql/versions/%s/parameters' % v)
    rows = {p['name']: p for p in a.json['configuration-parameters']}
    same(rows['max_connections'],
         {'name': 'max_connections', 'datastore_version_id': v,
          'restart_required': True, 'type': 'integer', 'min': 1,
          'max': 262143})
    for name, kind in (('work_mem', 'string'), ('shared_buffers', 'string'),
                       ('enable_seqscan', 'boolean'),
                       ('statement_timeout', 'integer'),
                       ('random_page_cost', 'float')):
        same(rows[name]['type'], kind, name)
    check(rows['shared_buffers']['restart_required'])
    check(not rows['work_mem']['restart_required'])
    for forbidden in ('archive_command', 'hba_file', 'port', 'ssl_key_file',
                      'shared_preload_libraries', 'wal_level',
                      'unix_socket_directories', 'server_version'):
        check(forbidden not in rows, forbidden)


@story
def a_create_becomes_active(s):
    c = it['alice']
    it['id'] = c.create('pg', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    i = it['instance'] = c.active(it['id'])
    same(i['datastore']['type'], 'postgresql')
    same(sql(s, 'CREATE TABLE t (n int); INSERT INTO t VALUES (7);'
             'SELECT n FROM t'), [['7']])


@story
def databases_come_and_go(s):
    c = it['alice']
    a = c.post(this() + '/databases', {'databases': [
        {'name': 'more'}, {'name': 'old', 'character_set': 'LATIN1'}]})
    same(a.status, 202, a)
    a = c.get(this() + '/databases')
    same([d['name'] for d in a.json['databases']], ['app', 'more', 'old'])
    c.post(this() + '/databases', {'databases': [{'name': 'app'}]}) \
        .fault(400, 'badRequest')
    same(c.delete(this() + '/databases/old').status, 202)
    c.delete(this() + '/databases/old').fault(404, 'itemNotFound')
    for name in ('postgres', 'template1', 'os_admin', 'z', 'x' * 64):
        c.delete(this() + '/databases/' + name).fault(400, 'badRequest')
    for bad in ({'name': 'k', 'character_set': 'UTF8'},
                {'name': 'klingon', 'character_set': 'KLINGON'}):
        c.post(this() + '/databases', {'databases': [bad]}) \
            .fault(400, 'badRequest')
    a = c.get(this() + '/databases?limit=1')
    same([d['name'] for d in a.json['databases']], ['app'])
    marker = re.search(r'marker=([^&]*)', a.json['links'][0]['href']).group(1)
    a = c.get(this() + '/databases?limit=1&marker=' + marker)
    same([d['name'] for d in a.json['databases']], ['more'])


@story
def users_come_and_go(s):
    c = it['alice']
    a = c.post(this() + '/users', {'users': [
        {'name': 'second', 'password': SECOND, 'host': '203.0.113.%',
         'databases': [{'name': 'more'}]},
        {'name': 'third', 'password': CANARY + '3'}]})
    same(a.status, 202, a)
    a = c.get(this() + '/users')
    same([(u['name'], u['host'], [d['name'] for d in u['databases']])
          for u in a.json['users']],
         [('app', '%', ['app']), ('second', '203.0.113.%', ['more']),
          ('third', '%', [])])
    refused(s, 'SELECT 1', 'second', SECOND, 'more')
    for name in ('third', 'postgres', 'os_admin', 'pg_read_all_data'):
        c.post(this() + '/users', {'users': [
            {'name': name, 'password': CANARY + '3'}]}) \
            .fault(400, 'badRequest')
    same(c.delete(this() + '/users/second%40203%2e0%2e113%2e%25').status, 202)
    same([u['name'] for u in c.get(this() + '/users').json['users']],
         ['app', 'third'])


@story
def access_is_granted_and_taken_back(s):
    c = it['alice']
    mine, pw = this() + '/users/third/databases', CANARY + '3'
    check('denied' in refused(s, 'SELECT n FROM t', 'third', pw))
    same(c.put(mine, {'databases': [{'name': 'app'}]}).status, 202)
    same(c.get(mine).json['databases'], [{'name': 'app'}])
    same(sql(s, 'INSERT INTO t VALUES (8); SELECT count(*) FROM t', 'third',
             pw), [['2']])
    same(c.delete(mine + '/app').status, 202)
    same(c.get(mine).json['databases'], [])
    c.delete(mine + '/app').fault(404, 'itemNotFound')
    check('denied' in refused(s, 'SELECT n FROM t', 'third', pw))


@story
def passwords_and_names_of_users_change(s):
    c, new = it['alice'], CANARY + 'New'
    same(c.put(this() + '/users', {'users': [
        {'name': 'app', 'password': new}]}).status, 202)
    same(sql(s, 'SELECT 1', 'app', new), [['1']])
    same(c.put(this() + '/users/app', {'user': {
        'name': 'renamed', 'password': APP}}).status, 202)
    same(one(s, 'SELECT count(*) FROM t', user='renamed'), '2')
    same(c.put(this() + '/users/renamed', {'user': {
        'name': 'app'}}).status, 202)
    same(one(s, 'SELECT count(*) FROM t'), '2')


@story
def root_is_a_superuser_in_a_sandbox(s):
    c = it['alice']
    c.delete(this() + '/root').fault(404, 'itemNotFound')
    a = c.root_enabled(it['id'])
    same(a.json['user']['name'], 'postgres')
    pw = a.json['user']['password']
    root = dict(user='postgres', password=pw, database='postgres')
    same(one(s, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
             **root), 't')
    for path in ('/data/agent.conf', '/data/agent/settings'):
        check('could not open' in refused(
            s, "SELECT pg_read_file('%s')" % path, **root), path)
    out = sql(s, "CREATE TEMP TABLE o (l text); COPY o FROM PROGRAM "
              "'id -u; ls /; cat /data/agent.conf 2>&1; ls /proc | "
              "grep -c ^[0-9]'; SELECT l FROM o", **root)
    text = '\n'.join(r[0] for r in out)
    check('Permission denied' in text, text)
    check(int(out[-1][0]) < 40 and out[0][0] != '0', text)
    refused(s, "ALTER SYSTEM SET port = 1; SELECT pg_reload_conf(); "
            "SELECT pg_sleep(0.2); SELECT 1 / (current_setting('port')::int "
            "- 5432)", **root)
    same(c.delete(this() + '/root').status, 204)
    check('authentication failed' in refused(s, 'SELECT 1', **root))


@story
def a_configuration_is_there_at_once_or_after_a_restart(s):
    c = it['alice']

    def attach(id):
        return c.put(this(), {'instance': {'configuration': id}})
    a = c.post('/configurations', {'configuration': {
        'name': 'tuned', 'datastore': {'type': 'postgresql'},
        'values': {'work_mem': '9MB', 'statement_timeout': 12345}}})
    same(a.status, 200, a)
    id = a.json['configuration']['id']
    same(attach(id).status, 202)
    until(15, lambda: one(s, 'SHOW work_mem') == '9MB')
    same(one(s, 'SHOW statement_timeout'), '12345ms')
    s.quiet()
    same(c.show(it['id'])['status'], 'ACTIVE')
    same(c.patch('/configurations/' + id, {'configuration': {'values': {
        'max_connections': 63}}}).status, 200)
    s.quiet()
    same(c.show(it['id'])['status'], 'RESTART_REQUIRED')
    same(one(s, "SELECT pending_restart FROM pg_settings WHERE name = "
             "'max_connections'"), 't')
    same(restart(s)['status'], 'ACTIVE')
    same((one(s, 'SHOW max_connections'), one(s, 'SHOW work_mem')),
         ('63', '9MB'))
    same(c.put(this(), {'instance': {}}).status, 202)
    until(15, lambda: one(s, 'SHOW work_mem') != '9MB')
    restart(s)
    check(one(s, 'SHOW max_connections') != '63')
    a = c.post('/configurations', {'configuration': {
        'name': 'wrong', 'datastore': {'type': 'postgresql'},
        'values': {'work_mem': 'a lot'}}})
    same(attach(a.json['configuration']['id']).status, 202)
    s.quiet()
    t = c.tasks(it['id'])[0]
    same((t['kind'], t['status']), ('configure', 'FAILED'))
    check('work_mem' in json.dumps(t['error']), t)
    check('configuration' not in c.show(it['id']))


@story
def a_log_of_statements_grows_while_it_is_on(s):
    c = it['alice']

    def general():
        return {l['name']: l for l in c.get(this() + '/log').json['logs']}[
            'general']
    same(list(l['name'] for l in c.get(this() + '/log').json['logs']),
         ['general'])
    same(general()['status'], 'Disabled')
    same(c.post(this() + '/log', {'name': 'general', 'enable': 1}).status,
         200)
    before = general()['pending']
    for _ in range(20):
        sql(s, "SELECT 'something that can be counted'")
    until(10, lambda: general()['pending'] > before + 20 * 30)
    a = c.post(this() + '/log', {'name': 'general', 'publish': 1,
                                 'disable': 1})
    same((a.status, a.json['log']['status'], a.json['log']['prefix']),
         (200, 'Disabled', '%s/postgresql-general/' % it['id']))
    at = '/v1/AUTH_%s/database_logs' % c.tenant
    names = c.raw('GET', at + '?prefix=' + a.json['log']['prefix'],
                  headers={'Accept': 'text/plain'}).raw.decode().split()
    check(sum(c.raw('GET', at + '/' + name).raw.count(
        b'something that can be counted') for name in names) == 20, names)
    error = {l['name']: l for l in s.client('adam').get(
        this() + '/log').json['logs']}['error']
    same((error['type'], error['status']), ('SYS', 'Ready'))


@story
def a_volume_grows_and_a_flavor_changes(s):
    c = it['alice']
    buffers = one(s, 'SHOW shared_buffers')
    same(c.post(this() + '/action', {'resize': {'volume': {
        'size': 2}}}).status, 202)
    healthy(s)
    same(c.show(it['id'])['volume']['size'], 2)
    same(c.post(this() + '/action', {'resize': {'flavorRef': '2'}}).status,
         202)
    healthy(s)
    same(c.show(it['id'])['flavor']['id'], '2')
    check(one(s, 'SHOW shared_buffers') != buffers, buffers)
    same(one(s, 'SELECT count(*) FROM t'), '2')


@story
def a_server_that_dies_comes_back_with_its_data(s):
    for n in range(3):
        sql(s, 'INSERT INTO t VALUES (%d)' % (100 + n))
        was = one(s, 'SELECT pg_postmaster_start_time()')
        os.kill(postmaster(s), signal.SIGKILL)

        def back():
            try:
                return one(s, 'SELECT pg_postmaster_start_time()') != was
            except Failed:
                return False
        until(30, back, 'the server comes back')
        same(one(s, 'SELECT count(*) FROM t'), str(3 + n))
    healthy(s)


@story
def a_deleted_instance_is_gone(s):
    it['alice'].remove(it['id'])
    same(s.one('SELECT count(*) FROM slots'), '0')


main(datastore='postgresql',
     needs=lambda: None if os.access('/usr/lib/postgresql/15/bin/postgres',
                                     os.X_OK) else 'no PostgreSQL 15 here')
