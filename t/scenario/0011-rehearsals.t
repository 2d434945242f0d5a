#!/usr/bin/python3
"""The fake cloud: guests of any engine at once, and failures by name; and the
reference's habits that api.stock copies."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

NET = 'aaaaaaaa-0000-4000-8000-000000000001'
SUBNET = 'bbbbbbbb-0000-4000-8000-000000000001'
NIC = [{'net-id': NET}]


def failed(c, s, name, **more):
    id = c.create(name, **more)
    until(30, lambda: c.show(id)['status'] == 'ERROR', name)
    return id, c.show(id)


@story
def a_guest_of_the_fake_cloud_does_what_any_does(s):
    c = s.client('alice')
    id = c.create('db', nics=NIC, databases=[{'name': 'shop'}])
    i = c.active(id)
    same([a['network'] for a in i['addresses']], [NET])
    check(i['ip'][0].startswith('10.10.0.'), i['ip'])
    same(i['volume']['used'], 0.16)
    same(c.get('/instances/%s/databases' % id).json,
         {'databases': [{'name': 'shop'}]})
    same(c.post('/instances/%s/root' % id).json['user']['password'],
         CANARY + 'root')
    c.remove(id)


@story
def networks_are_those_that_are_listed(s):
    c = s.client('alice')

    def ask(nic):
        return c.post('/instances', {'instance': {
            'name': 'n', 'flavorRef': '1', 'volume': {'size': 1},
            'datastore': {'type': 'null'}, 'nics': [nic]}})
    for nic in ({}, {'ip_address': '10.10.0.7'}, {'net-id': 'x'},
                {'net-id': NET, 'ip_address': '10.10.0.7'},
                {'subnet_id': NET}, {'subnet_id': SUBNET, 'network_id': SUBNET},
                {'net-id': NET, 'port-id': NET}):
        ask(nic).fault(400, 'badRequest')
    id = c.create('fixed', nics=[{'subnet_id': SUBNET,
                                  'ip_address': '10.10.0.200'}])
    same(c.active(id)['ip'], ['10.10.0.200'])
    c.remove(id)
    id, i = failed(c, s, 'nowhere', nics=[{'net-id': SUBNET}])
    check('Failed to create port for instance ' + id in i['fault']['message'])
    c.remove(id)
    id = c.create('hidden')
    check('ip' not in c.active(id))
    c.remove(id)


@story
def what_a_name_asks_to_fail_fails_and_stays_for_a_look(s):
    c = s.client('alice')
    for name, more, what in (
            ('x SERVER_ERROR', {}, 'server'),
            ('zone', {'availability_zone': 'BAD_ZONE'}, 'server'),
            ('volume', {'volume': {'size': 9}}, 'volume')):
        id, i = failed(c, s, name, nics=NIC, **more)
        check(i['fault']['message'].startswith(
            'Failed to create %s for instance %s\n' % (what, id)), i['fault'])
        check(s.one("SELECT volume_id FROM instances WHERE id = '%s'" % id))
        c.remove(id)
    id, i = failed(c, s, 'y GUEST_ERROR', nics=NIC)
    same(i['fault']['message'], 'Service not active, status: failed to spawn')
    check(i['ip'], i)
    c.remove(id)


@story
def a_refused_request_is_remembered(s):
    c = s.client('alice')
    id = c.create('z STUCK_BUILD', nics=NIC)
    until(10, lambda: s.one(
        "SELECT server_id FROM instances WHERE id = '%s'" % id))
    c.delete('/instances/' + id).fault(422, 'unprocessableEntity')
    adam = s.client('adam')
    same(adam.post('/instances/%s/action' % id,
                   {'reset_status': {}}).status, 202)
    i = c.show(id)
    same((i['status'], i['operating_status']), ('ACTIVE', 'ERROR'))
    check('is not ready' in i['fault']['message'], i)
    c.put('/instances/' + id, {'instance': {'datastore_version': 'nope'}}
          ).fault(400, 'badRequest')
    same(c.show(id)['fault'], i['fault'])
    c.remove(id)


@story
def after_a_reset_a_guest_has_to_speak_again(s):
    c, adam = s.client('alice'), s.client('adam')
    id = c.create('again', nics=NIC)
    c.active(id)
    guests_word = "SELECT status FROM guests WHERE instance_id = '%s'" % id
    same(s.one(guests_word), 'healthy')
    same(adam.post('/instances/%s/action' % id,
                   {'reset_status': {}}).status, 202)
    same(c.show(id)['operating_status'], 'ERROR')
    c.post('/instances/%s/action' % id, {'restart': {}}
           ).fault(422, 'unprocessableEntity')
    until(30, lambda: c.show(id)['operating_status'] == 'HEALTHY')
    same(c.post('/instances/%s/action' % id, {'restart': {}}).status, 202)
    until(20, lambda: c.show(id)['status'] == 'ACTIVE')
    c.remove(id)


@story
def who_is_public_has_an_address_outside(s):
    c = s.client('alice')

    def access(id, **to):
        same(c.put('/instances/' + id, {'instance': {'access': to}}).status,
             202)
        until(20, lambda: s.one("SELECT task FROM instances WHERE id = '%s'"
                                % id) == 'NONE')
        return c.show(id)['ip']
    id = c.create('out', nics=NIC, access={'is_public': True})
    i = c.active(id)
    same(i['addresses'], [
        {'address': i['ip'][0], 'type': 'private', 'network': NET},
        {'address': '172.24.4.10', 'type': 'public'}])
    for form in ('', '/detail'):
        same([j['ip'] for j in c.get('/instances' + form).json['instances']],
             [[i['ip'][0], '172.24.4.10']])
    same(access(id, allowed_cidrs=['10.0.0.0/8']), i['ip'])
    same(access(id, is_public=False), i['ip'][:1])
    same(access(id, is_public=True), [i['ip'][0], '172.24.4.11'])
    hidden = c.create('nowhere', access={'is_public': True})
    check('ip' not in c.active(hidden))
    c.remove(hidden)
    c.remove(id)
    same(s.one("SELECT public_address FROM instances WHERE id = '%s'" % id),
         '')


@story
def what_older_releases_had_is_not_there(s):
    s.client('adam').get('/mgmt/hosts').fault(404, 'itemNotFound')


@story
def an_engine_without_volumes_wants_local_storage(s):
    s.coffer('datastore', 'add', 'redis')
    s.coffer('version', 'add', 'redis', '7.0', '--version', '7.0', '--manager',
             'redis', '--default')
    s.coffer('flavor', 'add', '77', 'local', '--ram', '256', '--vcpus', '1',
             '--ephemeral', '2')
    c = s.client('alice')

    def ask(**more):
        return c.post('/instances', {'instance': dict({
            'name': 'r', 'flavorRef': '77',
            'datastore': {'type': 'redis'}}, **more)})
    time.sleep(3)       # as old may a process's copy of the catalogue be
    ask(volume={'size': 1}).fault(501, 'notImplemented')
    ask(flavorRef='1').fault(400, 'badRequest')
    a = ask()
    same(a.status, 200, a)
    check('volume' not in a.json['instance'], a)
    i = c.active(a.json['instance']['id'])
    same(i['local_storage']['used'], 0.16)
    c.remove(i['id'])


@story
def documents_are_json_and_nobody_sees_a_version_without_a_token(s):
    c = s.client('alice')
    a = c.get('/flavors', headers={'Accept': 'application/xml'})
    same(a.headers['Content-Type'], 'application/json')
    c.raw('GET', '/v1.0/', token=None).fault(401, 'error')
    c.raw('GET', '/v1.0/').fault(403, 'forbidden')
    a = c.raw('OPTIONS', '/v1.0/x/instances', token=None)
    same((a.status, a.raw, a.headers['Content-Type']), (200, b'', None))


main(settings=['compute.driver=fake', 'volume.driver=fake',
               'network.driver=fake', 'local.mode=plain',
               'local.filesystem=directory', 'task.keep_failed=yes',
               'network.subnets=%s:%s' % (SUBNET, NET),
               'volume.without=redis', 'api.stock=yes',
               'guest.root_password=' + CANARY + 'root'],
     datastore='null')
