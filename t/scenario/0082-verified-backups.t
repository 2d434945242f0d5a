#!/usr/bin/python3
"""Backups are tried by themselves: each engine's is restored where nobody sees
it, checked, compared with what was there, and what is no good is told."""
import os
import sys
import threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App82'
ENGINES = ('mariadb', 'postgresql', 'redis')
it = {}


def user(engine):
    u = {'name': 'app', 'password': APP}
    return u if engine == 'redis' else dict(u, databases=[{'name': 'app'}])


class Busy(threading.Thread):
    """A queue: what is put in is taken out at once."""

    def __init__(self, engine):
        super().__init__(daemon=True)
        self.engine, self.over, self.rounds = engine, False, 0
        self.start()
        until(10, lambda: self.rounds > 1)

    def run(self):
        while not self.over:
            if self.engine == 'redis':
                # without a pause that a backup fits into
                redis(it['redis'], 'app', APP, '-r', '5000', 'SET', 'busy', 'yes')
            else:
                it['c'].query(it[self.engine], 'app', APP, 'INSERT INTO queue '
                              'VALUES (1); DELETE FROM queue; INSERT INTO '
                              'busy VALUES (1)')
            self.rounds += 1

    def end(self):
        self.over = True
        self.join()


def backup(engine, name, **more):
    a = it['c'].post('/backups', {'backup': dict(
        {'name': name, 'instance': it[engine]['id']}, **more)})
    same(a.status, 202, a)
    return a.json['backup']['id']


def state(id):
    return it['c'].get('/backups/' + id).json['backup']


def tried(id, seconds=40):
    return until(seconds, lambda: next(
        (b for b in [state(id)] if b['verified'] is not None or
         b['status'] == 'FAILED'), None), 'tried', id)


def parts(s, id):
    """What is known of a backup's data: {name: is there a sum}."""
    text = s.one("SELECT digest FROM backups WHERE id = '%s'" % id)
    return {'.'.join(p['path']): p['sum'] for p in json.loads(text)['parts']}


def events(s, how):
    return [b for b, in s.sql(
        "SELECT payload ->> 'backup_id' AS b FROM events WHERE type = "
        "'coffer.backup.verify.%s' AND tenant_id = '%s' ORDER BY b" % (
            how, it['c'].tenant))]


@story
def each_engine_has_something_to_lose(s):
    c = it['c'] = s.client('alice')
    ids = {e: c.create(e, datastore=e, users=[user(e)], **(
        {} if e == 'redis' else {'databases': [{'name': 'app'}]}))
        for e in ENGINES}
    for e in ENGINES:
        it[e] = c.active(ids[e])
    c.query(it['mariadb'], 'app', APP,
            'CREATE TABLE rests (id INT PRIMARY KEY, v BLOB);'
            'INSERT INTO rests SELECT seq, RANDOM_BYTES(500) FROM '
            'seq_1_to_2000; CREATE TABLE queue (n INT); CREATE TABLE busy '
            '(n INT); CREATE TABLE `od"d``ly, na.med é` (n INT)')
    c.query(it['postgresql'], 'app', APP,
            'CREATE TABLE rests (id INT PRIMARY KEY, v TEXT, x NUMERIC);'
            'INSERT INTO rests SELECT g, md5(g::text), g / 7.0 FROM '
            'generate_series(1, 2000) g; CREATE TABLE queue (n INT); CREATE '
            'TABLE busy (n INT); CREATE TABLE "od""d`ly, na.med é" (x INT)')
    for i in range(20):
        redis(it['redis'], 'app', APP, 'SET', 'k%d' % i, 'v')
    it['quota'] = c.get('/limits').json
    # MariaDB's times are whole seconds: a table of this one may be another's
    until(5, lambda: c.query(
        it['mariadb'], 'app', APP, "SELECT MAX(GREATEST(create_time, "
        "IFNULL(update_time, 0))) < NOW() FROM information_schema.tables "
        "WHERE table_schema = 'app'") == [['1']])


@story
def what_is_taken_under_load_is_good_and_what_rests_is_compared(s):
    c = it['c']
    writers = [Busy(e) for e in ENGINES]
    it['full'] = {e: backup(e, 'of ' + e) for e in ENGINES}
    for id in it['full'].values():
        until(40, lambda: state(id)['status'] == 'COMPLETED', id)
    for w in writers:
        w.end()
    for e in ENGINES:
        b = tried(it['full'][e])
        same((b['verified'], b['verify_error']), (True, None), e, b)
        check(b['verified_at'] >= b['created'], b)
    known = parts(s, it['full']['mariadb'])
    check(known['app.rests'] and not known['app.busy'] and
          not known['app.queue'] and 'app.od"d`ly, na.med é' in known, known)
    known = parts(s, it['full']['postgresql'])
    check(known['app.public.rests'] and not known['app.public.busy'] and
          not known['app.public.queue'] and
          'app.public.od"d`ly, na.med é' in known, known)
    same(parts(s, it['full']['redis']), {}, 'a Redis that was written to')


