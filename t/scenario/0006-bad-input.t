#!/usr/bin/python3
"""Whatever is malformed, too large, too deep, too slow, unknown or foreign gets
its documented fault within 50 ms, in JSON, and changes nothing."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import struct  # noqa: E402

mine = {}


def alice(s):
    if 'c' not in mine:
        mine['c'] = s.client('alice')
        mine['c'].login()
    return mine['c']


def wire(s, data, wait=10, slowly=None):
    """Bytes as they are to nginx; the answer, and the time to its first."""
    k = socket.create_connection(('127.0.0.1', s.port), timeout=wait)
    began = time.monotonic()
    got, first = b'', None
    try:
        if slowly:
            for b in data:
                k.sendall(bytes([b]))
                time.sleep(slowly)
        else:
            k.sendall(data)
        while True:
            part = k.recv(65536)
            first = first or time.monotonic() - began
            if not part:
                break
            got += part
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        k.close()
    return got, first or 0


def request(c, path, method='GET', more=b'', body=b''):
    return (b'%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
            b'X-Auth-Token: %s\r\n%s\r\n%s' % (
                method.encode(), path, c.token.encode(), more, body))


def json_fault(raw, *statuses):
    head, _, body = raw.partition(b'\r\n\r\n')
    status = int(head.split()[1])
    check(status in statuses, raw[:600])
    check(b'content-type: application/json' in head.lower(), raw[:600])
    d = json.loads(body)
    check(len(d) == 1 and isinstance(list(d.values())[0], dict), body)
    same(list(d.values())[0]['code'], status, body)


def instances(s):
    return s.one("SELECT count(*) FROM instances") + '/' + \
        s.one("SELECT count(*) FROM tasks")


@story
def paths_have_one_meaning(s):
    c = alice(s)
    t = c.tenant.encode()
    bob = s.client('bob').tenant.encode()
    for p in (b'/v1.0/%s/instances/x/../../%s/instances' % (t, bob),
              b'/v1.0/%s/instances/..%%2f..%%2f%s%%2finstances' % (t, bob),
              b'/v1.0/%s//instances' % t, b'/v1.0/%s/./instances' % t,
              b'/v1.0/%s/instances/' % t, b'/v1.0/%s/instances%%2fdetail' % t,
              b'/v1.0/%s/instances/%%2e%%2e/limits' % t,
              b'/v1.0/%s/%%69nstances/%%2e' % t,
              b'/v1.0/%s/instances;x=1' % t, b'/v1.0/%s/INSTANCES' % t,
              b'/v1.0/%s/instances/%%c0%%ae%%c0%%ae/limits' % t,
              b'/v1.0/%s/instances/%s' % (t, b'a' * 3000)):
        raw, took = wire(s, request(c, p))
        json_fault(raw, 404, 400, 403)
    for p in (b'/v1.0/%s/instances/%%00' % t, b'/v1.0/%s/instances/%%zz' % t,
              b'/v1.0/%s/instances?limit=%%zz' % t,
              b'/v1.0/%s/instances?marker=%%00' % t):
        raw, took = wire(s, request(c, p))
        json_fault(raw, 400, 404)


@story
def a_name_with_every_kind_of_sign_is_one_name(s):
    c = alice(s)
    id = mine['id'] = c.create('signs', 'null')
    c.active(id)
    for p in ('..%2f..%2fx', 'a%2Fb', '%2e%2e', 'a%00b', 'x%0ay', '%ff%fe'):
        a = c.delete('/instances/%s/databases/%s' % (id, p))
        check(a.status in (400, 404), p, a)
        a = c.get('/instances/%s/users/%s' % (id, p))
        check(a.status in (400, 404), p, a)


@story
def bodies_that_are_no_json_are_400_and_quick(s):
    c = alice(s)
    before = instances(s)
    good = {'name': 'x', 'flavorRef': '1', 'volume': {'size': 1}}
    bad = [b'', b'{', b'[]', b'null', b'"x"', b'{"instance":', b'\x00',
           b'\xef\xbb\xbf{}', b'{"instance":{}} x', b'{"instance":{}}{}',
           b'{"a":' * 100000, b'[' * 100000,
           b'{"instance":{"name":"\xff\xfe"}}',
           b'{"instance":{"name":"\\ud800"}}',
           b'{"instance":{"name":"a\\u0000b","flavorRef":"1"}}',
           b'{"instance":{"name":"a","name":"b","flavorRef":"1"}}',
           b'{"instance":{"volume":{"size":1e400}}}',
           b'{"instance":{"volume":{"size":9223372036854775808}}}',
           b'{' + b','.join(b'"k%d":1' % n for n in range(60000)) + b'}']
    for v in (-1, 0, 1.5, True, [], {}, None, '', '1x', 10 ** 30, 'a' * 99):
        bad.append(json.dumps({'instance': dict(
            good, volume={'size': v})}).encode())
    for v in (1, None, [], {}, '', ' ', '...', 'a' * 256):
        bad.append(json.dumps({'instance': dict(good, name=v)}).encode())
    for v in (None, True, [], {}, ''):
        bad.append(json.dumps({'instance': dict(good, flavorRef=v)}).encode())
    for v in ('x', 1, {}, [1], ['x'], [{}], [{'name': ''}], [{'name': 'a/b'}],
              [{'name': 'x' * 65}], [{'name': 'mysql'}],
              [{'name': 'aa'}, {'name': 'aa'}],
              [{'name': 'aa', 'character_set': 'nosuch'}]):
        bad.append(json.dumps({'instance': dict(
            good, databases=v, datastore={'type': 'mariadb'})}).encode())
    for body in bad:
        began = time.monotonic()
        a = c.post('/instances', body)
        took = time.monotonic() - began
        check(a.status in (400, 413), body[:120], a)
        check(isinstance(a.json, dict) and len(a.json) == 1, body[:120], a)
        check(took < 0.25, 'took', took, body[:120])
    same(instances(s), before)


@story
def a_wrong_media_type_is_415_and_so_is_none(s):
    c = alice(s)
    before = instances(s)
    for t in ('text/plain', 'text/xml', 'multipart/form-data',
              'application/jsonp', 'x' * 500, ''):
        a = c.post('/instances', '{}', headers={'Content-Type': t})
        a.fault(415, 'badMediaType')
    same(c.post('/instances', '{}', headers={
        'Content-Type': 'application/json; charset=utf-8'}).status, 400)
    same(instances(s), before)


@story
def a_body_over_the_limit_is_a_json_413(s):
    c = alice(s)
    raw, took = wire(s, request(
        c, b'/v1.0/%s/instances' % c.tenant.encode(), 'POST',
        b'Content-Type: application/json\r\nContent-Length: 20000000\r\n',
        b'{"x":"'))
    json_fault(raw, 413)
    check(took < 0.5, took)
    raw, took = wire(s, request(
        c, b'/v1.0/%s/instances' % c.tenant.encode(), 'POST',
        b'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n',
        (b'10000\r\n' + b' ' * 65536 + b'\r\n') * 40 + b'0\r\n\r\n'))
    json_fault(raw, 413)


@story
def nginx_speaks_json_too(s):
    c = alice(s)
    json_fault(wire(s, b'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
                    b'X-A: ' + b'x' * 100000 + b'\r\n\r\n')[0], 400, 431)
    json_fault(wire(s, b'GET /' + b'x' * 100000 +
                    b' HTTP/1.1\r\nHost: x\r\n\r\n')[0], 400, 414)
    json_fault(wire(s, request(c, b'/v1.0/x', 'BREW'))[0], 400, 403, 404, 405)
    json_fault(wire(s, request(c, b'/v1.0/%s/instances' % c.tenant.encode(),
                               'TRACE'))[0], 404, 405)
    raw, took = wire(s, b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n')
    check(raw == b'' or b'400' in raw.split(b'\r\n')[0] or b'{' in raw, raw)


@story
def contents_that_disagree_about_their_length_are_refused(s):
    c = alice(s)
    p = b'/v1.0/%s/instances' % c.tenant.encode()
    for more in (b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
                 b'Content-Length: 2\r\nContent-Length: 3\r\n',
                 b'Content-Length: -1\r\n', b'Content-Length: 1x\r\n',
                 b'Transfer-Encoding: x\r\n'):
        raw, _ = wire(s, request(c, p, 'POST', more +
                                 b'Content-Type: application/json\r\n',
                                 b'{}\r\n\r\n'))
        check(raw.split(b' ')[1] in (b'400', b'501', b'411'), more, raw[:200])


@story
def slow_clients_do_not_hold_up_the_others(s):
    c = alice(s)
    slow = []
    for n in range(64):
        k = socket.create_connection(('127.0.0.1', s.port))
        k.sendall(request(c, b'/v1.0/%s/instances' % c.tenant.encode(), 'POST',
                          b'Content-Type: application/json\r\n'
                          b'Content-Length: 1000\r\n', b'{"inst'))
        slow.append(k)
    worst = 0
    for n in range(100):
        began = time.monotonic()
        same(c.get('/flavors').status, 200)
        worst = max(worst, time.monotonic() - began)
    for k in slow:
        k.close()
    check(worst < 0.5, 'slowest of 100:', worst)


def record(kind, content, id=1, version=1, length=None, padding=0):
    return struct.pack('>BBHHBB', version, kind, id,
                       len(content) if length is None else length, padding,
                       0) + content + b'\0' * padding


def fcgi(s, data, pool='main', wait=2):
    k = socket.socket(socket.AF_UNIX)
    k.settimeout(wait)
    got = b''
    try:
        k.connect('%s/api/%s.sock' % (s.dir, pool))
        k.sendall(data)
        k.shutdown(socket.SHUT_WR)
        while True:
            part = k.recv(65536)
            if not part:
                break
            got += part
    except OSError:
        pass
    finally:
        k.close()
    return got


@story
def garbage_on_the_fastcgi_socket_harms_nobody(s):
    begin = record(1, struct.pack('>HB5x', 1, 0))
    for data in (b'', b'\0' * 8, b'\xff' * 8192, os.urandom(65536),
                 b'GET / HTTP/1.1\r\n\r\n', begin, begin * 50,
                 record(1, struct.pack('>HB5x', 9, 0)),
                 record(1, b'', version=9), record(99, b'x' * 100),
                 begin + record(4, b'\xff\xff\xff\xff\xff\xff\xff\xff'),
                 begin + record(4, b'\x7f' * 64) + record(4, b''),
                 begin + record(4, b'', length=65535, padding=255),
                 begin + record(4, b'') + record(5, b''),
                 begin + record(2, b''),
                 begin + record(4, b'\x03\x01ABC1') + record(4, b'') +
                 record(5, b'x' * 60000) + record(5, b''),
                 begin + record(4, b'\x0e\xffREQUEST_METHOD')):
        fcgi(s, data, wait=0.5)
    c = alice(s)
    until(10, lambda: c.get('/flavors').status == 200)
    for n in range(50):
        same(c.get('/flavors').status, 200)


@story
def the_api_did_not_die_of_any_of_it(s):
    for pool in ('api-main', 'api-guest'):
        text = s.log(pool)
        check('AddressSanitizer' not in text and 'runtime error' not in text,
              text[-2000:])
    check('with status' not in open(s.dir + '/log/supervisor.log').read())


@story
def numbers_and_names_that_would_be_code_are_data(s):
    c = alice(s)
    p = '/instances/%s/databases' % mine['id']
    for name in ("a`; DROP DATABASE x; --", "a' OR '1'='1", '$(reboot)',
                 '-h', 'a\nb', '`', 'a\\b', 'ａｄｍｉｎ', '‮x'):
        a = c.post(p, {'databases': [{'name': name}]})
        check(a.status in (400, 202), name, a)
    a = c.put('/instances/' + mine['id'], {'instance': {
        'name': "x'); DROP TABLE tasks; --"}})
    same(a.status, 202)
    same(c.show(mine['id'])['name'], "x'); DROP TABLE tasks; --")
    c.put('/instances/' + mine['id'], {'instance': {'id': 'x'}}) \
        .fault(400, 'badRequest')


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
