#!/usr/bin/python3
"""A tenant switches the logs of a real server on and off, and sees them grow;
the error log is the operator's."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

PASSWORD = CANARY + 'logs'
it = {}


def logs(c, id):
    a = c.get('/instances/%s/log' % id)
    same(a.status, 200, a)
    return {log['name']: log for log in a.json['logs']}


def act(c, name, **flags):
    return c.post('/instances/%s/log' % it['id'], dict(flags, name=name))


def query(s, sql):
    return it['alice'].query(it['alice'].show(it['id']), 'app', PASSWORD, sql)


@story
def a_member_sees_two_logs_that_are_off(s):
    c = it['alice'] = s.client('alice')
    id = it['id'] = c.create('talkative', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': PASSWORD, 'databases': [{'name': 'app'}]}])
    c.active(id)
    same(logs(c, id), {name: {
        'name': name, 'type': 'USER', 'status': 'Disabled', 'published': 0,
        'pending': 0, 'container': 'None', 'prefix': 'None',
        'metafile': '%s/mariadb-%s_metafile' % (id, name),
    } for name in ('general', 'slow_query')})
    same(logs(s.client('rita'), id).keys(), {'general', 'slow_query'})


@story
def the_operator_sees_the_error_log_too(s):
    error = logs(s.client('adam'), it['id'])['error']
    same((error['type'], error['status']), ('SYS', 'Ready'))
    check(error['pending'] > 100, error)


@story
def an_enabled_log_grows_with_what_is_asked(s):
    a = act(it['alice'], 'general', enable=1)
    same(a.status, 200, a)
    check(a.json['log']['status'] in ('Enabled', 'Ready'), a)
    before = logs(it['alice'], it['id'])['general']['pending']
    for _ in range(20):
        query(s, "SELECT 'something that can be counted'")
    now = logs(it['alice'], it['id'])['general']
    same(now['status'], 'Ready')
    check(now['pending'] > before + 20 * 30, before, now)
    a = act(it['alice'], 'slow_query', enable=1)
    same(a.status, 200, a)
    was = a.json['log']['pending']
    query(s, 'SET SESSION long_query_time = 0; SELECT SLEEP(0.01)')
    check(logs(it['alice'], it['id'])['slow_query']['pending'] > was)


@story
def a_disabled_log_grows_no_more(s):
    a = act(it['alice'], 'general', disable=1)
    same((a.status, a.json['log']['status']), (200, 'Disabled'))
    was = a.json['log']['pending']
    query(s, "SELECT 'nobody writes this down'")
    now = logs(it['alice'], it['id'])
    same((now['general']['status'], now['general']['pending']),
         ('Disabled', was))
    same(now['slow_query']['status'], 'Ready')


@story
def a_restart_keeps_what_was_wanted(s):
    c, id = it['alice'], it['id']
    same(c.post('/instances/%s/action' % id, {'restart': {}}).status, 202)
    c_show = lambda: c.show(id)['operating_status'] == 'HEALTHY'  # noqa
    until(60, c_show)
    now = logs(c, id)
    same((now['general']['status'], now['slow_query']['status']),
         ('Disabled', 'Ready'))


@story
def publishing_is_refused_and_leaves_all_as_it_was(s):
    was = logs(it['alice'], it['id'])
    for flags in ({'publish': 1}, {'publish': 1, 'disable': 1}):
        same(act(it['alice'], 'slow_query', **flags).fault(
            501, 'notImplemented'), 'Log actions are not supported.')
    same(logs(it['alice'], it['id']), was)
    a = act(it['alice'], 'slow_query', discard=1)
    same((a.status, a.json), (200, {'log': was['slow_query']}))


@story
def what_makes_no_sense_is_refused(s):
    c = it['alice']
    for name, flags in (
            ('general', {'enable': 1, 'disable': 1}), ('nope', {'enable': 1}),
            ('error', {'enable': 1}), ('error', {}), ('', {}),
            ('general', {'enable': 2}), ('general', {'enable': 'yes'})):
        act(c, name, **flags).fault(400, 'badRequest')
    for body in ({}, [], {'name': 5}, {'enable': 1}):
        c.post('/instances/%s/log' % it['id'], body).fault(400, 'badRequest')
    act(s.client('adam'), 'error', disable=1).fault(400, 'badRequest')
    same(logs(c, it['id'])['general']['status'], 'Disabled')
    s.client('rita').post('/instances/%s/log' % it['id'], {
        'name': 'general', 'enable': 1}).fault(403, 'forbidden')
    bob = s.client('bob')
    for id in (it['id'], 'dddddddd-0000-4000-8000-00000000dead'):
        bob.get('/instances/%s/log' % id).fault(404, 'itemNotFound')
        bob.post('/instances/%s/log' % id, {'name': 'general'}).fault(
            404, 'itemNotFound')


main()
