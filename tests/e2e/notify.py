# SPDX-License-Identifier: MIT
"""`weft serve` as a service of Type=notify: what it tells a systemd that is this test."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))

from weft import PATIENCE, WEFT, Raw, Server  # noqa: E402


class Systemd:
    """The socket, at a path or in no file system; what was told on it, in order."""

    def __init__(self, test, abstract=False):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        path = os.path.join(directory.name, 'notify')
        self.name = f'@{path}' if abstract else path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        test.addCleanup(lambda: [os.close(fd) for fd in self.kept])
        self.socket.bind(path if not abstract else f'\0{path}')
        self.socket.settimeout(PATIENCE)
        self.kept = []

    def environment(self, **more):
        return {**os.environ, 'NOTIFY_SOCKET': self.name, **more}

    def told(self):
        data, kept, _, _ = socket.recv_fds(self.socket, 4096, 4)
        self.kept += kept
        return dict(line.split('=', 1) for line in data.decode().split('\n'))

    def told_of(self, word):
        while word not in (told := self.told()):
            pass
        return told


class Notify(unittest.TestCase):
    def serve(self, systemd, *args, **more):
        server = Server(*args, env=systemd.environment(**more))
        self.addCleanup(server.process.kill)
        return server

    def test_ready_and_stopping(self):
        for abstract in (False, True):
            systemd = Systemd(self, abstract)
            with self.serve(systemd, '--drain-delay', '0s', '--drain', '0s') as server:
                self.assertEqual(systemd.told(), {'FDSTORE': '1', 'FDNAME': 'weft-snapshot'})
                self.assertEqual(systemd.told(), {'READY': '1', 'STATUS': 'serving'})
                server.process.send_signal(signal.SIGTERM)
                told = systemd.told()
                self.assertEqual((told['STOPPING'], told['EXTEND_TIMEOUT_USEC']), ('1', '35000000'))
                server.process.wait(PATIENCE)

    def test_each_phase_says_how_long_it_may_take(self):
        systemd = Systemd(self)
        with self.serve(systemd, '--threads', '1') as server:
            systemd.told_of('READY')
            raw = Raw(server.port)
            self.addCleanup(raw.socket.close)
            raw.open('/chat')
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(systemd.told_of('STOPPING')['EXTEND_TIMEOUT_USEC'], '60000000')  # 5 + 20 + 35 s
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(PATIENCE)

    def test_reloading(self):
        with tempfile.NamedTemporaryFile('w', suffix='.yaml') as file:
            systemd = Systemd(self)
            with self.serve(systemd, '--config', file.name, '--drain-delay', '0s', '--drain', '0s') as server:
                systemd.told_of('READY')
                server.process.send_signal(signal.SIGHUP)
                self.assertRegex(systemd.told_of('RELOADING')['MONOTONIC_USEC'], r'^\d+$')
                self.assertEqual(systemd.told()['READY'], '1')

    def test_the_watchdog_is_fed_also_in_the_end(self):
        systemd = Systemd(self)
        with self.serve(systemd, '--drain-delay', '1h', WATCHDOG_USEC='20000') as server:
            for _ in range(3):
                systemd.told_of('WATCHDOG')
            server.process.send_signal(signal.SIGTERM)
            systemd.told_of('STOPPING')
            for _ in range(3):
                systemd.told_of('WATCHDOG')
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(PATIENCE)

    def test_the_watchdog_of_another_process(self):
        systemd = Systemd(self)
        with self.serve(systemd, '--drain-delay', '0s', '--drain', '0s', WATCHDOG_USEC='2000', WATCHDOG_PID='1') as server:
            systemd.told_of('READY')
            server.process.send_signal(signal.SIGTERM)
            self.assertIn('STOPPING', systemd.told())

    def test_what_it_keeps_is_the_next_ones(self):
        """As systemd would: the sockets first, then what was stored, under its name."""
        systemd = Systemd(self)
        listening = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listening.close)
        port = listening.getsockname()[1]
        places = []
        for _ in range(3):
            passed = [listening.fileno(), *systemd.kept[:1]]
            names = ':'.join(['weft.socket', 'weft-snapshot'][:len(passed)])
            moves = ''.join(f'exec {3 + i}<&{50 + i} {50 + i}<&-;' for i in range(len(passed)))
            for i, fd in enumerate(passed):
                os.dup2(fd, 50 + i)
            pass_fds = [50 + i for i in range(len(passed))]
            who = f'export LISTEN_PID=$$ LISTEN_FDS={len(passed)} LISTEN_FDNAMES={names};'
            process = subprocess.Popen(['bash', '-c', f'{moves}{who}exec {WEFT} serve --drain 0s'], pass_fds=pass_fds,
                                       env=systemd.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            for fd in pass_fds:
                os.close(fd)
            systemd.told_of('READY')
            with urllib.request.urlopen(f'http://127.0.0.1:{port}/chat', b'x', timeout=PATIENCE) as answer:
                places.append(json.load(answer)['position'])
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, b'Sanitizer' in errors), (0, False), errors)
        self.assertEqual(len(systemd.kept), 1)
        os.close(systemd.kept.pop())
        epoch = places[0].split('.')[0]
        self.assertEqual(places, [f'{epoch}.{n}' for n in (1, 2, 3)])

    def test_nobody_is_there(self):
        systemd = Systemd(self)
        systemd.name += '-not'
        with self.serve(systemd, '--drain-delay', '0s', '--drain', '0s') as server:
            pass
        self.assertIn('NOTIFY_SOCKET cannot be told anything', server.stderr)


if __name__ == '__main__':
    unittest.main()
