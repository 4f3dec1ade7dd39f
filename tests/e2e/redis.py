# SPDX-License-Identifier: MIT
"""examples/redis_ping.c, a pipe, and a real redis-server: by TCP, on a Unix socket, and by TLS.

The server listens on ports of the kernel's choice, in a folder that goes with the test, and keeps nothing.
"""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(os.environ.get('WEFT_BUILD', 'build/asan'), 'examples', 'redis_ping')
PATIENCE = 30  # s


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def ping(url):
    run = subprocess.run([PROGRAM, url], capture_output=True, text=True, timeout=PATIENCE, check=False)
    return run.returncode, run.stdout, run.stderr


@unittest.skipUnless(shutil.which('redis-server'), 'there is no redis-server')
class Redis(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = f'{self.folder}/socket'
        self.ports = [free_port(), free_port()]
        self.start(*self.certificate())

    def certificate(self):
        """Signed by nobody that anybody knows."""
        key, certificate = f'{self.folder}/key', f'{self.folder}/crt'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost',
                        '-addext', 'subjectAltName=DNS:localhost'], check=True, capture_output=True, timeout=PATIENCE)
        return certificate, key

    def start(self, certificate, key):
        port, tls_port = self.ports
        self.server = subprocess.Popen(
            ['redis-server', '--bind', '127.0.0.1', '--port', str(port), '--tls-port', str(tls_port),
             '--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no',
             '--unixsocket', self.path, '--save', '', '--dir', self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.stop)
        for line in self.server.stdout:
            if 'eady to accept connections unix' in line or 'server is now ready to accept connections at' in line:
                return
        self.fail('redis-server does not begin')

    def stop(self):
        self.server.kill()
        self.server.stdout.close()
        self.server.wait(PATIENCE)

    def test_tcp(self):
        self.assertEqual(ping(f'tcp://127.0.0.1:{self.ports[0]}'), (0, '+PONG\n', ''))

    def test_a_name(self):
        self.assertEqual(ping(f'tcp://localhost:{self.ports[0]}'), (0, '+PONG\n', ''))

    def test_unix(self):
        self.assertEqual(ping(f'unix:{self.path}'), (0, '+PONG\n', ''))

    def test_tls_of_nobody_that_we_know(self):
        code, out, err = ping(f'tls://localhost:{self.ports[1]}')
        self.assertEqual((code, out), (1, ''))
        self.assertIn('self-signed certificate', err)

    def test_tls(self):
        """The system's authorities are what OpenSSL's variable says."""
        os.environ['SSL_CERT_FILE'] = f'{self.folder}/crt'
        self.addCleanup(os.environ.pop, 'SSL_CERT_FILE')
        self.assertEqual(ping(f'tls://localhost:{self.ports[1]}'), (0, '+PONG\n', ''))

    def test_nobody_is_there(self):
        self.server.terminate()
        self.server.wait(PATIENCE)
        self.assertEqual(ping(f'tcp://127.0.0.1:{self.ports[0]}'), (1, '', 'Connection refused\n'))


if __name__ == '__main__':
    unittest.main()
