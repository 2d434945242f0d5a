#!/usr/bin/python3
"""What happens is told: in order, without gaps, to the project it belongs to,
in a log that may be rotated, and without a secret in it."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

import threading  # noqa: E402

mine = {}


def alice(s):
    if 'c' not in mine:
        mine['c'] = s.client('alice')
        mine['c'].login()
    return mine['c']


def after(c, marker=None, limit=20):
    """All events from a marker on, page by page."""
    got = []
    while True:
        q = '?limit=%d' % limit + ('&marker=' + marker if marker else '')
        a = c.get('/events' + q)
        same(a.status, 200, a)
        page = a.json['events']
        got += page
        if 'events_links' not in a.json:
            return got
        same(len(page), limit)
        check('marker=' + page[-1]['id'] in a.json['events_links'][0]['href'],
              a.json['events_links'])
        marker = page[-1]['id']


def types(events):
    return [e['event_type'] for e in events]


def seen(s, c, wanted, marker=None):
    """Wait for an event type; all events."""
    def there():
        got = after(c, marker)
        return got if wanted in types(got) else None
    return until(10, there, wanted)


@story
def a_life_is_told_in_order(s):
    c = alice(s)
    id = mine['id'] = c.create('told', 'null')
    c.active(id)
    a = c.post('/instances/%s/databases' % id,
               {'databases': [{'name': 'one'}, {'name': 'two'}]})
    same(a.status, 202, a)
    a = c.post('/instances/%s/users' % id, {'users': [
        {'name': 'app', 'password': CANARY + 'x', 'databases': []}]})
    same(a.status, 202, a)
    same(c.put('/instances/' + id, {'instance': {'name': 'renamed'}}).status,
         202)
    same(c.post('/instances/%s/action' % id, {'restart': {}}).status, 202)
    until(20, lambda: c.show(id)['status'] == 'ACTIVE')
    c.remove(id)
    got = seen(s, c, 'trove.instance.delete')
    got = seen(s, c, 'dbaas.instance_delete.end')
    t = types(got)
    order = ['dbaas.instance_create.start', 'trove.instance.create',
             'dbaas.database_create.start', 'dbaas.database_create.end',
             'dbaas.user_create.start', 'dbaas.user_create.end',
             'coffer.instance.update', 'dbaas.instance_restart.start',
             'dbaas.instance_restart.end', 'dbaas.instance_delete.start',
             'trove.instance.delete']
    at = [t.index(x) for x in order]
    same(at, sorted(at), t)
    check('dbaas.instance_create.end' in t and
          'coffer.instance.state' in t and 'coffer.instance.guest' in t, t)
    by = {e['event_type']: e for e in got}
    start = by['dbaas.instance_create.start']['payload']
    for k, v in (('name', 'told'), ('flavor_id', '1'), ('volume_size', 1),
                 ('datastore', 'null'), ('tenant_id', c.tenant),
                 ('server_type', 'api'), ('client_ip', '127.0.0.1')):
        same(start.get(k), v, k, start)
    check(start['request_id'].startswith('req-'), start)
    end = by['dbaas.instance_create.end']['payload']
    same(end['instance_id'], id)
    same(end['server_type'], 'taskmanager')
    for k in start:
        check(k in end, k, 'of start is not in end', end)
    same(by['dbaas.database_create.start']['payload']['dbname'], 'one.two')
    same(by['dbaas.user_create.end']['payload']['username'], 'app')
    same(by['coffer.instance.update']['payload'].get('name'), 'renamed',
         by['coffer.instance.update'])
    usage = by['trove.instance.create']['payload']
    for k in ('created_at', 'launched_at', 'instance_type_id', 'instance_size',
              'instance_type', 'nova_instance_id', 'state', 'service_id',
              'volume_size', 'user_id', 'region'):
        check(usage.get(k) is not None, k, usage)
    for e in got:
        check(re.match(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$',
                       e['timestamp']), e)
        same(e['priority'], 'INFO')


@story
def a_changed_quota_is_told_and_a_charge_is_not(s):
    c, admin = alice(s), s.client('adam')
    before = after(c)[-1]['id']
    for _ in range(2):
        a = admin.put('/mgmt/quotas/' + c.tenant,
                      {'quotas': {'instances': 30, 'volumes': -1}})
        same(a.status, 200, a)
    id = c.create('charged', 'null')
    c.active(id)
    c.remove(id)
    got = seen(s, c, 'dbaas.instance_delete.end', before)
    told = [e['payload'] for e in got
            if e['event_type'] == 'coffer.quota.update']
    same([(p['instances'], p['volumes'], p['ram']) for p in told],
         [(30, -1, None)])
    same(told[0]['user_id'], admin.login().json['token']['user']['id'])


@story
def a_reader_goes_on_where_it_was(s):
    c = alice(s)
    all = after(c)
    for limit in (1, 3, 20):
        same(after(c, limit=limit), all)
    half = all[len(all) // 2]['id']
    same(after(c, half), all[len(all) // 2 + 1:])
    same(after(c, all[-1]['id']), [])
    for bad in ('x', '-1', '1.x', '1.2.3', '9' * 30, "1'", '..'):
        c.get('/events?marker=' + bad).fault(400, 'badRequest')
    c.get('/events?limit=0').fault(400, 'badRequest')


@story
def another_project_sees_its_own(s):
    alice(s)
    got = after(s.client('bob'))
    check(all(e['payload']['tenant_id'] != mine['c'].tenant for e in got))
    check(mine['id'] not in json.dumps(got))
    same(len(got), 0)


@story
def what_is_committed_late_is_not_missed(s):
    """A transaction that began first and ends last does not slip behind."""
    c = alice(s)
    last = after(c)[-1]['id']
    slow = threading.Thread(target=s.sql, args=(
        "BEGIN; INSERT INTO events (tenant_id, type, payload) VALUES ('%s',"
        " 'test.slow', '{}'); SELECT pg_sleep(2); COMMIT" % c.tenant,))
    slow.start()
    until(5, lambda: s.one("SELECT count(*) FROM pg_stat_activity WHERE"
                           " wait_event = 'PgSleep'") == '1')
    s.sql("INSERT INTO events (tenant_id, type, payload) VALUES ('%s',"
          " 'test.quick', '{}')" % c.tenant)
    got = []
    while slow.is_alive() or 'test.quick' not in types(got):
        page = after(c, got[-1]['id'] if got else last)
        got += page
        time.sleep(0.05)
    slow.join()
    got += after(c, got[-1]['id'])
    t = [x for x in types(got) if x.startswith('test.')]
    same(t, ['test.slow', 'test.quick'])


@story
def the_log_has_every_event_also_when_it_is_rotated(s):
    c = alice(s)
    path = s.dir + '/events.log'

    def lines():
        out = []
        for name in (path + '.1', path):
            if os.path.exists(name):
                out += [json.loads(x) for x in open(name)]
        return out
    until(10, lambda: 'test.quick' in types(lines()))
    os.rename(path, path + '.1')
    id = c.create('rotated', 'null')
    c.active(id)
    c.remove(id)
    seen(s, c, 'dbaas.instance_delete.end', after(c)[0]['id'])
    want = {e['id'] for e in after(c)}
    until(10, lambda: want <= {e['id'] for e in lines()})
    check(os.path.exists(path), 'a new file')
    got = [e['id'] for e in lines()]
    same(len(got), len(set(got)))
    same([e for e in lines() if e['id'] in want], after(c))


def kill_again(s, name):
    """Once it runs: its supervisor may just be starting it."""
    def killed():
        try:
            s.kill(name)
            return True
        except Failed:
            return False
    until(10, killed, name, 'runs')


@story
def workers_killed_while_they_write_lose_nothing(s):
    c = alice(s)
    for n in range(4):
        s.sql("INSERT INTO events (tenant_id, type, payload) SELECT '%s',"
              " 'test.many', '{}' FROM generate_series(1, 3000)" % c.tenant)
        time.sleep(0.3 * n)
        kill_again(s, 'worker-1')
        kill_again(s, 'worker-2')
    count = int(s.one("SELECT count(*) FROM events"))

    def all():
        return len({json.loads(x)['id'] for x in open(s.dir + '/events.log')} |
                   {json.loads(x)['id'] for x in
                    open(s.dir + '/events.log.1')}) >= count
    until(30, all)


@story
def no_event_holds_a_secret(s):
    same(s.one("SELECT count(*) FROM events WHERE payload::text LIKE '%%%s%%'"
               % CANARY), '0')
    for name in ('events.log', 'events.log.1'):
        check(CANARY not in open(s.dir + '/' + name).read())


if __name__ == '__main__':
    folder = os.environ.setdefault(
        'STACK_DIR', '/tmp/coffer-t-0053-%d' % os.getpid())
    main(settings=['local.filesystem=directory',
                   'events.log=%s/events.log' % folder])
