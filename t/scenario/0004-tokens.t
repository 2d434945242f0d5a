#!/usr/bin/python3
"""Tokens: issued, checked, scoped, expired, revoked; and who a caller is not."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

from http.client import HTTPConnection  # noqa: E402


def auth(c, identity, scope=None, **kw):
    body = {'auth': {'identity': identity}}
    if scope:
        body['auth']['scope'] = scope
    return c.raw('POST', '/v3/auth/tokens', body, token=None, **kw)


def password(user, pw):
    return {'methods': ['password'], 'password': {'user': {
        'name': user, 'domain': {'name': 'Default'}, 'password': pw}}}


@story
def a_token_says_who_where_and_until_when(s):
    c = s.client('alice')
    a = c.login()
    t = a.json['token']
    same(t['user']['name'], 'alice')
    same(t['project']['name'], 'alpha')
    same([r['name'] for r in t['roles']], ['member'])
    kinds = {e['type'] for e in t['catalog']}
    check({'identity', 'database'} <= kinds, kinds)
    for e in t['catalog']:
        for p in e['endpoints']:
            check(p['url'].startswith('http://127.0.0.1:%d/' % s.port), p)
    check(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z',
                       t['expires_at']), t['expires_at'])


@story
def a_token_can_be_looked_at_and_checked(s):
    c = s.client('alice')
    h = {'X-Subject-Token': c.token}
    a = c.raw('GET', '/v3/auth/tokens', headers=h)
    same(a.status, 200, a)
    same(a.json['token']['user']['name'], 'alice')
    same(c.raw('HEAD', '/v3/auth/tokens', headers=h).status, 200)
    a = c.raw('GET', '/v3/auth/tokens',
              headers={'X-Subject-Token': 'gAAAAA' + 'x' * 60})
    check(a.status in (403, 404), a)


@story
def a_wrong_password_and_an_unknown_user_get_the_same_401(s):
    c = s.client('alice')
    one = auth(c, password('alice', CANARY + 'wrong'))
    two = auth(c, password('nobody-' + 'x' * 20, CANARY + 'wrong'))
    same(one.status, 401, one)
    same(two.status, 401, two)
    same(one.json, two.json)


@story
def an_unscoped_token_is_scoped_by_the_token_method(s):
    c = s.client('alice')
    pw = s.passwords['alice'][0]
    a = auth(c, password('alice', pw))
    same(a.status, 201, a)
    unscoped = a.headers['X-Subject-Token']
    same(c.raw('GET', '/v1.0/%s/instances' % c.tenant,
               token=unscoped).status, 403)
    a = auth(c, {'methods': ['token'], 'token': {'id': unscoped}},
             {'project': {'id': c.tenant}})
    same(a.status, 201, a)
    same(c.raw('GET', '/v1.0/%s/instances' % c.tenant,
               token=a.headers['X-Subject-Token']).status, 200)
    a = auth(c, {'methods': ['token'], 'token': {'id': unscoped}},
             {'project': {'id': s.client('bob').tenant}})
    same(a.status, 401, 'scoped to a project without a role', a)


@story
def no_token_and_a_made_up_token_are_401(s):
    c = s.client('alice')
    for t in (None, 'x', 'gAAAAA' + 'B' * 180, '../../etc/passwd', '%00',
              'a' * 8000):
        a = c.raw('GET', '/v1.0/%s/instances' % c.tenant, token=t)
        same(a.status, 401, repr(t)[:20], a)
        check(a.headers['WWW-Authenticate'].startswith('Keystone uri='), a)
        check(isinstance(a.json, dict), a)


@story
def a_token_is_for_its_own_project(s):
    a, b = s.client('alice'), s.client('bob')
    same(a.raw('GET', '/v1.0/%s/instances' % b.tenant).status, 403)
    same(s.client('adam').raw('GET', '/v1.0/%s/instances' % b.tenant).status,
         403)


@story
def identity_headers_of_a_client_mean_nothing(s):
    c = s.client('rita')
    forged = {'X-Roles': 'admin', 'X-Role': 'admin', 'X-Project-Id': 'x',
              'X-Is-Admin-Project': 'True', 'X-Identity-Status': 'Confirmed',
              'X-User-Id': 'root', 'X_ROLES': 'admin'}
    a = c.post('/instances', {'instance': {
        'name': 'x1', 'flavorRef': '1', 'volume': {'size': 1},
        'datastore': {'type': 'null'}}}, headers=forged)
    same(a.status, 403, a)
    a = c.raw('GET', '/v1.0/%s/instances' % c.tenant, token=None,
              headers=forged)
    same(a.status, 401, a)


@story
def a_revoked_token_ends_within_the_stated_time(s):
    c = s.client('alice')
    c.login()
    path = '/v1.0/%s/instances' % c.tenant
    dead = c.token
    same(c.raw('GET', path).status, 200)
    a = c.raw('DELETE', '/v3/auth/tokens', headers={'X-Subject-Token': dead})
    same(a.status, 204, a)
    until(3, lambda: c.raw('GET', path, token=dead).status == 401,
          'identity.cache is 2')
    for _ in range(20):
        same(c.raw('GET', path, token=dead).status, 401)


@story
def a_disabled_user_is_out_within_the_stated_time(s):
    s.user('dora', 'alpha', 'member')
    c = s.client('dora')
    same(c.get('/instances').status, 200)
    s.coffer('user', 'disable', 'dora')
    until(3, lambda: c.get('/instances').status == 401)
    same(auth(c, password('dora', s.passwords['dora'][0])).status, 401)


@story
def a_token_expires(s):
    c = s.client('bob')
    c.login()
    same(c.get('/instances').status, 200)
    s.sql("UPDATE tokens SET expires = now() WHERE project_id = '%s'"
          % c.tenant)
    until(3, lambda: c.get('/instances').status == 401)


@story
def tokens_are_nowhere_in_the_store(s):
    c = s.client('alice')
    c.login()
    dump = s.run('sql', '-At', '-c', 'SELECT * FROM tokens')
    check(c.token not in dump and c.token[6:40] not in dump)
    for service in s.services():
        if service != 'pg':
            check(c.token[6:40] not in s.log(service), service)


@story
def a_login_body_that_is_no_login_is_400(s):
    c = s.client('alice')
    for body in ({}, {'auth': {}}, {'auth': {'identity': {}}},
                 {'auth': {'identity': {'methods': ['totp']}}},
                 {'auth': {'identity': {'methods': ['password']}}},
                 {'auth': {'identity': {'methods': 'password'}}}, [], 'x', '{'):
        a = c.raw('POST', '/v3/auth/tokens', body, token=None)
        check(a.status in (400, 401), body, a)
        check(isinstance(a.json, dict), a)


if __name__ == '__main__':
    main()
