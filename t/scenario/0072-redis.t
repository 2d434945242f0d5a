#!/usr/bin/python3
"""A member's whole story with Redis: create, connect, users, root, settings, a
larger flavor, a restart, a crash, and what Redis has no word for."""
import glob
import os
import signal
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App72'
it = {}


def alice(s):
    if 'client' not in it:
        it['client'] = s.client('alice')
    return it['client']


def this(s):
    return '/instances/' + it['id']


def cli(user, password, *words):
    return redis(it['instance'], user, password, *words)


def app(*words):
    return cli('app', APP, *words)


def parameter(s, name):
    """As the agent's account sees it: a tenant may not ask."""
    top = '/proc/%d/root/data' % process(s)
    with open(top + '/agent/admin.pw') as f:
        return cli('os_admin', f.read(), 'CONFIG', 'GET', name) \
            .split('\n')[-1]


def process(s):
    return [p for p, n in s.inside(it['id']).items()
            if n == 'redis-server'][0]


def group(s, values, name='tuned'):
    a = alice(s).post('/configurations', {'configuration': {
        'name': name, 'values': values, 'datastore': {'type': 'redis'}}})
    same(a.status, 200, a)
    return a.json['configuration']['id']


def attach(s, id):
    a = alice(s).put(this(s), {'instance': {'configuration': id}})
    same(a.status, 202, a)
    s.quiet()
    return alice(s).show(it['id'])


def detach(s, id):
    same(alice(s).put(this(s), {'instance': {}}).status, 202)
    s.quiet()
    same(alice(s).delete('/configurations/' + id).status, 202)


def restart(s):
    a = alice(s).post(this(s) + '/action', {'restart': {}})
    same(a.status, 202, a)
    s.quiet()
    return alice(s).active(it['id'])


@story
def a_create_becomes_active_and_its_user_gets_in(s):
    c = alice(s)
    it['id'] = c.create('cache', users=[{'name': 'app', 'password': APP}])
    i = it['instance'] = c.active(it['id'])
    same(i['datastore']['type'], 'redis')
    same(app('SET', 'greeting', 'hello'), 'OK')
    same(app('GET', 'greeting'), 'hello')
    check(cli('default', '', 'PING').startswith('NOAUTH'))
    check('WRONGPASS' in cli('app', 'no', 'PING'))


@story
def users_come_and_go(s):
    c, users = alice(s), this(s) + '/users'
    a = c.post(users, {'users': [{'name': 'second', 'password': APP},
                                 {'name': 'third', 'password': APP}]})
    same(a.status, 202, a)
    same([(u['name'], u['host'], u['databases'])
          for u in c.get(users).json['users']],
         [(n, '%', []) for n in ('app', 'second', 'third')])
    a = c.get(users + '?limit=2')
    same([u['name'] for u in a.json['users']], ['app', 'second'])
    a = c.get(users + '/second')
    same((a.status, a.json['user']['name']), (200, 'second'))
    a = c.put(users + '/second', {'user': {'name': 'renamed',
                                           'password': CANARY + 'new'}})
    same(a.status, 202, a)
    same(cli('renamed', CANARY + 'new', 'PING'), 'PONG')
    check('WRONGPASS' in cli('second', APP, 'PING'))
    a = c.put(users, {'users': [{'name': 'third', 'password': CANARY + '3'}]})
    same(a.status, 202, a)
    same(cli('third', CANARY + '3', 'PING'), 'PONG')
    for name in ('renamed', 'third'):
        same(c.delete(users + '/' + name).status, 202)
    c.get(users + '/renamed').fault(404, 'itemNotFound')
    c.delete(users + '/renamed').fault(404, 'itemNotFound')
    check('WRONGPASS' in cli('third', CANARY + '3', 'PING'))


