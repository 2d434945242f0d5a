#!/usr/bin/python3
"""The machine goes down without a word and comes up again: every instance that
ran runs, with its data, and every task goes on."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403


mine = {}
APP = CANARY + 'App3'


def ours(s):
    """Everything of this stack, supervisors and instances included."""
    found = []
    for d in os.listdir('/proc'):
        if d.isdigit() and int(d) != os.getpid():
            try:
                line = open('/proc/%s/cmdline' % d, 'rb').read()
            except OSError:
                continue
            if (s.dir + '/').encode() in line or \
                    ('supervise' in line.decode(errors='replace') and
                     s.dir.encode() in line):
                found.append(int(d))
    return found


@story
def three_instances_run_and_one_is_being_made(s):
    c = mine['c'] = s.client('alice')
    mine['ids'] = [c.create('boot-%d' % n, databases=[{'name': 'app'}],
                            users=[{'name': 'app', 'password': APP,
                                    'databases': [{'name': 'app'}]}])
                   for n in range(3)]
    for id in mine['ids']:
        i = c.active(id)
        c.query(i, 'app', APP, 'CREATE TABLE t (n int); '
                'INSERT INTO t VALUES (42)')
    mine['late'] = c.create('late', databases=[{'name': 'app'}])


@story
def the_power_goes(s):
    for _ in range(5):
        for p in ours(s):
            try:
                os.kill(p, 9)
            except ProcessLookupError:
                pass
        time.sleep(0.1)
    until(10, lambda: not ours(s))
    # but for what stands for the store's disk (COFFER_FRESH_PG)
    os.system('grep -F "%s/local/" /proc/mounts | cut -d" " -f2 | tac | '
              'xargs -r umount -l' % s.dir)


@story
def everything_comes_back_by_itself(s):
    s.run('up')
    c = mine['c']
    for id in mine['ids'] + [mine['late']]:
        c.active(id, 90)
    for id in mine['ids']:
        i = c.show(id)

        def back():
            try:
                return c.query(i, 'app', APP, 'SELECT n FROM t', wait=1)
            except Failed:
                return None
        same(until(60, back), [['42']])
    kinds = s.sql("SELECT kind, count(*) FROM tasks GROUP BY 1 ORDER BY 1")
    check(['recover', '3'] in kinds, kinds)


@story
def down_and_up_keeps_everything_too(s):
    s.run('down')
    until(10, lambda: not ours(s))
    s.run('up')
    c = mine['c']
    for id in mine['ids']:
        c.active(id, 60)


@story
def wipe_leaves_nothing(s):
    for id in mine['ids'] + [mine['late']]:
        same(mine['c'].delete('/instances/' + id).status, 202)
        break               # the others are wiped alive
    env = open(s.dir + '/stack.env').read()
    bridge = re.search(r'^bridge=(\w+)', env, re.M).group(1)
    uid = int(re.search(r'^uid_base=(\d+)', env, re.M).group(1))
    ids = [r[0] for r in s.sql('SELECT id FROM instances')]
    s.run('wipe')
    same(ours(s), [])
    check(not os.path.exists(s.dir))
    check(s.dir + '/' not in open('/proc/mounts').read())
    check(not os.path.exists('/sys/class/net/' + bridge))
    for d, dirs, _ in os.walk('/sys/fs/cgroup'):
        for id in ids:
            check(id not in ' '.join(dirs), d, dirs)
    for d in os.listdir('/proc'):
        if d.isdigit():
            try:
                owner = os.stat('/proc/' + d).st_uid
            except OSError:
                continue
            check(not uid <= owner < uid + 10000, 'process', d)
    rules = subprocess.run(['nft', 'list', 'tables'], capture_output=True,
                           text=True).stdout
    check(bridge not in rules, rules)
    if os.path.exists('/var/run/netns'):
        check(bridge not in ' '.join(os.listdir('/var/run/netns')))


if __name__ == '__main__':
    main(invariants=False, settings=['quota.instances=20',
                                     'quota.volumes=-1'])
