#!/usr/bin/python3
"""TLS between databases and their users, with each engine's own client: offered,
enforced, asked of clients too, taken back; and killed in the middle."""
import os
import signal
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App90'
SERVER = '/data/agent/tls/server.pem'
it = {}


class One:
    """An instance, and its client over TCP: rows or words, or Failed."""

    def __init__(self, s, engine):
        self.s, self.engine, self.c = s, engine, s.client('alice')
        user = {'name': 'app', 'password': APP}
        more = {} if engine == 'redis' else {'databases': [{'name': 'app'}]}
        self.id = self.c.create(engine, engine, users=[dict(user, **more)],
                                **more)

    def ready(self):
        self.ip = self.c.active(self.id)['ip'][0]
        return self

    def post(self, **wish):
        return self.c.post('/instances/%s/ssl' % self.id, {'ssl': wish})

    def switch(self, **wish):
        a = self.post(**wish)
        same(a.status, 200, a)
        return a.json['ssl']

    def shown(self, more=''):
        a = self.c.get('/instances/%s/ssl%s' % (self.id, more))
        same(a.status, 200, a)
        return a.json['ssl']

    def file(self, name, text):
        path = '%s/%s-%s' % (self.s.dir, self.engine, name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def trust(self):
        """What a user does with the certificate that the API gives him."""
        c = self.shown('?include_certificate=true')['certificate']
        check('PRIVATE' not in c['payload'])
        self.ca = self.file('ca.pem', c['payload'])
        return c

    def run(self, argv, **env):
        r = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                           capture_output=True, timeout=20,
                           env=dict(os.environ, **env))
        if r.returncode or r.stderr.strip() or 'ERR' in r.stdout:
            raise Failed(r.stdout + r.stderr)
        return r.stdout.strip()

    def ask(self, tls=True, ca=None, pair=None, host=None, user='app',
            password=APP, sql="SHOW STATUS LIKE 'Ssl_cipher'"):
        ca, host = ca or getattr(self, 'ca', None), host or self.ip
        key = '%s.key' % pair if pair else ''
        if self.engine == 'postgresql':
            tail = ' sslrootcert=%s sslmode=verify-full' % ca if tls else \
                ' sslmode=disable'
            tail += ' sslcert=%s.crt sslkey=%s' % (pair, key) if pair else ''
            return self.run(['psql', '-XAtc', 'SELECT session_user', 'host=%s '
                             'user=app dbname=app connect_timeout=5%s' %
                             (host, tail)], PGPASSWORD=APP)
        if self.engine == 'redis':
            tail = ['-p', '6380', '--tls', '--cacert', ca] if tls else []
            tail += ['--cert', pair + '.crt', '--key', key] if pair else []
            return self.run(['redis-cli', '-h', host, '--user', 'app',
                             '--no-auth-warning', *tail, 'PING'],
                            REDISCLI_AUTH=APP)
        tail = ['--ssl-ca=' + ca, '--ssl-verify-server-cert'] if tls else \
            ['--skip-ssl']
        tail += ['--ssl-cert=%s.crt' % pair, '--ssl-key=' + key] if pair else []
        return self.run(['mariadb', '--no-defaults', '-h', host, '-u' + user,
                         *tail, '-NBe', sql], MYSQL_PWD=password)

    def refused(self, **how):
        try:
            said = self.ask(**how)
        except Failed as e:
            return str(e)
        check(False, self.engine, how, 'is let in:', said)

    def served(self):
        try:
            return self.ask()
        except Failed:
            return None

    def served_number(self):
        """Of the certificate that the server shows whoever comes."""
        r = subprocess.run(
            'openssl s_client -starttls mysql -connect %s:3306 </dev/null '
            '2>/dev/null | openssl x509 -noout -serial' % self.ip, shell=True,
            capture_output=True, text=True, timeout=20)
        return r.stdout.strip() or None

    def top(self):
        """Of its files, as they stand in the sandbox."""
        pid = until(20, lambda: min([p for p, n in self.s.inside(
            self.id).items() if n == 'coffer-agent'], default=None))
        return pid, '/proc/%d/root' % pid

    def healthy(self):
        self.s.quiet()
        return until(30, lambda: self.c.show(self.id)[
            'operating_status'] == 'HEALTHY')

    def restart(self):
        a = self.c.post('/instances/%s/action' % self.id, {'restart': {}})
        same(a.status, 202, a)
        self.healthy()


