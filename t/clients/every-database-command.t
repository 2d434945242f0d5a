#!/usr/bin/python3
"""Every `openstack database ...` and `openstack datastore ...` command: it does
what it says, or is refused in one line.  Those of stock-command-lines.t count;
a command that a newer client brings fails the last story until it is here."""
import functools
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from stock import stock  # noqa: E402
from importlib.metadata import entry_points  # noqa: E402

APP = CANARY + 'Cli2'
CLIENT = '/usr/bin/openstack'
IMAGE = '00000000-0000-4000-8000-0000000000aa'
NOT_HERE = {'database backup execution delete': 'needs Mistral'}
used = set()
mine = {}


@functools.lru_cache
def commands():
    """As the client's package registers them: 'database db list' ..."""
    return {p.name.replace('_', ' ')
            for p in entry_points(group='openstack.database.v1')}


def command_of(words):
    """The longest command that these words begin with."""
    line = ' '.join(words) + ' '
    fits = [c for c in commands() if line.startswith(c + ' ')]
    return max(fits, key=len) if fits else None


def run(s, *words, user='alice', fails=None):
    """What it printed; fails is a pattern of the one line it must say."""
    pw, project = s.passwords[user]
    e = dict(os.environ, OS_AUTH_URL='http://127.0.0.1:%d/v3' % s.port,
             OS_IDENTITY_API_VERSION='3', OS_USERNAME=user, OS_PASSWORD=pw,
             OS_PROJECT_NAME=project, OS_USER_DOMAIN_NAME='Default',
             OS_PROJECT_DOMAIN_NAME='Default', OS_REGION_NAME='RegionOne',
             LC_ALL='C.UTF-8', PYTHONWARNINGS='ignore')
    r = stock((CLIENT,) + words, e)
    said = ' '.join(words), 'said', r.stdout[-1500:], r.stderr[-1500:]
    check('Traceback' not in r.stderr and 'HTTP 500' not in r.stderr, *said)
    used.add(command_of(words))
    if fails is None:
        same(r.returncode, 0, *said)
        return r.stdout
    check(r.returncode != 0 and re.search(fails, r.stderr), *said)
    return r.stderr


def value(s, *words, **kw):
    return run(s, *words, '-f', 'value', **kw)


def show(s, *words, **kw):
    return json.loads(run(s, *words, '-f', 'json', **kw))


def settled(s, name='shop'):
    c = s.client('alice')
    return until(60, lambda: [i for i in [c.show(mine[name])] if (
        i['status'], i['operating_status']) == ('ACTIVE', 'HEALTHY')])[0]


def version_of_mariadb(s):
    return s.one("SELECT v.id FROM datastore_versions v JOIN datastores d ON "
                 "d.id = v.datastore_id WHERE d.name = 'mariadb'")


