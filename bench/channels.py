# SPDX-License-Identifier: MIT
"""Channels beside those of others: fan-out, publishing, memory, one who does not read, a crowd that resumes.

A path is a channel everywhere. Each server is alone on its core, started for each measurement; in a round every server
is measured once, so ratios are those of a round. A result is plain data:

    {"cells": [{"part", "row", "name", "rounds": {round: {what: number}}}], "failed": [why], "options": {...}}
"""

import sys
import time
from dataclasses import asdict, dataclass

import channels_resume
import channels_silent
import servers
from channels_servers import load, serving

VIA = ("ws", "sse", "stream", "raw", "longpoll")
READ_BY = {"weft": VIA, "nchan": ("ws", "sse"), "bun": ("ws",), "ws": ("ws",), "socketio": ("ws",)}
POSTED_TO = ("weft", "nchan", "bun", "ws")
WITH_HISTORY = {"ws": ("weft",), "sse": ("weft", "nchan")}
QUICK = ("weft", "nchan", "bun")
PUBLISHERS = 16
IN_FLIGHT = 8  # by WebSocket; of 16 nchan at times leaves all unread


@dataclass
class Options:
    quick: bool
    deadline: float
    rounds: int = 3
    duration: int = 1000  # ms
    subscribers: int = 500
    idle: int = 5000
    crowd: int = 10000


# ---- what is measured ---------------------------------------------------------------------------


def latency(said):
    return {what: said["latency_us"][what] for what in ("p50", "p99")}


def during(o):
    """Who compiles while it runs needs as long to warm up."""
    return "-s", 125, "-d", f"{o.duration}ms", "--warmup", f"{o.duration}ms"


def way(name, via):
    return () if name == "socketio" else ("--via", via)


def fan_out(name, via, o):
    with serving(name) as server:
        said = load(server, name, "--subscribers", o.subscribers, *way(name, via), *during(o))
    return {"ns": said["server"]["cpu_ns_each"], **latency(said), "generator": said["generator"]["cpu_share"]}


def posts(name, _, o):
    with serving(name) as server:
        said = load(server, name, "--post", "-c", PUBLISHERS, *during(o))
    return {"ns": said["server"]["cpu_ns_each"], **latency(said), "generator": said["generator"]["cpu_share"]}


def says(name, _, o):
    """One publishes, one listens."""
    with serving(name) as server:
        said = load(server, name, "--subscribers", 1, "--depth", IN_FLIGHT, *during(o))
    if not said["published"]:
        raise RuntimeError("not one message in the time")
    return {"ns": said["server"]["cpu_s"] * 1e9 / said["published"], **latency(said),
            "generator": said["generator"]["cpu_share"]}


def idle(name, via, o):
    with serving(name) as server:
        return {"bytes": load(server, name, "--idle", "-c", o.idle, *way(name, via), "-d", "1000ms")
                ["server"]["rss_per_connection"]}


def silent(name, _, o):
    return channels_silent.measure(name, o)


def cells(o):
    """(part, row, how it is measured, who takes part): in the order of the page."""
    readers = [(via, [n for n in READ_BY if via in READ_BY[n]]) for via in VIA]
    yield from (("fan-out", via, fan_out, names) for via, names in readers)
    yield "publish", "post", posts, POSTED_TO
    yield "publish", "ws", says, READ_BY
    yield from (("idle", via, idle, names) for via, names in readers if not o.quick or via in ("ws", "sse"))
    yield "silent", "", silent, ("weft",) if o.quick else POSTED_TO
    yield from (("resume", via, channels_resume.measure, names) for via, names in WITH_HISTORY.items())


# ---- measuring ----------------------------------------------------------------------------------


def attempt(part, how, name, row, o, failed):
    try:
        return how(name, row, o)
    except (KeyError, OSError, RuntimeError) as e:
        why = f"{part} {row}, {servers.NAMES[name]}: {e}"
        print(f"channels: {why}", file=sys.stderr, flush=True)
        if why not in failed:
            failed.append(why)
        return None


def turns(names, number):
    """Nobody is always behind the same one."""
    first = number % len(names)
    return names[first:] + names[:first]


def play_cell(cell, skipped, o, failed):
    part, row, how, who = cell
    names = [n for n in who if n not in skipped and (not o.quick or n in QUICK)]
    rounds = {name: {} for name in names}
    for number in range(o.rounds):
        if number and time.monotonic() > o.deadline:
            break
        for name in turns(names, number):
            measured = attempt(part, how, name, row, o, failed)
            if measured:
                rounds[name][number] = measured
    return [{"part": part, "row": row, "name": name, "rounds": kept} for name, kept in rounds.items() if kept]


def options(quick):
    deadline = time.monotonic() + (60 if quick else 11 * 60)  # one round of each after it
    if quick:
        return Options(True, deadline, rounds=1, duration=200, subscribers=100, idle=1000, crowd=2000)
    return Options(False, deadline)


def play(skipped, o, say):
    result, failed = [], []
    for cell in cells(o):
        say("channels:", *cell[:2])
        result += play_cell(cell, skipped, o, failed)
    return {"cells": result, "failed": failed, "options": asdict(o)}
