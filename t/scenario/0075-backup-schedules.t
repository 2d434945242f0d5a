#!/usr/bin/python3
"""Backups that come by themselves: asked for, run, kept and forgotten."""
import datetime
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

PATH = '/backup_schedules'
DEAD = 'dddddddd-0000-4000-8000-00000000dead'
mine = {}


def ask(c, name, instance=None, **more):
    return c.post(PATH, {'backup_schedule': dict(
        {'name': name, 'instance': instance or mine['id'],
         'cron': '0 2 * * *'}, **more)})


def made(c, *args, **more):
    a = ask(c, *args, **more)
    same(a.status, 200, a)
    return a.json['backup_schedule']


def show(c, id):
    a = c.get(PATH + '/' + id)
    same(a.status, 200, a)
    return a.json['backup_schedule']


def change(c, id, **what):
    return c.patch(PATH + '/' + id, {'backup_schedule': what})


def due(s, *ids):
    """As if its time had come."""
    s.sql("UPDATE backup_schedules SET due = now(), next_run = now() - "
          "interval '1 s' WHERE id IN ('%s')" % "', '".join(ids))


def run(s, c, id):
    """Once, to the end of the backup; its id."""
    last = show(c, id)['last_backup']
    due(s, id)
    until(20, lambda: show(c, id)['last_backup'] not in (None, last),
          'a backup of the schedule')
    until(20, lambda: show(c, id)['last_backup']['status'] in
          ('COMPLETED', 'FAILED'))
    return show(c, id)['last_backup']['id']


def tidy(s, c, id, left):
    s.sql("UPDATE backup_schedules SET tidy_at = now() WHERE id = '%s'" % id)
    until(20, lambda: sorted(b['id'] for b in c.get('/backups').json[
        'backups']) == sorted(left), 'backups left')


def backups(c):
    return {b['id']: b for b in c.get('/backups').json['backups']}


@story
def a_schedule_says_when_it_runs_next(s):
    c = mine['alice'] = s.client('alice')
    mine['id'] = c.create('shop', 'null')
    c.active(mine['id'])
    same(c.get(PATH).json, {'backup_schedules': []})
    x = made(c, 'nightly', description='all of it', timezone='Europe/Berlin',
             keep_last=2, full_every=2)
    same({k: x[k] for k in x if k not in ('id', 'created', 'updated',
                                          'next_run')},
         {'name': 'nightly', 'description': 'all of it', 'project_id':
          c.tenant, 'instance_id': mine['id'], 'cron': '0 2 * * *',
          'timezone': 'Europe/Berlin', 'keep_last': 2, 'keep_days': None,
          'full_every': 2, 'enabled': True, 'last_run': None,
          'last_backup': None, 'last_error': None})
    now = datetime.datetime.utcnow()
    when = datetime.datetime.strptime(x['next_run'], '%Y-%m-%dT%H:%M:%S')
    check(now < when < now + datetime.timedelta(hours=25), x)
    check((when.hour, when.minute, when.second) in ((0, 0, 0), (1, 0, 0)), x)
    same(show(c, x['id']), x)
    same(c.get(PATH).json['backup_schedules'], [x])
    mine['nightly'] = x['id']


@story
def when_it_is_due_a_backup_is_taken(s):
    c = mine['alice']
    mine['full'] = run(s, c, mine['nightly'])
    b = backups(c)[mine['full']]
    same((b['name'], b['description'], b['status'], b['parent_id']),
         ('nightly', 'all of it', 'COMPLETED', None))
    t = [t for t in c.tasks(mine['id']) if t['id'] == b['id']]
    same([x['status'] for x in t], ['SUCCEEDED'])
    x = show(c, mine['nightly'])
    check(x['last_run'] and x['next_run'] > x['last_run'], x)
    same(x['last_error'], None)