@story
def what_redis_has_no_word_for_is_refused(s):
    c = alice(s)
    why = 'Operation not supported for datastore redis.'
    for a in (c.get(this(s) + '/databases'),
              c.post(this(s) + '/databases', {'databases': [{'name': 'app'}]}),
              c.delete(this(s) + '/databases/app'),
              c.get(this(s) + '/users/app/databases'),
              c.put(this(s) + '/users/app/databases',
                    {'databases': [{'name': 'app'}]}),
              c.delete(this(s) + '/users/app/databases/app'),
              c.post(this(s) + '/users', {'users': [{
                  'name': 'x', 'password': APP,
                  'databases': [{'name': 'app'}]}]})):
        same(a.fault(422, 'unprocessableEntity'), why)
    for user in ({'name': 'a b'}, {'name': 'default'},
                 {'name': 'x', 'host': '10.0.0.1'}):
        c.post(this(s) + '/users', {'users': [dict(user, password=APP)]}) \
            .fault(400, 'badRequest')
    a = c.post('/instances', {'instance': {
        'name': 'no', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'redis'}, 'databases': [{'name': 'app'}]}})
    same(a.fault(422, 'unprocessableEntity'), why)


@story
def a_user_reaches_the_data_and_not_the_server(s):
    for words in ('CONFIG GET dir', 'SHUTDOWN', 'ACL LIST',
                  'REPLICAOF NO ONE', 'MODULE LIST', 'CLIENT LIST'):
        check(app(*words.split()).startswith('NOPERM'), words)


@story
def root_is_enabled_and_disabled(s):
    c = alice(s)
    same(c.get(this(s) + '/root').json, {'rootEnabled': False})
    a = c.root_enabled(it['id'])
    same(a.json['user']['name'], 'root')
    pw = a.json['user']['password']
    check('cmd=client|list' in cli('root', pw, 'CLIENT', 'LIST'))
    for words in ('CONFIG GET dir', 'SHUTDOWN', 'ACL LIST',
                  'REPLICAOF NO ONE', 'MODULE LIST', 'BGSAVE', 'SAVE'):
        check(cli('root', pw, *words.split()).startswith('NOPERM'), words)
    same([u['name'] for u in c.get(this(s) + '/users').json['users']],
         ['app'])
    same(c.delete(this(s) + '/root').status, 204)
    check('WRONGPASS' in cli('root', pw, 'PING'))


@story
def a_catalogue_is_made_from_the_server_itself(s):
    c = alice(s)
    d = c.get('/datastores/redis').json['datastore']
    v, name = d['default_version'], d['versions'][0]['name']
    s.coffer('parameters', 'load', 'redis/' + name, '-',
             input=s.coffer('parameters', 'generate', '--engine', 'redis'))
    a = c.get('/datastores/redis/versions/%s/parameters' % v)
    rows = {p['name']: p for p in a.json['configuration-parameters']}
    same(rows['hz'], {
        'name': 'hz', 'datastore_version_id': v, 'restart_required': False,
        'type': 'integer', 'min': 0, 'max': 2147483647})
    same((rows['databases']['restart_required'], rows['databases']['min']),
         (True, 1))
    same(rows['activerehashing']['type'], 'boolean')
    same(rows['maxmemory-policy']['type'], 'string')
    for forbidden in ('dir', 'requirepass', 'bind', 'aclfile', 'logfile',
                      'appendonly', 'maxmemory', 'replicaof', 'unixsocket',
                      'enable-debug-command', 'tls-port'):
        check(forbidden not in rows, forbidden)


@story
def settings_are_there_at_once_and_some_after_a_restart(s):
    id = group(s, {'timeout': 77, 'activerehashing': False,
                   'maxmemory-policy': 'allkeys-lru', 'databases': 3})
    same(attach(s, id)['status'], 'RESTART_REQUIRED')
    for name, value in (('timeout', '77'), ('activerehashing', 'no'),
                        ('maxmemory-policy', 'allkeys-lru'),
                        ('databases', '16')):
        same(parameter(s, name), value, name)
    same(restart(s)['status'], 'ACTIVE')
    same(parameter(s, 'databases'), '3')
    same(parameter(s, 'timeout'), '77')
    check('out of range' in app('-n', '5', 'PING'))
    detach(s, id)
    same(parameter(s, 'timeout'), '0')
    restart(s)
    same(parameter(s, 'databases'), '16')