@story
def an_instance_to_work_on(s):
    s.coffer('parameters', 'load', version_of_mariadb(s), '-',
             input=s.coffer('parameters', 'generate'))
    c = s.client('alice')
    mine['shop'] = c.create('shop', databases=[{'name': 'app'}], users=[{
        'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    c.active(mine['shop'])


@story
def configuration_groups(s):
    g = show(s, 'database', 'configuration', 'create', 'fast',
             '{"max_connections": 120}', '--datastore', 'mariadb',
             '--description', 'more of them')
    same(g['name'], 'fast')
    check('fast' in value(s, 'database', 'configuration', 'list'))
    same(show(s, 'database', 'configuration', 'show', 'fast')['id'], g['id'])
    version = version_of_mariadb(s)
    check('max_connections' in value(s, 'database', 'configuration',
                                     'parameter', 'list', version))
    p = show(s, 'database', 'configuration', 'parameter', 'show', version,
             'max_connections')
    same(p['name'], 'max_connections')
    run(s, 'database', 'configuration', 'attach', 'shop', 'fast')
    i = settled(s)
    same(s.client('alice').query(i, 'app', APP, 'SELECT @@max_connections'),
         [['120']])
    check('shop' in value(s, 'database', 'configuration', 'instances', 'fast'))
    check(run(s, 'database', 'configuration', 'default', 'shop'))
    run(s, 'database', 'configuration', 'parameter', 'set', g['id'],
        '{"max_connections": 130}')
    until(30, lambda: s.client('alice').query(
        settled(s), 'app', APP, 'SELECT @@max_connections') == [['130']])
    run(s, 'database', 'configuration', 'set', g['id'],
        '{"max_connections": 140}', '--name', 'faster')
    until(30, lambda: s.client('alice').query(
        settled(s), 'app', APP, 'SELECT @@max_connections') == [['140']])
    run(s, 'database', 'configuration', 'delete', 'faster', fails='.')
    run(s, 'database', 'configuration', 'detach', 'shop')
    settled(s)
    run(s, 'database', 'configuration', 'delete', 'faster')
    check('faster' not in value(s, 'database', 'configuration', 'list'))


@story
def an_instance_grows(s):
    run(s, 'database', 'instance', 'resize', 'volume', 'shop', '2')
    until(60, lambda: settled(s)['volume']['size'] == 2)
    run(s, 'database', 'instance', 'resize', 'flavor', 'shop', '2')
    until(60, lambda: settled(s)['flavor']['id'] == '2')
    run(s, 'database', 'instance', 'resize', 'volume', 'shop', '2',
        fails='must be larger than the current volume size')


@story
def logs(s):
    check('general' in value(s, 'database', 'log', 'list', 'shop'))
    same(show(s, 'database', 'log', 'show', 'shop', 'general')['name'],
         'general')
    got = show(s, 'database', 'log', 'set', 'shop', 'general', '--enable')
    check(got['status'] in ('Enabled', 'Ready', 'Restart'), got)
    s.client('alice').query(settled(s), 'app', APP, "SELECT 'to be kept'")
    got = show(s, 'database', 'log', 'set', 'shop', 'general', '--publish')
    same((got['container'], got['prefix']), (
        'database_logs', '%s/mariadb-general/' % mine['shop']))
    check("SELECT 'to be kept'" in run(
        s, 'database', 'log', 'tail', 'shop', 'general', '--lines', '500'))
    file = s.dir + '/general.log'
    check(file in run(s, 'database', 'log', 'save', 'shop', 'general',
                      '--file', file))
    check("SELECT 'to be kept'" in open(file).read())
    got = show(s, 'database', 'log', 'set', 'shop', 'general', '--disable',
               '--discard')
    same((got['status'], got['container']), ('Disabled', 'None'))


@story
def backups_and_their_strategies(s):
    c = s.client('alice')
    mine['quick'] = c.create('quick', 'null')
    c.active(mine['quick'])
    b = show(s, 'database', 'backup', 'create', 'first', '-i', 'quick')
    until(30, lambda: show(s, 'database', 'backup', 'show', b['id'])[
        'status'] == 'COMPLETED')
    check('first' in value(s, 'database', 'backup', 'list'))
    check('first' in value(s, 'database', 'backup', 'list', 'instance',
                           'quick'))
    run(s, 'database', 'backup', 'delete', 'first')
    b = show(s, 'database', 'backup', 'create', 'second', '-i', 'shop')
    until(60, lambda: show(s, 'database', 'backup', 'show', b['id'])[
        'status'] == 'COMPLETED')
    settled(s)
    run(s, 'database', 'backup', 'strategy', 'create', '--instance-id',
        mine['quick'], '--swift-container', 'mine')
    check('mine' in value(s, 'database', 'backup', 'strategy', 'list'))
    run(s, 'database', 'backup', 'strategy', 'delete', '--instance-id',
        mine['quick'])


@story
def what_replicas_would_need_is_refused(s):
    run(s, 'database', 'instance', 'promote', 'shop', fails='.')
    run(s, 'database', 'instance', 'eject', 'shop', fails='.')
    run(s, 'database', 'instance', 'detach', 'shop', fails='not a replica')


@story
def clusters_are_refused(s):
    same(value(s, 'database', 'cluster', 'list').strip(), '')
    version = version_of_mariadb(s)
    run(s, 'database', 'cluster', 'create', 'ring', 'mariadb', version,
        '--instance', 'flavor=1,volume=1', fails='.')
    for words in (('show', 'x'), ('delete', 'x'), ('force', 'delete', 'x'),
                  ('list', 'instances', 'x'), ('modules', 'x'),
                  ('reset', 'status', 'x'), ('upgrade', 'x', version),
                  ('grow', 'x', '--instance', 'flavor=1,volume=1'),
                  ('shrink', 'x', 'y')):
        run(s, 'database', 'cluster', *words, fails='.')


@story
def the_operators_commands(s):
    project = s.client('alice').tenant
    admin = {'user': 'adam'}
    run(s, 'database', 'quota', 'update', project, 'instances', '12', **admin)
    check('12' in value(s, 'database', 'quota', 'show', project, **admin))
    run(s, 'database', 'quota', 'update', project, 'instances', '99',
        fails='401|admin')
    run(s, 'datastore', 'version', 'create', 'next', 'mariadb', 'mariadb',
        IMAGE, '--version-number', '99.1', '--active', **admin)
    check('next' in value(s, 'datastore', 'version', 'list', 'mariadb',
                          **admin))
    id = show(s, 'datastore', 'version', 'show', 'next', '--datastore',
              'mariadb', **admin)['id']
    # By id: with a name the client puts the whole instance into the path.
    run(s, 'database', 'instance', 'reboot', mine['shop'], **admin)
    settled(s)
    run(s, 'database', 'instance', 'rebuild', mine['shop'], IMAGE, **admin)
    settled(s)
    run(s, 'datastore', 'version', 'set', id, '--disable', **admin)
    run(s, 'datastore', 'version', 'delete', id, **admin)
    same(show(s, 'datastore', 'show', 'mariadb')['name'], 'mariadb')
    run(s, 'datastore', 'delete', 'nosuch', fails='.', **admin)


@story
def an_instance_is_reset_and_goes(s):
    run(s, 'database', 'instance', 'reset', 'status', 'shop', fails='.')
    run(s, 'database', 'instance', 'upgrade', 'shop', 'nosuch', fails='.')
    run(s, 'database', 'instance', 'force', 'delete', 'quick', user='adam')
    s.client('alice').gone(mine['quick'])
    run(s, 'database', 'instance', 'delete', 'shop')
    s.client('alice').gone(mine['shop'])


@story
def no_command_was_left_out(s):
    other = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                         'stock-command-lines.t')
    for call in re.findall(r"(openstack\(s|run\(s, '/usr/bin/openstack')"
                           r"((?:,\s*'[a-z]+')+)", open(other).read()):
        words = re.findall(r"'([a-z]+)'", call[1])
        used.add(command_of((['database'] if 'run' not in call[0] else []) +
                            words))
    same(sorted(commands() - used - set(NOT_HERE)), [])


def missing():
    return None if os.path.exists(CLIENT) else CLIENT + ' is not installed'


if __name__ == '__main__':
    main(needs=missing)
