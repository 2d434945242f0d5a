#!/usr/bin/python3
"""The storage driver "swift" against OpenStack's own, where one can be started:
COFFER_LAB names a folder with the programs "up" and "down" of a lab (beside the
project: ../shared/openstack-lab), and the packages of Keystone and Swift are
installed."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import hashlib  # noqa: E402
from relay import Relay  # noqa: E402

LAB = os.environ.get('COFFER_LAB') or os.path.join(
    os.path.dirname(TOP), 'shared', 'openstack-lab')
KEYSTONE, SWIFT = 15000, 18080
URL = 'http://127.0.0.1:%d/v3' % KEYSTONE
PASSWORD = CANARY + 'lab'
ENV = dict(os.environ, OS_ROOT='/tmp/coffer-lab-%d' % os.getpid(),
           OS_PORT_PREFIX='1', OS_MEMCACHED_PORT='11298',
           OS_LAB_PASSWORD=PASSWORD)
C = 'database_backups'
DIR = os.environ.get('STACK_DIR') or '/tmp/coffer-t-0074-%d' % os.getpid()
DOOR = DIR + '/rsock/swift.sock'
APP = CANARY + 'App74'
was = {}


def lab(program, *args):
    return subprocess.run([os.path.join(LAB, program), *args], env=ENV,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=240)


def missing():
    if not os.path.exists(os.path.join(LAB, 'up')):
        return 'no lab in ' + LAB
    for p in ('python3-keystone', 'uwsgi-plugin-python3', 'swift-proxy',
              'swift-object', 'memcached'):
        r = subprocess.run(['dpkg-query', '-W', p], capture_output=True)
        if r.returncode:
            return p + ' is not installed'
    return None


def ask(port, method, path, body=None, headers=()):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    c.request(method, path, body, dict(headers))
    r = c.getresponse()
    return Answer(r.status, r.headers, r.read())


def login(user):
    a = ask(KEYSTONE, 'POST', '/v3/auth/tokens', json.dumps({'auth': {
        'identity': {'methods': ['password'], 'password': {'user': {
            'name': user, 'domain': {'id': 'default'},
            'password': PASSWORD}}},
        'scope': {'project': {'name': user, 'domain': {'id': 'default'}}}}}),
        {'Content-Type': 'application/json'})
    same(a.status, 201, a)
    return {'X-Auth-Token': a.headers['X-Subject-Token']}, \
        a.json['token']['project']['id']


def driver(s, verb, *args, fails=False):
    r = subprocess.run([os.path.join(BUILD, 't/tools/storagectl'),
                        s.dir + '/etc/worker.conf', verb, was['tenant'],
                        *args], capture_output=True, text=True, timeout=60)
    check((r.returncode != 0) == fails, verb, r.stdout, r.stderr)
    return r.stderr if fails else r.stdout.splitlines()


def swift(method, path, body=None, **headers):
    """As the tenant."""
    return ask(SWIFT, method, '/v1/AUTH_%s%s' % (was['tenant'], path), body,
               dict(was['token'], **{k.replace('_', '-'): v
                                     for k, v in headers.items()}))


def through(leave, name, method, body=None):
    """As a guest, who has nothing but the leave."""
    before, after, socket = leave
    check(socket.endswith('/swift.sock'), socket)
    host = 'http://127.0.0.1:%d' % SWIFT
    check(before.startswith(host), before)
    return ask(SWIFT, method, before[len(host):] + name + after, body)


@story
def a_guest_writes_with_its_leave_and_no_token(s):
    was['token'], was['tenant'] = login('demo')
    was['parts'] = [os.urandom(100000 + i) for i in range(3)]
    leave = driver(s, 'lend', C, 'b_', 'write', '60')
    for i, part in enumerate(was['parts']):
        a = through(leave, '%08d' % i, 'PUT', part)
        same(a.status, 201, a)
        same(a.headers['Etag'], hashlib.md5(part).hexdigest())
    same(through(leave, '00000000', 'HEAD').status, 200)
    same(through(leave, '00000000', 'GET').status, 401)
    other = [leave[0][:-2] + 'c_', leave[1], leave[2]]
    same(through(other, '00000000', 'PUT', b'x').status, 401)
    elsewhere = [leave[0].replace(C, 'elsewhere'), leave[1], leave[2]]
    same(through(elsewhere, '00000000', 'PUT', b'x').status, 401)


@story
def the_tenants_own_key_stays(s):
    a = swift('POST', '/' + C, X_Container_Meta_Temp_URL_Key='mine')
    same(a.status, 204, a)
    driver(s, 'lend', C, 'b_', 'write', '60')
    a = swift('HEAD', '/' + C)
    same(a.headers['X-Container-Meta-Temp-Url-Key'], 'mine')


@story
def what_was_written_is_listed(s):
    rows = [line.split() for line in driver(s, 'list', C, 'b_')]
    same(rows, [['b_%08d' % i, str(len(p)), hashlib.md5(p).hexdigest()]
                for i, p in enumerate(was['parts'])])
    same(driver(s, 'list', C, 'x'), [])
    same(driver(s, 'list', 'no-such', 'x'), [])


@story
def segments_are_joined_as_one_object_with_metadata(s):
    sum = driver(s, 'join', C, 'b_', 'b.xbstream', 'datastore', 'mariadb',
                 'lsn', '12345')[0]
    parts = was['parts']
    same(sum, hashlib.md5(''.join(hashlib.md5(p).hexdigest() for p in
                                  parts).encode()).hexdigest())
    a = swift('GET', '/%s/b.xbstream' % C)
    same((a.status, a.raw), (200, b''.join(parts)))
    same(a.headers['Etag'], '"%s"' % sum)
    same(a.headers['X-Static-Large-Object'], 'True')
    same(a.headers['Content-Type'], 'application/octet-stream')
    same(a.headers['X-Object-Meta-Datastore'], 'mariadb')
    same(a.headers['X-Object-Meta-Lsn'], '12345')
    same(driver(s, 'join', C, 'b_', 'b.xbstream', 'datastore',
                'mariadb')[0], sum)
    place = driver(s, 'location', C, 'b.xbstream')[0]
    same(place, 'http://127.0.0.1:%d/v1/AUTH_%s/%s/b.xbstream'
         % (SWIFT, was['tenant'], C))


@story
def a_reader_reads_and_writes_nothing(s):
    leave = driver(s, 'lend', C, 'b', 'read', '60')
    a = through(leave, '_00000001', 'GET')
    same((a.status, a.raw), (200, was['parts'][1]))
    same(through(leave, '_00000001', 'PUT', b'x').status, 401)
    same(through(leave, '.xbstream', 'GET').raw, b''.join(was['parts']))
    late = driver(s, 'lend', C, 'b', 'read', '-1')
    same(through(late, '_00000001', 'GET').status, 401)
    check('NOT_FOUND' in driver(s, 'lend', 'no-such', 'b', 'read', '60',
                                fails=True))


@story
def a_segment_that_is_another_is_not_joined(s):
    for part in ('w_0', 'w_1'):
        same(swift('PUT', '/%s/%s' % (C, part), b'one').status, 201)
    one = hashlib.md5(b'one').hexdigest()
    for bad in (['w_1', '3', '0' * 32], ['w_1', '4', one],
                ['w_2', '3', one]):
        why = driver(s, 'compose', C, 'w', 'w_0', '3', one, *bad, fails=True)
        check('CLOUD' in why and bad[0] in why, why)
        same(swift('GET', '/%s/w' % C).status, 404)
    why = driver(s, 'compose', C, 'w', 'w_9', '3', one, fails=True)
    check('w_9' in why, why)
    check('0 segments' in driver(s, 'compose', C, 'w', fails=True))


@story
def the_only_segment_is_copied(s):
    same(swift('PUT', '/%s/one%%20_0' % C, b'hello').status, 201)
    sum = driver(s, 'join', C, 'one ', 'one.rdb', 'datastore', 'redis')[0]
    same(sum, hashlib.md5(b'hello').hexdigest())
    a = swift('GET', '/%s/one.rdb' % C)
    same((a.status, a.raw), (200, b'hello'))
    same(a.headers['Etag'], sum)
    same(a.headers['X-Object-Meta-Datastore'], 'redis')
    same(driver(s, 'list', C, 'one '), [])
    same(driver(s, 'read', C, 'one.rdb'), ['hello'])
    check('NOT_FOUND' in driver(s, 'read', C, 'none', fails=True))


@story
def a_manifest_goes_with_its_segments(s):
    driver(s, 'remove', C, 'b.xbstream')
    same(driver(s, 'list', C, 'b'), [])
    driver(s, 'remove', C, 'b.xbstream')
    driver(s, 'remove', C, 'one.rdb')
    driver(s, 'remove', 'no-such', 'x')
    same(driver(s, 'list', C, 'one'), [])


@story
def a_backup_of_elsewhere_is_found_with_its_parts(s):
    token = was['token']['X-Auth-Token']
    parts = [b'a' * 70000, b'b' * 30000]
    md5s = [hashlib.md5(p).hexdigest() for p in parts]
    whole = hashlib.md5(''.join(md5s).encode()).hexdigest()
    # An older Trove's, of segments; the host of its address counts for nothing.
    place = 'http://203.0.113.1:8080/v1/AUTH_%s/%s/' % (was['tenant'], C)
    for i, p in enumerate(parts):
        same(swift('PUT', '/%s/o_%d' % (C, i), p).status, 201)
    slo = [{'path': '/%s/o_%d' % (C, i), 'etag': md5s[i],
            'size_bytes': len(p)} for i, p in enumerate(parts)]
    same(swift('PUT', '/%s/o.xbstream.gz?multipart-manifest=put' % C,
               json.dumps(slo), X_Object_Meta_Parent_Location=place + 'p',
               X_Object_Meta_Parent_Checksum='0' * 32).status, 201)
    listed = ['%d %s' % (len(p), m) for p, m in zip(parts, md5s)]
    wanted = [whole, '100000', place + 'p', '0' * 32, 'a'] + listed
    for who in ([token], []):
        same(driver(s, 'origin', place + 'o.xbstream.gz', *who), wanted)
    # Still older ones name a prefix.
    same(swift('PUT', '/%s/d.gz' % C, b'',
               X_Object_Manifest=C + '/o_').status, 201)
    same(driver(s, 'origin', place + 'd.gz', token),
         [whole, '100000', '-', '-', 'a'] + listed)
    one = hashlib.md5(parts[0]).hexdigest()
    same(driver(s, 'origin', place + 'o_0', token),
         [one, '70000', '-', '-', 'a', '70000 ' + one])
    leave = driver(s, 'lend', C, 'o.xbstream.gz', 'read', '60')
    a = ask(SWIFT, 'GET', leave[0][leave[0].index('/v1'):] + leave[1], None,
            {'Range': 'bytes=69999-70000'})
    same((a.status, a.raw), (206, b'ab'))


@story
def what_is_not_the_tenants_own_is_not_looked_at(s):
    other, _ = login('demo2')
    mine = 'http://127.0.0.1:%d/v1/AUTH_%s/%s/' % (SWIFT, was['tenant'], C)
    check('NOT_FOUND' in driver(s, 'origin', mine + 'none', fails=True))
    check('NOT_FOUND' in driver(s, 'origin', mine.replace(
        was['tenant'], '0' * 32) + 'o_0', fails=True))
    check('FORBIDDEN' in driver(s, 'origin', mine + 'o_0',
                                other['X-Auth-Token'], fails=True))
    # Parts that lie elsewhere would not be sent to who has the leave.
    same(swift('PUT', '/elsewhere').status, 201)
    same(swift('PUT', '/elsewhere/x', b'x').status, 201)
    same(swift('PUT', '/%s/far.gz?multipart-manifest=put' % C, json.dumps(
        [{'path': '/elsewhere/x'}])).status, 201)
    check('another container' in driver(s, 'origin', mine + 'far.gz',
                                        fails=True))
    same(swift('PUT', '/%s/deep.gz?multipart-manifest=put' % C, json.dumps(
        [{'path': '/%s/o.xbstream.gz' % C}])).status, 201)
    check('manifests' in driver(s, 'origin', mine + 'deep.gz', fails=True))
    same(swift('PUT', '/%s/empty.gz' % C, b'').status, 201)
    check('empty' in driver(s, 'origin', mine + 'empty.gz', fails=True))


def ship(d, put, at):
    """What an agent starts to publish a log."""
    r = subprocess.run([os.path.join(BUILD, 'agent/coffer-transfer')],
                       input=json.dumps({'settings': {
                           'engine': 'mariadb', 'data': d,
                           'instance': '0' * 8 + '-0000-4000-8000-' + '0' * 12},
                           'log': {'name': 'general', 'at': at,
                                   'expiry': 3600, 'put': put}}),
                       capture_output=True, text=True, timeout=60)
    check(r.returncode == 0, r.stdout, r.stderr)


@story
def a_published_log_lies_as_clients_read_it(s):
    d, text = s.dir + '/shipped', ''
    for part in ('log', 'agent'):
        os.makedirs(os.path.join(d, part))
    for at, n in ((1700000000000000, 30000), (1700000001000000, 10)):
        more = ''.join('line %d: \u00e9 %s\n' % (i, 'x' * 60)
                       for i in range(n))
        text += more
        with open(d + '/log/general.log', 'a') as f:
            f.write(more)
        before, after, _ = driver(s, 'lend', 'database_logs',
                                  'i/mariadb-general', 'write', '60')
        ship(d, {'before': before, 'after': after}, at)
    rows = swift('GET', '/database_logs?format=json&prefix=i/').json
    names = sorted(r['name'] for r in rows if '/log-' in r['name'])
    check(len(names) >= 4, names)
    said, lines = b'', 0
    for name in names:
        a = swift('GET', '/database_logs/' + name)
        same((a.status, a.headers['Content-Type']),
             (200, 'text/plain; charset=utf-8'))
        check(int(a.headers['X-Delete-At']) > time.time() + 3000)
        lines += int(a.headers['X-Object-Meta-Lines'])
        said += a.raw
    same((said.decode(), lines), (text, 30010))
    meta = swift('GET', '/database_logs/i/mariadb-general_metafile').json
    same((meta['log_name'], meta['log_size']),
         ('general', len(text.encode())))
    # With the client's own library, as `openstack database log save` does it.
    if os.path.exists('/usr/lib/python3/dist-packages/swiftclient'):
        r = subprocess.run(
            ['/usr/bin/python3', '-c', """
