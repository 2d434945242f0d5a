#!/usr/bin/python3
"""Modules: rows with rules, and files that come to guests and leave them."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import base64  # noqa: E402
import hashlib  # noqa: E402
import subprocess  # noqa: E402

DEAD = 'dddddddd-0000-4000-8000-00000000dead'
SECRET = CANARY + 'LicenceKey'
mine = {}


def b64(text):
    return base64.b64encode(text.encode()).decode()


def new(c, name, contents='message=hello', kind='ping', **more):
    return c.post('/modules', {'module': dict(
        {'name': name, 'module_type': kind, 'contents': contents}, **more)})


def made(c, name, contents='message=hello', kind='ping', **more):
    a = new(c, name, contents, kind, **more)
    same(a.status, 200, a)
    return a.json['module']


def names(a, key='modules'):
    same(a.status, 200, a)
    return sorted(m['name'] for m in a.json[key])


def on_guest(s, id, path):
    """What stands at this place of the volume, or None."""
    for pid in s.inside(id):
        try:
            with open('/proc/%d/root/data/%s' % (pid, path)) as f:
                return f.read()
        except FileNotFoundError:
            pass
        except OSError:
            continue
    for root, _, files in os.walk(s.dir + '/local'):
        if root.endswith(os.path.dirname(path)) and id in root and \
                os.path.basename(path) in files:
            with open(os.path.join(root, os.path.basename(path))) as f:
                return f.read()
    return None


@story
def a_module_shows_what_it_is_but_never_what_is_in_it(s):
    c = mine['alice'] = s.client('alice')
    same(c.get('/modules').json, {'modules': []})
    text = 'message=' + SECRET
    m = made(c, 'greeting', text, description='says hello')
    same(m['md5'], hashlib.md5(text.encode()).hexdigest())
    same([m[k] for k in (
        'type', 'description', 'tenant_id', 'tenant', 'datastore_id',
        'datastore', 'datastore_version_id', 'datastore_version',
        'auto_apply', 'priority_apply', 'apply_order', 'is_admin', 'visible',
        'live_update')],
        ['ping', 'says hello', c.tenant, c.tenant, None, 'all', None, 'all',
         False, False, 5, False, True, False])
    shown = c.get('/modules/' + m['id'])
    same(dict(m, instance_count=0), shown.json['module'])
    listed = c.get('/modules').json['modules']
    same(listed, [{k: v for k, v in m.items() if k != 'live_update'}])
    check(SECRET not in shown.raw.decode(), 'contents are shown')
    row = s.one("SELECT contents FROM modules WHERE id = '%s'" % m['id'])
    check(SECRET not in row and b64(SECRET)[:-4] not in row, 'not sealed')
    mine['ping'] = m['id']


@story
def wrong_modules_are_refused(s):
    c = mine['alice']
    same(new(c, 'x', kind='nope').fault(404, 'itemNotFound'),
         "Module type 'nope' was not found.")
    same(new(c, 'greeting', 'other').fault(400, 'badRequest'),
         "A module with the name 'greeting' already exists for datastore "
         "'all' and datastore version 'all'")
    same(made(c, 'greeting', datastore={'type': 'mariadb'})['datastore'],
         'mariadb')
    new(c, 'x', datastore={'type': 'nope'}).fault(404, 'itemNotFound')
    new(c, 'x', datastore={'type': 'mariadb', 'version': 'nope'}).fault(
        400, 'badRequest')
    for name in ('../up', '.hidden', 'a/b', 'a b', 'ü1', 'n' * 101):
        check(new(c, name, b64('x'), 'file').fault(400, 'badRequest')
              .startswith('The module is invalid'), name)
    new(c, 'file', 'no base64!', 'file').fault(400, 'badRequest')
    new(c, 'file', 'A' * 50000, 'file').fault(400, 'badRequest')
    for bad in ({'name': ''}, {'name': None}, {'module_type': 5},
                {'contents': ''}, {'contents': None}, {'apply_order': 10},
                {'apply_order': -1}, {'auto_apply': True}, {'visible': 2},
                {'datastore': []}, {'description': ''}):
        a = c.post('/modules', {'module': dict(
            {'name': 'x', 'module_type': 'ping', 'contents': 'x'}, **bad)})
        a.fault(400, 'badRequest')
    for body in ({}, {'module': None}, {'module': []}, ''):
        c.post('/modules', body).fault(400, 'badRequest')
    same(len(c.get('/modules').json['modules']), 2)


@story
def some_options_are_the_admins(s):
    c, adam, bob = mine['alice'], s.client('adam'), s.client('bob')
    for more, text in (
            ({'all_tenants': 1}, 'Tenant: all'), ({'auto_apply': 1}, 'Auto: 1'),
            ({'visible': 0}, 'Visible: 0'),
            ({'priority_apply': 1}, 'Priority: 1'),
            ({'full_access': 0}, 'Full Access: 0')):
        same(new(c, 'opt', **more).fault(403, 'forbidden'),
             'You must be admin to create a module with these options. (%s)'
             % text)
        id = made(adam, 'opt ' + text[:4], **more)['id']
        c.put('/modules/' + id, {'module': {'description': 'mine'}})
        same(adam.delete('/modules/' + id).status, 200)
    new(adam, 'x', auto_apply=1, full_access=1).fault(400, 'badRequest')
    m = made(adam, 'shared', all_tenants=1)
    same((m['tenant'], m['tenant_id'], m['is_admin']), ('all', None, True))
    mine['shared'] = m['id']
    hidden = mine['hidden'] = made(adam, 'hidden', visible=0)['id']
    same(names(bob.get('/modules')), ['shared'])
    same(names(c.get('/modules')), ['greeting', 'greeting', 'shared'])
    same(len(adam.get('/modules').json['modules']), 4)
    c.get('/modules/' + hidden).fault(404, 'itemNotFound')
    same(adam.get('/modules/' + hidden).status, 200)
    for ask in (lambda: c.put('/modules/' + m['id'],
                              {'module': {'name': 'taken'}}),
                lambda: c.delete('/modules/' + m['id'])):
        ask().fault(403, 'forbidden')
    same(adam.put('/modules/' + m['id'], {'module': {
        'description': 'for all'}}).json['module']['description'], 'for all')


@story
def another_projects_modules_are_not_there(s):
    bob, c = s.client('bob'), mine['alice']
    for id in (mine['ping'], DEAD, 'abc'):
        text = 'Module with ID %s could not be found.' % id
        for ask in (bob.get, bob.delete,
                    lambda p: bob.put(p, {'module': {'name': 'taken'}})):
            same(ask('/modules/' + id).fault(404, 'itemNotFound'), text)
        bob.get('/modules/%s/instances' % id).fault(404, 'itemNotFound')
        bob.put('/modules/%s/instances' % id, {'reapply': {}}).fault(
            404, 'itemNotFound')
    same(c.get('/modules/' + mine['ping']).json['module']['name'], 'greeting')
    same(s.client('root').get('/modules/' + mine['ping']).status, 200)


@story
def a_change_says_what_changed(s):
    c = mine['alice']
    before = c.get('/modules/' + mine['ping']).json['module']
    m = c.put('/modules/' + mine['ping'], {'module': {
        'contents': 'message=again', 'apply_order': 3}}).json['module']
    same(m['md5'], hashlib.md5(b'message=again').hexdigest())
    same((m['apply_order'], m['name'], m['description']),
         (3, before['name'], before['description']))
    m = c.put('/modules/' + mine['ping'], {'module': {
        'description': None, 'datastore': {'type': 'null'}}}).json['module']
    same((m['description'], m['datastore'], m['md5']),
         (None, 'null', hashlib.md5(b'message=again').hexdigest()))
    m = c.put('/modules/' + mine['ping'], {'module': {
        'all_datastores': 1, 'name': 'hello'}}).json['module']
    same((m['datastore'], m['name']), ('all', 'hello'))
    clash = [x['id'] for x in c.get('/modules').json['modules']
             if x['name'] == 'greeting'][0]
    made(c, 'greeting')
    c.put('/modules/' + clash, {'module': {'all_datastores': 1}}).fault(
        400, 'badRequest')
    same(names(c.get('/modules?datastore=mariadb')), ['greeting'])
    same(names(c.get('/modules?datastore=all')),
         ['greeting', 'hello', 'shared'])
    c.get('/modules?datastore=nope').fault(404, 'itemNotFound')


@story
def a_file_comes_to_a_real_database_and_leaves_it(s):
    c = mine['alice']
    mine['file'] = made(c, 'licence.txt', b64('one\ntwo\n'), 'file')['id']
    mine['other'] = made(c, 'null-only', datastore={'type': 'null'})['id']
    id = mine['id'] = c.create('shop', 'mariadb', modules=[
        {'id': mine['file']}, {'id': DEAD}])
    path = '/instances/%s/modules' % id
    c.active(id)
    m = c.get(path).json['modules']
    same(len(m), 1, m)
    same([m[0][k] for k in ('id', 'name', 'type', 'status', 'contents',
                            'removed', 'datastore', 'tenant')],
         [mine['file'], 'licence.txt', 'file', 'OK', None, None, 'all',
          c.tenant])
    same(m[0]['message'], 'modules/licence.txt, 8 bytes')
    same(on_guest(s, id, 'modules/licence.txt'), 'one\ntwo\n')
    same(base64.b64decode(c.get(path + '?from_guest=True&include_contents=1')
                          .json['modules'][0]['contents']), b'one\ntwo\n')
    # one more, by request; what nobody knows is passed over
    a = c.post(path, {'modules': [{'id': mine['ping']}, {'id': DEAD}]})
    same(a.status, 200, a)
    same([(x['name'], x['status'], x['message']) for x in a.json['modules']],
         [('hello', 'OK', 'again')])
    same(names(c.get(path)), ['hello', 'licence.txt'])
    same(c.get('/modules/' + mine['file']).json['module']['instance_count'],
         1)
    a = c.post(path, {'modules': [{'id': mine['other']}]})
    check('cannot be applied' in a.fault(400, 'badRequest'), a)
    c.post(path, {'modules': [{'id': 'abc'}]}).fault(400, 'badRequest')
    c.post(path, {}).fault(400, 'badRequest')
    same(c.post(path, {'modules': []}).json, {'modules': []})
    # and away
    c.delete(path + '/' + DEAD).fault(404, 'itemNotFound')
    same(c.delete(path + '/' + mine['ping']).status, 200)
    c.delete(path + '/' + mine['ping']).fault(404, 'itemNotFound')
    same(names(c.get(path)), ['licence.txt'])


@story
def foreign_modules_and_instances_do_not_meet(s):
    bob = s.client('bob')
    path = '/instances/%s/modules' % mine['id']
    for a in (bob.get(path), bob.post(path, {'modules': []}),
              bob.delete(path + '/' + mine['file'])):
        a.fault(404, 'itemNotFound')
    id = mine['bobs'] = bob.create('bobs', 'null',
                                   modules=[{'id': mine['file']}])
    bob.active(id)
    same(bob.get('/instances/%s/modules' % id).json, {'modules': []})
    same(bob.post('/instances/%s/modules' % id, {'modules': [
        {'id': mine['file']}]}).json, {'modules': []})


@story
def what_is_in_use_stays_unless_it_is_live(s):
    c = mine['alice']
    for ask in (lambda p: c.put(p, {'module': {'contents': b64('new')}}),
                c.delete):
        check('has been applied to a non-terminated instance' in ask(
            '/modules/' + mine['file']).fault(403, 'forbidden'))
    live = made(c, 'live.txt', b64('1'), 'file', live_update=1)['id']
    path = '/instances/%s/modules' % mine['id']
    c.post(path, {'modules': [{'id': live}]})
    same(on_guest(s, mine['id'], 'modules/live.txt'), '1')
    same(c.put('/modules/' + live, {'module': {
        'contents': b64('22'), 'name': 'new.txt'}}).status, 200)
    n = c.get('/modules/%s/instances?count_only=true' % live).json[
        'instances']
    same([(x['module_id'], x['instance_count'], x['current']) for x in n],
         [(live, 1, False)])
    same(c.put('/modules/%s/instances' % live, {'reapply': {}}).status, 202)
    s.quiet()
    same((on_guest(s, mine['id'], 'modules/new.txt'),
          on_guest(s, mine['id'], 'modules/live.txt')), ('22', None))
    n = c.get('/modules/%s/instances?count_only=true' % live).json[
        'instances']
    same([(x['instance_count'], x['current']) for x in n], [(1, True)])
    before = len(c.tasks(mine['id']))
    c.put('/modules/%s/instances' % live, {'reapply': {}})
    same(len(c.tasks(mine['id'])), before, 'nothing to do')
    c.put('/modules/%s/instances' % live, {'reapply': {'force': True}})
    same(len(c.tasks(mine['id'])), before + 1)
    s.quiet()
    same(names(c.get('/modules/%s/instances' % live), 'instances'), ['shop'])
    for bad in ({}, {'reapply': 1}, {'reapply': {'batch_size': 'x'}}):
        c.put('/modules/%s/instances' % live, bad).fault(400, 'badRequest')
    # deleted while it is there: it can still be taken away
    same(c.delete('/modules/' + live).status, 200)
    same(names(c.get(path)), ['licence.txt', 'new.txt'])
    same(c.delete(path + '/' + live).status, 200)
    same(on_guest(s, mine['id'], 'modules/new.txt'), None)


@story
def two_modules_never_share_a_file(s):
    c, adam = mine['alice'], s.client('adam')
    twin = made(adam, 'licence.txt', b64('other'), 'file', all_tenants=1)
    path = '/instances/%s/modules' % mine['id']
    a = c.post(path, {'modules': [{'id': twin['id']}]})
    same([x['status'] for x in a.json['modules']], ['ERROR'], a)
    same(on_guest(s, mine['id'], 'modules/licence.txt'), 'one\ntwo\n')
    same(c.delete(path + '/' + twin['id']).status, 200)
    same(on_guest(s, mine['id'], 'modules/licence.txt'), 'one\ntwo\n')


@story
def some_apply_by_themselves_in_their_order(s):
    c, adam, bob = mine['alice'], s.client('adam'), s.client('bob')
    for name, more in (('last', {'apply_order': 9}),
                       ('first', {'priority_apply': 1, 'apply_order': 9}),
                       ('second', {'apply_order': 1}),
                       ('never', {'datastore': {'type': 'mariadb'}}),
                       ('own', {'all_tenants': 0})):
        made(adam, name, auto_apply=1, **dict({'all_tenants': 1}, **more))
    made(adam, 'unseen', auto_apply=1, visible=0, all_tenants=1)
    id = bob.create('auto', 'null')
    bob.active(id)
    same(names(bob.get('/instances/%s/modules' % id)),
         ['first', 'last', 'second', 'unseen'])
    hidden = [m['id'] for m in adam.get('/modules').json['modules']
              if m['name'] == 'unseen'][0]
    bob.delete('/instances/%s/modules/%s' % (id, hidden)).fault(
        404, 'itemNotFound')
    same(s.one("SELECT count(*) FROM instance_modules WHERE instance_id = "
               "'%s'" % id), '4')
    bob.remove(id)
    same(s.one("SELECT count(*) FROM instance_modules WHERE instance_id = "
               "'%s'" % id), '0')


@story
def the_agent_keeps_them_over_a_restart(s):
    c = mine['alice']
    path = '/instances/%s/modules' % mine['id']
    same(c.post('/instances/%s/action' % mine['id'], {'restart': {}}).status,
         202)
    s.quiet()
    c.active(mine['id'])
    same(names(c.get(path)), ['licence.txt'])
    same(c.delete(path + '/' + mine['file']).status, 200)
    same(on_guest(s, mine['id'], 'modules/licence.txt'), None)
    same(c.get(path).json, {'modules': []})
    same(c.delete('/modules/' + mine['file']).status, 200)
    c.get('/modules/' + mine['file']).fault(404, 'itemNotFound')


@story
def a_stopped_guest_is_said_to_be_one(s):
    bob = s.client('bob')
    id = bob.create('slow', 'null')
    bob.get('/instances/%s/modules' % id)
    bob.active(id)
    bob.remove(id)
    bob.get('/instances/%s/modules' % id).fault(404, 'itemNotFound')


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
