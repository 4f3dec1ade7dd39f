# SPDX-License-Identifier: MIT
"""The program weft for tests in Python: a server that is started and ended, and a raw socket to it.

    with Server('--echo', '/echo') as server:
        raw = Raw(server.port)
        raw.open('/echo')                        # the opening handshake, 101
        raw.send(frame(TEXT, b'hello'))
        raw.frame()                              # Frame(opcode=TEXT, payload=b'hello', fin=True)

WEFT_BATCH=each in the environment: servers have --batch each. Everything has a deadline; nothing sleeps.
"""
import base64
import hashlib
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import threading
from typing import NamedTuple

BUILD = os.environ.get('WEFT_BUILD') or 'build/asan'
WEFT = os.environ.get('WEFT') or os.path.join(BUILD, 'weft')
BATCH = ['--batch', os.environ['WEFT_BATCH']] if os.environ.get('WEFT_BATCH') else []
PATIENCE = 20  # seconds
# Servers are started without a terminal, and are everybody's, for everything, unless a test says otherwise.
os.environ.setdefault('WEFT_OPEN', 'on')
os.environ.setdefault('WEFT_ACCESS',
                      '/: presence=anyone, drop=anyone; /**: presence=anyone, drop=anyone, pattern=anyone')

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


# ---- the program -----------------------------------------------------------------------------------

class Server:
    """`weft serve ARGS` on a free port; options are Popen's."""

    def __init__(self, *args, **options):
        self.process = subprocess.Popen([WEFT, 'serve', '-p', '0', *BATCH, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, **options)
        self._errors = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.port = int(re.fullmatch(rb'https?://127\.0\.0\.1:(\d+)\n', self._first_line())[1])
        self.scheme = 'wss' if '--tls-cert' in args else 'ws'

    def _first_line(self):
        lines = queue.Queue()
        reader = threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True)
        reader.start()
        try:
            return lines.get(timeout=PATIENCE)
        except queue.Empty:
            self.process.kill()
            raise

    def _read_errors(self):
        for line in self.process.stderr:
            self._errors.append(line.decode(errors='replace'))

    @property
    def stderr(self):
        return ''.join(self._errors)

    def url(self, path='/'):
        return f'{self.scheme}://127.0.0.1:{self.port}{path}'

    def stop(self):
        """Ends it as its user would, and insists on a clean end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            self.process.stdout.close()
            self.process.stderr.close()
        assert code == 0, f'exit status {code}\n{self.stderr}'
        assert 'Sanitizer' not in self.stderr and 'runtime error:' not in self.stderr, self.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# ---- frames ----------------------------------------------------------------------------------------

class Frame(NamedTuple):
    opcode: int
    payload: bytes = b''
    fin: bool = True


def length(n, mask=0x80):
    """The length in as few bytes as there can be."""
    if n < 126:
        return bytes([mask | n])
    if n < 65536:
        return bytes([mask | 126]) + struct.pack('>H', n)
    return bytes([mask | 127]) + struct.pack('>Q', n)


def frame(opcode, payload=b'', fin=True, rsv=0, key=b'\x12\x34\x56\x78'):
    """A frame as a client sends it; key None: not masked."""
    first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if key is None:
        return first + length(len(payload), 0) + payload
    return first + length(len(payload)) + key + masked(payload, key)


def masked(payload, key):
    if key == bytes(4) or not payload:
        return payload
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, 'big') ^ int.from_bytes(stream, 'big')).to_bytes(len(payload), 'big')


def close(code=None, reason=b''):
    return frame(CLOSE, b'' if code is None else struct.pack('>H', code) + reason)


# ---- the opening handshake -------------------------------------------------------------------------

KEY = 'dGhlIHNhbXBsZSBub25jZQ=='


def accept_of(key):
    digest = hashlib.sha1(f'{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11'.encode()).digest()
    return base64.b64encode(digest).decode()


def request(line='GET /echo HTTP/1.1', drop=(), add=(), **change):
    """An opening handshake, with fields dropped, added ('Name: value') and changed (Sec_WebSocket_Key='x')."""
    fields = {'Host': 'localhost', 'Upgrade': 'websocket', 'Connection': 'Upgrade',
              'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13'}
    fields.update({name.replace('_', '-'): value for name, value in change.items()})
    lines = [line, *(f'{name}: {value}' for name, value in fields.items() if name not in drop), *add]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin1')


class Response(NamedTuple):
    status: int
    fields: list  # of (name in lower case, value)
    body: bytes = b''

    def all(self, name):
        return [value for field, value in self.fields if field == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) < 2, f'{name} more than once: {values}'
        return values[0] if values else None


# ---- a raw socket ----------------------------------------------------------------------------------

class Raw:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_slowly(self, data):
        for byte in data:
            self.send(bytes([byte]))

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        data = self.socket.recv(1 << 16)
        self._in += data
        return bool(data)

    def _take(self, n):
        """n bytes, or fewer at the end of the stream."""
        while len(self._in) < n and self._more():
            pass
        data, self._in = self._in[:n], self._in[n:]
        return data

    def rest(self):
        """Everything up to the end of the stream."""
        while self._more():
            pass
        return self._take(len(self._in))

    def response(self, to_head=False):
        while b'\r\n\r\n' not in self._in and self._more():
            pass
        head, found, self._in = self._in.partition(b'\r\n\r\n')
        assert found, f'no response: {head!r}'
        line, *lines = head.decode('latin1').split('\r\n')
        match = re.fullmatch(r'HTTP/1\.1 (\d\d\d) [ -~]+', line)
        assert match, line
        fields = [tuple(part.strip() for part in field.split(':', 1)) for field in lines]
        response = Response(int(match[1]), [(name.lower(), value) for name, value in fields])
        n = int(response.one('Content-Length') or 0)
        if to_head or response.status == 304:
            return response
        return response._replace(body=self._take(n))

    def ask(self, data):
        self.send(data)
        return self.response()

    def open(self, path='/echo', **change):
        response = self.ask(request(f'GET {path} HTTP/1.1', **change))
        assert response.status == 101, response
        return self

    def frame(self):
        """The next frame, or None at the end of the stream."""
        head = self._take(2)
        if not head:
            return None
        assert len(head) == 2 and not head[0] & 0x70 and not head[1] & 0x80, head
        n = head[1]
        if n >= 126:
            size = 2 if n == 126 else 8
            n = int.from_bytes(self._take(size), 'big')
            assert n > (125 if size == 2 else 65535), 'a length in too many bytes'
        payload = self._take(n)
        assert len(payload) == n, 'the stream ended inside a frame'
        return Frame(head[0] & 15, payload, bool(head[0] & 0x80))

    def frames(self):
        """All frames up to the end of the stream."""
        frames = []
        while (last := self.frame()) is not None:
            frames.append(last)
        return frames