import os, sys, swiftclient
c = swiftclient.Connection(preauthurl=sys.argv[1],
                           preauthtoken=os.environ['T'])
_, rows = c.get_container('database_logs', prefix='i/mariadb-general/')
for r in rows:
    sys.stdout.buffer.write(c.get_object('database_logs', r['name'])[1])
""", 'http://127.0.0.1:%d/v1/AUTH_%s' % (SWIFT, was['tenant'])],
            env=dict(os.environ, T=was['token']['X-Auth-Token']),
            capture_output=True, timeout=60)
        same((r.returncode, r.stdout), (0, said), r.stderr[-300:])


@story
def a_guest_without_a_network_stores_and_is_made_anew(s):
    c = Client(s, 'demo', '', '')
    c._token, c._id = was['token']['X-Auth-Token'], was['tenant']
    was['relay'] = Relay(DOOR, SWIFT)
    id = c.create('cache', users=[{'name': 'app', 'password': APP}])
    i = c.active(id)
    same(redis(i, 'app', APP, 'EVAL',
               "for i = 1, 5000 do redis.call('SET', 'k' .. i, "
               "redis.sha1hex(i)) end return 'filled'", '0'), 'filled')
    a = c.post('/backups', {'backup': {'name': 'b', 'instance': id}})
    same(a.status, 202, a)
    b = a.json['backup']['id']

    def shown():
        return c.get('/backups/' + b).json['backup']
    until(30, lambda: shown()['status'] in ('COMPLETED', 'FAILED'), 'backup')
    same(shown()['status'], 'COMPLETED', c.tasks(id)[:1])
    place = 'http://127.0.0.1:%d/v1/AUTH_%s' % (SWIFT, was['tenant'])
    check(shown()['locationRef'].startswith(place), shown())
    a = swift('HEAD', shown()['locationRef'][len(place):])
    same(a.headers['X-Object-Meta-Datastore'], 'redis', a)
    a = c.post('/instances', {'instance': {
        'name': 'again', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'redis'}, 'restorePoint': {'backupRef': b}}})
    same(a.status, 200, a)
    i = c.active(a.json['instance']['id'], 60)
    same((redis(i, 'app', APP, 'DBSIZE'), redis(i, 'app', APP, 'GET', 'k7')),
         ('5000', hashlib.sha1(b'7').hexdigest()))
    same(c.delete('/backups/' + b).status, 202)
    until(30, lambda: c.get('/backups/' + b).status == 404, 'it is gone')
    until(30, lambda: not driver(s, 'list', C, b), 'its objects are gone')
    for gone in (id, i['id']):
        c.remove(gone)


@story
def the_service_account_reaches_every_tenants_account(s):
    mine = was['tenant']
    token, was['tenant'] = login('demo2')
    leave = driver(s, 'lend', C, 'b_', 'write', '60')
    same(through(leave, '0', 'PUT', b'x').status, 201)
    same(len(driver(s, 'list', C, 'b_')), 1)
    was['tenant'] = mine
    same(driver(s, 'list', C, 'b_'), [])


if not missing():
    r = lab('up', '--no-install', 'keystone', 'swift')
    if r.returncode:
        print('1..0 # SKIP the lab does not start: ' +
              (r.stdout + r.stderr)[-200:].replace('\n', ' '))
        lab('down', '--wipe')
        sys.exit(0)
    atexit.register(lab, 'down', '--wipe')
main(settings=['identity.driver=keystone', 'keystone.auth_url=' + URL,
               'keystone.user=trove', 'keystone.password=' + PASSWORD,
               'keystone.interface=public', 'storage.driver=swift',
               'storage.socket=' + DOOR],
     datastore='redis', needs=missing)
