#!/usr/bin/python3
"""The identity of a cloud: Keystone says who calls, and may be away."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from keystone import Keystone  # noqa: E402

P1, P2 = '1' * 32, '2' * 32
K = Keystone()


class Caller(Client):
    """Somebody with a token of the cloud."""

    def __init__(self, stack, project, token):
        super().__init__(stack, 'cloud', '', project)
        self._token, self._id = token, project


def caller(s, user='alice', project=P1, roles=('member',), **more):
    return Caller(s, project, K.token(user, project, list(roles), **more))


@story
def a_token_of_the_cloud_opens_its_own_project(s):
    c = caller(s)
    same(c.get('/instances').status, 200)
    id = c.create('db')
    same(c.show(id)['name'], 'db')
    same(caller(s, 'bob', P2).get('/instances/' + id).status, 404)
    other = Caller(s, P2, c.token)
    other.get('/instances').fault(403, 'forbidden')
    until(20, lambda: c.show(id)['status'] == 'ACTIVE', 'active')
    c.remove(id)


@story
def roles_decide_what_may_be_done(s):
    reader = caller(s, 'rita', roles=['reader'])
    same(reader.get('/instances').status, 200)
    reader.post('/instances', {'instance': {
        'name': 'x', 'flavorRef': '1', 'volume': {'size': 1}}}).fault(
            403, 'forbidden')
    caller(s, 'eve', roles=['auditor']).get('/instances').fault(
        403, 'forbidden')
    same(caller(s, 'root', roles=['admin']).get('/mgmt/instances').status,
         200)
    caller(s).get('/mgmt/instances').fault(401, 'unauthorized')


@story
def tokens_of_trusts_and_application_credentials_are_like_any_other(s):
    trust = caller(s, **{'OS-TRUST:trust': {
        'id': 't', 'impersonation': True, 'trustee_user': {'id': 'x'},
        'trustor_user': {'id': 'alice'}}})
    same(trust.get('/instances').status, 200)
    credential = caller(s, methods=['application_credential'],
                        application_credential={
                            'id': 'a', 'name': 'ci', 'restricted': True})
    same(credential.get('/instances').status, 200)


@story
def strangers_are_told_where_to_log_in(s):
    for token in (None, 'garbage', 'x' * 9000, 'a b\tc'):
        a = Caller(s, P1, token).get('/instances', token=token)
        a.fault(401, 'error')
        same(a.headers['WWW-Authenticate'], 'Keystone uri="%s"' % K.url)


@story
def nobody_logs_in_here(s):
    c = caller(s)
    for method, path in (('GET', '/v3'), ('GET', '/v3/auth/tokens'),
                         ('POST', '/v3/auth/tokens')):
        a = c.raw(method, path, {} if method == 'POST' else None,
                  headers={'X-Subject-Token': c.token})
        same(a.status, 404, method, path, a)


@story
def keystone_is_asked_once_for_a_while(s):
    c = caller(s)
    c.get('/instances')
    asked = K.asked
    for _ in range(5):
        same(c.get('/instances').status, 200)
    check(K.asked <= asked + 1, K.asked, asked)


@story
def a_revoked_token_is_useless_after_the_cache(s):
    c = caller(s)
    same(c.get('/instances').status, 200)
    K.revoke(c.token)
    until(4, lambda: c.get('/instances').status == 401, 'refused')


@story
def a_service_vouches_for_what_ran_out_on_the_way(s):
    late = caller(s, seconds=-60)
    late.get('/instances').fault(401, 'error')
    service = K.token('nova', 'service', ['service'])
    same(late.get('/instances',
                  headers={'X-Service-Token': service}).status, 200)
    other = K.token('bob', P2, ['member'])
    late.get('/instances', headers={'X-Service-Token': other}).fault(
        401, 'error')
    caller(s).get('/instances', headers={'X-Service-Token': 'junk'}).fault(
        401, 'error')


@story
def our_own_account_logs_in_again_when_it_must(s):
    K.forget_logins()
    logins = K.logins
    same(caller(s).get('/instances').status, 200)
    check(K.logins > logins, K.logins)


@story
def a_keystone_that_is_away_is_no_hang_and_no_refusal(s):
    known = caller(s)
    same(known.get('/instances').status, 200)
    K.away(True)
    began = time.monotonic()
    for _ in range(5):
        a = caller(s).get('/instances')
        a.fault(503, 'serviceUnavailable')
        check(int(a.headers['Retry-After']) > 0, a.headers)
    check(time.monotonic() - began < 5)
    same(known.get('/instances').status, 200)	# still believed
    K.away(False)
    until(5, lambda: caller(s).get('/instances').status == 200, 'back')


@story
def a_keystone_that_hangs_holds_nobody_for_long(s):
    K.hang = 30
    began = time.monotonic()
    caller(s).get('/instances').fault(503, 'serviceUnavailable')
    check(time.monotonic() - began < 8, time.monotonic() - began)
    K.hang = 0
    until(10, lambda: caller(s).get('/instances').status == 200, 'back')


@story
def no_secret_of_the_cloud_is_in_a_log(s):
    for service in ('api-main', 'api-guest'):
        log = s.log(service)
        check(Keystone.PASSWORD not in log)
        check('gAAAAA' not in log)


main(settings=['identity.driver=keystone', 'keystone.auth_url=' + K.url,
               'keystone.user=' + K.USER, 'keystone.password=' + K.PASSWORD,
               'keystone.timeout=2', 'compute.driver=null',
               'volume.driver=null', 'network.driver=null'],
     datastore='null')
