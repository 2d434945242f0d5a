#!/usr/bin/python3
"""Clusters: what is checked before they are refused, and rows as they show.

No engine forms any yet, so the rows are put there by hand."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

DEAD = 'dddddddd-0000-4000-8000-00000000dead'
CID = 'c0000000-0000-4000-8000-000000000001'
mine = {}


def ask(c, n=3, node=(), nodes=None, **more):
    one = dict({'flavorRef': '1', 'volume': {'size': 1}}, **dict(node))
    return c.post('/clusters', {'cluster': dict(
        {'name': 'gal', 'datastore': {'type': 'mariadb',
                                      'version': mine['version']},
         'instances': nodes or [one] * n}, **more)})


def act(c, body, id=CID):
    return c.post('/clusters/' + id, body)


def task(s, word):
    s.sql("UPDATE clusters SET task = '%s' WHERE id = '%s'" % (word, CID))


@story
def a_create_is_checked_and_then_refused(s):
    c = mine['alice'] = s.client('alice')
    d = c.get('/datastores/mariadb').json['datastore']
    mine['version'] = d['versions'][0]['name']
    mine['version_id'] = d['versions'][0]['id']
    same(ask(c).fault(501, 'notImplemented'),
         'Clusters not supported for mariadb-%s.' % mine['version'])
    null = c.get('/datastores/null').json['datastore']['versions'][0]['name']
    same(ask(c, datastore={'type': 'null', 'version': null}).fault(
        501, 'notImplemented'), 'Clusters not supported for null-%s.' % null)
    same(ask(c, n=2).fault(400, 'badRequest'), 'The number of instances for '
         'your initial cluster must be at least 3.')
    a, b = {'flavorRef': '1', 'volume': {'size': 1}}, {
        'flavorRef': '2', 'volume': {'size': 1}}
    same(ask(c, nodes=[a, a, b]).fault(400, 'badRequest'),
         'The flavor for each instance in a cluster must be the same.')
    same(ask(c, nodes=[a, a, dict(a, volume={'size': 2})]).fault(
        400, 'badRequest'),
        'The volume size for each instance in a cluster must be the same.')
    same(ask(c, nodes=[{'flavorRef': '1'}] * 3).fault(400, 'badRequest'),
         'A volume size is required for each instance in the cluster.')
    net = [{'network_id': DEAD}]
    same(ask(c, nodes=[a, a, dict(a, nics=net)]).fault(400, 'badRequest'),
         'The network for each instance in a cluster must be the same.')
    ask(c, node={'volume': {'size': 999}}).fault(413, 'overLimit')
    same(ask(c, n=11).fault(413, 'overLimit'),
         "Quota exceeded for resources: ['instances'].")
    same(ask(c, locality='near').fault(400, 'badRequest'), "Invalid locality "
         "'near'. Must be one of ['affinity', 'anti-affinity']")
    ask(c, datastore={'type': 'nope', 'version': '1'}).fault(
        404, 'itemNotFound')
    ask(c, datastore={'type': 'mariadb', 'version': 'nope'}).fault(
        400, 'badRequest')
    same(ask(c, node={'flavorRef': 'nope'}).fault(400, 'badRequest'),
         'Resource nope cannot be found.')
    for more in ({'name': ''}, {'instances': {}}, {'instances': [1]},
                 {'instances': [{}]}, {'datastore': {'type': 'mariadb'}},
                 {'instances': [dict(a, volume={'size': 0})]}):
        a_ = c.post('/clusters', {'cluster': dict(
            {'name': 'x', 'datastore': {'type': 'mariadb', 'version': '1'},
             'instances': [a]}, **more)})
        check(a_.fault(400, 'badRequest').startswith('Validation error'), a_)
    for body in ({}, {'cluster': None}, {'cluster': []}, ''):
        c.post('/clusters', body).fault(400, 'badRequest')
    same(s.one('SELECT count(*) FROM clusters'), '0')
    same(s.one("SELECT count(*) FROM quotas WHERE instances > 0"), '0')
    same(c.get('/clusters').json, {'clusters': []})


@story
def what_is_not_there_is_404(s):
    c = mine['alice']
    for id in (DEAD, 'abc'):
        text = "Cluster '%s' cannot be found." % id
        for a in (c.get('/clusters/' + id), c.delete('/clusters/' + id),
                  act(c, {'restart': {}}, id),
                  c.get('/clusters/%s/instances/%s' % (id, DEAD)),
                  c.get('/clusters/%s/root' % id),
                  c.post('/clusters/%s/root' % id),
                  s.client('root').get('/mgmt/clusters/' + id)):
            same(a.fault(404, 'itemNotFound'), text)


@story
def a_cluster_shows_its_members(s):
    c = mine['alice']
    ids = mine['ids'] = sorted(c.create('gal-%d' % n, 'null')
                               for n in range(2))
    for id in ids:
        c.active(id)
    s.sql("INSERT INTO clusters (id, tenant_id, name, version_id, locality)"
          " VALUES ('%s', '%s', 'gal', '%s', 'affinity')"
          % (CID, c.tenant, mine['version_id']))
    s.sql("UPDATE instances SET cluster_id = '%s' WHERE id IN ('%s')"
          % (CID, "', '".join(ids)))
    x = c.get('/clusters/' + CID).json['cluster']
    same((x['name'], x['task'], x['datastore'], x['locality']), (
        'gal', {'id': 1, 'name': 'NONE',
                'description': 'No tasks for the cluster.'},
        {'type': 'mariadb', 'version': mine['version']}, 'affinity'))
    same([(m['id'], m['type'], m['status'], m['volume'], m['flavor']['id'],
           len(m['ip']), len(m['links'])) for m in x['instances']],
         [(id, 'member', 'ACTIVE', {'size': 1}, '1', 1, 2) for id in ids])
    same(len(x['ip']), 2)
    check(x['links'][0]['href'].endswith('/clusters/' + CID), x)
    listed = c.get('/clusters').json['clusters']
    same([sorted(m) for m in listed[0]['instances']],
         [['id', 'links', 'name', 'type']] * 2)
    check('ip' not in listed[0] and listed[0]['id'] == CID, listed)
    i = c.get('/clusters/%s/instances/%s' % (CID, ids[0])).json['instance']
    same((i['id'], i['status']), (ids[0], 'ACTIVE'))
    c.get('/clusters/%s/instances/%s' % (CID, DEAD)).fault(
        404, 'itemNotFound')
    # members are not among the instances, unless asked for
    same(c.get('/instances').json['instances'], [])
    same(len(c.get('/instances?include_clustered=true').json['instances']), 2)
    c.delete('/instances/' + ids[0]).fault(501, 'notImplemented')


@story
def another_projects_cluster_is_not_there(s):
    bob, root = s.client('bob'), s.client('root')
    same(bob.get('/clusters').json, {'clusters': []})
    for a in (bob.get('/clusters/' + CID), bob.delete('/clusters/' + CID),
              act(bob, {'restart': {}}), act(bob, {'reset-status': {}}),
              bob.get('/clusters/%s/root' % CID),
              bob.get('/clusters/%s/instances/%s' % (CID, mine['ids'][0]))):
        a.fault(404, 'itemNotFound')
    same(root.get('/clusters/' + CID).status, 200)
    same(root.get('/clusters').json, {'clusters': []}, 'of the path only')


@story
def actions_are_checked_and_then_refused(s):
    c = mine['alice']
    for body in ({}, {'restart': {}, 'add_shard': {}}):
        same(act(c, body).fault(400, 'badRequest'), 'Action request should '
             'have exactly one action specified in body')
    check('not supported' in act(c, {'explode': {}}).fault(400, 'badRequest'))
    for body in ({'restart': 1}, {'grow': {}}, {'grow': [{}]},
                 {'shrink': [{'id': 'x'}]}, {'upgrade': {}},
                 {'configuration_attach': {'configuration_id': 'x'}}):
        act(c, body).fault(400, 'badRequest')
    act(c, {'shrink': [{'id': DEAD}]}).fault(404, 'itemNotFound')
    same(act(c, {'shrink': [{'id': i} for i in mine['ids']]}).fault(
        400, 'badRequest'), 'Must leave at least one instance in the cluster '
        'when shrinking.')
    text = 'Clusters not supported for mariadb-%s.' % mine['version']
    good = ({'grow': [{'flavorRef': '1', 'volume': {'size': 1}}]},
            {'shrink': [{'id': mine['ids'][0]}]}, {'restart': {}},
            {'add_shard': {}}, {'upgrade': {'datastore_version': '1'}},
            {'configuration_attach': {'configuration_id': DEAD}},
            {'configuration_detach': {}})
    for body in good:
        same(act(c, body).fault(501, 'notImplemented'), text)
    same(c.delete('/clusters/' + CID).fault(501, 'notImplemented'), text)
    task(s, 'GROWING_CLUSTER')
    busy = ("This action cannot be performed on the cluster while the current "
            "cluster task is 'GROWING_CLUSTER'.")
    for body in good:
        same(act(c, body).fault(422, 'unprocessableEntity'), busy)
    same(c.delete('/clusters/' + CID).fault(422, 'unprocessableEntity'), busy)
    same(c.get('/clusters/' + CID).json['cluster']['task'], {
        'id': 5, 'name': 'GROWING_CLUSTER',
        'description': 'Increasing the size of the cluster.'})
    task(s, 'DELETING')
    c.delete('/clusters/' + CID).fault(501, 'notImplemented')


@story
def a_reset_is_the_admins_and_frees_cluster_and_members(s):
    c, adam = mine['alice'], s.client('adam')
    same(act(c, {'reset-status': {}}).fault(403, 'forbidden'), "Policy "
         "doesn't allow cluster:reset-status to be performed.")
    s.sql("UPDATE instances SET task = 'GROWING_ERROR' WHERE id = '%s'"
          % mine['ids'][0])
    x = c.get('/clusters/' + CID).json['cluster']
    same(x['instances'][0]['status'], 'ERROR')
    a = act(adam, {'reset-status': {}})
    same(a.status, 202, a)
    x = a.json['cluster']
    same((x['task']['name'], [m['status'] for m in x['instances']]),
         ('NONE', ['ACTIVE'] * 2))
    task(s, 'DELETING')
    same(act(c, {'reset-status': {'force_delete': True}}).status, 202)
    same(c.get('/clusters/' + CID).json['cluster']['task']['name'], 'NONE')


@story
def root_is_refused_for_clusters(s):
    c = mine['alice']
    path = '/clusters/%s/root' % CID
    same(c.get(path).fault(400, 'badRequest'),
         "The 'show_root' operation is not supported for cluster.")
    c.post(path).fault(400, 'badRequest')
    c.post(path, {'password': 5}).fault(400, 'badRequest')
    c.delete(path).fault(404, 'itemNotFound')


@story
def the_operator_sees_all_of_them(s):
    c, root = mine['alice'], s.client('root')
    c.get('/mgmt/clusters').fault(401, 'unauthorized')
    s.sql("INSERT INTO clusters (id, tenant_id, name, version_id, deleted_at)"
          " VALUES ('%s', 'gone', 'old', '%s', now())"
          % (CID[:-1] + '2', mine['version_id']))
    got = root.get('/mgmt/clusters').json['clusters']
    same([(x['name'], x['tenant_id'], x['deleted'], 'deleted_at' in x)
          for x in got], [('gal', c.tenant, False, False),
                          ('old', 'gone', True, True)])
    for q, n in (('false', 1), ('true', 1), ('', 2)):
        same(len(root.get('/mgmt/clusters?deleted=' + q).json['clusters']), n)
    same(root.get('/mgmt/clusters/' + CID).json['cluster']['tenant_id'],
         c.tenant)
    task(s, 'BUILDING')
    path = '/mgmt/clusters/%s/action' % CID
    for body in ({}, {'nope': {}}, {'reset-task': {}, 'x': 1}):
        same(root.post(path, body).fault(400, 'badRequest'),
             'Invalid cluster action requested.')
    same(root.post(path, {'reset-task': {}}).status, 202)
    same(c.get('/clusters/' + CID).json['cluster']['task']['name'], 'NONE')


@story
def lists_are_paged_by_id(s):
    c = mine['alice']
    s.sql("INSERT INTO clusters (id, tenant_id, name, version_id) SELECT"
          " ('d0000000-0000-4000-8000-00000000000' || n)::uuid, '%s', 'p' ||"
          " n, '%s' FROM generate_series(1, 5) n"
          % (c.tenant, mine['version_id']))
    got, path = [], '/clusters?limit=2'
    while path:
        j = c.get(path).json
        same(j.get('links'), j.get('clusters_links'))
        got += [x['name'] for x in j['clusters']]
        path = j.get('links') and '/clusters?' + \
            j['links'][0]['href'].split('?')[1]
    same(got, ['gal', 'p1', 'p2', 'p3', 'p4', 'p5'])
    for bad in ('limit=0', 'limit=x', 'marker=x'):
        c.get('/clusters?' + bad).fault(400, 'badRequest')
    s.sql("UPDATE instances SET cluster_id = NULL")
    for id in mine['ids']:
        c.remove(id)
    s.sql('DELETE FROM clusters')


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
