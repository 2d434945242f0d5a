#!/usr/bin/python3
"""PostgreSQL is the letter: stopped at once during work, away, or slow, what was
answered with 2xx stands, and what was not says 503 at once."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from storm import storm  # noqa: E402


N = int(os.environ.get('STORM', '30'))


def stop_immediately(s):
    s.kill('pg', 'QUIT')
    until(20, lambda: 'pg -' in s.run('status'))


@story
def immediate_stops_during_work(s):
    def disturb():
        stop_immediately(s)
        s.run('start', 'pg')
    storm(s, disturb, n=N, pause=(0.5, 1.5))


@story
def without_it_every_request_is_a_quick_503(s):
    c = s.client('alice')
    id = c.create('there', 'null')
    c.active(id)
    stop_immediately(s)
    for path in ('/instances', '/instances/' + id, '/limits'):
        began = time.monotonic()
        a = c.get(path)
        a.fault(503, 'serviceUnavailable')
        check(a.headers['Retry-After'], a.headers)
        check(time.monotonic() - began < 6, path, 'took',
              time.monotonic() - began)
    a = c.post('/instances', {'instance': {
        'name': 'no', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'null'}}})
    a.fault(503, 'serviceUnavailable')
    s.run('start', 'pg')
    until(10, lambda: c.get('/instances/' + id).status == 200)
    same([i['name'] for i in c.get('/instances').json['instances']], ['there'])
    c.active(id)
    c.remove(id)


@story
def connections_cut_in_the_middle_are_made_again(s):
    def disturb():
        s.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
              "WHERE usename LIKE 'coffer_%'")
    storm(s, disturb, n=N)


@story
def the_logs_tell_of_it_without_flooding(s):
    for name in ('api-main', 'worker-1', 'conductor-1'):
        check(len(s.log(name)) < 3000000, name, 'wrote', len(s.log(name)))


if __name__ == '__main__':
    main(settings=['quota.instances=200', 'quota.volumes=-1',
                   'task.attempts=50', 'local.filesystem=directory'])
