#!/usr/bin/python3
"""Root on a guest, with all that its agent knows, reaches nothing of anybody
else's; nor does a tenant through SQL."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403


mine = {}
ATTEMPTS = [
    ('PUBLISH', 'coffer:g:0:x:in', 'x'), ('PUBLISH', 'x', 'x'),
    ('PUBSUB', 'CHANNELS'), ('KEYS', '*'), ('SCAN', '0'), ('GET', 'x'),
    ('SET', 'x', '1'), ('DEL', 'coffer:tasks'), ('LPUSH', 'coffer:tasks', 'x'),
    ('LRANGE', 'coffer:tasks', '0', '9'), ('BLPOP', 'coffer:tasks', '1'),
    ('BLMOVE', 'coffer:tasks', 'y', 'LEFT', 'LEFT', '1'),
    ('XADD', 'x', '*', 'a', 'b'), ('EVAL', 'return 1', '0'),
    ('FCALL', 'x', '0'), ('SCRIPT', 'LOAD', 'return 1'), ('CLIENT', 'LIST'),
    ('CLIENT', 'KILL', 'TYPE', 'normal'), ('CONFIG', 'GET', '*'),
    ('ACL', 'LIST'), ('ACL', 'WHOAMI'), ('ACL', 'SETUSER', 'x'), ('INFO',),
    ('MONITOR',), ('FLUSHALL',), ('SHUTDOWN',), ('REPLICAOF', 'NO', 'ONE'),
    ('SELECT', '0'), ('COMMAND',), ('MULTI',), ('PSUBSCRIBE', '*'),
    ('SSUBSCRIBE', 'x'), ('DEBUG', 'SLEEP', '1'), ('OBJECT', 'HELP'),
]


@story
def two_projects_have_an_instance_each(s):
    for user in ('alice', 'bob'):
        c = mine[user] = s.client(user)
        pw = CANARY + user
        id = c.create(user, databases=[{'name': 'app'}],
                      users=[{'name': 'app', 'password': pw,
                              'databases': [{'name': 'app'}]}])
        mine[user, 'id'] = id
    for user in ('alice', 'bob'):
        mine[user, 'i'] = mine[user].active(mine[user, 'id'])
        mine[user, 'conf'] = s.guest_conf(mine[user, 'id'])


def guest(s, user):
    conf = mine[user, 'conf']
    return s.redis_as(conf['redis.user'], conf['redis.password'])


def channel(s, user, way):
    id = mine[user, 'id']
    return 'coffer:g:%s:%s:%s' % (id[0], id, way)


@story
def no_two_guests_share_a_secret(s):
    a, b = mine['alice', 'conf'], mine['bob', 'conf']
    for key in ('redis.user', 'redis.password', 'agent.key'):
        check(a[key] != b[key] and len(a[key]) >= 20, key)
    master = open(s.dir + '/etc/master.key').read().strip()
    check(master not in open('%s/local/instances/%s/agent.conf' % (
        s.dir, mine['alice', 'id'])).read())


@story
def redis_refuses_a_guest_everything_but_its_own_two_channels(s):
    r = guest(s, 'alice')
    for words in ATTEMPTS + [
            ('SUBSCRIBE', channel(s, 'bob', 'in')),
            ('SUBSCRIBE', channel(s, 'bob', 'out')),
            ('SUBSCRIBE', channel(s, 'alice', 'out')),
            ('PUBLISH', channel(s, 'bob', 'out'), 'x'),
            ('PUBLISH', channel(s, 'bob', 'in'), 'x'),
            ('PUBLISH', channel(s, 'alice', 'in'), 'x')]:
        got = r.call(*words)
        check(isinstance(got, Exception) and
              str(got).split()[0] in ('NOPERM', 'ERR'), words, got)
    same(r.call('PING'), 'PONG')
    same(r.call('PUBLISH', channel(s, 'alice', 'out'), 'x') >= 0, True)
    r.close()
    r = s.redis_as()
    check(isinstance(r.call('PING'), Exception), 'without a login')


def guest_row(s, user):
    return s.sql("SELECT seq, status, used_bytes, order_id FROM guests "
                 "WHERE instance_id = '%s'" % mine[user, 'id'])[0]


@story
def forged_words_on_its_own_channel_change_nothing(s):
    r = guest(s, 'alice')
    out = channel(s, 'alice', 'out')
    row = guest_row(s, 'bob')
    for data in (b'', b'r', b'r' + os.urandom(40), b'r' + os.urandom(400),
                 b'a' + os.urandom(100), b'o' + os.urandom(100),
                 os.urandom(65536), b'r' + b'\0' * 65535,
                 b'{"seq":99,"status":"healthy"}', b'r' * 300000):
        for _ in range(5):
            r.call('PUBLISH', out, data)
    time.sleep(1)
    same(mine['alice'].show(mine['alice', 'id'])['operating_status'],
         'HEALTHY')
    same(guest_row(s, 'bob')[1:], row[1:])
    check(s.pid('conductor-1'))


@story
def an_old_report_said_again_keeps_nobody_alive(s):
    r = s.redis_as('admin', re.search(
        r'^pw_operator=(\w+)', open(s.dir + '/stack.env').read(), re.M)
        .group(1) + re.search(r'^pw_api=(\w+)', open(
            s.dir + '/stack.env').read(), re.M).group(1))
    r.call('SUBSCRIBE', channel(s, 'alice', 'out'))
    heard = []
    end = time.monotonic() + 6
    while time.monotonic() < end and len(heard) < 2:
        m = r.read()
        if m[2][:1] == b'r':
            heard.append(m[2])
    check(len(heard) == 2, 'reports heard')
    pids = list(s.inside(mine['alice', 'id']))
    for p in pids:
        os.kill(p, signal.SIGSTOP)
    try:
        time.sleep(1)
        seq = guest_row(s, 'alice')[0]
        g = guest(s, 'alice')
        end = time.monotonic() + 14
        while time.monotonic() < end:
            for m in heard:
                g.call('PUBLISH', channel(s, 'alice', 'out'), m)
            time.sleep(0.2)
        same(guest_row(s, 'alice')[0], seq, 'an old sequence was taken')
        check(mine['alice'].show(mine['alice', 'id'])['operating_status'] !=
              'HEALTHY', 'kept healthy by a replay')
    finally:
        for p in pids:
            os.kill(p, signal.SIGCONT)
    until(15, lambda: mine['alice'].show(mine['alice', 'id'])[
        'operating_status'] == 'HEALTHY')


def bobs_slowest_show(seconds, meanwhile):
    """Calls meanwhile() and asks for bob's instance, in turns."""
    worst, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        meanwhile()
        began = time.monotonic()
        same(mine['bob'].show(mine['bob', 'id'])['operating_status'],
             'HEALTHY')
        worst = max(worst, time.monotonic() - began)
    return worst


