#!/usr/bin/python3
"""?dry_run=true tells what a change would do, with all its checks, and nothing
is there afterwards: no row, no task, no quota, nothing in a guest."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

mine = {}
TABLES = ('instances', 'tasks', 'guests', 'quotas', 'slots', 'backups',
          'configurations', 'modules', 'clusters', 'repeats',
          'datastore_versions')


def alice(s):
    if 'c' not in mine:
        mine['c'] = s.client('alice')
        mine['c'].login()
    return mine['c']


def rows(s):
    """A picture of all that a request may change; guests tell by themselves."""
    there = [r[0] for r in s.sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname IN (%s)"
        % ','.join("'%s'" % t for t in TABLES))]
    return s.sql(' UNION ALL '.join(
        "SELECT '%s', md5(coalesce(string_agg(x, ';' ORDER BY x), ''))"
        " FROM (SELECT (to_jsonb(t) - 'seq' - 'last_seen' - 'used_bytes' -"
        " 'total_bytes' - 'changed')::text AS x FROM %s t) u" % (t, t)
        for t in there))


def tried(s, c, method, path, body=None, status=200):
    """The document, after a look that nothing changed."""
    before = rows(s)
    q = '&' if '?' in path else '?'
    a = getattr(c, method)(path + q + 'dry_run=true', *(
        [body] if body is not None else []))
    same(a.status, status, method, path, a)
    same(rows(s), before, method, path)
    return a.json.get('dry_run') if status == 200 else a


def kinds(d):
    return [t['kind'] for t in d['tasks']]


def quota(d, name):
    q = [x for x in d['quota'] if x['resource'] == name][0]
    return q['before'], q['after']


WISH = {'instance': {'name': 'tried', 'flavorRef': '1', 'volume': {'size': 2},
                     'datastore': {'type': 'null'}}}


@story
def a_create_is_told_and_not_done(s):
    c = alice(s)
    d = tried(s, c, 'post', '/instances', WISH)
    same(kinds(d), ['create'])
    same(d['tasks'][0]['steps'][0], 'slot')
    same(d['tasks'][0]['steps'][-1], 'ready')
    same(d['restart_required'], False)
    same(d['status'], 200)
    same(quota(d, 'instances'), (0, 1))
    same(quota(d, 'volumes'), (0, 2))
    check('dbaas.instance_create.start' in d['events'], d)
    same(c.get('/instances').json['instances'], [])


@story
def its_checks_are_those_of_the_real_one(s):
    c = alice(s)
    bad = {'instance': dict(WISH['instance'], flavorRef='nosuch')}
    tried(s, c, 'post', '/instances', bad, 400)
    tried(s, c, 'post', '/instances', {}, 400)
    big = {'instance': dict(WISH['instance'], volume={'size': 11})}
    tried(s, c, 'post', '/instances', big, 413)
    s.sql("INSERT INTO quotas (tenant_id, max_instances) VALUES ('%s', 0)"
          " ON CONFLICT (tenant_id) DO UPDATE SET max_instances = 0"
          % c.tenant)
    tried(s, c, 'post', '/instances', WISH, 413).fault(413, 'overLimit')
    s.sql("UPDATE quotas SET max_instances = NULL")
    s.client('rita').post('/instances?dry_run=true', WISH) \
        .fault(403, 'forbidden')
    same(c.post('/instances?dry_run=true', WISH, token=None).status, 401)


@story
def what_is_neither_yes_nor_no_is_not_done_for_real(s):
    c = alice(s)
    before = rows(s)
    for v in ('', '1', 'yes', 'maybe', 'true%20'):
        c.post('/instances?dry_run=' + v, WISH).fault(400, 'badRequest')
    c.post('/instances?dry_run', WISH).fault(400, 'badRequest')
    same(rows(s), before)
    a = c.raw('POST', '/v3/auth/tokens?dry_run=true', {'auth': {
        'identity': {'methods': ['password'], 'password': {'user': {
            'name': 'alice', 'domain': {'name': 'Default'},
            'password': 'x'}}}}}, token=None)
    same(a.status, 400, a)


@story
def an_instance_as_it_will_not_be(s):
    c = alice(s)
    id = mine['id'] = c.create('real', 'null',
                               databases=[{'name': 'app'}])
    c.active(id)
    p = '/instances/' + id
    d = tried(s, c, 'post', p + '/action', {'restart': {}})
    same((kinds(d), d['restart_required']), (['restart'], True))
    d = tried(s, c, 'put', p, {'instance': {'name': 'other'}})
    same((kinds(d), d['events']), ([], ['coffer.instance.update']))
    d = tried(s, c, 'post', p + '/databases', {'databases': [{'name': 'bb'}]})
    same(kinds(d), ['database_create'])
    same(kinds(tried(s, c, 'delete', p + '/databases/app')),
         ['database_delete'])
    d = tried(s, c, 'post', p + '/users', {'users': [
        {'name': 'app', 'password': CANARY + 'u', 'databases': []}]})
    same((kinds(d), d['status']), (['user_create'], 202))
    d = tried(s, c, 'post', p + '/root', {'password': CANARY + 'r'})
    same(kinds(d), ['root_enable'])
    check(CANARY not in json.dumps(d), d)
    d = tried(s, c, 'delete', p)
    same(kinds(d), ['delete'])
    same(quota(d, 'instances'), (1, 0))
    same(c.show(id)['status'], 'ACTIVE')
    same([x['name'] for x in c.get(p + '/databases').json['databases']],
         ['app'])


@story
def an_admin_sees_the_quota_of_the_owner(s):
    root = s.client('root')
    d = tried(s, root, 'delete', '/instances/' + mine['id'])
    same(quota(d, 'instances'), (1, 0))


def guest_routes(s):
    """Each change that is asked of a guest, as the table of routes has it."""
    with open(os.path.join(TOP, 'fcgi', 'routes.c')) as f:
        return sorted(re.findall(
            r'\{ (POST|PUT|PATCH|DELETE),\s*T "([^"]+)",\s*ASKS_GUEST,'
            r'[^}]*, \w+(?<!NULL) \},', f.read()))


def in_the_guest(s):
    """All that it tells of itself."""
    c, p = s.client('adam'), '/instances/' + mine['id']
    seen = [c.get(p + what) for what in (
        '/databases', '/users', '/users/eve', '/users/eve/databases', '/root',
        '/log', '/modules')]
    for a in seen:
        same(a.status, 200, a)
    return [a.json for a in seen] + [c.show(mine['id'])['status']]


@story
def nothing_is_done_in_a_guest(s):
    c, p = alice(s), '/instances/' + mine['id']
    same(c.post(p + '/users', {'users': [{
        'name': 'eve', 'password': CANARY + 'e',
        'databases': [{'name': 'app'}]}]}).status, 202)
    modules = [c.post('/modules', {'module': {
        'name': n, 'module_type': 'ping', 'contents': 'bWVzc2FnZT1oaQ=='}}
        ).json['module']['id'] for n in ('there', 'not')]
    same(c.post(p + '/modules', {'modules': [{'id': modules[0]}]}).status, 200)
    same(c.post(p + '/root', {}).status, 200)
    same(c.post(p + '/log', {'name': 'general', 'enable': 1}).status, 200)
    one = '/instances/{id}'
    secret = {'name': 'eve', 'password': CANARY + 'x'}
    rows_ = [
        ('POST', one + '/log', {'name': 'general', 'disable': 1}, 'log_set'),
        ('POST', one + '/log', {'name': 'slow_query', 'enable': 1}, 'log_set'),
        ('POST', one + '/log', {'name': 'general', 'discard': 1},
         'log_publish'),
        ('POST', one + '/modules', {'modules': [{'id': modules[1]}]},
         'module_apply'),
        ('DELETE', one + '/modules/{module_id}', None, 'module_remove'),
        ('POST', one + '/databases', {'databases': [{'name': 'bb'}]},
         'database_create'),
        ('DELETE', one + '/databases/{name}', None, 'database_delete'),
        ('POST', one + '/users', {'users': [dict(secret, name='bob')]},
         'user_create'),
        ('PUT', one + '/users', {'users': [secret]}, 'user_passwords'),
        ('PUT', one + '/users/{user}', {'user': {'name': 'eva'}},
         'user_update'),
        ('DELETE', one + '/users/{user}', None, 'user_delete'),
        ('PUT', one + '/users/{user}/databases',
         {'databases': [{'name': 'app'}]}, 'grant'),
        ('DELETE', one + '/users/{user}/databases/{name}', None, 'revoke'),
        ('POST', one + '/root', {'password': CANARY + 'y'}, 'root_enable'),
        ('DELETE', one + '/root', None, 'root_disable'),
        ('POST', '/mgmt' + one + '/action', {'stop': {}}, 'stop'),
        ('POST', '/mgmt' + one + '/action', {'reboot': {}}, 'reboot'),
    ]
    refused = ('POST', '/instances/{id}/ssl')    # of every engine
    same(sorted({r[:2] for r in rows_} | {refused}), guest_routes(s))
    before = in_the_guest(s)
    for method, path, body, task in rows_:
        for word, value in (('{id}', mine['id']), ('{user}', 'eve'),
                            ('{name}', 'app'), ('{module_id}', modules[0])):
            path = path.replace(word, value)
        who = s.client('adam') if path.startswith('/mgmt') else c
        d = tried(s, who, method.lower(), path, body)
        same(kinds(d), [task] if task else [], method, path)
        same(in_the_guest(s), before, method, path)
    s.quiet()
    same(in_the_guest(s), before)


@story
def a_key_is_not_used_up_by_a_try(s):
    c = alice(s)
    h = {'Idempotency-Key': 'tried-1'}
    a = c.post('/instances?dry_run=true', WISH, headers=h)
    same(list(a.json), ['dry_run'])
    same(s.one("SELECT count(*) FROM repeats"), '0')


@story
def other_things_are_tried_too(s):
    c = alice(s)
    d = tried(s, c, 'post', '/backups', {'backup': {
        'name': 'b', 'instance': mine['id']}})
    same((kinds(d), quota(d, 'backups')), (['backup'], (0, 1)))
    d = tried(s, c, 'post', '/backup_strategies', {'backup_strategy': {
        'swift_container': 'x'}})
    check('dbaas.backup_strategy_create.end' in d['events'], d)


@story
def a_group_of_settings_says_whether_a_restart_is_wanted(s):
    c = alice(s)
    a = c.post('/configurations', {'configuration': {
        'name': 'g', 'values': {}, 'datastore': {
            'type': 'null', 'version': '1.0'}}})
    if a.status != 200:
        raise Skip('no groups here: %s' % a)
    d = tried(s, c, 'put', '/instances/' + mine['id'], {'instance': {
        'configuration': a.json['configuration']['id']}})
    same((kinds(d), d['restart_required']), (['configure'], False))


@story
def the_end(s):
    alice(s).remove(mine['id'])


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'local.allow_root=yes'])
