#!/usr/bin/python3
"""Configuration groups with a real MariaDB: what is set can be seen in the
server, what the server refuses is refused, and what it does not start with is
taken back."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
seen = {}


def alice(s):
    if 'client' not in seen:
        seen['client'] = s.client('alice')
    return seen['client']


def group(s, name, values, **more):
    a = alice(s).post('/configurations', {'configuration': dict(
        name=name, values=values, datastore={'type': 'mariadb'}, **more)})
    same(a.status, 200, a)
    return a.json['configuration']['id']


def attach(s, id):
    return alice(s).put('/instances/' + seen['id'],
                        {'instance': {'configuration': id}})


def detach(s):
    same(alice(s).put('/instances/' + seen['id'],
                      {'instance': {}}).status, 202)


def variable(s, name):
    i = seen['instance']
    return alice(s).query(i, 'app', APP,
                          'SELECT @@GLOBAL.' + name)[0][0]


def becomes(s, name, value):
    until(15, lambda: variable(s, name) == value, name, 'becomes', value)


def last_task(s):
    s.quiet()
    return alice(s).tasks(seen['id'])[0]


def restart(s):
    c = alice(s)
    same(c.post('/instances/%s/action' % seen['id'],
                {'restart': {}}).status, 202)
    s.quiet()
    return c.show(seen['id'])


@story
def a_catalogue_is_made_from_the_server_itself(s):
    c = alice(s)
    d = c.get('/datastores/mariadb').json['datastore']
    v, name = d['default_version'], d['versions'][0]['name']
    s.coffer('parameters', 'load', 'mariadb/' + name, '-',
             input=s.coffer('parameters', 'generate'))
    a = c.get('/datastores/mariadb/versions/%s/parameters' % v)
    same(a.status, 200, a)
    rows = {p['name']: p for p in a.json['configuration-parameters']}
    same(rows['max_connections'],
         {'name': 'max_connections', 'datastore_version_id': v,
          'restart_required': False, 'type': 'integer', 'min': 10,
          'max': 100000})
    check(rows['back_log']['restart_required'], rows['back_log'])
    same(rows['long_query_time']['type'], 'float')
    for forbidden in ('datadir', 'plugin_load_add', 'init_connect', 'socket',
                      'secure_file_priv', 'log_error', 'character_set_client'):
        check(forbidden not in rows, forbidden)
    a = c.get('/datastores/versions/%s/parameters/MAX_connections' % v)
    same(a.json, rows['max_connections'])
    c.get('/datastores/versions/%s/parameters/nope' % v) \
        .fault(404, 'itemNotFound')


@story
def a_group_is_made_shown_and_listed(s):
    c = alice(s)
    id = seen['group'] = group(s, 'tuned', {
        'wait_timeout': 321, 'long_query_time': 2.5,
        'sql_mode': 'ANSI_QUOTES'}, description='how we like it')
    a = c.get('/configurations/' + id).json['configuration']
    same((a['name'], a['description'], a['instance_count']),
         ('tuned', 'how we like it', 0))
    same(a['values'], {'wait_timeout': 321, 'long_query_time': 2.5,
                       'sql_mode': 'ANSI_QUOTES'})
    a = c.get('/configurations').json['configurations']
    same([g['name'] for g in a], ['tuned'])
    check('values' not in a[0], a)
    stored = s.one("SELECT settings FROM configurations")
    check('wait_timeout' not in stored, stored)


@story
def values_of_a_wrong_kind_are_refused(s):
    c = alice(s)
    for values, said in (
            ({'nope': 1}, 'nope is not supported for this datastore'),
            ({'wait_timeout': 'x'}, 'is not of type integer'),
            ({'wait_timeout': 0}, 'less than the minimum allowed: 1'),
            ({'wait_timeout': 10 ** 30}, 'not of type integer'),
            ({'sql_mode': 1}, 'is not of type string'),
            ({'sql_mode': 'a\nport = 1'}, 'control character'),
            ({'sql_mode': 'a' * 129}, 'longer than 128'),
            ({'wait_timeout': 1, 'WAIT_TIMEOUT': 2}, 'given twice')):
        a = c.post('/configurations', {'configuration': {
            'name': 'bad', 'values': values,
            'datastore': {'type': 'mariadb'}}})
        text = a.fault(422, 'unprocessableEntity')
        check(said in text, values, text)
    for name in ('n' * 65, '', '---'):
        c.post('/configurations', {'configuration': {
            'name': name, 'values': {}, 'datastore': {
                'type': 'mariadb'}}}).fault(400, 'badRequest')
    same(s.one('SELECT count(*) FROM configurations'), '1')


@story
def a_group_attached_shows_in_the_server_at_once(s):
    c = alice(s)
    seen['id'] = c.create('configured', databases=[{'name': 'app'}],
                          users=[{'name': 'app', 'password': APP,
                                  'databases': [{'name': 'app'}]}])
    seen['instance'] = c.active(seen['id'])
    seen['before'] = {n: variable(s, n) for n in (
        'wait_timeout', 'long_query_time', 'sql_mode', 'max_connections')}
    same(attach(s, seen['group']).status, 202)
    i = c.show(seen['id'])
    same((i['configuration']['id'], i['configuration']['name']),
         (seen['group'], 'tuned'))
    becomes(s, 'wait_timeout', '321')
    becomes(s, 'long_query_time', '2.500000')
    becomes(s, 'sql_mode', 'ANSI_QUOTES')
    same(last_task(s)['status'], 'SUCCEEDED')
    i = c.show(seen['id'])
    same((i['status'], i['operating_status']), ('ACTIVE', 'HEALTHY'))
    g = c.get('/configurations/' + seen['group']).json['configuration']
    same(g['instance_count'], 1)
    a = c.get('/configurations/%s/instances' % seen['group'])
    same(a.json, {'instances': [{'id': seen['id'], 'name': 'configured'}]})


@story
def a_second_group_and_a_delete_are_refused_meanwhile(s):
    c = alice(s)
    other = group(s, 'other', {})
    text = attach(s, other).fault(400, 'badRequest')
    check('already has a Configuration Group attached' in text, text)
    same(c.show(seen['id'])['configuration']['name'], 'tuned')
    text = c.delete('/configurations/' + seen['group']) \
        .fault(400, 'badRequest')
    check('cannot be deleted if it is associated' in text, text)
    same(c.delete('/configurations/' + other).status, 202)
    c.get('/configurations/' + other).fault(404, 'itemNotFound')


@story
def a_changed_group_changes_its_instances(s):
    c, path = alice(s), '/configurations/' + seen['group']
    a = c.patch(path, {'configuration': {'values': {
        'Wait_Timeout': 654, 'max_connections': 77}}})
    same((a.status, a.raw), (200, b''))
    becomes(s, 'wait_timeout', '654')
    becomes(s, 'max_connections', '77')
    same(variable(s, 'sql_mode'), 'ANSI_QUOTES')
    c.patch(path, {'configuration': {'values': {'nope': 1}}}) \
        .fault(422, 'unprocessableEntity')
    a = c.put(path, {'configuration': {'name': 'new', 'values': {
        'wait_timeout': 111}}})
    same((a.status, a.raw), (202, b''))
    becomes(s, 'wait_timeout', '111')
    becomes(s, 'max_connections', seen['before']['max_connections'])
    becomes(s, 'sql_mode', seen['before']['sql_mode'])
    g = c.get(path).json['configuration']
    same((g['name'], g['values']), ('new', {'wait_timeout': 111}))
    same(c.show(seen['id'])['status'], 'ACTIVE')


@story
def values_outlast_a_restart_and_leave_with_the_group(s):
    restart(s)
    becomes(s, 'wait_timeout', '111')
    detach(s)
    same(alice(s).show(seen['id']).get('configuration'), None)
    becomes(s, 'wait_timeout', seen['before']['wait_timeout'])
    restart(s)
    same(variable(s, 'wait_timeout'), seen['before']['wait_timeout'])
    detach(s)                   # what is not there is not missed
    same(alice(s).delete('/configurations/' + seen['group']).status, 202)


@story
def what_only_a_start_reads_waits_for_one(s):
    c, id = alice(s), group(s, 'static', {'back_log': 93,
                                          'wait_timeout': 222})
    same(attach(s, id).status, 202)
    same(c.show(seen['id'])['status'], 'RESTART_REQUIRED')
    becomes(s, 'wait_timeout', '222')
    s.quiet()
    check(variable(s, 'back_log') != '93', 'back_log before a restart')
    same(restart(s)['status'], 'ACTIVE')
    same(variable(s, 'back_log'), '93')
    detach(s)
    same(c.show(seen['id'])['status'], 'RESTART_REQUIRED')
    becomes(s, 'wait_timeout', seen['before']['wait_timeout'])
    restart(s)
    check(variable(s, 'back_log') != '93', 'back_log after a detach')
    same(c.delete('/configurations/' + id).status, 202)


@story
def what_the_server_refuses_is_not_attached(s):
    c = alice(s)
    id = group(s, 'refused', {'wait_timeout': 99, 'sql_mode': 'NO_SUCH_MODE'})
    same(attach(s, id).status, 202)
    t = last_task(s)
    same((t['kind'], t['status']), ('configure', 'FAILED'), t)
    check('sql_mode' in json.dumps(t['error']), t)
    i = c.show(seen['id'])
    same(i.get('configuration'), None)
    check('sql_mode' in i['fault']['message'], i)
    same((i['status'], i['operating_status']), ('ACTIVE', 'HEALTHY'))
    same(variable(s, 'wait_timeout'), seen['before']['wait_timeout'])
    same(c.delete('/configurations/' + id).status, 202)


@story
def a_server_that_does_not_start_runs_without_its_group(s):
    c = alice(s)
    v = c.get('/datastores/mariadb').json['datastore']['default_version']
    s.sql("INSERT INTO parameters (version_id, name, type, restart_required)"
          " VALUES ('%s', 'innodb_page_size', 'integer', true)" % v)
    id = group(s, 'deadly', {'innodb_page_size': 65536})
    same(attach(s, id).status, 202)
    s.quiet()
    same(c.show(seen['id'])['status'], 'RESTART_REQUIRED')
    i = restart(s)
    same(last_task(s)['status'], 'FAILED')
    same((i['status'], i['operating_status']), ('ACTIVE', 'HEALTHY'), i)
    same(i.get('configuration'), None, i)
    check('did not start' in i['fault']['message'], i)
    same(variable(s, 'innodb_page_size'), '16384')
    same(restart(s)['status'], 'ACTIVE')
    same(last_task(s)['status'], 'SUCCEEDED')
    same(c.delete('/configurations/' + id).status, 202)


@story
def an_instance_is_born_with_its_group(s):
    c = alice(s)
    id = group(s, 'birth', {'back_log': 91, 'wait_timeout': 333})
    i = c.create('born', databases=[{'name': 'app'}], configuration=id,
                 users=[{'name': 'app', 'password': APP,
                         'databases': [{'name': 'app'}]}])
    a = c.active(i)
    same(a['configuration']['id'], id)
    rows = c.query(a, 'app', APP,
                   'SELECT @@GLOBAL.back_log, @@GLOBAL.wait_timeout')
    same(rows, [['91', '333']])
    c.remove(i)
    same(c.delete('/configurations/' + id).status, 202)
    a = c.post('/instances', {'instance': {
        'name': 'orphan', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'mariadb'}, 'configuration': id}})
    a.fault(404, 'itemNotFound')


@story
def the_defaults_of_an_instance_are_shown(s):
    c = alice(s)
    a = c.get('/instances/%s/configuration' % seen['id'])
    same(a.status, 200, a)
    options = a.json['instance']['configuration']
    same((options['port'], options['query_cache_limit']), (3306, '1M'))
    s.client('bob').get('/instances/%s/configuration' % seen['id']) \
        .fault(404, 'itemNotFound')


@story
def groups_of_another_project_are_not_there(s):
    bob = s.client('bob')
    id = group(s, 'mine', {'wait_timeout': 5})
    path = '/configurations/' + id
    body = {'configuration': {'values': {}}}
    for a in (bob.get(path), bob.get(path + '/instances'), bob.delete(path),
              bob.put(path, body), bob.patch(path, body)):
        a.fault(404, 'itemNotFound')
    same(bob.get('/configurations').json, {'configurations': []})
    a = bob.post('/instances', {'instance': {
        'name': 'thief', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'mariadb'}, 'configuration': id}})
    a.fault(404, 'itemNotFound')
    same(s.client('root').get(path).status, 200)
    attach(s, 'dddddddd-0000-4000-8000-00000000dead') \
        .fault(404, 'itemNotFound')
    same(alice(s).delete(path).status, 202)


@story
def operators_change_the_catalogue(s):
    adam = s.client('adam')
    v = adam.get('/datastores/mariadb').json['datastore']['default_version']
    path = '/mgmt/datastores/versions/%s/parameters' % v

    def row(**more):
        return {'configuration-parameter': dict(
            {'name': 'made_up', 'restart_required': 1, 'data_type': 'integer',
             'min_size': 1, 'max_size': 18446744073709551615}, **more)}
    alice(s).post(path, row()).fault(401, 'unauthorized')
    a = adam.post(path, row())
    same((a.status, a.json), (200, {
        'name': 'made_up', 'datastore_version_id': v,
        'restart_required': True, 'type': 'integer', 'min_size': 1,
        'max_size': 18446744073709551615}))
    for bad in (row(), row(name='b', min_size=None), row(name='b', max_size=0),
                row(name='b', data_type='list'), row(name='a b'),
                row(name='b', restart_required=True)):
        adam.post(path, bad).fault(400, 'badRequest')
    a = adam.put(path + '/MADE_UP', row(data_type='string'))
    same((a.status, a.json['type']), (200, 'string'))
    same(adam.get(path + '/made_up').json, a.json)
    adam.put(path + '/gone', row(name='gone')).fault(404, 'itemNotFound')
    same(adam.delete(path + '/made_up').status, 204)
    adam.delete(path + '/made_up').fault(400, 'badRequest')
    adam.get(path + '/made_up').fault(404, 'itemNotFound')


main()
