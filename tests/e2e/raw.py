# SPDX-License-Identifier: MIT
"""weft serve at the end of a raw socket: everything that a polite client cannot do.

Every refusal must be a proper HTTP response that says why and ends the connection; every violation must be
answered with its close code, behind all answers to what was right before it, and then with the end of TCP.
"""
import os
import signal
import socket
import struct
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
from weft import (BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, Frame, Raw, Server,  # noqa: E402
                  accept_of, close, frame, length, masked, request)

LIMIT = 64 << 10
HELLO = frame(TEXT, b'hello')


class Case(unittest.TestCase):
    """Tests that share one server."""
    args = ('--echo', '/echo', '--host', 'any')

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.args)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def raw(self):
        raw = Raw(self.server.port)
        self.addCleanup(raw.socket.close)
        return raw

    def echo(self):
        return self.raw().open('/echo')

    # ---- handshakes ----

    def assertAccepted(self, data, key=KEY):
        raw = self.raw()
        response = raw.ask(data)
        self.assertEqual(response.status, 101, response)
        self.assertEqual(response.one('Sec-WebSocket-Accept'), accept_of(key))
        self.assertEqual(response.one('Upgrade').lower(), 'websocket')
        self.assertEqual(response.one('Connection').lower(), 'upgrade')
        for absent in ('Content-Length', 'Transfer-Encoding', 'Sec-WebSocket-Extensions'):
            self.assertIsNone(response.one(absent))
        raw.send(HELLO)
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))
        raw.socket.close()
        return response

    def assertRefused(self, data, *statuses):
        raw = self.raw()
        response = raw.ask(data)
        self.assertIn(response.status, statuses, response)
        self.assertIn('close', response.one('Connection').lower().split(', '))
        self.assertTrue(response.one('Content-Type').startswith('text/plain'))
        self.assertRegex(response.body.decode(), r'\w+ \w+', 'a reason in words')
        if response.status == 426:
            self.assertEqual(response.one('Sec-WebSocket-Version'), '13')
            self.assertEqual(response.one('Upgrade').lower(), 'websocket')
        if response.status == 405:
            self.assertIn('GET', response.one('Allow'))
        self.assertEqual(raw.rest(), b'', 'the connection ends behind the refusal')
        raw.socket.close()
        return response

    # ---- frames ----

    def assertFails(self, code, data):
        """`data`, in one write behind two good messages, and then byte by byte."""
        for send in (Raw.send, Raw.send_slowly):
            raw = self.echo()
            try:
                send(raw, HELLO + frame(BINARY, b'\0\xff') + data)
            except (BrokenPipeError, ConnectionResetError):
                self.assertIs(send, Raw.send_slowly)  # the server did not wait for the rest
            frames = raw.frames()
            self.assertEqual(frames[:2], [Frame(TEXT, b'hello'), Frame(BINARY, b'\0\xff')])
            self.assertEqual(len(frames), 3, frames)
            self.assertClose(frames[2], code)
            raw.socket.close()

    def assertClose(self, last, code):
        self.assertEqual(last.opcode, CLOSE, last)
        sent = struct.unpack('>H', last.payload[:2])[0] if last.payload else None
        self.assertEqual(sent, code, last)
        last.payload[2:].decode()


# ---- the opening handshake (PROTOCOL: 42-52) -------------------------------------------------------

