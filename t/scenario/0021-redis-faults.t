#!/usr/bin/python3
"""Redis is the doorbell: emptied, restarted, away, or with its log cut, it
delays work and loses none, and reads are answered all the while."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from storm import storm  # noqa: E402

from storm import Storm, insist  # noqa: E402

N = int(os.environ.get('STORM', '30'))
AWAY = int(os.environ.get('REDIS_AWAY', '15'))


@story
def flushall_during_work(s):
    storm(s, lambda: s.redis('FLUSHALL'), n=N)


@story
def restart_during_work(s):
    def disturb():
        s.run('stop', 'redis')
        s.run('start', 'redis')
    storm(s, disturb, n=N, pause=(0.4, 1.2))


@story
def redis_is_away_for_a_while(s):
    c = s.client('alice')
    there = c.create('before', 'null')
    c.active(there)
    s.run('stop', 'redis')
    began = time.monotonic()
    waiting, slowest = [], 0
    while time.monotonic() - began < AWAY:
        t = time.monotonic()
        a = c.get('/instances/' + there)
        same(a.status, 200, 'a read without Redis', a)
        slowest = max(slowest, time.monotonic() - t)
        if len(waiting) < 5:
            t = time.monotonic()
            a = c.post('/instances', {'instance': {
                'name': 'away', 'flavorRef': '1', 'volume': {'size': 1},
                'datastore': {'type': 'null'}}})
            check(a.status in (200, 503), a)
            check(time.monotonic() - t < 5, 'a create without Redis took',
                  time.monotonic() - t)
            if a.status == 200:
                waiting.append(a.json['instance']['id'])
        t = time.monotonic()
        a = c.get('/instances/%s/databases' % there)
        check(a.status in (400, 422, 503), a)
        time.sleep(0.5)
    check(slowest < 1, 'slowest read', slowest)
    same(s.one("SELECT count(*) FROM tasks WHERE status = 'FAILED'"), '0')
    s.run('start', 'redis')
    for id in waiting + [there]:
        c.active(id)
    for id in waiting + [there]:
        c.remove(id)
    s.invariants()


@story
def the_log_of_redis_is_cut(s):
    st = Storm(s, n=20)

    def disturb():
        s.run('stop', 'redis')
        for d, _, files in os.walk(s.dir + '/redis'):
            for f in files:
                if f.endswith('.aof') and '.incr.' in f:
                    p = os.path.join(d, f)
                    os.truncate(p, max(0, os.path.getsize(p) - 37))
        s.run('start', 'redis')
    st.run(disturb, pause=(0.4, 1))
    st.verify()


@story
def redis_comes_back_with_nothing_not_even_guests(s):
    c = s.client('alice')
    id = c.create('known', 'null', databases=[{'name': 'db1'}])
    c.active(id)
    s.run('stop', 'redis')
    os.system('rm -rf %s/redis/appendonlydir' % s.dir)
    s.run('start', 'redis')
    a = until(30, lambda: (lambda a: a if a.status == 200 else None)(
        insist(lambda: c.get('/instances/%s/databases' % id))))
    same(a.json['databases'], [{'name': 'db1'}])
    until(20, lambda: c.show(id)['operating_status'] == 'HEALTHY')
    same(c.post('/instances/%s/databases' % id,
                {'databases': [{'name': 'db2'}]}).status, 202)
    c.remove(id)


if __name__ == '__main__':
    main(settings=['quota.instances=200', 'quota.volumes=-1',
                   'task.attempts=50', 'local.filesystem=directory'])
