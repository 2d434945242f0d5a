#!/usr/bin/python3
"""Whoever is killed while a backup is taken or tried: it ends, it is right or
says what was wrong, and neither data nor an instance is left behind."""
import glob
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App83'
it = {}


def backup(name):
    a = it['c'].post('/backups', {'backup': {'name': name,
                                             'instance': it['id']}})
    same(a.status, 202, a)
    return a.json['backup']['id']


def state(id):
    return it['c'].get('/backups/' + id).json['backup']


def ended(id, seconds=40):
    return until(seconds, lambda: next(
        (b for b in [state(id)] if b['status'] in ('COMPLETED', 'FAILED')),
        None), 'ended', id)


def objects(s, id):
    return sorted(p for p in glob.glob(s.dir + '/**/storage/**/*' + id + '*',
                                       recursive=True) if os.path.isfile(p))


def moving(s, instance):
    """The process that moves its data, held so that others can be killed."""
    pid = until(20, lambda: next(
        (p for p, n in s.inside(instance).items()
         if n.startswith('coffer-transfe')), None), 'data are moved')
    os.kill(pid, signal.SIGSTOP)
    return pid


def kill(s, *names):
    """Some have a supervisor that starts them again; the others are started."""
    for name in names:
        s.kill(name, 'QUIT' if name == 'pg' else 'KILL')
    for name in names:
        if name in ('redis', 'pg', 'nginx'):
            until(10, lambda: started(s, name), name)


def started(s, name):
    try:
        s.run('start', name)
        return True
    except Failed:
        return False


def again(s, id):
    """Try a backup once more, at once."""
    until(40, lambda: not hidden(s), 'instances stay')
    s.sql("UPDATE backups SET verified = NULL, verified_at = NULL, "
          "verify_error = NULL, verify_tries = 0, verify_at = now() "
          "WHERE id = '%s'" % id)


def tried(id, seconds=40):
    return until(seconds, lambda: next(
        (b for b in [state(id)] if b['verified'] is not None), None),
        'tried', id)


def until_again(s):
    return s.one("SELECT verify_at > now() FROM backups WHERE id = '%s'"
                 % it['backup'])


def hidden(s):
    return [r[0] for r in s.sql('SELECT id FROM instances WHERE verifies IS '
                                'NOT NULL AND deleted_at IS NULL')]


def trying(s):
    """The instance that tries one, as soon as it has processes."""
    return until(20, lambda: next((i for i in hidden(s) if s.inside(i)),
                                  None), 'an instance tries it')


def nothing_left(s):
    until(40, lambda: not hidden(s), 'instances stay')
    alive = s.one("SELECT string_agg(id::text, ' ') FROM instances WHERE "
                  'deleted_at IS NULL').split()
    for d in glob.glob(s.dir + '/local/instances/*'):
        check(os.path.basename(d) in alive, d, 'stays')
    same(s.one('SELECT count(*) FROM slots'), str(len(alive)))
    same(s.one('SELECT count(*) FROM guests'), str(len(alive)))


@story
def the_stores_are_killed_while_a_backup_moves(s):
    c = it['c'] = s.client('alice')
    it['id'] = c.create('shop', databases=[{'name': 'app'}], users=[
        {'name': 'app', 'password': APP, 'databases': [{'name': 'app'}]}])
    i = c.active(it['id'])
    c.query(i, 'app', APP, 'CREATE TABLE r (id INT PRIMARY KEY, v BLOB);'
            'INSERT INTO r SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_12000')
    # what moves them is killed: that is a failure, and it is told
    id = backup('cut off')
    os.kill(moving(s, it['id']), signal.SIGKILL)
    same(ended(id)['status'], 'FAILED')
    why = next(t['error'] for t in c.tasks(it['id']) if t['id'] == id)
    check('killed' in str(why), why)
    until(20, lambda: not objects(s, id), 'left in storage')
    # the next one outlives its stores, which come back soon enough
    id = it['backup'] = backup('the next')
    pid = moving(s, it['id'])
    kill(s, 'redis', 'api-storage', 'nginx')
    os.kill(pid, signal.SIGCONT)
    same(ended(id)['status'], 'COMPLETED', c.tasks(it['id']))
    same(tried(id)['verified'], True)	# of any thousand the first


@story
def what_tries_a_backup_survives_whoever_is_killed(s):
    again(s, it['backup'])
    pid = moving(s, trying(s))
    kill(s, 'worker-1', 'worker-2', 'redis', 'conductor-1', 'api-storage',
         'pg')
    os.kill(pid, signal.SIGCONT)
    b = until(40, lambda: next((
        b for b in [state(it['backup'])] if b['verified'] is not None or
        b['verify_error']), None), 'an end')
    if b['verified'] is None:		# so much at once may well take too long
        same(until_again(s), 't', 'it is tried again')
        again(s, it['backup'])
        b = tried(it['backup'])
    same(b['verified'], True, b)
    nothing_left(s)


@story
def one_whose_sandbox_dies_is_not_the_backups_fault(s):
    again(s, it['backup'])
    id = trying(s)
    moving(s, id)
    for pid in s.sandboxes(id):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    b = until(40, lambda: next((b for b in [state(it['backup'])]
                                if b['verify_error']), None), 'told')
    same(b['verified'], None, b)
    same(until_again(s), 't', 'it is tried again')
    nothing_left(s)


@story
def one_whose_removal_fails_is_removed_later(s):
    """Its instance was left behind by a task that gave up."""
    again(s, it['backup'])
    id = trying(s)
    moving(s, id)
    s.sql("UPDATE tasks SET cancel = true WHERE instance_id = '%s'" % id)
    until(20, lambda: s.one("SELECT count(*) FROM tasks WHERE instance_id = "
                            "'%s' AND kind = 'delete'" % id) == '1')
    nothing_left(s)
    same(state(it['backup'])['verified'], None)


@story
def a_segment_that_changed_is_found(s):
    again(s, it['backup'])
    file = next(p for p in objects(s, it['backup'])
                if p.endswith('_00000000'))
    with open(file, 'r+b') as f:
        f.seek(-100, 2)
        was = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([was[0] ^ 1]))
    b = tried(it['backup'])
    same(b['verified'], False, b)
    check('is not' in b['verify_error'] or 'damaged' in b['verify_error'], b)
    same(s.one("SELECT payload ->> 'message' FROM events WHERE type = "
               "'coffer.backup.verify.error' ORDER BY seq DESC LIMIT 1"),
         b['verify_error'])
    nothing_left(s)


# Chosen are those that again() names, and no others.
main(settings=['backup.verify=sampled', 'backup.verify_sample=1000',
               'guest.expiry=6', 'guest.report=1'])
