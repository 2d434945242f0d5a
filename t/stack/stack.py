"""stack - what the scenarios stand on: a private Coffer, clients, TAP.

A scenario is a file of functions whose names are sentences:

    from stack import *

    @story
    def a_member_creates_an_instance(s):
        ...
        check(answer.status == 200, answer)

    main(settings=['compute.driver=null'])

Each story is one TAP line; it fails with the first check that does not hold.
The stack is started once per file; at the end (and wherever a story asks with
s.invariants()) t/stack/invariants looks whether everything still holds.
Servers, data and logs are removed unless something failed or KEEP=1.
"""
import atexit
import glob
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.parse

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get('COFFER_BUILD') or
                        os.path.join(TOP, '.run', 'build'))
# What Debian calls psql is a script that looks for this one.
os.environ['PATH'] = ':'.join(
    sorted(glob.glob('/usr/lib/postgresql/*/bin'), reverse=True) +
    [os.environ['PATH']])
# Every password that a scenario chooses begins so: it must never be seen
# outside of answers that owe it.
CANARY = 'CanaryK7x'

_stories = []


class Failed(Exception):
    pass


class Skip(Exception):
    pass


def story(f):
    _stories.append(f)
    return f


def check(condition, *said):
    if not condition:
        raise Failed(' '.join(str(x) for x in said) or 'does not hold')


def same(got, wanted, *said):
    check(got == wanted, *said, 'got', repr(got), 'wanted', repr(wanted))