class Handshake(Case):
    def each(self, check, cases, *statuses):
        for case in cases:
            with self.subTest(case if len(case) < 200 else case[:200]):
                check(case, *statuses)

    def test_the_plain_one(self):
        self.assertAccepted(request())

    def test_byte_by_byte(self):
        raw = self.raw()
        raw.send_slowly(request() + HELLO)
        self.assertEqual(raw.response().status, 101)
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def test_methods(self):
        for method in ('POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'get', 'GETT'):
            with self.subTest(method):
                if method == 'HEAD':
                    raw = self.raw()
                    raw.send(request('HEAD /echo HTTP/1.1'))
                    self.assertEqual(raw.response(to_head=True).status, 405)
                    self.assertEqual(raw.rest(), b'')
                else:
                    self.assertRefused(request(f'{method} /echo HTTP/1.1'), 405)

    def test_versions_of_http(self):
        self.assertAccepted(request('GET /echo HTTP/1.2'))
        self.assertRefused(request('GET /echo HTTP/1.0'), 426, 505)
        for version in ('HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9'):
            with self.subTest(version):
                self.assertRefused(request(f'GET /echo {version}'), 400, 426, 505)
        for nonsense in ('http/1.1', 'HTTP/1', 'HTTP/1.1.1', 'HTTP/11', 'HTTP/01.1', 'HTTPS/1.1', 'HTTP /1.1'):
            with self.subTest(nonsense):
                self.assertRefused(request(f'GET /echo {nonsense}'), 400, 505)

    def test_request_lines(self):
        for line in ('GET /echo', 'GET  /echo HTTP/1.1', 'GET /echo  HTTP/1.1', 'GET /echo HTTP/1.1 ',
                     'GET /ec ho HTTP/1.1', ' GET /echo HTTP/1.1', 'GET\t/echo\tHTTP/1.1', 'GET echo HTTP/1.1',
                     'GET /echo#part HTTP/1.1', 'GET * HTTP/1.1', 'G(T /echo HTTP/1.1', 'GET /e\x01 HTTP/1.1',
                     'GET http:///echo HTTP/1.1', 'GET ftp://localhost/echo HTTP/1.1'):
            with self.subTest(line):
                self.assertRefused(request(line), 400)

    def test_targets(self):
        for target in ('/echo?', '/echo?a=b&c', 'http://localhost/echo', 'ws://localhost:80/echo?x'):
            with self.subTest(target):
                self.assertAccepted(request(f'GET {target} HTTP/1.1'))

    def test_host(self):
        self.assertRefused(request(drop=['Host']), 400)
        self.assertRefused(request(add=['Host: localhost']), 400)
        for host in ('a b', 'a/b', 'user@localhost', 'localhost:x', 'a:1:2', '[::1', 'a"b'):
            with self.subTest(host):
                self.assertRefused(request(Host=host), 400)
        for host in ('localhost:8080', '[::1]:80', '127.0.0.1', 'EXAMPLE.org'):
            with self.subTest(host):
                self.assertAccepted(request(Host=host))

    def test_connection_is_a_list_of_whole_tokens(self):
        for value in ('upgrade', 'keep-alive, Upgrade', 'a,UPGRADE,b', ' , Upgrade ,'):
            with self.subTest(value):
                self.assertAccepted(request(Connection=value))
        self.assertAccepted(request(Connection='keep-alive', add=['Connection: Upgrade']))
        for value in ('keep-alive', 'close', 'Upgraded', 'xUpgrade', 'Up grade', '"Upgrade"', 'Upgrade; x', ''):
            with self.subTest(value):
                self.assertRefused(request(Connection=value), 400, 426)
        self.assertRefused(request(drop=['Connection']), 400, 426)

    def test_upgrade_is_a_list_of_whole_tokens(self):
        for value in ('WebSocket', 'h2c, websocket', 'WEBSOCKET ,x'):
            with self.subTest(value):
                self.assertAccepted(request(Upgrade=value))
        self.assertAccepted(request(Upgrade='h2c', add=['Upgrade: websocket']))
        for value in ('h2c', 'websockets', 'web socket', '"websocket"', 'websocket;x', ''):
            with self.subTest(value):
                self.assertRefused(request(Upgrade=value), 400, 426)
        self.assertRefused(request(drop=['Upgrade']), 400, 426)

    def test_key(self):
        for key in ('AAAAAAAAAAAAAAAAAAAAAA==', 'x3JJHMbDL1EzLkh9GBhXDw==', '///////////////////+/w=='):
            with self.subTest(key):
                self.assertAccepted(request(Sec_WebSocket_Key=key), key)
        for key in ('', 'x', KEY[:-1], KEY[:-2], KEY + '=', KEY + KEY, 'dGhlIHNhbXBsZSBub25jZWU=',
                    'dGhlIHNhbXBsZSBub25jZWVl', 'dGhlIHNhbXBsZSBub25j', 'dGhlIHNhbXBsZSBub2-jZQ==',
                    'dGhl IHNhbXBsZSBub25jZQ==', '======================== ', f'"{KEY}"'):
            with self.subTest(key):
                self.assertRefused(request(Sec_WebSocket_Key=key), 400)
        self.assertRefused(request(drop=['Sec-WebSocket-Key']), 400)
        self.assertRefused(request(add=[f'Sec-WebSocket-Key: {KEY}']), 400)

    def test_version(self):
        for version in ('0', '8', '12', '14', '130', '013', '13.0', '+13', 'x', ''):
            with self.subTest(version):
                self.assertRefused(request(Sec_WebSocket_Version=version), 426)
        self.assertRefused(request(drop=['Sec-WebSocket-Version']), 426)
        self.assertRefused(request(add=['Sec-WebSocket-Version: 13']), 400, 426)
        self.assertRefused(request(Sec_WebSocket_Version='13, 8'), 400, 426)

    def test_subprotocols(self):
        response = self.assertAccepted(request(add=['Sec-WebSocket-Protocol: a, b']))
        self.assertEqual(response.all('Sec-WebSocket-Protocol'), [], 'none that the server does not know')
        for value in ('', 'a, a', 'a b', '"a"', 'a/b', ',', ','.join(map(str, range(17)))):
            with self.subTest(value):
                self.assertRefused(request(add=[f'Sec-WebSocket-Protocol: {value}']), 400)
        self.assertRefused(request(add=['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b, a']), 400)

    def test_extensions_are_declined_not_refused(self):
        for value in ('permessage-deflate; x', 'permessage-deflate; client_max_window_bits=7, x-other; q="1"', 'a,,b', ''):
            with self.subTest(value):
                self.assertAccepted(request(add=[f'Sec-WebSocket-Extensions: {value}']))

    def test_extensions_that_are_malformed(self):
        for value in ('permessage-deflate;', 'a;;b', 'a; =1', 'a; b=', 'a; b="x', 'a b', ';'):
            with self.subTest(value):
                response = self.assertRefused(request(add=[f'Sec-WebSocket-Extensions: {value}']), 400)
                self.assertIn('Sec-WebSocket-Extensions', response.body.decode())

    def test_no_body(self):
        self.assertAccepted(request(add=['Content-Length: 0']))
        for value in ('1', '5', '99999999999999999999', '-1', '+0', 'x', '', '0, 0', '0x0'):
            with self.subTest(value):
                self.assertRefused(request(add=[f'Content-Length: {value}']) + b'hello', 400)
        for value in ('chunked', 'gzip, chunked', 'identity', 'Chunked'):
            with self.subTest(value):
                self.assertRefused(request(add=[f'Transfer-Encoding: {value}']) + b'0\r\n\r\n', 400)
        self.assertRefused(request(add=['Content-Length: 0', 'Transfer-Encoding: chunked']), 400)
        self.assertRefused(request(add=['Content-Length: 0', 'Content-Length: 0']), 400)

    def test_both_lengths_on_any_request(self):
        plain = b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
        self.assertRefused(plain, 400)

    def test_lines(self):
        bare = request().replace(b'\r\n', b'\n')
        for name, data in {
            'bare LF': bare,
            'one bare LF': request().replace(b'websocket\r\n', b'websocket\n'),
            'bare CR': request().replace(b'Host: localhost\r\n', b'Host: localhost\rX: y\r\n'),
            'bare CR at the end': request()[:-2] + b'\rX',
            'NUL in a value': request(add=['X: a\0b']),
            'NUL in a name': request(add=['X\0: b']),
            'a control character': request(add=['X: a\x01b']),
            'DEL': request(add=['X: a\x7fb']),
            'a folded line': request(add=['X: a', ' b']),
            'a folded line, with a tab': request(add=['X: a', '\tb']),
            'a space before the colon': request(add=['X : a']),
            'a tab before the colon': request(add=['X\t: a']),
            'an empty name': request(add=[': a']),
            'no colon': request(add=['X']),
            'a name that is no token': request(add=['X(y): a']),
            'a space before the first field': request('GET /echo HTTP/1.1\r\n X: a'),
        }.items():
            with self.subTest(name):
                self.assertRefused(data, 400)
        for name, data in {
            'no space behind the colon': request(add=['X:a']),
            'white space around a value': request(add=['X: \t a \t ']),
            'an empty value': request(add=['X:']),
            'Latin-1 in a value': request(add=['X: \xe9']),
            'a tab in a value': request(add=['X: a\tb']),
        }.items():
            with self.subTest(name):
                self.assertAccepted(data)

    def test_limits_of_the_head(self):
        self.assertAccepted(request(f'GET /echo?{"x" * 8100} HTTP/1.1'))
        self.assertRefused(request(f'GET /echo?{"x" * 8192} HTTP/1.1'), 414)
        self.assertAccepted(request(add=[f'X: {"x" * 8100}']))
        self.assertRefused(request(add=[f'X: {"x" * 8192}']), 431)
        self.assertRefused(request(add=[f'{"x" * 8192}: x']), 431)
        self.assertAccepted(request(add=[f'X: {"x" * 8000}', f'Y: {"y" * 8000}']))
        self.assertRefused(request(add=[f'X: {"x" * 8000}', f'Y: {"y" * 8000}', f'Z: {"z" * 800}']), 431)
        self.assertAccepted(request(add=[f'X{i}: y' for i in range(95)]))
        self.assertRefused(request(add=[f'X{i}: y' for i in range(96)]), 431)

    def test_an_endless_line(self):
        self.assertRefused(b'GET /' + b'x' * 100_000, 414)
        self.assertRefused(b'GET / HTTP/1.1\r\nX: ' + b'x' * 100_000, 431)
        self.assertRefused(b'X' * 100_000, 400, 414)

    def test_a_path_that_is_no_endpoint_is_a_channel(self):
        with self.raw().open('/any/path?at=all') as raw:
            raw.send(HELLO)
            self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def test_after_a_plain_request_on_the_same_connection(self):
        raw = self.raw()
        raw.send(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' + request() + HELLO)
        self.assertEqual(raw.response().status, 200)
        self.assertEqual(raw.response().status, 101)
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))


