# SPDX-License-Identifier: MIT
"""A client that reads late: it sends until nobody takes any more, and only then begins to read. README's echo server,
and weft serve --echo, give everything back, whatever the sizes.
"""
import os
import select
import struct
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
from weft import BINARY, BUILD, PATIENCE, Raw, Server, frame  # noqa: E402

MESSAGES = 2000
UNREAD = 0.3  # seconds in which nothing can be written: the other end takes no more


class Example:
    """build/.../examples/echo_server on a free port."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, 'examples', 'echo_server'), '127.0.0.1:0'],
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().decode().strip().removesuffix('/echo').rsplit(':', 1)[1])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def message(n, size):
    """One that can be told from the others; its masking key is zero, so it goes as it is."""
    return struct.pack('>Q', n) + b'x' * (size - 8)


class Reader:
    """Takes the server's frames apart as they come, and counts them."""

    def __init__(self):
        self.bytes = bytearray()
        self.n = 0

    def feed(self, data, sizes):
        self.bytes += data
        at = 0
        while len(self.bytes) - at >= 10:
            short = self.bytes[at + 1]
            head = 10 if short == 127 else 4 if short == 126 else 2
            size = short if head == 2 else int.from_bytes(self.bytes[at + 2:at + head], 'big')
            if len(self.bytes) - at < head + size:
                break
            assert self.bytes[at] == 0x80 | BINARY and size == sizes(self.n), (self.n, size)
            assert int.from_bytes(self.bytes[at + head:at + head + 8], 'big') == self.n
            self.n += 1
            at += head + size
        del self.bytes[:at]


def send_until_stuck(sock, frames):
    """What is left of a frame when nobody takes any more; None: all was taken."""
    rest = b''
    while True:
        if not rest:
            rest = memoryview(next(frames, b''))
        if not rest:
            return None
        if not select.select([], [sock], [], UNREAD)[1]:
            return rest
        rest = rest[sock.send(rest):]


def read_late(port, sizes, messages):
    frames = (frame(BINARY, message(n, sizes(n)), key=bytes(4)) for n in range(messages))
    raw = Raw(port)
    raw.open('/echo')
    sock, reader = raw.socket, Reader()
    sock.setblocking(False)
    rest = send_until_stuck(sock, frames)
    while reader.n < messages:
        readable, writable, _ = select.select([sock], [sock] if rest else [], [], PATIENCE)
        assert readable or writable, f'{reader.n} of {messages} came back'
        if writable:
            rest = rest[sock.send(rest):] or memoryview(next(frames, b''))
        if readable:
            data = sock.recv(1 << 20)
            assert data, f'{reader.n} of {messages} came back, then the end'
            reader.feed(data, sizes)
    sock.close()


class LateReader(unittest.TestCase):
    def everything_comes_back(self, port):
        for size in 16, 125, 126, 2000, 16384:
            with self.subTest(size=size):
                read_late(port, lambda n, size=size: size, MESSAGES)
        with self.subTest(size='1 MiB'):
            read_late(port, lambda n: 1 << 20, 40)
        with self.subTest(size='all sorts'):
            read_late(port, lambda n: (16, 70000, 300, 1 << 20, 4096)[n % 5] if n % 50 < 5 else 16, MESSAGES)

    def test_readme(self):
        server = Example()
        self.addCleanup(server.stop)
        self.everything_comes_back(server.port)

    def test_serve(self):
        with Server('--echo', '/echo') as server:
            self.everything_comes_back(server.port)


if __name__ == '__main__':
    unittest.main(verbosity=2)
