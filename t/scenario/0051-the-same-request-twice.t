#!/usr/bin/python3
"""A POST with an Idempotency-Key is done once and answered the same way each
time: also when the answer, the program or a twin got in between."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import threading  # noqa: E402

mine = {}


def alice(s):
    if 'c' not in mine:
        mine['c'] = s.client('alice')
        mine['c'].login()
    return mine['c']


def wish(name, **more):
    return {'instance': dict({
        'name': name, 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'null'}}, **more)}


def post(c, key, path, body, **kw):
    return c.post(path, body, headers={'Idempotency-Key': key}, **kw)


def named(s, name):
    return int(s.one("SELECT count(*) FROM instances WHERE name = '%s' AND"
                     " deleted_at IS NULL" % name))


@story
def the_first_answer_is_given_again(s):
    c = alice(s)
    one = post(c, 'k-1', '/instances', wish('once'))
    same(one.status, 200, one)
    for n in range(3):
        two = post(c, 'k-1', '/instances', wish('once'))
        same(two.status, 200, two)
        same(two.raw, one.raw)
        same(two.headers['Content-Type'], one.headers['Content-Type'])
        same(two.headers['Idempotency-Replayed'], 'true')
    check(one.headers.get('Idempotency-Replayed') is None, one)
    same(named(s, 'once'), 1)
    mine['id'] = one.json['instance']['id']
    c.active(mine['id'])
    same(post(c, 'k-1', '/instances', wish('once')).raw, one.raw)
    same(s.one("SELECT instances FROM quotas WHERE tenant_id = '%s'"
               % c.tenant), '1')


@story
def another_body_or_route_is_409_and_another_project_is_not(s):
    c = alice(s)
    post(c, 'k-1', '/instances', wish('twice')).fault(409, 'conflict')
    post(c, 'k-1', '/instances/%s/action' % mine['id'], {'restart': {}}) \
        .fault(409, 'conflict')
    same(named(s, 'twice'), 0)
    b = s.client('bob')
    a = post(b, 'k-1', '/instances', wish('once'))
    same(a.status, 200, a)
    check(a.json['instance']['id'] != mine['id'], a)
    b.active(a.json['instance']['id'])
    b.remove(a.json['instance']['id'])


@story
def a_state_that_has_changed_meanwhile_changes_no_answer(s):
    c = alice(s)
    path = '/instances/%s/action' % mine['id']
    for n in range(4):
        a = post(c, 'k-restart', path, {'restart': {}})
        same(a.status, 202, a)
        same(a.raw, b'')
    until(20, lambda: c.show(mine['id'])['status'] == 'ACTIVE')
    same(s.one("SELECT count(*) FROM tasks WHERE kind = 'restart'"), '1')


@story
def what_was_refused_may_be_tried_again(s):
    c = alice(s)
    post(c, 'k-bad', '/instances', wish('bad', flavorRef='nosuch')) \
        .fault(400, 'badRequest')
    a = post(c, 'k-bad', '/instances', wish('bad'))
    same(a.status, 200, a)
    c.active(a.json['instance']['id'])
    c.remove(a.json['instance']['id'])
    # Also after its instance is gone the key knows its answer.
    same(post(c, 'k-bad', '/instances', wish('bad')).raw, a.raw)


@story
def a_key_has_bounds(s):
    c = alice(s)
    for key in ('x' * 256, 'a b', 'a\tb', '\xe4', 'x' * 4000):
        a = post(c, key, '/instances', wish('bounds'))
        a.fault(400, 'badRequest')
    same(named(s, 'bounds'), 0)
    a = post(c, '', '/instances', wish('bounds'))
    same(a.status, 200, a)
    b = post(c, 'x' * 255, '/instances', wish('bounds'))
    same(b.status, 200, b)
    for i in (a, b):
        c.active(i.json['instance']['id'])
        c.remove(i.json['instance']['id'])


@story
def of_many_twins_one_is_done(s):
    c = alice(s)
    got = []

    def twin():
        b = s.client('alice')
        got.append(post(b, 'k-twins', '/instances', wish('twin')))
    t = [threading.Thread(target=twin) for n in range(12)]
    [x.start() for x in t]
    [x.join() for x in t]
    same(len(got), 12)
    for a in got:
        check(a.status in (200, 409), a)
    ids = {a.json['instance']['id'] for a in got if a.status == 200}
    same(len(ids), 1)
    same(named(s, 'twin'), 1)
    id = ids.pop()
    c.active(id)
    c.remove(id)


@story
def what_is_done_inside_a_guest_is_done_once(s):
    c = alice(s)
    path = '/instances/%s/databases' % mine['id']
    for n in range(3):
        a = post(c, 'k-db', path, {'databases': [{'name': 'once'}]})
        same(a.status, 202, a)
    same(s.one("SELECT count(*) FROM tasks WHERE kind = 'database_create'"),
         '1')


@story
def what_a_guest_refused_may_be_tried_again(s):
    c = alice(s)
    path = '/instances/%s/databases' % mine['id']
    for n in range(2):
        a = post(c, 'k-there', path, {'databases': [{'name': 'once'}]})
        check(400 <= a.status < 500, a)
        check('Idempotency-Replayed' not in a.headers, a)
    a = post(c, 'k-there', path, {'databases': [{'name': 'other'}]})
    same(a.status, 202, a)
    same(post(c, 'k-there', path, {'databases': [{'name': 'other'}]}).status,
         202)
    same({d['name'] for d in c.get(path).json['databases']},
         {'once', 'other'})


@story
def a_password_in_an_answer_is_the_same_and_stands_nowhere(s):
    c = alice(s)
    path = '/instances/%s/root' % mine['id']
    one = post(c, 'k-root', path, {'password': CANARY + 'Root1'})
    if one.status != 200:
        raise Skip('root is not allowed here: %s' % one)
    two = post(c, 'k-root', path, {'password': CANARY + 'Root1'})
    same(two.raw, one.raw)
    same(s.one("SELECT count(*) FROM repeats WHERE answer LIKE '%Canary%'"
               " OR fingerprint LIKE '%Canary%'"), '0')
    same(s.one("SELECT count(*) FROM repeats WHERE answer LIKE '%password%'"),
         '0')


@story
def a_program_killed_before_it_could_answer_changes_nothing(s):
    """Killed at any moment, asked again: one instance, one id."""
    c = alice(s)
    for n in range(6):
        until(20, lambda: c.get('/flavors').status == 200)
        key, name = 'k-kill-%d' % n, 'killed-%d' % n

        def kill():
            time.sleep(0.002 * n)
            s.kill('api-main')
        t = threading.Thread(target=kill)
        t.start()
        try:
            post(c, key, '/instances', wish(name))
        except Exception:
            pass
        t.join()

        def answered():
            a = post(c, key, '/instances', wish(name))
            return a if a.status == 200 else None
        a = until(20, answered, key)
        same(until(20, answered, key).raw, a.raw)
        same(named(s, name), 1)
        id = a.json['instance']['id']
        until(20, lambda: c.get('/instances/' + id).status == 200)
        c.active(id)
        c.remove(id)


@story
def a_key_is_forgotten_in_time(s):
    c = alice(s)
    one = post(c, 'k-old', '/instances', wish('old'))
    s.sql("UPDATE repeats SET created = created - interval '2 days'"
          " WHERE key = 'k-old'")
    two = post(c, 'k-old', '/instances', wish('old'))
    same(two.status, 200, two)
    check(one.json['instance']['id'] != two.json['instance']['id'], two)
    for a in (one, two):
        c.active(a.json['instance']['id'])
        c.remove(a.json['instance']['id'])


@story
def the_end(s):
    alice(s).remove(mine['id'])


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'local.allow_root=yes'])