@story
def every_second_one_is_full_and_old_ones_go_with_their_family(s):
    c = mine['alice']
    inc = run(s, c, mine['nightly'])
    same(backups(c)[inc]['parent_id'], mine['full'])
    full = run(s, c, mine['nightly'])
    same(backups(c)[full]['parent_id'], None)
    # two are kept, and the first one as the second stands upon it
    tidy(s, c, mine['nightly'], [mine['full'], inc, full])
    last = run(s, c, mine['nightly'])
    tidy(s, c, mine['nightly'], [full, last])
    same(s.one("SELECT backups FROM quotas WHERE tenant_id = '%s'"
               % c.tenant), '2')
    c.get('/backups/' + inc).fault(404, 'itemNotFound')


@story
def after_a_downtime_it_is_made_up_for_once(s):
    c = mine['alice']
    before = len(backups(c))
    for w in ('worker-1', 'worker-2'):
        s.kill(w, 'STOP')
    s.sql("UPDATE backup_schedules SET due = now() - interval '5 days', "
          "next_run = now() - interval '5 days', keep_last = NULL")
    for w in ('worker-1', 'worker-2'):
        s.kill(w, 'CONT')
    until(20, lambda: len(backups(c)) == before + 1)
    until(20, lambda: show(c, mine['nightly'])['last_backup']['status'] ==
          'COMPLETED')
    check(show(c, mine['nightly'])['next_run'] > '2026', 'again')
    same(len(backups(c)), before + 1)


@story
def workers_that_are_killed_lose_none_and_double_none(s):
    c = mine['alice']
    want = {}
    for n in range(3):
        id = c.create('one%d' % n, 'null')
        want[id] = 1
    for id in want:
        c.active(id)
    ids = [made(c, 'crowd', i)['id'] for i in want]
    due(s, *ids)
    until(20, lambda: s.one("SELECT count(*) FROM backups WHERE name = "
                            "'crowd'") > '0')
    for w in ('worker-1', 'worker-2'):
        s.kill(w)
    until(40, lambda: s.one("SELECT count(*) FROM backups WHERE name = 'crowd'"
                            " AND state = 'COMPLETED'") == '3')
    same(s.sql("SELECT count(*), count(DISTINCT instance_id) FROM backups "
               "WHERE name = 'crowd'"), [['3', '3']])
    same(s.one("SELECT backups FROM quotas WHERE tenant_id = '%s'" % c.tenant),
         str(len(backups(c))))
    for id in want:
        c.delete('/instances/' + id)
    s.quiet()
    same([x['id'] for x in c.get(PATH).json['backup_schedules']],
         [mine['nightly']])
    same(s.one("SELECT count(*) FROM backups WHERE name = 'crowd' AND "
               "deleted_at IS NULL"), '3')
    for id, b in backups(c).items():
        if b['name'] == 'crowd':
            same(c.delete('/backups/' + id).status, 202)


@story
def one_waits_until_its_instance_is_free(s):
    c = mine['alice']
    held = c.post('/backups', {'backup': {'name': 'held STUCK', 'instance':
                                          mine['id']}}).json['backup']['id']
    last = show(c, mine['nightly'])['last_backup']
    due(s, mine['nightly'])
    until(20, lambda: s.one("SELECT due > next_run + interval '3 s' FROM "
                            "backup_schedules WHERE id = '%s'"
                            % mine['nightly']) == 't')
    same(show(c, mine['nightly'])['last_backup'], last)
    s.client('adam').post('/instances/%s/action' % mine['id'],
                          {'reset_status': {}})
    due(s, mine['nightly'])
    until(20, lambda: show(c, mine['nightly'])['last_backup'] != last)
    until(20, lambda: show(c, mine['nightly'])['last_backup']['status'] ==
          'COMPLETED')
    c.delete('/backups/' + held)


