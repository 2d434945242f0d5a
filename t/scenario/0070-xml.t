#!/usr/bin/python3
"""A client of 2014: it asks for XML, sends XML, and reads the XML of every
resource; what is hostile in it changes nothing."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import xml.etree.ElementTree as ET  # noqa: E402

NS = 'http://docs.openstack.org/database/api/v1.0'
XML = 'application/xml'
PUTS = 12                       # a minute; the last story uses them up
STOCK = ('The server could not comply with the request since it is either '
         'malformed or otherwise incorrect.')


class Old:
    """Requests as the old client wrote them, and its way to read answers."""

    def __init__(self, client):
        self.c = client

    def ask(self, method, path, body=None, status=200, accept=XML,
            kind=XML, where='/v1.0/%s'):
        h = {'Accept': accept}
        if body is not None:
            h['Content-Type'] = kind
            if kind == XML:
                body = body.replace('%NS', 'xmlns="%s"' % NS).encode()
        prefix = where % self.c.tenant if '%s' in where else where
        a = self.c.raw(method, prefix + path, body, headers=h)
        same(a.status, status, method, path, a)
        if accept == XML:
            self.form(a)
        return a

    @staticmethod
    def form(a):
        """The type on everything, charset on faults only; no declaration."""
        kind = a.headers.get('Content-Type')
        if a.status >= 400:
            same(kind, XML + '; charset=UTF-8', a)
        else:
            same(kind, XML, a)
        if a.raw:
            check(a.raw.startswith(b'<') and a.raw[1:2] != b'?', a)
            check(a.raw.endswith(b'>\n') or b'retryAfter' in a.raw, a)

    def get(self, path, root):
        """The document's root; its name and namespace are as they must be."""
        e = ET.fromstring(self.ask('GET', path).raw)
        same(e.tag, '{%s}%s' % (NS, root), path)
        return e

    def fault(self, status, name, method, path, body=None, **kw):
        a = self.ask(method, path, body, status, **kw)
        e = ET.fromstring(a.raw)
        same(e.tag, name, a)
        same(e.attrib, {'code': str(status)}, a)
        same([x.tag for x in e], ['message'], a)
        return e[0].text


def names(e, item):
    """Of a collection: the items only, links are none."""
    return [x.get('name') for x in e if x.tag == '{%s}%s' % (NS, item)]


def child(e, name):
    found = e.find('{%s}%s' % (NS, name))
    check(found is not None, name, 'in', ET.tostring(e))
    return found


def rows(s):
    return s.one("SELECT (SELECT count(*) FROM instances) || '/' || "
                 "(SELECT count(*) FROM tasks)")


@story
def what_may_be_had_is_told_in_xml(s):
    o = Old(s.client('alice'))
    a = o.ask('GET', '/', where='')
    same(a.raw.decode(), '''<versions xmlns="%s">
    <version id="v1.0" status="CURRENT" updated="2012-08-01T00:00:00Z">
        <links>
            <link href="http://127.0.0.1:%d/v1.0/" rel="self"/>
        </links>
    </version>
</versions>
''' % (NS, s.port))
    e = o.get('/flavors', 'flavors')
    check(len(e) > 0 and e[0].tag == '{%s}flavor' % NS, e)
    check(e[0].get('id').isdigit() and e[0].get('ram').isdigit() and
          e[0].get('name'), ET.tostring(e[0]))
    links = child(e[0], 'links')
    same([x.get('rel') for x in links], ['self', 'bookmark'])
    same(o.get('/flavors/' + e[0].get('id'), 'flavor').attrib, e[0].attrib)
    e = o.get('/datastores', 'datastores')
    check('null' in [child(x, 'name').text for x in e], ET.tostring(e))
    e = o.get('/datastores/null/versions', 'versions')
    same(child(e[0], 'name').text, '1.0')
    same(e[0].attrib, {})
    e = o.get('/limits', 'limits')
    same(child(e[0], 'verb').text, 'ABSOLUTE')
    check(int(child(e[0], 'max_instances').text) > 0)
    check(child(e[1], 'nextAvailable').text.endswith('Z'))


