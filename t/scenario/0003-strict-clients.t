#!/usr/bin/python3
"""What gophercloud, Terraform, Heat and the SDKs insist on, each in the words
of its own reader: exact status codes, shapes, and no unknown word while polling."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403


def timed(answer):
    """gophercloud parses 2006-01-02T15:04:05 and refuses a zone."""
    for m in re.finditer(rb'"(created|updated)": *"([^"]*)"', answer.raw):
        check(re.fullmatch(rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', m.group(2)),
              answer)


@story
def terraform_sees_build_then_active_then_shutdown_then_404(s):
    c = s.client('alice')
    a = c.post('/instances', {'instance': {
        'name': 'tf', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'null', 'version': '1.0'},
        'databases': [], 'users': []}})
    same(a.status, 200, a)
    timed(a)
    path = '/instances/' + a.json['instance']['id']
    words = [a.json['instance']['status']]

    def poll():
        a = c.get(path)
        timed(a)
        words.append(a.json['instance']['status'] if a.status == 200
                     else a.status)
        return words[-1]
    until(30, lambda: poll() == 'ACTIVE')
    a = c.get(path)
    check(isinstance(a.json['instance']['flavor']['id'], str), a)
    check(isinstance(a.json['instance']['ip'], list), a)
    same(c.delete(path).status, 202)
    until(30, lambda: poll() == 404)
    order = [w for n, w in enumerate(words) if n == 0 or w != words[n - 1]]
    check(order in (['BUILD', 'ACTIVE', 'SHUTDOWN', 404],
                    ['BUILD', 'ACTIVE', 404]), order)


@story
def each_kind_of_change_has_its_exact_status(s):
    c = s.client('alice')
    id = c.create('codes', 'null')
    c.active(id)
    p = '/instances/' + id
    same(c.post(p + '/databases', {'databases': [{'name': 'db1'}]}).status, 202)
    same(c.post(p + '/users', {'users': [
        {'name': 'u1', 'password': CANARY}]}).status, 202)
    same(c.put(p + '/users/u1/databases',
               {'databases': [{'name': 'db1'}]}).status, 202)
    same(c.delete(p + '/users/u1/databases/db1').status, 202)
    same(c.delete(p + '/users/u1').status, 202)
    same(c.delete(p + '/databases/db1').status, 202)
    same(c.post(p + '/root').status, 200)
    check(c.get(p + '/root').json['rootEnabled'] is True)
    same(c.delete(p + '/root').status, 204)
    same(c.post(p + '/action', {'restart': {}}).status, 202)
    until(20, lambda: c.show(id)['status'] == 'ACTIVE')
    same(c.put(p, {'instance': {}}).status, 202)
    same(c.delete(p).status, 202)
    c.gone(id)


@story
def the_sdks_own_spellings_are_taken(s):
    c = s.client('alice')
    id = c.create('sdk', 'null')
    c.active(id)
    p = '/instances/' + id
    same(c.post(p + '/databases', {'database': {'name': 'one'}}).status, 202)
    same(c.post(p + '/users', {'users': {
        'name': 'two', 'password': CANARY}}).status, 202)
    same(c.post(p + '/action', {'restart': None}).status, 202)
    until(20, lambda: c.show(id)['status'] == 'ACTIVE')
    same(c.post(p + '/root', {}).status, 200)
    c.remove(id)


@story
def a_delete_while_building_waits_its_turn_or_says_so(s):
    c = s.client('alice')
    id = c.create('hasty', 'null')
    a = c.delete('/instances/' + id)
    if a.status == 422:
        a.fault(422, 'unprocessableEntity')
        c.active(id)
        c.remove(id)
    else:
        same(a.status, 202, a)
        c.gone(id)


@story
def a_second_delete_gives_back_nothing_twice(s):
    c = s.client('alice')
    keep = c.create('keep', 'null')
    id = c.create('twice', 'null')
    c.active(keep)
    c.active(id)
    first = c.delete('/instances/' + id)
    second = c.delete('/instances/' + id)
    same(first.status, 202)
    check(second.status in (202, 404), second)
    c.gone(id)
    same(s.sql("SELECT instances, volumes FROM quotas WHERE tenant_id = '%s'"
               % c.tenant), [['1', '1']])
    c.remove(keep)


@story
def no_answer_has_a_second_array_beside_its_collection(s):
    c = s.client('alice')
    id = c.create('arrays', 'null', databases=[{'name': 'db1'}])
    c.active(id)
    for path, name in (('/instances', 'instances'),
                       ('/instances/%s/databases' % id, 'databases'),
                       ('/instances/%s/users' % id, 'users'),
                       ('/flavors', 'flavors'), ('/datastores', 'datastores'),
                       ('/limits', 'limits')):
        a = c.get(path)
        same([k for k, v in a.json.items() if isinstance(v, list) and
              not k.endswith('links')], [name])
    c.remove(id)


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'local.allow_root=yes'])
