#!/usr/bin/python3
"""A member's whole story: create, connect, databases, users, access, root,
restart, rename, delete, with a real MariaDB at the other end."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App1'
SECOND = CANARY + 'Second2'
story_id = {}


def alice(s):
    if 'client' not in story_id:
        story_id['client'] = s.client('alice')
    return story_id['client']


def this(s):
    return '/instances/' + story_id['id']


@story
def a_create_is_answered_at_once_and_becomes_active(s):
    c = alice(s)
    story_id['id'] = c.create(
        'first', databases=[{'name': 'app', 'character_set': 'utf8mb4'}],
        users=[{'name': 'app', 'password': APP,
                'databases': [{'name': 'app'}]}])
    i = story_id['instance'] = c.active(story_id['id'])
    same(i['name'], 'first')
    same(i['flavor']['id'], '1')
    same(i['volume']['size'], 1)
    same(i['datastore']['type'], 'mariadb')
    same([a['address'] for a in i['addresses']], i['ip'])


@story
def the_user_reaches_the_database_over_the_network(s):
    i = story_id['instance']
    rows = alice(s).query(i, 'app', APP,
                          'CREATE TABLE t (n int); INSERT INTO t VALUES (7);'
                          'SELECT n FROM t')
    same(rows, [['7']])


@story
def progress_is_shown_step_by_step(s):
    c = alice(s)
    tasks = c.tasks(story_id['id'])
    same(len(tasks), 1)
    t = tasks[0]
    same((t['kind'], t['status']), ('create', 'SUCCEEDED'))
    a = c.get(this(s) + '/tasks/' + t['id'])
    same(a.status, 200)
    same(a.json['task']['id'], t['id'])


@story
def databases_come_and_go(s):
    c = alice(s)
    a = c.post(this(s) + '/databases', {'databases': [
        {'name': 'more'}, {'name': 'greek', 'character_set': 'utf8mb4',
                           'collate': 'utf8mb4_bin'}]})
    same(a.status, 202, a)
    same(a.raw, b'')
    a = c.get(this(s) + '/databases')
    same(a.status, 200, a)
    same([d['name'] for d in a.json['databases']], ['app', 'greek', 'more'])
    c.post(this(s) + '/databases', {'databases': [{'name': 'app'}]}) \
        .fault(400, 'badRequest')
    same(c.delete(this(s) + '/databases/greek').status, 202)
    a = c.get(this(s) + '/databases')
    same([d['name'] for d in a.json['databases']], ['app', 'more'])
    c.delete(this(s) + '/databases/greek').fault(404, 'itemNotFound')
    c.delete(this(s) + '/databases/mysql').fault(400, 'badRequest')


@story
def a_list_of_databases_is_paged(s):
    c = alice(s)
    a = c.get(this(s) + '/databases?limit=1')
    same([d['name'] for d in a.json['databases']], ['app'])
    same(a.json['links'], a.json['databases_links'])
    href = a.json['links'][0]['href']
    same(a.json['links'][0]['rel'], 'next')
    check(href.startswith('http://127.0.0.1:%d/v1.0/' % s.port), href)
    marker = re.search(r'marker=([^&]*)', href).group(1)
    a = c.get(this(s) + '/databases?limit=1&marker=' + marker)
    same([d['name'] for d in a.json['databases']], ['more'])
    check('links' not in a.json, a)


@story
def users_come_and_go(s):
    c = alice(s)
    a = c.post(this(s) + '/users', {'users': [
        {'name': 'second', 'password': SECOND, 'host': '10.%',
         'databases': [{'name': 'more'}]},
        {'name': 'third', 'password': CANARY + '3'}]})
    same(a.status, 202, a)
    a = c.get(this(s) + '/users')
    same([(u['name'], u['host'], [d['name'] for d in u['databases']])
          for u in a.json['users']],
         [('app', '%', ['app']), ('second', '10.%', ['more']),
          ('third', '%', [])])
    a = c.get(this(s) + '/users/second%4010%2e%25')
    same(a.status, 200, a)
    same(a.json['user']['host'], '10.%')
    c.get(this(s) + '/users/second').fault(404, 'itemNotFound')
    c.post(this(s) + '/users', {'users': [
        {'name': 'third', 'password': CANARY + '3'}]}).fault(400, 'badRequest')
    same(c.delete(this(s) + '/users/second%4010%2e%25').status, 202)
    c.get(this(s) + '/users/second%4010%2e%25').fault(404, 'itemNotFound')
    c.post(this(s) + '/users', {'users': [
        {'name': 'os_admin', 'password': CANARY}]}).fault(400, 'badRequest')


@story
def access_is_granted_and_taken_back(s):
    c, i = alice(s), story_id['instance']
    mine = this(s) + '/users/third/databases'
    pw = CANARY + '3'
    try:
        c.query(i, 'third', pw, 'SELECT n FROM t')
        check(False, 'third reads app before it was granted')
    except Failed as e:
        check('denied' in str(e), e)
    same(c.put(mine, {'databases': [{'name': 'app'}]}).status, 202)
    same(c.get(mine).json['databases'], [{'name': 'app'}])
    same(c.query(i, 'third', pw, 'SELECT n FROM t'), [['7']])
    same(c.delete(mine + '/app').status, 202)
    same(c.get(mine).json['databases'], [])
    c.delete(mine + '/app').fault(404, 'itemNotFound')


@story
def passwords_and_names_of_users_change(s):
    c, i = alice(s), story_id['instance']
    new = CANARY + 'New'
    a = c.put(this(s) + '/users', {'users': [
        {'name': 'app', 'password': new}]})
    same(a.status, 202, a)
    same(c.query(i, 'app', new, 'SELECT 1'), [['1']])
    a = c.put(this(s) + '/users/app', {'user': {'name': 'renamed',
                                                'password': APP}})
    same(a.status, 202, a)
    same(c.query(i, 'renamed', APP, 'SELECT n FROM t'), [['7']])
    a = c.put(this(s) + '/users/renamed', {'user': {'name': 'app'}})
    same(a.status, 202, a)
    same(c.query(i, 'app', APP, 'SELECT n FROM t'), [['7']])
    c.put(this(s) + '/users/nobody', {'user': {'name': 'x1'}}) \
        .fault(404, 'itemNotFound')


@story
def root_is_enabled_and_disabled(s):
    c, i = alice(s), story_id['instance']
    same(c.get(this(s) + '/root').json, {'rootEnabled': False})
    c.delete(this(s) + '/root').fault(404, 'itemNotFound')
    a = c.root_enabled(i['id'])
    same(a.json['user']['name'], 'root')
    pw = a.json['user']['password']
    same(c.get(this(s) + '/root').json, {'rootEnabled': True})
    same(c.query(i, 'root', pw, 'SELECT count(*) > 0 FROM mysql.user',
                 'mysql'), [['1']])
    for attempt in ("SELECT load_file('/data/agent.conf')",
                    "SELECT load_file('/etc/passwd')"):
        same(c.query(i, 'root', pw, attempt, 'mysql'), [['NULL']], attempt)
    a = c.post(this(s) + '/root', {'password': CANARY + 'root'})
    same(a.json['user']['password'], CANARY + 'root', a)
    same(c.query(i, 'root', CANARY + 'root', 'SELECT 1', 'mysql'), [['1']])
    a = c.delete(this(s) + '/root')
    same((a.status, a.raw), (204, b''))
    same(c.get(this(s) + '/root').json, {'rootEnabled': False})
    try:
        c.query(i, 'root', CANARY + 'root', 'SELECT 1', 'mysql')
        check(False, 'root still logs in')
    except Failed as e:
        check('denied' in str(e), e)


@story
def a_restart_keeps_the_data(s):
    c, i = alice(s), story_id['instance']
    before = c.query(i, 'app', APP, "SHOW STATUS LIKE 'Uptime'")
    a = c.post(this(s) + '/action', {'restart': {}})
    same(a.status, 202, a)
    check(c.show(story_id['id'])['status'] in ('REBOOT', 'ACTIVE'))
    until(30, lambda: c.tasks(story_id['id'])[0]['status'] == 'SUCCEEDED')
    until(30, lambda: c.show(story_id['id'])['operating_status'] == 'HEALTHY')
    same(c.query(i, 'app', APP, 'SELECT n FROM t'), [['7']])
    after = c.query(i, 'app', APP, "SHOW STATUS LIKE 'Uptime'")
    check(int(after[0][1]) <= int(before[0][1]) + 1, before, after)


@story
def a_name_changes_by_put_and_by_patch(s):
    c = alice(s)
    same(c.put(this(s), {'instance': {'name': 'second'}}).status, 202)
    same(c.show(story_id['id'])['name'], 'second')
    same(c.patch(this(s), {'instance': {'name': 'first'}}).status, 202)
    same(c.show(story_id['id'])['name'], 'first')


@story
def what_is_used_of_the_volume_is_shown(s):
    v = until(20, lambda: (lambda v: v if 'used' in v else None)(
        alice(s).show(story_id['id'])['volume']))
    own = 'volumes directory' not in s.log('worker-1')
    check(0 < v['used'] and (v['used'] < 1 or not own), v)


@story
def a_deleted_instance_is_shutdown_until_it_is_gone(s):
    c = alice(s)
    address = story_id['instance']['ip'][0]
    c.remove(story_id['id'])
    same(c.get('/instances').json['instances'], [])
    try:
        c.query(story_id['instance'], 'app', APP, 'SELECT 1', wait=1)
        check(False, address, 'still answers')
    except Failed as e:
        check('SQL' in str(e), e)
    same(s.one('SELECT count(*) FROM slots'), '0')
    left = [os.path.join(d, f) for d, _, fs in os.walk(s.dir + '/local')
            for f in fs if story_id['id'] in os.path.join(d, f)]
    same(left, [], 'files left')


if __name__ == '__main__':
    main()
