# SPDX-License-Identifier: MIT
"""The other end of the connection: plays a case on a raw socket, and is as strict as RFC 6455 allows.

A case is a list of steps. They say frames without saying who sends them; the peer masks when it is the client.

    Send(frame, ..., chop=n)    to weft; in TCP segments of n bytes, or a segment for each frame (FRAMES)
    Expect(frame, ...)          exactly these come from weft, in this order
    Fail(code)                  weft closes with this code, and TCP ends in order
    Bye(code, reason)           we close, weft answers with the same code, and TCP ends in order
    Ends(code)                  as Bye, when our Close was sent by a step before (None: one without a code)
    Trips(frame, n)             n times: send, and expect the same back
    Echoes(messages)            so many messages, compressed, several under way at a time; each comes back
    Refused()                   weft does not take our 101: nothing comes but the end of the stream

Whatever weft sends is judged: masked by a client only, minimal lengths, no reserved bits or opcodes, fragments
in order, nothing behind a Close. Where compression was agreed on, the peer has a codec, and what comes compressed
is a frame like any other for the steps.
"""
import collections
import socket
import ssl
import struct
from typing import NamedTuple

from weft import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame as encode, masked  # noqa: F401

FRAMES = -1
PATIENCE = 20  # seconds
FLYING = 768 << 10  # bytes under way: less than send_queue_max
KEY = b'\x37\xfa\x21\x3d'
NAMES = {CONTINUATION: 'continuation', TEXT: 'text', BINARY: 'binary', CLOSE: 'close', PING: 'ping', PONG: 'pong'}


class Wrong(Exception):
    """What weft did, and should not have."""


class F(NamedTuple):
    """A frame."""
    op: int
    payload: bytes = b''
    fin: bool = True
    rsv: int = 0

    def __str__(self):
        text = NAMES.get(self.op, f'opcode {self.op}') + ('' if self.fin else ' (more)')
        text += f' rsv {self.rsv}' if self.rsv else ''
        if self.op == CLOSE and len(self.payload) >= 2:
            return f'{text} {struct.unpack_from(">H", self.payload)[0]}'
        if len(self.payload) > 16:
            return f'{text} [{len(self.payload)}]'
        return f'{text} {self.payload!r}'[:-1].replace(" b'", ' "') + '"' if self.payload else text


# ---- steps -----------------------------------------------------------------------------------------

class Send:
    def __init__(self, *frames, chop=0):
        self.frames, self.chop = frames, chop

    def play(self, peer):
        wires = [peer.encode(f) for f in self.frames]
        if self.chop == FRAMES:
            for wire in wires:
                peer.send(wire)
        else:
            peer.send(b''.join(wires), self.chop)

    def expects(self):
        return []


class Expect:
    def __init__(self, *frames):
        self.frames = frames

    def play(self, peer):
        for want in self.frames:
            got = peer.receive()
            if got != want:
                raise Wrong(f'{want} expected, but it is {got or "the end of the stream"}')

    def expects(self):
        return map(str, self.frames)


class Fail:
    def __init__(self, code):
        self.code = code

    def play(self, peer):
        peer.closes_with(self.code)
        peer.ends()

    def expects(self):
        return [f'close {self.code}']


class Bye:
    def __init__(self, code=1000, reason=b''):
        self.code, self.reason = code, reason

    def play(self, peer):
        peer.send(peer.encode(close_frame(self.code, self.reason)))
        peer.closes_with(self.code)
        peer.ends()

    def expects(self):
        return ['closes']


class Ends:
    def __init__(self, code=1000):
        self.code = code

    def play(self, peer):
        peer.closed = True
        peer.closes_with(self.code)
        peer.ends()

    def expects(self):
        return [f'close {self.code or "without code"}']


class Trips:
    def __init__(self, frame, times):
        self.frame, self.times = frame, times

    def play(self, peer):
        wire, want = peer.encode(self.frame), Expect(self.frame)
        for _ in range(self.times):
            peer.send(wire)
            want.play(peer)

    def expects(self):
        return [f'{self.times} echoes']


