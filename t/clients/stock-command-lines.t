#!/usr/bin/python3
"""The two stock command lines, from Debian's packages, as a user types them."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
from stock import stock  # noqa: E402

APP = CANARY + 'Cli1'
mine = {}
started = set()


def environment(s, user='alice'):
    pw, project = s.passwords[user]
    e = dict(os.environ, OS_AUTH_URL='http://127.0.0.1:%d/v3' % s.port,
             OS_IDENTITY_API_VERSION='3', OS_USERNAME=user, OS_PASSWORD=pw,
             OS_PROJECT_NAME=project, OS_USER_DOMAIN_NAME='Default',
             OS_PROJECT_DOMAIN_NAME='Default', OS_REGION_NAME='RegionOne',
             LC_ALL='C.UTF-8', PYTHONWARNINGS='ignore')
    for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'):
        e.pop(name, None)
    return e


def run(s, *words, status=0):
    e = environment(s)
    r = stock(words, e) if words[0] in started else subprocess.run(
        words, env=e, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120)
    started.add(words[0])           # once as a user starts it
    check((r.returncode == 0) == (status == 0), ' '.join(words), 'ended with',
          r.returncode, r.stdout[-1500:], r.stderr[-1500:])
    return r.stdout if status == 0 else r.stdout + r.stderr


def openstack(s, *words, **kw):
    return run(s, '/usr/bin/openstack', 'database', *words, **kw)


def trove(s, *words, **kw):
    return run(s, '/usr/bin/trove', *words, **kw)


def rows(text):
    """The cells of a printed table, below its head.  The old client prints
    what it encoded itself as b'...'."""
    lines = [[re.sub(r"^b'(.*)'$", r'\1', c.strip())
              for c in line.strip().strip('|').split('|')]
             for line in text.splitlines() if line.startswith('|')]
    return lines[1:]


@story
def openstack_creates_by_names_and_waits(s):
    text = openstack(s, 'instance', 'create', 'shop', '--flavor', '1',
                     '--size', '1', '--datastore', 'mariadb',
                     '--databases', 'app', '--users', 'app:' + APP,
                     '-f', 'value', '-c', 'id')
    mine['shop'] = text.strip()
    c = mine['c'] = s.client('alice')
    i = c.active(mine['shop'])
    same(c.query(i, 'app', APP, 'SELECT 1'), [['1']])


@story
def openstack_lists_and_shows_by_id_and_by_name(s):
    text = openstack(s, 'instance', 'list', '-f', 'value', '-c', 'Name',
                     '-c', 'Status', '-c', 'Operating Status')
    same(text.split(), ['shop', 'ACTIVE', 'HEALTHY'])
    for which in ('shop', mine['shop']):
        text = openstack(s, 'instance', 'show', which, '-f', 'json')
        d = json.loads(text)
        same((d['id'], d['name'], d['status']),
             (mine['shop'], 'shop', 'ACTIVE'))
    out = openstack(s, 'instance', 'show', 'nosuch', status=1)
    check('No instance with a name or ID' in out or 'not found' in out.lower()
          or 'could not be found' in out, out)


@story
def openstack_manages_databases_and_users(s):
    openstack(s, 'db', 'create', 'shop', 'more')
    same(sorted(openstack(s, 'db', 'list', 'shop', '-f', 'value').split()),
         ['app', 'more'])
    openstack(s, 'user', 'create', 'shop', 'dot.ted', CANARY + 'd',
              '--host', '10.0.0.1', '--databases', 'more')
    text = openstack(s, 'user', 'list', 'shop', '-f', 'value', '-c', 'Name')
    same(sorted(text.split()), ['app', 'dot.ted'])
    text = openstack(s, 'user', 'show', 'shop', 'dot.ted', '--host',
                     '10.0.0.1', '-f', 'value', '-c', 'databases')
    check('more' in text, text)
    openstack(s, 'user', 'grant', 'access', 'shop', 'dot.ted', 'app',
              '--host', '10.0.0.1')
    text = openstack(s, 'user', 'show', 'access', 'shop', 'dot.ted',
                     '--host', '10.0.0.1', '-f', 'value')
    same(sorted(text.split()), ['app', 'more'])
    openstack(s, 'user', 'revoke', 'access', 'shop', 'dot.ted', 'more',
              '--host', '10.0.0.1')
    openstack(s, 'user', 'update', 'attributes', 'shop', 'dot.ted',
              '--host', '10.0.0.1', '--new_password', CANARY + 'e')
    openstack(s, 'user', 'delete', 'shop', 'dot.ted', '--host', '10.0.0.1')
    openstack(s, 'db', 'delete', 'shop', 'more')
    same(openstack(s, 'db', 'list', 'shop', '-f', 'value').split(), ['app'])


@story
def openstack_enables_and_disables_root(s):
    out = openstack(s, 'root', 'show', 'shop')
    check('False' in out, out)
    text = openstack(s, 'root', 'enable', 'shop', '-f', 'json')
    pw = json.loads(text)['password']
    i = mine['c'].show(mine['shop'])
    same(mine['c'].query(i, 'root', pw, 'SELECT 1', 'mysql'), [['1']])
    check('True' in openstack(s, 'root', 'show', 'shop'))
    openstack(s, 'root', 'disable', 'shop')
    check('False' in openstack(s, 'root', 'show', 'shop'))


@story
def openstack_restarts_renames_and_shows_what_there_is(s):
    openstack(s, 'instance', 'restart', 'shop')
    until(30, lambda: mine['c'].show(mine['shop'])['status'] == 'ACTIVE')
    openstack(s, 'instance', 'update', 'shop', '--name', 'store')
    same(mine['c'].show(mine['shop'])['name'], 'store')
    openstack(s, 'instance', 'update', 'store', '--name', 'shop')
    check('mariadb' in run(s, '/usr/bin/openstack', 'datastore', 'list'))
    check(run(s, '/usr/bin/openstack', 'datastore', 'version', 'list',
              'mariadb'))
    check('tiny' in openstack(s, 'flavor', 'list'))
    check('tiny' in openstack(s, 'flavor', 'show', '1'))
    openstack(s, 'limit', 'list')


@story
def trove_creates_lists_and_shows(s):
    text = trove(s, 'create', 'old', '1', '--size', '1', '--datastore',
                 'mariadb', '--databases', 'app', '--users', 'app:' + APP)
    id = dict((r[0], r[1]) for r in rows(text))['id']
    mine['old'] = id
    i = mine['c'].active(id)
    same(mine['c'].query(i, 'app', APP, 'SELECT 1'), [['1']])
    names = {r[1] for r in rows(trove(s, 'list'))}
    same(names, {'shop', 'old'})
    for which in ('old', id):
        shown = dict((r[0], r[1]) for r in rows(trove(s, 'show', which)))
        same((shown['id'], shown['status']), (id, 'ACTIVE'))
    trove(s, 'show', 'nosuch', status=1)


@story
def trove_manages_databases_users_and_root(s):
    trove(s, 'database-create', 'old', 'more')
    same({r[0] for r in rows(trove(s, 'database-list', 'old'))},
         {'app', 'more'})
    trove(s, 'user-create', 'old', 'second', CANARY + 's', '--databases',
          'more')
    same({r[0] for r in rows(trove(s, 'user-list', 'old'))},
         {'app', 'second'})
    trove(s, 'user-grant-access', 'old', 'second', 'app')
    same({r[0] for r in rows(trove(s, 'user-show-access', 'old', 'second'))},
         {'app', 'more'})
    trove(s, 'user-revoke-access', 'old', 'second', 'more')
    check('second' in trove(s, 'user-show', 'old', 'second'))
    trove(s, 'user-update-attributes', 'old', 'second', '--new_password',
          CANARY + 't')
    trove(s, 'user-delete', 'old', 'second')
    trove(s, 'database-delete', 'old', 'more')
    check('False' in trove(s, 'root-show', 'old'))
    pw = dict((r[0], r[1]) for r in
              [['name', 'x']] + rows(trove(s, 'root-enable', 'old')))
    check('True' in trove(s, 'root-show', 'old'), pw)
    trove(s, 'root-disable', 'old')
    trove(s, 'restart', 'old')
    until(30, lambda: mine['c'].show(mine['old'])['status'] == 'ACTIVE')


@story
def trove_shows_flavors_datastores_and_limits(s):
    check('tiny' in trove(s, 'flavor-list'))
    check('tiny' in trove(s, 'flavor-show', '1'))
    check('mariadb' in trove(s, 'datastore-list'))
    trove(s, 'datastore-show', 'mariadb')
    trove(s, 'datastore-version-list', 'mariadb')
    trove(s, 'limit-list')


@story
def both_delete_by_name(s):
    openstack(s, 'instance', 'delete', 'shop')
    trove(s, 'delete', 'old')
    mine['c'].gone(mine['shop'])
    mine['c'].gone(mine['old'])
    same(rows(trove(s, 'list')), [])
    same(openstack(s, 'instance', 'list', '-f', 'value').strip(), '')


@story
def a_fault_is_told_in_its_own_words(s):
    out = openstack(s, 'instance', 'create', 'big', '--flavor', '1',
                    '--size', '99', '--datastore', 'mariadb', status=1)
    check('413' in out or 'uota' in out or 'maximum' in out, out)
    out = trove(s, 'create', 'x1', 'nosuch', '--size', '1', status=1)
    check('Traceback' not in out, out)


@story
def a_name_is_found_among_more_than_a_page(s):
    c = mine['c']
    ids = {n: c.create('many-%d' % n, 'null') for n in range(23)}
    for id in ids.values():
        c.active(id)
    for n in (0, 11, 22):
        for ask in (lambda: openstack(s, 'instance', 'show', 'many-%d' % n,
                                      '-f', 'value', '-c', 'id'),
                    lambda: trove(s, 'show', 'many-%d' % n)):
            check(ids[n] in ask(), 'many-%d' % n)
    for id in ids.values():
        same(c.delete('/instances/' + id).status, 202)
    for id in ids.values():
        c.gone(id)


def missing():
    for p in ('/usr/bin/openstack', '/usr/bin/trove'):
        if not os.path.exists(p):
            return p + ' is not installed'
    return None


if __name__ == '__main__':
    main(settings=['api.page_size=1000', 'quota.instances=30',
                   'quota.volumes=-1'], needs=missing)
