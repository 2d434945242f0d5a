#!/usr/bin/python3
"""The storage driver "s3" against a real S3 server: Swift's own s3api, where
its packages are installed.  Backups go there and come back, through addresses
that are good for one object each; so do those that an older Trove made."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

import gzip  # noqa: E402
import hashlib  # noqa: E402
import tempfile  # noqa: E402
import s3  # noqa: E402
from relay import Relay  # noqa: E402

PORT = 21000 + os.getpid() % 2000 * 5
FRONT = PORT + 4
SECRET = CANARY + 's3'
READER = CANARY + 'reader'
DIR = os.environ.get('STACK_DIR') or '/tmp/coffer-t-0085-%d' % os.getpid()
PLACE = tempfile.mkdtemp(prefix='coffer-s3-')
KEYFILE, READFILE = (os.path.join(PLACE, n) for n in ('secret', 'reader'))
PW = CANARY + 'keeper'
C = 'database_backups'
T = '0123456789abcdef0123456789abcdef'
it = {}


def elsewhere(where):
    c = it['alice']
    v = c.get('/datastores/redis').json['datastore']['default_version']
    return c.post('/backups', {'backup': {'name': 'old', 'restore_from': {
        'remote_location': where, 'local_datastore_version_id': v,
        'size': 1}}})


def bucket(method='GET', name='', query='', body=None):
    return it['s3'].ask(method, '/%s%s' % (s3.BUCKET, name and '/' +
                                           urllib.parse.quote(name)),
                        query, body)


def keys(text=''):
    found = re.findall(rb'<Key>([^<]*)</Key>', bucket(query='list-type=2')[2])
    return sorted(k.decode() for k in found if text in k.decode())


def uploads():
    return re.findall(rb'<UploadId>([^<]*)<', bucket(query='uploads=')[2])


def driver(s, verb, *args, conf='worker.conf', fails=False, env=None):
    r = subprocess.run([os.path.join(BUILD, 't/tools/storagectl'),
                        os.path.join(s.dir, 'etc', conf), verb, T, *args],
                       capture_output=True, text=True, timeout=60, env=env)
    check((r.returncode != 0) == fails, verb, r.stdout, r.stderr)
    check(SECRET not in r.stdout + r.stderr, 'the secret is shown')
    return r.stderr if fails else r.stdout.splitlines()


def through(leave, nth, name, method, body=None, **headers):
    """As a guest, who has nothing but the leave."""
    host = 'http://127.0.0.1:%d' % FRONT
    check(leave[0].startswith(host), leave[0])
    c = http.client.HTTPConnection('127.0.0.1', FRONT, timeout=30)
    c.request(method, leave[0][len(host):] + name + leave[1] +
              leave[3 + nth], body, headers)
    r = c.getresponse()
    return r.status, r.read()


def sql(id, text):
    c = it['alice']
    return c.query(c.show(id), 'keeper', PW, text)


def backup(name, **more):
    a = it['alice'].post('/backups', {'backup': dict(
        name=name, instance=it['id'], **more)})
    same(a.status, 202, a)
    return a.json['backup']['id']


def cause(id):
    return next((t['error'] for t in it['alice'].tasks(it['id'])
                 if t['id'] == id), None)


def ended(id, status='COMPLETED'):
    def look():
        b = it['alice'].get('/backups/' + id).json['backup']
        return b if b['status'] in ('COMPLETED', 'FAILED') else None
    b = until(60, look, 'the backup ends')
    same(b['status'], status, cause(id))
    return b


def restore(name, id, engine='mariadb'):
    a = it['alice'].post('/instances', {'instance': {
        'name': name, 'flavorRef': '1', 'volume': {'size': 1}, 'datastore':
        {'type': engine}, 'restorePoint': {'backupRef': id}}})
    same(a.status, 200, a)
    return a.json['instance']['id']


@story
def a_bucket_that_is_not_there_is_said_so_at_once(s):
    it['relay'] = Relay(DIR + '/rsock/s3.sock', PORT)
    it['front'] = Relay(('127.0.0.1', FRONT), PORT)
    c = it['alice'] = s.client('alice')
    it['id'] = c.create('shop', 'mariadb', databases=[{'name': 'app'}], users=[
        {'name': 'keeper', 'password': PW, 'databases': [{'name': 'app'}]}])
    c.active(it['id'])
    it['s3'].ready()
    id = backup('nowhere')
    ended(id, 'FAILED')
    check('NoSuchBucket: see s3.bucket' in cause(id), cause(id))
    same(it['relay'].seen, 0, 'the guest was asked')
    same(c.delete('/backups/' + id).status, 202)
    same(bucket('PUT')[0], 200)


@story
def a_wrong_key_or_secret_is_said_so(s):
    conf = open(s.dir + '/etc/worker.conf').read()
    wrong = os.path.join(PLACE, 'wrong')
    with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        f.write('another\n')
    for change, words in (
            (('secret_file = ' + KEYFILE, 'secret_file = ' + wrong),
             'SignatureDoesNotMatch: see s3.secret_file'),
            (('key_id = ' + s3.KEY_ID, 'key_id = test:nobody'), 's3.key_id'),
            (('secret_file = ' + KEYFILE, 'secret_file = /nowhere'),
             'No such file'),
            (('region = ' + s3.REGION, 'region = elsewhere'), 's3.region')):
        check(change[0] in conf, change[0], conf)
        with open(os.open(s.dir + '/etc/wrong.conf', os.O_WRONLY | os.O_TRUNC
                          | os.O_CREAT, 0o600), 'w') as f:
            f.write(conf.replace(*change))
        why = driver(s, 'list', C, '', conf='wrong.conf', fails=True)
        check(words in why and why.count('\n') == 1, words, why)
    os.chmod(KEYFILE, 0o640)
    check('others may not read' in driver(s, 'list', C, '', fails=True))
    os.chmod(KEYFILE, 0o600)
    driver(s, 'list', C, '')


@story
def a_leave_is_for_its_names_and_one_way(s):
    parts = it['parts'] = [os.urandom(5000 + i) for i in range(3)]
    leave = driver(s, 'lend', C, 'b_', 'write', '60', '0', '1', '2')
    for i, part in enumerate(parts):
        same(through(leave, i, str(i), 'PUT', part)[0], 200)
    for nth, name, method in ((0, '1', 'PUT'), (0, '3', 'PUT'),
                              (0, '0', 'GET'), (0, '0', 'DELETE')):
        same(through(leave, nth, name, method, b'x')[0], 403)
    late = driver(s, 'lend', C, 'b_', 'write', '-1', '0')
    check(through(late, 0, '0', 'PUT', b'x')[0] in (400, 403))
    same([line.split() for line in driver(s, 'list', C, 'b_')],
         [['b_%d' % i, str(len(p)), hashlib.md5(p).hexdigest()]
          for i, p in enumerate(parts)])
    same(driver(s, 'list', 'other', 'b_'), [])
    same(driver(s, 'read', C, 'none', fails=True).count('NOT_FOUND'), 1)


@story
def a_bucket_may_stand_before_the_host(s):
    conf = open(s.dir + '/etc/worker.conf').read()
    path = 'endpoint = http://127.0.0.1:%d\n' % FRONT
    check(path in conf, conf)
    with open(os.open(s.dir + '/etc/host.conf', os.O_WRONLY | os.O_CREAT,
                      0o600), 'w') as f:
        f.write(conf.replace(path, 'endpoint = http://localhost:%d\n'
                             'path_style = no\n' % FRONT))
    same(driver(s, 'list', C, 'b_', conf='host.conf'),
         driver(s, 'list', C, 'b_'))
    host = '%s.localhost:%d' % (s3.BUCKET, FRONT)
    same(driver(s, 'location', C, 'b', conf='host.conf'),
         ['http://%s/coffer/%s/%s/b' % (host, T, C)])
    leave = driver(s, 'lend', C, 'b_', 'read', '60', '1', conf='host.conf')
    check(leave[0].startswith('http://%s/coffer/' % host), leave[0])
    r = http.client.HTTPConnection('127.0.0.1', FRONT, timeout=30)
    r.request('GET', leave[0].split(host)[1] + '1' + leave[1] + leave[3],
              headers={'Host': host})
    a = r.getresponse()
    same((a.status, a.read()), (200, it['parts'][1]))


@story
def joining_goes_on_where_it_was_broken_off(s):
    parts, name = it['parts'], 'coffer/%s/%s/b.x' % (T, C)
    a = bucket('POST', name, 'uploads=')
    id = re.search(rb'<UploadId>([^<]*)<', a[2]).group(1).decode()
    for n, part in ((1, parts[0]), (2, b'of something else')):
        same(bucket('PUT', name, 'partNumber=%d&uploadId=%s' % (n, id),
                    part)[0], 200)
    sum = driver(s, 'join', C, 'b_', 'b.x', 'lsn', '12', 'datastore',
                 'mariadb')[0]
    same(sum, hashlib.md5(b''.join(hashlib.md5(p).digest() for p in parts))
         .hexdigest() + '-3')
    same(uploads(), [])
    leave = driver(s, 'lend', C, 'b.', 'read', '60', 'x')
    same(through(leave, 0, 'x', 'GET'), (200, b''.join(parts)))
    same(through(leave, 0, 'x', 'GET', Range='bytes=5000-10000'),
         (206, parts[1]))
    same(through(leave, 0, 'x', 'PUT', b'x')[0], 403)
    status, headers, _ = bucket('HEAD', name)
    same((status, headers['ETag']), (200, '"%s"' % sum))
    # a new one has its metadata; the broken one's were of that attempt
    driver(s, 'join', C, 'b_', 'c.x', 'lsn', '12', 'datastore', 'mariadb')
    headers = bucket('HEAD', name.replace('b.x', 'c.x'))[1]
    same(headers['x-amz-meta-lsn'], '12')
    same(headers['x-amz-meta-datastore'], 'mariadb')


@story
def more_than_one_upload_may_have_are_joined_in_groups(s):
    parts = it['parts']
    few = dict(os.environ, STORAGECTL_S3='2:10100')
    all = [x for i, p in enumerate(parts) for x in (
        'b_%d' % i, str(len(p)), hashlib.md5(p).hexdigest())]
    a = [driver(s, 'compose', C, 'g.x', *all, env=few)[0]
         for _ in range(2)]             # again, as after a worker's death
    status, headers, body = bucket('GET', 'coffer/%s/%s/g.x' % (T, C))
    same((status, body, headers['ETag']),
         (200, b''.join(parts), '"%s"' % a[1]))
    same((a[0], a[0][32:]), (a[1], '-2'))
    same(uploads(), [])
    same(sorted(k.rsplit('/', 1)[1] for k in keys()),
         ['b.x', 'b_0', 'b_0-2', 'b_1', 'b_2', 'c.x', 'g.x'])
    check('segments' in driver(s, 'compose', C, 'h.x', *all, fails=True,
                               env=dict(few, STORAGECTL_S3='2:5001')))
    for name in ('g.x', 'b_0-2'):
        driver(s, 'remove', C, name)
    same(uploads(), [])


@story
def segments_that_are_others_are_not_joined(s):
    sums = [hashlib.md5(p).hexdigest() for p in it['parts']]
    for bad in (['b_1', '5001', sums[0]], ['b_9', '5001', sums[1]]):
        why = driver(s, 'compose', C, 'w', 'b_0', '5000', sums[0], *bad,
                     fails=True)
        check('CLOUD' in why and bad[0] in why, why)
    same(len(uploads()), 1)
    driver(s, 'abandon', C, 'w')
    same(uploads(), [])
    same(driver(s, 'compose', C, 'one', 'b_0', '5000', sums[0]), [sums[0]])
    for name in ('b_0', 'b_1', 'b_2', 'b.x', 'c.x', 'one', 'gone'):
        driver(s, 'remove', C, name)
    same(keys(), [])


@story
def backups_are_one_object_each(s):
    sql(it['id'], 'CREATE TABLE r (id INT PRIMARY KEY, v BLOB); INSERT INTO r '
        'SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_9000; '
        'CREATE TABLE t AS SELECT seq AS n FROM seq_1_to_100')
    it['full'] = backup('full')
    it['relay'].breaks = 2              # passing trouble on the way
    # the worker dies when one of two segments has been joined
    it['front'].words = b'partNumber=2'
    check(it['front'].met.wait(40), 'nothing is joined')
    for name in ('worker-1', 'worker-2'):
        s.kill(name)
    it['front'].held.set()
    b = ended(it['full'])
    check(b['locationRef'].startswith('http://127.0.0.1:%d/%s/coffer/' % (
        FRONT, s3.BUCKET)), b)
    sql(it['id'], 'UPDATE t SET n = 0 WHERE n < 50')
    it['inc'] = backup('inc', incremental=1)
    ended(it['inc'])
    it['sums'] = sql(it['id'], 'CHECKSUM TABLE r, t')
    for id in (it['full'], it['inc']):
        check([k.rsplit('/', 1)[1].split('.')[0] for k in keys(id)] == [id],
              keys(id))
    same(uploads(), [])
    segments = json.loads(s.one("SELECT segments FROM backups WHERE id = '%s'"
                                % it['full']))
    check(len(segments) > 1 and len({x['name'] for x in segments}) == 1,
          segments)


@story
def a_log_is_published_into_the_bucket(s):
    c, at = it['alice'], '/instances/%s/log' % it['id']
    same(c.post(at, {'name': 'general', 'enable': 1}).status, 200)
    for n in range(2):
        sql(it['id'], "SELECT 'written down %d'" % n)
        a = c.post(at, {'name': 'general', 'publish': 1})
        same((a.status, a.json['log']['container']), (200, 'database_logs'),
             a)
    found = keys('mariadb-general')
    check(all(k.startswith('coffer/%s/database_logs/%s' % (
        c.tenant, it['id'])) for k in found) and len(found) >= 3, found)
    text = b''.join(bucket('GET', k)[2] for k in found if '/log-' in k)
    same(re.findall(rb'SELECT .written down (\d)', text), [b'0', b'1'])
    same(len(text), a.json['log']['published'])
    meta = json.loads(bucket('GET', found[-1])[2])
    same(meta['log_size'], a.json['log']['published'])
    a = c.post(at, {'name': 'general', 'disable': 1, 'discard': 1})
    same((a.status, keys('mariadb-general')), (200, []), a)


@story
def a_deleted_instance_comes_back(s):
    c = it['alice']
    c.remove(it['id'])
    it['id'] = restore('again', it['inc'])
    c.active(it['id'])
    same(sql(it['id'], 'CHECKSUM TABLE r, t'), it['sums'])


@story
def what_was_changed_is_refused(s):
    c = it['alice']
    name = keys(it['inc'])[0]
    raw = bucket('GET', name)[2]
    bucket('PUT', name, body=raw[:-1] + bytes([raw[-1] ^ 1]))
    new = restore('never', it['inc'])
    i = until(30, lambda: next((i for i in [c.show(new)]
                                if i['status'] == 'ERROR'), None), 'ERROR')
    told = json.dumps(i.get('fault')) + json.dumps(c.tasks(new))
    check('is not as it was written' in told, told)
    c.remove(new)


@story
def a_backup_that_is_cancelled_leaves_nothing(s):
    c, relay = it['alice'], it['relay']
    relay.held.clear()
    id = backup('cancelled')
    until(20, lambda: keys(id) or relay.held.is_set() or
          c.get('/backups/' + id).json['backup']['status'] == 'BUILDING')
    # what a worker that died while it joined would leave
    at = keys(it['full'])[0].rsplit('/', 1)[0]
    same(bucket('POST', '%s/%s.x' % (at, id), 'uploads=')[0], 200)
    same(len(uploads()), 1)
    same(c.delete('/backups/' + id).status, 202)
    until(30, lambda: not keys(id) and not uploads(), 'nothing is left')
    relay.held.set()


@story
def what_an_older_trove_made_is_read_from_the_bucket(s):
    c = it['alice']
    old = gzip.compress(b'REDIS0010\xfe\0\0\3key\5value\xff' + bytes(8))
    at = 'coffer/%s/%s/' % (c.tenant, C)
    where = 'http://203.0.113.1/%s/%s' % (s3.BUCKET, at)
    same(bucket('PUT', at + 'whole.gz', body=old)[0], 200)
    a = bucket('POST', at + 'parts.gz', 'uploads=')
    id = re.search(rb'<UploadId>([^<]*)<', a[2]).group(1).decode()
    done = ''
    for n, part in ((1, old[:20]), (2, old[20:])):
        a = bucket('PUT', at + 'parts.gz', 'partNumber=%d&uploadId=%s' % (
            n, id), part)
        done += '<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>' % (
            n, a[1]['ETag'])
    same(bucket('POST', at + 'parts.gz', 'uploadId=' + id, (
        '<CompleteMultipartUpload>%s</CompleteMultipartUpload>' % done
    ).encode())[0], 200)
    for name in ('none.gz', 'whole.gz?x=y', '../x/whole.gz'):
        elsewhere(where + name).fault(400, 'badRequest')
    elsewhere(where.replace(c.tenant, T) + 'whole.gz').fault(400, 'badRequest')
    recorded = {}
    for name in ('whole.gz', 'parts.gz'):
        a = elsewhere(where + name)
        same(a.status, 202, a)
        recorded[name] = a.json['backup']['id']
    new = [restore(n, recorded[n], 'redis') for n in sorted(recorded)]
    for n in new:
        c.active(n)
        same(c.post('/instances/%s/users' % n, {'users': [
            {'name': 'app', 'password': PW}]}).status, 202)
        same(redis(c.show(n), 'app', PW, 'GET', 'key'), 'value')
        c.remove(n)
    bucket('PUT', at + 'whole.gz', body=old + b'x')
    a = c.post('/instances', {'instance': {
        'name': 'never', 'flavorRef': '1', 'volume': {'size': 1}, 'datastore':
        {'type': 'redis'}, 'restorePoint': {
            'backupRef': recorded['whole.gz']}}})
    check('does not match' in a.fault(409, 'conflict'), a)
    for name in recorded:
        same(c.delete('/backups/' + recorded[name]).status, 202)
        check(keys(name), 'it is not ours to remove')
        bucket('DELETE', at + name)


@story
def deleted_backups_are_gone_from_the_bucket(s):
    c = it['alice']
    for id in (it['inc'], it['full']):
        same(c.delete('/backups/' + id).status, 202)
        until(30, lambda: not keys(id), 'it is gone')
    until(30, lambda: not keys(), 'the bucket is empty')
    same(uploads(), [])


if not s3.missing():
    for path, text in ((KEYFILE, SECRET), (READFILE, READER)):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
            f.write(text + '\n')
    os.mkdir(PLACE + '/s3')
    it['s3'] = s3.Server(PLACE + '/s3', PORT, SECRET, 1, READER)
    atexit.register(lambda: (it['s3'].stop(), subprocess.run(
        ['rm', '-rf', PLACE])))
main(settings=['storage.driver=s3', 'storage.socket=%s/rsock/s3.sock' % DIR,
               's3.endpoint=http://127.0.0.1:%d' % FRONT,
               's3.bucket=' + s3.BUCKET, 's3.prefix=coffer/',
               's3.region=' + s3.REGION, 's3.key_id=' + s3.KEY_ID,
               's3.secret_file=' + KEYFILE,
               's3.reader_key_id=' + s3.READER_ID,
               's3.reader_secret_file=' + READFILE],
     datastore='mariadb redis', needs=s3.missing)
