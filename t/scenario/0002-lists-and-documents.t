#!/usr/bin/python3
"""Documents, lists and their pages, as strict clients read them."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z')


def each_time(node):
    """Every member that names a time."""
    if isinstance(node, dict):
        for k, v in node.items():
            if k in ('created', 'updated', 'service_status_updated'):
                yield k, v
            yield from each_time(v)
    elif isinstance(node, list):
        for v in node:
            yield from each_time(v)


@story
def versions_and_health_need_no_token(s):
    c = s.client('alice')
    a = c.raw('GET', '/', token=None)
    same(a.status, 200, a)
    same([v['id'] for v in a.json['versions']], ['v1.0'])
    a = c.raw('GET', '/v1.0/', token=None)
    same(a.json['version']['id'], 'v1.0')
    a = c.raw('GET', '/healthcheck', token=None)
    same((a.status, a.raw.strip()), (200, b'OK'))


@story
def extensions_name_the_tasks_extension(s):
    a = s.client('alice').get('/extensions')
    same(a.status, 200, a)
    check('task' in json.dumps(a.json).lower(), a)


@story
def flavors_have_number_ids_and_text_ids(s):
    c = s.client('alice')
    a = c.get('/flavors')
    same(a.status, 200, a)
    for f in a.json['flavors']:
        check(f['id'] is None or isinstance(f['id'], int), f)
        check(isinstance(f['str_id'], str), f)
        check(f['ram'] > 0 and f['vcpus'] > 0, f)
    a = c.get('/flavors/1')
    same(a.json['flavor']['str_id'], '1')
    c.get('/flavors/nosuch').fault(404, 'itemNotFound')


@story
def datastores_and_versions_are_shown(s):
    c = s.client('alice')
    a = c.get('/datastores')
    names = {d['name']: d for d in a.json['datastores']}
    check('mariadb' in names, a)
    d = names['mariadb']
    a = c.get('/datastores/mariadb/versions')
    v = a.json['versions'][0]
    same(d['default_version'], v['id'])
    same(c.get('/datastores/%s/versions/%s' % (d['id'], v['id'])).json[
        'version']['name'], v['name'])
    same(c.get('/datastores/versions/' + v['id']).json['version']['id'],
         v['id'])
    check(c.get('/datastores/mariadb/versions/%s/flavors' % v['id'])
          .json['flavors'])
    c.get('/datastores/nosuch').fault(404, 'itemNotFound')


@story
def limits_begin_with_the_absolute_ones(s):
    a = s.client('alice').get('/limits')
    same(a.status, 200, a)
    first = a.json['limits'][0]
    same(first['verb'], 'ABSOLUTE')
    same(first['max_instances'], 50)
    same(first['max_volumes'], 60)


@story
def what_is_not_built_says_so(s):
    c = s.client('alice')
    id = c.create('unbuilt', 'null')
    c.active(id)
    path = '/instances/%s/ssl' % id
    same(c.get(path).json, {'ssl': {'status': 'not implemented',
                                    'mode': 'builtin'}})
    for wish in ({}, {'enable': True, 'disable': True}, {'disable': False}, {
            'disable': True, 'mode': 'x'}, {
            'enable': True, 'container_ref': 'http://127.0.0.1/x'}):
        c.post(path, {'ssl': wish}).fault(400, 'badRequest')
    for wish in ({'disable': True}, {'rollback': True}, {'enable': True}):
        c.post(path, {'ssl': wish}).fault(501, 'notImplemented')
    c.remove(id)
    c.get('/nosuch').fault(404, 'itemNotFound')


@story
def a_list_is_paged_by_both_kinds_of_links(s):
    c = s.client('alice')
    ids = [c.create('page-%d' % n, 'null') for n in range(25)]
    for i in ids:
        c.active(i)
    for path in ('/instances', '/instances/detail'):
        seen, url, pages = [], path, 0
        while url:
            a = c.get(url)
            same(a.status, 200, a)
            pages += 1
            arrays = [k for k, v in a.json.items() if isinstance(v, list)
                      and not k.endswith('links')]
            same(arrays, ['instances'], 'arrays at the top')
            seen += [i['id'] for i in a.json['instances']]
            same(a.json.get('links'), a.json.get('instances_links'))
            url = None
            if a.json.get('links'):
                href = a.json['links'][0]['href']
                url = href.split(c.tenant, 1)[1]
        same(pages, 2)
        same(sorted(seen), sorted(ids))
    a = c.get('/instances?limit=7')
    same(len(a.json['instances']), 7)
    for bad in ('limit=x', 'limit=-1', 'limit=0', 'limit=1e9'):
        c.get('/instances?' + bad).fault(400, 'badRequest')
    same(len(c.get('/instances?limit=1000').json['instances']), 20)


@story
def times_have_no_zone(s):
    c = s.client('alice')
    n = 0
    for path in ('/instances', '/instances/detail',
                 '/instances/' + c.get('/instances').json['instances'][0]['id']):
        for k, v in each_time(c.get(path).json):
            check(TIME.match(v), path, k, v)
            n += 1
    check(n > 60, n)


@story
def an_instance_has_the_shapes_that_clients_need(s):
    c = s.client('alice')
    for i in c.get('/instances/detail').json['instances']:
        check(isinstance(i['flavor']['id'], str), i)
        check(isinstance(i['volume']['size'], int), i)
        check(isinstance(i.get('access', {}), dict), i)
        check(all(isinstance(x, str) for x in i.get('ip', [])), i)
        same([x['rel'] for x in i['links']], ['self', 'bookmark'])
        check(i['links'][0]['href'].endswith('/instances/' + i['id']), i)
        check('tenant_id' not in i and 'server_id' not in i, i)
    i = s.client('adam').get('/instances/detail').json['instances'][0]
    check('tenant_id' in i, i)


@story
def a_name_is_no_id(s):
    s.client('alice').get('/instances/page-1').fault(404, 'itemNotFound')


@story
def twenty_five_deletes_at_once_are_no_trouble(s):
    c = s.client('alice')
    ids = [r[0] for r in s.sql(
        'SELECT id FROM instances WHERE deleted_at IS NULL')]
    for i in ids:
        same(c.delete('/instances/' + i).status, 202)
    for i in ids:
        c.gone(i)


if __name__ == '__main__':
    main(settings=['quota.instances=50', 'quota.volumes=60',
                   'local.filesystem=directory'])
