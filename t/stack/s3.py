"""A real S3 server for stories: OpenStack's Swift with its s3api, one account,
one disk, no Keystone; four processes below one, on ports of their own.

    s3.py DIR PORT      runs it until it is told to end; or from Python, Server()
"""
import hashlib
import hmac
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

KEY_ID, READER_ID = 'test:tester', 'test:reader'
BUCKET, REGION = 'cellar', 'us-east-1'
PACKAGES = ('swift-proxy', 'swift-account', 'swift-container', 'swift-object')
PIPELINE = ('catch_errors gatekeeper memory listing_formats s3api tempauth bulk copy '
            'slo dlo versioned_writes proxy-server')
SERVERS = ('object', 'container', 'account')


def missing():
    for p in PACKAGES:
        r = subprocess.run(['dpkg-query', '-W', p], capture_output=True)
        if r.returncode:
            return p + ' is not installed'
    return None


def write(dir, name, text):
    with open(os.path.join(dir, name), 'w') as f:
        f.write(text)


def configure(dir, port, secret, segment_least, reader):
    os.makedirs(os.path.join(dir, 'srv', 'd1'), exist_ok=True)
    write(dir, 'swift.conf', '[swift-hash]\nswift_hash_path_prefix = t\n'
          'swift_hash_path_suffix = t\n'
          '[storage-policy:0]\nname = one\ndefault = yes\n')
    for n, name in enumerate(SERVERS, 1):
        write(dir, name + '.conf', """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
workers = 0
user = root
swift_dir = %s
devices = %s/srv
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = ERROR
[pipeline:main]
pipeline = %s-server
[app:%s-server]
use = egg:swift#%s
""" % (port + n, dir, dir, name, name, name))
    filters = ''.join('[filter:%s]\nuse = egg:swift#%s\n' % (f, f)
                      for f in PIPELINE.split()
                      if f not in ('memory', 's3api', 'tempauth', 'proxy-server'))
    write(dir, 'proxy.conf', """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
workers = 0
user = root
swift_dir = %s
log_level = ERROR
[pipeline:main]
pipeline = %s
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:memory]
paste.filter_factory = s3:memory
[filter:s3api]
use = egg:swift#s3api
location = %s
storage_domain = localhost
min_segment_size = %d
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = %s .admin
user_test_reader = %s .reseller_reader
%s""" % (port, dir, PIPELINE, REGION, segment_least, secret, reader, filters))


class Memory:
    """What Swift wants of a memcached, for one process."""

    def __init__(self):
        self.kept = {}

    def get(self, key, **_):
        value, until = self.kept.get(key, (None, 0))
        return value if until > time.time() else None

    def set(self, key, value, time=0, **_):
        self.kept[key] = value, globals()['time'].time() + (time or 3600)

    def delete(self, key, **_):
        self.kept.pop(key, None)


def memory(*_, **__):
    kept = Memory()

    def around(app):
        def call(env, start):
            env['swift.cache'] = kept
            return app(env, start)
        return call
    return around


def serve(dir, port):
    from swift.common.ring import RingBuilder
    from swift.common import utils
    utils.set_swift_dir(dir)
    for n, name in enumerate(SERVERS, 1):
        ring = RingBuilder(2, 1, 1)
        ring.add_dev(dict(id=0, region=1, zone=1, weight=1.0, meta='',
                          ip='127.0.0.1', port=port + n, device='d1',
                          replication_ip='127.0.0.1',
                          replication_port=port + n))
        ring.rebalance()
        ring.get_ring().save(os.path.join(dir, name + '.ring.gz'))
    from swift.common.wsgi import run_wsgi
    import swift.account.server  # noqa
    import swift.container.server  # noqa
    import swift.obj.server
    import swift.proxy.server  # noqa
    children = []
    for name in (*SERVERS, 'proxy'):
        pid = os.fork()
        if pid == 0:
            more = {'global_conf_callback':
                    swift.obj.server.global_conf_callback} \
                if name == 'object' else {}
            os._exit(run_wsgi(os.path.join(dir, name + '.conf'),
                              name + '-server', **more) or 0)
        children.append(pid)

    def end(*_):
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    while True:
        os.wait()


class Server:
    def __init__(self, dir, port, secret, segment_least=5 << 20,
                 reader='nobody'):
        self.dir, self.port, self.secret = dir, port, secret
        configure(dir, port, secret, segment_least, reader)
        self.start()

    def start(self):
        out = open(os.path.join(self.dir, 'out'), 'a')
        self.process = subprocess.Popen(
            ['/usr/bin/python3', os.path.abspath(__file__), self.dir,
             str(self.port)], stdin=subprocess.DEVNULL, stdout=out,
            stderr=out)

    def ready(self):
        for _ in range(600):
            if all(self._answers(self.port + n) for n in range(4)):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise Exception('Swift does not start: ' +
                        open(os.path.join(self.dir, 'out')).read()[-500:])

    @staticmethod
    def _answers(port):
        with socket.socket() as c:
            return c.connect_ex(('127.0.0.1', port)) == 0

    def ask(self, method, path, query='', body=None, secret=None):
        """A request by whoever has the key, signed by header, as clients do."""
        now = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
        host = '127.0.0.1:%d' % self.port
        sum = hashlib.sha256(body or b'').hexdigest()
        names = 'host;x-amz-content-sha256;x-amz-date'
        text = '\n'.join([method, path, query, 'host:' + host,
                          'x-amz-content-sha256:' + sum, 'x-amz-date:' + now,
                          '', names, sum])
        scope = '%s/%s/s3/aws4_request' % (now[:8], REGION)
        key = b'AWS4' + (secret or self.secret).encode()
        for word in (*scope.split('/'), '\n'.join(
                ['AWS4-HMAC-SHA256', now, scope,
                 hashlib.sha256(text.encode()).hexdigest()])):
            key = hmac.digest(key, word.encode(), 'sha256')
        c = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        c.request(method, path + ('?' + query if query else ''), body, {
            'x-amz-content-sha256': sum, 'x-amz-date': now, 'Authorization':
            'AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, '
            'Signature=%s' % (KEY_ID, scope, names, key.hex())})
        r = c.getresponse()
        return r.status, r.headers, r.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()


if __name__ == '__main__':
    serve(sys.argv[1], int(sys.argv[2]))