def until(seconds, condition, *said):
    """Wait for a condition to be true; its value is returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        check(time.monotonic() < end, *said, 'not within', seconds, 's')
        time.sleep(0.05)


def redis(instance, user, password, *words):
    """Over the network; what the server says, as redis-cli prints it."""
    r = subprocess.run(
        ['redis-cli', '-h', instance['ip'][0], '--user', user,
         '--no-auth-warning', *words], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=20,
        env=dict(os.environ, REDISCLI_AUTH=password))
    return (r.stdout + r.stderr).strip()


class Answer:
    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw
        self.json = None
        if raw and headers.get('Content-Type', '').startswith(
                'application/json'):
            self.json = json.loads(raw)

    def __str__(self):
        return 'answer %s %r' % (self.status, self.raw[:400])

    def fault(self, status, name):
        """The one error shape: one key, an object with code and message."""
        same(self.status, status, self)
        check(self.json is not None and list(self.json) == [name], self)
        same(self.json[name].get('code'), status, self)
        check(isinstance(self.json[name].get('message'), str), self)
        return self.json[name]['message']


class Client:
    """One user's way to the API; logs in when first needed."""

    def __init__(self, stack, user, password, project):
        self.stack, self.user, self.project = stack, user, project
        self.password, self._token, self._id = password, None, None
        self._conn = None

    def login(self):
        """Again where somebody just killed who was answering."""
        scope = {'project': {'name': self.project,
                             'domain': {'name': 'Default'}}}
        a = until(10, lambda: [a for a in [self.raw('POST', '/v3/auth/tokens', {
            'auth': {'identity': {'methods': ['password'], 'password': {'user': {
                'name': self.user, 'domain': {'name': 'Default'},
                'password': self.password}}},
                'scope': scope}}, token=None)] if a.status != 503])[0]
        check(a.status == 201, 'login of', self.user, a)
        self._token = a.headers['X-Subject-Token']
        self._id = a.json['token']['project']['id']
        return a

    @property
    def token(self):
        if self._token is None:
            self.login()
        return self._token

    @property
    def tenant(self):
        if self._id is None:
            self.login()
        return self._id

    def raw(self, method, path, body=None, token='mine', headers=None,
            timeout=60):
        """The path as it stands; a str or bytes body as it stands."""
        h = {'Accept': 'application/json'}
        if token == 'mine':
            token = self.token
        if token:
            h['X-Auth-Token'] = token
        if body is not None:
            h['Content-Type'] = 'application/json'
            if not isinstance(body, (str, bytes)):
                body = json.dumps(body)
        h.update(headers or {})
        return self._send(method, path, body, h, timeout)

    def _send(self, method, path, body, h, timeout):
        for again in (True, False):
            if self._conn is None:
                self._conn = http.client.HTTPConnection(
                    '127.0.0.1', self.stack.port, timeout=timeout)
                fresh = True
            else:
                fresh = False
            try:
                self._conn.request(method, path, body, h)
                r = self._conn.getresponse()
                raw = r.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError,
                    ConnectionResetError):
                # a kept connection that nginx closed meanwhile
                self._conn.close()
                self._conn = None
                if fresh or not again:
                    raise
            except Exception:
                self._conn.close()
                self._conn = None
                raise
        if r.will_close:
            self._conn.close()
            self._conn = None
        a = Answer(r.status, r.headers, raw)
        self.stack.note(method, path, body, a)
        return a

    def get(self, path, **kw):
        return self.raw('GET', '/v1.0/%s%s' % (self.tenant, path), **kw)

    def post(self, path, body=None, **kw):
        return self.raw('POST', '/v1.0/%s%s' % (self.tenant, path), body, **kw)

    def put(self, path, body=None, **kw):
        return self.raw('PUT', '/v1.0/%s%s' % (self.tenant, path), body, **kw)

    def patch(self, path, body=None, **kw):
        return self.raw('PATCH', '/v1.0/%s%s' % (self.tenant, path), body,
                        **kw)

    def delete(self, path, **kw):
        return self.raw('DELETE', '/v1.0/%s%s' % (self.tenant, path), **kw)

    # --- the words of every story -------------------------------------------

    def create(self, name, datastore=None, **more):
        """Ask for an instance; its id."""
        body = {'name': name, 'flavorRef': '1', 'volume': {'size': 1},
                'datastore': {'type': datastore or self.stack.datastore}}
        body.update(more)
        a = self.post('/instances', {'instance': body})
        check(a.status == 200, 'create', name, a)
        i = a.json['instance']
        same(i['status'], 'BUILD', 'create answers')
        return i['id']

    def show(self, id):
        a = self.get('/instances/' + id)
        check(a.status == 200, 'show', a)
        return a.json['instance']

    def active(self, id, seconds=60):
        """Wait; on the way only BUILD may be seen."""
        def there():
            i = self.show(id)
            check(i['status'] in ('BUILD', 'ACTIVE'), 'while building', i)
            if i['status'] == 'ACTIVE' and i['operating_status'] == 'HEALTHY':
                return i
        return until(seconds, there, 'instance', id, 'ACTIVE and HEALTHY')

    def gone(self, id, seconds=60):
        """Wait for 404; on the way only SHUTDOWN may be seen."""
        def away():
            a = self.get('/instances/' + id)
            if a.status == 404:
                a.fault(404, 'itemNotFound')
                return True
            check(a.json['instance']['status'] == 'SHUTDOWN', a)
        until(seconds, away, 'instance', id, 'gone')

    def remove(self, id, seconds=60):
        a = self.delete('/instances/' + id)
        same(a.status, 202, 'delete', a)
        self.gone(id, seconds)

    def root_enabled(self, id):
        """The answer; a machine that cannot hold a superuser skips the story."""
        a = self.post('/instances/%s/root' % id)
        if a.status == 501 and b'hold it' in a.raw:
            raise Skip('this machine cannot contain a database superuser')
        same(a.status, 200, 'root', a)
        return a

    def tasks(self, id):
        a = self.get('/instances/%s/tasks' % id)
        check(a.status == 200, a)
        return a.json['tasks']

    def query(self, instance, user, password, sql, database='app',
              wait=5):
        """SQL over the network; the rows as text, or Failed."""
        host = instance['ip'][0]
        if instance['datastore']['type'] == 'postgresql':
            return self.psql(host, user, password, sql, database, wait)
        conf = os.path.join(self.stack.dir, 'client.cnf')
        fd = os.open(conf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, 'w') as f:
            f.write('[client]\nhost=%s\nuser=%s\npassword=%s\n'
                    'connect-timeout=%d\n' % (host, user, password, wait))
        r = subprocess.run(
            ['mariadb', '--defaults-file=' + conf, '-N', '-B', database,
             '-e', sql], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60)
        if r.returncode != 0:
            raise Failed('SQL: ' + r.stderr.strip())
        return [line.split('\t') for line in r.stdout.splitlines()]

    @staticmethod
    def psql(host, user, password, sql, database, wait):
        r = subprocess.run(
            ['psql', '-X', '-q', '-A', '-t', '-F', '\t',
             '-v', 'ON_ERROR_STOP=1', '-f', '-'],
            input=sql, capture_output=True, text=True, timeout=60,
            env=dict(os.environ, PGHOST=host, PGUSER=user, PGPORT='5432',
                     PGPASSWORD=password, PGDATABASE=database,
                     PGSSLMODE='disable', PGCONNECT_TIMEOUT=str(wait)))
        if r.returncode != 0:
            raise Failed('SQL: ' + r.stderr.strip())
        return [line.split('\t') for line in r.stdout.splitlines()]