@story
def an_instance_lives_its_life_in_xml(s):
    c = s.client('alice')
    o = Old(c)
    a = o.ask('POST', '/instances', '''<?xml version="1.0" encoding="UTF-8"?>
<instance %NS name="Größe &amp; Maß" flavorRef="1" configuration="">
    <volume size="1"/>
    <datastore type="null" version="1.0"/>
    <databases>
        <database name="orders" character_set="utf8mb4"/>
        <database name="stock"/>
    </databases>
    <users>
        <user name="app" password="CanaryK7xXml" host="%">
            <databases><database name="orders"/></databases>
        </user>
    </users>
</instance>''')
    head = a.raw.decode().split('\n')[0]
    check(re.fullmatch(
        r'<instance created="(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)" id="[0-9a-f-]{36}" '
        r'name="Größe &amp; Maß" status="BUILD" updated="\1" xmlns="%s">'
        % re.escape(NS), head), head)
    id = ET.fromstring(a.raw).get('id')
    c.active(id)
    e = o.get('/instances/' + id, 'instance')
    same(e.get('status'), 'ACTIVE')
    same(e.get('name'), 'Größe & Maß')
    same(child(e, 'volume').get('size'), '1')
    same(child(e, 'flavor').get('id'), '1')
    same({x.tag.split('}')[1]: x.text for x in child(e, 'datastore')
          if x.tag.endswith(('type', 'version'))},
         {'type': 'null', 'version': '1.0'})
    same(c.show(id)['name'], 'Größe & Maß')
    e = o.get('/instances', 'instances')
    same(names(e, 'instance'), ['Größe & Maß'])

    p = '/instances/' + id
    same(names(o.get(p + '/databases', 'databases'), 'database'),
         ['orders', 'stock'])
    e = o.get(p + '/users', 'users')
    same([(x.get('name'), x.get('host')) for x in e], [('app', '%')])
    same(names(child(e[0], 'databases'), 'database'), ['orders'])
    for method, path, body in (
            ('POST', '/databases', '<databases %NS><database name="new"/>'
             '<any name="newer" collate="utf8mb4_bin"/></databases>'),
            ('POST', '/users', '<users %NS><user name="batch" '
             'password="CanaryK7x&lt;&amp;&#33;"><databases><database '
             'name="new"/></databases></user><user><name>plain</name>'
             '<password> CanaryK7xP </password></user></users>'),
            ('PUT', '/users', '<users %NS><user name="app" '
             'password="CanaryK7xTwo"/></users>'),
            ('PUT', '/users/plain', '<user %NS host="198.51.100.%"/>'),
            ('PUT', '/users/batch/databases',
             '<databases %NS><database name="stock"/></databases>'),
            ('DELETE', '/users/batch/databases/new', None),
            ('DELETE', '/databases/new', None)):
        a = o.ask(method, p + path, body, 202)
        same((a.raw, a.headers['Content-Length']), (b'', '0'))
    same(names(o.get(p + '/databases', 'databases'), 'database'),
         ['newer', 'orders', 'stock'])
    e = o.get(p + '/users/batch', 'user')
    same(e.attrib, {'name': 'batch', 'host': '%'})
    same(names(o.get(p + '/users/batch/databases', 'databases'),
               'database'), ['stock'])
    same(o.get(p + '/users/plain%40198.51.100.%25', 'user').get('host'),
         '198.51.100.%')

    same(o.ask('GET', p + '/root').raw.decode(),
         '<rootEnabled xmlns="%s">False</rootEnabled>\n' % NS)
    e = ET.fromstring(o.ask('POST', p + '/root').raw)
    same((e.tag, sorted(e.attrib)), ('{%s}user' % NS, ['name', 'password']))
    same(o.get(p + '/root', 'rootEnabled').text, 'True')

    o.ask('POST', p + '/action', '<restart %NS/>', 202)
    until(20, lambda: c.show(id)['status'] == 'ACTIVE')
    o.ask('PUT', p, '<instance %NS/>', 202)         # detaches
    o.ask('PUT', p, '<instance %NS configuration=""/>', 202)
    same(o.ask('DELETE', p, None, 202).raw, b'')
    c.gone(id)
    text = o.fault(404, 'itemNotFound', 'GET', p)
    check(id in text, text)


