#!/usr/bin/python3
"""Objects on the storage driver "file": written by temp URL, also through the
guests' socket; read by their project as from Swift; nobody gets at others'."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import hashlib  # noqa: E402
import hmac  # noqa: E402

C = 'database_backups'
MIB = 1 << 20
HEAD = 4096             # bytes before the data of a file
was = {}


def key_of(s, tenant):
    """The account's key, as the driver makes it of the master key."""
    master = bytes.fromhex(open(s.dir + '/etc/master.key').read().strip())
    h = hashlib.blake2b(key=master, digest_size=32)
    h.update(b'coffer\0temporary URLs\0' + tenant.encode() + b'\0' + bytes(4))
    return h.hexdigest().encode()


def signed(s, method, tenant, prefix, name, container=C, seconds=60):
    """What lend() gives: a path for one object, good for all of the prefix."""
    at = int(time.time()) + seconds
    what = '%s\n%d\nprefix:/v1/AUTH_%s/%s/%s' % (method, at, tenant,
                                                 container, prefix)
    sig = hmac.new(key_of(s, tenant), what.encode(), hashlib.sha256)
    return '/v1/AUTH_%s/%s/%s?temp_url_sig=%s&temp_url_expires=%d' \
        '&temp_url_prefix=%s' % (tenant, container, name, sig.hexdigest(), at,
                                 prefix)


def directory(s, tenant, container=C):
    return '%s/storage/%s/%s' % (s.dir, tenant, container)


def container_make(s, tenant, container=C):
    """As the worker does before it lends."""
    at = os.stat(s.dir + '/storage')
    for path in (os.path.dirname(directory(s, tenant)),
                 directory(s, tenant, container)):
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
            if os.geteuid() == 0:
                os.chown(path, at.st_uid, at.st_gid)