@story
def an_exceeded_quota_is_an_event_and_shown(s):
    c = mine['alice']
    s.coffer('quota', 'set', 'alpha', 'backups=%d' % len(backups(c)))
    due(s, mine['nightly'])
    text = "Quota exceeded for resources: ['backups']."
    until(20, lambda: show(c, mine['nightly'])['last_error'] == text)
    check(show(c, mine['nightly'])['next_run'] >
          show(c, mine['nightly'])['last_run'])
    same(c.show(mine['id'])['status'], 'ACTIVE')
    told, marker = [], ''
    while marker is not None:
        page = c.get('/events' + marker).json['events']
        told += [e['payload'] for e in page
                 if e['event_type'] == 'coffer.backup_schedule.error']
        marker = '?marker=' + page[-1]['id'] if page else None
    same([(e['backup_schedule_id'], e['message']) for e in told],
         [(mine['nightly'], text)])
    s.coffer('quota', 'set', 'alpha', 'backups=default')
    run(s, c, mine['nightly'])
    same(show(c, mine['nightly'])['last_error'], None)


@story
def strategies_say_where_its_backups_go(s):
    c = mine['alice']
    same(c.post('/backup_strategies', {'backup_strategy': {
        'swift_container': 'ours'}}).status, 202)
    id = run(s, c, mine['nightly'])
    same(s.one("SELECT container FROM backups WHERE id = '%s'" % id), 'ours')
    c.delete('/backup_strategies')


@story
def it_is_changed_switched_off_and_deleted(s):
    c = mine['alice']
    x = made(c, 'often', cron='*/5 * * * *')
    y = change(c, x['id'], name='hourly', cron='@hourly', keep_days=30,
               keep_last=None, description=None).json['backup_schedule']
    same((y['name'], y['cron'], y['keep_days'], y['keep_last'],
          y['next_run'][14:]), ('hourly', '@hourly', 30, None, '00:00'))
    y = change(c, x['id'], enabled=False).json['backup_schedule']
    same((y['enabled'], y['next_run']), (False, None))
    y = change(c, x['id'], full_every=3).json['backup_schedule']
    same((y['enabled'], y['next_run'], y['full_every']), (False, None, 3))
    y = change(c, x['id'], enabled=True).json['backup_schedule']
    check(y['next_run'], y)
    change(c, x['id'], cron='0 0 31 11 *').fault(400, 'badRequest')
    change(c, x['id'], instance=mine['id']).fault(400, 'badRequest')
    same(show(c, x['id']), y)
    same(c.delete(PATH + '/' + x['id']).status, 202)
    c.get(PATH + '/' + x['id']).fault(404, 'itemNotFound')
    c.delete(PATH + '/' + x['id']).fault(404, 'itemNotFound')


@story
def what_never_comes_is_refused_at_the_door(s):
    c = mine['alice']
    for more, text in (
            ({'cron': '0 0 30 2 *'}, "The day '30 2' of the cron expression "
             "never comes."),
            ({'cron': '61 * * * *'}, "'61' is no minute of a cron "
             "expression."),
            ({'cron': '@reboot'}, "A cron expression is a minute, an hour, a "
             "day of the month, a month and a day of the week, or @daily: "
             "'@reboot' is none."),
            ({'timezone': 'Mars/Base'}, "The time zone 'Mars/Base' is not "
             "known."),
            ({'timezone': '../../etc/passwd'}, "The time zone is not "
             "known.")):
        same(ask(c, 'x', **more).fault(400, 'badRequest'), text)
    for more in ({'keep_last': 0}, {'keep_days': -1}, {'full_every': 0},
                 {'enabled': 1}, {'cron': None}, {'timezone': ''},
                 {'nosuch': 1}, {'full_every': 1001}):
        check(ask(c, 'x', **more).fault(400, 'badRequest').startswith(
            'Validation error'), more)
    ask(c, 'x', DEAD).fault(404, 'itemNotFound')
    for n in range(9):
        made(c, 'many%d' % n)
    same(ask(c, 'too many').fault(413, 'overLimit'),
         'An instance has at most 10 backup schedules.')


