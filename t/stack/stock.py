"""stock - the stock command lines, started often.

Nine tenths of what `openstack` costs are Python's imports.  They are made once,
in a process from which each call is forked: the same program, with the same
words, environment, output and exit status.
"""
import importlib
import io
import os
import pkgutil
import selectors
import signal
import subprocess
import sys
import time
import traceback
from importlib.metadata import entry_points

# What the two programs import when they have seen their words.
LATER = ('cinderclient', 'cliff', 'cliff.formatters', 'keystoneauth1',
         'keystoneauth1.extras', 'keystoneauth1.extras.kerberos',
         'keystoneauth1.extras.oauth1', 'keystoneauth1.extras._saml2',
         'keystoneauth1.identity', 'keystoneauth1.loading', 'lxml.etree',
         'mistralclient.commands.v2', 'novaclient.v2', 'openstack.config',
         'openstackclient.common', 'openstackclient.compute',
         'openstackclient.identity', 'oslo_log', 'osc_lib.command',
         'osc_lib.utils', 'prettytable', 'requests', 'swiftclient',
         'troveclient.compat', 'troveclient.osc.v1', 'troveclient.v1', 'yaml')
_mains = {}


def main_of(program):
    """The function that its script in /usr/bin calls."""
    if program not in _mains:
        found = [p for p in entry_points(group='console_scripts')
                 if p.name == program]
        mine, sys.argv = sys.argv, [program]    # some ask at once who they are
        _mains[program] = found[0].load()
        sys.argv = mine
        for name in LATER:
            _import(name)
    return _mains[program]


def _import(name):
    try:
        m = importlib.import_module(name)
        for sub in pkgutil.iter_modules(getattr(m, '__path__', [])):
            if 'test' not in sub.name:
                importlib.import_module(name + '.' + sub.name)
    except Exception:       # another version has it elsewhere
        pass


def _child(main, words, env, out, err):
    for fd, to in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(fd, to)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = list(words)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    sys.stdout, sys.stderr = (io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(fd, 'w', closefd=False)), 'utf-8',
        line_buffering=True) for fd in (1, 2))
    try:
        status = main()
    except SystemExit as e:
        status = e.code
    except BaseException:
        traceback.print_exc()
        status = 1
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def stock(words, env, timeout=120):
    """As subprocess.run() of /usr/bin/<words[0]> gives it."""
    main = main_of(os.path.basename(words[0]))
    pipes = os.pipe(), os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            _child(main, words, env, pipes[0][1], pipes[1][1])
        finally:
            os._exit(70)
    os.close(pipes[0][1])
    os.close(pipes[1][1])
    out, err = _both(pid, pipes[0][0], pipes[1][0], timeout)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return subprocess.CompletedProcess(words, status, out, err)


def _both(pid, out, err, timeout):
    """What comes from the two pipes until both end."""
    end, said = time.monotonic() + timeout, {out: b'', err: b''}
    with selectors.DefaultSelector() as ready:
        for fd in said:
            ready.register(fd, selectors.EVENT_READ)
        while ready.get_map():
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            for key, _ in ready.select(1):
                got = os.read(key.fd, 65536)
                said[key.fd] += got
                if not got:
                    ready.unregister(key.fd)
                    os.close(key.fd)
    return said[out].decode(), said[err].decode()
