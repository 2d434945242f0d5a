#!/usr/bin/python3
"""What gophercloud, Terraform, Heat and openstacksdk send, which codes they
take, and how they read the answers: each reader's own rules, as tables."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

NULL = {'type': 'null', 'version': '1.0'}
mine = {}


# --- how gophercloud reads: the type of each member, by path ----------------------

def text(v):
    return isinstance(v, str)


def flag(v):
    return v is True or v is False


def number(v):
    return isinstance(v, (int, float)) and not flag(v)


def whole(v):
    return number(v) and v == int(v)


def whole_or_null(v):
    return v is None or whole(v)


def time_(v):
    """No zone, no blank; null and nothing will do."""
    return v is None or v == '' or bool(
        text(v) and re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', v))


def texts(v):
    return isinstance(v, list) and all(text(x) for x in v)


def links(v):
    return isinstance(v, list) and all(
        text(x['rel']) and re.match('https?://', x['href']) for x in v)


INSTANCE = {'id': text, 'name': text, 'status': text, 'links': links,
            'flavor.id': text, 'flavor.links': links, 'volume.size': whole,
            'datastore.type': text, 'datastore.version': text}
FULL = dict(INSTANCE, created=time_, updated=time_)
FLAVOR = {'id': whole_or_null, 'str_id': text, 'name': text, 'ram': whole,
          'links': links}
DATASTORE = {'id': text, 'name': text, 'default_version': text,
             'links': links, 'versions.0.id': text}
VERSION = {'id': text, 'name': text, 'links': links}
PARAMETER = {'name': text, 'type': text, 'restart_required': flag,
             'min': number, 'max': number}
GROUP = {'id': text, 'name': text, 'description': text, 'created': time_,
         'updated': time_, 'datastore_name': text,
         'datastore_version_id': text, 'datastore_version_name': text}

# name, method, path, body, codes that are no error, where the answer stands, shape
CALLS = (
    ('flavors.List', 'GET', '/flavors', None, (200,), 'flavors.0', FLAVOR),
    ('flavors.Get', 'GET', '/flavors/1', None, (200,), 'flavor', FLAVOR),
    ('datastores.List', 'GET', '/datastores', None, (200,), 'datastores.0',
     DATASTORE),
    ('datastores.Get', 'GET', '/datastores/{ds}', None, (200,), 'datastore',
     DATASTORE),
    ('datastores.ListVersions', 'GET', '/datastores/{ds}/versions', None,
     (200,), 'versions.0', VERSION),
    ('datastores.GetVersion', 'GET', '/datastores/{ds}/versions/{v}', None,
     (200,), 'version', VERSION),
    ('configurations.ListDatastoreParams', 'GET',
     '/datastores/{ds}/versions/{v}/parameters', None, (200,),
     'configuration-parameters.0', PARAMETER),
    ('configurations.GetDatastoreParam', 'GET',
     '/datastores/{ds}/versions/{v}/parameters/wait', None, (200,), '',
     PARAMETER),
    ('configurations.ListGlobalParams', 'GET',
     '/datastores/versions/{v}/parameters', None, (200,),
     'configuration-parameters.0', PARAMETER),
    ('configurations.GetGlobalParam', 'GET',
     '/datastores/versions/{v}/parameters/wait', None, (200,), '',
     PARAMETER),
    ('configurations.Create', 'POST', '/configurations', {'configuration': {
        'name': 'tuned', 'description': 'quick', 'values': {'wait': 5},
        'datastore': NULL}}, (200,), 'configuration', GROUP),
    ('configurations.List', 'GET', '/configurations', None, (200,),
     'configurations.0', GROUP),
    ('configurations.Get', 'GET', '/configurations/{group}', None, (200,),
     'configuration', dict(GROUP, **{'values.wait': number})),
    ('configurations.Update', 'PATCH', '/configurations/{group}', {
        'configuration': {'values': {'wait': 6}}}, (200, 202, 204), None, {}),
    ('configurations.Replace', 'PUT', '/configurations/{group}', {
        'configuration': {'values': {'wait': 7}}}, (201, 202), None, {}),
    ('instances.Create', 'POST', '/instances', {'instance': {
        'name': 'strict', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': NULL, 'databases': [], 'users': []}}, (200,), 'instance',
     FULL),
    ('instances.List', 'GET', '/instances', None, (200,), 'instances.0',
     INSTANCE),
    ('instances.Get', 'GET', '/instances/{id}', None, (200,), 'instance',
     dict(FULL, ip=texts)),
    ('instances.AttachConfigurationGroup', 'PUT', '/instances/{id}',
     {'instance': {'configuration': '{group}'}}, (202,), None, {}),
    ('configurations.ListInstances', 'GET',
     '/configurations/{group}/instances', None, (200,), 'instances.0',
     {'id': text, 'name': text}),
    ('instances.DetachConfigurationGroup', 'PUT', '/instances/{id}',
     {'instance': {}}, (202,), None, {}),
    ('databases.Create', 'POST', '/instances/{id}/databases', {'databases': [
        {'name': 'db1', 'character_set': 'utf8mb4',
         'collate': 'utf8mb4_bin'}, {'name': 'db2'}]}, (201, 202), None, {}),
    ('databases.List', 'GET', '/instances/{id}/databases', None, (200,),
     'databases.0', {'name': text}),
    ('users.Create', 'POST', '/instances/{id}/users', {'users': [
        {'name': 'u1', 'password': CANARY + '1', 'databases': [
            {'name': 'db1'}]}]}, (201, 202), None, {}),
    ('users.List', 'GET', '/instances/{id}/users', None, (200,), 'users.0',
     {'name': text, 'host': text, 'databases.0.name': text}),
    ('users.Delete', 'DELETE', '/instances/{id}/users/u1', None, (202, 204),
     None, {}),
    ('databases.Delete', 'DELETE', '/instances/{id}/databases/db1', None,
     (202, 204), None, {}),
    ('instances.EnableRootUser', 'POST', '/instances/{id}/root', None,
     (200,), 'user', {'name': text, 'password': text}),
    ('instances.IsRootEnabled', 'GET', '/instances/{id}/root', None, (200,),
     '', {'rootEnabled': flag}),
    ('instances.Restart', 'POST', '/instances/{id}/action', {'restart': {}},
     (201, 202), None, {}),
    ('instances.ResizeVolume', 'POST', '/instances/{id}/action',
     {'resize': {'volume': {'size': 2}}}, (201, 202), None, {}),
    ('instances.Resize', 'POST', '/instances/{id}/action',
     {'resize': {'flavorRef': '2'}}, (201, 202), None, {}),
    ('quotas.Get', 'GET', '/mgmt/quotas/{project}', None, (200,), 'quotas.0',
     {'resource': text, 'limit': whole, 'in_use': whole, 'reserved': whole}),
    ('instances.Delete', 'DELETE', '/instances/{id}', None, (202, 204), None,
     {}),
    ('configurations.Delete', 'DELETE', '/configurations/{group}', None,
     (202, 204), None, {}),
)


def dig(v, path):
    for part in path.split('.') if path else ():
        v = v[int(part)] if part.isdigit() else v[part]
    return v


def filled(x):
    """Placeholders of a path or body, from what was seen before."""
    if isinstance(x, str):
        return re.sub(r'\{(\w+)\}', lambda m: mine[m.group(1)], x)
    if isinstance(x, dict):
        return {k: filled(v) for k, v in x.items()}
    return [filled(v) for v in x] if isinstance(x, list) else x


def arrays(a):
    """AllPages takes the first array that is no links: there may be one."""
    if isinstance(a.json, dict):
        found = [k for k, v in a.json.items()
                 if isinstance(v, list) and not k.endswith('links')]
        check(len(found) < 2, found)


@story
def gophercloud_is_answered_as_it_insists(s):
    c = s.client('alice')
    s.coffer('parameters', 'load', 'null/1.0', '-',
             input='wait\tinteger\t0\t1\t1000\n')
    d = c.get('/datastores/null').json['datastore']
    mine.update(ds=d['id'], v=d['default_version'], project=c.tenant)
    wrong = []
    for name, method, path, body, codes, where, shape in CALLS:
        if name.startswith('configurations.Delete'):
            c.gone(mine['id'])
        a = c.raw(method, '/v1.0/%s%s' % (c.tenant, filled(path)),
                  filled(body))
        if a.status not in codes:
            wrong.append('%s: %s' % (name, a))
            continue
        arrays(a)
        for member, is_right in shape.items():
            try:
                v = dig(a.json, '.'.join(x for x in (where, member) if x))
            except (KeyError, IndexError, TypeError) as e:
                wrong.append('%s: no %s (%r)' % (name, member, e))
                continue
            if not is_right(v):
                wrong.append('%s: %s is %r' % (name, member, v))
        if name == 'instances.Create':
            mine['id'] = a.json['instance']['id']
            c.active(mine['id'])
        elif name == 'configurations.Create':
            mine['group'] = a.json['configuration']['id']
        elif method != 'GET' and 'id' in mine:
            s.quiet()
    check(not wrong, *['\n' + w for w in wrong])


def all_pages(c, path, coll):
    """As AllPages goes: by "<collection>_links" only, absolute."""
    found, url = [], '/v1.0/%s%s' % (c.tenant, path)
    while url:
        a = c.raw('GET', url)
        same(a.status, 200, a)
        arrays(a)
        found += [x['name'] for x in a.json[coll]]
        next_ = [x['href'] for x in a.json.get(coll + '_links', [])
                 if x['rel'] == 'next']
        check(all(re.match('https?://', x) for x in next_), next_)
        url = next_[0].split('/', 3)[3] if next_ else None
        url = '/' + url if url else None
    return found


@story
def every_page_is_found_by_its_readers_own_links(s):
    c = s.client('bob')
    names = ['db%02d' % n for n in range(25)]
    id = c.create('pages', 'null', databases=[{'name': n} for n in names])
    others = [c.create('more%d' % n, 'null') for n in range(2)]
    for i in [id] + others:
        c.active(i)
    same(all_pages(c, '/instances/%s/databases' % id, 'databases'), names)
    same(sorted(all_pages(c, '/instances?limit=1', 'instances')),
         ['more0', 'more1', 'pages'])
    users = [{'name': 'u%02d' % n, 'password': CANARY} for n in range(21)]
    same(c.post('/instances/%s/users' % id, {'users': users}).status, 202)
    same(all_pages(c, '/instances/%s/users' % id, 'users'),
         [u['name'] for u in users])
    for i in [id] + others:
        c.remove(i)


@story
def the_sdks_four_odd_shapes_are_taken(s):
    c = s.client('alice')
    id = c.create('sdk', 'null')
    c.active(id)
    p = '/instances/' + id
    for path, body, status in (
            ('/databases', {'database': {'name': 'one'}}, 202),
            ('/users', {'users': {'name': 'two', 'password': CANARY}}, 202),
            ('/action', {'resize': {'volume': 2}}, 202),
            ('/action', {'restart': None}, 202),
            ('/root', None, 200)):
        same(c.post(p + path, body).status, status, body)
        s.quiet()
    same(c.show(id)['volume']['size'], 2)
    same([d['name'] for d in c.get(p + '/databases').json['databases']],
         ['one'])
    same([u['name'] for u in c.get(p + '/users').json['users']], ['two'])
    c.remove(id)


def words_until(c, id, last, known, read):
    """Each status that a poll sees; one that is not known ends the wait."""
    seen = []

    def poll():
        a = c.get('/instances/' + id)
        word = a.status if a.status != 200 else \
            read(a.json['instance'])['status']
        if not seen or seen[-1] != word:
            seen.append(word)
        check(word in known or word in last, seen)
        return word in last
    until(60, poll)
    return seen


@story
def terraform_attaches_detaches_and_attaches_again(s):
    c = s.client('alice')

    def group(name):
        a = c.post('/configurations', {'configuration': {
            'name': name, 'description': '', 'values': {'wait': 5},
            'datastore': NULL}})
        if a.status == 400:             # an empty text is none
            a = c.post('/configurations', {'configuration': {
                'name': name, 'values': {'wait': 5}, 'datastore': NULL}})
        same(a.status, 200, a)
        return a.json['configuration']['id']
    one, two = group('one'), group('two')
    a = c.post('/instances', {'instance': {
        'name': 'tf', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': NULL, 'databases': [{'name': 'app'}], 'users': []}})
    same(a.status, 200, a)
    id = a.json['instance']['id']
    words_until(c, id, ('ACTIVE', 'HEALTHY'), ('BUILD',), lambda i: i)
    p = '/instances/' + id
    for configuration in (one, None, two, None):
        body = {} if configuration is None else \
            {'configuration': configuration}
        a = c.put(p, {'instance': body})
        same(a.status, 202, configuration, a)
    c.delete(p)
    words_until(c, id, (404,), ('ACTIVE', 'SHUTDOWN'), lambda i: i)
    for g in (one, two):
        check(c.delete('/configurations/' + g).status in (202, 204))
        until(5, lambda: c.get('/configurations/' + g).status == 404)


@story
def heat_waits_for_active_alone_and_finishes_on_404(s):
    c = s.client('alice')

    def read(i):
        """What its resource takes of each answer, without a guard."""
        return {'status': i['status'], 'flavor': i['flavor']['id'],
                'size': i['volume']['size'], 'self': [
                    x['href'] for x in i['links'] if x['rel'] == 'self'][0]}
    names = [v['name'] for v in
             c.get('/datastores/null/versions').json['versions']]
    check('1.0' in names, names)
    id = c.create('heat', 'null', users=[], databases=[])
    others = ('BUILD', 'REBOOT', 'RESIZE', 'BACKUP', 'SHUTDOWN')
    words_until(c, id, ('ACTIVE',), others, read)
    a = c.post('/instances/%s/action' % id,
               {'resize': {'volume': {'size': 1}}})
    check(a.status in (400, 413, 422), a)
    a = c.post('/instances/%s/action' % id, {'resize': {'flavorRef': '1'}})
    check('must be different' in a.fault(400, 'badRequest'), a)
    c.post('/instances', {'instance': {
        'name': 'big', 'flavorRef': '1', 'volume': {'size': 99},
        'datastore': NULL}}).fault(413, 'overLimit')
    same(c.delete('/instances/' + id).status, 202)
    words_until(c, id, (404,), others + ('ACTIVE',), read)


@story
def jclouds_knows_every_word_it_may_see(s):
    """On another it deletes what it has just created."""
    c = s.client('alice')
    id = c.create('jclouds', 'null')
    known = ('BUILD', 'REBOOT', 'ACTIVE', 'BLOCKED', 'RESIZE', 'SHUTDOWN')
    words_until(c, id, ('ACTIVE',), known,
                lambda i: dict(i, size=i['volume']['size'] + 0))
    p = '/instances/' + id
    same(c.post(p + '/users', {'users': [
        {'name': 'a.b', 'password': CANARY, 'host': '10.0.0.1'}]}).status,
        202)
    same(c.get(p + '/users/a%2eb@10%2e0%2e0%2e1').json['user']['host'],
         '10.0.0.1')
    same(c.delete(p + '/users/a%2eb@10%2e0%2e0%2e1').status, 202)
    for body in ({'restart': {}}, {'resize': {'flavorRef': '2'}}):
        same(c.post(p + '/action', body).status, 202)
        words_until(c, id, ('ACTIVE',), known, lambda i: i)
        s.quiet()
    c.remove(id)


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'local.allow_root=yes'])
