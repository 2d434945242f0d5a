#!/usr/bin/python3
"""Where the operator names a MySQL, it serves who asks for MySQL."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App91'
HOME = subprocess.run([os.path.join(TOP, 'dev', 'mysql')], text=True,
                      stdout=subprocess.PIPE).stdout.strip()
it = {}


def rows(sql, **more):
    return it['c'].query(it['instance'], 'app', APP, sql, **more)


@story
def a_create_becomes_active_and_its_user_gets_in(s):
    c = it['c'] = s.client('alice')
    it['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    i = it['instance'] = c.active(it['id'])
    same(i['datastore']['type'], 'mysql')
    same(i['datastore']['version'], '5.6.24')
    check(rows('SELECT VERSION()')[0][0].startswith('5.6.24'))
    rows('CREATE TABLE t (n int); INSERT INTO t VALUES (7)')
    same(rows('SELECT n FROM t'), [['7']])


main(['local.mysql=' + HOME], datastore='mysql', needs=lambda:
     None if HOME else 'no MySQL is here: dev/mysql --fetch')
