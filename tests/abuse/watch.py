# SPDX-License-Identifier: MIT
"""What an attack does to the server, seen from outside: memory, descriptors, and how long an honest client waits.

    with Watch('--ping', '1s') as watch:            # a server, and an honest client
        attack = watch.attack(connections)          # sockets to it, counted
        ...
        watch.settles()                             # gone: memory and descriptors are back

Memory is the anonymous part of the resident set, so it is judged only where no sanitizer has its own use for it.
"""
import os
import resource
import socket
import subprocess
import sys
import time

from weft import PATIENCE, WEFT, Server, request

PER_CONNECTION = 4 << 10
FLOOR_BYTES = 8 << 20  # of memory: what the allocator keeps of what was freed lately
HERE = os.path.dirname(os.path.abspath(__file__))
UPGRADE = request('GET /echo HTTP/1.1')
OFFER = UPGRADE[:-2] + b'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'


class Suffered(Exception):
    """What the attack achieved, and should not have."""


def expect(holds, what):
    if not holds:
        raise Suffered(what)


def sanitized():
    with open(WEFT, 'rb') as f:
        program = f.read()
    return b'__asan_init' in program or b'__tsan_init' in program


# Of the honest client's wait: below it, everything is noise.
FLOOR_MS = 250 if sanitized() else 50


def until(holds, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not holds():
        expect(time.monotonic() < end, what)
        time.sleep(0.02)


class Watch:
    def __init__(self, *args, descriptors=None):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, before[1]))
        self.server = Server('--echo', '/echo', '--max-connections-per-ip', '0', *args)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        self.proc = f'/proc/{self.server.process.pid}'
        self.sockets, self.sent, self.count = [], 0, 0
        self.bystander = subprocess.Popen([sys.executable, os.path.join(HERE, 'bystander.py'), str(self.server.port)],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.p99()
        time.sleep(0.5)  # the honest client's ordinary day
        self.calm = self.p99()
        self.rest = self.memory()
        self.files = self.descriptors()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.leave()
        self.bystander.stdin.close()
        self.bystander.wait(PATIENCE)
        self.bystander.stdout.close()
        if kind is None:
            self.server.stop()
        else:
            self.server.process.kill()

    # ---- what can be seen ----

    def memory(self):
        with open(self.proc + '/status') as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith('RssAnon:'))

    def descriptors(self):
        return len(os.listdir(self.proc + '/fd'))

    def p99(self):
        self.bystander.stdin.write('\n')
        self.bystander.stdin.flush()
        return float((self.bystander.stdout.readline() or 'nan').split()[-1])

    # ---- the attacker's means ----

    def connect(self):
        s = socket.create_connection(('127.0.0.1', self.server.port), PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets.append(s)
        self.count += 1
        return s

    def open(self, upgrade=UPGRADE):
        s = self.connect()
        self.say(s, upgrade)
        data = b''
        while not data.endswith(b'\r\n\r\n'):
            more = s.recv(4096)
            expect(more, 'refused a handshake that was in order')
            data += more
        expect(data.startswith(b'HTTP/1.1 101 '), data.split(b'\r\n')[0].decode())
        return s

    def say(self, s, data):
        """As much as the server takes now."""
        try:
            s.sendall(data)
            self.sent += len(data)
        except (BrokenPipeError, ConnectionResetError, BlockingIOError, TimeoutError):
            pass

    def leave(self):
        for s in self.sockets:
            s.close()
        self.sockets = []

    # ---- verdicts ----

    def holds(self):
        """While the attack lasts: the others are served, and memory is bounded by what was sent."""
        p99, used = self.p99(), self.memory() - self.rest
        expect(p99 <= max(2 * self.calm, FLOOR_MS),
               f'others wait {p99:.1f} ms, not {self.calm:.1f} (99th percentile)')
        most = 2 * self.sent + PER_CONNECTION * self.count + FLOOR_BYTES
        expect(sanitized() or used <= most, f'{used} bytes held for {self.sent} bytes on {self.count} connections')
        return f'{p99:.1f} ms (calm: {self.calm:.1f}), {used >> 10} KiB for {self.sent >> 10} KiB on {self.count}'

    def settles(self):
        """The attacker is gone: so is what it cost."""
        self.leave()
        until(lambda: self.descriptors() <= self.files, 'descriptors did not come back')
        self.forgets()

    def forgets(self):
        until(lambda: sanitized() or self.memory() <= self.rest + FLOOR_BYTES,
              f'memory did not come back: {(self.memory() - self.rest) >> 10} KiB more than before')


def ending(s):
    """What the server says up to the end of the stream; a reset ends it too."""
    data = b''
    try:
        while more := s.recv(1 << 16):
            data += more
    except ConnectionResetError:
        pass
    return data


def close_code(data):
    """The code of the Close frame that data ends with, or None."""
    at = data.rfind(b'\x88')
    return int.from_bytes(data[at + 2:at + 4], 'big') if at >= 0 else None
