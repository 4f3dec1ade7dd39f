# SPDX-License-Identifier: MIT
"""Servers with a channel at every path, one at a time, on the core for servers; and how they are read from outside."""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import servers

LOAD = servers.PEERS / "socketio_load.mjs"
CPU_CLOCK = 2  # of a process of ours or somebody else's: CPUCLOCK_SCHED in linux/time.h


# ---- nchan --------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def start_nchan(folder):
    """nginx says nothing when it listens, and takes its flags from a file."""
    port, conf = free_port(), Path(folder) / "nginx.conf"
    conf.write_text((servers.PEERS / "nchan.conf").read_text().replace("PORT", str(port)).replace("FOLDER", folder))
    command = servers.pinned(servers.SERVER_CORE, ["nginx", "-p", folder, "-c", conf, "-e", f"{folder}/error.log"])
    server = servers.Server(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=subprocess.DEVNULL, text=True), f"ws://127.0.0.1:{port}")
    deadline = time.monotonic() + 20
    while not answers(port):
        if server.process.poll() is not None or time.monotonic() > deadline:
            server.stop()
            raise RuntimeError("does not start")
        time.sleep(0.05)
    return server


# ---- all of them --------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(name):
    with tempfile.TemporaryDirectory() as folder:
        server = start_nchan(folder) if name == "nchan" else servers.start(name, servers.Wish())
        try:
            yield server
        finally:
            server.stop()


def load(server, name, *flags):
    """One run of weft bench, or of what stands for it: what it says, or RuntimeError."""
    program = ["node", LOAD] if name == "socketio" else [servers.WEFT, "bench", "--json", "--text"]
    command = [*program, "--pid", server.pid, *flags, f"{server.url}/channel"]
    try:
        done = subprocess.run(servers.pinned(servers.LOAD_CORE, command), capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        report = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise RuntimeError("nothing came of it in 120 s") from None
    except ValueError:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no report"])[-1]) from None
    if report["errors"]:
        raise RuntimeError(f"{report['errors'][0]['cause']}: {report['errors'][0]['words']}")
    return report


@contextlib.contextmanager
def on_load_core():
    """For what is measured by this process itself."""
    before = os.sched_getaffinity(0)
    if servers.PINNED:
        os.sched_setaffinity(0, {int(servers.LOAD_CORE)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid):
    return time.clock_gettime(~pid << 3 | CPU_CLOCK)


def memory(pid):
    """What is resident, and the most that was: bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1]) << 10 for name in ("VmRSS", "VmHWM"))