@story
def what_tries_them_is_hidden_closed_and_gone(s):
    c, root = it['c'], s.client('root')
    it['inc'] = backup('mariadb', 'upon it', incremental=1)
    row = until(20, lambda: s.sql(
        "SELECT i.id, i.address FROM instances i WHERE verifies = '%s' AND "
        "address IS NOT NULL AND server_id IS NOT NULL AND deleted_at IS NULL"
        % it['inc']))
    id, address = row[0]
    for who in (c, root, s.client('adam')):
        who.get('/instances/' + id).fault(404, 'itemNotFound')
        check(id not in who.get('/instances').raw.decode())
        who.get('/instances/%s/tasks' % id).fault(404, 'itemNotFound')
        same(who.delete('/instances/' + id).status, 404)
        check(id not in who.get('/backups').raw.decode())
    for path in ('/mgmt/instances', '/mgmt/instances?deleted=true',
                 '/mgmt/hosts', '/mgmt/accounts'):
        check(id not in root.get(path).raw.decode(), path)
    same(root.get('/mgmt/instances/' + id).status, 404)
    check(id not in s.coffer('instance', 'list'))
    same(c.get('/limits').json['limits'][0]['max_instances'],
         it['quota']['limits'][0]['max_instances'])
    sock = socket.socket()
    sock.settimeout(0.5)
    try:
        sock.connect((address, 3306))
        check(False, 'somebody came in')
    except OSError:
        pass
    same(s.guest_conf(id)['agent.address'], '')
    same(tried(it['inc'])['verified'], True)
    until(20, lambda: not s.sandboxes(id), 'it stays')
    until(20, lambda: s.one('SELECT count(*) FROM instances WHERE verifies IS '
                            'NOT NULL AND deleted_at IS NULL') == '0')
    same(s.one('SELECT count(*) FROM slots WHERE slot >= 4000'), '0')
    same(s.one("SELECT count(*) FROM events WHERE tenant_id = '' OR "
               "payload::text LIKE '%%%s%%'" % id), '0')
    same(events(s, 'end'), sorted([it['inc'], *it['full'].values()]))


@story
def a_quiet_redis_is_counted(s):
    same(tried(backup('redis', 'quiet'))['verified'], True)
    known = parts(s, s.one('SELECT id FROM backups ORDER BY created DESC '
                           'LIMIT 1'))
    same(known, {'db0': '21:0'})


@story
def one_whose_data_are_others_is_no_good_and_that_is_told(s):
    """As if a row of what rests had been lost on the way."""
    s.sql("CREATE FUNCTION another() RETURNS trigger LANGUAGE plpgsql AS $$ "
          "BEGIN NEW.digest := regexp_replace(NEW.digest::text, "
          "'\"sum\": \"([0-9:]+)\"', '\"sum\": \"77\"')::jsonb; RETURN NEW; "
          "END $$; CREATE TRIGGER another BEFORE UPDATE OF digest ON backups "
          "FOR EACH ROW EXECUTE FUNCTION another()")
    ids = {e: backup(e, 'another ' + e) for e in ('mariadb', 'postgresql')}
    for e, id in ids.items():
        b = tried(id)
        same(b['verified'], False, b)
        check('is not what it was' in b['verify_error'], b)
    s.sql('DROP TRIGGER another ON backups')
    same(events(s, 'error'), sorted(ids.values()))
    it['bad'] = ids
    # nobody stands upon such a one unasked
    id = backup('mariadb', 'next', incremental=1)
    same(state(id)['parent_id'], it['inc'])
    same(it['c'].delete('/backups/' + id).status, 202)


@story
def one_is_tried_again_when_that_is_asked_for(s):
    """By its owner and by the operator; what was found first is no verdict
    for ever, and no praise either."""
    c, ids = it['c'], it['bad']
    path, wish = '/backups/%s/action' % ids['postgresql'], {'verify': {}}
    s.client('bob').post(path, wish).fault(404, 'itemNotFound')
    s.client('rita').post(path, wish).fault(403, 'forbidden')
    c.post(path, {'repair': {}}).fault(400, 'badRequest')
    was = {e: state(id)['verified_at'] for e, id in ids.items()}
    s.sql("UPDATE backups SET digest = NULL WHERE id = '%s'"
          % ids['postgresql'])            # the data were well
    a = c.post(path, wish)
    same((a.status, a.raw), (202, b''))
    s.coffer('backup', 'verify', ids['mariadb'])
    for e, id in ids.items():
        b = until(40, lambda: next((b for b in [state(id)] if
                                    b['verified_at'] > was[e]), None), id)
        same(b['verified'], e == 'postgresql', b)
    check(ids['postgresql'] in events(s, 'end'))


main(settings=['backup.verify=always', 'backup.verify_slots=2'],
     datastore='postgresql redis',
     needs=lambda: None if os.access('/usr/lib/postgresql/15/bin/postgres',
                                     os.X_OK) and
     os.access('/usr/bin/redis-server', os.X_OK) else
     'no PostgreSQL 15 or Redis here')