@story
def pages_end_with_the_way_to_the_next(s):
    c = s.client('alice')
    o = Old(c)
    id = c.create('pages', 'null', databases=[{'name': 'aa'}, {'name': 'bb'}])
    c.active(id)
    p = '/instances/%s/databases' % id
    e = o.get(p + '?limit=1', 'databases')
    same(names(e, 'database'), ['aa'])
    same(len(e), 2)
    same(e[1].tag, '{%s}links' % NS)
    same(e[1][0].get('rel'), 'next')
    query = e[1][0].get('href').split('?')[1]
    check('limit=1' in query and 'marker=aa' in query, query)
    e = o.get(p + '?' + query, 'databases')
    same((len(e), names(e, 'database')), (1, ['bb']))
    c.remove(id)


@story
def each_way_speaks_for_itself(s):
    c = s.client('alice')
    o = Old(c)
    wish = '<instance name="ways" flavorRef="1"><volume><size>1</size>' \
        '</volume><datastore type="null"/></instance>'
    a = o.ask('POST', '/instances', wish, accept='application/json')
    id = a.json['instance']['id']
    c.active(id)
    p = '/instances/' + id
    a = o.ask('POST', p + '/databases', '{"databases":[{"name":"json"}]}', 202,
              kind='application/json; charset=utf-8')
    for path, root in ((p + '/databases.xml', 'databases'),
                       (p + '/users.xml', 'users'),
                       (p + '/root.xml', 'rootEnabled'),
                       ('/datastores.xml', 'datastores'),
                       ('/datastores/null.xml', 'datastore')):
        a = o.ask('GET', path, accept='application/json')
        same(a.headers['Content-Type'], XML)
        same(ET.fromstring(a.raw).tag, '{%s}%s' % (NS, root))
    a = c.get(p + '/users.json', headers={'Accept': XML})
    same(list(a.json), ['users'], a)
    for path in ('/instances.xml', '/flavors.xml', '/flavors/1.xml',
                 '/limits.xml', '/datastores/null/versions.xml'):
        a = o.ask('GET', path, status=404, accept='application/json')
        check(a.raw.startswith(b'<itemNotFound code="404">\n'), a)
    # the version in Accept, in place of the path's; also to the guest's pool
    vendor = 'application/vnd.openstack.trove+xml;version=1.0'
    a = o.ask('GET', p + '/databases', accept=vendor, where='/%s')
    same(names(ET.fromstring(a.raw), 'database'), ['json'])
    a = o.ask('GET', '/limits', accept=vendor[:-3] + '2.0', where='/%s',
              status=406)
    check(b'<message>version not supported</message>' in a.raw, a)
    a = o.ask('GET', '/limits', accept=vendor[:-3] + '2.0')
    check(a.raw.startswith(b'<limits '), a)
    for accept in ('text/xml', '*/*', 'application/*', ''):
        same(c.get('/limits', headers={'Accept': accept}).json is None, False)
    c.remove(id)


