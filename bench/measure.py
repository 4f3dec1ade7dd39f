# SPDX-License-Identifier: MIT
"""Play a workload: all its servers stand side by side, each alone on their core in its turn.

A result is plain data, so that it can be written as JSON and reported on later:

    {"servers": {name: {"values": [one each round], "rounds": [which], "generator": [CPU share]}},
     "failed": {name: why}}
"""

import json
import subprocess
import time

import servers
import workloads

FEWEST = 3  # rounds, also when time is up


def load(server, workload, name, flags, patience=60):
    """One run of weft bench: what it says, or RuntimeError."""
    command = [servers.WEFT, "bench", "--json", "--pid", server.pid, *workload.flags.split(), *flags]
    command += ["-k"] if workload.tls else []
    command += ["--utf8"] if workload.key.startswith("text") and name != "binary" else []
    command += [server.url + workload.path]
    try:
        done = subprocess.run(servers.pinned(servers.LOAD_CORE, command), timeout=patience, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"nothing came of it in {patience} s") from None
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no report"])[-1]) from None
    if report["errors"]:
        raise RuntimeError(f"{report['errors'][0]['cause']}: {report['errors'][0]['words']}")
    return report


def check(server, workload, name):
    """That it does what it should, before anybody counts: with every reply compared."""
    if name == "raw" or not workload.path == "/echo" or workload.what == "handshake":
        return
    connections = int(workload.flags.split("-c ")[1].split()[0])
    load(server, workload, name, ["-n", str(2 * connections + 30)], 20)


def figure(workload, report):
    if workload.figure == "p50":
        return report["latency_us"].get("p50")
    return report["server"].get("cpu_ns_each")


def plays_in(name, number, options):
    return name not in workloads.SLOW or number % options.slow_every == 0


class Play:
    def __init__(self, workload, skipped, options, tls):
        self.workload, self.options = workload, options
        self.result = {"servers": {}, "failed": {}}
        self.running, self.failures = {}, {}
        wish = servers.Wish(workload.size, workload.deflate, tls if workload.tls else ())
        for name in workload.servers:
            if name not in skipped and (not options.quick or name in workloads.QUICK):
                self.enter(name, wish)

    def fail(self, name, why):
        self.result["failed"][name] = why
        self.result["servers"].pop(name, None)
        self.running.pop(name).stop()

    def enter(self, name, wish):
        try:
            self.running[name] = servers.start(name, wish)
        except RuntimeError as e:
            self.result["failed"][name] = str(e)
            return
        self.result["servers"][name] = {"values": [], "rounds": [], "generator": []}
        try:
            check(self.running[name], self.workload, name)
        except RuntimeError as e:
            self.fail(name, f"answers wrongly, or not at all: {e}")

    def once(self, name, number):
        ms = self.options.duration * (3 if self.workload.size >= 1 << 20 else 1)
        flags = ["-d", f"{ms}ms", "--warmup", f"{ms // 3}ms"]
        flags += ["--no-verify"] if self.workload.path == "/echo" else []
        try:
            report = load(self.running[name], self.workload, name, flags)
            value = figure(self.workload, report)
            if not value:
                raise RuntimeError("not one message in the time")
        except RuntimeError as e:
            self.failures[name] = self.failures.get(name, 0) + 1
            if self.failures[name] > 2:
                self.fail(name, str(e))
            return
        kept = self.result["servers"][name]
        kept["values"].append(value)
        kept["rounds"].append(number)
        kept["generator"].append(report["generator"]["cpu_share"])

    def round(self, number):
        names = list(self.running)
        turn = number % max(len(names), 1)  # nobody is always behind the same one
        for name in names[turn:] + names[:turn]:
            if name in self.running and plays_in(name, number, self.options):
                self.once(name, number)
                time.sleep(0.03)  # for the connections to go

    def stop(self):
        for server in self.running.values():
            server.stop()


def play(workload, skipped, options, tls):
    p = Play(workload, skipped, options, tls)
    try:
        for number in range(options.rounds):
            if number >= FEWEST and time.monotonic() > options.deadline:
                break
            p.round(number)
    finally:
        p.stop()
    for name in [n for n, kept in p.result["servers"].items() if not kept["values"]]:
        p.result["servers"].pop(name)
        p.result["failed"].setdefault(name, "not one message in the time")
    return p.result