class Echoes:
    """messages: called with how many there are to be; gives (opcode, data, compressed?). fragment: so many bytes of
    what is compressed in each frame. shrinks: some of the echoes have to be compressed, too."""

    def __init__(self, messages, fragment=0, shrinks=True):
        self.messages, self.fragment, self.shrinks = messages, fragment, shrinks

    def play(self, peer):
        waiting, flying = collections.deque(), 0
        for op, data, compressed in self.messages(Peer.count):
            peer.send(self.encode(peer, op, data, compressed))
            waiting.append((op, data))
            flying += len(data)
            while flying > FLYING:
                flying -= self.take(peer, *waiting.popleft())
        for op, data in waiting:
            self.take(peer, op, data)
        if self.shrinks and not peer.codec.inflated:
            raise Wrong('nothing came compressed')

    def encode(self, peer, op, data, compressed):
        payload, rsv = (peer.codec.compress(data), 4) if compressed else (data, 0)
        size = self.fragment or max(len(payload), 1)
        parts = [payload[at:at + size] for at in range(0, len(payload), size)] or [b'']
        return b''.join(peer.encode(F(CONTINUATION if i else op, part, i == len(parts) - 1, 0 if i else rsv))
                        for i, part in enumerate(parts))

    def take(self, peer, op, data):
        got = peer.receive()
        if got != (op, data, True, 0):
            raise Wrong(f'{F(op, data)} expected, but it is {got or "the end of the stream"}')
        return len(data)

    def expects(self):
        return ['all of it back']


class Refused:
    def play(self, peer):
        try:
            got = peer.receive()
        except ConnectionResetError:
            return
        if got is not None:
            raise Wrong(f'{got} behind a 101 that is not in order')

    def expects(self):
        return ['no connection']


def close_frame(code, reason=b''):
    return F(CLOSE, b'' if code is None else struct.pack('>H', code) + reason)


# ---- the peer --------------------------------------------------------------------------------------

class Peer:
    """A connection behind its opening handshake. client: whether we are it."""
    count = 1000  # messages for Echoes

    def __init__(self, sock, client, already=b'', codec=None):
        self.socket, self.client, self.codec = sock, client, codec
        self.buffer = bytearray(already)
        self.in_message = self.weft_closed = self.closed = False
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def encode(self, f):
        self.closed |= f.op == CLOSE
        return encode(f.op, f.payload, f.fin, f.rsv, KEY if self.client else None)

    def send(self, data, chop=0):
        view = memoryview(data)
        try:
            for at in range(0, len(view), chop or max(len(view), 1)):
                self.socket.sendall(view[at:at + (chop or len(view))])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # weft has heard enough; what it says about it is judged, and the end of the stream too

    def take(self, n):
        while len(self.buffer) < n:
            data = self.socket.recv(1 << 18)
            if not data:
                if self.buffer:
                    raise Wrong('the stream ends inside a frame')
                return None
            self.buffer += data
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    def receive(self):
        """The next frame, judged; None at the end of the stream."""
        head = self.take(2)
        if head is None:
            return None
        f = F(head[0] & 15, b'', bool(head[0] & 0x80), head[0] >> 4 & 7)
        is_masked, n = bool(head[1] & 0x80), head[1] & 0x7f
        if n >= 126:
            size, least = (2, 126) if n == 126 else (8, 65536)
            n = int.from_bytes(self.take(size) or b'', 'big')
            if n < least:
                raise Wrong(f'a length of {n} in {size} bytes')
        if is_masked == self.client:
            raise Wrong('a masked frame from a server, or an unmasked one from a client')
        key = self.take(4) if is_masked else bytes(4)
        f = f._replace(payload=masked(self.take(n) or b'', key))
        self.judge(f)
        return f._replace(payload=self.codec.inflate(f.payload), rsv=0) if f.rsv else f

    def judge(self, f):
        if self.weft_closed:
            raise Wrong(f'{f} behind a Close')
        if f.rsv not in ((0, 4) if self.codec and f.op in (TEXT, BINARY) else (0,)) or f.op not in NAMES:
            raise Wrong(f'{f}: a reserved bit or opcode')
        if f.rsv and not f.fin:
            raise Wrong(f'{f}: weft sends whole messages compressed, and no others')
        if f.op >= CLOSE:
            if not f.fin or len(f.payload) > 125:
                raise Wrong(f'{f}: a control frame that is fragmented or too long')
            self.weft_closed = f.op == CLOSE
            return
        if (f.op == CONTINUATION) != self.in_message:
            raise Wrong(f'{f}: fragments are mixed')
        self.in_message = not f.fin

    def closes_with(self, code):
        got = self.receive()
        if got is None or got.op != CLOSE:
            raise Wrong(f'close {code} expected, but it is {got or "the end of the stream"}')
        said = struct.unpack_from('>H', got.payload)[0] if got.payload else None
        if said != code:
            raise Wrong(f'close {code} expected, but the code is {said}')
        got.payload[2:].decode()

    def ends(self):
        """The server ends TCP first; nothing more comes, and nobody resets."""
        if not self.closed:
            self.send(self.encode(close_frame(1000)))
        if isinstance(self.socket, ssl.SSLSocket) and not self.client:
            self.socket = self.socket.unwrap()  # both said close_notify: that is the end of the stream
            return
        if not self.client:
            self.half_close()
        got = self.receive()
        if got is not None:
            raise Wrong(f'{got} behind a Close')

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # weft is gone already