@story
def lists_are_paged_and_filtered(s):
    c = mine['alice']
    got, path = [], PATH + '?limit=4'
    while path:
        a = c.get(path)
        got += [x['id'] for x in a.json['backup_schedules']]
        link = a.json.get('links')
        path = link and PATH + '?' + link[0]['href'].split('?')[1]
    same((len(got), got), (10, sorted(got)))
    same(len(c.get(PATH + '?instance_id=' + mine['id']).json[
        'backup_schedules']), 10)
    for none in (DEAD, 'abc'):
        same(c.get(PATH + '?instance_id=' + none).json['backup_schedules'],
             [])
    c.get(PATH + '?marker=abc').fault(400, 'badRequest')
    table = s.coffer('schedule', 'list', '--project', 'alpha')
    check(len(table.splitlines()) == 11 and 'many8' in table and
          'Europe/Berlin' in table, table)
    for x in got:
        if x != mine['nightly']:
            c.delete(PATH + '/' + x)


@story
def others_do_not_see_it_and_readers_do_not_change_it(s):
    bob, rita = s.client('bob'), s.client('rita')
    same(bob.get(PATH).json['backup_schedules'], [])
    for a in (bob.get(PATH + '/' + mine['nightly']),
              change(bob, mine['nightly'], name='x'),
              bob.delete(PATH + '/' + mine['nightly'])):
        same(a.fault(404, 'itemNotFound'),
             'Resource %s cannot be found.' % mine['nightly'])
    ask(bob, 'x').fault(404, 'itemNotFound')
    same(show(rita, mine['nightly'])['name'], 'nightly')
    for a in (ask(rita, 'x'), change(rita, mine['nightly'], name='x'),
              rita.delete(PATH + '/' + mine['nightly'])):
        a.fault(403, 'forbidden')
    same(show(s.client('root'), mine['nightly'])['name'], 'nightly')


@story
def what_is_only_tried_leaves_nothing_and_a_key_makes_one(s):
    c = mine['alice']
    a = c.post(PATH + '?dry_run=true', {'backup_schedule': {
        'name': 'dry', 'instance': mine['id'], 'cron': '@daily'}})
    same((a.status, a.json['dry_run']['status']), (200, 200))
    check('dbaas.backup_schedule_create.end' in a.json['dry_run']['events'],
          a)
    key = {'Idempotency-Key': 'weekly-1'}
    body = {'backup_schedule': {'name': 'w', 'instance': mine['id'],
                                'cron': '@weekly'}}
    first = c.post(PATH, body, headers=key)
    again = c.post(PATH, body, headers=key)
    same((first.status, again.raw), (200, first.raw))
    same(len(c.get(PATH).json['backup_schedules']), 2)
    c.delete(PATH + '/' + first.json['backup_schedule']['id'])


@story
def an_engine_that_takes_no_backups_has_no_schedules(s):
    if s.one("SELECT 1 FROM datastore_versions WHERE manager = 'percona'"):
        raise Skip('a percona is there')
    s.coffer('datastore', 'add', 'percona')
    s.coffer('version', 'add', 'percona', '8', '--manager', 'percona',
             '--default')
    s.sql("INSERT INTO instances (id, tenant_id, name, version_id, flavor_id,"
          " ram_mb, vcpus, volume_gb, region) SELECT '%s', '%s', 'p', id, '1',"
          " 0, 0, 0, 'R' FROM datastore_versions WHERE manager = 'percona'"
          % (DEAD, mine['alice'].tenant))
    text = ("The 'create_backup' operation is not supported for the 'percona' "
            "datastore.")
    try:        # a copy of the catalogue may be older than the version
        until(10, lambda: ask(mine['alice'], 'x', DEAD).fault(
            501, 'notImplemented') == text, text)
    finally:
        s.sql("DELETE FROM instances WHERE id = '%s'" % DEAD)


@story
def it_goes_with_its_instance_and_its_backups_stay(s):
    c = mine['alice']
    n = len(backups(c))
    check(n > 0)
    c.remove(mine['id'])
    same(c.get(PATH).json['backup_schedules'], [])
    same(len(backups(c)), n)
    for id in backups(c):
        c.delete('/backups/' + id)
    same(s.one("SELECT backups FROM quotas WHERE tenant_id = '%s'"
               % c.tenant), '0')


if __name__ == '__main__':
    main(settings=['local.filesystem=directory'])
