#!/usr/bin/python3
"""Who may reach an instance, said the old way: groups and rules, and a real
server that hears exactly those it should."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

NOBODY = 'dddddddd-0000-4000-8000-00000000dead'
PASSWORD = CANARY + 'door'
it = {}


def groups(c):
    a = c.get('/security-groups')
    same(a.status, 200, a)
    return a.json['security_groups']


def rule(cidr, group=None):
    return it['alice'].post('/security-group-rules', {'security_group_rule': {
        'group_id': group or it['group'], 'cidr': cidr}})


def settled():
    """The change is a task; afterwards the next one is let in."""
    until(20, lambda: it['alice'].show(it['id'])['operating_status'] ==
          'HEALTHY')


def answers(wait=2):
    try:
        it['alice'].query(it['alice'].show(it['id']), 'app', PASSWORD,
                          'SELECT 1', wait=wait)
        return True
    except Failed:
        return False


def walls(s):
    """Only where instances have a network of their own can one be kept out."""
    if not it['alice'].show(it['id'])['ip'][0].startswith('10.'):
        raise Skip('instances have loopback addresses here')


@story
def an_instance_has_a_group_that_lets_everybody_in(s):
    c = it['alice'] = s.client('alice')
    id = it['id'] = c.create('guarded', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': PASSWORD, 'databases': [{'name': 'app'}]}])
    c.active(id)
    g, = groups(c)
    it['group'] = g['id']
    same((g['name'], g['description'], g['instance_id']),
         ('SecGroup_' + id, 'Security Group for ' + id, id))
    same([{k: r[k] for k in r if k != 'id'} for r in g['rules']], [
        {'protocol': 'tcp', 'from_port': 3306, 'to_port': 3306,
         'cidr': '0.0.0.0/0'}])
    same([link['rel'] for link in g['links']], ['self'])
    for name in (g['id'], id):
        same(c.get('/security-groups/' + name).json, {'security_group': g})
    check(answers())


@story
def without_a_rule_nobody_is_let_in(s):
    g, = groups(it['alice'])
    a = it['alice'].delete('/security-group-rules/' + g['rules'][0]['id'])
    same((a.status, a.raw), (204, b''))
    settled()
    same(groups(it['alice'])[0]['rules'], [])
    same(it['alice'].show(it['id'])['access'], {'allowed_cidrs': []})
    walls(s)
    check(not answers(), 'a closed door lets in')


@story
def a_rule_lets_in_whom_it_names_and_nobody_else(s):
    a = rule('198.51.100.0/24')
    same(a.status, 201, a)
    new, = a.json['security_group_rule']
    same((new['security_group_id'], new['cidr'], new['from_port']),
         (it['group'], '198.51.100.0/24', 3306))
    check(new['created'], new)
    settled()
    same([r['id'] for r in groups(it['alice'])[0]['rules']], [new['id']])
    walls(s)
    check(not answers(), 'a stranger is let in')
    same(rule('10.0.0.0/8').status, 201)
    settled()
    check(answers(5), 'its own network is kept out')
    for r in groups(it['alice'])[0]['rules']:
        if r['cidr'] == '10.0.0.0/8':
            same(it['alice'].delete('/security-group-rules/' +
                                    r['id']).status, 204)
    settled()
    check(not answers(), 'a removed rule lets in')


@story
def rules_and_access_are_one_thing(s):
    c = it['alice']
    cidrs = [r['cidr'] for r in groups(c)[0]['rules']]
    same(c.show(it['id'])['access']['allowed_cidrs'], cidrs)


@story
def what_makes_no_sense_changes_nothing(s):
    c, was = it['alice'], groups(it['alice'])
    for cidr in ('10.0.0.0/33', 'x', '', '10.0.0.256', '::/0',
                 was[0]['rules'][0]['cidr']):
        rule(cidr).fault(400, 'badRequest')
    for body in ({}, {'security_group_rule': {}},
                 {'security_group_rule': {'group_id': it['group']}},
                 {'security_group_rule': {'cidr': '10.0.0.0/8'}},
                 {'security_group_rule': []}):
        c.post('/security-group-rules', body).fault(400, 'badRequest')
    rule('10.0.0.0/8', NOBODY).fault(404, 'itemNotFound')
    for path in ('/security-groups/' + NOBODY, '/security-groups/x'):
        c.get(path).fault(404, 'itemNotFound')
    c.delete('/security-group-rules/' + NOBODY).fault(404, 'itemNotFound')
    same(groups(c), was)


@story
def other_projects_see_and_change_nothing(s):
    bob, was = s.client('bob'), groups(it['alice'])
    same(groups(bob), [])
    for id in (it['group'], it['id']):
        bob.get('/security-groups/' + id).fault(404, 'itemNotFound')
    bob.post('/security-group-rules', {'security_group_rule': {
        'group_id': it['group'], 'cidr': '203.0.113.0/24'}}).fault(
        404, 'itemNotFound')
    bob.delete('/security-group-rules/' + was[0]['rules'][0]['id']).fault(
        404, 'itemNotFound')
    rita = s.client('rita')
    same(groups(rita), was)
    rita.delete('/security-group-rules/' + was[0]['rules'][0]['id']).fault(
        403, 'forbidden')
    same(groups(it['alice']), was)


@story
def a_group_goes_with_its_instance(s):
    it['alice'].remove(it['id'])
    same(groups(it['alice']), [])


main()