@story
def until_it_is_enabled_there_is_none(s):
    s.run('seed', 'postgresql', 'redis')
    all = [One(s, e) for e in ('mariadb', 'postgresql', 'redis')]
    for i in all:
        it[i.engine] = i.ready()
        same(i.shown(), {'status': 'off', 'mode': 'builtin',
                         'restart_required': False})
        i.ask(tls=False)
        i.post(rollback=True).fault(400, 'badRequest')


@story
def what_cannot_be_is_refused_with_a_reason(s):
    i = it['redis']
    for word, wish in (
            ('key manager', {'enable': True, 'container_ref': 'http://x/y'}),
            ('client_ca', {'enable': True, 'mode': 'mtls'}),
            ('mtls only', {'enable': True, 'client_ca': 'abc'}),
            ('PEM', {'enable': True, 'mode': 'mtls', 'client_ca': 'abc'}),
            ('must be one of', {'enable': True, 'mode': 'off'}),
            ('Exactly one', {'enable': True, 'disable': True})):
        check(word in i.post(**wish).fault(400, 'badRequest'), wish)
    same(i.shown()['status'], 'off')
    i.ask(tls=False)
    s.client('rita').post('/instances/%s/ssl' % i.id, {
        'ssl': {'enable': True}}).fault(403, 'forbidden')


@story
def offered_it_is_there_for_whoever_verifies_it(s):
    for i in it.values():
        waits = i.engine == 'mariadb'
        same(i.switch(enable=True), {'restart_required': waits})
        if waits:
            same(i.shown()['status'], 'off')
            same(i.c.show(i.id)['status'], 'RESTART_REQUIRED')
            i.restart()
        c = i.trust()
        same(c['san'], ['IP:' + i.ip])
        check(c['expire_at'] > time.strftime('%Y-%m-%dT'), c)
        same(i.shown()['restart_required'], False)
        said = i.ask()
        check(said in ('app', 'PONG') or 'Ssl_cipher\tTLS' in said, said)
        i.ask(tls=False)


@story
def another_s_certificate_or_name_is_not_taken(s):
    for i, other in zip(it.values(), reversed(it.values())):
        if i is not other:
            i.refused(ca=other.ca)
    it['postgresql'].refused(ca='/etc/ssl/certs/ca-certificates.crt')


@story
def enforced_nobody_comes_without(s):
    for i in it.values():
        same(i.switch(enable=True, mode='enforced'),
             {'restart_required': False})
        i.refused(tls=False)
        i.ask()
        same(i.shown()['mode'], 'enforced')
        i.healthy()                     # the agent's own way in is a socket
    c = it['postgresql'].c
    a = c.post('/instances/%s/users' % it['postgresql'].id, {'users': [
        {'name': 'near', 'password': APP, 'host': it['postgresql'].ip}]})
    same(a.status, 202, a)
    a = c.get('/instances/%s/users' % it['redis'].id)
    same(a.status, 200, a)


