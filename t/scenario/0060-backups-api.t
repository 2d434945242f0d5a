#!/usr/bin/python3
"""Backups as clients see them: states, families, pages, quota, restore."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403
import threading  # noqa: E402

DEAD = 'dddddddd-0000-4000-8000-00000000dead'
mine = {}


def charged(s, c):
    return int(s.one("SELECT coalesce(max(backups), 0) FROM quotas WHERE "
                     "tenant_id = '%s'" % c.tenant))


def ask(c, name, instance=None, **more):
    return c.post('/backups', {'backup': dict(
        {'name': name, 'instance': instance or mine['id']}, **more)})


def state(c, id):
    return c.get('/backups/' + id).json['backup']['status']


def taken(c, name, instance=None, **more):
    a = ask(c, name, instance, **more)
    same(a.status, 202, a)
    id = a.json['backup']['id']
    until(20, lambda: state(c, id) == 'COMPLETED', 'backup', name)
    return id


def ids(a):
    same(a.status, 200, a)
    return [b['id'] for b in a.json['backups']]


def restore(c, backup, **more):
    return c.post('/instances', {'instance': dict(
        {'name': 'again', 'flavorRef': '1', 'volume': {'size': 1},
         'datastore': {'type': 'null'}, 'restorePoint': {
             'backupRef': backup}}, **more)})


@story
def a_backup_goes_from_new_over_building_to_completed(s):
    c = mine['alice'] = s.client('alice')
    mine['id'] = c.create('shop', 'null')
    c.active(mine['id'])
    same(ids(c.get('/backups')), [])
    a = ask(c, 'full', description='the first')
    same(a.status, 202, a)
    b = a.json['backup']
    same([b[k] for k in ('name', 'description', 'status', 'locationRef',
                         'size', 'parent_id', 'instance_id', 'project_id')],
         ['full', 'the first', 'NEW', None, None, None, mine['id'], c.tenant])
    same(b['datastore']['type'], 'null')
    check(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', b['created']), b)
    seen = []

    def done():
        seen.append(state(c, b['id']))
        return seen[-1] == 'COMPLETED'
    until(20, done)
    check('BUILDING' in seen and set(seen) <= {'NEW', 'BUILDING',
                                               'COMPLETED'}, seen)
    b = c.get('/backups/' + b['id']).json['backup']
    same((b['size'], b['locationRef'].split('/')[-2:]),
         (0.14, ['database_backups', b['id'] + '.xbstream.gz']))
    mine['full'] = b['id']
    same(charged(s, c), 1)
    t = c.tasks(mine['id'])[0]
    same((t['id'], t['status']), (b['id'], 'SUCCEEDED'))


@story
def while_it_runs_the_instance_is_in_backup_and_left_alone(s):
    c = mine['alice']
    a = ask(c, 'held STUCK')
    id = a.json['backup']['id']
    i = c.show(mine['id'])
    same((i['status'], i['operating_status']), ('BACKUP', 'HEALTHY'))
    lists = [x for x in c.get('/instances').json['instances']
             if x['id'] == mine['id']]
    same(lists[0]['status'], 'BACKUP')
    text = ('Instance %s is not currently available for an action to be '
            'performed (instance status was BACKUP).' % mine['id'])
    same(ask(c, 'second').fault(422, 'unprocessableEntity'), text)
    same(c.post('/instances/%s/action' % mine['id'], {'restart': {}}).fault(
        422, 'unprocessableEntity'), text)
    for what in ({'volume': {'size': 2}}, {'flavorRef': '3'}):
        same(c.post('/instances/%s/action' % mine['id'], {
            'resize': what}).fault(422, 'unprocessableEntity'), text)
    restore(c, id).fault(409, 'conflict')
    until(10, lambda: state(c, id) == 'BUILDING')
    # what its guest is to do waits a moment, visibly, and is told why in vain
    said, other = [], s.client('alice')
    waits = threading.Thread(target=lambda: said.append(other.post(
        '/instances/%s/users' % mine['id'], {'users': [
            {'name': 'late', 'password': 'late-late'}]})))
    waits.start()
    until(5, lambda: c.tasks(mine['id'])[0].get('waits_for') == id)
    waits.join()
    same(said[0].fault(422, 'unprocessableEntity'), text)
    same(charged(s, c), 2)
    # the administrator's reset fails it and frees the instance
    same(s.client('adam').post('/instances/%s/action' % mine['id'],
                               {'reset_status': {}}).status, 202)
    same(state(c, id), 'FAILED')
    same(c.show(mine['id'])['status'], 'ACTIVE')
    s.quiet()
    same(state(c, id), 'FAILED')
    late = c.tasks(mine['id'])[0]
    same((late['kind'], late['status']), ('user_create', 'CANCELLED'))
    check('waits_for' not in late)
    same(c.delete('/backups/' + id).status, 202)
    same(charged(s, c), 1)
    heard_again(c, mine['id'])


def heard_again(c, id):
    """After a reset the guest counts for nothing until it reports."""
    until(20, lambda: c.show(id)['operating_status'] == 'HEALTHY')


@story
def one_that_runs_is_stopped_by_its_delete(s):
    c = mine['alice']
    id = ask(c, 'unwanted STUCK').json['backup']['id']
    until(10, lambda: state(c, id) == 'BUILDING')
    same(c.delete('/backups/' + id).status, 202)
    c.get('/backups/' + id).fault(404, 'itemNotFound')
    same(charged(s, c), 1)
    until(10, lambda: c.show(mine['id'])['status'] == 'ACTIVE')
    same(c.tasks(mine['id'])[0]['status'], 'CANCELLED')


@story
def of_many_at_once_one_is_taken(s):
    people = [s.client('alice') for n in range(6)]
    for p in people:
        p.login()
    answers = []
    threads = [threading.Thread(target=lambda p=p, n=n: answers.append(
        ask(p, 'race%d' % n))) for n, p in enumerate(people)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    same(sorted(a.status for a in answers), [202] + [422] * 5)
    c = mine['alice']
    id = [a for a in answers if a.status == 202][0].json['backup']['id']
    until(20, lambda: state(c, id) == 'COMPLETED')
    same(charged(s, c), 2)
    same(c.delete('/backups/' + id).status, 202)
    same(charged(s, c), 1)


@story
def one_that_fails_says_so_and_still_counts(s):
    c = mine['alice']
    a = ask(c, 'doomed FAIL')
    id = a.json['backup']['id']
    until(20, lambda: state(c, id) == 'FAILED')
    b = c.get('/backups/' + id).json['backup']
    same((b['locationRef'], b['size']), (None, None))
    same(c.show(mine['id'])['status'], 'ACTIVE')
    same(charged(s, c), 2)
    same(restore(c, id).fault(409, 'conflict'), 'Unable to create instance '
         'because backup %s is not completed. Actual state: FAILED.' % id)
    same(c.delete('/backups/' + id).status, 202)


@story
def a_worker_that_dies_leaves_a_backup_to_the_next(s):
    c = mine['alice']
    id = ask(c, 'survivor').json['backup']['id']
    for w in ('worker-1', 'worker-2'):
        s.kill(w)
    until(40, lambda: state(c, id) == 'COMPLETED')
    same(c.show(mine['id'])['status'], 'ACTIVE')
    same(c.delete('/backups/' + id).status, 202)


@story
def incremental_ones_know_their_parents_and_go_with_them(s):
    c = mine['alice']
    mine['inc'] = taken(c, 'inc', parent_id=mine['full'])
    mine['inc2'] = taken(c, 'inc2', incremental=1)
    parent = [c.get('/backups/' + mine[k]).json['backup']['parent_id']
              for k in ('full', 'inc', 'inc2')]
    same(parent, [None, mine['full'], mine['inc']])
    other = c.create('other', 'null')
    c.active(other)
    mine['other'] = taken(c, 'first of it', other, incremental=1,
                          swift_container='my_container')
    b = c.get('/backups/' + mine['other']).json['backup']
    same(b['parent_id'], None, 'nothing to be incremental upon')
    check('/my_container/' in b['locationRef'], b)
    mine['id2'] = other
    same(charged(s, c), 4)
    # a child that runs goes with the family, and its task ends
    child = ask(c, 'child STUCK', parent_id=mine['inc2']).json['backup']['id']
    same((len(ids(c.get('/backups'))), charged(s, c)), (5, 5))
    same(c.delete('/backups/' + mine['inc']).status, 202)
    same(ids(c.get('/backups')), [mine['other'], mine['full']])
    same(charged(s, c), 2)
    until(10, lambda: c.show(mine['id'])['status'] == 'ACTIVE')
    t = c.tasks(mine['id'])[0]
    same((t['id'], t['status'], t['error']), (child, 'CANCELLED',
                                              'Cancelled.'))
    c.delete('/backups/' + mine['inc']).fault(404, 'itemNotFound')


@story
def lists_are_paged_by_rows_and_filtered(s):
    c = mine['alice']
    for n in range(3):
        taken(c, 'page%d' % n)
    all = ids(c.get('/backups'))
    same(len(all), 5)
    same(all[-1], mine['full'], 'last changed first')
    got, path = [], '/backups?limit=2'
    while path:
        a = c.get(path)
        got += ids(a)
        link = a.json.get('links')
        same(a.json.get('backups_links'), link)
        path = link and '/backups?' + link[0]['href'].split('?')[1]
    same(got, all)
    a = c.get('/backups?limit=0')
    same((ids(a), a.json['links'][0]['href'].endswith('limit=0&marker=0')),
         ([], True))
    for bad in ('limit=-1', 'limit=abc', 'marker=abc', 'marker=-1'):
        c.get('/backups?' + bad).fault(400, 'badRequest')
    same(ids(c.get('/backups?instance_id=' + mine['id2'])), [mine['other']])
    same(ids(c.get('/backups?instance_id=' + DEAD)), [])
    same(ids(c.get('/backups?instance_id=abc')), [])
    same(len(ids(c.get('/backups?datastore=null'))), 5)
    c.get('/backups?datastore=nope').fault(404, 'itemNotFound')
    same(ids(c.get('/instances/%s/backups' % mine['id2'])), [mine['other']])
    same(len(ids(c.get('/instances/%s/backups?limit=1' % mine['id']))), 1)


@story
def another_projects_backups_are_not_there(s):
    c, bob = mine['alice'], s.client('bob')
    same(ids(bob.get('/backups')), [])
    same(ids(bob.get('/backups?instance_id=' + mine['id'])), [])
    for ask_it in (lambda id: bob.get('/backups/' + id),
                   lambda id: bob.delete('/backups/' + id),
                   lambda id: restore(bob, id)):
        for id in (mine['full'], DEAD):
            same(ask_it(id).fault(404, 'itemNotFound'),
                 'Resource %s cannot be found.' % id)
    same(ask(bob, 'x').fault(404, 'itemNotFound'),
         'Resource %s cannot be found.' % mine['id'])
    bob.get('/instances/%s/backups' % mine['id']).fault(404, 'itemNotFound')
    bob.get('/backups/abc').fault(404, 'itemNotFound')
    own = bob.create('bobs', 'null')
    bob.active(own)
    ask(bob, 'x', own, parent_id=mine['full']).fault(404, 'itemNotFound')
    for q in ('all_projects=true', 'project_id=' + bob.tenant):
        same(bob.get('/backups?' + q).fault(403, 'forbidden'), "Policy doesn't"
             " allow backup:index:all_projects to be performed.")
    root = s.client('root')
    same(ids(root.get('/backups')), [])
    same(len(ids(root.get('/backups?all_projects=True'))), 5)
    same(len(ids(root.get('/backups?project_id=' + c.tenant))), 5)
    same(root.get('/backups/' + mine['full']).status, 200)
    same((charged(s, bob), charged(s, c)), (0, 5))


@story
def what_an_admin_deletes_is_given_back_to_its_owner(s):
    c, root = mine['alice'], s.client('root')
    id = ids(c.get('/backups'))[0]
    same(root.delete('/backups/' + id).status, 202)
    same((charged(s, root), charged(s, c)), (0, 4))


@story
def wrong_bodies_are_told_what_is_wrong(s):
    c = mine['alice']
    for body, text in (
            ({'name': 'x'}, 'instance is missing.'),
            ({'name': 'x', 'instance': mine['id'], 'swift_container':
              'a;rm -rf'}, 'The value is not allowed: a;rm -rf.')):
        same(c.post('/backups', {'backup': body}).fault(400, 'badRequest'),
             text)
    for more in ({'name': ''}, {'name': None}, {'name': 'n' * 256},
                 {'instance': 'abc'}, {'instance': None}, {'parent_id': 'abc'},
                 {'incremental': True}, {'incremental': 2},
                 {'incremental': 'yes'}, {'description': ''},
                 {'swift_container': ''}, {'restore_from': {'size': 1}}):
        a = c.post('/backups', {'backup': dict(
            {'name': 'x', 'instance': mine['id']}, **more)})
        check(a.fault(400, 'badRequest').startswith('Validation error'), a)
    for body in ({}, {'backup': None}, {'backup': []}, ''):
        c.post('/backups', body).fault(400, 'badRequest')
    ask(c, 'x', DEAD).fault(404, 'itemNotFound')
    ask(c, 'x', parent_id=DEAD).fault(404, 'itemNotFound')
    same(charged(s, c), 4)
    same(c.show(mine['id'])['status'], 'ACTIVE')


@story
def the_quota_holds_and_a_refusal_costs_nothing(s):
    c = mine['alice']
    s.coffer('quota', 'set', 'alpha', 'backups=4')
    same(ask(c, 'over').fault(413, 'overLimit'),
         "Quota exceeded for resources: ['backups'].")
    same((charged(s, c), c.show(mine['id'])['status']), (4, 'ACTIVE'))
    same(s.one("SELECT count(*) FROM backups WHERE name = 'over'"), '0')
    s.coffer('quota', 'set', 'alpha', 'backups=default')


@story
def what_is_only_tried_leaves_nothing(s):
    c = mine['alice']
    before = ids(c.get('/backups'))
    a = c.post('/backups?dry_run=true', {'backup': {
        'name': 'dry', 'instance': mine['id']}})
    same(a.status, 200, a)
    d = a.json['dry_run']
    same((d['status'], [t['kind'] for t in d['tasks']]), (202, ['backup']))
    same([(q['before'], q['after']) for q in d['quota']
          if q['resource'] == 'backups'], [(4, 5)])
    a = c.delete('/backups/%s?dry_run=true' % mine['full'])
    same([(q['before'], q['after']) for q in a.json['dry_run']['quota']
          if q['resource'] == 'backups'], [(4, 3)])
    same((ids(c.get('/backups')), c.show(mine['id'])['status']),
         (before, 'ACTIVE'))


@story
def the_same_key_takes_one_backup(s):
    c = mine['alice']
    key = {'Idempotency-Key': 'nightly-1'}
    body = {'backup': {'name': 'once', 'instance': mine['id']}}
    first = c.post('/backups', body, headers=key)
    same(first.status, 202, first)
    id = first.json['backup']['id']
    again = c.post('/backups', body, headers=key)
    same((again.status, again.raw), (202, first.raw))
    until(20, lambda: state(c, id) == 'COMPLETED')
    same(charged(s, c), 5)
    same(c.delete('/backups/' + id).status, 202)


@story
def a_backup_becomes_an_instance(s):
    c = mine['alice']
    a = restore(c, mine['full'])
    same(a.status, 200, a)
    id = a.json['instance']['id']
    c.active(id)
    same(restore(c, mine['full'], datastore={'type': 'mariadb'}).fault(
        400, 'badRequest'), 'The datastore from which the backup was taken, '
        'null, does not match the destination datastore of mariadb.')
    restore(c, DEAD).fault(404, 'itemNotFound')
    for bad in ({}, {'backupRef': 'abc'}, None):
        c.post('/instances', {'instance': {
            'name': 'x', 'flavorRef': '1', 'volume': {'size': 1},
            'datastore': {'type': 'null'}, 'restorePoint': bad}}).fault(
                400, 'badRequest')
    c.remove(id)


@story
def one_taken_elsewhere_is_recorded(s):
    c = mine['alice']
    version = c.get('/datastores/null').json['datastore']['default_version']

    def record(size=1, where='http://127.0.0.1:8080/v1/AUTH_x/c/a', v=version):
        return c.post('/backups', {'backup': {'name': 'rf', 'restore_from': {
            'remote_location': where, 'local_datastore_version_id': v,
            'size': size}}})
    a = record(5)
    same(a.status, 202, a)
    b = a.json['backup']
    same((b['status'], b['instance_id'], b['size']), ('RESTORED', None, 5))
    same(charged(s, c), 5)
    check(restore(c, b['id']).fault(403, 'forbidden').startswith(
        'Backup is too large for given flavor or volume. Backup size: 5 GBs. '
        'Available size: 1 GBs.'))
    same(record(where='http://x/missing').fault(400, 'badRequest'),
         'Failed to restore backup from http://x/missing')
    for size in (-1, 1e300, 1 << 21):
        check(record(size).fault(400, 'badRequest').startswith(
            'Validation error'), size)
    same(record(v=DEAD).fault(400, 'badRequest'),
         "Datastore version '%s' cannot be found." % DEAD)
    same(c.delete('/backups/' + b['id']).status, 202)
    same(charged(s, c), 4)


@story
def an_engine_that_takes_none_says_so(s):
    c = mine['alice']
    s.run('seed', 'failing')
    time.sleep(3)       # as old may a process's copy of the catalogue be
    mine['none'] = c.create('none', 'failing')
    same(ask(c, 'x', mine['none']).fault(501, 'notImplemented'),
         "The 'create_backup' operation is not supported for the 'failing' "
         "datastore.")
    c.active(mine['none'])
    ask(c, 'x', mine['none']).fault(501, 'notImplemented')
    same((charged(s, c), c.show(mine['none'])['status']), (4, 'ACTIVE'))
    same(s.one("SELECT count(*) FROM tasks WHERE kind = 'backup' AND "
               "instance_id = '%s'" % mine['none']), '0')


@story
def strategies_say_where_backups_go(s):
    c, bob = mine['alice'], s.client('bob')
    path = '/backup_strategies'
    same(c.get(path).json, {'backup_strategies': []})
    for body in ({'swift_container': 'ours'},
                 {'swift_container': 'its', 'instance_id': mine['id']},
                 {'swift_container': 'its own', 'instance_id': mine['id']}):
        a = c.post(path, {'backup_strategy': body})
        same(a.status, 202, a)
        same(a.json['backup_strategy'], {
            'project_id': c.tenant, 'instance_id': body.get('instance_id', ''),
            'backend': 'swift', 'swift_container': body['swift_container']})
    same([x['swift_container'] for x in c.get(path).json[
        'backup_strategies']], ['ours', 'its own'])
    same(len(c.get(path + '?instance_id=' + mine['id']).json[
        'backup_strategies']), 1)
    where = [c.get('/backups/' + taken(c, 'where', i)).json['backup'][
        'locationRef'] for i in (mine['id'], mine['id2'])]
    check('/its own/' in where[0] and '/ours/' in where[1], where)
    same(bob.get(path).json, {'backup_strategies': []})
    for ask_it in (bob.get, bob.delete):
        same(ask_it(path + '?project_id=' + c.tenant).fault(
            403, 'forbidden'), 'Operation not allowed for tenant %s.'
            % c.tenant)
    same(len(s.client('root').get(path + '?project_id=' + c.tenant).json[
        'backup_strategies']), 2)
    same(c.delete(path).status, 202)
    same(c.delete(path).status, 202)
    same([x['swift_container'] for x in c.get(path).json[
        'backup_strategies']], ['its own'])
    same(c.delete(path + '?instance_id=' + mine['id']).status, 202)
    same(c.get(path).json, {'backup_strategies': []})
    for bad in ({}, {'swift_container': ''}, {'swift_container': 'x',
                'instance_id': 'x'}, {'swift_container': 'x', 'more': 1}):
        c.post(path, {'backup_strategy': bad}).fault(400, 'badRequest')


@story
def an_instance_goes_while_it_is_backed_up_and_its_backups_stay(s):
    c = mine['alice']
    n = len(ids(c.get('/backups')))
    id = ask(c, 'last STUCK').json['backup']['id']
    c.remove(mine['id'])
    until(20, lambda: state(c, id) == 'FAILED')
    same(len(ids(c.get('/backups'))), n + 1)
    same(c.get('/backups/' + mine['full']).json['backup']['instance_id'],
         mine['id'])
    for id in ids(c.get('/backups')):
        c.delete('/backups/' + id)
    same((charged(s, c), ids(c.get('/backups'))), (0, []))


if __name__ == '__main__':
    main(settings=['local.filesystem=directory', 'api.guest_wait=2'])
