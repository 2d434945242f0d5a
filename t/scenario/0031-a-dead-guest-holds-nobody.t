#!/usr/bin/python3
"""A guest that does not answer holds only the pool that asks guests, and not
all of that: everything else is as quick as before."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import threading  # noqa: E402

mine = {}


def stopped(s):
    return list(s.inside(mine['id']))


@story
def a_guest_is_stopped(s):
    c = mine['c'] = s.client('alice')
    mine['id'] = c.create('deaf', 'null', databases=[{'name': 'db1'}])
    c.active(mine['id'])
    mine['pids'] = stopped(s)
    check(mine['pids'])
    for p in mine['pids']:
        os.kill(p, signal.SIGSTOP)


@story
def requests_to_it_end_in_time_and_the_main_pool_does_not_feel_them(s):
    answers = []

    def ask():
        c = s.client('alice')
        began = time.monotonic()
        a = c.get('/instances/%s/databases' % mine['id'])
        answers.append((a, time.monotonic() - began))
    threads = [threading.Thread(target=ask) for _ in range(12)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    times = []
    while any(t.is_alive() for t in threads) and len(times) < 2000:
        for path in ('/instances', '/instances/' + mine['id'], '/flavors'):
            began = time.monotonic()
            same(mine['c'].get(path).status, 200)
            times.append(time.monotonic() - began)
        time.sleep(0.01)
    for t in threads:
        t.join()
    times.sort()
    check(len(times) > 100 and times[len(times) * 99 // 100] < 0.25,
          '99 of 100 in', times[len(times) * 99 // 100], 's')
    for a, took in answers:
        check(a.status in (400, 422, 503, 504), a)
        check(isinstance(a.json, dict), a)
        check(took < 40, 'one took', took)


@story
def it_is_heard_again_when_it_goes_on(s):
    for p in mine['pids']:
        os.kill(p, signal.SIGCONT)
    until(20, lambda: mine['c'].get(
        '/instances/%s/databases' % mine['id']).status == 200)
    mine['c'].remove(mine['id'])


if __name__ == '__main__':
    main(settings=['api.guest_wait=3', 'guest.expiry=60',
                   'local.filesystem=directory'])