@story
def a_restart_and_two_kills_change_nothing(s):
    for i in it.values():
        pid, top = i.top()
        with open(top + SERVER, 'rb') as f:
            was = f.read()
        server = [p for p, n in s.inside(i.id).items()
                  if n in ('mariadbd', 'postgres', 'redis-server')
                  and command_line(p)[:1] == b'/']
        os.kill(min(server), signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        it[i.engine].was = was
    for i in it.values():
        i.healthy()
        until(30, i.served)
        i.refused(tls=False)
        with open(i.top()[1] + SERVER, 'rb') as f:
            same(f.read(), i.was, i.engine)


@story
def going_back_is_one_step(s):
    i = it['redis']
    same(i.switch(rollback=True), {'status': 'on', 'mode': 'basic',
                                   'restart_required': False})
    i.ask(tls=False)
    i.ask()
    i.switch(rollback=True)
    i.refused(tls=False)


@story
def clients_bring_certificates_of_their_own_authority(s):
    top = s.dir + '/client'
    own = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
           'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    for name in ('authority', 'stranger'):
        subprocess.run(own + ['-keyout', top + name + '.key', '-out',
                              top + name + '.crt', '-subj', '/CN=' + name],
                       check=True, capture_output=True)
    subprocess.run(
        'openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes '
        '-keyout %s.key -subj /CN=app | openssl x509 -req -days 2 -CA '
        '%sauthority.crt -CAkey %sauthority.key -CAcreateserial -out %s.crt'
        % (top, top, top, top), shell=True, check=True, capture_output=True)
    with open(top + 'authority.crt') as f:
        ca = f.read()
    root_of(it['mariadb'])
    it['mariadb'].as_root(
        "CREATE USER own@'%' IDENTIFIED BY 'own-own' REQUIRE SSL")
    for i in it.values():
        i.pair = top
        waits = i.engine == 'mariadb'
        same(i.switch(enable=True, mode='mtls', client_ca=ca),
             {'restart_required': waits})
        if waits:
            i.ask()                     # nobody is shut out until then
            i.refused(tls=False)
            same(i.c.show(i.id)['status'], 'RESTART_REQUIRED')
            i.restart()
            same(i.shown()['restart_required'], False)
        i.ask(pair=top)
        i.refused()
        i.refused(pair=top + 'stranger')
        i.refused(tls=False)
        same(i.shown()['mode'], 'mtls')


def root_of(i):
    a = i.c.post('/instances/%s/root' % i.id)
    same(a.status, 200, a)
    i.root = a.json['user']['password']
    i.as_root = lambda sql, pair=None: i.ask(user='root', password=i.root,
                                             sql=sql, pair=pair)


@story
def accounts_of_mariadb_demand_them_new_ones_too(s):
    i = it['mariadb']
    a = i.c.post('/instances/%s/users' % i.id, {'users': [
        {'name': 'late', 'password': APP}]})
    same(a.status, 202, a)
    i.ask(user='late', pair=i.pair)
    i.refused(user='late')
    i.refused(user='own', password='own-own')
    i.ask(user='own', password='own-own', pair=i.pair)
    i.refused(user='root', password=i.root)
    root_of(i)                          # a new one
    i.refused(user='root', password=i.root)
    demands = "SELECT User, ssl_type FROM mysql.user WHERE User IN (" \
        "'app', 'late', 'own', 'os_admin') ORDER BY 1"
    same(i.as_root(demands, i.pair).split(), [
        'app', 'X509', 'late', 'X509', 'os_admin', 'own', 'X509'])
    # back and forth as it runs
    same(i.switch(rollback=True), {'status': 'on', 'mode': 'enforced',
                                   'restart_required': False})
    same(i.as_root(demands).split(), ['app', 'late', 'os_admin', 'own', 'ANY'])
    i.ask()
    same(i.switch(rollback=True)['restart_required'], False)
    i.refused()
    i.ask(pair=i.pair)


@story
def an_ending_certificate_is_made_anew_under_the_same_authority(s):
    i = it['mariadb']
    pid, top = i.top()
    was = i.served_number()
    state = top + '/data/agent/tls.state'
    said = json.load(open(state))
    said['ends'] = int(time.time()) + 60
    with open(state, 'w') as f:
        json.dump(said, f)
    os.kill(pid, signal.SIGKILL)        # the next one looks at once
    until(30, lambda: i.served_number() not in (None, was))
    i.ask(pair=i.pair)
    i.refused()
    with open(i.top()[1] + '/data/agent/tls.state') as f:
        check(json.load(f)['ends'] > time.time() + 80 * 86400)


@story
def groups_cannot_touch_it(s):
    for engine, values in (('mariadb', {'require_secure_transport': 0}),
                           ('postgresql', {'ssl': 'off'}),
                           ('redis', {'tls-port': 0})):
        a = it[engine].c.post('/configurations', {'configuration': {
            'name': 'off', 'values': values, 'datastore': {'type': engine}}})
        check(a.status in (400, 422), a)


@story
def disabled_it_is_gone(s):
    for i in it.values():
        waits = i.engine == 'mariadb'
        same(i.switch(disable=True), {'restart_required': waits})
        i.ask(tls=False)
        if waits:
            i.restart()
        same(i.shown(), {'status': 'off', 'mode': 'builtin',
                         'restart_required': False})
        i.refused()
        i.ask(tls=False)
    i = it['mariadb']
    same(i.ask(tls=False, user='root', password=i.root, sql="SELECT User FROM "
               "mysql.user WHERE ssl_type <> ''"), 'own')


main()
