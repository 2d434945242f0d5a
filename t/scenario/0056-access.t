#!/usr/bin/python3
"""Who is let in: the addresses that an instance's access names, and nobody
else, from its first moment and after each change."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'stack'))
from stack import *  # noqa: E402,F403

APP = CANARY + 'App56'
mine = {}


def made(s, name, access):
    c = mine.setdefault('c', s.client('alice'))
    id = c.create(name, databases=[{'name': 'app'}],
                  users=[{'name': 'app', 'password': APP,
                          'databases': [{'name': 'app'}]}], access=access)
    return c.active(id)


def open_to_us(i):
    """Does its server greet this host?  Who is shut out hears nothing at all."""
    try:
        with socket.create_connection((i['ip'][0], 3306), 1.5) as t:
            t.settimeout(1.5)
            return t.recv(1) != b''
    except socket.timeout:
        return False


def change(s, access):
    c, id = mine['c'], mine['shut']['id']
    a = c.put('/instances/' + id, {'instance': {'access': access}})
    same(a.status, 202, a)
    until(20, lambda: s.one("SELECT task FROM instances WHERE id = '%s'" % id)
          == 'NONE')
    return c.show(id)


def walls():
    if mine['shut']['ip'][0].startswith('127.'):
        raise Skip('instances have loopback addresses here')


@story
def an_instance_that_names_others_is_shut_from_its_first_moment(s):
    i = mine['shut'] = made(s, 'shut', {'allowed_cidrs': ['192.0.2.0/24']})
    same(i['access'], {'allowed_cidrs': ['192.0.2.0/24']})
    walls()
    check(not open_to_us(i), 'it answered')


@story
def one_that_names_nobody_at_create_is_open(s):
    walls()
    i = mine['open'] = made(s, 'open', {'allowed_cidrs': []})
    check(open_to_us(i), 'it did not answer')


@story
def a_change_lets_in_whom_it_names_and_leaves_the_others_alone(s):
    walls()
    host = mine['shut']['ip'][0].rsplit('.', 2)[0] + '.0.0/16'
    i = change(s, {'allowed_cidrs': ['192.0.2.0/24', host]})
    same(i['access'], {'allowed_cidrs': ['192.0.2.0/24', host]})
    check(open_to_us(i), 'it did not answer')
    same(mine['c'].query(i, 'app', APP, 'SELECT 1'), [['1']])
    check(open_to_us(mine['open']), 'another was shut')


@story
def a_change_of_something_else_keeps_the_door(s):
    walls()
    i = change(s, {'is_public': False})
    same(i['access']['is_public'], False)
    same(len(i['access']['allowed_cidrs']), 2)
    check(open_to_us(i), 'it did not answer')


@story
def an_empty_list_lets_in_nobody_not_even_who_is_inside(s):
    walls()
    i = mine['shut']
    with socket.create_connection((i['ip'][0], 3306), 2) as t:
        t.settimeout(2)
        check(t.recv(1) != b'')
        change(s, {'allowed_cidrs': []})
        check(not open_to_us(i), 'it answered')
        t.sendall(b'\x01\x00\x00\x01\x01')      # a wrong handshake: an answer
        try:
            while t.recv(4096):
                pass
            check(False, 'the old connection lives')
        except socket.timeout:
            pass


@story
def what_is_no_network_is_refused_and_what_held_still_holds(s):
    walls()
    i = mine['open']
    c = mine['c']
    for cidr in ('999.0.0.0/8', '10.0.0.0/33', '10.0.0.256'):
        c.put('/instances/' + i['id'], {'instance': {'access': {
            'allowed_cidrs': [cidr]}}}).fault(400, 'badRequest')
    same(c.show(i['id'])['status'], 'ACTIVE')
    check(open_to_us(i), 'it was shut')


@story
def nothing_of_it_is_left_when_they_are_gone(s):
    for i in (mine['shut'], mine.get('open')):
        if i is not None:
            mine['c'].remove(i['id'])


if __name__ == '__main__':
    main()
