#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# bench/threads.py - what a second thread of the server is worth
#
#   bench/threads.py [ROUNDS] [PROGRAM]       5 and build/release/weft unless said otherwise
#
# Starts `weft serve --threads 1` and `--threads 2`, puts the same loads on them by `weft bench` in turn, and
# reports medians of the throughput with the spread, their ratio, and what one message costs the server.
# The load generator needs CPU too: with two cores a ratio of two is out of reach, so the loads are
# those where the server has most of the work.
import json
import os
import re
import statistics
import subprocess
import sys

# Without a terminal a server has to be told who may.
os.environ.setdefault("WEFT_OPEN", "on")
LOADS = {
    "echo, 125 B, 16 in flight": ("/echo", "-c", "64", "--depth", "16", "--no-verify"),
    "compressed echo, 16 KiB": ("/echo", "-c", "64", "-s", "16K", "--deflate", "shared", "--no-verify"),
    "channel, 125 B to 500": ("/room", "--subscribers", "500", "--depth", "8"),
    "handshakes": ("/echo", "--storm", "--reset", "-c", "64"),
}
SECONDS = ("-d", "2s", "--warmup", "300ms")


class Server:
    def __init__(self, program, threads):
        self.child = subprocess.Popen(
            [program, "serve", "-p", "0", "--echo", "/echo", "--threads", str(threads)],
            stdout=subprocess.PIPE, text=True)
        self.port = re.search(r":(\d+)$", self.child.stdout.readline()).group(1)

    def run(self, program, path, *flags):
        result = subprocess.run(
            [program, "bench", *flags, *SECONDS, "--json", "--pid", str(self.child.pid),
             f"ws://127.0.0.1:{self.port}{path}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return json.loads(result.stdout)

    def stop(self):
        self.child.terminate()
        self.child.wait()


def rate(result):
    return next(result[name] for name in ("messages_per_s", "deliveries_per_s", "handshakes_per_s") if name in result)


def cost(result):
    return result["server"]["cpu_ns_each"]


def middle(runs, what):
    return statistics.median(what(r) for r in runs)


def with_spread(runs):
    rates, m = sorted(rate(r) for r in runs), middle(runs, rate)
    return f"{m:,.0f} +-{(rates[-1] - rates[0]) / 2 / m:.0%}"


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = sys.argv[2] if len(sys.argv) > 2 else "build/release/weft"
    servers = {threads: Server(program, threads) for threads in (1, 2)}
    print(f"{'a second':28}{'1 thread':>20}{'2 threads':>20}   ratio   server CPU each, ns")
    for name, (path, *flags) in LOADS.items():
        runs = {threads: [] for threads in servers}
        for _ in range(rounds):
            for threads, server in servers.items():
                runs[threads].append(server.run(program, path, *flags))
        ratio = middle(runs[2], rate) / middle(runs[1], rate)
        print(f"{name:28}{with_spread(runs[1]):>20}{with_spread(runs[2]):>20}{ratio:8.2f}   "
              f"{middle(runs[1], cost):,.0f} {middle(runs[2], cost):,.0f}", flush=True)
    for server in servers.values():
        server.stop()


if __name__ == "__main__":
    main()
