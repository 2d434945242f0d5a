#!/usr/bin/python3
"""Quotas are charged once, given back once, and never overshot."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import threading  # noqa: E402


def used(s, c):
    rows = s.sql("SELECT instances, ram, volumes FROM quotas WHERE tenant_id "
                 "= '%s'" % c.tenant)
    return [int(x) for x in rows[0]] if rows else [0, 0, 0]


def wish(name='q1', size=1, flavor='1'):
    return {'instance': {'name': name, 'flavorRef': flavor,
                         'volume': {'size': size},
                         'datastore': {'type': 'null'}}}


@story
def a_create_is_charged_and_a_delete_given_back_at_once(s):
    c = s.client('alice')
    same(used(s, c), [0, 0, 0])
    id = c.create('q1', 'null')
    same(used(s, c), [1, 256, 1])
    c.active(id)
    same(c.delete('/instances/' + id).status, 202)
    same(used(s, c), [0, 0, 0])
    c.gone(id)
    same(used(s, c), [0, 0, 0])


@story
def over_the_quota_is_413_with_the_resources_sorted(s):
    c = s.client('alice')
    a = c.post('/instances', wish(size=8))
    same(a.fault(413, 'overLimit'),
         "Quota exceeded for resources: ['volumes'].")
    a = c.post('/instances', wish(size=99))
    a.fault(413, 'overLimit')
    same(used(s, c), [0, 0, 0])


@story
def twelve_at_once_never_overshoot(s):
    people = [s.client('alice') for n in range(12)]
    for c in people:
        c.login()
    answers = []

    def go(c, n):
        answers.append(c.post('/instances', wish('race-%d' % n)))
    threads = [threading.Thread(target=go, args=(c, n))
               for n, c in enumerate(people)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    got = sorted(a.status for a in answers)
    same(got, [200] * 5 + [413] * 7)
    c = people[0]
    same(used(s, c), [5, 1280, 5])
    for a in answers:
        if a.status == 200:
            id = a.json['instance']['id']
            c.active(id)
            c.remove(id)
    same(used(s, c), [0, 0, 0])


@story
def a_create_that_is_refused_costs_nothing(s):
    c = s.client('alice')
    for body in (wish(flavor='nosuch'), wish(name=''),
                 {'instance': dict(wish()['instance'],
                                   datastore={'type': 'nosuch'})}):
        check(c.post('/instances', body).status in (400, 404))
    same(used(s, c), [0, 0, 0])


@story
def a_create_that_fails_is_given_back_when_it_is_deleted(s):
    """The compute driver of tests fails the first call it is asked to."""
    c = s.client('alice')
    conf = s.dir + '/etc/worker.conf'
    text = open(conf).read()
    s.run('stop', 'worker-1', 'worker-2')
    open(conf, 'w').write(text + ''.join(
        '[%s]\ndriver = failing\n' % d
        for d in ('compute', 'volume', 'network')))
    s.run('start', 'worker-1', env={'COFFER_FAIL': 'server.ensure:1'})
    id = c.create('doomed', 'null')
    i = until(60, lambda: (lambda i: i if i['status'] != 'BUILD' else None)(
        c.show(id)))
    same(i['status'], 'ERROR', i)
    check(i['fault']['message'], i)
    t = c.tasks(id)[0]
    same((t['status'], t['failed_step']), ('FAILED', 'server'))
    check(t['error'], t)
    same(used(s, c), [1, 256, 1])
    s.run('stop', 'worker-1')
    open(conf, 'w').write(text)
    s.run('start', 'worker-1', 'worker-2')
    c.remove(id)
    same(used(s, c), [0, 0, 0])


@story
def the_operators_limits_are_obeyed_and_shown(s):
    c = s.client('alice')
    s.coffer('quota', 'set', 'alpha', 'instances=1', 'volumes=-1')
    limits = c.get('/limits').json['limits'][0]
    same(limits['max_instances'], 1)
    id = c.create('only', 'null')
    c.post('/instances', wish()).fault(413, 'overLimit')
    c.active(id)
    c.remove(id)
    s.coffer('quota', 'set', 'alpha', 'instances=default', 'volumes=default')
    same(c.get('/limits').json['limits'][0]['max_instances'], 5)


@story
def rates_are_limited_with_retry_after(s):
    s.run('stop', 'api-main')
    for conf in ('api',):
        path = '%s/etc/%s.conf' % (s.dir, conf)
        text = open(path).read().replace('get_rate = 0', 'get_rate = 30')
        open(path, 'w').write(text)
    s.run('start', 'api-main')
    c = s.client('bob')
    c.login()
    until(10, lambda: c.raw('GET', '/healthcheck', token=None).status == 200)
    answers = [c.get('/flavors') for n in range(60)]
    got = [a.status for a in answers]
    n = got.count(200)
    check(28 <= n <= 34, 'of 60 at once, 30 a minute:', n)
    a = answers[-1]
    a.fault(413, 'overLimit')
    check(int(a.headers['Retry-After']) >= 1, a.headers)
    same(a.json['overLimit']['retryAfter'], a.headers['Retry-After'])
    same(s.client('alice').get('/flavors').status, 200, 'another project')


if __name__ == '__main__':
    main(settings=['quota.instances=5', 'quota.volumes=7',
                   'local.filesystem=directory'])
