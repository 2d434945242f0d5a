#!/usr/bin/python3
"""Backups of MariaDB with real data: taken while clients write, restored into
new instances, refused when anything was changed, gone when they are not
wanted, whoever dies on the way."""
import glob
import os
import sys
import threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

PW = CANARY + 'shopkeeper'
mine = {}

# Random, so that it stays as large: a backup of several objects.
FILL = ("CREATE TABLE r (id INT PRIMARY KEY, v BLOB);"
        "INSERT INTO r SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_9000;"
        "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v CHAR(200));"
        "INSERT INTO t (v) SELECT REPEAT(MD5(seq), 6) FROM seq_1_to_5000;"
        "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, n INT);"
        "CREATE TABLE b LIKE a;")


def sql(s, c, id, text):
    return c.query(c.show(id), 'keeper', PW, text)


def sums(s, c, id):
    return sql(s, c, id, 'CHECKSUM TABLE t, r; SELECT COUNT(*), SUM(id) '
               'FROM t')


class Writer(threading.Thread):
    """Rows that come in pairs, until it is told to stop."""

    def __init__(self, s, c, id):
        super().__init__(daemon=True)
        conf = os.path.join(s.dir, 'writer.cnf')
        with open(os.open(conf, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
            f.write('[client]\nhost=%s\nuser=keeper\npassword=%s\n' % (
                c.show(id)['ip'][0], PW))
        self.sql = subprocess.Popen(
            ['mariadb', '--defaults-file=' + conf, '-NB', '--unbuffered',
             'app'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.go, self.n = True, 0
        self.start()

    def run(self):
        while self.go:
            n = self.n + 1
            self.sql.stdin.write(
                'BEGIN; INSERT INTO a (n) VALUES (%d); INSERT INTO b (n) '
                'VALUES (%d); COMMIT; SELECT %d;\n' % (n, n, n))
            self.sql.stdin.flush()
            if self.sql.stdout.readline().strip() != str(n):
                return
            self.n = n

    def end(self):
        self.go = False
        self.join()
        self.sql.stdin.close()
        same(self.sql.wait(), 0, 'the writer was cut off')


def backup(c, name, **more):
    a = c.post('/backups', {'backup': dict(
        {'name': name, 'instance': mine['id']}, **more)})
    same(a.status, 202, a)
    return a.json['backup']['id']


def state(c, id):
    return c.get('/backups/' + id).json['backup']


def cause(c, id):
    return next((t['error'] for t in c.tasks(mine['id']) if t['id'] == id),
                None)


def ended(c, id, seconds=30):
    b = until(seconds, lambda: next(
        (b for b in [state(c, id)] if b['status'] in ('COMPLETED', 'FAILED')),
        None), 'backup', id)
    return b


def taken(c, name, **more):
    id = backup(c, name, **more)
    b = ended(c, id)
    same(b['status'], 'COMPLETED', cause(c, id))
    return b


def objects(s, id):
    """Files in which anything of a backup lies."""
    return sorted(p for p in glob.glob(s.dir + '/**/*' + id + '*',
                                       recursive=True)
                  if os.path.isfile(p) and os.sep + 'storage' + os.sep in p)


def restore(c, name, id, **more):
    a = c.post('/instances', {'instance': dict(
        {'name': name, 'flavorRef': '1', 'volume': {'size': 1}, 'datastore':
         {'type': 'mariadb'}, 'restorePoint': {'backupRef': id}}, **more)})
    same(a.status, 200, a)
    return a.json['instance']['id']


@story
def what_is_taken_while_clients_write_is_whole(s):
    c = mine['alice'] = s.client('alice')
    mine['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'keeper', 'password': PW, 'databases': [{'name': 'app'}]}])
    c.active(mine['id'])
    sql(s, c, mine['id'], FILL)
    mine['sums'] = sums(s, c, mine['id'])
    w = Writer(s, c, mine['id'])
    until(10, lambda: w.n > 3)
    before, mine['full'] = w.n, taken(c, 'full')
    mine['least'] = before
    sql(s, c, mine['id'], 'UPDATE t SET v = id WHERE id < 50')
    mine['sums2'] = sums(s, c, mine['id'])
    middle = w.n
    mine['inc'] = taken(c, 'inc', incremental=1)
    w.end()
    mine['least2'] = middle
    b = mine['full']
    check(b['size'] > 0 and re.search(
        b['id'] + r'\.xbstream\.[a-z.]+$', b['locationRef']), b)
    same(mine['inc']['parent_id'], b['id'])
    check(objects(s, b['id']), 'nothing in storage')
    for path in objects(s, b['id']):
        check(b'information_schema' not in open(path, 'rb').read(), path)
    t = next(t for t in c.tasks(mine['id']) if t['id'] == b['id'])
    check(t['progress']['bytes'] > 0 and 'percent' in t['progress'], t)
    told = s.coffer('task', 'show', b['id'])
    check(re.search(r'progress +[\d.]+ of [\d.]+ MB, \d+ %', told), told)
    # the increment holds what changed, not all
    size = [sum(map(os.path.getsize, objects(s, mine[k]['id'])))
            for k in ('full', 'inc')]
    check(size[1] < size[0], size)


def pairs(s, c, id, least):
    a, b, n = sql(s, c, id, 'SELECT COUNT(*), SUM(n) FROM a; SELECT COUNT(*),'
                  ' SUM(n) FROM b; SELECT MAX(n) FROM a')
    same(a, b, 'half of a pair')
    check(int(n[0]) >= least, 'what was written before is there', n, least)


@story
def a_deleted_instance_comes_back_as_it_was(s):
    c = mine['alice']
    c.remove(mine['id'])
    first = restore(c, 'again', mine['full']['id'])
    second = restore(c, 'later', mine['inc']['id'],
                     databases=[{'name': 'more'}])
    for id in (first, second):
        c.active(id)
    same(sums(s, c, first), mine['sums'])
    same(sums(s, c, second), mine['sums2'])
    pairs(s, c, first, mine['least'])
    pairs(s, c, second, mine['least2'])
    names = [d['name'] for d in c.get('/instances/%s/databases' % second)
             .json['databases']]
    same(sorted(names), ['app', 'more'])
    c.remove(first)
    mine['id'] = second
    # and it can be backed up itself
    mine['own'] = taken(c, 'of the second')


def rewrite(file, raw):
    os.chmod(file, 0o600)
    with open(file, 'r+b') as f:
        f.truncate(0)
        f.write(raw)


def refused(s, c, id, *texts):
    new = restore(c, 'never', id)
    i = until(30, lambda: next((i for i in [c.show(new)]
                                if i['status'] == 'ERROR'), None), 'ERROR')
    told = json.dumps(i.get('fault')) + json.dumps(c.tasks(new))
    for t in texts:
        check(t in told, t, 'not in', told)
    c.remove(new)


@story
def what_was_changed_or_is_missing_is_refused(s):
    c, id = mine['alice'], mine['own']['id']
    file = next(p for p in objects(s, id) if p.endswith('_00000001'))
    raw = open(file, 'rb').read()
    at = len(raw) - 100
    for bad in (raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:], raw[:-1]):
        rewrite(file, bad)
        refused(s, c, id, '00000001')
    os.rename(file, file + '.away')
    refused(s, c, id, '00000001', 'missing')
    os.rename(file + '.away', file)
    rewrite(file, raw)
    good = restore(c, 'whole', id)
    c.active(good)
    same(sums(s, c, good), mine['sums2'])
    c.remove(good)


@story
def one_that_is_not_wanted_any_more_is_stopped_and_removed(s):
    c = mine['alice']
    id = backup(c, 'unwanted')
    until(10, lambda: c.tasks(mine['id'])[0]['step']['name'] == 'order')
    same(c.delete('/backups/' + id).status, 202)
    c.get('/backups/' + id).fault(404, 'itemNotFound')
    until(20, lambda: c.show(mine['id'])['status'] == 'ACTIVE')
    until(20, lambda: not objects(s, id), 'left in storage')
    same(taken(c, 'the next')['status'], 'COMPLETED')


def killed_in_the_middle(s, *names):
    """A backup of which one end dies: whole, or failed with its cause."""
    c = mine['alice']
    id = backup(c, 'cut off')
    until(10, lambda: c.tasks(mine['id'])[0]['step']['name'] == 'order')
    pids = [p for p, n in s.inside(mine['id']).items() if n in names]
    check(pids, s.inside(mine['id']))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if ended(c, id, 60)['status'] == 'FAILED':
        check(cause(c, id), 'no cause')
        until(20, lambda: not objects(s, id), 'left in storage')
    c.active(mine['id'])
    until(30, lambda: c.show(mine['id'])['operating_status'] == 'HEALTHY')
    same(taken(c, 'the next')['status'], 'COMPLETED')
    sql(s, c, mine['id'], 'INSERT INTO t (v) VALUES (1)')


@story
def an_agent_that_dies_in_the_middle_leaves_nothing_half(s):
    killed_in_the_middle(s, 'coffer-agent')


@story
def nor_does_a_server_that_dies_in_the_middle(s):
    killed_in_the_middle(s, 'mariadbd')


@story
def a_worker_that_dies_in_the_middle_is_replaced(s):
    c = mine['alice']
    id = backup(c, 'survivor')
    until(10, lambda: c.tasks(mine['id'])[0]['step']['name'] == 'order')
    for w in ('worker-1', 'worker-2'):
        s.kill(w)
    same(ended(c, id, 60)['status'], 'COMPLETED', cause(c, id))


@story
def what_is_deleted_goes_from_storage_with_all_upon_it(s):
    c = mine['alice']
    s.quiet()
    check(objects(s, mine['inc']['id']))
    same(c.delete('/backups/' + mine['full']['id']).status, 202)
    for k in ('full', 'inc'):
        until(20, lambda: not objects(s, mine[k]['id']), 'left in storage')
    for b in c.get('/backups').json['backups']:
        same(c.delete('/backups/' + b['id']).status, 202)
    until(20, lambda: not glob.glob(s.dir + '/**/storage/**/*_0*',
                                    recursive=True), 'left in storage')


if __name__ == '__main__':
    main()
