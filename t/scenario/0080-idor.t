#!/usr/bin/python3
"""Every route with every id of others: in its path and in its body, of another
project, of another kind, gone, malformed; asked by a stranger, a reader, a
member of another project and an admin of one.  The matrix is made from the
tables of the API and t/data/idor.tsv: a new route is asked here as soon as it
stands there, and fails make check until it does."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

NOBODY = '00000000-0000-4000-8000-000000000000'
PRIVATE = ('instance', 'task', 'backup', 'schedule', 'configuration', 'module',
           'cluster', 'group', 'rule')
REFUSED = (400, 404, 409, 413, 422, 501)
# Modules that are not there are passed over, and a strategy may be named after
# an instance that never was.
UNSEEN = ('/instances/{id}/modules', '/backup_strategies')
mine = {}


def tool(what):
    out = subprocess.run([os.path.join(BUILD, 't/tools/apitables'), what],
                         capture_output=True, text=True, check=True).stdout
    return [line.split('\t') for line in out.splitlines()]


def table():
    rows = []
    known = {(m, p): (who, built) for m, p, who, pool, built in tool('routes')}
    for line in open(os.path.join(TOP, 't/data/idor.tsv')):
        if line.startswith('#'):
            continue
        method, path, ids, body = line.rstrip('\n').split('\t')
        who, built = known[method, '/v1.0/{tenant}' + path]
        rows.append({'method': method, 'path': path, 'who': who,
                     'built': built == 'built',
                     'ids': [] if ids == '-' else ids.split(','),
                     'body': None if body == '-' else json.loads(body)})
    check(len(rows) > 100, 'rows', len(rows))
    return rows


def path_of(r, ids, tenant):
    """The path with an id of each kind it wants."""
    kinds = list(r['ids'])

    def one(m):
        kind = kinds.pop(0)
        return kind[1:] if kind[0] == '=' else ids.get(kind, NOBODY)
    return '/v1.0/' + tenant + re.sub(r'\{[^}]*\}', one, r['path'])


def fill(x, ids):
    """A body with these ids; what wants others is left out."""
    if isinstance(x, str) and x.startswith('$'):
        return ids.get(x[1:])
    if isinstance(x, dict):
        y = {k: fill(v, ids) for k, v in x.items()}
        return {k: v for k, v in y.items() if v is not None}
    if isinstance(x, list):
        return [v for v in (fill(v, ids) for v in x) if v not in (None, {})]
    return x


def kinds_in(x):
    return sorted(set(re.findall(r'"\$(\w+)"', json.dumps(x))))


def ask(c, r, ids, tenant=None, body_ids=None, **kw):
    body = None if r['body'] is None else \
        fill(r['body'], ids if body_ids is None else body_ids)
    a = c.raw(r['method'], path_of(r, ids, tenant or c.tenant), body, **kw)
    check(a.status < 500 or a.status == 501, said(r, a))
    return a


def said(r, a):
    return '%s %s: %s' % (r['method'], r['path'], a)


def private(r):
    return [k for k in r['ids'] if k in PRIVATE]


def picture(s):
    """All of alice's rows that a request may change."""
    t = mine['alice'].tenant
    out = []
    for name in ('instances', 'backups', 'backup_schedules', 'configurations',
                 'modules', 'clusters', 'quotas', 'tasks'):
        out.append(s.one(
            "SELECT coalesce(string_agg((to_jsonb(t) - 'updated')::text, ';'"
            " ORDER BY to_jsonb(t)::text), '') FROM %s t WHERE tenant_id ="
            " '%s'" % (name, t)))
    return out


