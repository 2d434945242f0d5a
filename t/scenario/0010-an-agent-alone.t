#!/usr/bin/python3
"""coffer-agent with a private Redis and a real MariaDB and nothing else: it is
killed, its server is killed, Redis goes away, and the database stays somebody's."""
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get('top_builddir', '.')
AGENT = os.path.join(BUILD, 'agent', 'coffer-agent')
CTL = os.path.join(BUILD, 't', 'tools', 'guestctl')
GUEST = '7f0e1111-2222-4333-8444-5555aaaa7777'
OTHER = '7f0e1111-2222-4333-8444-5555aaaa7778'
ADDRESS = '127.77.201.1'
SECRET = 'canary-Secret9'
PREPARE = ('{"databases":[{"name":"app"}],"users":[{"name":"app",'
           '"password":"%s","databases":[{"name":"app"}]}]}' % SECRET)


def wait(what, seconds=15):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        got = what()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError('waited %d s for nothing' % seconds)


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except (OSError, IndexError):
        return False


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='coffer-agent.', dir='/tmp')
        os.chmod(self.dir, 0o755)
        self.data = self.dir + '/data'
        self.socket = self.dir + '/redis.sock'
        self.redis = self.agent = None

    def drop(self):
        """What a child runs as: the server refuses to be root."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)

    def redis_start(self):
        self.redis = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket', self.socket,
             '--unixsocketperm', '777', '--save', '', '--dir', self.dir,
             '--logfile', self.dir + '/redis.log'])
        wait(lambda: subprocess.run(
            ['redis-cli', '-s', self.socket, 'ping'],
            capture_output=True).stdout == b'PONG\n')

    def redis_end(self):
        self.redis.kill()
        self.redis.wait()

    def ctl(self, *words, check=True):
        run = subprocess.run([CTL, '-c', self.dir + '/coffer.conf', *words],
                             capture_output=True, text=True)
        if check and run.returncode != 0:
            raise AssertionError('%s: %s' % (words[0], run.stderr))
        return run.stdout if check else run

    def make(self):
        with open(self.dir + '/master.key', 'w') as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(os.urandom(32).hex() + '\n')
        with open(self.dir + '/coffer.conf', 'w') as f:
            f.write('[coffer]\nkey_file = %s/master.key\n[redis]\n'
                    'socket = %s\n' % (self.dir, self.socket))
        os.mkdir(self.data)
        if os.geteuid() == 0:
            os.chown(self.data, pwd.getpwnam('nobody').pw_uid, -1)
        subprocess.run(['mariadb-install-db', '--no-defaults',
                        '--datadir=%s/mysql' % self.data,
                        '--auth-root-authentication-method=normal',
                        '--innodb-log-file-size=8M'], check=True,
                       preexec_fn=self.drop, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.redis_start()
        self.ctl('admit', GUEST)
        self.ctl('admit', OTHER)
        with open(self.dir + '/agent.conf', 'w') as f:
            f.write(self.ctl('conf', GUEST))
            f.write('[agent]\nengine = mariadb\ndata = %s\naddress = %s\n'
                    'port = 33998\nmemory_mb = 128\n[guest]\nreport = 1\n' %
                    (self.data, ADDRESS))

    def agent_start(self):
        self.log = open(self.dir + '/agent.log', 'ab')
        self.agent = subprocess.Popen(
            [AGENT, '-c', self.dir + '/agent.conf'], preexec_fn=self.drop,
            stderr=self.log)

    def server(self):
        with open(self.data + '/agent/server.pid') as f:
            return int(f.read() or 0)     # it is just being written

    def tell(self, order, body='{}', id=None):
        """The report that names the order."""
        out = self.ctl('tell', GUEST, order, body, *([id] if id else []))
        return out.splitlines()[-1]

    def query(self, sql, password=SECRET):
        return subprocess.run(
            ['mariadb', '--no-defaults', '-h', ADDRESS, '-P', '33998', '-u',
             'app', 'app', '-N', '-e', sql], capture_output=True, text=True,
            env=dict(os.environ, MYSQL_PWD=password))

    def close(self):
        for p in (self.agent, self.redis):
            if p is not None and p.poll() is None:
                p.kill()
                p.wait()
        try:
            os.kill(self.server(), signal.SIGKILL)
        except (OSError, ValueError):
            pass
        shutil.rmtree(self.dir, ignore_errors=True)


def same(a, b):
    assert a == b, '%r is not %r' % (a, b)


def an_instance_is_prepared_and_answers(w):
    w.agent_start()
    report = w.tell('prepare', PREPARE, 't1:prepare')
    assert report.startswith('healthy ') and 'err=OK' in report, report
    same(w.query('CREATE TABLE t (n INT); INSERT INTO t VALUES (7); '
                 'SELECT n FROM t').stdout, '7\n')


def the_agent_is_small(w):
    time.sleep(1.5)
    with open('/proc/%d/status' % w.agent.pid) as f:
        rss = int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))
    sanitized = b'libasan' in open('/proc/%d/maps' % w.agent.pid,
                                   'rb').read()
    print('# agent: RSS %d kB%s' % (rss, ', with sanitizers' if sanitized
                                    else ''))
    assert sanitized or rss <= 6144, rss


def a_killed_server_is_started_again(w):
    was = w.server()
    os.kill(was, signal.SIGKILL)
    wait(lambda: w.server() != was and w.query('SELECT 1').stdout == '1\n')
    same(w.query('SELECT n FROM t').stdout, '7\n')


def a_killed_agent_leaves_the_server_and_its_successor_adopts_it(w):
    was = w.server()
    w.agent.kill()
    w.agent.wait()
    assert alive(was)
    same(w.query('SELECT n FROM t').stdout, '7\n')
    w.agent_start()
    wait(lambda: w.ctl('ask', GUEST, 'databases', '{}', check=False)
         .returncode == 0)
    same(w.server(), was)
    assert '"app"' in w.ctl('ask', GUEST, 'databases', '{}')
    os.kill(was, signal.SIGKILL)	# and it watches what it adopted
    wait(lambda: w.server() != was and w.query('SELECT 1').stdout == '1\n')


def an_order_told_again_after_a_kill_is_not_done_again(w):
    w.tell('database_create', '{"databases":[{"name":"once"}]}', 't2:order')
    w.tell('database_delete', '{"name":"once"}', 't3:order')
    w.agent.kill()
    w.agent.wait()
    w.agent_start()
    report = w.tell('database_create', '{"databases":[{"name":"once"}]}',
                    't2:order')
    assert 'order=t2:order err=OK' in report, report
    assert 'once' not in w.ctl('ask', GUEST, 'databases', '{}')


def agents_killed_in_the_middle_of_orders_finish_them(w):
    for i in range(12):
        body = '{"databases":[{"name":"mid%d"}]}' % i
        id = 'k%d:order' % i
        told = subprocess.Popen(
            [CTL, '-c', w.dir + '/coffer.conf', 'tell', GUEST,
             'database_create', body, id], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(0.002 + 0.0015 * i)
        w.agent.kill()
        w.agent.wait()
        told.kill()
        told.wait()
        w.agent_start()
        for _ in range(50):
            try:
                report = subprocess.run(
                    [CTL, '-c', w.dir + '/coffer.conf', 'tell', GUEST,
                     'database_create', body, id], capture_output=True,
                    text=True, timeout=2).stdout
                break
            except subprocess.TimeoutExpired:
                pass
        assert 'order=%s err=OK' % id in report, report
    listed = w.ctl('ask', GUEST, 'databases', '{}')
    same(len(re.findall(r'"mid\d+"', listed)), 12)


def a_stop_survives_the_agent(w):
    was = w.server()
    report = w.tell('stop')
    assert report.startswith('shutdown '), report
    assert not alive(was)
    w.agent.kill()
    w.agent.wait()
    w.agent_start()
    report = w.tell('grant', '{"name":"app","databases":[{"name":"app"}]}')
    assert 'err=GUEST' in report and 'stopped' in report, report
    report = w.tell('start')
    assert 'err=OK' in report, report
    same(w.query('SELECT n FROM t').stdout, '7\n')


def redis_may_go_away(w):
    was = w.server()
    w.redis_end()
    time.sleep(1)
    same(w.query('SELECT n FROM t').stdout, '7\n')
    w.redis_start()
    w.ctl('admit', GUEST)
    wait(lambda: w.ctl('ask', GUEST, 'ping', check=False).returncode == 0)
    same(w.server(), was)


def another_guest_s_credentials_reach_nothing(w):
    conf = w.ctl('conf', OTHER)
    user = re.search(r'user = (.*)', conf).group(1)
    password = re.search(r'password = (.*)', conf).group(1)
    w.ctl('admit', OTHER)
    for command in (['publish', 'coffer:g:7:%s:in' % GUEST, 'x'],
                    ['publish', 'coffer:g:7:%s:out' % GUEST, 'x'],
                    ['publish', 'coffer:g:7:%s:in' % OTHER, 'x'],
                    ['get', 'x'], ['acl', 'list']):
        out = subprocess.run(['redis-cli', '-s', w.socket, '--user', user,
                              '--no-auth-warning', '-a', password, *command],
                             capture_output=True, text=True).stdout
        assert 'NOPERM' in out, (command, out)


def no_secret_stands_where_others_look(w):
    with open(w.data + '/agent/admin.pw') as f:
        admin = f.read()
    conf = open(w.dir + '/agent.conf').read()
    key = re.search(r'key = (.*)', conf).group(1)
    seen = open(w.dir + '/agent.log').read()
    seen += open(w.data + '/log/mariadb.err').read()
    seen += open(w.data + '/agent/journal').read()
    for pid in (w.agent.pid, w.server()):
        seen += open('/proc/%d/cmdline' % pid).read()
    seen += subprocess.run(['redis-cli', '-s', w.socket, 'keys', '*'],
                           capture_output=True, text=True).stdout
    for secret in (SECRET, admin, key):
        assert secret not in seen, secret
    if os.geteuid() == 0:
        same(open('/proc/%d/limits' % w.agent.pid).read()
             .split('Max core file size')[1].split()[0], '0')


def asked_to_end_it_stops_the_server_first(w):
    was = w.server()
    since = time.monotonic()
    w.agent.terminate()
    same(w.agent.wait(timeout=25), 0)
    print('# ended in %d ms' % ((time.monotonic() - since) * 1000))
    assert not alive(was)
    w.agent_start()			# no stop was ordered: it comes up again
    wait(lambda: w.query('SELECT n FROM t').stdout == '7\n')


TESTS = [an_instance_is_prepared_and_answers, the_agent_is_small,
         a_killed_server_is_started_again,
         a_killed_agent_leaves_the_server_and_its_successor_adopts_it,
         an_order_told_again_after_a_kill_is_not_done_again,
         agents_killed_in_the_middle_of_orders_finish_them,
         a_stop_survives_the_agent, redis_may_go_away,
         another_guest_s_credentials_reach_nothing,
         no_secret_stands_where_others_look,
         asked_to_end_it_stops_the_server_first]


def main():
    for program in ('redis-server', 'redis-cli', 'mariadb-install-db',
                    'mariadbd'):
        if shutil.which(program, path=os.environ['PATH'] +
                        ':/usr/sbin:/sbin') is None:
            print('1..0 # SKIP %s is not installed' % program)
            return 0
    w = World()
    failed = 0
    print('1..%d' % len(TESTS))
    try:
        w.make()
        for n, test in enumerate(TESTS, 1):
            try:
                test(w)
                print('ok %d - %s' % (n, test.__name__))
            except Exception as e:
                failed += 1
                print('not ok %d - %s' % (n, test.__name__))
                print('# ' + repr(e).replace('\n', '\n# '))
            sys.stdout.flush()
        if failed:
            log = open(w.dir + '/agent.log').read().splitlines()[-40:]
            print('\n'.join('# ' + line for line in log))
    finally:
        w.close()
    return failed != 0


sys.exit(main())
