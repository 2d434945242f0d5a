"""meter - what the benches share: a private stack, CPU time from /proc, wrk,
and the one form in which figures are printed: name value unit reference ratio.
"""
import atexit
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK = os.sysconf("SC_CLK_TCK")


def row(name, value, unit, reference="-", ratio=None):
    """One figure.  reference says against what, ratio = value / reference."""
    shown = "-" if ratio is None else f"{ratio:.3g}"
    print(f"{name} {value:.4g} {unit} {reference} {shown}", flush=True)


def median(values):
    return statistics.median(values)


class Stack:
    """A private Coffer in a directory of its own, gone when the bench ends."""

    def __init__(self, build, **settings):
        self.run = tempfile.mkdtemp(prefix="coffer-bench-", dir="/tmp")
        os.chmod(self.run, 0o755)
        atexit.register(self.wipe)
        words = [f"build={build}"]
        words += [f"{k.replace('__', '.')}={v}" for k, v in settings.items()]
        self.dev("init", *words)
        self.dev("up")
        env = open(f"{self.run}/stack.env").read()
        self.port = int(re.search(r"^port=(\d+)", env, re.M).group(1))
        self.base = f"http://127.0.0.1:{self.port}"

    def dev(self, *words, stdin=None):
        return subprocess.run([f"{TOP}/dev/stack", self.run, *words],
                              check=True, text=True, input=stdin,
                              stdout=subprocess.PIPE).stdout

    def log_in(self, engine):
        """A datastore, a project with a user; its token and project id."""
        self.dev("seed", engine)
        self.dev("coffer", "project", "add", "bench")
        self.dev("coffer", "user", "add", "bench", "--password-file", "-",
                 stdin="bench-password\n")
        self.dev("coffer", "role", "grant", "bench", "bench", "member")
        domain = {"id": "default"}
        _, headers, token = http("POST", f"{self.base}/v3/auth/tokens", body={
            "auth": {"identity": {"methods": ["password"], "password": {
                "user": {"name": "bench", "domain": domain,
                         "password": "bench-password"}}},
                     "scope": {"project": {"name": "bench",
                                           "domain": domain}}}})
        return headers["X-Subject-Token"], token["token"]["project"]["id"]

    def wipe(self):
        subprocess.run([f"{TOP}/dev/stack", self.run, "wipe"],
                       stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.run, ignore_errors=True)

    def sql(self, text):
        return self.dev("sql", "-At", "-v", "ON_ERROR_STOP=1", "-f", "-",
                        stdin=text).strip()

    def pids(self, name):
        """The process of a service and all that descend from it."""
        try:
            first = int(self.dev("pid", name).strip())
        except (subprocess.CalledProcessError, ValueError):
            return []
        return descend(first)


def descend(first):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat").read()
            except OSError:
                continue
            parent = int(stat.rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [first]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(pids):
    """User and system time that these processes have used."""
    total = 0
    for pid in pids:
        try:
            stat = open(f"/proc/{pid}/stat").read()
        except OSError:
            continue
        fields = stat.rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def buried_seconds(pid):
    """What its children used that have ended since it began."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICK


def rss_mb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def wrk(url, seconds=3, connections=8, token=None, script=None):
    """(requests/s, requests, errors) of one run."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    if token:
        words += ["-H", f"X-Auth-Token: {token}"]
    if script:
        words += ["-s", script]
    out = subprocess.run(words + [url], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    count = int(re.search(r"(\d+) requests in", out).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    sock = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), "
                     r"timeout (\d+)", out)
    errors = int(bad.group(1)) if bad else 0
    errors += sum(map(int, sock.groups())) if sock else 0
    return rate, count, errors


def need_wrk():
    if not shutil.which("wrk"):
        sys.exit("bench: no wrk here: dev/packages --install bench")


def http(method, url, token=None, body=None):
    request = urllib.request.Request(url, method=method)
    if token:
        request.add_header("X-Auth-Token", token)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None


def build_dir(argv):
    """--build DIR or the tree itself; a sanitized build would measure itself."""
    build = argv[argv.index("--build") + 1] if "--build" in argv else TOP
    if not os.access(f"{build}/coffer-api", os.X_OK):
        sys.exit(f"bench: no coffer-api in {build}: build there first "
                 "(configure && make), or give --build DIR")
    return os.path.abspath(build)


def settle(seconds=1.0):
    time.sleep(seconds)