@story
def alice_has_one_of_each(s):
    c = mine['alice'] = s.client('alice')
    ids = mine['ids'] = {}
    ids['instance'] = c.create('treasure', 'null', databases=[
        {'name': 'app'}])
    c.active(ids['instance'])
    ids['task'] = c.tasks(ids['instance'])[0]['id']
    ids['project'] = c.tenant
    ids['flavor'] = '1'
    d = [x for x in c.get('/datastores').json['datastores']
         if x['name'] == 'null'][0]
    ids['datastore'], ids['version'] = d['id'], d['versions'][0]['id']
    for kind, path, body in (
            ('backup', '/backups', {'backup': {
                'name': 'b', 'instance': ids['instance']}}),
            ('schedule', '/backup_schedules', {'backup_schedule': {
                'name': 's', 'instance': ids['instance'],
                'cron': '@yearly'}}),
            ('configuration', '/configurations', {'configuration': {
                'name': 'c', 'values': {}, 'datastore': {
                    'type': 'null', 'version': '1.0'}}}),
            ('module', '/modules', {'module': {
                'name': 'm', 'module_type': 'ping', 'contents': 'x'}})):
        a = c.post(path, body)
        if a.status in (200, 202):
            ids[kind] = list(a.json.values())[0]['id']
        else:
            print('# no %s: %s' % (kind, a))
    check({'backup', 'module', 'schedule'} <= set(ids), ids)
    until(20, lambda: c.get('/backups/' + ids['backup'])
          .json['backup']['status'] == 'COMPLETED')
    s.quiet()
    mine['before'] = picture(s)


@story
def who_has_no_token_gets_nowhere(s):
    c = mine['alice']
    for r in table():
        a = ask(c, r, mine['ids'], token=None)
        same(a.status, 401, said(r, a))
        a = ask(c, r, mine['ids'], token='gAAAAAnosuch')
        same(a.status, 401, said(r, a))


@story
def a_token_opens_no_other_projects_path(s):
    for user in ('bob', 'root'):
        c = s.client(user)
        for r in table():
            a = ask(c, r, mine['ids'], tenant=mine['alice'].tenant)
            check(a.status in (401, 403), user, said(r, a))


@story
def things_of_others_are_not_there(s):
    """... and look like things that never were."""
    c = s.client('bob')
    n = 0
    for r in table():
        if not private(r) or r['who'] in ('ADMIN', 'MGMT'):
            continue
        a = ask(c, r, mine['ids'], body_ids={})
        nothing = dict(mine['ids'], **{k: NOBODY for k in private(r)})
        b = ask(c, r, nothing, body_ids={})
        check(a.status in (400, 404, 501), said(r, a))
        same(a.status, b.status, said(r, a), said(r, b))
        one, two = a.raw, b.raw
        for k in private(r):
            one = one.replace(mine['ids'].get(k, NOBODY).encode(), b'ID')
        same(one, two.replace(NOBODY.encode(), b'ID'), said(r, a))
        if r['built'] and r['body'] is None:
            check(a.status in (404, 501), said(r, a))
        n += 1
    check(n > 30, 'asked', n)


@story
def things_of_others_inside_a_body_are_not_there(s):
    c = s.client('bob')
    own = dict(mine['ids'])
    for k in PRIVATE:
        own.pop(k, None)
    own['instance'] = mine['bobs'] = c.create('bobs', 'null')
    c.active(own['instance'])
    before = s.one("SELECT count(*) FROM instances") + '/' + \
        s.one("SELECT count(*) FROM backups")
    n = 0
    for r in table():
        if r['who'] in ('ADMIN', 'MGMT') or r['body'] is None:
            continue
        for kind in kinds_in(r['body']):
            if kind not in mine['ids']:
                continue
            a = ask(c, r, own, body_ids={kind: mine['ids'][kind]})
            b = ask(c, r, own, body_ids={kind: NOBODY})
            same(a.raw.replace(mine['ids'][kind].encode(), b'ID')
                 .replace(NOBODY.encode(), b'ID'),
                 b.raw.replace(NOBODY.encode(), b'ID'), kind, said(r, a))
            n += 1
            if r['path'] not in UNSEEN:
                check(a.status in REFUSED, kind, said(r, a))
    check(n > 5, 'asked', n)
    same(s.one("SELECT count(*) FROM instances") + '/' +
         s.one("SELECT count(*) FROM backups"), before)


@story
def ids_of_another_kind_gone_or_malformed_are_404(s):
    """Alice's own, so that nothing but the kind is wrong."""
    c = mine['alice']
    gone = c.create('gone', 'null')
    c.active(gone)
    c.remove(gone)
    wrong = [gone, NOBODY, 'x', '0', "1' OR '1'='1", '%e2%80%ae',
             NOBODY[:-1], NOBODY + '0', '-' * 36, 'a' * 300]
    for r in table():
        if not private(r) or r['who'] in ('ADMIN', 'MGMT'):
            continue
        others = [v for k, v in mine['ids'].items()
                  if k in PRIVATE and k != private(r)[-1] and
                  # A backup is called as the task that makes it, and a
                  # security group may be named by its instance.
                  {k, private(r)[-1]} not in ({'backup', 'task'},
                                              {'group', 'instance'})]
        for id in wrong + others:
            ids = dict(mine['ids'])
            ids[private(r)[-1]] = urllib.parse.quote(id) \
                if not id.startswith('%') else id
            a = ask(c, r, ids, body_ids={})
            check(a.status in (400, 404, 501), id, said(r, a))
            if r['built'] and r['body'] is None and len(private(r)) == 1:
                check(a.status in (404, 501), id, said(r, a))


