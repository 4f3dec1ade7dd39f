# SPDX-License-Identifier: MIT
"""What an idle connection holds, and how small what is compressed becomes; through plain sockets, from outside."""

import random
import socket
import ssl
import struct
import subprocess
import zlib

import idle
import servers

DEFLATE = (b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
           b"client_no_context_takeover\r\n\r\n")
WITH_DEFLATE = idle.REQUEST[:-2] + DEFLATE


# ---- idle ---------------------------------------------------------------------------------------


def connector(server, tls):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def connect():
        s = socket.create_connection(("127.0.0.1", server.port))
        return context.wrap_socket(s) if tls else s
    return connect


def idle_bytes(name, tls, deflate, count):
    """Growth of anonymous memory for each connection, after a message."""
    server = servers.start(name, servers.Wish(5, deflate, tls))
    try:
        request = WITH_DEFLATE if deflate else idle.REQUEST
        _, after, silent = idle.grow(server.pid, connector(server, tls), count, request)
    except (AssertionError, OSError, TypeError) as e:
        raise RuntimeError(str(e)) from e
    finally:
        server.stop()
    if silent:
        raise RuntimeError(f"{silent} of {count} did not answer")
    return after


def library_heap():
    """What bench/idle_heap.c prints: {mode: bytes}."""
    said = servers.output(servers.WEFT.parent / "bench" / "idle_heap", 2000) or ""
    rows = [line.split() for line in said.splitlines() if line.startswith("  ")]
    return {" ".join(words[:-1]): float(words[-1]) for words in rows if words[-1].isdigit()}


# ---- ratio --------------------------------------------------------------------------------------


def json_message(size, seed):
    """Of the kind that weft bench sends."""
    r = random.Random(seed)
    text = "["
    while len(text) < size:
        symbol = "".join(r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(3))
        text += ("," if len(text) > 1 else "") + (
            f'{{"id":{r.randrange(1000000)},"user":"user-{r.randrange(5000)}","symbol":"{symbol}",'
            f'"price":{r.randrange(900)}.{r.randrange(100):02},'
            f'"text":"order {r.randrange(1 << 32):x} accepted","ok":{r.choice(["true", "false"])}}}')
    return text[:size - 1].encode() + b"]"


def frame(payload):
    head = bytes([0x81, 0xFE]) + struct.pack(">H", len(payload))
    return head + bytes(4) + payload  # a key of zeros


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        some = s.recv(n - len(data))
        if not some:
            raise RuntimeError("the connection ended")
        data += some
    return data


def compressed_length(s):
    """Of the message that comes next, which may be in several frames."""
    total, first, final = 0, None, False
    while not final:
        head = read_exactly(s, 2)
        first = head[0] if first is None else first
        final, n = head[0] & 0x80, head[1]
        if n > 125:
            n = int.from_bytes(read_exactly(s, 2 if n == 126 else 8), "big")
        read_exactly(s, n)
        total += n
    if not first & 0x40:
        raise RuntimeError("what comes is not compressed")
    return total


def zlib_length(message):
    z = zlib.compressobj(1, zlib.DEFLATED, -15, 8)
    return len(z.compress(message) + z.flush(zlib.Z_SYNC_FLUSH)) - 4


def ratio(name, size, messages=50):
    """What is sent back against what it is, and what zlib level 1 makes of it."""
    server = servers.start(name, servers.Wish(size, True))
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
            s.sendall(WITH_DEFLATE)
            reply = b""
            while b"\r\n\r\n" not in reply:
                reply += s.recv(4096)
            sent, got, best = 0, 0, 0
            for seed in range(messages):
                message = json_message(size, seed)
                s.sendall(frame(message))
                sent, got, best = sent + size, got + compressed_length(s), best + zlib_length(message)
    except (OSError, subprocess.SubprocessError) as e:
        raise RuntimeError(str(e)) from e
    finally:
        server.stop()
    return got / sent, best / sent
