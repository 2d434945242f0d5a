#!/usr/bin/python3
"""A PostgreSQL is backed up while it is written to, in full and upon that, is
killed meanwhile, deleted, and comes back as it was at one moment; what was
damaged in storage never serves."""
import glob
import os
import signal
import sys
import threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
it = {}


def sql(text, instance=None, user='app'):
    return it['alice'].query(instance or it['instance'], user, APP, text,
                             'bank')


def backup(s, name, **more):
    a = it['alice'].post('/backups', {'backup': dict(
        name=name, instance=it['id'], **more)})
    same(a.status, 202, a)
    return a.json['backup']['id']


def over(id):
    def look():
        b = it['alice'].get('/backups/' + id).json['backup']
        return b if b['status'] in ('COMPLETED', 'FAILED') else None
    return until(30, look, 'the backup ends')


def ended(id):
    b = over(id)
    same(b['status'], 'COMPLETED', b, it['alice'].tasks(it['id'])[:1])
    return b


def objects(s, id):
    return sorted(f for f in glob.glob(s.dir + '/storage/**', recursive=True)
                  if os.path.isfile(f) and id in f)


def create_from(id, name):
    return it['alice'].create(name, restorePoint={'backupRef': id})


def whole(instance):
    """Money moves about, and none is lost."""
    same(sql('SELECT sum(n), count(*) FROM money', instance), [['1000', '10']])
    same(sql("SELECT count(*) FROM many WHERE md5(n::text) <> t", instance),
         [['0']])
    return int(sql('SELECT count(*) FROM many', instance)[0][0])


class Busy(threading.Thread):
    def run(self):
        self.over, self.rounds = False, 0
        while not self.over:
            sql("BEGIN; UPDATE money SET n = n - 1 WHERE id = 1; "
                "UPDATE money SET n = n + 1 WHERE id = 2; INSERT INTO many "
                "SELECT g, md5(g::text) FROM generate_series(1, 50) g; COMMIT")
            self.rounds += 1

    def __enter__(self):
        self.start()
        until(20, lambda: getattr(self, 'rounds', 0) > 2)
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()


@story
def a_server_that_is_written_to_is_backed_up(s):
    c = it['alice'] = s.client('alice')
    it['id'] = c.create('bank', databases=[{'name': 'bank'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'bank'}]},
        {'name': 'far', 'password': APP, 'host': '203.0.113.1',
         'databases': [{'name': 'bank'}]}])
    it['instance'] = c.active(it['id'])
    sql("CREATE TABLE money AS SELECT g AS id, 100 AS n FROM "
        "generate_series(1, 10) g; CREATE TABLE many AS SELECT g AS n, "
        "md5(g::text) AS t FROM generate_series(1, 30000) g")
    with Busy():
        it['full'] = backup(s, 'full')
        b = ended(it['full'])
    check(b['locationRef'].endswith(it['full'] + '.tar.zst.enc'), b)
    it['rows'] = whole(None)


@story
def what_changed_since_is_backed_up_upon_it(s):
    sql('CREATE TABLE late AS SELECT * FROM many; DROP TABLE IF EXISTS no; '
        'DELETE FROM many WHERE n % 2 = 0')
    a = it['alice'].post('/instances/%s/root' % it['id'])
    it['alice'].query(it['instance'], 'postgres', a.json['user']['password'],
                      "COPY (SELECT 1) TO PROGRAM 'mkdir -m 700 "
                      "/data/tablespaces/far'; CREATE TABLESPACE far LOCATION "
                      "'/data/tablespaces/far'; CREATE TABLE apart TABLESPACE "
                      "far AS SELECT * FROM money; GRANT SELECT ON apart TO "
                      "public", 'bank')
    with Busy():
        it['more'] = backup(s, 'more', parent_id=it['full'])
        b = ended(it['more'])
    same(b['parent_id'], it['full'], b)
    it['more rows'] = whole(None)
    sizes = [sum(map(os.path.getsize, objects(s, it[name])))
             for name in ('full', 'more')]
    check(sizes[1] < sizes[0], sizes)


@story
def a_server_that_dies_in_the_middle_leaves_nothing_half(s):
    c = it['alice']
    for parent in (None, it['more']):
        until(30, lambda: c.show(it['id'])['operating_status'] == 'HEALTHY')
        id = backup(s, 'cut off', **({'parent_id': parent} if parent else {}))
        until(10, lambda: c.tasks(it['id'])[0]['step']['name'] == 'order')
        pids = [p for p, n in s.inside(it['id']).items() if n == 'postgres']
        check(pids, s.inside(it['id']))
        os.kill(min(pids), signal.SIGKILL)
        if over(id)['status'] == 'FAILED':
            check(c.tasks(it['id'])[0]['error'], c.tasks(it['id'])[0])
            until(20, lambda: not objects(s, id), 'left in storage')
        s.quiet()
    until(30, lambda: c.show(it['id'])['operating_status'] == 'HEALTHY')
    whole(None)
    b = ended(backup(s, 'next', parent_id=it['more']))
    same(b['parent_id'], it['more'])
    same(c.post('/instances/%s/root' % it['id']).status, 200)


@story
def the_instance_goes_and_a_new_one_has_what_it_had(s):
    c = it['alice']
    c.remove(it['id'])
    id = create_from(it['full'], 'again')
    i = it['instance'] = c.active(id)
    check(30000 < whole(i) <= it['rows'])
    same([(u['name'], u['host'], [d['name'] for d in u['databases']]) for u in
          c.get('/instances/%s/users' % id).json['users']],
         [('app', '%', ['bank']), ('far', '203.0.113.1', ['bank'])])
    try:
        sql('SELECT 1', i, 'far')
        check(False, 'a user comes from anywhere')
    except Failed as e:
        check('SQL' in str(e), e)
    sql('CREATE TABLE more (n int)', i)
    c.remove(id)
    id = create_from(it['more'], 'more')
    i = it['instance'] = c.active(id)
    check(15000 < whole(i) <= it['more rows'])
    same(sql('SELECT count(*) FROM late', i), [[str(it['rows'])]])
    same(sql("SELECT sum(n), (SELECT pg_tablespace_location(oid) = "
             "'/data/tablespaces/' || oid FROM pg_tablespace WHERE spcname = "
             "'far') FROM apart", i), [['1000', 't']])
    same(c.get('/instances/%s/root' % id).json, {'rootEnabled': False})
    it['id'] = id


@story
def other_data_are_not_what_a_backup_stands_upon(s):
    same(over(backup(s, 'mixed', parent_id=it['more']))['status'], 'FAILED')
    t = it['alice'].tasks(it['id'])[0]
    check('not of this instance' in str(t['error']), t)


@story
def nothing_serves_what_was_damaged_in_storage(s):
    files = objects(s, it['full'])
    check(files, os.listdir(s.dir + '/storage'))
    os.chmod(files[0], 0o600)
    with open(files[0], 'r+b') as f:
        f.seek(os.path.getsize(f.name) // 2)
        was = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([was[0] ^ 1]))
    id = create_from(it['full'], 'damaged')
    i = until(60, lambda: (lambda i: i if i['status'] == 'ERROR' else None)(
        it['alice'].show(id)))
    check('amaged' in i['fault']['message'] or 'whole' in
          i['fault']['message'] or 'is not' in i['fault']['message'], i)
    it['alice'].remove(id)


main(datastore='postgresql',
     needs=lambda: None if os.access('/usr/lib/postgresql/15/bin/postgres',
                                     os.X_OK) else 'no PostgreSQL 15 here')