@story
def what_the_server_refuses_is_not_attached(s):
    id = group(s, {'timeout': 99, 'maxmemory-policy': 'sometimes'})
    i = attach(s, id)
    same(i.get('configuration'), None)
    check('maxmemory-policy' in i['fault']['message'], i)
    same((i['status'], i['operating_status']), ('ACTIVE', 'HEALTHY'))
    same(parameter(s, 'timeout'), '0')
    same(alice(s).delete('/configurations/' + id).status, 202)


@story
def a_server_that_does_not_start_runs_without_its_group(s):
    v = alice(s).get('/datastores/redis').json['datastore']['default_version']
    s.sql("UPDATE parameters SET min = NULL WHERE name = 'databases'"
          " AND version_id = '%s'" % v)
    id = group(s, {'databases': -1, 'timeout': 77})
    same(attach(s, id)['status'], 'RESTART_REQUIRED')
    i = restart(s)
    same(i.get('configuration'), None, i)
    check('did not start' in i['fault']['message'], i)
    same(parameter(s, 'timeout'), '0')
    same(app('GET', 'greeting'), 'hello')
    same(alice(s).delete('/configurations/' + id).status, 202)


@story
def a_larger_flavor_is_more_memory(s):
    same(parameter(s, 'maxmemory'), str(256 * 60 // 100 << 20))
    a = alice(s).post(this(s) + '/action', {'resize': {'flavorRef': '2'}})
    same(a.status, 202, a)
    s.quiet()
    same(alice(s).active(it['id'])['flavor']['id'], '2')
    same(parameter(s, 'maxmemory'), str(512 * 60 // 100 << 20))
    same(app('GET', 'greeting'), 'hello')


@story
def a_killed_server_comes_back_with_its_data(s):
    same(app('SET', 'last', 'words'), 'OK')
    killed = process(s)
    os.kill(killed, signal.SIGKILL)
    until(20, lambda: app('GET', 'last') == 'words')
    check(process(s) != killed)
    i = alice(s).active(it['id'])
    same([u['name'] for u in alice(s).get(
        this(s) + '/users').json['users']], ['app'])
    same(i['status'], 'ACTIVE')


def backup(s, name, **more):
    a = alice(s).post('/backups', {'backup': dict(
        name=name, instance=it['id'], **more)})
    same(a.status, 202, a)
    id = a.json['backup']['id']
    until(30, lambda: alice(s).get('/backups/' + id).json['backup'][
        'status'] in ('COMPLETED', 'FAILED'))
    b = alice(s).get('/backups/' + id).json['backup']
    same(b['status'], 'COMPLETED', s.one(
        "SELECT error FROM tasks WHERE kind = 'backup'"))
    return b


@story
def a_backup_becomes_another_server_with_the_same_data(s):
    c = alice(s)
    same(app('EVAL', "for i = 1, 5000 do redis.call('SET', 'k' .. i, i * i) "
             "end return redis.call('DBSIZE')", '0'), '5002')
    a = c.post(this(s) + '/root')       # not where nothing could contain it
    it['root'] = a.json['user']['password'] if a.status == 200 else 'none'
    b = backup(s, 'full')
    check(b['locationRef'].endswith('.rdb.zst.enc'), b)
    same(app('FLUSHALL'), 'OK')
    id = c.create('again', users=[{'name': 'other', 'password': APP}],
                  restorePoint={'backupRef': b['id']})
    was, it['instance'] = it['instance'], c.active(id)
    for _ in range(2):
        same(cli('other', APP, 'DBSIZE'), '5002')
        same(cli('other', APP, 'GET', 'k77'), str(77 * 77))
        same(cli('other', APP, 'GET', 'greeting'), 'hello')
        same(app('PING'), 'PONG')
        check('WRONGPASS' in cli('root', it['root'], 'PING'))
        same([u['name'] for u in c.get('/instances/%s/users' % id).json[
            'users']], ['app', 'other'])
        a = c.post('/instances/%s/action' % id, {'restart': {}})
        same(a.status, 202, a)
        s.quiet()
    it['instance'] = was
    c.remove(id)
    same(c.delete('/backups/' + b['id']).status, 202)
    s.quiet()


@story
def backups_of_redis_are_whole(s):
    why = ("The 'create_incremental_backup' operation is not supported for "
           "the 'redis' datastore.")
    a = alice(s).post('/backups', {'backup': {
        'name': 'more', 'instance': it['id'], 'incremental': 1}})
    same(a.fault(501, 'notImplemented'), why)


@story
def a_server_that_dies_in_the_middle_of_a_backup_leaves_nothing_half(s):
    c = alice(s)
    app('EVAL', "for i = 1, 40000 do redis.call('SET', 'f' .. i, "
        "redis.sha1hex(i)) end return 1", '0')
    a = c.post('/backups', {'backup': {
        'name': 'cut off', 'instance': it['id']}})
    same(a.status, 202, a)
    id = a.json['backup']['id']
    until(10, lambda: c.tasks(it['id'])[0]['step']['name'] == 'order')
    os.kill(process(s), signal.SIGKILL)
    until(30, lambda: c.get('/backups/' + id).json['backup'][
        'status'] in ('COMPLETED', 'FAILED'))
    s.quiet()
    task = next(t for t in c.tasks(it['id']) if t['id'] == id)
    if task['status'] == 'FAILED':
        check(task['error'], task)
        until(20, lambda: not glob.glob(s.dir + '/storage/**/*%s*' % id,
                                        recursive=True), 'left in storage')
    until(20, lambda: app('PING') == 'PONG')
    b = backup(s, 'the next')
    for gone in (id, b['id']):
        same(c.delete('/backups/' + gone).status, 202)
    s.quiet()


@story
def its_error_log_is_the_operators(s):
    same([log['name'] for log in alice(s).get(this(s) + '/log').json[
        'logs']], ['slow_query'])
    a = s.client('adam').get(this(s) + '/log')
    same([(log['name'], log['type'], log['status'])
          for log in a.json['logs']], [('slow_query', 'USER', 'Disabled'),
                                       ('error', 'SYS', 'Ready')])
    a = s.client('adam').post(this(s) + '/log', {'name': 'error',
                                                 'publish': 1})
    same((a.status, a.json['log']['status']), (200, 'Published'), a)


def slow(n):
    """More than the 10 ms from which on Redis takes a command for slow."""
    app('EVAL', "local t = redis.call('TIME'); repeat local u = "
        "redis.call('TIME') until (u[1] - t[1]) * 1000000 + u[2] - t[2] > "
        "12000 return ARGV[1]", '0', 'slow-%d' % n)


@story
def slow_commands_are_published_each_of_them_once(s):
    c = alice(s)
    slow(0)                                     # nobody writes it down
    a = c.post(this(s) + '/log', {'name': 'slow_query', 'enable': 1})
    same((a.status, a.json['log']['status']), (200, 'Enabled'), a)
    slow(1)
    restart(s)
    slow(2)
    a = c.post(this(s) + '/log', {'name': 'slow_query', 'publish': 1})
    same((a.status, a.json['log']['status']), (200, 'Published'), a)
    at = '/v1/AUTH_%s/database_logs' % c.tenant
    text = ''.join(
        c.raw('GET', at + '/' + o['name']).raw.decode()
        for o in c.raw('GET', at + '?format=json&prefix=%s/redis-slow_query/'
                       % it['id']).json)
    same(re.findall(r' "slow-(\d)"\n', text), ['1', '2'])
    a = c.post(this(s) + '/log', {'name': 'slow_query', 'disable': 1})
    same((a.status, a.json['log']['status']), (200, 'Disabled'), a)


@story
def its_defaults_are_shown(s):
    a = alice(s).get(this(s) + '/configuration')
    same(a.status, 200, a)
    options = a.json['instance']['configuration']
    same((options['port'], options['maxmemory']), (6379, '307mb'))


@story
def a_deleted_instance_is_gone(s):
    alice(s).remove(it['id'])
    check('PONG' not in app('PING'))


main(datastore='redis')