class Origins(Case):
    EVIL = ('https://example.org', 'http://localhost.example.org', 'http://127.0.0.1.example.org', 'null', '',
            'file://', 'localhost', 'http://localhost:x', 'http://localhost/path', 'http://me@localhost')

    def assertOrigins(self, server, accepted, refused):
        host = f'127.0.0.1:{server.port}'
        for origin in accepted + refused:
            with self.subTest(origin), Raw(server.port) as raw:
                response = raw.ask(request(Host=host, add=[f'Origin: {origin}']))
                self.assertEqual(response.status, 101 if origin in accepted else 403, response)
                if response.status == 403:
                    body = response.body.decode()
                    self.assertIn(origin, body)
                    self.assertRegex(body, 'origin')
                    self.assertEqual(raw.rest(), b'')

    def test_default_on_loopback(self):
        same = f'http://127.0.0.1:{self.server.port}'
        accepted = (same, 'http://localhost:3000', 'http://127.0.0.1:1', 'http://[::1]:5', 'https://localhost')
        self.assertOrigins(self.server, accepted, self.EVIL)

    def test_two_origins(self):
        self.assertRefused(request(add=['Origin: http://localhost:1', 'Origin: http://localhost:2']), 400, 403)

    def test_same(self):
        with Server('--echo', '/echo', '--origin', 'same') as server:
            self.assertOrigins(server, (f'http://127.0.0.1:{server.port}',), self.EVIL + ('http://localhost:3000',
                               f'https://127.0.0.1:{server.port}', 'http://127.0.0.1', f'http://localhost:{server.port}'))

    def test_one_of_ours(self):
        with Server('--echo', '/echo', '--origin', 'https://example.org', '--origin', 'http://a.test:99') as server:
            self.assertOrigins(server,
                               ('https://example.org', 'https://example.org:443', 'HTTPS://Example.ORG', 'http://a.test:99'),
                               ('http://example.org', 'https://example.org:8443', 'https://www.example.org',
                                'https://example.org.evil.test', 'http://a.test', 'http://localhost:3000', 'null'))
            with Raw(server.port) as raw:
                self.assertEqual(raw.ask(request()).status, 101, 'programs send no Origin')

    def test_any(self):
        with Server('--echo', '/echo', '--origin', 'any') as server:
            self.assertOrigins(server, ('https://example.org', 'http://localhost:1', 'null'), ())


