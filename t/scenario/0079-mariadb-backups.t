#!/usr/bin/python3
"""A MariaDB with its data, backed up while it writes, gone, and back again:
full and incremental, through the API, the worker, the guest and storage."""
import os
import signal
import sys
import threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
SECOND = CANARY + 'Second2'
it = {}


def this():
    return '/instances/' + it['id']


def sql(text, instance=None, password=APP):
    return it['alice'].query(instance or it['instance'], 'app', password, text)


def fill(table, first, n):
    """Rows of a kilobyte that hardly shrink."""
    sql('INSERT INTO %s SELECT seq, CONCAT(%s) FROM seq_%d_to_%d' % (
        table, ','.join(['SHA2(CONCAT(seq, RAND()), 512)'] * 8), first,
        first + n - 1))


def checksum(table, instance=None):
    return sql('CHECKSUM TABLE ' + table, instance)[0][1]


def ask(name, **more):
    a = it['alice'].post('/backups', {'backup': dict(
        {'name': name, 'instance': it['id']}, **more)})
    same(a.status, 202, a)
    return a.json['backup']['id']


def backup(id):
    return it['alice'].get('/backups/' + id).json['backup']


def ended(id):
    def over():
        b = backup(id)
        return b if b['status'] in ('COMPLETED', 'FAILED') else None
    return until(40, over, 'backup', id)


def completed(id):
    b = ended(id)
    same(b['status'], 'COMPLETED', b, it['alice'].tasks(it['id'])[:1])
    return b


def restored(name, id):
    c = it['alice']
    a = c.post('/instances', {'instance': {
        'name': name, 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'mariadb'},
        'restorePoint': {'backupRef': id}}})
    same(a.status, 200, a)
    return a.json['instance']['id']


def objects(s, id):
    out = []
    for top, _, names in os.walk(s.dir + '/storage'):
        out += [os.path.join(top, n) for n in names if id in n]
    return out


@story
def a_full_backup_is_taken_while_the_tenant_writes(s):
    c = it['alice'] = s.client('alice')
    it['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    it['instance'] = c.active(it['id'])
    sql('CREATE TABLE t (n INT PRIMARY KEY, s TEXT);'
        'CREATE TABLE w (n INT PRIMARY KEY AUTO_INCREMENT, s TEXT)')
    fill('t', 1, 16000)
    it['full sum'] = checksum('t')
    stop = threading.Event()

    def write():
        while not stop.is_set():
            sql("INSERT INTO w (s) VALUES ('x'), ('y')")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        b = completed(ask('full'))
    finally:
        stop.set()
        writer.join()
    it['full'] = b['id']
    check(b['locationRef'].endswith('/%s.xbstream.zst.enc' % b['id']), b)
    check(b['size'] > 0, b)
    for path in objects(s, it['full']):
        check(b'information_schema' not in open(path, 'rb').read(), path)


@story
def an_incremental_one_holds_what_is_new(s):
    fill('t', 30001, 500)
    it['more sum'] = checksum('t')
    b = completed(ask('more', parent_id=it['full']))
    same(b['parent_id'], it['full'])
    it['more'] = b['id']
    sql('DROP TABLE t')


@story
def a_killed_server_and_a_killed_agent_fail_or_repeat_it(s):
    c = it['alice']
    id = ask('killed')
    until(20, lambda: backup(id)['status'] == 'BUILDING')
    for p in s.inside(it['id']):
        if command_line(p).startswith(b'/run/coffer-agent/coffer-agent'):
            os.kill(p, signal.SIGKILL)
    b = ended(id)
    check(b['status'] in ('COMPLETED', 'FAILED'), b)
    s.quiet()
    same(c.delete('/backups/' + id).status, 202)
    until(20, lambda: c.get('/backups/' + id).status == 404)
    until(20, lambda: not objects(s, id))
    completed(ask('after'))


@story
def the_instance_goes_and_both_of_its_moments_come_back(s):
    c = it['alice']
    c.remove(it['id'])
    for name, table_sum in (('more', 'more sum'), ('full', 'full sum')):
        id = restored(name, it[name])
        i = c.active(id)
        same(checksum('t', i), it[table_sum], name)
        same(sql('SELECT COUNT(*) > 0 FROM w', i), [['1']])
        a = c.get('/instances/%s/users' % id)
        same([u['name'] for u in a.json['users']], ['app'], a)
        same(c.get('/instances/%s/root' % id).json, {'rootEnabled': False})
        c.remove(id)


@story
def what_was_changed_in_storage_does_not_come_back(s):
    c = it['alice']
    path = max((p for p in objects(s, it['more']) if os.path.isfile(p)),
               key=os.path.getsize)
    with open(path, 'r+b') as f:
        f.seek(os.path.getsize(path) // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))
    id = restored('bent', it['more'])
    until(40, lambda: c.show(id)['status'] == 'ERROR', 'ERROR')
    check('stored' in str(c.tasks(id)[0]) or 'damaged' in
          str(c.tasks(id)[0]), c.tasks(id)[0])
    c.remove(id)


main(needs=lambda: None if os.access('/usr/bin/mariadb-backup', os.X_OK)
     else 'no mariadb-backup here')
