#!/usr/bin/python3
"""An instance grows while it is used: its volume under the running server, its
memory with a short pause; what fails is taken back and costs nothing."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App55'
MIB = 1 << 20
mine = {}


def sql(text):
    return mine['c'].query(mine['c'].show(mine['id']), 'app', APP, text)


def act(what, status=202):
    a = mine['c'].post('/instances/%s/action' % mine['id'], {'resize': what})
    same(a.status, status, a)
    return a


def resized(s, seconds=90):
    def over():
        return s.one("SELECT task FROM instances WHERE id = '%s'"
                     % mine['id']) == 'NONE'
    until(seconds, over)
    return mine['c'].active(mine['id'])


def charged(s):
    return [int(x) for x in s.sql(
        "SELECT q.instances, q.ram, q.volumes FROM quotas q JOIN instances i"
        " ON i.tenant_id = q.tenant_id WHERE i.id = '%s'" % mine['id'])[0]]


def process(s, name):
    return [p for p, n in s.inside(mine['id']).items() if n == name][0]


def room(s):
    """GB of its volume, as a statfs inside says."""
    fs = os.statvfs('/proc/%d/root/data' % process(s, 'mariadbd'))
    return fs.f_blocks * fs.f_frsize / (1 << 30)


def limit():
    """MB that its cgroup may use; None where nothing limits memory."""
    for top, _, files in os.walk('/sys/fs/cgroup'):
        if os.path.basename(top) == mine['id']:
            for f in ('memory.limit_in_bytes', 'memory.max'):
                if f in files:
                    with open(os.path.join(top, f)) as t:
                        return int(t.read()) // MIB
    return None


def buffers():
    return int(sql('SELECT @@innodb_buffer_pool_size')[0][0]) // MIB


@story
def an_instance_with_data(s):
    c = mine['c'] = s.client('alice')
    mine['id'] = c.create('grows', databases=[{'name': 'app'}],
                          users=[{'name': 'app', 'password': APP,
                                  'databases': [{'name': 'app'}]}])
    c.active(mine['id'])
    sql('CREATE TABLE t (n int); INSERT INTO t VALUES (42)')
    same(charged(s), [1, 256, 1])


@story
def a_volume_grows_under_the_running_server(s):
    image = s.one("SELECT volume_id FROM instances WHERE id = '%s'"
                  % mine['id'])
    had_image = os.path.exists('%s/local/instances/%s/vol.img' % (s.dir, image))
    if had_image:
        check(0.8 < room(s) <= 1, room(s))
    act({'volume': {'size': 3}})
    i = resized(s)
    same(i['volume']['size'], 3)
    check('fault' not in i, i.get('fault'))
    if had_image:
        check(2.8 < room(s) <= 3, room(s))
    same(sql('SELECT n FROM t'), [['42']])
    same(charged(s), [1, 256, 3])
    same([t['kind'] for t in mine['c'].tasks(mine['id'])],
         ['resize_volume', 'create'])           # nobody restarted it


@story
def it_never_shrinks_and_never_beyond_what_is_allowed(s):
    act({'volume': {'size': 3}}, 400).fault(400, 'badRequest')
    act({'volume': {'size': 2}}, 400).fault(400, 'badRequest')
    act({'volume': {'size': 11}}, 413).fault(413, 'overLimit')
    same(charged(s), [1, 256, 3])


@story
def a_larger_flavor_gives_memory_and_larger_buffers(s):
    was, small = limit(), buffers()
    act({'flavorRef': '2'})
    i = resized(s)
    same(i['flavor']['id'], '2')
    check('fault' not in i, i.get('fault'))
    if was is not None:
        same(limit(), was + 256)
    check(buffers() > 1.5 * small, buffers(), small)
    same(sql('SELECT n FROM t'), [['42']])
    same(charged(s), [1, 512, 3])
    mine['large'] = buffers()


@story
def an_agent_that_dies_remembers_the_memory(s):
    os.kill(process(s, 'coffer-agent'), signal.SIGKILL)
    mine['c'].active(mine['id'])
    act({'flavorRef': '1'})
    resized(s)
    check(buffers() < mine['large'], buffers())
    act({'flavorRef': '2'})
    resized(s)
    same(buffers(), mine['large'])
    same(charged(s), [1, 512, 3])


@story
def a_smaller_flavor_takes_the_memory_back(s):
    was = limit()
    act({'flavorRef': '1'})
    same(resized(s)['flavor']['id'], '1')
    if was is not None:
        same(limit(), was - 256)
    check(buffers() < mine['large'], buffers())
    same(sql('SELECT n FROM t'), [['42']])
    same(charged(s), [1, 256, 3])


def taken_back(s, memory, pool):
    """As it was before, of flavor 1, and able to serve."""
    i = resized(s)
    same(i['flavor']['id'], '1')
    check(i['fault']['message'], i)
    t = mine['c'].tasks(mine['id'])[0]
    same((t['status'], t['failed_step']), ('FAILED', 'retune'), t)
    same(s.sql("SELECT to_ram_mb, to_vcpus FROM instances WHERE id = '%s'"
               % mine['id']), [['', '']])
    same(limit(), memory)
    same(buffers(), pool)
    same(sql('SELECT n FROM t'), [['42']])
    same(charged(s), [1, 256, 3])


@story
def memory_that_the_server_did_take_is_taken_back(s):
    memory, pool = limit(), buffers()
    s.run('stop', 'conductor-1')        # so nobody hears how its agent fared
    act({'flavorRef': '2'})

    def larger():
        try:
            return buffers() > pool
        except Failed:
            return False                # between two servers
    until(60, larger)
    s.sql("UPDATE tasks SET step_deadline = now() WHERE step = 'retune'"
          " AND ended IS NULL")
    until(30, lambda: s.one("SELECT undoing FROM tasks WHERE ended IS NULL")
          == 't')
    same(charged(s), [1, 512, 3])       # until it is taken back
    s.run('start', 'conductor-1')
    taken_back(s, memory, pool)


@story
def what_fails_is_taken_back_and_costs_nothing(s):
    image = '%s/local/instances/%s/vol.img' % (s.dir, mine['id'])
    if not os.path.exists(image):
        raise Skip('volumes are directories here')
    os.rename(image, image + '.away')
    act({'volume': {'size': 5}})
    i = resized(s)
    os.rename(image + '.away', image)
    same(i['volume']['size'], 3)
    check('vol.img' in i['fault']['message'], i['fault'])
    same(charged(s), [1, 256, 3])
    same(sql('SELECT n FROM t'), [['42']])
    act({'volume': {'size': 4}})
    same(resized(s)['volume']['size'], 4)
    check(3.8 < room(s) <= 4, room(s))


@story
def a_delete_in_the_middle_gives_everything_back(s):
    act({'volume': {'size': 6}})
    mine['c'].remove(mine['id'])
    same(s.sql('SELECT instances, ram, volumes FROM quotas'),
         [['0', '0', '0']])


if __name__ == '__main__':
    main()
