#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/abuse/flood.py PORT KIND SECONDS - 200 attackers of one kind, in one process that takes a core only if nobody wants it

Says "ready" when it is connected (kinds that connect all the time: at once), begins at a line on stdin, and after SECONDS
prints as JSON what it has sent, received, and made the server inflate, and on how many connections. These stay open until
stdin ends.
"""
import json
import os
import select
import socket
import ssl
import sys
import time
import zlib

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e', 'lib'))
from weft import BINARY, PING, PONG, TEXT, frame, request  # noqa: E402

ATTACKERS = 200
PIECE = 16 << 10  # what an attacker says at a time, about
UPGRADE = request('GET /echo HTTP/1.1')
OFFER = UPGRADE[:-2] + b'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'


def pieces(unit):
    return unit * max(1, PIECE // len(unit))


def deflated(data, step=None):
    """As one block, or as one of every step bytes, each with a Huffman code of its own."""
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [data[i:i + step] for i in range(0, len(data), step)] if step else [data]
    return b''.join(c.compress(part) + c.flush(zlib.Z_FULL_FLUSH if step else zlib.Z_SYNC_FLUSH) for part in parts)[:-4]


def compressed(data, step=None):
    return frame(BINARY, deflated(data, step), rsv=4), len(data)


# ---- who stays connected: what he says first, what he goes on saying, whether he listens -----------

ZEROS, ZEROS_MADE = compressed(bytes(64 << 10))
NOISE, NOISE_MADE = compressed(os.urandom(4 << 10))
BLOCKS, BLOCKS_MADE = compressed(b''.join(bytes([65 + i * i % 23 for i in range(j, j + 90)]) for j in range(40)), 90)

STAYS = {
    'echo': (UPGRADE, frame(BINARY, bytes(64)), True),
    'echoes': (UPGRADE, pieces(frame(BINARY, bytes(64))), True),
    'tiny frames': (UPGRADE, pieces(frame(BINARY, b'x')), True),
    'pings': (UPGRADE, pieces(frame(PING)), True),
    'pongs': (UPGRADE, pieces(frame(PONG)), True),
    'UTF-8': (UPGRADE, pieces(frame(TEXT, '\U0001f9f5'.encode() * 1024)), True),
    'fragments': (UPGRADE, pieces(frame(BINARY, b'x', fin=False) + frame(0, b'x' * 15, fin=False) * 900 + frame(0)), True),
    'compressed zeros': (OFFER, pieces(ZEROS), True),
    'compressed noise': (OFFER, pieces(NOISE), True),
    'dynamic blocks': (OFFER, pieces(BLOCKS), True),
    'requests': (b'', pieces(b'GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n'), True),
    'files': (b'', pieces(b'GET /small.bin HTTP/1.1\r\nHost: localhost\r\n\r\n'), True),
    'echoes unread': (UPGRADE, pieces(frame(BINARY, bytes(16 << 10))), False),
    'files unread': (b'', b'GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n', False),
    'fan-out': (UPGRADE.replace(b'/echo', b'/everybody'), frame(BINARY, bytes(64)), True),
    'TLS records': (UPGRADE, frame(BINARY, b'x'), True),
}
MADE = {ZEROS: ZEROS_MADE, NOISE: NOISE_MADE, BLOCKS: BLOCKS_MADE}
ONCE = {'files unread'}
POLITE = {'echo'}  # waits for the answer

HALF = {'half heads', 'TLS half hellos'}  # says no more, and stays

# ---- who connects again and again: what he says, and how far he goes -------------------------------

COMES = {
    'handshakes': UPGRADE,
    'refusals': b'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'half heads': UPGRADE[:40],
    'TLS half hellos': b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(100),
    'TLS X25519': 'x25519',
    'TLS P-256': 'prime256v1',
    'TLS P-384': 'secp384r1',
    'TLS P-521': 'secp521r1',
}


def tls(curve=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if curve and curve != 'x25519':
        context.set_ecdh_curve(curve)
    return context


class Flood:
    def __init__(self, port, kind):
        self.port, self.kind = port, kind
        self.sent = self.received = self.made = self.connections = 0
        self.sockets = []

    def connect(self):
        self.connections += 1
        return socket.create_connection(('127.0.0.1', self.port), 10)

    # ---- staying ----

    def settle(self):
        hello, _, _ = STAYS[self.kind]
        context = tls() if self.kind.startswith('TLS') else None
        for _ in range(ATTACKERS):
            s = self.connect()
            s = context.wrap_socket(s) if context else s
            if hello:
                s.sendall(hello)
                s.recv(4096)
            s.setblocking(False)
            self.sockets.append(s)

    def say(self, s, piece, rest):
        """As much as goes; what is left of a piece comes first next time."""
        data = rest.get(s) or piece
        try:
            n = s.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self.drop(s)
            return
        self.sent += n
        rest[s] = data[n:]

    def hear(self, s):
        try:
            n = len(s.recv(1 << 18))
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            n = 0
        self.received += n
        if not n:
            self.drop(s)

    def drop(self, s):
        if s in self.sockets:
            self.sockets.remove(s)
            s.close()

    def go_on(self, until):
        _, piece, listens = STAYS[self.kind]
        whole, rest = [s for s in MADE if piece.startswith(s)], {}
        speakers = self.sockets[:1] if self.kind == 'fan-out' else list(self.sockets)
        if self.kind in ONCE:
            for s in speakers:
                self.say(s, piece, rest)
            speakers = []
        while time.monotonic() < until and self.sockets:
            speakers = [s for s in speakers if s.fileno() >= 0]
            readable, writable, _ = select.select(self.sockets if listens else [], speakers, [], 0.05)
            for s in writable:
                self.say(s, piece, rest)
            if self.kind in POLITE:
                speakers = []
            for s in readable:
                if s.fileno() >= 0:
                    self.hear(s)
            if self.kind in POLITE:
                speakers = readable
            elif not writable and not readable:
                time.sleep(0.01)
        if whole:
            self.made = self.sent * MADE[whole[0]] // len(whole[0])

    # ---- coming ----

    def come(self, until):
        what = COMES[self.kind]
        context = tls(what) if isinstance(what, str) else None
        while time.monotonic() < until:
            s = self.connect()
            if context:
                self.sent += 500  # a ClientHello, a Finished, about
                try:
                    s = context.wrap_socket(s)
                except OSError:
                    pass
                s.close()
                continue
            s.sendall(what)
            self.sent += len(what)
            if self.kind in HALF:
                self.sockets.append(s)
                if len(self.sockets) >= ATTACKERS:
                    self.sockets.pop(0).close()
                continue
            self.received += len(s.recv(4096))
            s.close()

    def run(self, seconds):
        if self.kind in STAYS:
            self.settle()
        print('ready', flush=True)
        sys.stdin.readline()
        until = time.monotonic() + seconds
        (self.go_on if self.kind in STAYS else self.come)(until)
        print(json.dumps({'sent': self.sent, 'received': self.received, 'made': self.made,
                          'connections': self.connections, 'held': len(self.sockets)}), flush=True)
        sys.stdin.read()


if __name__ == '__main__':
    os.nice(19)
    Flood(int(sys.argv[1]), sys.argv[2]).run(float(sys.argv[3]))