@story
def the_operators_resources_are_documents_too(s):
    o = Old(s.client('adam'))
    c = s.client('alice')
    id = c.create('seen', 'null')
    c.active(id)
    e = o.get('/mgmt/instances/' + id, 'instance')
    same((e.get('deleted'), e.get('deleted_at'), e.get('tenant_id')),
         ('False', 'None', c.tenant))
    check(e.get('task_description'), ET.tostring(e))
    check(child(e, 'guest_status').get('state_description'))
    same(child(child(e, 'server'), 'id').text, e.get('server_id'))
    same(o.get('/mgmt/instances/%s/root' % id, 'root_history').attrib,
         {'id': id, 'enabled': 'Never', 'user': 'Nobody'})
    e = o.get('/mgmt/instances.xml?deleted=false', 'instances')
    same(names(e, 'instance'), ['seen'])
    e = o.get('/mgmt/hosts', 'hosts')
    same(sorted(e[0].attrib), ['instanceCount', 'name'])
    e = o.get('/mgmt/hosts/' + e[0].get('name'), 'host')
    same(names(child(e, 'instances'), 'instance'), ['seen'])
    check(e.get('percentUsed').isdigit(), e.attrib)
    e = o.get('/mgmt/storage', 'devices')
    check(child(e[0], 'capacity').get('total').isdigit(), ET.tostring(e))
    same(o.get('/mgmt/accounts', 'accounts')[0].attrib,
         {'id': c.tenant, 'num_instances': '1'})
    o.get('/mgmt/accounts/' + c.tenant, 'account')
    quotas = '/mgmt/quotas/' + s.client('bob').tenant
    a = o.ask('PUT', quotas, '<quotas %NS instances="7" volumes="-1"/>')
    same(ET.fromstring(a.raw).attrib, {'instances': '7', 'volumes': '-1'})
    for body, status, name in (('ram="x"', 400, 'badRequest'),
                               ('ram="-2"', 400, 'badRequest'),
                               ('other="1"', 404, 'itemNotFound')):
        o.fault(status, name, 'PUT', quotas, '<quotas %s/>' % body)
    e = o.get(quotas, 'quotas')
    same({child(q, 'resource').text: child(q, 'limit').text for q in e}
         ['instances'], '7')
    o.ask('POST', '/mgmt/instances/%s/action' % id,
          '<reset-task-status %NS/>', 202)
    c.remove(id)


@story
def configurations_know_what_their_texts_stand_for(s):
    c = s.client('alice')
    o = Old(c)
    s.coffer('parameters', 'load', 'null/1.0', '-', input=(
        'wait\tinteger\t0\t1\t1000\nratio\tfloat\t0\t\t\n'
        'strict\tboolean\t1\t\t\ncollation\tstring\t0\t\t\n'))
    v = ET.fromstring(o.ask('GET', '/datastores/null').raw)
    p = '/datastores/%s/versions/%s/parameters' % (
        child(v, 'id').text, child(v, 'default_version').text)
    e = o.get(p, 'configuration-parameters')
    same({x.tag for x in e}, {'{%s}configuration-parameter' % NS})
    e = o.get(p + '/wait', 'configuration-parameter')
    same((child(e, 'name').text, child(e, 'max').text,
          child(e, 'restart_required').text), ('wait', '1000', 'False'))
    a = o.ask('POST', '/configurations', '<configuration %NS name="tuned" '
              'description="für"><datastore type="null" version="1.0"/>'
              '<values wait="12"><ratio>0.5</ratio><strict>True</strict>'
              '<collation>5</collation></values></configuration>')
    e = ET.fromstring(a.raw)
    same((e.tag, e.get('name'), e.get('description')),
         ('{%s}configuration' % NS, 'tuned', 'für'))
    path = '/configurations/' + e.get('id')
    same(c.get(path).json['configuration']['values'], {
        'wait': 12, 'ratio': 0.5, 'strict': True, 'collation': '5'})
    same(o.ask('PATCH', path, '<configuration %NS><values wait="13"/>'
               '</configuration>').raw, b'')
    e = o.get(path, 'configuration')
    same({x.tag.split('}')[1]: x.text for x in child(e, 'values')},
         {'wait': '13', 'ratio': '0.5', 'strict': 'True', 'collation': '5'})
    for values in ('wait="x"', 'wait="0"', 'wait="1001"', 'wait=""',
                   'strict="5"', 'ratio="x"', 'other="1"'):
        o.fault(422, 'unprocessableEntity', 'PATCH', path,
                '<configuration><values %s/></configuration>' % values)
    o.ask('PUT', path, '<configuration %NS name="tuned-2"><values '
          'collation="x"/></configuration>', 202)
    same(c.get(path).json['configuration']['values'], {'collation': 'x'})
    same([x.attrib['name'] for x in o.get('/configurations',
                                          'configurations')], ['tuned-2'])
    id = c.create('tuned', 'null')
    c.active(id)
    o.ask('PUT', '/instances/' + id, '<instance configuration="%s"/>'
          % path.split('/')[-1], 202)
    s.quiet()
    e = child(o.get('/instances/' + id, 'instance'), 'configuration')
    same((e.get('name'), len(child(e, 'links'))), ('tuned-2', 2))
    same(names(o.get(path + '/instances', 'instances'), 'instance'),
         ['tuned'])
    o.ask('PUT', '/instances/' + id, '<instance configuration=""/>', 202)
    s.quiet()
    c.remove(id)
    same(o.ask('DELETE', path, None, 202).raw, b'')