class Redis:
    """A client of its own, for those who should not get far."""

    def __init__(self, path, user=None, password=None):
        self.k = socket.socket(socket.AF_UNIX)
        self.k.settimeout(5)
        self.k.connect(path)
        self.f = self.k.makefile('rb')
        if user:
            same(self.call('AUTH', user, password), 'OK')

    def send(self, *words):
        out = b'*%d\r\n' % len(words)
        for w in words:
            w = w if isinstance(w, bytes) else str(w).encode()
            out += b'$%d\r\n%s\r\n' % (len(w), w)
        self.k.sendall(out)

    def read(self):
        line = self.f.readline().rstrip(b'\r\n')
        if not line:
            raise ConnectionError('closed')
        kind, rest = line[:1], line[1:]
        if kind == b'+':
            return rest.decode()
        if kind == b'-':
            return Exception(rest.decode())
        if kind == b':':
            return int(rest)
        if kind == b'$':
            n = int(rest)
            return None if n < 0 else self.f.read(n + 2)[:-2]
        return [self.read() for _ in range(int(rest))]

    def call(self, *words):
        self.send(*words)
        return self.read()

    def close(self):
        self.k.close()


def command_line(pid):
    """Of a process, as bytes; empty when it has ended meanwhile."""
    try:
        return open('/proc/%s/cmdline' % pid, 'rb').read()
    except OSError:
        return b''


