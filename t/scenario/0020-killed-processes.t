#!/usr/bin/python3
"""SIGKILL of each process in turn, again and again, during 30 creates and
deletes: nothing accepted is lost, nothing stands twice, nobody has to help."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from storm import storm  # noqa: E402


N = int(os.environ.get('STORM', '30'))


def killing(s, *names):
    turn = [0]

    def disturb():
        name = names[turn[0] % len(names)]
        turn[0] += 1
        try:
            s.kill(name)
        except Failed:
            pass            # it is just being started again
    return disturb


@story
def the_workers_are_killed(s):
    storm(s, killing(s, 'worker-1', 'worker-2'), n=N, most=40)


@story
def the_conductor_is_killed(s):
    storm(s, killing(s, 'conductor-1'), n=N, pause=(0.3, 1))


@story
def the_api_is_killed(s):
    storm(s, killing(s, 'api-main', 'api-guest'), n=N, most=40)


@story
def redis_is_killed(s):
    def disturb():
        killing(s, 'redis')()
        s.run('start', 'redis')
    storm(s, disturb, n=N, pause=(0.5, 1.5))


@story
def postgresql_is_killed(s):
    def disturb():
        killing(s, 'pg')()
        until(20, lambda: not os.path.exists('/proc/%s' % pid(s)))
        s.run('start', 'pg')

    def pid(s):
        try:
            return s.pid('pg')
        except Failed:
            return 0
    storm(s, disturb, n=N, pause=(0.8, 2))


@story
def nginx_is_killed(s):
    def disturb():
        killing(s, 'nginx')()
        s.run('start', 'nginx')
    storm(s, disturb, n=10, pause=(0.2, 0.5))


@story
def all_of_them_are_killed(s):
    names = ['worker-1', 'api-main', 'conductor-1', 'redis', 'worker-2',
             'pg', 'api-guest']
    turn = [0]

    def disturb():
        name = names[turn[0] % len(names)]
        turn[0] += 1
        killing(s, name)()
        if name in ('redis', 'pg'):
            s.run('start', name)
    storm(s, disturb, n=N, pause=(0.3, 0.9), most=40)


if __name__ == '__main__':
    main(settings=['quota.instances=200', 'quota.volumes=-1',
                   'task.attempts=50', 'local.filesystem=directory'])