@story
def a_backup_is_taken_and_restored_in_xml(s):
    c = s.client('alice')
    o = Old(c)
    id = c.create('shop', 'null')
    c.active(id)
    a = o.ask('POST', '/backups', '<backup instance="%s" name="nightly" '
              'description="before upgrade"/>' % id, 202)
    e = ET.fromstring(a.raw)
    same(e.attrib, {})
    same([child(e, k).text for k in ('name', 'description', 'instance_id',
                                     'parent_id', 'locationRef')],
         ['nightly', 'before upgrade', id, 'None', 'None'])
    check(re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d',
                       child(e, 'created').text), ET.tostring(e))
    path = '/backups/' + child(e, 'id').text
    s.quiet()
    same(child(o.get(path, 'backup'), 'status').text, 'COMPLETED')
    same([child(x, 'name').text for x in o.get('/backups', 'backups')],
         ['nightly'])
    same(len(o.get('/instances/%s/backups' % id, 'backups')), 1)
    a = o.ask('POST', '/instances', '<instance name="copy" flavorRef="1">'
              '<volume size="1"/><datastore type="null"/><restorePoint '
              'backupRef="%s"/></instance>' % path.split('/')[-1])
    copy = ET.fromstring(a.raw).get('id')
    c.active(copy)
    c.remove(copy)
    o.ask('DELETE', path, None, 202)
    s.quiet()
    o.fault(404, 'itemNotFound', 'GET', path)
    c.remove(id)


# --- the rules once more, as a reader of both would put them ------------------

def written(v):
    """A scalar as XML has it; times lose their T, which no other text has."""
    if v is None or isinstance(v, bool):
        return str(v)
    if isinstance(v, float):
        v = '%.12g' % v
        return v if '.' in v or 'e' in v else v + '.0'
    return re.sub(r'^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)$', r'\1 \2', str(v))


def singular(name):
    special = {'addresses': 'address', 'backup_strategies': 'backup_strategy'}
    return special.get(name) or (name[:-1] if name[1:].endswith('s')
                                 else 'item')


def alike(name, v, e, path=''):
    """What JSON says under a name, the element says, and no more."""
    path += '/' + name
    same(e.tag, '{%s}%s' % (NS, name), path)
    if isinstance(v, dict):
        left = dict(v)
        for k, is_ in e.attrib.items():
            same(is_, written(left.pop(k)), path, k)
        same(len(e), len(left), path, list(left), [x.tag for x in e])
        for k, one in left.items():
            alike(k, one, child(e, k), path)
    elif isinstance(v, list):
        same((len(e), e.attrib), (len(v), {}), path)
        for one, x in zip(v, e):
            alike(singular(name), one, x, path)
    else:
        is_ = v if name == 'created_at' else written(v)   # Cinder's own text
        same((e.text or '', len(e), e.attrib), (is_, 0, {}), path)