@story
def a_reader_changes_nothing(s):
    c = s.client('rita')
    for r in table():
        a = ask(c, r, mine['ids'])
        if r['who'] == 'MGMT':
            check(a.status in (400, 401, 501), said(r, a))
        elif r['method'] != 'GET' and r['who'] in ('OWNER', 'ADMIN'):
            check(a.status in (400, 403), said(r, a))
            if r['body'] is None:
                same(a.status, 403, said(r, a))
        else:
            check(a.status in (200, 204, 400, 401, 403, 404, 422, 501),
                  said(r, a))


@story
def what_is_the_admins_is_refused_to_members(s):
    c = mine['alice']
    for r in table():
        if r['who'] == 'MGMT':
            a = ask(c, r, mine['ids'])
            check(a.status in (400, 401), said(r, a))
        elif r['who'] == 'ADMIN':
            a = ask(c, r, mine['ids'])
            same(a.status, 403, said(r, a))


KINDS = {'object': dict, 'array': list, 'string': str, 'boolean': bool,
         'null': type(None), 'integer': int, 'number': (int, float)}


def hold(schema, x, at):
    """A value against what the document tells of it."""
    while '$ref' in schema:
        found = mine['doc']
        for part in schema['$ref'].split('/')[1:]:
            found = found[part]
        schema = found
    t = schema.get('type', [])
    t = [t] if isinstance(t, str) else t
    check(not t or any(isinstance(x, KINDS[k]) and (
        k == 'boolean' or not isinstance(x, bool)) for k in t),
        at, 'is no', t, x)
    if isinstance(x, dict):
        for k in schema.get('required', []):
            check(k in x, at, 'has no', k, x)
        for k, v in schema.get('properties', {}).items():
            if k in x:
                hold(v, x[k], at + '/' + k)
        if schema.get('properties') and at.count('/') > 0:
            extra = set(x) - set(schema['properties'])
            check(not extra, at, 'holds what no table tells of:', extra)
    if isinstance(x, list) and 'items' in schema:
        for v in x:
            hold(schema['items'], v, at + '[]')


@story
def what_is_answered_is_what_the_document_tells(s):
    doc = mine['alice'].raw('GET', '/v1.0/openapi.json', token=None)
    same(doc.status, 200, doc)
    mine['doc'] = doc.json
    n, told = 0, []
    for user in ('alice', 'adam'):
        c = s.client(user)
        for r in table():
            if r['method'] != 'GET' or not r['built']:
                continue
            if r['who'] in ('ADMIN', 'MGMT') and user != 'adam':
                continue
            a = ask(c, r, mine['ids'])
            if a.status != 200:
                continue
            o = doc.json['paths']['/v1.0/{tenant}' + r['path']]['get']
            content = o['responses'].get('200', {}).get('content')
            if content is None:
                told.append(said(r, a))
                continue
            try:
                hold(content['application/json']['schema'], a.json,
                     r['path'].replace('/', '|'))
            except Failed as e:
                told.append('%s %s' % (r['path'], e))
            n += 1
    check(not told, '\n'.join(told))
    check(n > 40, 'answers read', n)


@story
def all_is_as_it_was(s):
    for was, now in zip(mine['before'], picture(s)):
        same(re.sub(r'[^;]*"name": "gone".*?(;|$)', '', now)
             if '"gone"' in now else now, was) if 'delete' not in now else None
    c = mine['alice']
    same(c.show(mine['ids']['instance'])['name'], 'treasure')
    same(c.get('/instances/%s/databases' % mine['ids']['instance'])
         .json['databases'], [{'name': 'app'}])
    same(c.get('/backups/' + mine['ids']['backup']).status, 200)
    same(c.get('/modules/' + mine['ids']['module']).status, 200)
    b = s.client('bob')
    b.remove(mine['bobs'])


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
