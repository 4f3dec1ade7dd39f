#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# bench/idle.py - what an idle WebSocket costs the server
#
#   bench/idle.py [--tls] [CONNECTIONS] [PROGRAM] 19,000 and build/release/weft unless said otherwise
#
# Starts `weft serve --echo /echo`, opens connections to it, waits until the server has settled, and
# reports the growth of its anonymous memory (heap and stack, not page cache) for each. Then it
# checks that every one of them is still there: all answer a message.
import os
import re
import resource
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time

# Without a terminal a server has to be told who may.
os.environ.setdefault("WEFT_OPEN", "on")
REQUEST = (b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # RFC 6455, 5.7: "Hello", masked
ANSWER = b"\x81\x05Hello"


def anonymous(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Anonymous: +(\d+) kB", f.read(), re.M).group(1)) * 1024


def settled(pid):
    """Wait until the server has used no CPU for half a second."""
    last = None
    for _ in range(40):
        with open(f"/proc/{pid}/stat") as f:
            now = f.read().rsplit(")", 1)[1].split()[11:13]
        if now == last:
            return
        last = now
        time.sleep(0.5)


def exchange(socks, send, expect):
    """Send to all of them, then read an answer from each."""
    for s in socks:
        s.sendall(send)
    with selectors.DefaultSelector() as sel:
        waiting = {s: b"" for s in socks}
        for s in socks:
            sel.register(s, selectors.EVENT_READ)
        deadline = time.monotonic() + 60
        while waiting and time.monotonic() < deadline:
            for key, _ in sel.select(1):
                s = key.fileobj
                waiting[s] += s.recv(4096)
                if expect in waiting[s]:
                    sel.unregister(s)
                    del waiting[s]
        return len(waiting)


class Plain:
    """How to start the server, and how to reach it."""
    flags = ()

    def connect(self, port):
        return socket.create_connection(("127.0.0.1", port))


class TLS(Plain):
    def __init__(self, folder):
        cert, key = os.path.join(folder, "crt"), os.path.join(folder, "key")
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                       check=True, stderr=subprocess.DEVNULL)
        self.flags = ("--tls-cert", cert, "--tls-key", key)
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def connect(self, port):
        return self.context.wrap_socket(super().connect(port))


def main():
    args = sys.argv[1:]
    tls = "--tls" in args
    args = [a for a in args if a != "--tls"]
    with tempfile.TemporaryDirectory() as folder:
        return measure(TLS(folder) if tls else Plain(), int(args[0]) if args else 19000,
                       args[1] if len(args) > 1 else "build/release/weft")


def grow(pid, connect, count, request=REQUEST):
    """Open connections to a running server: bytes for each when opened and after a message, and how many are silent."""
    # Warm up, so that what is allocated once is not counted.
    warm = [connect() for _ in range(10)]
    assert exchange(warm, request, b"\r\n\r\n") == 0
    settled(pid)
    before = anonymous(pid)
    socks = []
    for start in range(0, count, 500):
        some = [connect() for _ in range(min(500, count - start))]
        missing = exchange(some, request, b"101 Switching Protocols")
        assert missing == 0, f"{missing} handshakes were not answered"
        socks += some
    settled(pid)
    opened = anonymous(pid)
    silent = exchange(socks, HELLO, ANSWER)
    settled(pid)
    after = anonymous(pid)
    for s in [*warm, *socks]:
        s.close()
    return (opened - before) / count, (after - before) / count, silent


def measure(way, wanted, program):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(wanted, hard - 200)
    if count < wanted:
        print(f"idle: only {count} connections: RLIMIT_NOFILE is {hard}", file=sys.stderr)
    server = subprocess.Popen([program, "serve", "--echo", "/echo", "-p", "0",
                               "--ping", "1h", *way.flags], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        opened, after, silent = grow(server.pid, lambda: way.connect(port), count)
    finally:
        server.terminate()
        server.wait()
    print(f"{count} connections, {silent} of them silent: {opened:.0f} bytes each when opened, "
          f"{after:.0f} after a message")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
