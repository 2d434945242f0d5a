"""keystone - a tiny Keystone v3 of a test's own: what coffer-api asks, and
switches for what can go wrong.

    k = Keystone()
    t = k.token('alice', 'p1', ['member'])      a token, to be sent
    k.revoke(t), k.away(True), k.forget_logins()
    k.asked                                     validations so far
"""
import http.server
import json
import secrets
import threading
import time


def moment(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%S.000000Z', time.gmtime(seconds))


class Keystone:
    USER, PASSWORD = 'coffer', 'CanaryK7xKeystone'

    def __init__(self):
        self.tokens, self.mine, self.asked, self.logins = {}, set(), 0, 0
        self.hang = 0
        keystone = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def say(self, status, document, **headers):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace('_', '-'), value)
                self.end_headers()
                self.wfile.write(body)

            def parse_request(self):
                if keystone.server is None:	# also who is connected yet
                    self.close_connection = True
                    return False
                return super().parse_request()

            def do_POST(self):
                time.sleep(keystone.hang)
                n = int(self.headers.get('Content-Length') or 0)
                status, document, token = keystone.login(
                    json.loads(self.rfile.read(n)))
                self.say(status, document, X_Subject_Token=token)

            def do_GET(self):
                time.sleep(keystone.hang)
                self.say(*keystone.validate(
                    self.headers.get('X-Auth-Token'),
                    self.headers.get('X-Subject-Token'),
                    'allow_expired=1' in self.path))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.handler, self.server_class = Handler, Server
        self.server, self.port = None, 0
        self.away(False)

    @property
    def url(self):
        return 'http://127.0.0.1:%d/v3' % self.port

    def away(self, gone):
        if gone:
            old, self.server = self.server, None
            old.shutdown()
            old.server_close()
        else:
            self.server = self.server_class(('127.0.0.1', self.port),
                                            self.handler)
            self.port = self.server.server_address[1]
            threading.Thread(target=self.server.serve_forever,
                             kwargs={'poll_interval': 0.05},
                             daemon=True).start()

    # --- what it knows -----------------------------------------------------------

    def token(self, user, project, roles, seconds=3600, **more):
        t = 'gAAAAA' + secrets.token_urlsafe(120)
        self.tokens[t] = {
            'methods': ['password'], 'audit_ids': ['x'],
            'user': {'id': user, 'name': user,
                     'domain': {'id': 'default', 'name': 'Default'}},
            'project': {'id': project, 'name': project,
                        'domain': {'id': 'default', 'name': 'Default'}},
            'roles': [{'id': r, 'name': r} for r in roles],
            'issued_at': moment(time.time()),
            'expires_at': moment(time.time() + seconds), **more}
        return t

    def revoke(self, token):
        del self.tokens[token]

    def forget_logins(self):
        self.mine.clear()

    # --- what it answers ------------------------------------------------------------

    def login(self, body):
        user = body['auth']['identity']['password']['user']
        if (user['name'], user['password']) != (self.USER, self.PASSWORD):
            return 401, {'error': {'code': 401, 'title': 'Unauthorized'}}, ''
        self.logins += 1
        t = self.token(self.USER, 'service', ['service', 'admin'])
        self.mine.add(t)
        return 201, {'token': self.tokens[t]}, t

    def validate(self, mine, subject, expired_too):
        if mine not in self.mine:
            return 401, {'error': {'code': 401, 'title': 'Unauthorized'}}
        self.asked += 1
        t = self.tokens.get(subject)
        if t is None or (t['expires_at'] < moment(time.time()) and
                         not expired_too):
            return 404, {'error': {'code': 404, 'title': 'Not Found'}}
        return 200, {'token': t}
