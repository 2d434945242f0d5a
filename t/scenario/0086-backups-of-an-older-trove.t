#!/usr/bin/python3
"""Backups that an older Trove left in storage become instances here: of
MariaDB and PostgreSQL, encrypted or not, one upon the other; what is not what
it was, or not the project's own, does not."""
import glob
import hashlib
import os
import subprocess
import sys
import threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
PHRASE = CANARY + 'old key'
C = 'database_backups'
it = {}


def sh(text, *args, user=None):
    r = subprocess.run(['sh', '-ec', text, 'sh', *args], capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=60, user=user)
    check(r.returncode == 0, text, r.stderr[-600:])
    return r.stdout


def store(s, name, data, parts=1, **meta):
    """As Trove does: segments, and a manifest where there is more than one."""
    tenant = it['alice'].tenant
    tool = [os.path.join(BUILD, 't/tools/storagectl'),
            s.dir + '/etc/worker.conf']
    base = name.split('.')[0]
    subprocess.run([*tool, 'remove', tenant, C, name], check=True)
    lent = subprocess.run([*tool, 'lend', tenant, C, base + '_', 'write',
                           '60'], capture_output=True, text=True).stdout
    before, after, socket = lent.splitlines()
    size = -(-len(data) // parts)
    for i in range(parts):
        r = subprocess.run(
            ['curl', '-sf', '--unix-socket', s.dir + '/rsock/storage.sock',
             '-T', '-', before + '%08d' % i + after],
            input=data[i * size:(i + 1) * size], capture_output=True)
        check(r.returncode == 0, r)
    r = subprocess.run([*tool, 'join', tenant, C, base + '_', name, *[
        x for k in meta for x in (k.replace('_', '-'), meta[k])]],
        capture_output=True, text=True)
    check(r.returncode == 0, r)
    return subprocess.run([*tool, 'location', tenant, C, name],
                          capture_output=True, text=True).stdout.strip(), \
        r.stdout.strip()


def record(where, engine='mariadb', size=1, client='alice'):
    c = it[client]
    v = c.get('/datastores/' + engine).json['datastore']['default_version']
    return c.post('/backups', {'backup': {'name': 'old', 'restore_from': {
        'remote_location': where, 'local_datastore_version_id': v,
        'size': size}}})


def recorded(where, engine='mariadb'):
    a = record(where, engine)
    same(a.status, 202, a)
    same((a.json['backup']['status'], a.json['backup']['locationRef']),
         ('RESTORED', where))
    return a.json['backup']['id']


def restore(id, engine='mariadb'):
    return it['alice'].post('/instances', {'instance': {
        'name': 'again', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': engine}, 'restorePoint': {'backupRef': id}}})


def begun(id, engine='mariadb'):
    a = restore(id, engine)
    same(a.status, 200, a)
    return a.json['instance']['id']


def why_not(id):
    c = it['alice']
    i = until(40, lambda: (lambda i: i if i['status'] == 'ERROR' else None)(
        c.show(id)), 'ERROR', id)
    c.remove(id)
    return i['fault']['message']


def enc(data, *how):
    r = subprocess.run(['openssl', 'enc', '-aes-256-cbc', '-salt', '-pass',
                        'env:P', *how], input=data, capture_output=True,
                       env=dict(os.environ, P=PHRASE))
    check(r.returncode == 0, r.stderr)
    return r.stdout


def mariadb_of_elsewhere(s):
    """A server of nobody's, and what mariadb-backup says of it, twice."""
    d = s.dir + '/old'
    out = sh('''
        cd "$1"
        mariadb-install-db --no-defaults --datadir=$1/data --user=$(id -un) \\
            --auth-root-authentication-method=normal --skip-test-db \\
            --innodb-log-file-size=8M --force >/dev/null 2>&1
        mariadbd --no-defaults --datadir=$1/data --socket=$1/sock \\
            --skip-networking --innodb-log-file-size=8M \\
            --innodb-buffer-pool-size=16M --user=$(id -un) \\
            --pid-file=$1/pid >/dev/null 2>$1/log &
        trap "kill $! 2>/dev/null; wait" EXIT
        until mariadb -uroot -S $1/sock -e 'SELECT 1' >/dev/null 2>&1; do
            kill -0 $!; sleep 0.05; done
        sql() { mariadb -uroot -S $1/sock -e "$2"; }
        sql $1 "CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY,
            s TEXT); INSERT INTO app.t SELECT seq, SHA2(RAND(), 512) FROM
            app.seq_1_to_4000; CREATE USER app@'%' IDENTIFIED BY '$2'; GRANT ALL
            ON app.* TO app@'%'; CREATE USER root@'%' IDENTIFIED BY '$2';
            GRANT ALL ON *.* TO root@'%'; CREATE USER os_admin@'%'
            IDENTIFIED BY '$2'"
        b="mariadb-backup --backup --stream=xbstream -uroot -S $1/sock
            --target-dir=$1/tmp --extra-lsndir=$1/lsn"
        $b >$1/full 2>$1/tool.log
        lsn=$(sed -n 's/^to_lsn = //p' $1/lsn/xtrabackup_checkpoints)
        sql $1 "INSERT INTO app.t VALUES (100000, 'more')"
        mariadb -uroot -S $1/sock -Ne 'CHECKSUM TABLE app.t' | cut -f2
        $b --incremental-lsn=$lsn >$1/more 2>>$1/tool.log
        gzip -1 $1/full $1/more
    ''', d, APP)
    it['sum'] = out.decode().strip()
    return [open(d + '/%s.gz' % n, 'rb').read() for n in ('full', 'more')]


def postgresql_of_elsewhere(s):
    """postgres is the first superuser; WAL that was archived comes after."""
    d = s.dir + '/oldpg'
    os.mkdir(d)
    os.chmod(s.dir, 0o755)
    user = 'nobody' if os.geteuid() == 0 else None
    if user:
        shutil.chown(d, user)
    sh('''
        cd "$1"; PATH=/usr/lib/postgresql/15/bin:$PATH; export PGHOST=$1
        printf %s "$2" >pw
        initdb -D data -U postgres --auth=trust --pwfile=pw -N >/dev/null
        mkdir wal
        printf "%s\\n" "listen_addresses = ''" \\
            "unix_socket_directories = '$1'" "archive_mode = on" \\
            "archive_command = 'cp %p $1/wal/%f'" "fsync = off" \\
            >>data/postgresql.conf
        pg_ctl -D data -l log -w start >/dev/null
        trap "pg_ctl -D data -m immediate stop >/dev/null" EXIT
        sql() { psql -qU postgres "$@"; }
        sql -c "CREATE ROLE app LOGIN PASSWORD '$2'" -c \\
            "CREATE DATABASE bank OWNER app" -c "CREATE ROLE os_admin LOGIN
            SUPERUSER PASSWORD '$2'" -c "ALTER SYSTEM SET archive_timeout = 77"
        sql bank -c "SET ROLE app" -c "CREATE TABLE t AS SELECT g AS n FROM
            generate_series(1, 1000) g"
        pg_basebackup -U postgres -D - -Ft -z -X fetch -c fast >full.tar.gz
        sql bank -c "INSERT INTO t VALUES (5000)"
        sql -c "SELECT pg_switch_wal()" >/dev/null
        sql bank -c "INSERT INTO t VALUES (6000)"
        sql -c "SELECT pg_backup_start('x', true)" -c \\
            "SELECT pg_backup_stop(true)" >/dev/null
        rm -f wal/*.backup
        tar -czf more.tar.gz -C wal $(ls wal)
        tar -czf gap.tar.gz -C wal $(ls wal | tail -n 1)
    ''', d, APP, user=user)
    return [open('%s/%s.tar.gz' % (d, n), 'rb').read()
            for n in ('full', 'more', 'gap')]


class Aside(threading.Thread):
    """Its own story only waits for it."""
    def __init__(self, f, *args):
        super().__init__()
        self.f, self.args, self.said, self.failed = f, args, None, None
        self.start()

    def run(self):
        try:
            self.said = self.f(*self.args)
        except Exception as e:
            self.failed = e

    def result(self):
        self.join()
        if self.failed:
            raise self.failed
        return self.said


@story
def an_encrypted_chain_becomes_an_instance(s):
    it['alice'], it['bob'] = s.client('alice'), s.client('bob')
    os.mkdir(s.dir + '/old')
    it['pg'] = Aside(postgresql_of_elsewhere, s)
    full, more = mariadb_of_elsewhere(s)
    it['full'], it['more'] = full, more
    where, sum = store(s, 'f1.xbstream.gz.enc', enc(full, '-md', 'md5'),
                       parts=3)
    where, _ = store(s, 'm1.xbstream.gz.enc',
                     enc(more, '-pbkdf2', '-iter', '10000', '-md', 'sha512'),
                     parent_location=where, parent_checksum=sum)
    id = begun(recorded(where))
    i = it['alice'].active(id)
    same(it['alice'].query(i, 'app', APP, 'CHECKSUM TABLE t')[0][1],
         it['sum'])
    same([u['name'] for u in it['alice'].get(
        '/instances/%s/users' % id).json['users']], ['app'])
    same(it['alice'].get('/instances/%s/root' % id).json,
         {'rootEnabled': False})
    for user in ('root', 'os_admin'):
        try:
            it['alice'].query(i, user, APP, 'SELECT 1')
            check(False, user + ' comes in')
        except Failed as e:
            check('SQL' in str(e), e)
    check(PHRASE not in ''.join(str(s.guest_conf(id))), 'the pass phrase')
    it['alice'].remove(id)


@story
def a_postgresql_with_its_wal_becomes_an_instance(s):
    c = it['alice']
    full, more, gap = it['pg'].result()
    where, sum = store(s, 'pf.tar.gz', full)
    last, _ = store(s, 'pm.tar.gz', more, parent_location=where,
                    parent_checksum=sum)
    hole, _ = store(s, 'pg.tar.gz', gap, parent_location=where,
                    parent_checksum=sum)
    bad = begun(recorded(hole, 'postgresql'), 'postgresql')
    id = begun(recorded(last, 'postgresql'), 'postgresql')
    i = c.active(id)
    same(c.query(i, 'app', APP, 'SELECT count(*), max(n) FROM t', 'bank'),
         [['1002', '6000']])
    for user in ('postgres', 'os_admin'):
        try:
            c.query(i, user, APP, 'SELECT 1', 'bank')
            check(False, user + ' comes in')
        except Failed as e:
            check('SQL' in str(e), e)
    c.remove(id)
    check('WAL is missing' in why_not(bad))


@story
def only_what_is_the_projects_own_is_looked_at(s):
    c = it['alice']
    host, path = re.match('(https?://[^/]+)(/.*)', recorded_place()).groups()
    for where in (host + path.replace('m1', 'none'),
                  host + path.replace(c.tenant, it['bob'].tenant),
                  host + path + '?temp_url_sig=x', 'file://' + path,
                  host + '/v1/AUTH_%s/%s/../../%s/x' % (
                      c.tenant, C, it['bob'].tenant),
                  'http://127.0.0.1:6379/', 'http://169.254.169.254/x/y',
                  'cinder://x/y', host + '/v1/AUTH_' + c.tenant):
        same(record(where).fault(400, 'badRequest'),
             'Failed to restore backup from ' + where)
    same(record(recorded_place(), client='bob').status, 400)
    for name in ('x.xbstream.zst.enc', 'x', 'x.tar.gz', 'x.xbstream.enc'):
        where, _ = store(s, name, b'x' * 100)
        check('its name is not' in record(where).fault(400, 'badRequest'))


def recorded_place():
    return it['alice'].get('/backups').json['backups'][-1]['locationRef']


@story
def what_is_damaged_never_serves(s):
    full = it['full']
    cases = [('cut', '.gz', full[:-100], 'end is missing'),
             ('more', '.gz', full + b'xxxx', 'damaged'),
             ('pass', '.gz.enc', subprocess.run(
                 ['openssl', 'enc', '-aes-256-cbc', '-pass', 'pass:other'],
                 input=full, capture_output=True).stdout, 'No pass phrase'),
             ('half', '.gz.enc', enc(full)[:-7], 'do not end')]
    begun_ones = []
    for name, end, data, why in cases:
        where, _ = store(s, name + '.xbstream' + end, data)
        begun_ones.append((begun(recorded(where)), why))
    for id, why in begun_ones:
        said = why_not(id)
        check(why in said, why, said)


@story
def what_was_changed_since_it_was_recorded_is_refused(s):
    c = it['alice']
    where, _ = store(s, 'later.xbstream.gz', it['full'], parts=2)
    id = recorded(where)
    store(s, 'later.xbstream.gz', it['more'], parts=2)
    same(restore(id).fault(409, 'conflict'), 'Current Swift object checksum '
         'does not match original checksum for backup %s.' % id)
    where, _ = store(s, 'flip.xbstream.gz', it['full'])
    id = recorded(where)
    path = [f for f in glob.glob(s.dir + '/storage/**', recursive=True)
            if f.endswith('flip.xbstream.gz')][0]
    with open(path, 'r+b') as f:
        f.seek(9000)
        was_byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([was_byte[0] ^ 1]))
    said = why_not(begun(id))
    check('damaged' in said, said)
    os.unlink(path)
    same(restore(id).fault(404, 'itemNotFound'), 'Backup file in %s was not '
         'found in the object storage.' % where)
    same(c.delete('/backups/' + id).status, 202)
    same(c.get('/backups/' + id).status, 404)


def missing():
    for p in ('/usr/bin/mariadb-backup', '/usr/bin/mariadb-install-db',
              '/usr/bin/openssl', '/usr/lib/postgresql/15/bin/initdb'):
        if not os.access(p, os.X_OK):
            return p + ' is not here'


keys = '/tmp/coffer-old-keys-%d' % os.getpid()
with open(os.open(keys, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
    f.write('something else\n%s\n' % PHRASE)
atexit.register(os.unlink, keys)
main(datastore='postgresql', settings=['backup.old_keys=' + keys],
     needs=missing)
