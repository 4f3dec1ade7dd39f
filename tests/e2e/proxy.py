# SPDX-License-Identifier: MIT
"""weft serve --trust-proxy: who is behind a proxy, by PROXY header and X-Forwarded-*."""
import os
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
from weft import TEXT, Frame, Raw, Server, frame, request  # noqa: E402

V1 = b'PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\r\n'
V2 = (b'\r\n\r\n\0\r\nQUIT\n\x21\x11' + struct.pack('>H', 12)
      + bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack('>HH', 50312, 443))


class Trusted(unittest.TestCase):
    def setUp(self):
        self.flags = ['--echo', '/echo', '-v', '--trust-proxy', 'localhost']

    def serve(self, *more):
        return Server(*self.flags, *more)

    def echoes(self, raw):
        raw.send(frame(TEXT, b'hello'))
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def logged(self, expected, *talk, flags=()):
        """What the server's log says after these bytes, an upgrade and a message."""
        server = self.serve(*flags)
        with server, Raw(server.port) as raw:
            for piece in talk[:-1]:
                raw.send(piece)
            self.assertEqual(raw.ask(talk[-1]).status, 101)
            self.echoes(raw)
        self.assertIn(expected, server.stderr)

    def test_headers(self):
        for header in (V1, V2):
            self.logged('192.0.2.7:50312', header + request())
            self.logged('192.0.2.7:50312', *(bytes([b]) for b in header + request()[:-1]), b'\n')

    def test_no_header(self):
        self.logged('127.0.0.1:', request())
        self.logged('127.0.0.1:', *(bytes([b]) for b in request()[:-1]), b'\n')
        self.logged('127.0.0.1:', b'PROXY UNKNOWN\r\n', request())

    def test_forwarded(self):
        for value, client in (('192.0.2.8', ' 192.0.2.8 '), ('6.6.6.6, 192.0.2.8', ' 192.0.2.8 '),
                              ('192.0.2.8, 127.0.0.1', ' 192.0.2.8 '), ('[2001:db8::1]:99', '[2001:db8::1]:99'),
                              ('2001:db8::1', ' 2001:db8::1 '), ('unknown', '127.0.0.1:')):
            self.logged(client, request(X_Forwarded_For=value))

    def test_the_client_of_a_header_cannot_say_who_it_is(self):
        self.logged('192.0.2.7:50312', V1 + request(X_Forwarded_For='6.6.6.6'))

    def test_forwarded_proto(self):
        with self.serve('--origin', 'same') as server:
            for proto, origin, status in (('https', 'https', 101), ('https', 'http', 403), ('http', 'http', 101)):
                with Raw(server.port) as raw:
                    answer = raw.ask(request(X_Forwarded_Proto=proto, Origin=f'{origin}://localhost'))
                    self.assertEqual(answer.status, status)

    def test_malformed(self):
        with self.serve() as server:
            for bad in (V1.replace(b'TCP4', b'UDP4'), V1.replace(b'\r\n', b'\n'), V2[:12] + b'\x31' + V2[13:]):
                with Raw(server.port) as raw:
                    raw.send(bad + request())
                    with self.assertRaises((ConnectionResetError, AssertionError)):
                        raw.response()

    def test_clients_are_counted(self):
        with self.serve('--max-connections-per-ip', '1') as server:
            with Raw(server.port) as first, Raw(server.port) as second, Raw(server.port) as third:
                self.assertEqual(first.ask(V1 + request()).status, 101)
                self.assertEqual(second.ask(V2 + request()).status, 429)
                self.assertEqual(third.ask(request(X_Forwarded_For='192.0.2.9')).status, 101)
                self.echoes(first)

    def test_before_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = os.path.join(folder, 'crt'), os.path.join(folder, 'key')
            subprocess.run(['openssl', 'req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-subj', '/CN=localhost',
                            '-keyout', key, '-out', cert], check=True, stderr=subprocess.DEVNULL)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            server = self.serve('--tls-cert', cert, '--tls-key', key)
            with server, Raw(server.port) as raw:
                raw.send(V1)
                raw.socket = context.wrap_socket(raw.socket)
                self.assertEqual(raw.ask(request()).status, 101)
                self.echoes(raw)
            self.assertIn('192.0.2.7:50312', server.stderr)


class NotTrusted(unittest.TestCase):
    def test_nobody_is_believed(self):
        server = Server('--echo', '/echo', '-v', '--trust-proxy', '10.0.0.0/8')
        with server:
            with Raw(server.port) as raw:
                self.assertEqual(raw.ask(V1 + request()).status, 400)
            with Raw(server.port) as raw:
                self.assertEqual(raw.ask(request(X_Forwarded_For='192.0.2.8')).status, 101)
        self.assertNotIn('192.0.2.8', server.stderr)


if __name__ == '__main__':
    unittest.main()
