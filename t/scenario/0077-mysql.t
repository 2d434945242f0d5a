#!/usr/bin/python3
"""Who asks for MySQL gets one by that name, served by the server that is
there; what its names may be is MySQL's."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App73'
it = {}


@story
def a_create_becomes_active_and_its_user_gets_in(s):
    c = it['c'] = s.client('alice')
    it['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    i = it['instance'] = c.active(it['id'])
    same(i['datastore']['type'], 'mysql')
    same(c.query(i, 'app', APP, 'CREATE TABLE t (n int);'
                 'INSERT INTO t VALUES (7); SELECT n FROM t'), [['7']])


@story
def names_of_users_are_as_long_as_mysql_has_them(s):
    c, users = it['c'], '/instances/%s/users' % it['id']
    a = c.post(users, {'users': [{'name': 'u' * 17, 'password': APP}]})
    check('Max length = 16' in a.fault(400, 'badRequest'))
    same(c.post(users, {'users': [{'name': 'u' * 16, 'password': APP,
                                   'databases': [{'name': 'app'}]}]}).status,
         202)
    same(c.query(it['instance'], 'u' * 16, APP, 'SELECT n FROM t'), [['7']])


@story
def a_killed_server_comes_back_with_its_data(s):
    c = it['c']
    os.kill([p for p, n in s.inside(it['id']).items() if n == 'mariadbd'][0],
            signal.SIGKILL)

    def back():
        try:
            return c.query(it['instance'], 'app', APP, 'SELECT n FROM t',
                           wait=1) == [['7']]
        except Failed:
            return False
    until(20, back)
    c.remove(it['id'])


main(datastore='mysql')
