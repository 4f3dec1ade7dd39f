# SPDX-License-Identifier: MIT
"""python3-websockets, as a client of `weft serve` and as a server for `weft URL`.

It offers permessage-deflate unless told otherwise, and weft agrees unless told otherwise.
"""
import asyncio
import http
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
import websockets  # noqa: E402
from weft import PATIENCE, WEFT, Server  # noqa: E402

SIZES = (0, 1, 125, 126, 65_535, 65_536, 1 << 20)


def soon(awaitable):
    return asyncio.wait_for(awaitable, PATIENCE)


class AsClient(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server('--echo', '/echo', '--max-message', '2M', '--subprotocol', 'chat')

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def connect(self, path='/echo', **more):
        return websockets.connect(self.server.url(path), open_timeout=PATIENCE, max_size=None, **more)

    async def test_compression(self):
        shared = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
        for compression, answer in (('deflate', shared), (None, None)):
            async with self.connect(compression=compression) as peer:
                self.assertEqual(peer.response_headers.get('Sec-WebSocket-Extensions'), answer)
                await peer.send('x' * 1000)
                self.assertEqual(await soon(peer.recv()), 'x' * 1000)

    async def test_compression_is_off(self):
        with Server('--echo', '/echo', '--deflate', 'off') as server:
            async with websockets.connect(server.url('/echo'), open_timeout=PATIENCE) as peer:
                self.assertNotIn('Sec-WebSocket-Extensions', peer.response_headers)
                await peer.send('x' * 1000)
                self.assertEqual(await soon(peer.recv()), 'x' * 1000)

    async def test_takeover(self):
        with Server('--echo', '/echo', '--deflate', 'takeover') as server:
            async with websockets.connect(server.url('/echo'), open_timeout=PATIENCE) as peer:
                self.assertEqual(peer.response_headers.get('Sec-WebSocket-Extensions'),
                                 'permessage-deflate; client_max_window_bits=12')
                for i in range(200):
                    message = ''.join(f'{{"id": {n}, "name": "sensor {n % 7}"}}' for n in range(i, i * 3))
                    await peer.send(message)
                    self.assertEqual(await soon(peer.recv()), message)

    async def test_text_and_binary_of_every_size(self):
        async with self.connect() as peer:
            for size in SIZES:
                for message in ('é' * (size // 2) + 'x' * (size % 2), bytes(i * 7 & 255 for i in range(size))):
                    await peer.send(message)
                    self.assertTrue(await soon(peer.recv()) == message, size)

    async def test_fragments(self):
        async with self.connect() as peer:
            await peer.send(['one', '', ' mess', 'age'])
            self.assertEqual(await soon(peer.recv()), 'one message')
            await peer.send(bytes([i]) * 1000 for i in range(100))
            self.assertEqual(await soon(peer.recv()), b''.join(bytes([i]) * 1000 for i in range(100)))

    async def test_many_in_one_go(self):
        async with self.connect(max_queue=None) as peer:
            for i in range(500):
                await peer.send(f'{i}')
            self.assertEqual([await soon(peer.recv()) for i in range(500)], [f'{i}' for i in range(500)])

    async def test_ping(self):
        async with self.connect() as peer:
            await soon(await peer.ping(b'are you there'))

    async def test_subprotocols(self):
        async with self.connect(subprotocols=['wamp', 'chat']) as peer:
            self.assertEqual(peer.subprotocol, 'chat')
        async with self.connect(subprotocols=['wamp']) as peer:
            self.assertIsNone(peer.subprotocol)

    async def test_close(self):
        for code, reason in ((1000, ''), (1001, 'leaving'), (4321, 'ü' * 61)):
            peer = await self.connect()
            await soon(peer.close(code, reason))
            self.assertEqual((peer.close_code, peer.close_rcvd.code), (code, code))

    async def test_too_big(self):
        async with self.connect() as peer:
            with self.assertRaises(websockets.ConnectionClosed):  # by send, if the Close is quick
                await peer.send(bytes((2 << 20) + 1))
                await soon(peer.recv())
            self.assertEqual(peer.close_code, 1009)

    async def test_another_origin(self):
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            await self.connect(origin='https://example.org')
        self.assertEqual(refused.exception.status_code, 403)

    async def test_a_channel(self):
        async with self.connect('/room') as one, self.connect('/room') as two:
            await one.send('from one')
            self.assertEqual([await soon(one.recv()), await soon(two.recv())], ['from one'] * 2)
            await two.send(b'from two')
            self.assertEqual([await soon(one.recv()), await soon(two.recv())], [b'from two'] * 2)


class AsServer(unittest.IsolatedAsyncioTestCase):
    async def weft(self, talk, args=(), stdin='', **more):
        """Runs `weft ARGS URL` against talk(peer): exit code, stdout, the last line of stderr."""
        async with websockets.serve(talk, '127.0.0.1', 0, max_size=None, **more) as server:
            url = f'ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/'
            process = await asyncio.create_subprocess_exec(
                WEFT, *args, url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE)
            try:
                out, err = await soon(process.communicate(stdin.encode()) if stdin is not None else self.listen(process))
            finally:
                if process.returncode is None:
                    process.kill()
            self.assertNotRegex(err.decode(), 'Sanitizer|runtime error:')
            return process.returncode, out.decode(), err.decode().rstrip().split('\n')[-1]

    @staticmethod
    async def listen(process):
        """Its input stays open."""
        results = await asyncio.gather(process.stdout.read(), process.stderr.read(), process.wait())
        process.stdin.close()
        return results[:2]

    @staticmethod
    async def echo(peer):
        async for message in peer:
            await peer.send(message)

    async def test_lines_there_and_back(self):
        lines = [f'line {i} – größer' for i in range(300)]
        text = ''.join(f'{line}\n' for line in lines)
        for compression in ('deflate', None):
            code, out, end = await self.weft(self.echo, ('-n', '300'), text, compression=compression)
            self.assertEqual((code, out), (0, text))
            self.assertEqual(end, 'weft: closed code=1000 reason="" by=us clean=yes')

    async def test_sizes(self):
        async def talk(peer):
            for size in SIZES:
                await peer.send('x' * size)

        code, out, _ = await self.weft(talk, stdin=None)
        self.assertEqual(code, 0)
        self.assertEqual([len(line) for line in out.split('\n')[:-1]], list(SIZES))

    async def test_fragments(self):
        async def talk(peer):
            await peer.send(['one', '', ' mess', 'age'])

        self.assertEqual((await self.weft(talk, stdin=None))[1], 'one message\n')

    async def test_ping(self):
        async def talk(peer):
            await soon(await peer.ping(b'are you there'))
            await peer.send('it is')

        self.assertEqual((await self.weft(talk, stdin=None))[1], 'it is\n')

    async def test_subprotocol(self):
        async def talk(peer):
            await peer.send(f'{peer.subprotocol}')

        args = ('--subprotocol', 'soap', '--subprotocol', 'chat')
        self.assertEqual((await self.weft(talk, args, None, subprotocols=['chat']))[1], 'chat\n')
        self.assertEqual((await self.weft(talk, args, None, subprotocols=['wamp']))[1], 'None\n')

    async def test_closed_by_the_server(self):
        for sent, reason, status in ((1000, 'done', 0), (1001, '', 0), (1011, 'oh', 81), (4000, 'why "not"', 81)):
            async def talk(peer):
                await peer.close(sent, reason)

            code, _, end = await self.weft(talk, stdin=None)
            self.assertEqual(code, status)
            quoted = reason.replace('"', '\\"')
            self.assertEqual(end, f'weft: closed code={sent} reason="{quoted}" by=peer clean=yes')

    async def test_what_the_server_hears(self):
        heard = []

        async def talk(peer):
            async for message in peer:
                heard.append(message)
            heard.append(peer.close_code)

        code, _, _ = await self.weft(talk, ('-b',), 'one\ntwo')
        self.assertEqual((code, heard), (0, [b'one', b'two', 1000]))

    async def test_refused(self):
        async def refuse(path, fields):
            return http.HTTPStatus.FORBIDDEN, [('X-Why', 'test')], b'who are you?\n'

        code, _, end = await self.weft(self.echo, process_request=refuse)
        self.assertEqual((code, end), (22, '> who are you?'))  # quoted: it is not ours

    async def test_basic_authentication(self):
        protect = websockets.basic_auth_protocol_factory(realm='test', credentials=('me', 'se:cret'))
        code, out, _ = await self.weft(self.echo, ('-u', 'me:se:cret', '-n', '1'), 'in\n', create_protocol=protect)
        self.assertEqual((code, out), (0, 'in\n'))
        self.assertEqual((await self.weft(self.echo, ('-u', 'me:x'), 'in\n', create_protocol=protect))[0], 22)

    async def test_origin(self):
        origins = ['https://example.org']
        self.assertEqual((await self.weft(self.echo, (), '', origins=origins))[0], 22)
        self.assertEqual((await self.weft(self.echo, ('--origin', origins[0]), '', origins=origins))[0], 0)


if __name__ == '__main__':
    unittest.main()