# ---- frames (PROTOCOL: 1-18) -----------------------------------------------------------------------

class Frames(Case):
    args = ('--echo', '/echo', '--max-message', '64K')

    def test_byte_by_byte(self):
        raw = self.echo()
        raw.send_slowly(frame(TEXT, 'Grüße'.encode()) + frame(PING, b'p') + frame(TEXT, b'a', fin=False)
                        + frame(CONTINUATION, b'b') + frame(BINARY, bytes(126)))
        frames = [raw.frame() for _ in range(4)]
        frames.remove(Frame(PONG, b'p'))  # which may overtake
        self.assertEqual(frames, [Frame(TEXT, 'Grüße'.encode()), Frame(TEXT, b'ab'), Frame(BINARY, bytes(126))])

    def test_thousands_in_one_write(self):
        raw = self.echo()
        raw.send(b''.join(frame(TEXT, b'%d' % i) for i in range(3000)))
        for i in range(3000):
            self.assertEqual(raw.frame(), Frame(TEXT, b'%d' % i))

    def test_in_the_same_write_as_the_handshake(self):
        raw = self.raw()
        raw.send(request() + HELLO + frame(BINARY, bytes(1000)) + HELLO[:3])
        self.assertEqual(raw.response().status, 101)
        self.assertEqual([raw.frame(), raw.frame()], [Frame(TEXT, b'hello'), Frame(BINARY, bytes(1000))])
        raw.send(HELLO[3:])
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def test_a_whole_life_in_one_write(self):
        raw = self.raw()
        raw.send(request() + HELLO + close(1000))
        self.assertEqual(raw.response().status, 101)
        self.assertEqual(raw.frames(), [Frame(TEXT, b'hello'), Frame(CLOSE, b'\x03\xe8')])

    def test_keys(self):
        raw = self.echo()
        for key in (bytes(4), b'\xff' * 4, b'\0\1\2\3'):
            for size in (0, 1, 3, 4, 5, 127, 1000):
                data = bytes(i & 255 for i in range(size))
                raw.send(frame(BINARY, data, key=key))
                self.assertEqual(raw.frame(), Frame(BINARY, data))

    def test_a_split_at_every_boundary(self):
        raw = self.echo()
        data = frame(TEXT, 'größer als 125 Bytes: '.encode() + b'x' * 120)
        for at in range(1, len(data)):
            raw.send(data[:at])
            raw.send(data[at:])
            self.assertEqual(len(raw.frame().payload), len(data) - 8)

    def test_frames_that_are_not_masked(self):
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
            with self.subTest(opcode):
                self.assertFails(1002, frame(opcode, key=None))
                self.assertFails(1002, frame(opcode, b'\x03\xe8', key=None))

    def test_reserved_bits(self):
        for rsv in (1, 2, 4, 7):
            with self.subTest(rsv):
                self.assertFails(1002, frame(TEXT, b'x', rsv=rsv))
                self.assertFails(1002, frame(PING, b'x', rsv=rsv))
        self.assertFails(1002, frame(TEXT, b'x', fin=False) + frame(CONTINUATION, b'x', rsv=4))

    def test_reserved_opcodes(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            with self.subTest(opcode):
                self.assertFails(1002, frame(opcode, b'x'))

    def test_control_frames(self):
        for opcode in (CLOSE, PING, PONG):
            with self.subTest(opcode):
                self.assertFails(1002, frame(opcode, b'', fin=False))
                self.assertFails(1002, frame(opcode, bytes(126)))
                self.assertFails(1002, bytes([0x80 | opcode, 0xfe, 0, 5]) + bytes(9))
                self.assertFails(1002, bytes([0x80 | opcode, 0xff]) + struct.pack('>Q', 5) + bytes(9))

    def test_lengths_in_too_many_bytes(self):
        self.assertFails(1002, b'\x82\xfe' + struct.pack('>H', 125) + bytes(4 + 125))
        self.assertFails(1002, b'\x82\xfe\0\0' + bytes(4))
        self.assertFails(1002, b'\x82\xff' + struct.pack('>Q', 65535) + bytes(4))
        self.assertFails(1002, b'\x82\xff' + struct.pack('>Q', 125) + bytes(4))

    def test_the_top_bit_of_a_length(self):
        self.assertFails(1002, b'\x82\xff' + struct.pack('>Q', 1 << 63) + bytes(4))

    def test_fragments_out_of_turn(self):
        self.assertFails(1002, frame(CONTINUATION, b'x'))
        self.assertFails(1002, frame(CONTINUATION, b'x', fin=False))
        for first in (TEXT, BINARY):
            for second in (TEXT, BINARY):
                for fin in (True, False):
                    self.assertFails(1002, frame(first, b'x', fin=False) + frame(second, b'x', fin=fin))

    def test_control_frames_between_fragments(self):
        raw = self.echo()
        raw.send(frame(TEXT, b'\xe2', fin=False) + frame(PING, b'1') + frame(CONTINUATION, b'\x82', fin=False)
                 + frame(PONG, b'\xff') + frame(PING, b'2') + frame(CONTINUATION, b'', fin=False)
                 + frame(CONTINUATION, b'\xac'))
        self.assertEqual([raw.frame() for _ in range(3)], [Frame(PONG, b'1'), Frame(PONG, b'2'), Frame(TEXT, b'\xe2\x82\xac')])

    def test_the_message_limit(self):
        raw = self.echo()
        raw.send(frame(BINARY, bytes(LIMIT)))
        self.assertEqual(len(raw.frame().payload), LIMIT)
        self.assertFails(1009, b'\x82' + length(LIMIT + 1) + bytes(4))  # at once: no payload was sent
        self.assertFails(1009, b'\x82' + length(1 << 62) + bytes(4))
        self.assertFails(1009, b'\x82' + length((1 << 63) - 1) + bytes(4))

    def test_the_message_limit_over_fragments(self):
        raw = self.echo()
        raw.send(frame(BINARY, bytes(LIMIT - 1), fin=False) + frame(CONTINUATION, b'x'))
        self.assertEqual(len(raw.frame().payload), LIMIT)
        raw.send(HELLO + frame(BINARY, bytes(LIMIT - 1), fin=False) + b'\x80' + length(2) + bytes(4))
        frames = raw.frames()
        self.assertEqual(frames[0], Frame(TEXT, b'hello'))
        self.assertClose(frames[1], 1009)

    def test_many_fragments(self):
        raw = self.echo()
        raw.send(frame(BINARY, b'x', fin=False) + frame(CONTINUATION, b'x', fin=False) * 1022 + frame(CONTINUATION, b'x'))
        self.assertEqual(raw.frame(), Frame(BINARY, b'x' * 1024))
        raw.send(frame(BINARY, b'x', fin=False) + frame(CONTINUATION, b'x', fin=False) * 1200)
        self.assertClose(raw.frames()[-1], 1008)

    def test_empty_fragments(self):
        raw = self.echo()
        raw.send(frame(TEXT, b'', fin=False) + frame(CONTINUATION, fin=False) * 62 + frame(CONTINUATION))
        self.assertEqual(raw.frame(), Frame(TEXT))
        raw.send(frame(TEXT, b'', fin=False) + frame(CONTINUATION, fin=False) * 100)
        self.assertClose(raw.frames()[-1], 1008)

    def test_pings(self):
        raw = self.echo()
        for payload in (b'', b'x', bytes(range(125))):
            raw.send(frame(PING, payload))
            self.assertEqual(raw.frame(), Frame(PONG, payload))
        raw.send(frame(PONG, b'nobody asked') + HELLO)
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def test_a_flood_of_pings(self):
        raw = self.echo()
        raw.send(b''.join(frame(PING, b'%d' % i) for i in range(5000)) + HELLO)
        pongs = []
        while (answer := raw.frame()).opcode == PONG:
            pongs.append(int(answer.payload))
        if answer == Frame(TEXT, b'hello') and 4999 not in pongs:  # no pong waits behind data, but it may follow
            pongs.append(int(raw.frame().payload))
        self.assertEqual(answer, Frame(TEXT, b'hello'))
        self.assertEqual(pongs[-1], 4999, 'the newest ping is answered')
        self.assertEqual(pongs, sorted(pongs))
        self.assertGreaterEqual(len(pongs), 64)


# ---- UTF-8 (PROTOCOL: 28, 29) ----------------------------------------------------------------------

class Utf8(Case):
    BAD = (b'\x80', b'\xc0\x80', b'\xc1\xbf', b'\xe0\x9f\xbf', b'\xed\xa0\x80', b'\xed\xbf\xbf', b'\xf0\x8f\xbf\xbf',
           b'\xf4\x90\x80\x80', b'\xf5', b'\xfe', b'\xff', b'\xe2\x28\xa1', b'ok \xc3(')

    def test_bad_text(self):
        for data in self.BAD:
            with self.subTest(data):
                self.assertFails(1007, frame(TEXT, data))

    def test_text_that_ends_in_the_middle(self):
        for data in (b'\xc3', b'\xe2\x82', b'\xf0\x9f\x98'):
            with self.subTest(data):
                self.assertFails(1007, frame(TEXT, data))
                self.assertFails(1007, frame(TEXT, data, fin=False) + frame(CONTINUATION))

    def test_bad_over_fragments(self):
        self.assertFails(1007, frame(TEXT, b'\xe2', fin=False) + frame(CONTINUATION, b'\x28\xa1'))
        self.assertFails(1007, frame(TEXT, b'\xed', fin=False) + frame(CONTINUATION, b'\xa0', fin=False))

    def test_at_once_inside_a_frame_that_is_not_complete(self):
        for data in self.BAD:
            with self.subTest(data):
                key = b'\1\2\3\4'
                self.assertFails(1007, b'\x81' + length(1000) + key + masked(data, key))

    def test_good_text(self):
        raw = self.echo()
        for text in ('\0', '\x7f\x80\u07ff\u0800\ufeff\ufffe\uffff\U00010000\U0010ffff', '\ud7ff\ue000'):
            raw.send(frame(TEXT, text.encode()))
            self.assertEqual(raw.frame(), Frame(TEXT, text.encode()))

    def test_binary_is_not_looked_at(self):
        raw = self.echo()
        raw.send(frame(BINARY, b'\xff\xfe'))
        self.assertEqual(raw.frame(), Frame(BINARY, b'\xff\xfe'))


# ---- closing (PROTOCOL: 17, 19-27) -----------------------------------------------------------------

class Closing(Case):
    def answer(self, data):
        raw = self.echo()
        raw.send(HELLO + data)
        first, *rest = raw.frames()
        self.assertEqual(first, Frame(TEXT, b'hello'))
        self.assertEqual(len(rest), 1, rest)
        return rest[0]

    def test_legal_codes_are_answered(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
            with self.subTest(code):
                self.assertClose(self.answer(close(code, b'why')), code)

    def test_an_empty_close(self):
        self.assertEqual(self.answer(close()), Frame(CLOSE))

    def test_illegal_codes(self):
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
            with self.subTest(code):
                self.assertFails(1002, close(code))

    def test_one_byte(self):
        self.assertFails(1002, frame(CLOSE, b'\x03'))

    def test_reasons(self):
        self.assertClose(self.answer(close(1000, 'ü'.encode() * 61 + b'x')), 1000)
        for reason in (b'\xff', b'\xc3', b'ok \xed\xa0\x80'):
            with self.subTest(reason):
                self.assertFails(1007, close(1000, reason))

    def test_what_follows_a_close_is_ignored(self):
        for data in (HELLO, frame(PING, b'x'), close(1001), frame(3, b'x'), b'\xff' * 1000, frame(TEXT, b'\xff')):
            with self.subTest(data[:10]):
                self.assertClose(self.answer(close(1000) + data), 1000)

    def test_what_follows_a_violation_is_drained(self):
        raw = self.echo()
        raw.send(HELLO + frame(TEXT, b'\xff') + frame(BINARY, bytes(60_000)))
        frames = raw.frames()
        self.assertEqual(frames[0], Frame(TEXT, b'hello'))
        self.assertClose(frames[1], 1007)

    def test_the_answers_that_wait_go_out_before_the_close(self):
        raw = self.echo()
        raw.send(frame(BINARY, bytes(60_000)) * 10 + frame(3))
        frames = raw.frames()
        self.assertEqual([len(f.payload) for f in frames[:-1]], [60_000] * 10)
        self.assertClose(frames[-1], 1002)

    def test_what_a_channel_owes_goes_out_before_the_close(self):
        member, raw = self.raw().open('/owed'), self.raw().open('/owed')
        raw.send(HELLO * 20 + frame(TEXT, b'\xff'))
        *messages, last = raw.frames()
        self.assertEqual(messages, [Frame(TEXT, b'hello')] * 20)
        self.assertClose(last, 1007)
        self.assertEqual([member.frame() for _ in range(20)], [Frame(TEXT, b'hello')] * 20)

    def test_half_closed_without_a_close(self):
        raw = self.echo()
        raw.send(HELLO * 3)
        raw.half_close()
        self.assertEqual([f for f in raw.frames() if f.opcode != CLOSE], [Frame(TEXT, b'hello')] * 3)

    def test_half_closed_behind_a_close(self):
        raw = self.echo()
        raw.send(HELLO + close(1000))
        raw.half_close()
        self.assertEqual(raw.frames(), [Frame(TEXT, b'hello'), Frame(CLOSE, b'\x03\xe8')])

    def test_half_closed_inside_a_frame(self):
        raw = self.echo()
        raw.send(HELLO[:4])
        raw.half_close()
        self.assertEqual([f for f in raw.frames() if f.opcode != CLOSE], [])

    def test_half_closed_behind_the_request(self):
        raw = self.raw()
        raw.send(request() + HELLO)
        raw.half_close()
        self.assertEqual(raw.response().status, 101)
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))

    def test_half_closed_inside_the_request(self):
        for cut in (1, 40, len(request()) - 1):
            raw = self.raw()
            raw.send(request()[:cut])
            raw.half_close()
            response = raw.response()
            self.assertEqual((response.status, response.one('Connection')), (400, 'close'))
            self.assertEqual(response.body, b'the stream ended inside a request\n')
            self.assertEqual(raw.rest(), b'')

    def test_half_closed_inside_the_body(self):
        raw = self.raw()
        raw.send(b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nab')
        raw.half_close()
        self.assertEqual(raw.response().status, 400)
        self.assertEqual(raw.rest(), b'')

    def test_half_closed_between_requests(self):
        raw = self.raw()
        raw.half_close()
        self.assertEqual(raw.rest(), b'')

    def test_reset(self):
        for data in (b'', request()[:30], request(), request() + HELLO[:4], request() + HELLO * 100):
            raw = self.raw()
            raw.send(data)
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            raw.socket.close()
        self.assertAccepted(request())


class BothClose(unittest.TestCase):
    def test_at_once(self):
        server = Server('--echo', '/echo')
        try:
            raw = Raw(server.port).open()
            server.process.send_signal(signal.SIGSTOP)
            raw.send(HELLO + close(1000))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGCONT)
            frames = [f for f in raw.frames() if f.opcode == CLOSE]
            self.assertEqual(len(frames), 1, 'one Close, not two')
            self.assertIn(frames[0].payload[:2], (b'\x03\xe8', b'\x03\xe9'))
            raw.socket.close()
        finally:
            server.stop()