class Stack:
    """dev/stack with a directory of its own below /tmp."""

    def __init__(self, settings=(), datastore='mariadb', name=None):
        name = name or os.path.basename(sys.argv[0]).split('-')[0]
        self.dir = os.environ.get('STACK_DIR') or \
            '/tmp/coffer-t-%s-%d' % (name, os.getpid())
        self.datastore = datastore
        self.settings = list(settings)
        self.accepted = []
        self.run('init', 'build=' + BUILD, *self.preset(), *settings)
        env = open(os.path.join(self.dir, 'stack.env')).read()
        self.port = int(re.search(r'^port=(\d+)', env, re.M).group(1))
        self.pg_user = re.search(r'^pg_user=(.*)', env, re.M).group(1)
        self.passwords = {}

    @staticmethod
    def preset():
        """Tests are quick and ask more than people do."""
        return ['api.get_rate=0', 'api.post_rate=0', 'api.put_rate=0',
                'api.delete_rate=0', 'guest.report=2', 'guest.expiry=12',
                'task.lease=4', 'task.sweep=1', 'conductor.lease=3',
                'conductor.seen=1', 'identity.cache=2', 'api.guest_wait=8',
                'backup.verify=never']

    def start(self):
        self.run('up')
        engines = ['mariadb', 'null']
        for engine in self.datastore.split():
            if engine not in engines:
                engines.append(engine)
        self.run('seed', *engines)
        self.people()

    def people(self):
        for project in ('alpha', 'beta'):
            self.coffer('project', 'add', project)
        for user, project, role in (
                ('alice', 'alpha', 'member'), ('rita', 'alpha', 'reader'),
                ('adam', 'alpha', 'admin'), ('bob', 'beta', 'member'),
                ('root', 'beta', 'admin')):
            self.user(user, project, role)

    def user(self, user, project, role):
        pw = CANARY + user + os.urandom(6).hex()
        self.coffer('user', 'add', user, '--password-file', '-',
                    input=pw + '\n')
        self.coffer('role', 'grant', user, project, role)
        self.passwords[user] = (pw, project)

    def client(self, user):
        pw, project = self.passwords[user]
        return Client(self, user, pw, project)

    # --- verbs of dev/stack ---------------------------------------------------

    def run(self, *args, input=None, timeout=120, env=()):
        r = subprocess.run(
            [os.path.join(TOP, 'dev', 'stack'), self.dir, *args],
            input=input, stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True, text=True, timeout=timeout,
            env=dict(os.environ, **dict(env)))
        check(r.returncode == 0, 'dev/stack', *args[:3], r.stdout, r.stderr)
        return r.stdout

    def straight(self, *args, input=None, user=None, env=()):
        """What dev/stack would start, without a shell: stories ask often."""
        r = subprocess.run(
            args, input=input or '', capture_output=True, text=True,
            timeout=120, user=user, group=user and pwd.getpwnam(user).pw_gid,
            extra_groups=user and [], cwd='/',
            env=dict(os.environ, **dict(env)))
        check(r.returncode == 0, *args[:5], r.stdout, r.stderr)
        return r.stdout

    def coffer(self, *args, **kw):
        return self.straight(
            os.path.join(BUILD, 'coffer', 'coffer'), '-c',
            self.dir + '/etc/operator.conf', *args,
            env={'COFFER_PARAMETERS': os.path.join(TOP, 'coffer')}, **kw)

    def sql(self, text):
        out = self.straight(
            'psql', '-X', '-q', '-h', self.dir + '/pgsock', '-U', self.pg_user,
            '-d', 'coffer', '-At', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-',
            input=text, user=self.pg_user if os.getuid() == 0 else None)
        return [line.split('\t') for line in out.splitlines()]

    def one(self, text):
        rows = self.sql(text)
        return rows[0][0] if rows else None

    def redis(self, *args):
        return self.run('redis', *args).strip()

    def redis_as(self, user=None, password=None):
        return Redis(self.dir + '/rsock/redis.sock', user, password)

    def guest_conf(self, id):
        """What root on the guest could read: its agent's settings."""
        path = '%s/local/instances/%s/agent.conf' % (self.dir, id)
        found, section = {}, ''
        for line in open(path):
            line = line.split('#')[0].strip()
            if line.startswith('['):
                section = line[1:-1]
            elif '=' in line:
                name, value = line.split('=', 1)
                found[section + '.' + name.strip()] = value.strip()
        return found

    def sandboxes(self, id=''):
        """Pids of the outermost process of an instance, or of all."""
        dir = (self.dir + '/local/').encode()
        lines = ((d, command_line(d)) for d in os.listdir('/proc') if d.isdigit())
        return [int(d) for d, line in lines if dir in line and id.encode() in line]

    def inside(self, id):
        """All processes of an instance, its own pid namespace included."""
        tops, all = set(self.sandboxes(id)), {}
        for d in os.listdir('/proc'):
            if d.isdigit():
                try:
                    f = open('/proc/%s/stat' % d).read().rsplit(')', 1)
                    all[int(d)] = (int(f[1].split()[1]),
                                   f[0].split('(', 1)[1])
                except OSError:
                    pass
        while True:
            more = {p for p, (up, _) in all.items()
                    if up in tops and p not in tops}
            if not more:
                return {p: all[p][1] for p in tops if p in all}
            tops |= more

    def pid(self, service):
        return int(self.run('pid', service))

    def kill(self, service, sig='KILL'):
        self.run('kill', service, sig)

    def log(self, service):
        path = {'nginx': 'nginx/error.log', 'pg': 'pg/log'}.get(
            service, 'log/%s.log' % service)
        with open(os.path.join(self.dir, path), errors='replace') as f:
            return f.read()

    def listening(self):
        try:
            socket.create_connection(('127.0.0.1', self.port), 1).close()
            return True
        except OSError:
            return False

    def services(self):
        return [line.split()[0] for line in self.run('status').splitlines()]

    # --- what must hold -------------------------------------------------------

    def note(self, method, path, body, answer):
        """Remember every accepted change, for I1."""
        if method in ('POST', 'PUT', 'PATCH', 'DELETE') and \
                200 <= answer.status < 300 and path.startswith('/v1.0/'):
            row = {'method': method, 'path': path, 'status': answer.status,
                   'request': answer.headers.get('x-openstack-request-id')}
            if 'reset_status' in str(body) or 'dry_run=true' in path or \
                    (answer.json or {}).get('modules') == [] or \
                    answer.headers.get('Idempotency-Replayed'):
                row['task'] = False
            self.accepted.append(row)
            with open(os.path.join(self.dir, 'accepted.jsonl'), 'a') as f:
                f.write(json.dumps(row) + '\n')

    def quiet(self, seconds=60):
        """Wait until every task has ended."""
        until(seconds, lambda: self.one(
            "SELECT count(*) FROM tasks WHERE status IN "
            "('QUEUED', 'RUNNING', 'WAITING')") == '0', 'all tasks ended')

    def invariants(self, seconds=60):
        self.quiet(seconds)
        r = subprocess.run([os.path.join(HERE, 'invariants'), self.dir],
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=120)
        check(r.returncode == 0, 'invariants:\n' + r.stdout + r.stderr)

    def end(self, keep):
        if keep and os.path.exists(self.dir + '/stack.env'):
            self.run('down')
            print('# kept: ' + self.dir)
        else:
            self.run('wipe')


