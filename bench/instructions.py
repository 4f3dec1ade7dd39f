#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/instructions.py [--write] [WORKLOAD...]    what a message costs, in instructions in user mode

The gate against regressions that noise cannot fool: callgrind counts what `weft serve` executes,
so the machine may be busy. A workload is played twice, with N and with 2N messages; the
difference is what N messages cost, without the start. Everything is compared with
bench/baseline.txt, which --write makes; more than TOLERANCE above it fails. Instructions depend
on the compiler, the libc and the vector unit, so the baseline names them: where they are others,
it is a warning, and without AVX2 nothing is played.
"""

import os
import re
import socket
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Without a terminal a server has to be told who may.
os.environ.setdefault("WEFT_OPEN", "on")
WEFT = Path(os.environ.get("WEFT", ROOT / "build" / "release" / "weft"))
BASELINE = ROOT / "bench" / "baseline.txt"
TOLERANCE = 0.03
LOOSE = 0.08  # of what streams to many: how many turns that is, is the kernel's to say
KEY = b"\x11\x22\x33\x44"
REQUEST = (b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n")
OFFER = (b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
         b"client_no_context_takeover\r\n")


# ---- the client ---------------------------------------------------------------------------------


def frame(first, payload):
    n = len(payload)
    length = bytes([0x80 | n]) if n < 126 else b"\xfe" + struct.pack(">H", n)
    masked = int.from_bytes(payload, "big") ^ int.from_bytes((KEY * (n // 4 + 1))[:n], "big")
    return bytes([first]) + length + KEY + masked.to_bytes(n, "big")


def read_exactly(s, n):
    data = bytearray()
    while len(data) < n:
        some = s.recv(n - len(data))
        if not some:
            raise RuntimeError("the server closed the connection")
        data += some
    return bytes(data)


def read_frame(s):
    head = read_exactly(s, 2)
    n = head[1]
    if n > 125:
        n = int.from_bytes(read_exactly(s, 2 if n == 126 else 8), "big")
    return head[0], read_exactly(s, n)


def connect(port, path=b"/echo", fields=b""):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(REQUEST % (path, fields))
    reply = b""
    while not reply.endswith(b"\r\n\r\n"):
        reply += read_exactly(s, 1)
    if b" 101 " not in reply:
        raise RuntimeError("the handshake was refused")
    return s


# ---- workloads: each plays n messages, in step with the server, so that every run is the same ----


def echo(first, payload, depth=1, fields=b"", compressed=False):
    def play(port, n):
        with connect(port, fields=fields) as s:
            burst = frame(first, payload) * depth
            for _ in range(n // depth):
                s.sendall(burst)
                for _ in range(depth):
                    got, data = read_frame(s)
                    if got != first or not (compressed or data == payload):
                        raise RuntimeError("a reply is not what was sent")
    return play


def broadcast(subscribers, payload):
    def play(port, n):
        members = [connect(port, b"/channel") for _ in range(subscribers)]
        for _ in range(n):
            members[0].sendall(frame(0x82, payload))
            for s in members:
                if read_frame(s) != (0x82, payload):
                    raise RuntimeError("a delivery is not what was sent")
        for s in members:
            s.close()
    return play


# ---- channels ------------------------------------------------------------------------------------


def ask(s, request):
    """A request on a connection that is kept, and its answer."""
    s.sendall(request)
    return answer(s)


def answer(s):
    """(head, body), the body of a declared length."""
    head = read_head(s)
    length = re.search(rb"\r\nContent-Length: (\d+)\r\n", head)
    return head, read_exactly(s, int(length[1]) if length else 0)


def read_head(s):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(s, 1)
    if b" 200 " not in head[:16]:
        raise RuntimeError(f"refused: {head[:60]}")
    return head


def read_chunk(s):
    size = b""
    while not size.endswith(b"\r\n"):
        size += read_exactly(s, 1)
    return read_exactly(s, int(size, 16) + 2)[:-2]


def dial(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def post_request(payload):
    return (b"POST /channel HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(payload)) + payload


def fan_out(subscribers, payload, query, delivery, first):
    """To replies that stream; whoever publishes does so by WebSocket, and hears nothing."""
    def play(port, n):
        publisher = connect(port, b"/channel?subscribe=no")
        members = [dial(port) for _ in range(subscribers)]
        for s in members:
            s.sendall(b"GET /channel?stream%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % query)
            read_head(s)
            if first:
                read_chunk(s)
        for _ in range(n):
            publisher.sendall(frame(0x81, payload))
            for s in members:
                if not read_chunk(s).endswith(delivery % payload):
                    raise RuntimeError("a delivery is not what was sent")
        for s in [publisher, *members]:
            s.close()
    return play


def posts(payload):
    def play(port, n):
        with dial(port) as s:
            for _ in range(n):
                ask(s, post_request(payload))
    return play


def long_polls(payload):
    """One who waits, is told, and asks again; what is published for it is a POST."""
    def play(port, n):
        with dial(port) as publisher, dial(port) as s:
            position = answer_position(ask(s, POLL % b"wait=0")[0])
            for _ in range(n):
                s.sendall(POLL % (b"wait=25&since=" + position))
                ask(publisher, post_request(payload))
                head, body = answer(s)
                position = answer_position(head)
                if payload not in body:
                    raise RuntimeError("a poll has not what was sent")
    return play


POLL = b"GET /channel?%s HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answer_position(head):
    return re.search(rb"\r\nWeft-Position: (\S+)\r\n", head)[1]


def handshakes(port, n):
    for _ in range(n):
        connect(port).close()


def sample_json(size):
    rows = (f'{{"id":{i * 7919 % 99991},"symbol":"{"ACBEDF"[i % 6]}","price":{i * 37 % 1000}.{i % 97:02}}}'
            for i in range(size))
    return ("[" + ",".join(rows))[:size].encode()


def deflated(payload):
    z = zlib.compressobj(1, zlib.DEFLATED, -15, 8)
    return (z.compress(payload) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


TEXT = ("Zwölf Boxkämpfer, 天地玄黃, 😀. " * 600).encode()
WORKLOADS = {  # name: (what is played, how many messages, and once more as many)
    "echo-125": (echo(0x82, b"x" * 125), 400),
    "echo-125x16": (echo(0x82, b"x" * 125, 16), 1600),
    "echo-1024x16": (echo(0x82, b"x" * 1024, 16), 1600),
    "echo-16384": (echo(0x82, b"x" * 16384), 300),
    "text-16384": (echo(0x81, TEXT[:16384].decode(errors="ignore").encode()), 300),
    "broadcast-125to100": (broadcast(100, b"x" * 125), 40),
    "sse-125to100": (fan_out(100, b"x" * 125, b"=sse", b"data: %s\n\n", True), 120),
    "stream-125to100": (fan_out(100, b"x" * 125, b"", b'"data":"%s"}\n', True), 120),
    "raw-125to100": (fan_out(100, b"x" * 125, b"=raw", b"%s\n", False), 120),
    "post-125": (posts(b"x" * 125), 400),
    "poll-125": (long_polls(b"x" * 125), 200),
    "handshake": (handshakes, 200),
    "deflate-1024": (echo(0xC1, deflated(sample_json(1024)), 1, OFFER, True), 200),
}


STREAMING = ("sse-125to100", "stream-125to100", "raw-125to100")


# ---- counting -----------------------------------------------------------------------------------


def executed(play, n):
    """Instructions of a server that was started for n messages."""
    command = ["valgrind", "--vgdb=no", "--tool=callgrind", "--callgrind-out-file=/dev/null", WEFT, "serve",
               "--echo", "/echo", "-p", "0", "--no-sandbox", "--batch", "each", "--ping", "1h", *threads()]
    server = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        if ":" not in line:
            raise RuntimeError(f"the server does not start: {server.stderr.read()[-300:]}")
        play(int(line.rsplit(":", 1)[1]), n)
        server.terminate()
        said = server.communicate(timeout=60)[1]
    finally:
        server.kill()
        server.wait()
    counted = re.search(r"Collected : (\d+)", said)
    if not counted:
        raise RuntimeError(f"callgrind has not counted: {said[-300:]}")
    return int(counted[1])


def threads():
    said = subprocess.run([WEFT, "serve", "--help"], capture_output=True, text=True).stdout
    return ["--threads", "1"] if "--threads " in said else []


def cost(name):
    play, n = WORKLOADS[name]
    return (executed(play, 2 * n) - executed(play, n)) / n


def measure(names):
    with ThreadPoolExecutor(max(1, min(2, os.cpu_count() or 1))) as pool:
        return dict(zip(names, pool.map(cost, names)))


# ---- the baseline -------------------------------------------------------------------------------


def circumstances():
    """What instructions depend on besides our code."""
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    return {"compiler": f"gcc {gcc.split('.')[0]}", "libc": " ".join(os.confstr("CS_GNU_LIBC_VERSION").split()),
            "machine": os.uname().machine, "kernels": "avx2"}


def has_avx2():
    return " avx2 " in Path("/proc/cpuinfo").read_text().replace("\n", " ")


def read_baseline():
    """({what: words} of the circumstances, {workload: instructions})."""
    rows = [line.split(None, 1) for line in BASELINE.read_text().splitlines()
            if line.strip() and not line.startswith("#")]
    known = {name: words.strip() for name, words in rows if name not in WORKLOADS}
    return known, {name: float(words) for name, words in rows if name in WORKLOADS}


def write_baseline(costs):
    lines = ["# Instructions in user mode that weft serve executes for each message (bench/instructions.py), made by",
             "# `make bench-baseline` of a release build. They are those of this compiler, libc and vector unit:"]
    lines += [f"{name:20} {words}" for name, words in circumstances().items()]
    lines += ["# workload            instructions"]
    lines += [f"{name:20} {value:12.0f}" for name, value in costs.items()]
    BASELINE.write_text("\n".join(lines) + "\n")


def tolerance(name):
    return LOOSE if name in STREAMING else TOLERANCE


def verdict(name, now, before):
    if before is None:
        return "FAILED: not in the baseline"
    if now > before * (1 + tolerance(name)):
        return "FAILED: more"
    return "ok, and less: make bench-baseline" if now < before * (1 - tolerance(name)) else "ok"


def compare(costs):
    """Print the table; how many failed."""
    known, baseline = read_baseline()
    others = [f"{what} {now}, not {known.get(what)}" for what, now in circumstances().items()
              if known.get(what) != now]
    print(f"{'instructions per message':24} {'baseline':>10} {'now':>10} {'change':>8}")
    failed = 0
    for name, now in costs.items():
        before = baseline.get(name)
        words = verdict(name, now, before)
        change = f"{now / before - 1:+8.1%}" if before else f"{'':8}"
        print(f"{name:24} {before or 0:10.0f} {now:10.0f} {change}  {words}")
        failed += words.startswith("FAILED")
    if others:
        print(f"The baseline is for others ({'; '.join(others)}): this is a warning only.")
        return 0
    if failed:
        print(f"More than {TOLERANCE:.0%} (of streams {LOOSE:.0%}) above bench/baseline.txt. If it is worth it: make bench-baseline, and say why.")
    return failed


def main(args):
    names = [a for a in args if a != "--write"] or list(WORKLOADS)
    if not has_avx2():
        print("instructions: this processor has no AVX2, for which the baseline is; nothing is compared\n"
              "0 passed, 0 failed")
        return 0
    costs = measure(names)
    if "--write" in args:
        write_baseline(costs)
        return 0
    failed = compare(costs)
    print(f"{len(costs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
