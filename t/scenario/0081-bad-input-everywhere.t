#!/usr/bin/python3
"""Each field of each body, as the tables have them: missing, null, of another
type, too long, too big, with a NUL, a lone surrogate, bad UTF-8, twice, unknown.
Whatever it is, it is refused quickly and nothing is changed."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import copy  # noqa: E402

NOBODY = '00000000-0000-4000-8000-000000000000'
HOLE = '@@here@@'
QUICK = 1.0			# s; on an idle machine it is a few ms
REFUSED = (400, 404, 409, 413, 415, 422, 501)
TEXTS = ('STR', 'NES', 'UUID', 'HOST', 'CIDR', 'IPV4')
NUMBERS = ('INT', 'NUMBER', 'SIZE', 'FLAG')
# What is no JSON, or no text, whatever is wanted there.
BROKEN = [b'"a\\u0000b"', b'"\\ud800"', b'"\xff\xfe"', b'"\xed\xa0\x80"',
          b'1e400', b'-1e400', b'NaN', b'01', b"'x'", b'',
          b'[' * 100000 + b']' * 100000]
# What no field of a kind takes, as JSON.
LONG = b'"' + b'a' * 70000 + b'"'
WRONG = {
    'STR': [b'1', b'true', b'[]', b'{}', b'1.5'],
    'NES': [b'1', b'true', b'[]', b'{}', b'""', b'"..."', LONG],
    'UUID': [b'1', b'[]', b'{}', b'""', b'"x"', LONG,
             b'"' + NOBODY[:-1].encode() + b'g"'],
    'HOST': [b'1', b'[]', b'{}', b'"a b"', b'"::1"', b'"%%%"'],
    'CIDR': [b'1', b'[]', b'{}', b'""', b'"x"', b'"::/0"', b'"1.2.3.4/33"'],
    'IPV4': [b'1', b'[]', b'{}', b'""', b'"x"', b'"::1"', b'"1.2.3"'],
    'INT': [b'"x"', b'true', b'[]', b'{}', b'1.5', b'9223372036854775808',
            b'1' + b'0' * 400],
    'NUMBER': [b'"x"', b'true', b'[]', b'{}', b'1' + b'0' * 400],
    'SIZE': [b'"x"', b'true', b'[]', b'{}', b'0', b'-1', b'1.5', b'""',
             b'9223372036854775808', b'"' + b'9' * 41 + b'"'],
    'FLAG': [b'"x"', b'true', b'[]', b'{}', b'2', b'-1'],
    'BOOL': [b'"x"', b'1', b'[]', b'{}', b'"true"'],
    'FLAVOR': [b'true', b'[]', b'{}', b'""', b'1.5', LONG],
    'LIST': [b'"x"', b'1', b'true'],
    'MAP': [b'"x"', b'1', b'true', b'[1]'],
    'MAP_OR_SIZE': [b'"x"', b'true', b'[]', b'0'],
}
mine = {}


def tool(what):
    out = subprocess.run([os.path.join(BUILD, 't/tools/apitables'), what],
                         capture_output=True, text=True, check=True).stdout
    return [line.split('\t') for line in out.splitlines()]


def routes():
    """Those that take a body: method, path, who, ids, a good body, fields."""
    who = {(m, p): w for m, p, w, pool, built in tool('routes')
           if built == 'built'}
    found = {}
    for line in open(os.path.join(TOP, 't/data/idor.tsv')):
        if line.startswith('#'):
            continue
        method, path, ids, body = line.rstrip('\n').split('\t')
        key = (method, '/v1.0/{tenant}' + path)
        if key in who and body != '-':
            body = re.sub(r'"\$(\w+)"', lambda m: '"%s"' % mine.get(
                m.group(1), NOBODY), body)
            found[key] = (method, path, who[key], ids.split(','),
                          json.loads(body), [])
    for m, p, f, kind, lo, hi, flags in tool('fields'):
        if (m, p) in found:
            found[m, p][5].append((f, kind, flags.split()))
    return [r for r in found.values() if r[5]]


def put(body, path, value):
    """The body with a value at the path of a field; its parents are made."""
    body = copy.deepcopy(body)
    at, parts = body, path.split('/')
    for n, part in enumerate(parts):
        name, lists = part.rstrip('[]'), part.count('[]')
        last = n == len(parts) - 1
        if lists and (not isinstance(at.get(name), list) or not at[name]):
            at[name] = [{}]
        if last:
            if lists:
                at[name][0] = value
            else:
                at[name] = value
            return body
        if lists:
            if not isinstance(at[name][0], dict):
                at[name][0] = {}
            at = at[name][0]
        else:
            if not isinstance(at.get(name), dict):
                at[name] = {}
            at = at[name]


def without(body, path):
    """The body without the field; None when its parent is not there."""
    body = copy.deepcopy(body)
    at = body
    *parents, last = path.split('/')
    for part in parents:
        at = at.get(part.rstrip('[]')) if isinstance(at, dict) else None
        if part.endswith('[]'):
            at = at[0] if at else None
    if not isinstance(at, dict) or last not in at:
        return None
    del at[last]
    return body


def spoilt(body, path, raw):
    return json.dumps(put(body, path, HOLE)).encode().replace(
        b'"' + HOLE.encode() + b'"', raw)


def url(r, tenant):
    kinds = list(r[3])

    def one(m):
        kind = kinds.pop(0)
        return kind[1:] if kind[0] == '=' else mine.get(kind, NOBODY)
    return '/v1.0/' + tenant + re.sub(r'\{[^}]*\}', one, r[1])


def client(s, r):
    user = 'adam' if r[2] in ('ADMIN', 'MGMT') else 'alice'
    if user not in mine:
        mine[user] = s.client(user)
    return mine[user]


def refused(s, r, raw, statuses, *said, type='application/json'):
    c = client(s, r)
    began = time.monotonic()
    a = c.raw(r[0], url(r, c.tenant), raw, headers={'Content-Type': type})
    took = time.monotonic() - began
    what = (r[0], r[1], *said, raw[:200])
    check(a.status in statuses, *what, a)
    check(isinstance(a.json, dict) and len(a.json) == 1, *what, a)
    check(took < QUICK, *what, 'took', took)
    mine['asked'] = mine.get('asked', 0) + 1


def picture(s):
    return s.sql(' UNION ALL '.join(
        "SELECT '%s', md5(coalesce(string_agg((to_jsonb(t) - 'updated' -"
        " 'created')::text, ';' ORDER BY to_jsonb(t)::text), '')) FROM %s t"
        % (t, t) for t in ('instances', 'tasks', 'quotas', 'backups',
                           'backup_schedules', 'configurations', 'modules',
                           'clusters',
                           'datastore_versions', 'parameters')))


def everywhere(s, f):
    """For every route; what it changed is told with its name."""
    told = []
    for r in routes():
        before = picture(s)
        try:
            f(r)
        except Failed as e:
            told.append(str(e))
        if picture(s) != before:
            told.append('%s %s changed something' % (r[0], r[1]))
    check(not told, '\n'.join(told))


@story
def alice_has_something_to_spoil(s):
    c = mine['alice'] = s.client('alice')
    mine['instance'] = c.create('spoilt', 'null')
    c.active(mine['instance'])
    a = c.post('/modules', {'module': {
        'name': 'm', 'module_type': 'ping', 'contents': 'x'}})
    if a.status == 200:
        mine['module'] = a.json['module']['id']
    a = c.post('/backup_schedules', {'backup_schedule': {
        'name': 's', 'instance': mine['instance'], 'cron': '@yearly'}})
    mine['schedule'] = a.json['backup_schedule']['id']
    mine['version'] = [x for x in c.get('/datastores').json['datastores']
                       if x['name'] == 'null'][0]['versions'][0]['id']
    s.quiet()
    check(len(routes()) > 15, 'routes', len(routes()))


@story
def what_is_no_json_is_refused_in_every_field(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            for raw in BROKEN:
                if raw == b'' and path.endswith('[]'):
                    continue        # an empty list
                refused(s, r, spoilt(r[4], path, raw), (400, 413), path)
    everywhere(s, spoil)


@story
def what_is_of_another_kind_is_refused(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            for raw in WRONG.get(kind, []):
                if kind == 'LIST' and 'ONE_OR_LIST' in flags:
                    continue
                refused(s, r, spoilt(r[4], path, raw), REFUSED, path, kind)
    everywhere(s, spoil)


@story
def null_is_refused_where_it_means_nothing(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            if 'NULLABLE' not in flags and kind != 'ANY':
                refused(s, r, spoilt(r[4], path, b'null'), REFUSED, path)
    everywhere(s, spoil)


@story
def what_is_required_is_required(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            less = without(r[4], path)
            if 'REQUIRED' in flags and less is not None:
                refused(s, r, json.dumps(less).encode(), REFUSED, path)
    everywhere(s, spoil)


@story
def a_key_that_stands_twice_is_refused(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            name = path.split('/')[-1]
            if not name.endswith('[]'):
                refused(s, r, spoilt(r[4], path, b'1,"%s":1' % name.encode()),
                        (400,), path)
    everywhere(s, spoil)


@story
def an_unknown_key_in_a_closed_map_is_refused(s):
    def spoil(r):
        for path, kind, flags in r[5]:
            if 'CLOSED' in flags:
                refused(s, r, json.dumps(put(r[4], path + '/nosuch', 1))
                        .encode(), (400,), path)
    everywhere(s, spoil)


@story
def depth_and_length_are_bounded(s):
    def spoil(r):
        for raw in (b'[' * 100000, b'{"a":' * 100000, b'{"x":"' +
                    b'a' * 900000 + b'\\', b'x', b'\0'):
            refused(s, r, raw, REFUSED)
        refused(s, r, b'<a>' * 100000, REFUSED, type='application/xml')
        refused(s, r, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', REFUSED,
                type='application/xml')
        refused(s, r, b'{}', (415,), type='text/plain')
    everywhere(s, spoil)


@story
def ten_megabytes_are_a_413_before_they_are_read(s):
    for r in routes():
        c = client(s, r)
        k = socket.create_connection(('127.0.0.1', s.port), timeout=10)
        k.sendall(b'%s %s HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %s\r\n'
                  b'Content-Type: application/json\r\nConnection: close\r\n'
                  b'Content-Length: 10485760\r\n\r\n{"x":"' % (
                      r[0].encode(), url(r, c.tenant).encode(),
                      c.token.encode()))
        began, got = time.monotonic(), k.recv(65536)
        k.close()       # else nginx reads on for a while
        check(got.split()[1] == b'413', r[0], r[1], got[:300])
        check(time.monotonic() - began < QUICK, r[0], r[1])


@story
def nobody_died_of_any_of_it(s):
    print('# %d requests' % mine['asked'])
    check(mine['asked'] > 1000, mine['asked'])
    for pool in ('api-main', 'api-guest'):
        text = s.log(pool)
        check('AddressSanitizer' not in text and 'runtime error' not in text,
              text[-2000:])
    check('with status' not in open(s.dir + '/log/supervisor.log').read())
    c = mine['alice']
    same(c.show(mine['instance'])['status'], 'ACTIVE')
    c.remove(mine['instance'])


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
