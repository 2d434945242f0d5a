#!/usr/bin/python3
"""What operators see and do: everybody's instances, hosts, quotas, the
catalogue; and that nobody else may."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

NOBODY = 'dddddddd-0000-4000-8000-00000000dead'
it = {}


@story
def two_projects_have_an_instance_each(s):
    it['adam'], it['alice'], it['bob'] = (
        s.client(u) for u in ('adam', 'alice', 'bob'))
    for user in ('alice', 'bob'):
        it[user + ' id'] = it[user].create('of-' + user)
    for user in ('alice', 'bob'):
        it[user].active(it[user + ' id'])


@story
def members_and_readers_are_turned_away_from_every_route(s):
    id = it['alice id']
    for c in (it['alice'], s.client('rita')):
        for method, path, body in (
                ('GET', '/instances', None), ('GET', '/instances/' + id, None),
                ('POST', '/instances/%s/action' % id, {'reboot': {}}),
                ('GET', '/instances/%s/root' % id, None),
                ('GET', '/instances/%s/hwinfo' % id, None),
                ('GET', '/instances/%s/diagnostics' % id, None),
                ('GET', '/instances/%s/rpc_ping' % id, None),
                ('POST', '/instances/%s/upgrade' % id, {'upgrade': {}}),
                ('DELETE', '/instances/' + id, None),
                ('PUT', '/quotas/' + c.tenant, {'quotas': {'ram': 1}}),
                ('GET', '/datastore-versions', None),
                ('GET', '/datastore-versions/' + NOBODY, None),
                ('PATCH', '/datastore-versions/' + NOBODY, {'name': 'x'}),
                ('DELETE', '/datastore-versions/' + NOBODY, None),
                ('GET', '/hosts', None), ('GET', '/hosts/x', None),
                ('GET', '/storage', None), ('GET', '/accounts', None),
                ('GET', '/accounts/x', None)):
            a = c.raw(method, '/v1.0/%s/mgmt%s' % (c.tenant, path), body)
            same(a.fault(401, 'unauthorized'),
                 'User does not have admin privileges.', method, path)
        a = c.delete('/datastores/mariadb')
        same(a.fault(403, 'forbidden'),
             "Policy doesn't allow datastore:delete to be performed.")
    same(it['alice'].show(id)['status'], 'ACTIVE')


@story
def the_list_is_of_all_projects_and_can_be_cut(s):
    c = it['adam']
    a = c.get('/mgmt/instances')
    same(a.status, 200, a)
    rows = {i['id']: i for i in a.json['instances']}
    same(sorted(rows), sorted([it['alice id'], it['bob id']]))
    for user in ('alice', 'bob'):
        i = rows[it[user + ' id']]
        same(i['tenant_id'], it[user].tenant)
        same(i['server']['id'], i['server_id'])
        check(i['server']['host'], i)
        same((i['service_status'], i['deleted'], i['deleted_at']),
             ('HEALTHY', False, None))
        same(i['task_description'], 'No tasks for the instance.')
        same(i['volume'], {'size': 1})
    for query, wanted in (
            ('deleted=false', 2), ('deleted=true', 0), ('deleted=foo', 2),
            ('include_clustered=True', 2), ('project_id=nobody', 0),
            ('project_id=' + it['bob'].tenant, 1)):
        a = c.get('/mgmt/instances?' + query)
        same(len(a.json['instances']), wanted, query)
    seen, path = [], '/mgmt/instances?limit=1'
    while path:
        a = c.get(path)
        seen += [i['id'] for i in a.json['instances']]
        next = a.json.get('links')
        path = next and next[0]['href'].split(c.tenant, 1)[1]
    same(sorted(seen), sorted(rows))
    for bad in ('limit=x', 'marker=x', 'marker=-1'):
        c.get('/mgmt/instances?' + bad).fault(400, 'badRequest')


@story
def one_shows_its_server_and_its_volume(s):
    a = it['adam'].get('/mgmt/instances/' + it['alice id'])
    same(a.status, 200, a)
    i = a.json['instance']
    same(i['guest_status'], {'state_description': 'healthy'})
    same((i['volume']['size'], i['volume']['status'], i['volume']['id']),
         (1, 'in-use', i['volume_id']))
    check(0 < i['volume']['used'] < i['volume']['total'], i['volume'])
    same(i['volume']['attachments'][0]['server_id'], i['server_id'])
    check('root_enabled' not in i, i)
    for id in (NOBODY, 'x', '%27'):
        for rest in ('', '/root', '/hwinfo', '/diagnostics', '/rpc_ping'):
            it['adam'].get('/mgmt/instances/%s%s' % (id, rest)).fault(
                404, 'itemNotFound')


@story
def the_guest_tells_real_figures(s):
    c, id = it['adam'], it['alice id']
    a = c.get('/mgmt/instances/%s/hwinfo' % id)
    same(a.status, 200, a)
    same(a.json['hwinfo']['mem_total'], 256 * 1024)
    same(a.json['hwinfo']['num_cpus'], len(os.sched_getaffinity(0)))
    a = c.get('/mgmt/instances/%s/diagnostics' % id)
    same(a.status, 200, a)
    d = a.json['diagnostics']
    same(sorted(d), sorted(['version', 'threads', 'fdSize', 'vmSize',
                            'vmPeak', 'vmRss', 'vmHwm']))
    check(d['threads'] >= 1 and d['vmSize'] > d['vmRss'] > 500, d)
    check(d['vmPeak'] >= d['vmSize'] and d['vmHwm'] >= d['vmRss'], d)
    a = c.get('/mgmt/instances/%s/rpc_ping' % id)
    same((a.status, a.raw), (204, b''))


@story
def root_leaves_a_trace(s):
    c, id = it['adam'], it['alice id']
    path = '/mgmt/instances/%s/root' % id
    same(c.get(path).json, {'root_history': {
        'id': id, 'enabled': 'Never', 'user': 'Nobody'}})
    a = it['alice'].post('/instances/%s/root' % id)
    if a.status == 501:
        raise Skip('this sandbox could not hold root')
    same(a.status, 200, a)
    was = c.get(path).json['root_history']
    check(re.match(r'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$', was['enabled']), was)
    same(was['user'], s.one("SELECT id FROM users WHERE name = 'alice'"))
    same(it['alice'].delete('/instances/%s/root' % id).status, 204)
    same(c.get(path).json['root_history'], was)
    i = c.get('/mgmt/instances/' + id).json['instance']
    same((i['root_enabled'], i['root_enabled_by']),
         (was['enabled'], was['user']))
    it['root'] = was


@story
def one_action_at_a_time_that_is_known(s):
    c = it['adam']
    path = '/mgmt/instances/%s/action' % it['alice id']
    for body, said in (
            ({'foo': {}}, 'Invalid instance action: foo'),
            ({'stop': {}, 'reboot': {}},
             'Only one action can be specified per request.'),
            ({}, None), ([], None), ({'stop': None}, None),
            ({'migrate': None}, None), ({'migrate': {'host': 5}}, None),
            ({'rebuild': {}}, None), ({'rebuild': {'image_id': 'x'}}, None),
            ({'rebuild': {'image_id': NOBODY, 'x': 1}}, None),
            ({'rebuild': {'image_id': NOBODY}},
             'Image %s cannot be found.' % NOBODY)):
        got = c.post(path, body).fault(400, 'badRequest')
        check(said is None or got == said, body, got)
    c.post('/mgmt/instances/%s/action' % NOBODY, {'stop': {}}).fault(
        404, 'itemNotFound')
    c.post(path, {'migrate': {}}).fault(501, 'notImplemented')
    c.post('/mgmt/instances/%s/upgrade' % it['alice id'],
           {'upgrade': {'instance_version': 'v1', 'location': 'http://x',
                        'metadata': {}}}).fault(400, 'badRequest')
    same(it['alice'].show(it['alice id'])['status'], 'ACTIVE')


@story
def a_stopped_server_stays_down_until_a_reboot(s):
    c, id = it['adam'], it['alice id']
    path = '/mgmt/instances/%s/action' % id
    same(c.post(path, {'stop': {}}).status, 202)
    until(10, lambda: it['alice'].show(id)['operating_status'] == 'SHUTDOWN')
    before = s.inside(id)
    same(c.post(path, {'reboot': {}}).status, 202)
    seen = it['alice'].show(id)
    same((seen['status'], seen['operating_status']), ('REBOOT', ''))
    c.post(path, {'reboot': {}}).fault(422, 'unprocessableEntity')
    until(60, lambda: it['alice'].show(id)['operating_status'] == 'HEALTHY')
    check(not set(before) & set(s.inside(id)), 'the same processes')
    same(it['alice'].show(id)['status'], 'ACTIVE')


@story
def a_rebuild_keeps_what_is_on_the_volume(s):
    c, id = it['adam'], it['alice id']
    a = it['alice'].post('/instances/%s/databases' % id,
                         {'databases': [{'name': 'kept'}]})
    same(a.status, 202, a)
    image = '11111111-2222-4333-8444-555555555555'
    s.sql("UPDATE datastore_versions SET image_id = '%s' WHERE manager = "
          "'mariadb'" % image)
    a = c.post('/mgmt/instances/%s/action' % id,
               {'rebuild': {'image_id': image}})
    same(a.status, 202, a)
    same(it['alice'].show(id)['status'], 'BUILD')
    it['alice'].active(id)
    a = it['alice'].get('/instances/%s/databases' % id)
    check({'name': 'kept'} in a.json['databases'], a)


@story
def a_stuck_task_is_reset(s):
    c, id = it['adam'], it['alice id']
    s.sql("UPDATE instances SET task = 'RESIZING' WHERE id = '%s'" % id)
    same(it['alice'].show(id)['status'], 'RESIZE')
    same(c.post('/mgmt/instances/%s/action' % id,
                {'reset-task-status': {}}).status, 202)
    same(it['alice'].show(id)['status'], 'ACTIVE')


@story
def hosts_storage_and_accounts_are_counted(s):
    c = it['adam']
    hosts = c.get('/mgmt/hosts').json['hosts']
    same(len(hosts), 1, hosts)
    same(hosts[0]['instanceCount'], 2)
    h = c.get('/mgmt/hosts/' + hosts[0]['name']).json['host']
    same((h['usedRAM'], len(h['instances'])), (512, 2))
    check(h['totalRAM'] > 512 and 0 <= h['percentUsed'] <= 100, h)
    same({i['tenant_id'] for i in h['instances']},
         {it['alice'].tenant, it['bob'].tenant})
    c.get('/mgmt/hosts/nobody').fault(404, 'itemNotFound')
    d = c.get('/mgmt/storage').json['devices']
    same((len(d), d[0]['name'], d[0]['type']), (1, hosts[0]['name'], 'local'))
    check(0 < d[0]['capacity']['available'] <= d[0]['capacity']['total'], d)
    accounts = c.get('/mgmt/accounts').json['accounts']
    same(sorted(a['id'] for a in accounts),
         sorted([it['alice'].tenant, it['bob'].tenant]))
    a = c.get('/mgmt/accounts/' + it['bob'].tenant).json['account']
    same(a['instance_ids'], [it['bob id']])
    same(a['instances'][0]['name'], 'of-bob')
    same(c.get('/mgmt/accounts/nobody').json['account'],
         {'id': 'nobody', 'instance_ids': [], 'instances': []})


@story
def agents_make_room_for_the_installed_ones(s):
    c, id = it['adam'], it['alice id']
    name = c.get('/mgmt/hosts').json['hosts'][0]['name']
    was = s.inside(id)
    path = '/mgmt/hosts/%s/instances/action'
    c.post(path % 'nobody', {'update': ''}).fault(404, 'itemNotFound')
    same(c.post(path % name, {'update': ''}).status, 202)
    s.quiet()

    def renewed():
        now = s.inside(id)
        agents = {p for p in now if now[p] == 'coffer-agent'}
        return agents and not agents & set(was)
    until(20, renewed)
    servers = {p for p in was if was[p].startswith('mariadbd')}
    check(servers and servers <= set(s.inside(id)), 'the server was ended')
    until(20, lambda: c.get('/mgmt/instances/%s/rpc_ping' % id).status == 204)
    same(it['alice'].show(id)['status'], 'ACTIVE')


@story
def quotas_are_read_by_their_own_project_and_set_by_operators(s):
    c, bob = it['adam'], it['bob']
    path = '/mgmt/quotas/' + bob.tenant
    q = {row['resource']: row for row in bob.get(path).json['quotas']}
    same(q['instances'], {'resource': 'instances', 'in_use': 1,
                          'reserved': 0, 'limit': 10})
    same(c.get(path).json['quotas'], bob.get(path).json['quotas'])
    same(it['alice'].get(path).fault(403, 'forbidden'),
         'Operation not allowed for tenant %s.' % it['alice'].tenant)
    same(len(c.get('/mgmt/quotas/unknown').json['quotas']), 4)
    for body, answer in (
            ({'instances': 42, 'volumes': 100},
             {'instances': 42, 'volumes': 100}),
            ({'instances': None}, {}), ({}, {}), ({'xmlns': 5}, {}),
            ({'instances': 1.5}, {'instances': 1.5}),
            ({'instances': 1}, {'instances': 1})):
        a = c.put(path, {'quotas': body})
        same((a.status, a.json), (200, {'quotas': answer}), body)
    for body, status, name in (
            ({'instances': -2}, 400, 'badRequest'),
            ({'foo': 1}, 404, 'itemNotFound'),
            ({'instances': '5'}, 400, 'badRequest'),
            ({'instances': 10 ** 20}, 400, 'badRequest'),
            ({'volumes': 7, 'foo': 1}, 404, 'itemNotFound')):
        c.put(path, {'quotas': body}).fault(status, name)
    for body in ({}, {'quotas': None}, {'quotas': []}):
        c.put(path, body).fault(400, 'badRequest')
    q = {row['resource']: row['limit'] for row in c.get(path).json['quotas']}
    same(q, {'instances': 1, 'ram': -1, 'volumes': 100, 'backups': 50})
    bob.post('/instances', {'instance': {
        'name': 'one-more', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'mariadb'}}}).fault(413, 'overLimit')


@story
def a_version_is_added_changed_and_removed(s):
    c = it['adam']
    path = '/mgmt/datastore-versions'
    new = {'name': '1.0', 'datastore_name': 'fresh', 'active': True,
           'datastore_manager': 'null', 'image': NOBODY, 'default': True,
           'packages': ['a', 'b'], 'image_tags': ['x'], 'version': '1.0.3'}
    a = c.post(path, {'version': new})
    same((a.status, a.raw), (202, b''), a)
    rows = [v for v in c.get(path).json['versions']
            if v['datastore_name'] == 'fresh']
    same(len(rows), 1, rows)
    v = rows[0]
    same({k: v[k] for k in new if k in v},
         {k: new[k] for k in new if k in v})
    same(c.get('%s/%s' % (path, v['id'])).json, {'version': v})
    c.post(path, {'version': new}).fault(400, 'badRequest')
    for key in ('name', 'datastore_name', 'datastore_manager', 'active'):
        c.post(path, {'version': {k: new[k] for k in new if k != key}}).fault(
            400, 'badRequest')
    less = {k: new[k] for k in new if k not in ('image', 'image_tags')}
    same(c.post(path, {'version': less}).fault(400, 'badRequest'),
         'Image must be specified.')
    c.post(path, {'version': dict(new, odd=1)}).fault(400, 'badRequest')

    a = c.patch('%s/%s' % (path, v['id']), {'name': '1.1', 'active': False,
                                            'default': False})
    same((a.status, a.raw), (202, b''), a)
    now = c.get('%s/%s' % (path, v['id'])).json['version']
    same((now['name'], now['active'], now['default'], now['packages']),
         ('1.1', False, False, ['a', 'b']))
    for bad in ({'odd': 1}, {'active': 'yes'}, [], {'version': {'name': 'x'}}):
        c.patch('%s/%s' % (path, v['id']), bad).fault(400, 'badRequest')
    for method in ('GET', 'PATCH', 'DELETE'):
        c.raw(method, '/v1.0/%s%s/%s' % (c.tenant, path, NOBODY),
              {'name': 'y'} if method == 'PATCH' else None).fault(
            400, 'badRequest')

    same(c.delete('/datastores/fresh').fault(400, 'badRequest'),
         'Datastore versions exist for datastore %s.' % v['datastore_id'])
    same(c.delete('%s/%s' % (path, v['id'])).status, 202)
    same(c.delete('/datastores/fresh').status, 202)
    c.delete('/datastores/fresh').fault(404, 'itemNotFound')
    used = [v['id'] for v in c.get(path).json['versions']
            if v['datastore_name'] == 'mariadb']
    same(c.delete('%s/%s' % (path, used[0])).fault(400, 'badRequest'),
         'Datastore version is in use by instance.')


@story
def every_process_sees_a_change_of_versions_at_once(s):
    c, path = it['adam'], '/mgmt/datastore-versions'
    crowd = [s.client('adam') for _ in range(12)]

    def seen(name):     # the statuses with which all processes answer
        with ThreadPoolExecutor(len(crowd)) as pool:
            return sorted(set(pool.map(lambda one: one.get(
                '/datastores/mariadb/versions/' + name).status, crowd)))

    for n in range(6):
        same(seen('%d.a' % n), [400])
        same(c.post(path, {'version': {
            'name': '%d.a' % n, 'datastore_name': 'mariadb', 'active': True,
            'datastore_manager': 'mariadb', 'image': NOBODY}}).status, 202)
        same(seen('%d.a' % n), [200])
        id = c.get('/datastores/mariadb/versions/%d.a' % n).json['version'][
            'id']
        same(c.patch('%s/%s' % (path, id), {'name': '%d.b' % n}).status, 202)
        same((seen('%d.a' % n), seen('%d.b' % n)), ([400], [200]))
        same(c.delete('%s/%s' % (path, id)).status, 202)
        same(seen('%d.b' % n), [400])


@story
def every_process_hears_of_a_change_by_the_command(s):
    crowd = [s.client('adam') for _ in range(12)]
    id = s.coffer('version', 'add', 'mariadb', 'heard-0', '--manager',
                  'mariadb').strip()

    def all_see(name):
        with ThreadPoolExecutor(len(crowd)) as pool:
            return all(name in [v['name'] for v in a.json['versions']]
                       for a in pool.map(lambda one: one.get(
                           '/datastores/mariadb/versions'), crowd))

    for n in range(1, 4):       # copies that nobody tells of last hundreds
        all_see('')
        s.coffer('version', 'set', id, '--name', 'heard-%d' % n)
        looks = 1
        while not all_see('heard-%d' % n):
            looks += 1
            check(looks < 25, 'seen after its age only')
    s.coffer('version', 'remove', id)


@story
def there_is_one_type_of_volume(s):
    c = it['alice']
    types = c.get('/volume-types').json['volume_types']
    same([t['name'] for t in types], ['local'])
    same(c.get('/volume-types/' + types[0]['id']).json,
         {'volume_type': types[0]})
    c.get('/volume-types/nope').fault(404, 'itemNotFound')


@story
def what_is_gone_is_remembered(s):
    c, id = it['adam'], it['alice id']
    was = c.get('/mgmt/instances/' + id).json['instance']
    it['alice'].remove(id)
    c.get('/mgmt/instances/' + id).fault(404, 'itemNotFound')
    a = c.get('/mgmt/instances/%s?deleted=true' % id)
    same(a.status, 200, a)
    i = a.json['instance']
    same((i['status'], i['operating_status'], i['service_status']),
         ('SHUTDOWN', '', 'DELETED'))
    same((i['deleted'], i['server'], i['datastore']),
         (True, {'id': was['server_id']}, {'type': None, 'version': None}))
    check(i['deleted_at'], i)
    same((i['server_id'], i['volume_id']), (was['server_id'],
                                            was['volume_id']))
    check('ip' not in i, i)
    rows = c.get('/mgmt/instances?deleted=true').json['instances']
    same([(r['id'], r['server']) for r in rows], [(id, None)])
    if 'root' in it:
        same(c.get('/mgmt/instances/%s/root?deleted=true' % id).json,
             {'root_history': it['root']})
    same(c.delete('/mgmt/instances/' + it['bob id']).status, 202)
    it['bob'].gone(it['bob id'])


main()