def curl(s, path, *args, socket=None):
    """Status, headers in lower case, and the file with the body."""
    out, head = s.dir + '/curl.out', s.dir + '/curl.head'
    way = ['--unix-socket', s.dir + '/rsock/storage.sock'] if socket else []
    host = 'localhost' if socket else '127.0.0.1:%d' % s.port
    r = subprocess.run(
        ['curl', '-s', '-m', '60', '-o', out, '-D', head, '-w',
         '%{http_code}', *way, *args, 'http://' + host + path],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    headers = {}
    for line in open(head):
        if ':' in line:
            name, value = line.split(':', 1)
            headers[name.lower()] = value.strip()
    return int(r.stdout), headers, out


def md5_of(path):
    h = hashlib.md5()
    with open(path, 'rb') as f:
        for piece in iter(lambda: f.read(MIB), b''):
            h.update(piece)
    return h.hexdigest()


def made(s, n, name='body'):
    path = s.dir + '/' + name
    with open(path, 'wb') as f:
        for _ in range(n // MIB):
            f.write(os.urandom(MIB))
        f.write(os.urandom(n % MIB))
    return path


def memory_of(s):
    """Most memory that a process of the pool ever had, in MiB."""
    parent = s.pid('api-storage')
    pids = open('/proc/%d/task/%d/children' % (parent, parent)).read().split()
    return max(int(re.search(r'VmHWM:\s+(\d+)', open(
        '/proc/%s/status' % p).read()).group(1)) // 1024 for p in pids)


def hidden(s, tenant):
    """What is there and is no object."""
    return [f for f in os.listdir(directory(s, tenant)) if f.startswith('.')]


@story
def a_large_body_is_stored_in_little_memory(s):
    c = was['c'] = s.client('alice')
    container_make(s, c.tenant)
    body = made(s, 150 * MIB + 12345)
    sum = md5_of(body)
    path = signed(s, 'PUT', c.tenant, 'b_', 'b_00000000')
    status, h, _ = curl(s, path, '-T', body)
    same(status, 201)
    same(h['etag'], sum)
    same(h['content-length'], '0')
    path = '/v1/AUTH_%s/%s/b_00000000' % (c.tenant, C)
    status, h, out = curl(s, path, '-H', 'X-Auth-Token: ' + c.token)
    same(status, 200)
    same(h['etag'], sum)
    same(md5_of(out), sum)
    mib = memory_of(s)
    print('# %d MiB at most' % mib)
    check(mib < 64, mib, 'MiB')
    same(hidden(s, c.tenant), [])


@story
def it_is_swifts_answer(s):
    c = was['c']
    h = {'X-Auth-Token': c.token}
    base = '/v1/AUTH_' + c.tenant
    path = signed(s, 'PUT', c.tenant, 'x/', 'x/log%201')
    a = c.raw('PUT', path, b'hello world', token=None, headers={
        'Content-Type': 'text/x', 'X-Object-Meta-Lines': '1',
        'X-Object-Meta-Log-File': 'slow', 'X-Roles': 'admin'})
    same(a.status, 201, a)
    a = c.raw('GET', base + '/%s/x/log%%201' % C, headers=h)
    same((a.status, a.raw), (200, b'hello world'))
    same(a.headers['Content-Type'], 'text/x')
    same(a.headers['X-Object-Meta-Lines'], '1')
    same(a.headers['X-Object-Meta-Log-File'], 'slow')
    a = c.raw('HEAD', base + '/%s/x/log%%201' % C, headers=h)
    same((a.status, a.headers['Content-Length'], a.raw), (200, '11', b''))
    a = c.raw('GET', base + '/%s/x/log%%201' % C,
              headers=dict(h, Range='bytes=-5'))
    same((a.status, a.raw), (206, b'world'))
    same(a.headers['Content-Range'], 'bytes 6-10/11')
    a = c.raw('GET', base + '/%s/x/log%%201' % C,
              headers=dict(h, Range='bytes=11-'))
    a.fault(416, 'badRequest')
    a = c.raw('GET', base + '/%s?format=json&prefix=x/' % C, headers=h)
    same([o['name'] for o in a.json], ['x/log 1'])
    a = c.raw('GET', base + '/%s?delimiter=/' % C, headers={'Accept': '*/*'})
    same((a.status, a.raw), (200, b'b_00000000\nx/\n'))
    a = c.raw('HEAD', base + '/' + C)
    same((a.status, a.headers['X-Container-Object-Count']), (204, '2'))
    a = c.raw('GET', base, headers=h)
    same([o['name'] for o in a.json], [C])
    a = c.raw('DELETE', base + '/%s/x/log%%201' % C)
    same(a.status, 204, a)
    a = c.raw('GET', base + '/%s/x/log%%201' % C)
    a.fault(404, 'itemNotFound')


@story
def a_guest_gets_at_objects_and_at_nothing_else(s):
    c = was['c']
    body = made(s, 5 * MIB)
    put = signed(s, 'PUT', c.tenant, 'g_', 'g_00000000')
    status, h, _ = curl(s, put, '-T', body, socket=True)
    same((status, h['etag']), (201, md5_of(body)))
    get = signed(s, 'GET', c.tenant, 'g_', 'g_00000000')
    status, _, out = curl(s, get, socket=True)
    same((status, md5_of(out)), (200, md5_of(body)))
    token = ['-H', 'X-Auth-Token: ' + c.token]
    for path, wanted in (
            ('/v1/AUTH_%s/%s/g_00000000' % (c.tenant, C), 401),
            ('/v1/AUTH_%s/%s' % (c.tenant, C), 401),
            ('/v1.0/%s/instances' % c.tenant, 404), ('/', 404),
            ('/v1.0/%s/instances/x/users' % c.tenant, 404),
            ('/v3/auth/tokens', 404), ('/healthcheck', 404),
            ('/v1/AUTH_x/../../v1.0/%s/instances' % c.tenant, 404)):
        status, _, _ = curl(s, path, '--path-as-is', *token, socket=True)
        same(status, wanted, path)


@story
def a_body_that_breaks_off_leaves_nothing(s):
    c = was['c']
    path = signed(s, 'PUT', c.tenant, 'half', 'half')
    k = socket.create_connection(('127.0.0.1', s.port), 10)
    k.sendall(('PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n'
               '\r\n' % path).encode() + bytes(9000000))
    before = set(hidden(s, c.tenant))
    k.close()
    path = '/v1/AUTH_%s/%s/half' % (c.tenant, C)
    until(10, lambda: c.raw('GET', '/v1/AUTH_%s/%s/b_00000000' % (
        c.tenant, C), headers={'Range': 'bytes=0-0'}).status == 206)
    until(10, lambda: hidden(s, c.tenant) == [], before)
    same(c.raw('GET', path).status, 404)


@story
def what_does_not_match_its_etag_is_not_kept(s):
    c = was['c']
    path = signed(s, 'PUT', c.tenant, 'e', 'e')
    a = c.raw('PUT', path, b'hello', token=None, headers={'ETag': '0' * 32})
    same(a.status, 422, a)
    same(c.raw('GET', '/v1/AUTH_%s/%s/e' % (c.tenant, C)).status, 404)


@story
def who_is_refused_hears_it_and_sends_the_rest_for_nothing(s):
    c = was['c']
    body = made(s, 30 * MIB)
    good = signed(s, 'PUT', c.tenant, 'r_', 'r_1')
    for path in (good.replace('/r_1', '/s_1'),
                 good.replace('_sig=', '_sig=0')):
        for socket in (False, True):
            status, _, _ = curl(s, path, '-T', body, socket=socket)
            same(status, 401, path)
    status, _, _ = curl(s, signed(s, 'PUT', c.tenant, 'r', 'r', 'nowhere'),
                        '-T', body)
    same(status, 404)
    status, _, _ = curl(s, '/v1/AUTH_%s/%s/x' % (c.tenant, C), '-T', body,
                        '-H', 'X-Auth-Token: ' + c.token)
    same(status, 403)
    # The connections are still good for others.
    for _ in range(20):
        same(c.raw('GET', '/v1/AUTH_' + c.tenant).status, 200)


def driver(s, verb, *args):
    """What a worker does, with a worker's settings and rights."""
    r = subprocess.run([os.path.join(BUILD, 't/tools/storagectl'),
                        s.dir + '/etc/worker.conf', verb, *args],
                       capture_output=True, text=True, timeout=60)
    same(r.returncode, 0, verb, r.stderr)
    return r.stdout.splitlines()


@story
def what_a_worker_lends_and_joins_is_served(s):
    c = s.client('bob')
    before, after, way = driver(s, 'lend', c.tenant, 'made', 'w_', 'write',
                                '60')
    same(way, s.dir + '/rsock/storage.sock')
    check(before.startswith('http://localhost/'), before)
    path = before[len('http://localhost'):]
    sums = []
    for i in range(3):
        body = made(s, 2 * MIB + i)
        status, _, _ = curl(s, path + '%08d' % i + after, '-T', body,
                            socket=True)
        same(status, 201)
        sums.append(md5_of(body))
    rows = driver(s, 'list', c.tenant, 'made', 'w_')
    same([r.split()[2] for r in rows], sums)
    sum, = driver(s, 'join', c.tenant, 'made', 'w_', 'w.x', 'datastore', 'm')
    same(sum, hashlib.md5(''.join(sums).encode()).hexdigest())
    place, = driver(s, 'location', c.tenant, 'made', 'w.x')
    check(place.startswith('http://127.0.0.1:%d/v1/AUTH_' % s.port), place)
    status, h, out = curl(s, place[place.index('/v1/'):], '-H',
                          'X-Auth-Token: ' + c.token)
    same((status, h['etag']), (200, '"%s"' % sum))
    same(h['x-object-meta-datastore'], 'm')
    same(os.path.getsize(out), 6 * MIB + 3)
    same(md5_of(body), sums[2])
    owners = {os.stat(directory(s, c.tenant, 'made') + '/' + f).st_uid
              for f in os.listdir(directory(s, c.tenant, 'made'))}
    same(owners, {os.stat(s.dir + '/storage').st_uid})
    driver(s, 'remove', c.tenant, 'made', 'w.x')
    same(os.listdir(directory(s, c.tenant, 'made')), [])


@story
def nobody_gets_at_what_is_anothers(s):
    c = was['c']
    paths = ['/v1/AUTH_' + c.tenant, '/v1/AUTH_%s/%s' % (c.tenant, C),
             '/v1/AUTH_%s/%s/b_00000000' % (c.tenant, C)]
    for path in paths:
        for method in ('GET', 'HEAD'):
            same(c.raw(method, path, token=None).status, 401, path)
            same(c.raw(method, path, token='nonsense').status, 401, path)
            for user in ('bob', 'root'):
                a = s.client(user).raw(method, path)
                same(a.status, 403, user, path)
    same(s.client('bob').raw('DELETE', paths[2]).status, 403)
    same(s.client('rita').raw('DELETE', paths[2]).status, 403)
    same(s.client('rita').raw('HEAD', paths[2]).status, 200)
    get = signed(s, 'GET', c.tenant, 'b_', 'b_00000000')
    small = {'Range': 'bytes=0-0'}
    same(c.raw('GET', get, token=None, headers=small).status, 206)
    bob = s.client('bob').tenant
    for path, method in (
            (get, 'PUT'), (get, 'DELETE'),
            (get.replace(c.tenant, bob), 'GET'),
            (get.replace('b_00000000', 'g_00000000'), 'GET'),
            (get.replace(C, 'other'), 'GET'),
            (signed(s, 'PUT', c.tenant, 'b_', 'b_00000000'), 'GET'),
            (signed(s, 'GET', c.tenant, 'b_', 'b_00000000', seconds=-1),
             'GET'),
            (get.split('&temp_url_prefix')[0], 'GET')):
        a = c.raw(method, path, b'x' if method == 'PUT' else None, token=None)
        same(a.status, 401, method, path)


@story
def names_lead_nowhere_else(s):
    c = was['c']
    base = '/v1/AUTH_%s/%s/' % (c.tenant, C)
    for name in ('..', '../x', 'a/../../b_00000000', '%2e%2e/x', '%2e%2e%2fx',
                 'a%2fb', 'a//b', 'a/', '%00', 'a%0ab', '%ff', 'x' * 241,
                 '.new-x'):
        status, _, _ = curl(s, base + name, '--path-as-is', '-H',
                            'X-Auth-Token: ' + c.token)
        check(status in (400, 404), name, status)
    same(os.listdir(os.path.dirname(directory(s, c.tenant))), [C])


@story
def a_full_disk_is_said_and_nothing_half_stays(s):
    if os.geteuid() != 0:
        raise Skip('only root can make a small disk')
    c = s.client('bob')
    container_make(s, c.tenant)
    at = directory(s, c.tenant)
    owner = os.stat(at)
    # storage.spare_mb is 0: the kernel is who says that it is full
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=8m,mode=0700,'
                    'uid=%d,gid=%d' % (owner.st_uid, owner.st_gid), 'none',
                    at], check=True)
    try:
        body = made(s, 12 * MIB)
        path = signed(s, 'PUT', c.tenant, 'f_', 'f_1')
        status, _, out = curl(s, path, '-T', body)
        same(status, 507)
        check('insufficientStorage' in open(out).read())
        same(os.listdir(at), [])
        status, _, _ = curl(s, path, '-T', made(s, 4 * MIB))
        same(status, 201)
    finally:
        subprocess.run(['umount', '-l', at], check=True)


@story
def the_stock_client_finds_it_in_the_catalog(s):
    c = was['c']
    try:
        from swiftclient import client as swift
        import keystoneclient  # noqa: F401
    except ImportError:
        raise Skip('no python3-swiftclient')
    con = swift.Connection(
        authurl='http://127.0.0.1:%d/v3' % s.port, user='alice',
        key=s.passwords['alice'][0], tenant_name='alpha', auth_version='3',
        os_options={'user_domain_name': 'Default',
                    'project_domain_name': 'Default',
                    'region_name': 'RegionOne'})
    head, all = con.get_account()
    same([x['name'] for x in all], [C])
    head, objects = con.get_container(C, prefix='b_')
    same([x['name'] for x in objects], ['b_00000000'])
    head = con.head_object(C, 'b_00000000')
    same(int(head['content-length']), 150 * MIB + 12345)
    head, got = con.get_object(C, 'g_00000000')
    same(hashlib.md5(got).hexdigest(), head['etag'])
    try:
        con.get_object(C, 'nothing')
        check(False)
    except swift.ClientException as e:
        same(e.http_status, 404)
    con.delete_object(C, 'g_00000000')
    same(os.listdir(directory(s, c.tenant)), ['b_00000000'])


@story
def a_signature_stands_in_no_log(s):
    for name in os.listdir(s.dir + '/log') + ['../nginx/access.log']:
        if name.endswith('.log'):
            with open(s.dir + '/log/' + name, errors='replace') as f:
                check('temp_url_sig' not in f.read(), name)
    with open(s.dir + '/nginx/access.log') as f:
        check('b_00000000?...' in f.read())


main(settings=['compute.driver=null', 'volume.driver=null',
               'network.driver=null', 'storage.spare_mb=0'])
