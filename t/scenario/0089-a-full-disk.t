#!/usr/bin/python3
"""A volume fills up: writes stop before the server dies, reads go on, and it is
told; what dropped data or a larger volume gives back is written to at once, even
with a server that is down and an agent that is silent."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App89'
MIB = 1 << 20
SERVERS = {'mariadb': 'mariadbd', 'postgresql': 'postgres',
           'redis': 'redis-server'}
it = {}                                 # by engine: id, instance, pid


def process(s, engine, name=None):
    """The oldest of this name."""
    return min(p for p, n in s.inside(it[engine]['id']).items()
               if n == (name or SERVERS[engine]))


def data(s, engine):
    return '/proc/%d/root/data' % process(s, engine, 'coffer-agent')


def room(s, engine):
    fs = os.statvfs(data(s, engine))
    return fs.f_bavail * fs.f_frsize


def ballast(s, engine, leave):
    """Somebody else's bytes, so that there are only so many MiB left."""
    path = data(s, engine) + '/ballast'
    with open(path, 'ab') as f:
        more = room(s, engine) - leave * MIB
        if more > 0:
            os.posix_fallocate(f.fileno(), f.tell(), more)
            f.seek(0, 2)


def fill(s, engine):
    """To the last byte."""
    with open(data(s, engine) + '/ballast', 'ab') as f:
        for size in (MIB, 4096):
            try:
                while True:
                    os.posix_fallocate(f.fileno(), os.fstat(f.fileno()).st_size,
                                       size)
            except OSError:
                pass


def dies_full(s, engine):
    """Before its agent could do anything about it."""
    agent = process(s, engine, 'coffer-agent')
    os.kill(agent, signal.SIGSTOP)
    fill(s, engine)
    os.kill(process(s, engine), signal.SIGKILL)
    os.kill(agent, signal.SIGCONT)


def sql(engine, text, user='app', password=APP):
    return alice.query(it[engine]['instance'], user, password, text)


def cli(engine, *words):
    return redis(it[engine]['instance'], 'app', APP, *words)


def refused(call, *args):
    """The text of the refusal."""
    try:
        said = call(*args)
    except Failed as e:
        return str(e)
    raise Failed('taken: %r' % (args,), said)


def shown(engine, what, seconds=20):
    def there():
        i = alice.show(it[engine]['id'])
        return i if i['operating_status'] == what else None
    return until(seconds, there, engine, what)


def grow(engine, gb):
    a = alice.post('/instances/%s/action' % it[engine]['id'],
                   {'resize': {'volume': {'size': gb}}})
    same(a.status, 202, a)


@story
def three_instances(s):
    global alice
    alice = s.client('alice')
    for e in s.run('seed', *SERVERS).split('\n'):
        if e.split(' ')[0] in SERVERS:
            it[e.split(' ')[0]] = {}
    same(set(it), set(SERVERS))
    for e in SERVERS:
        more = {} if e == 'redis' else {'databases': [{'name': 'app'},
                                                      {'name': 'spare'}]}
        users = {'name': 'app', 'password': APP}
        if e != 'redis':
            users['databases'] = [{'name': 'app'}]
        it[e] = {'id': alice.create(e, e, users=[users], **more)}
    for e in SERVERS:
        it[e]['instance'] = alice.active(it[e]['id'])
        it[e]['pid'] = process(s, e)
    image = s.one("SELECT volume_id FROM instances LIMIT 1")
    if not os.path.exists('%s/local/instances/%s/vol.img' % (s.dir, image)):
        it.clear()
        raise Skip('volumes are directories here')


def steps(f):
    """Without volumes of a size of their own there is nothing to tell."""
    def g(s):
        if not it:
            raise Skip('volumes are directories here')
        f(s)
    g.__name__ = f.__name__
    return story(g)


@steps
def a_reserve_is_nobody_s_data(s):
    until(10, lambda: os.path.exists(data(s, 'mariadb') + '/agent/reserve'))
    st = os.stat(data(s, 'mariadb') + '/agent/reserve')
    check(16 * MIB <= st.st_blocks * 512 <= 64 * MIB, st.st_blocks)


@steps
def mariadb_holds_a_tenant_in_the_middle_of_a_statement(s):
    sql('mariadb', 'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY,'
        ' b LONGBLOB); CREATE TABLE small (n INT); INSERT INTO small VALUES (42)')
    it['mariadb']['root'] = root = alice.root_enabled(
        it['mariadb']['id']).json['user']
    sql('mariadb', 'INSERT INTO small VALUES (1)', root['name'],
        root['password'])
    ballast(s, 'mariadb', 90)
    said = refused(sql, 'mariadb', 'INSERT INTO t (b) SELECT'
                   ' REPEAT(UUID(), 3000) FROM seq_1_to_3000')
    check('interrupted' in said or '1290' in said or '1317' in said, said)
    i = shown('mariadb', 'BLOCKED')
    same(i['status'], 'ACTIVE')
    same(i['disk']['state'], 'blocked')
    check('1290' in refused(sql, 'mariadb', 'INSERT INTO small VALUES (1)'))
    same(sql('mariadb', 'SELECT n FROM small'), [['42'], ['1']])
    same(process(s, 'mariadb'), it['mariadb']['pid'])


@steps
def its_root_is_held_as_well(s):
    root = it['mariadb']['root']
    check('1290' in refused(sql, 'mariadb', 'INSERT INTO small VALUES (2)',
                            root['name'], root['password']))
    check('denied' in refused(sql, 'mariadb', 'SET GLOBAL read_only = 0',
                              root['name'], root['password']))