@story
def a_flood_of_reports_disturbs_nobody_else(s):
    g = guest(s, 'alice')
    out = channel(s, 'alice', 'out')
    junk = b'r' + os.urandom(200)
    n = 0

    def some():
        # 5 MB/s at the most: a flood, but not yet one that is shut out.
        nonlocal n
        for _ in range(500):
            g.send('PUBLISH', out, junk)
        for _ in range(500):
            g.read()
        n += 500
        time.sleep(0.03)
    worst = bobs_slowest_show(4, some)
    check(n > 5000, 'only', n, 'published')
    check(worst < 0.5, 'the slowest show took', worst)
    check(len(s.log('conductor-1')) < 500000, 'the flood fills the log')


@story
def one_that_shouts_all_down_is_shut_out_for_a_while(s):
    g = guest(s, 'alice')
    out = channel(s, 'alice', 'out')
    junk = b'r' + os.urandom(500000)

    def shout():
        try:
            for _ in range(20):
                g.call('PUBLISH', out, junk)
        except (ConnectionError, OSError):
            pass            # shut out: nothing more is to be said
    worst = bobs_slowest_show(4, shout)
    try:
        g.call('PING')
        check(False, 'it may go on shouting')
    except (ConnectionError, OSError):
        pass
    check(worst < 0.5, 'the slowest show took', worst)

    def let_in():
        try:
            guest(s, 'alice').close()
            return True
        except Failed:
            return False
    until(45, let_in, 'alice is let in again')
    until(15, lambda: mine['alice'].show(mine['alice', 'id'])[
        'operating_status'] == 'HEALTHY', 'alice is heard again')