@story
def every_resource_says_the_same_in_both(s):
    c = s.client('alice')
    adam = s.client('adam')
    id = c.create('both', 'null', databases=[{'name': 'one'}], users=[
        {'name': 'u', 'password': CANARY, 'databases': [{'name': 'one'}]}])
    c.active(id)
    a = c.post('/backups', {'backup': {'name': 'b', 'instance': id}})
    same(a.status, 202, a)
    s.quiet()
    a = c.post('/backup_schedules', {'backup_schedule': {
        'name': 's', 'instance': id, 'cron': '@daily', 'keep_last': 3}})
    same(a.status, 200, a)
    nightly = a.json['backup_schedule']['id']
    a = c.post('/modules', {'module': {
        'name': 'm', 'module_type': 'ping', 'contents': 'message=hello'}})
    same(a.status, 200, a)
    p = '/instances/' + id
    v = c.get('/datastores/null').json['datastore']['default_version']
    for path in (
            '/instances', '/instances/detail', p, p + '/tasks',
            p + '/databases', p + '/users', p + '/users/u',
            p + '/users/u/databases', p + '/root', p + '/backups',
            '/backups', '/backup_strategies', '/backup_schedules',
            '/backup_schedules/' + nightly,
            '/configurations', '/datastores', '/datastores/null',
            '/datastores/null/versions', '/datastores/versions/' + v,
            '/datastores/versions/%s/parameters' % v,
            '/datastores/null/versions/%s/flavors' % v,
            '/datastores/null/versions/%s/volume-types' % v,
            '/flavors', '/extensions', '/extensions/Mgmt', '/events',
            '/clusters', '/modules', '/modules/' + a.json['module']['id'],
            '/modules/%s/instances' % a.json['module']['id'],
            '/volume-types', '/security-groups', '/security-groups/' + id,
            '/mgmt/instances', '/mgmt/instances/' + id,
            '/mgmt/instances/%s/root' % id, '/mgmt/clusters',
            '/mgmt/quotas/' + c.tenant, '/mgmt/datastore-versions',
            '/mgmt/datastore-versions/' + v,
            '/mgmt/datastores/versions/%s/parameters' % v, '/mgmt/hosts',
            '/mgmt/storage', '/mgmt/accounts', '/mgmt/accounts/' + c.tenant):
        who = adam if '/mgmt/' in path else c
        j = who.get(path)
        same(j.status, 200, path, j)
        x = Old(who).ask('GET', path)
        said = {k: v for k, v in j.json.items() if not k.endswith('links')}
        root, = said
        e = ET.fromstring(x.raw)
        if 'links' in j.json:
            alike('links', j.json['links'], e[-1], path)
            e.remove(e[-1])
        alike(root, said[root], e, path)
    c.remove(id)


@story
def who_is_let_in_is_said_in_xml(s):
    c = s.client('alice')
    o = Old(c)
    id = c.create('walls', 'null')
    c.active(id)
    e = o.get('/security-groups', 'security_groups')
    same(child(e[0], 'instance_id').text, id)
    group = e[0].get('id')
    a = o.ask('POST', '/security-group-rules', '<security_group_rule %%NS '
              'group_id="%s" cidr="198.51.100.0/24"/>' % group, 201)
    e = ET.fromstring(a.raw)
    same((e.tag, [x.tag for x in e]),
         ('{%s}security_group_rule' % NS, ['{%s}item' % NS]))
    rule = child(e[0], 'id').text
    s.quiet()
    e = child(o.get('/security-groups/%s.xml' % group, 'security_group'),
              'rules')
    check(rule in [child(x, 'id').text for x in e], ET.tostring(e))
    same(c.delete('/security-group-rules/' + rule,
                  headers={'Accept': XML}).status, 204)
    s.quiet()
    c.remove(id)


