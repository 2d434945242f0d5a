"""relay - what a storage on loopback is reached through: a unix socket for guests,
who have no network but their own, or an address that everybody names.
"""
import os
import socket
import threading


class Relay:
    """It can hold back, or break off, what goes through it, or stop all at
    some words."""

    def __init__(self, path, port):
        self.port, self.breaks, self.held = port, 0, threading.Event()
        self.held.set()
        self.seen, self.words, self.met = 0, None, threading.Event()
        if isinstance(path, str):
            self.k = socket.socket(socket.AF_UNIX)
            self.k.bind(path)
            os.chmod(path, 0o777)
        else:
            self.k = socket.create_server(path)
        self.k.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            a = self.k.accept()[0]
            if self.breaks > 0:
                self.breaks -= 1
                a.close()
                continue
            b = socket.create_connection(('127.0.0.1', self.port))
            for pair in ((a, b), (b, a)):
                threading.Thread(target=self.move, args=pair,
                                 daemon=True).start()

    def move(self, a, b):
        try:
            while (some := a.recv(65536)):
                if self.words and self.words in some:
                    self.words = None
                    self.held.clear()
                    self.met.set()
                self.held.wait()
                self.seen += len(some)
                b.sendall(some)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            b.close()
