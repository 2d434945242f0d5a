#!/usr/bin/python3
"""A tenant switches the logs of a real server on and off, and sees them grow;
the error log is the operator's.  Published, they lie where clients look, and
no line is there twice or not at all."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
import threading  # noqa: E402

PASSWORD = CANARY + 'logs'
it = {'n': 150}


def logs(c, id):
    a = c.get('/instances/%s/log' % id)
    same(a.status, 200, a)
    return {log['name']: log for log in a.json['logs']}


def act(c, name, **flags):
    return c.post('/instances/%s/log' % it['id'], dict(flags, name=name))


def agent_of(s):
    """Its process, as this host counts."""
    return [p for p in s.inside(it['id']) if command_line(p).startswith(
        b'/run/coffer-agent/coffer-agent')][0]


def query(s, sql):
    return it['alice'].query(it['alice'].show(it['id']), 'app', PASSWORD, sql)


@story
def a_member_sees_two_logs_that_are_off(s):
    c = it['alice'] = s.client('alice')
    id = it['id'] = c.create('talkative', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': PASSWORD, 'databases': [{'name': 'app'}]}])
    c.active(id)
    same(logs(c, id), {name: {
        'name': name, 'type': 'USER', 'status': 'Disabled', 'published': 0,
        'pending': 0, 'container': 'None', 'prefix': 'None',
        'metafile': '%s/mariadb-%s_metafile' % (id, name),
    } for name in ('general', 'slow_query')})
    same(logs(s.client('rita'), id).keys(), {'general', 'slow_query'})


@story
def the_operator_sees_the_error_log_too(s):
    error = logs(s.client('adam'), it['id'])['error']
    same((error['type'], error['status']), ('SYS', 'Ready'))
    check(error['pending'] > 100, error)


@story
def an_enabled_log_grows_with_what_is_asked(s):
    a = act(it['alice'], 'general', enable=1)
    same(a.status, 200, a)
    check(a.json['log']['status'] in ('Enabled', 'Ready'), a)
    before = logs(it['alice'], it['id'])['general']['pending']
    for _ in range(20):
        query(s, "SELECT 'something that can be counted'")
    now = logs(it['alice'], it['id'])['general']
    same(now['status'], 'Ready')
    check(now['pending'] > before + 20 * 30, before, now)
    a = act(it['alice'], 'slow_query', enable=1)
    same(a.status, 200, a)
    was = a.json['log']['pending']
    query(s, 'SET SESSION long_query_time = 0; SELECT SLEEP(0.01)')
    check(logs(it['alice'], it['id'])['slow_query']['pending'] > was)


@story
def a_disabled_log_grows_no_more(s):
    a = act(it['alice'], 'general', disable=1)
    same((a.status, a.json['log']['status']), (200, 'Disabled'))
    was = a.json['log']['pending']
    query(s, "SELECT 'nobody writes this down'")
    now = logs(it['alice'], it['id'])
    same((now['general']['status'], now['general']['pending']),
         ('Disabled', was))
    same(now['slow_query']['status'], 'Ready')


@story
def a_restart_keeps_what_was_wanted(s):
    c, id = it['alice'], it['id']
    same(c.post('/instances/%s/action' % id, {'restart': {}}).status, 202)
    c_show = lambda: c.show(id)['operating_status'] == 'HEALTHY'  # noqa
    until(60, c_show)
    now = logs(c, id)
    same((now['general']['status'], now['slow_query']['status']),
         ('Disabled', 'Ready'))


def objects(s, name, user='alice', manager='mariadb'):
    """What is published of a log: names, and for each its lines and text."""
    c = s.client(user)
    at = '/v1/AUTH_%s/database_logs' % c.tenant
    a = c.raw('GET', at + '?format=json&prefix=%s/%s-%s/' % (
        it['id'], manager, name))
    if a.status == 404:
        return []
    same(a.status, 200, a)
    found = []
    for row in sorted(a.json, key=lambda row: row['last_modified']):
        o = c.raw('GET', at + '/' + row['name'])
        same((o.status, len(o.raw)), (200, row['bytes']))
        check(re.fullmatch(r'.*/log-\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{6}',
                           row['name']), row)
        found.append((row['name'], int(o.headers['X-Object-Meta-Lines']),
                      o.raw))
    same([f[0] for f in found], sorted(f[0] for f in found))
    for _, lines, text in found:
        same(len(text.splitlines()), lines)
        check(text.endswith(b'\n'), text[-100:])
    return found


def marked(found):
    """Marks in a log, in the order in which they stand there."""
    return [int(n) for n in re.findall(
        rb'Query\s+SELECT .mark-(\d+)-', b''.join(f[2] for f in found))]


def mark(s, numbers, length=0):
    """In one session; too long for an argument."""
    query(s, 'SELECT 1')
    subprocess.run(
        ['mariadb', '--defaults-file=%s/client.cnf' % s.dir, 'app'],
        input=';\n'.join("SELECT 'mark-%d-%s'" % (n, 'x' * length)
                         for n in numbers), check=True, text=True,
        stdout=subprocess.DEVNULL)


def publish(name='general', user='alice', s=None, **flags):
    c = s.client(user) if s else it['alice']
    a = c.post('/instances/%s/log' % it['id'],
               dict(flags, name=name, publish=1))
    same(a.status, 200, a)
    return a.json['log']


def metafile(s, name='general'):
    c = it['alice']
    return c.raw('GET', '/v1/AUTH_%s/database_logs/%s/mariadb-%s_metafile' % (
        c.tenant, it['id'], name))


@story
def publishing_enables_and_puts_whole_lines_where_clients_look(s):
    same(objects(s, 'general'), [])
    log = publish()
    same((log['container'], log['prefix'], log['metafile']), (
        'database_logs', '%s/mariadb-general/' % it['id'],
        '%s/mariadb-general_metafile' % it['id']))
    check(log['status'] in ('Published', 'Partial'), log)
    mark(s, range(100))
    log = publish()
    same(marked(objects(s, 'general')), list(range(100)))
    meta = metafile(s).json
    same({k: meta[k] for k in ('log_name', 'log_type', 'log_file')}, {
        'log_name': 'general', 'log_type': 'USER',
        'log_file': 'log/general.log'})
    same((meta['log_size'], len(meta['log_header_digest'])),
         (log['published'], 32))
    same(sum(len(o[2]) for o in objects(s, 'general')), log['published'])


@story
def what_comes_next_goes_on_where_the_last_ended(s):
    was = objects(s, 'general')
    mark(s, range(100, 150))
    publish()
    now = objects(s, 'general')
    same(now[:len(was)], was)
    same(marked(now), list(range(150)))


@story
def a_log_that_is_disabled_is_published_all_the_same(s):
    log = publish(disable=1)
    same(log['status'], 'Disabled')
    mark(s, [9999])
    publish(disable=1)
    same(marked(objects(s, 'general')), list(range(150)))


@story
def a_log_that_grows_is_put_aside_and_no_line_is_lost_or_doubled(s):
    act(it['alice'], 'general', enable=1)
    volume = '/proc/%d/root/data/log' % agent_of(s)
    until(30, lambda: mark(s, range(it['n'], it['n'] + 8), 250000) or
          it.update(n=it['n'] + 8) or [f for f in os.listdir(volume)
                                       if f == 'general.log.1'])
    mark(s, range(it['n'], it['n'] + 20))
    log = logs(it['alice'], it['id'])['general']
    check(log['pending'] > 8 << 20, log)
    same(log['status'], 'Partial')
    publish()
    same(marked(objects(s, 'general')), list(range(it['n'] + 20)))
    check(max(len(o[2]) for o in objects(s, 'general')) <= 1000000)


@story
def an_agent_killed_in_the_middle_leaves_nothing_twice(s):
    first = it['n'] + 20
    for n in range(8):
        mark(s, range(first + 8 * n, first + 8 * n + 8), 100000)
    thread = threading.Thread(target=lambda: s.client('alice').post(
        '/instances/%s/log' % it['id'], {'name': 'general', 'publish': 1}))
    stored = '%s/storage/%s/database_logs' % (s.dir, it['alice'].tenant)
    had = len(os.listdir(stored))
    thread.start()
    end = time.monotonic() + 20
    while len(os.listdir(stored)) <= had + 2 and time.monotonic() < end:
        pass
    os.kill(agent_of(s), 9)
    thread.join()
    until(30, lambda: it['alice'].show(it['id'])[
        'operating_status'] == 'HEALTHY')
    publish()
    same(marked(objects(s, 'general')), list(range(first + 64)))


@story
def what_was_discarded_is_published_anew_as_far_as_it_is_there(s):
    a = act(it['alice'], 'general', discard=1)
    same((a.status, a.json['log']['published'], a.json['log']['container']),
         (200, 0, 'None'))
    check(a.json['log']['pending'] > 1 << 20, a)
    same((objects(s, 'general'), metafile(s).status), ([], 404))
    was = publish()
    n = marked(objects(s, 'general'))
    same(n, list(range(n[0], n[-1] + 1)))
    again = publish(discard=1)
    same(marked(objects(s, 'general'))[:len(n)], n)
    check(again['published'] >= was['published'], was, again)


@story
def the_error_log_goes_to_the_account_of_the_operator_who_asks(s):
    log = publish('error', 'root', s)
    same((log['type'], log['status']), ('SYS', 'Published'))
    check(b'ready for connections' in b''.join(
        o[2] for o in objects(s, 'error', 'root')))
    same(objects(s, 'error'), [])
    act(it['alice'], 'error', publish=1).fault(400, 'badRequest')


@story
def what_makes_no_sense_is_refused(s):
    c = it['alice']
    for name, flags in (
            ('general', {'enable': 1, 'disable': 1}), ('nope', {'enable': 1}),
            ('error', {'enable': 1}), ('error', {}), ('', {}),
            ('general', {'enable': 2}), ('general', {'enable': 'yes'})):
        act(c, name, **flags).fault(400, 'badRequest')
    for body in ({}, [], {'name': 5}, {'enable': 1}):
        c.post('/instances/%s/log' % it['id'], body).fault(400, 'badRequest')
    act(s.client('adam'), 'error', disable=1).fault(400, 'badRequest')
    same(logs(c, it['id'])['slow_query']['status'], 'Ready')
    s.client('rita').post('/instances/%s/log' % it['id'], {
        'name': 'general', 'enable': 1}).fault(403, 'forbidden')
    bob = s.client('bob')
    for id in (it['id'], 'dddddddd-0000-4000-8000-00000000dead'):
        bob.get('/instances/%s/log' % id).fault(404, 'itemNotFound')
        bob.post('/instances/%s/log' % id, {'name': 'general'}).fault(
            404, 'itemNotFound')

@story
def what_was_published_outlives_its_instance(s):
    was = objects(s, 'general')
    it['alice'].remove(it['id'])
    same(objects(s, 'general'), was)
    same(it['alice'].raw('DELETE', '/v1/AUTH_%s/database_logs/%s' % (
        it['alice'].tenant, was[0][0])).status, 204)
    same(objects(s, 'general'), was[1:])


@story
def what_is_too_old_goes_and_then_its_place(s):
    tenant = it['alice'].tenant
    at = '%s/storage/%s/database_logs/' % (s.dir, tenant)
    files = sorted(f for f in os.listdir(at) if 'mariadb-general%2Flog-' in f)
    young = objects(s, 'general')[1:]
    os.rename(at + files[0], at + re.sub(r'log-\d{4}', 'log-2020', files[0]))
    look = "UPDATE log_places SET look_at = now() WHERE tenant_id = '%s' " \
        "RETURNING prefix" % tenant
    same(len(s.sql(look)), 1)
    until(20, lambda: objects(s, 'general') == young)
    same(metafile(s).status, 200)
    for f in files[1:]:
        os.rename(at + f, at + re.sub(r'log-\d{4}', 'log-2020', f))
    s.sql(look)
    until(20, lambda: not s.sql("SELECT 1 FROM log_places WHERE tenant_id = "
                                "'%s'" % tenant))
    same((objects(s, 'general'), metafile(s).status), ([], 404))


main(settings=['logs.sweep=1'])