@story
def faults_are_documents_too(s):
    o = Old(s.client('alice'))
    same(o.fault(404, 'itemNotFound', 'GET', '/nothing'),
         'The resource could not be found.')
    o.fault(404, 'itemNotFound', 'GET', '/backups.xml')
    same(o.fault(400, 'badRequest', 'POST', '/instances',
                 '<instance %NS flavorRef="1"/>'),
         "Validation error: instance 'name' is a required property")
    same(o.fault(400, 'badRequest', 'GET', '/instances?limit=x&y=%26') is
         None, False)
    o.fault(413, 'overLimit', 'POST', '/instances', '<instance %NS name="big" '
            'flavorRef="1"><volume size="99"/><datastore type="null"/>'
            '</instance>')
    o.fault(415, 'badMediaType', 'POST', '/instances', '<instance/>',
            kind='text/xml')
    o.fault(415, 'badMediaType', 'POST', '/instances', '<instance/>',
            kind='application/vnd.openstack.trove+xml')
    a = o.c.raw('GET', '/v1.0/%s/instances' % o.c.tenant, token='wrong',
                headers={'Accept': XML})
    same((a.status, a.headers['Content-Type']),
         (401, XML + '; charset=UTF-8'))
    check(a.raw.startswith(b'<unauthorized code="401">\n'), a)
    a = s.client('bob').raw('GET', '/v1.0/%s/instances' % o.c.tenant,
                            headers={'Accept': XML})
    check(a.raw.startswith(b'<%s code="%d">' % (
        {401: b'unauthorized', 403: b'forbidden'}[a.status], a.status)), a)


@story
def what_is_hostile_is_refused_and_changes_nothing(s):
    o = Old(s.client('alice'))
    before = rows(s)
    secret = os.path.join(s.dir, 'stack.env')
    deep = '<a>' * 100000
    for body in (
            '<!DOCTYPE instance><instance name="x" flavorRef="1"/>',
            '<!DOCTYPE instance [<!ENTITY x SYSTEM "file://%s">]>'
            '<instance name="&x;" flavorRef="1"/>' % secret,
            '<!DOCTYPE instance SYSTEM "http://127.0.0.1:%d/x">'
            '<instance name="x"/>' % s.port,
            '<!DOCTYPE i [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
            '<instance name="&b;"/>',
            '<?php x?><instance name="x"/>', '<instance name="&x;"/>',
            '<instance name="x" name="y"/>', '<x:instance name="x"/>',
            '<instance name="&#0;"/>', '<instance', deep,
            '<instance>' + '<a/>' * 20000 + '</instance>',
            '<instance ' + ''.join(' a%d=""' % n for n in range(20000)) + '/>',
            '<?xml version="1.0" encoding="ISO-8859-1"?><instance/>'):
        began = time.monotonic()
        same(o.fault(400, 'badRequest', 'POST', '/instances', body), STOCK,
             body[:60])
        check(time.monotonic() - began < 1, body[:60])
    for body in ('<instance/>', '<instance>x</instance>', '<other/>',
                 '<instance name=""/>', '<instance name="x" flavorRef=""/>',
                 '<instance name="x"><volume size="1e400"/></instance>',
                 '<instance name="x"><volume size="%s"/></instance>' %
                 ('9' * 41),
                 '<instance name="x"><databases>y</databases></instance>',
                 '<instance name="x"><nics><nic port-id="1"/></nics>'
                 '</instance>'):
        o.fault(400, 'badRequest', 'POST', '/instances', body)
    a = o.c.post('/instances', '<i>' + 'x' * (10 << 20) + '</i>',
                 headers={'Content-Type': XML, 'Accept': XML})
    same(a.status, 413)
    a = o.c.post('/instances', b'<instance name="\xff"/>',
                 headers={'Content-Type': XML, 'Accept': XML})
    same(a.status, 400)
    same(rows(s), before)
    check('root:' not in s.log('api-main') and 'port=' not in
          s.log('api-main'))


@story
def who_asks_too_often_is_told_so_on_one_line(s):
    c = s.client('bob')
    o = Old(c)
    for n in range(PUTS + 1):
        a = c.put('/instances/' + '0' * 8 + '-0000-0000-0000-' + '0' * 12,
                  b'<instance/>', headers={'Content-Type': XML,
                                           'Accept': XML})
        o.form(a)
        if a.status == 413:
            break
    same(a.status, 413, a)
    wait = a.headers['Retry-After']
    same(a.raw.decode(), '<overLimit code="413" retryAfter="%s" xmlns="%s">'
         '<message>This request was rate-limited.</message><details>Only %d '
         'PUT request(s) can be made to * every minute.</details></overLimit>'
         % (wait, NS, PUTS))


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'local.allow_root=yes',
                   'api.put_rate=%d' % PUTS])
