# SPDX-License-Identifier: MIT
"""One subscriber of many does not read: what the others notice of it, and what the server keeps for him.

The same is measured with and without him, on a server of its own. Before the others come so much is published that
his socket is full and he is behind by more than a window of weft's, so what is measured is the state that lasts."""

import http.client
import socket
import time

from channels_servers import load, memory, serving

PUBLISHED, EACH = 10 << 20, 8000  # bytes; a buffer of nginx' holds so much of a body
PATIENCE = 60
RATE = 5  # messages a second: the slowest server delivers as many to 10,000
HELLO = (b"GET /channel HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def silent_reader(port):
    """Of small buffers, so that the kernel does not take for him what the server should keep."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    s.settimeout(20)
    s.connect(("127.0.0.1", port))
    s.sendall(HELLO)
    if not s.recv(64).startswith(b"HTTP/1.1 101"):
        raise RuntimeError("no WebSocket for the one who does not read")
    return s


def publish(port):
    """Who is asked to wait (503) waits."""
    connection, left = http.client.HTTPConnection("127.0.0.1", port, timeout=30), PUBLISHED
    deadline = time.monotonic() + PATIENCE
    while left > 0:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{PUBLISHED} bytes cannot be published in {PATIENCE} s")
        connection.request("POST", "/channel", b"x" * EACH)
        answer = connection.getresponse()
        answer.read()
        left -= EACH if answer.status < 300 else 0
    connection.close()


def fan_out(name, o, silent):
    with serving(name) as server:
        reader = silent_reader(server.port) if silent else None
        try:
            publish(server.port)
            time.sleep(0.3)  # what is freed is freed
            kept, _ = memory(server.pid)
            said = load(server, name, "--subscribers", o.crowd - 1, "--rate", RATE, "-s", 125, "-d", f"{5 * o.duration}ms",
                        "--warmup", f"{o.duration}ms")
            _, peak = memory(server.pid)
        finally:
            if reader:
                reader.close()
    return {"p50": said["latency_us"]["p50"], "p99": said["latency_us"]["p99"], "ns": said["server"]["cpu_ns_each"],
            "kept": kept, "peak": peak}


def measure(name, o):
    without, with_him = fan_out(name, o, False), fan_out(name, o, True)
    compared = ("p50", "p99", "ns")
    return {what: without[what] for what in compared} \
        | {f"{what} with": with_him[what] for what in compared} \
        | {f"{what} ratio": with_him[what] / without[what] for what in compared} \
        | {f"{what} more": with_him[what] - without[what] for what in ("kept", "peak")}
