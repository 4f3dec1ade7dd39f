# SPDX-License-Identifier: MIT
"""python3-websockets with TLS, as a client of `weft serve` and as a server for `weft URL`."""
import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
import websockets  # noqa: E402
from weft import PATIENCE, WEFT, Server  # noqa: E402

SIZES = (0, 1, 125, 126, 16_384, 65_535, 65_536, 1 << 20)


def soon(awaitable):
    return asyncio.wait_for(awaitable, PATIENCE)


class TLS(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.cert, cls.key = os.path.join(folder.name, 'crt'), os.path.join(folder.name, 'key')
        subprocess.run(['openssl', 'req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', cls.key, '-out', cls.cert],
                       check=True, stderr=subprocess.DEVNULL)

    async def test_client(self):
        trusting = ssl.create_default_context(cafile=self.cert)
        with Server('--echo', '/echo', '--max-message', '2M', '--tls-cert', self.cert, '--tls-key', self.key) as server:
            async with websockets.connect(server.url('/echo'), ssl=trusting, max_size=None) as peer:
                for size in SIZES:
                    message = bytes(i * 7 & 255 for i in range(size))
                    await peer.send(message)
                    self.assertTrue(await soon(peer.recv()) == message, size)
            self.assertEqual(peer.close_code, 1000)

    async def test_server(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert, self.key)

        async def echo(peer):
            async for message in peer:
                await peer.send(message)

        async with websockets.serve(echo, '127.0.0.1', 0, ssl=context, max_size=None) as server:
            port = server.sockets[0].getsockname()[1]
            lines = b''.join(b'x' * size + b'\n' for size in SIZES)
            for host in ('localhost', '127.0.0.1'):
                program = await asyncio.create_subprocess_exec(
                    WEFT, '--cacert', self.cert, '-n', str(len(SIZES)), f'wss://{host}:{port}/',
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                out, err = await soon(program.communicate(lines))
                self.assertEqual(program.returncode, 0, err)
                self.assertTrue(out == lines)


if __name__ == '__main__':
    unittest.main()
