"""storm - many creates and deletes while something is being broken.

What was accepted must come true: every instance becomes ACTIVE, every deleted
one is gone, none is in ERROR, and the invariants hold.  What was not accepted
(503, 502, a broken connection) may be tried again, as people do.  A machine may
be so fast that n are done before anything was broken: then more follow.
"""
import http.client
import random
import threading
import time

from stack import Failed, check, same, until

BROKEN = (OSError, http.client.HTTPException)
LEAST = 3       # disturbances before the last one begins


def insist(call, seconds=60):
    """Until an answer comes that is no 5xx and no broken connection."""
    end = time.monotonic() + seconds
    while True:
        try:
            a = call()
            if a.status < 500:
                return a
        except BROKEN as e:
            a = e
        check(time.monotonic() < end, 'no answer in', seconds, 's; last:', a)
        time.sleep(0.1)


class Storm:
    def __init__(self, stack, n=50, threads=5, engine='null', user='alice'):
        self.stack, self.n, self.engine = stack, n, engine
        self.user, self.threads = user, threads
        self.created, self.errors, self.refused = {}, [], 0
        self.lock = threading.Lock()
        self.begun, self.times, self.over = 0, 0, False

    def one(self, c, number):
        name = 'storm-%d' % number
        body = {'instance': {'name': name, 'flavorRef': '1',
                             'volume': {'size': 1},
                             'datastore': {'type': self.engine}}}
        a = insist(lambda: c.post('/instances', body))
        same(a.status, 200, a)
        id = a.json['instance']['id']
        with self.lock:
            self.created[id] = 'kept'
        until(90, lambda: insist(
            lambda: c.get('/instances/' + id)).json['instance']['status']
            != 'BUILD', 'instance', id, 'leaves BUILD')
        a = insist(lambda: c.get('/instances/' + id))
        same(a.json['instance']['status'], 'ACTIVE', a)
        if number % 5 != 0:
            with self.lock:
                self.created[id] = 'deleted'
            a = insist(lambda: c.delete('/instances/' + id))
            check(a.status in (202, 404), a)
            until(90, lambda: insist(
                lambda: c.get('/instances/' + id)).status == 404,
                'instance', id, 'is gone')

    def worker(self):
        c = self.stack.client(self.user)

        def logged_in():
            try:
                return c.login()
            except (Failed,) + BROKEN:
                return None
        try:
            until(60, logged_in, 'login')
        except Failed as e:
            self.errors.append(str(e))
            return
        while True:
            with self.lock:
                if self.over or (self.begun >= self.n and
                                 self.times >= LEAST):
                    return
                number = self.begun
                self.begun += 1
            try:
                self.one(c, number)
            except Exception as e:
                with self.lock:
                    self.errors.append('%d: %s' % (number, e))

    def run(self, disturb, pause=(0.1, 0.6), most=15):
        """disturb() is called again and again until all is done, but not for
        ever: what is down most of the time cannot end in time."""
        people = [threading.Thread(target=self.worker)
                  for _ in range(self.threads)]
        for t in people:
            t.start()
        try:
            while any(t.is_alive() for t in people):
                time.sleep(random.uniform(*pause))
                if self.times < most and any(t.is_alive() for t in people):
                    disturb()
                    self.times += 1
        finally:
            self.over = True
            for t in people:
                t.join()
        check(not self.errors, len(self.errors), 'of', self.begun, 'failed:',
              '; '.join(self.errors[:3]))

    def verify(self):
        """Rows and answers agree with what was accepted; then tidy up."""
        s = self.stack
        s.quiet()
        c = s.client(self.user)
        for id, fate in self.created.items():
            rows = s.sql("SELECT deleted_at IS NULL, task FROM instances "
                         "WHERE id = '%s'" % id)
            same(rows, [['t', 'NONE']] if fate == 'kept' else
                 [[rows[0][0], rows[0][1]]], id, fate)
            same(rows[0][0], 't' if fate == 'kept' else 'f', id, fate)
        names = s.sql('SELECT name, count(*) FROM instances WHERE deleted_at '
                      'IS NULL GROUP BY 1 HAVING count(*) > 1')
        failed = s.sql("SELECT kind, failed_step, error FROM tasks "
                       "WHERE status = 'FAILED'")
        same(failed, [], 'failed tasks')
        s.invariants()
        for id, fate in self.created.items():
            if fate == 'kept':
                check(c.delete('/instances/' + id).status == 202)
        for id in self.created:
            c.gone(id)
        s.quiet()
        s.invariants()
        return names


def storm(stack, disturb, **how):
    run = {k: how.pop(k) for k in ('pause', 'most') if k in how}
    st = Storm(stack, **how)
    st.run(disturb, **run)
    check(st.times > 0, 'nothing was disturbed')
    st.verify()


__all__ = ['storm', 'Storm', 'insist', 'Failed']
