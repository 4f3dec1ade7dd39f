# SPDX-License-Identifier: MIT
"""Many clients resume at the same moment, each of them MISSED messages behind, and are watched until all have all.

They are connected first, and ask at once: what is measured is what a server does for them, not how the kernel accepts
connections."""

import http.client
import re
import resource
import select
import socket
import time

from channels_servers import cpu_seconds, memory, on_load_core, serving

PUBLISHED, MISSED, SIZE = 100, 50, 125
PATIENCE = 60
HEAD = b"GET %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
EVENTS = b"Accept: text/event-stream\r\n"
UPGRADE = (b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           b"Sec-WebSocket-Version: 13\r\n")


def message(n):
    return (b"message %04d " % n).ljust(SIZE, b".")


def connected(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def read_until(s, words):
    data = b""
    while words not in data:
        some = s.recv(1 << 16)
        if not some:
            raise RuntimeError("the server has ended a stream")
        data += some
    return data


def publish(port):
    """The position that is MISSED messages behind: what an EventSource would send."""
    with connected(port) as reader:
        reader.sendall(HEAD % (b"/channel", EVENTS))
        read_until(reader, b"\r\n\r\n")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        for n in range(PUBLISHED):
            connection.request("POST", "/channel", message(n))
            connection.getresponse().read()
        connection.close()
        said = read_until(reader, message(PUBLISHED - 1))
    before = said[:said.index(message(PUBLISHED - MISSED - 1))]
    return re.findall(rb"^id: ?(\S+)", before, re.M)[-1]


def request(via, position):
    if via == "ws":
        return HEAD % (b"/channel?since=" + position, UPGRADE)
    return HEAD % (b"/channel", EVENTS + b"Last-Event-ID: " + position + b"\r\n")


def crowd_reads(crowd, asked):
    """Seconds until each of them has the last message, and what each has."""
    poll, got, waiting = select.epoll(), {}, len(crowd)
    by_number = {s.fileno(): s for s in crowd}
    for s in crowd:
        s.setblocking(False)
        poll.register(s, select.EPOLLIN)
        got[s.fileno()] = b""
    begun, last = time.monotonic(), message(PUBLISHED - 1)
    for s in crowd:
        s.send(asked)
    while waiting:
        ready = poll.poll(PATIENCE)
        if not ready or time.monotonic() - begun > PATIENCE:
            raise RuntimeError(f"{waiting} of {len(crowd)} have not got everything in {PATIENCE} s")
        for number, _ in ready:
            some = by_number[number].recv(1 << 16)
            got[number] += some
            if last in got[number][-len(some) - SIZE:] or not some:
                poll.unregister(number)
                waiting -= 1
    return time.monotonic() - begun, got.values()


def check(got):
    short = [data for data in got if data.count(b"message ") != MISSED]
    if short:
        raise RuntimeError(f"{len(short)} have got something else than {MISSED} messages: {short[0][:80]!r}")


def own_cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(name, via, o):
    with serving(name) as server, on_load_core():
        position = publish(server.port)
        crowd = [connected(server.port) for _ in range(o.crowd)]
        own, before = own_cpu(), cpu_seconds(server.pid)
        seconds, got = crowd_reads(crowd, request(via, position))
        own, used, (_, peak) = own_cpu() - own, cpu_seconds(server.pid) - before, memory(server.pid)
        check(got)
        for s in crowd:
            s.close()
    return {"seconds": seconds, "us": used / len(crowd) * 1e6, "peak": peak, "reading": own}