def _tell(text):
    for line in str(text).splitlines():
        print('#   ' + line)


def main(settings=(), datastore='mariadb', invariants=True, needs=None,
         init=()):
    """Run the stories of this file; print TAP; end the stack."""
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = [f for f in _stories
              if len(sys.argv) < 2 or f.__name__ in sys.argv[1:]]
    if needs and needs():
        print('1..0 # SKIP ' + needs())
        return
    print('1..%d' % (len(chosen) + (1 if invariants else 0)))
    bad = 0
    s = Stack([*init, *settings], datastore)
    ended = []

    def finish():
        if not ended:
            ended.append(1)
            s.end(bad > 0 or os.environ.get('KEEP') == '1')
    atexit.register(finish)
    n = 0
    try:
        s.start()
    except Exception as e:
        print('Bail out! the stack does not start')
        _tell(e)
        bad = 1
        sys.exit(1)
    if invariants:
        def everything_holds_at_the_end(s):
            s.invariants()
        chosen.append(everything_holds_at_the_end)
    for f in chosen:
        n += 1
        began = time.monotonic()
        name = f.__name__.replace('_', ' ')
        try:
            f(s)
            print('ok %d - %s # %.1f s' % (n, name, time.monotonic() - began))
        except Skip as e:
            print('ok %d - %s # SKIP %s' % (n, name, e))
        except Exception as e:
            bad += 1
            print('not ok %d - %s' % (n, name))
            if bad > 1 and isinstance(e, KeyError):
                _tell('an earlier story did not get as far as %s' % e)
                continue
            _tell(e if isinstance(e, Failed) else traceback.format_exc())
            where = traceback.extract_tb(e.__traceback__)
            for t in where:
                if t.filename.endswith('.t'):
                    _tell('%s line %d: %s' % (
                        os.path.basename(t.filename), t.lineno, t.line))
    finish()
    sys.exit(1 if bad else 0)