@steps
def the_api_drops_and_there_is_room_again(s):
    a = alice.delete('/instances/%s/databases/spare' % it['mariadb']['id'])
    same(a.status, 202, a)
    os.truncate(data(s, 'mariadb') + '/ballast', 0)     # as if it had been in it
    shown('mariadb', 'HEALTHY')
    root = it['mariadb']['root']
    sql('mariadb', 'INSERT INTO small VALUES (3); DROP TABLE t')
    grants = sql('mariadb', 'SHOW GRANTS', root['name'], root['password'])
    check('GRANT ALL PRIVILEGES' in grants[0][0], grants)


@steps
def postgresql_lets_those_write_who_say_so(s):
    sql('postgresql', 'CREATE TABLE small (n int); INSERT INTO small VALUES (42)')
    sql('postgresql', 'CREATE TABLE big AS SELECT repeat(md5(n::text), 64) AS t'
        ' FROM generate_series(1, 20) n')
    ballast(s, 'postgresql', 60)
    said = refused(sql, 'postgresql', "INSERT INTO big SELECT repeat("
                   "md5(n::text), 200) FROM generate_series(1, 3000000) n")
    check('canceling' in said or 'read-only' in said, said)
    shown('postgresql', 'BLOCKED')
    check('read-only' in refused(sql, 'postgresql',
                                 'INSERT INTO small VALUES (1)'))
    same(sql('postgresql', 'SELECT n FROM small'), [['42']])
    sql('postgresql', 'BEGIN READ WRITE; DROP TABLE big; COMMIT')
    same(process(s, 'postgresql'), it['postgresql']['pid'])


@steps
def redis_takes_what_removes(s):
    same(cli('redis', 'SET', 'small', '42'), 'OK')
    ballast(s, 'redis', 90)
    cli('redis', 'EVAL', "redis.call('SET', KEYS[1], string.rep('x', 50000000))",
        '1', 'large')
    shown('redis', 'BLOCKED')
    check('OOM' in cli('redis', 'SET', 'more', '1'))
    same(cli('redis', 'GET', 'small'), '42')
    same(cli('redis', 'DEL', 'large'), '1')     # and the log is written anew
    shown('redis', 'HEALTHY')
    same(cli('redis', 'SET', 'more', '1'), 'OK')


@steps
def redis_without_a_byte_refuses_and_goes_on(s):
    """Somebody else was faster than the agent, which finds it like that."""
    agent = process(s, 'redis', 'coffer-agent')
    os.kill(agent, signal.SIGSTOP)
    fill(s, 'redis')
    n = next(n for n in range(60) if 'MISCONF' in cli(
        'redis', 'EVAL', "return redis.call('SET', KEYS[1], "
        "string.rep('x', 1000000))", '1', 'last%d' % n))
    check(n > 0, 'the one that finds the disk full is in memory')
    check('MISCONF' in cli('redis', 'DEL', 'last0'))
    same(cli('redis', 'GET', 'small'), '42')
    os.kill(agent, signal.SIGCONT)
    shown('redis', 'BLOCKED')
    until(10, lambda: cli('redis', 'DEL', 'more') == '1', 'the reserve serves')
    check('OOM' in cli('redis', 'SET', 'more', '1'))
    it['redis']['last'] = ['last%d' % i for i in range(n)]
    same(process(s, 'redis'), it['redis']['pid'])


@steps
def it_is_told_of_in_events(s):
    told = s.sql("SELECT DISTINCT payload->>'instance_id' FROM events WHERE"
                 " type = 'coffer.instance.guest' AND payload->>'status' ="
                 " 'blocked'")
    same(len(told), 3, told)


@steps
def a_larger_volume_is_written_to_at_once(s):
    for e in SERVERS:
        if e != 'mariadb':
            grow(e, 2)
    for e in SERVERS:
        shown(e, 'HEALTHY')
    sql('postgresql', 'INSERT INTO small VALUES (1)')
    same(cli('redis', 'SET', 'more', '1'), 'OK')
    for e in SERVERS:
        same(process(s, e), it[e]['pid'])


@steps
def what_died_of_it_comes_back_with_the_reserve_and_then_with_growth(s):
    for e in SERVERS:
        dies_full(s, e)
    for e in SERVERS:
        shown(e, 'BLOCKED')
        dies_full(s, e)                 # of the reserve, too
    for e in SERVERS:
        i = shown(e, 'SHUTDOWN')
        same(i['disk']['state'], 'full')
    a = alice.post('/instances/%s/action' % it['redis']['id'], {'restart': {}})
    same(a.status, 202, a)
    os.kill(process(s, 'mariadb', 'coffer-agent'), signal.SIGSTOP)
    until(20, lambda: alice.show(it['mariadb']['id'])['operating_status'] in
          ('UNKNOWN', 'ERROR'))
    grow('mariadb', 2)
    grow('postgresql', 3)
    until(20, lambda: s.one("SELECT count(*) FROM tasks WHERE ended IS NULL")
          == '0')
    grow('redis', 3)
    os.kill(process(s, 'mariadb', 'coffer-agent'), signal.SIGCONT)
    for e in SERVERS:
        i = shown(e, 'HEALTHY')
        check('disk' not in i, i)
    same(sql('mariadb', 'SELECT n FROM small ORDER BY n'), [['1'], ['3'], ['42']])
    sql('mariadb', 'INSERT INTO small VALUES (4)')
    sql('postgresql', 'INSERT INTO small VALUES (2)')
    same(sql('postgresql', 'SELECT n FROM small ORDER BY n'),
         [['1'], ['2'], ['42']])
    same(cli('redis', 'GET', 'small'), '42')
    last = it['redis']['last']          # all that was answered OK
    same(cli('redis', 'EXISTS', *last), str(len(last)))
    same(cli('redis', 'SET', 'more', '2'), 'OK')


if __name__ == '__main__':
    main(settings=['guest.report=1'])
