#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/channels.py [--rounds N] [--duration MS] [--subscribers N] [--idle N]   channels beside nchan, as a table

weft serve and nginx with nchan do the same here: a path is a channel, with a history of 100 messages. Both are loaded by
weft bench, one after the other in every round, and what is compared is the CPU time of the server: for a message that is
published by POST, on connections that are kept; for a delivery, by each transport that both have; and memory for an
idle subscriber. Medians, and of the ratios those of each round. Nothing in it depends on a quiet machine as much as
the latencies do."""

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEFT = Path(os.environ.get("WEFT", ROOT / "build" / "release" / "weft"))
CONF = ROOT / "bench" / "peers" / "nchan.conf"
SERVERS = ("weft", "nchan")
TRANSPORTS = {"weft": ("ws", "sse", "stream", "raw", "longpoll"), "nchan": ("ws", "sse")}
CORES = ("0", "1") if len(os.sched_getaffinity(0) & {0, 1}) == 2 else None


def pinned(server, command):
    core = CORES and CORES[0 if server else 1]
    return (["taskset", "-c", core] if core else []) + [str(c) for c in command]


# ---- servers ------------------------------------------------------------------------------------


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


class Server:
    """With a channel at every path."""

    def __init__(self, name, folder):
        self.port = free_port()
        self.process = subprocess.Popen(pinned(True, self.command(name, folder)), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not start")
            time.sleep(0.05)

    def command(self, name, folder):
        if name == "weft":
            return [WEFT, "serve", "-p", self.port, "--threads", "1", "--ping", "1h"]
        conf = Path(folder) / "nginx.conf"
        conf.write_text(CONF.read_text().replace("PORT", str(self.port)).replace("FOLDER", str(folder)))
        return ["nginx", "-p", folder, "-c", conf, "-e", Path(folder) / "error.log"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


# ---- loads --------------------------------------------------------------------------------------


def load(server, *flags):
    command = [WEFT, "bench", "--json", "--pid", server.process.pid, *flags, f"ws://127.0.0.1:{server.port}/channel"]
    done = subprocess.run(pinned(False, command), capture_output=True, text=True, timeout=300)
    if done.returncode or '"errors":[]' not in done.stdout:
        raise RuntimeError(f"{done.stdout[-300:]}{done.stderr[-300:]}")
    return json.loads(done.stdout)


def posts(server, o):
    r = load(server, "--post", "-c", 16, "-s", 125, "--text", "-d", f"{o.duration}ms", "--warmup", "300ms")
    return {"ns": r["server"]["cpu_ns_each"], "p50": r["latency_us"]["p50"], "p99": r["latency_us"]["p99"]}


def fan_out(server, via, o):
    r = load(server, "--subscribers", o.subscribers, "--via", via, "-s", 125, "--text", "-d", f"{o.duration}ms",
             "--warmup", "300ms")
    return {"ns": r["server"]["cpu_ns_each"], "p50": r["latency_us"]["p50"], "p99": r["latency_us"]["p99"]}


def idle(server, via, o):
    r = load(server, "--idle", "-c", o.idle, "--via", via, "-d", "1s")
    return {"bytes": r["server"]["rss_per_connection"]}


# ---- the table ----------------------------------------------------------------------------------


def cells(o):
    """(what, transport, how it is measured, which number)."""
    yield "POST, kept connections: ns of CPU a message", "", lambda s, _: posts(s, o), "ns"
    for via in TRANSPORTS["weft"]:
        yield f"fan-out to {o.subscribers}: ns of CPU a delivery", via, lambda s, v: fan_out(s, v, o), "ns"
    for via in TRANSPORTS["weft"]:
        yield f"idle subscriber of {o.idle}: bytes resident", via, lambda s, v: idle(s, v, o), "bytes"


def measure(name, via, how):
    if via and via not in TRANSPORTS[name]:
        return None
    with tempfile.TemporaryDirectory() as folder, Server(name, folder) as server:
        try:
            return how(server, via)
        except (KeyError, RuntimeError) as e:  # nothing came in all that time, or it was refused
            print(f"channels: {name} {via}: {e}", file=sys.stderr)
            return None


def median(rounds, name, what):
    values = [r[name][what] for r in rounds if r[name] and what in r[name]]
    return statistics.median(values) if values else None


def row(title, via, what, rounds):
    ours, theirs = (median(rounds, name, what) for name in SERVERS)
    both = [r for r in rounds if r["weft"] and r["nchan"]]
    ratio = statistics.median(r["weft"][what] / r["nchan"][what] for r in both) if both else None
    times = [median(rounds, name, p) for name in SERVERS for p in ("p50", "p99")]
    said = [f"{ours:,.0f}" if ours else "-", f"{theirs:,.0f}" if theirs else "-", f"{ratio:.2f}" if ratio else "-"]
    said += [f"{t:,.0f}" if t else "-" for t in times]
    print(f"| {title}{', ' + via if via else ''} | " + " | ".join(said) + " |", flush=True)


def main():
    p = argparse.ArgumentParser(prog="bench/channels.py")
    for name, default in (("rounds", 5), ("duration", 1000), ("subscribers", 500), ("idle", 5000)):
        p.add_argument(f"--{name}", type=int, default=default)
    o = p.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"| {o.rounds} rounds, medians; load {os.getloadavg()[0]:.0f} | weft | nchan | weft / nchan | weft p50 us | p99 |"
          " nchan p50 us | p99 |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for title, via, how, what in cells(o):
        rounds = [{name: measure(name, via, how) for name in SERVERS} for _ in range(o.rounds)]
        row(title, via, what, rounds)


if __name__ == "__main__":
    sys.exit(main())