# ---- limits and deadlines --------------------------------------------------------------------------

class Limits(unittest.TestCase):
    def test_max_message(self):
        with Server('--echo', '/echo', '--max-message', '1K') as server:
            for path in ('/echo', '/channel'):
                with Raw(server.port).open(path) as raw:
                    raw.send(frame(BINARY, bytes(1024)))
                    self.assertEqual(len(raw.frame().payload), 1024)
                    raw.send(b'\x82' + length(1025) + bytes(4))
                    self.assertEqual(raw.frames()[-1].payload[:2], b'\x03\xf1')

    def test_max_message_of_channels_by_default(self):
        with Server() as server, Raw(server.port).open('/channel') as raw:
            raw.send(frame(BINARY, bytes(LIMIT)) + b'\x82' + length(LIMIT + 1) + bytes(4))
            self.assertEqual([(f.opcode, f.payload[:2]) for f in raw.frames()], [(BINARY, bytes(2)), (CLOSE, b'\x03\xf1')])

    def test_large_message_in_small_fragments(self):
        size, part = 4 << 20, 64
        first, next_, last = (frame(op, b'x' * part, fin, key=bytes(4))
                              for op, fin in ((BINARY, False), (CONTINUATION, False), (CONTINUATION, True)))
        with Server('--echo', '/echo', '--max-message', '4M') as server, Raw(server.port).open() as raw:
            raw.send(first + next_ * (size // part - 2) + last)
            self.assertEqual(raw.frame(), Frame(BINARY, b'x' * size))

    def test_max_connections(self):
        with Server('--echo', '/echo', '--max-connections', '2') as server:
            with Raw(server.port).open() as first, Raw(server.port).open():
                with Raw(server.port) as third:
                    self.assertRefusedOnArrival(third, 503)
                first.send(close(1000))
                self.assertEqual(len(first.frames()), 1)
                first.socket.close()
                self.assertRoomAgain(server)

    def assertRefusedOnArrival(self, raw, status):
        response = raw.ask(request())
        self.assertEqual(response.status, status)
        self.assertIn('close', response.one('Connection').lower().split(', '))
        self.assertTrue(response.body)
        self.assertEqual(raw.rest(), b'')

    def assertRoomAgain(self, server):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with Raw(server.port) as raw:
                if raw.ask(request()).status == 101:
                    return
        self.fail('there is still no room')

    def test_a_head_that_takes_too_long(self):
        with Server('--echo', '/echo', '--handshake-timeout', '1') as server, Raw(server.port) as raw:
            started = time.monotonic()
            raw.socket.settimeout(0.05)
            trickle = iter(request(add=['X: y'] * 200))
            while True:  # a byte now and then does not help
                raw.send(bytes([next(trickle)]))
                try:
                    if not raw._more() or b'\r\n\r\n' in raw._in:
                        break
                except socket.timeout:
                    pass
            raw.socket.settimeout(20)
            self.assertEqual(raw.response().status, 408)
            self.assertEqual(raw.rest(), b'')
            self.assertGreater(time.monotonic() - started, 0.9)
            self.assertLess(time.monotonic() - started, 5)

    def test_who_never_says_a_word(self):
        with Server('--echo', '/echo', '--handshake-timeout', '300ms') as server, Raw(server.port) as raw:
            self.assertEqual(raw.rest(), b'')

    def test_the_deadline_of_the_handshake_ends_with_it(self):
        with Server('--echo', '/echo', '--handshake-timeout', '200ms', '--ping', '300ms') as server:
            with Raw(server.port).open() as raw:
                for _ in range(3):
                    ping = raw.frame()
                    self.assertEqual(ping.opcode, PING)
                    raw.send(frame(PONG, ping.payload))
                raw.send(HELLO)
                self.assertEqual(raw.frame(), Frame(TEXT, b'hello'))


if __name__ == '__main__':
    unittest.main()
