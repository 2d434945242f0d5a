#!/usr/bin/python3
"""Agents die, servers die, reports are lost, conductors come and go: states
stay true, and heal without anybody's help."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403


mine = {}
APP = CANARY + 'App2'


def alice(s):
    return mine.setdefault('c', s.client('alice'))


def state(s):
    return alice(s).show(mine['id'])['operating_status']


def process(s, name):
    got = [p for p, n in s.inside(mine['id']).items() if n.startswith(name)]
    check(got, name, 'is not among', s.inside(mine['id']))
    return got[0]


def select(s):
    return alice(s).query(mine['i'], 'app', APP, 'SELECT 1', wait=1)


@story
def a_real_server_is_there(s):
    c = alice(s)
    mine['id'] = c.create('sturdy', databases=[{'name': 'app'}],
                          users=[{'name': 'app', 'password': APP,
                                  'databases': [{'name': 'app'}]}])
    mine['i'] = c.active(mine['id'])
    same(select(s), [['1']])


@story
def a_killed_database_server_is_started_again_by_its_agent(s):
    was = process(s, 'mariadbd')
    os.kill(was, 9)

    def back():
        try:
            return select(s)
        except Failed:
            return None
    until(30, back)
    check(process(s, 'mariadbd') != was)
    until(20, lambda: state(s) == 'HEALTHY')


@story
def a_killed_agent_comes_back_and_the_state_heals(s):
    os.kill(process(s, 'coffer-agent'), 9)
    until(40, lambda: any(n.startswith('coffer-agent')
                          for n in s.inside(mine['id']).values()))

    def back():
        try:
            return select(s)
        except Failed:
            return None
    until(40, back)
    until(30, lambda: state(s) == 'HEALTHY')
    a = alice(s).get('/instances/%s/databases' % mine['id'])
    same(a.json['databases'], [{'name': 'app'}])


@story
def a_silent_guest_is_not_called_healthy(s):
    pids = list(s.inside(mine['id']))
    for p in pids:
        os.kill(p, signal.SIGSTOP)
    try:
        until(15, lambda: state(s) != 'HEALTHY')
        until(25, lambda: state(s) == 'ERROR')
        same(alice(s).show(mine['id'])['status'], 'ACTIVE')
    finally:
        for p in pids:
            os.kill(p, signal.SIGCONT)
    until(15, lambda: state(s) == 'HEALTHY')


@story
def lost_reports_are_repaired_by_the_next(s):
    """Pub/sub loses what is said while the conductor is away."""
    for n in range(3):
        s.run('stop', 'conductor-1')
        a = alice(s).post('/instances/%s/databases' % mine['id'],
                          {'databases': [{'name': 'lost%d' % n}]})
        check(a.status in (202, 400, 503), a)
        s.run('start', 'conductor-1')
        s.quiet(30)
    names = [d['name'] for d in alice(s).get(
        '/instances/%s/databases' % mine['id']).json['databases']]
    same(names, ['app', 'lost0', 'lost1', 'lost2'])
    same(s.one("SELECT count(*) FROM tasks WHERE status = 'FAILED'"), '0')


@story
def two_conductors_share_the_guests_and_inherit_them(s):
    c = alice(s)
    ids = [c.create('shared-%d' % n, 'null') for n in range(12)]
    for id in ids:
        c.active(id)
    owners = until(15, lambda: (lambda o: o if len(o) == 2 and all(
        int(n) >= 4 for _, n in o) else None)(s.sql(
            'SELECT owner, count(*) FROM shards WHERE lease_until > now() '
            'GROUP BY 1')))
    check(owners)
    s.run('stop', 'conductor-2')
    until(15, lambda: len(s.sql('SELECT DISTINCT owner FROM shards WHERE '
                                'lease_until > now()')) == 1)
    time.sleep(6)
    for id in ids:
        same(c.show(id)['operating_status'], 'HEALTHY')
    s.run('start', 'conductor-2')
    s.kill('conductor-1')
    for id in ids:
        same(c.show(id)['operating_status'], 'HEALTHY')
        same(c.delete('/instances/' + id).status, 202)
    for id in ids:
        c.gone(id)


@story
def two_workers_share_the_work(s):
    c = alice(s)
    ids = [c.create('work-%d' % n, 'null') for n in range(16)]
    for id in ids:
        c.active(id)
    for id in ids:
        c.remove(id)
    doubled = s.sql("SELECT instance_id, kind, count(*) FROM tasks "
                    "GROUP BY 1, 2 HAVING count(*) > 1 AND "
                    "kind IN ('create', 'delete')")
    same(doubled, [])


@story
def a_worker_that_slept_past_its_lease_changes_nothing(s):
    c = alice(s)
    p = s.pid('worker-1')
    os.kill(p, signal.SIGSTOP)
    try:
        ids = [c.create('lease-%d' % n, 'null') for n in range(6)]
        for id in ids:
            c.active(id, 40)
    finally:
        os.kill(p, signal.SIGCONT)
    time.sleep(2)
    for id in ids:
        same(c.show(id)['status'], 'ACTIVE')
        c.remove(id)
    s.invariants()


@story
def a_poison_task_is_put_aside_with_its_cause(s):
    """A task whose worker dies each time it is taken."""
    c = alice(s)
    for w in ('worker-1', 'worker-2'):
        s.run('stop', w)
    id = c.create('poison', 'null')
    s.sql("UPDATE tasks SET crashes = 99, attempt = 99 WHERE instance_id = "
          "'%s'" % id)
    other = c.create('fine', 'null')
    for w in ('worker-1', 'worker-2'):
        s.run('start', w)
    c.active(other)
    t = until(30, lambda: (lambda t: t if t['status'] == 'FAILED' else None)(
        c.tasks(id)[0]))
    check(t['error'], t)
    same(c.show(id)['status'], 'ERROR')
    c.remove(id)
    c.remove(other)


@story
def the_server_ends_with_its_instance(s):
    alice(s).remove(mine['id'])
    same(s.inside(mine['id']), {})


if __name__ == '__main__':
    main(settings=['quota.instances=40', 'quota.volumes=-1',
                   'local.filesystem=directory'], init=['conductors=2'])
