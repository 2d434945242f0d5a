#!/usr/bin/python3
"""Who asks for much makes others wait a little, and never for ever."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import collections  # noqa: E402
import threading  # noqa: E402

# More than the processes of the pool, each busy for some 20 ms.
CROWD = 12


def login(s, name):
    return s.client('alice').raw('POST', '/v3/auth/tokens', {'auth': {
        'identity': {'methods': ['password'], 'password': {'user': {
            'name': name, 'domain': {'name': 'Default'},
            'password': CANARY}}}}}, token=None)


@story
def a_crowd_of_strangers_keeps_no_user_out(s):
    alice = s.client('alice')
    alice.login()
    said, over = collections.Counter(), threading.Event()

    def stranger(k):
        n = 0
        while not over.is_set():
            n += 1
            try:
                said[login(s, 'nobody-%d-%d' % (k, n)).status] += 1
            except OSError as e:
                said[str(e)] += 1

    crowd = [threading.Thread(target=stranger, args=(k,))
             for k in range(CROWD)]
    for t in crowd:
        t.start()
    worst, end = 0, time.monotonic() + 5
    try:
        while time.monotonic() < end:
            began = time.monotonic()
            # A connection of its own each time, as curl has.
            same(s.client('alice').raw('GET', '/v1.0/', token=None,
                                       timeout=20).status, 200)
            same(alice.get('/flavors', timeout=20).status, 200)
            worst = max(worst, time.monotonic() - began)
    finally:
        over.set()
        for t in crowd:
            t.join()
    check(worst < 3, 'the slowest two requests took', worst, 's')
    same(set(said), {401}, said)
    check(said[401] > CROWD, said)


if __name__ == '__main__':
    main()
