#!/usr/bin/python3
"""Every route, as the route table has it, against everybody who might call it:
no token, a token of another project, another project's object, reader, member,
admin.  A route that is new in the table is asked here without further ado; one
that changes something wants a body below, or this file fails."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403


NOBODY = '00000000-0000-4000-8000-000000000000'
BODIES = {
    'POST /instances': {'instance': {
        'name': 'idor', 'flavorRef': 'nosuch', 'volume': {'size': 1},
        'datastore': {'type': 'null'}}},
    'PUT /instances/{id}': {'instance': {'name': 'taken'}},
    'PATCH /instances/{id}': {'instance': {'name': 'taken'}},
    'POST /instances/{id}/action': {'restart': {}},
    'POST /instances/{id}/databases': {'databases': [{'name': 'taken'}]},
    'POST /instances/{id}/users': {'users': [
        {'name': 'taken', 'password': CANARY}]},
    'PUT /instances/{id}/users': {'users': [
        {'name': 'app', 'password': CANARY}]},
    'PUT /instances/{id}/users/{user}': {'user': {'password': CANARY}},
    'PUT /instances/{id}/users/{user}/databases': {
        'databases': [{'name': 'app'}]},
    'POST /instances/{id}/root': None,
    'POST /instances/{id}/modules': {'modules': []},
    'POST /modules': {'module': {'name': 'taken', 'module_type': 'nosuch',
                                 'contents': 'taken'}},
    'PUT /modules/{id}': {'module': {'name': 'taken'}},
    'PUT /modules/{id}/instances': {'reapply': {}},
    'POST /instances/{id}/log': {'name': 'general'},
    'POST /instances/{id}/ssl': {'ssl': {'disable': True}},
    'POST /security-group-rules': {'security_group_rule': {
        'group_id': NOBODY, 'cidr': '10.0.0.0/8'}},
    'POST /mgmt/instances/{id}/action': {'reboot': {}},
    'POST /mgmt/instances/{id}/upgrade': {'upgrade': {}},
    'POST /mgmt/hosts/{name}/instances/action': {'update': ''},
    'PUT /mgmt/quotas/{project}': {'quotas': {}},
    'POST /mgmt/datastores/versions/{version}/parameters': {
        'configuration-parameter': {
            'name': 'taken', 'restart_required': 0, 'data_type': 'string'}},
    'PUT /mgmt/datastores/versions/{version}/parameters/{name}': {
        'configuration-parameter': {
            'name': 'taken', 'restart_required': 0, 'data_type': 'string'}},
    'POST /mgmt/datastore-versions': {'version': {
        'name': 'taken', 'datastore_name': 'taken', 'active': False,
        'datastore_manager': 'null'}},
    'PATCH /mgmt/datastore-versions/{id}': {'name': 'taken'},
    'POST /configurations': {'configuration': {
        'name': 'taken', 'values': {}, 'datastore': {'type': 'nosuch'}}},
    'PUT /configurations/{id}': {'configuration': {'values': {}}},
    'PATCH /configurations/{id}': {'configuration': {'values': {}}},
    'POST /clusters': {'cluster': {
        'name': 'taken', 'datastore': {'type': 'null', 'version': 'nosuch'},
        'instances': [{'flavorRef': '1'}]}},
    'POST /clusters/{id}': {'restart': {}},
    'POST /clusters/{cluster_id}/root': None,
    'POST /mgmt/clusters/{id}/action': {'reset-task': {}},
    'POST /backups': {'backup': {'name': 'taken', 'instance': NOBODY}},
    'POST /backups/{id}/action': {'verify': {}},
    'POST /backup_strategies': {'backup_strategy': {
        'swift_container': 'taken', 'instance_id': NOBODY}},
    'POST /backup_schedules': {'backup_schedule': {
        'name': 'taken', 'instance': NOBODY, 'cron': '@daily'}},
    'PATCH /backup_schedules/{id}': {'backup_schedule': {'name': 'taken'}},
}
mine = {}


def table():
    """The rows of fcgi/routes.c."""
    text = open(os.path.join(TOP, 'fcgi', 'routes.c')).read()
    rows = re.findall(r'^\s*\{\s*([A-Z]+),\s*(T\s*)?"([^"]*)",\s*(\w+),\s*'
                      r'(\w+),\s*(NULL|"[^"]*"),\s*(\S+),\s*(\w+)'
                      r'(?:,\s*\w+)?\s*\},',
                      text, re.M)
    # Those of the object store (O) have a story of their own.
    lines = len(re.findall(r'^\s*\{\s*(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS),'
                           r'(?!\s*O\b)', text, re.M))
    check(len(rows) == lines and lines > 80, 'rows read', len(rows), lines)
    return [{'method': m, 'tenant': bool(t), 'path': p, 'who': w,
             'handler': h} for m, t, p, pool, w, rule, f, h in rows]


def path_of(r, tenant, id):
    p = re.sub(r'\{(id|instance_id)\}', id, r['path'])
    p = re.sub(r'\{user\}|\{name\}', 'app', p)
    p = re.sub(r'\{[a-z_]+\}', NOBODY, p)
    return ('/v1.0/' + tenant if r['tenant'] else '') + p


def body_of(r):
    key = r['method'] + ' ' + r['path']
    if r['method'] in ('GET', 'HEAD', 'DELETE') or r['handler'] == 'NULL':
        return None
    check(key in BODIES, 'a new route: give it a body in BODIES:', key)
    return BODIES[key]


def routes(s):
    return [r for r in table() if r['tenant']]


def ask(c, r, tenant, id, **kw):
    return c.raw(r['method'], path_of(r, tenant, id), body_of(r), **kw)


def said(r, a):
    return '%s %s: %s' % (r['method'], r['path'], a)


@story
def alice_has_an_instance(s):
    c = mine['alice'] = s.client('alice')
    mine['id'] = c.create('treasure', 'null', databases=[{'name': 'app'}],
                          users=[{'name': 'app', 'password': CANARY,
                                  'databases': [{'name': 'app'}]}])
    c.active(mine['id'])


@story
def without_a_token_every_route_is_401(s):
    c = mine['alice']
    for r in routes(s):
        if r['who'] == 'ANYONE':
            continue
        a = ask(c, r, c.tenant, mine['id'], token=None)
        same(a.status, 401, said(r, a))


@story
def with_a_token_of_another_project_every_route_is_403(s):
    for user in ('bob', 'root'):
        c = s.client(user)
        for r in routes(s):
            if r['who'] == 'ANYONE':
                continue
            a = ask(c, r, mine['alice'].tenant, mine['id'])
            same(a.status, 403, user, said(r, a))


@story
def the_object_of_another_project_is_404(s):
    c = s.client('bob')
    for r in routes(s):
        if not re.search(r'^/instances/\{id\}', r['path']):
            continue
        a = ask(c, r, c.tenant, mine['id'])
        if r['handler'] == 'NULL':
            check(a.status in (404, 501), said(r, a))
        else:
            same(a.status, 404 if 'databases/{name}' not in r['path'] or
                 r['method'] != 'GET' else a.status, said(r, a))
            check(a.status in (404, 501), said(r, a))


@story
def another_projects_object_and_none_at_all_look_alike(s):
    c = s.client('bob')
    for r in routes(s):
        if not re.search(r'^/instances/\{id\}', r['path']) or \
                r['handler'] == 'NULL':
            continue
        one = ask(c, r, c.tenant, mine['id'])
        two = ask(c, r, c.tenant, NOBODY)
        same(one.raw.replace(mine['id'].encode(), b'ID'),
             two.raw.replace(NOBODY.encode(), b'ID'), said(r, one))


@story
def a_reader_reads_and_changes_nothing(s):
    c = s.client('rita')
    for r in routes(s):
        a = ask(c, r, c.tenant, mine['id'])
        if r['who'] == 'MGMT':
            same(a.status, 401, said(r, a))
        elif r['who'] == 'ADMIN' or r['path'].startswith('/mgmt/') or \
                (r['who'] == 'OWNER' and r['method'] != 'GET'):
            same(a.status, 403, said(r, a))
        else:
            check(a.status in (200, 400, 404, 501), said(r, a))


@story
def a_member_is_refused_only_what_is_the_admins(s):
    c = mine['alice']
    for r in routes(s):
        a = ask(c, r, c.tenant, NOBODY)
        if r['who'] == 'MGMT':
            same(a.status, 401, said(r, a))
        elif r['who'] == 'ADMIN' or r['path'].startswith('/mgmt/'):
            same(a.status, 403, said(r, a))
        else:
            check(a.status in (200, 202, 400, 404, 422, 501), said(r, a))


@story
def an_admin_is_refused_nothing(s):
    c = s.client('adam')
    for r in routes(s):
        a = ask(c, r, c.tenant, NOBODY)
        check(a.status in (200, 202, 400, 404, 422, 501), said(r, a))


@story
def reset_status_is_for_admins(s):
    path = '/instances/%s/action' % mine['id']
    same(mine['alice'].post(path, {'reset_status': {}}).status, 403)
    same(s.client('bob').post(path, {'reset_status': {}}).status, 404)


@story
def ids_inside_bodies_are_looked_at_too(s):
    c = s.client('bob')
    for more in ({'replica_of': mine['id']}, {'configuration': mine['id']},
                 {'restorePoint': {'backupRef': mine['id']}}):
        a = c.post('/instances', {'instance': dict(
            {'name': 'x1', 'flavorRef': '1', 'volume': {'size': 1},
             'datastore': {'type': 'null'}}, **more)})
        check(a.status in (400, 404, 501), more, a)


@story
def members_that_nobody_may_set_are_not_set(s):
    c = s.client('bob')
    a = c.post('/instances', {'instance': {
        'name': 'mass', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'null'}, 'id': mine['id'],
        'tenant_id': mine['alice'].tenant, 'status': 'ACTIVE',
        'created': '2001-01-01T00:00:00', 'server_id': 'x',
        'address': '127.0.0.1', 'task': 'NONE'}})
    same(a.status, 200, a)
    i = a.json['instance']
    check(i['id'] != mine['id'] and i['status'] == 'BUILD' and
          not i['created'].startswith('2001'), i)
    same(s.one("SELECT tenant_id FROM instances WHERE id = '%s'" % i['id']),
         c.tenant)
    c.active(i['id'])
    c.remove(i['id'])


@story
def alices_instance_is_as_it_was(s):
    c = mine['alice']
    i = c.show(mine['id'])
    same((i['name'], i['status'], i['operating_status']),
         ('treasure', 'ACTIVE', 'HEALTHY'))
    same(c.get('/instances/%s/databases' % mine['id']).json['databases'],
         [{'name': 'app'}])
    same(s.one("SELECT count(*) FROM tasks WHERE instance_id = '%s'"
               % mine['id']), '1')


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
