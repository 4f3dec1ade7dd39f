# SPDX-License-Identifier: MIT
"""`weft serve` where somebody else has opened the socket, or a newer one has taken the place of its own."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))

from weft import BATCH, PATIENCE, WEFT, Raw  # noqa: E402


def listening(family=socket.AF_INET, address=('127.0.0.1', 0)):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.bind(address)
    s.listen(8)
    return s


def get(family, address, host='localhost'):
    """The first line of what / says there."""
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(PATIENCE)
        s.connect(address)
        s.sendall(f'GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode())
        return s.makefile('rb').readline()


class Passed:
    """`weft serve ARGS` whose descriptors from 3 on are these; where it says that it listens. pid: systemd means it."""

    def __init__(self, sockets, *args, pid=False):
        moves = ''.join(f'exec {3 + i}<&{50 + i} {50 + i}<&-;' for i in range(len(sockets)))
        for i, s in enumerate(sockets):
            os.dup2(s.fileno(), 50 + i)
        who = f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)};' if pid else ''
        words = ' '.join([WEFT, 'serve', *BATCH, *args])
        self.process = subprocess.Popen(['bash', '-c', f'{moves}{who}exec {words}'], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        pass_fds=[50 + i for i in range(len(sockets))])
        for i in range(len(sockets)):
            os.close(50 + i)

    def line(self):
        return self.process.stdout.readline().rstrip('\n')

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors

    def complaint(self):
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 1, errors
        return errors


class Listening(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def tcp(self):
        s = listening()
        self.addCleanup(s.close)
        return s

    def test_a_descriptor(self):
        s = self.tcp()
        server = Passed([s], '-l', 'fd:3')
        self.assertEqual(server.line(), f'http://127.0.0.1:{s.getsockname()[1]}')
        self.assertEqual(get(socket.AF_INET, s.getsockname()), b'HTTP/1.1 200 OK\r\n')
        self.assertEqual(get(socket.AF_INET, s.getsockname(), 'fd'), b'HTTP/1.1 421 Misdirected Request\r\n')
        server.end()

    def test_a_restart_refuses_nobody(self):
        s = self.tcp()
        old = Passed([s], '--drain', '1h', '--threads', '1', '-v', pid=True)
        old.line()
        stay = [Raw(s.getsockname()[1]) for _ in range(2)]
        for raw in stay:
            self.addCleanup(raw.socket.close)
            raw.open('/chat')
        old.process.send_signal(signal.SIGTERM)
        self.assertEqual(stay[0].frame().payload[:2], (1012).to_bytes(2, 'big'))
        with socket.create_connection(s.getsockname(), PATIENCE) as waits:
            waits.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
            new = Passed([s], pid=True)
            new.line()
            self.assertEqual(waits.makefile('rb').readline(), b'HTTP/1.1 200 OK\r\n')
        old.end()
        new.end()

    def test_what_systemd_passes(self):
        path = self.path('socket')
        tcp, unix = self.tcp(), listening(socket.AF_UNIX, path)
        self.addCleanup(unix.close)
        server = Passed([tcp, unix], pid=True)
        self.assertEqual(server.line(), f'http://127.0.0.1:{tcp.getsockname()[1]}')
        self.assertEqual(server.line(), f'unix:{path}')
        self.assertEqual(get(socket.AF_INET, tcp.getsockname()), b'HTTP/1.1 200 OK\r\n')
        self.assertEqual(get(socket.AF_UNIX, path), b'HTTP/1.1 200 OK\r\n')
        server.end()
        self.assertTrue(os.path.exists(path))  # it is systemd's

    def test_what_is_no_such_socket(self):
        self.assertEqual(Passed([], '-l', 'fd:3').complaint(), 'weft: descriptor 3 is no socket that listens\n')
        unbound = socket.socket()
        self.addCleanup(unbound.close)
        self.assertEqual(Passed([unbound], '-l', 'fd:3').complaint(), 'weft: descriptor 3 is no socket that listens\n')
        self.assertIn('"fd:x" is not an address', Passed([], '-l', 'fd:x').complaint())

    def test_a_name_in_no_file_system(self):
        name = f'weft-e2e-{os.getpid()}'
        server = Passed([], '-l', f'unix:@{name}')
        self.assertEqual(server.line(), f'unix:@{name}')
        self.assertEqual(get(socket.AF_UNIX, f'\0{name}'), b'HTTP/1.1 200 OK\r\n')
        server.end()

    def test_only_its_own_socket_goes(self):
        path = self.path('socket')
        server = Passed([], '-l', f'unix:{path}')
        self.assertEqual(server.line(), f'unix:{path}')
        os.unlink(path)
        newer = listening(socket.AF_UNIX, path)
        self.addCleanup(newer.close)
        server.end()
        self.assertTrue(os.path.exists(path))
        os.unlink(path)
        server = Passed([], '-l', f'unix:{path}')
        server.line()
        server.end()
        self.assertFalse(os.path.exists(path))


if __name__ == '__main__':
    unittest.main()
