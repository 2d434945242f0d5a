#!/usr/bin/python3
"""A superuser of the database may name any file as a log or as a table's: none
of those by which the agent lives."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "stack"))
from stack import *  # noqa: E402,F403

mine = {}
OWN = ('agent.conf', 'my.cnf', 'agent/journal', 'agent/admin.pw')


def volume(s):
    """The volume as the instance sees it, by way of the agent."""
    pids = [p for p, name in s.inside(mine['id']).items()
            if name == 'coffer-agent']
    check(pids, 'no agent')
    return pids[-1], '/proc/%d/root/data/' % pids[-1]


def contents(s):
    top = volume(s)[1]
    return {f: open(top + f, 'rb').read() for f in OWN}, \
        sorted(set(os.listdir(top + 'agent')) - {'server.pid'})


def tries(text):
    """Statements that may be refused: what they leave behind counts."""
    try:
        mine['c'].query(mine['i'], 'root', mine['pw'], text, 'app')
    except Failed as e:
        check('ERROR ' in str(e) and 'ERROR 200' not in str(e), e)


@story
def a_tenant_becomes_root(s):
    c = mine['c'] = s.client('alice')
    mine['id'] = c.create('rooted', databases=[{'name': 'app'}])
    mine['i'] = c.active(mine['id'])
    a = c.root_enabled(mine['id'])
    mine['pw'] = a.json['user']['password']


@story
def the_agents_files_are_no_logs_and_no_tables(s):
    if 'pw' not in mine:
        raise Skip('no root')
    before = contents(s)
    for f in OWN + ('agent/new', 'agent/init.sql'):
        for log in ('general', 'slow_query'):
            tries("SET GLOBAL %s_log_file = '/data/%s'" % (log, f))
            tries("SET GLOBAL %s_log = 1" % log)
            tries("SELECT 1; SET GLOBAL %s_log = 0" % log)
    tries("CREATE TABLE my (a int) ENGINE=MyISAM DATA DIRECTORY='/data/agent'")
    tries("CREATE TABLE ar (a int) ENGINE=Aria INDEX DIRECTORY='/data/agent'")
    tries("CREATE TABLE inno (a int) DATA DIRECTORY='/data/agent'")
    same(contents(s), before)


@story
def an_agent_that_is_killed_then_finds_all_as_it_was(s):
    if 'pw' not in mine:
        raise Skip('no root')
    os.kill(volume(s)[0], signal.SIGKILL)
    time.sleep(1)
    mine['i'] = mine['c'].active(mine['id'])
    same(mine['c'].get('/instances/%s/databases' % mine['id']).json[
        'databases'], [{'name': 'app'}])


@story
def the_rest_of_a_superusers_work_goes_on(s):
    if 'pw' not in mine:
        raise Skip('no root')
    q = lambda text: mine['c'].query(  # noqa: E731
        mine['i'], 'root', mine['pw'], text, 'app')
    q("CREATE TABLE t (a int) ENGINE=MyISAM; INSERT INTO t VALUES (1), (2); "
      "ALTER TABLE t ENGINE=InnoDB, ADD KEY (a)")
    same(q("SELECT a FROM t ORDER BY a INTO OUTFILE '/data/tmp/t.csv'; "
           "SELECT load_file('/data/tmp/t.csv')"), [['1\\n2\\n']])
    q("SET GLOBAL general_log_file = 'general.log'; SET GLOBAL general_log = 1;"
      "SELECT 1; SET GLOBAL general_log = 0")
    check(os.path.getsize(volume(s)[1] + 'mysql/general.log') > 0)
    mine['c'].remove(mine['id'])


if __name__ == '__main__':
    main()