SQL = [
    "SELECT 'x' INTO OUTFILE '/data/x'", "SELECT 'x' INTO OUTFILE '/tmp/x'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE app.t",
    "INSTALL SONAME 'ha_connect'", "SET GLOBAL general_log_file = '/data/x'",
    "CREATE USER evil", "GRANT ALL ON *.* TO app", "SHUTDOWN",
    "SELECT * FROM mysql.global_priv", "SET GLOBAL max_connections = 1",
    "DROP USER os_admin@localhost", "KILL 1", "PURGE BINARY LOGS TO 'x'",
    "CREATE FUNCTION sys_exec RETURNS int SONAME 'x.so'",
]


@story
def a_tenants_sql_gets_no_further_than_the_own_database(s):
    c, i, pw = mine['alice'], mine['alice', 'i'], CANARY + 'alice'
    c.query(i, 'app', pw, 'CREATE TABLE IF NOT EXISTS t (a text)')
    for text in SQL:
        try:
            got = c.query(i, 'app', pw, text)
            check(False, text, 'was allowed:', got)
        except Failed as e:
            check('ERROR' in str(e), text, e)
    same(c.query(i, 'app', pw, "SELECT load_file('/data/agent.conf'), "
                 "load_file('/etc/passwd')"), [['NULL', 'NULL']])
    try:
        c.query(mine['bob', 'i'], 'app', pw, 'SELECT 1', wait=2)
        check(False, "alice's password opens bob's server")
    except Failed:
        pass


@story
def even_a_database_superuser_stays_inside(s):
    c, id, i = mine['alice'], mine['alice', 'id'], mine['alice', 'i']
    a = c.root_enabled(id)
    pw = a.json['user']['password']
    for text in ("SELECT load_file('/data/agent.conf')",
                 "SELECT load_file('%s/etc/master.key')" % s.dir,
                 "SELECT load_file('%s/local/instances/%s/agent.conf')" % (
                     s.dir, mine['bob', 'id']),
                 "SELECT load_file('/proc/1/environ')",
                 "SELECT load_file('/etc/shadow')"):
        try:
            same(c.query(i, 'root', pw, text, 'mysql'), [['NULL']], text)
        except Failed as e:
            check('ERROR' in str(e), text, e)
    c.query(i, 'root', pw, "CREATE TABLE IF NOT EXISTS app.k (a int)", 'app')
    same(c.delete('/instances/%s/root' % id).status, 204)


@story
def a_deleted_guest_is_cut_off_at_once(s):
    g = guest(s, 'alice')
    same(g.call('PING'), 'PONG')
    mine['alice'].remove(mine['alice', 'id'])
    try:
        got = g.call('PING')
        check(False, 'still connected:', got)
    except (ConnectionError, OSError):
        pass
    r = s.redis_as()
    got = r.call('AUTH', mine['alice', 'conf']['redis.user'],
                 mine['alice', 'conf']['redis.password'])
    check(isinstance(got, Exception), 'logs in again', got)


@story
def bobs_instance_never_noticed(s):
    c, i = mine['bob'], mine['bob', 'i']
    same(c.show(mine['bob', 'id'])['operating_status'], 'HEALTHY')
    same(c.query(i, 'app', CANARY + 'bob', 'SELECT 1'), [['1']])
    c.remove(mine['bob', 'id'])


if __name__ == '__main__':
    main()
