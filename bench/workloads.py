# SPDX-License-Identifier: MIT
"""What is measured, and what it is held against.

A Workload is a load (flags of weft bench) on several servers; a Target compares weft with another server of the same
workload, round by round."""

from dataclasses import dataclass

WEFT = ("ring", "each")
SLOW = ("beast", "lws", "ws")  # who gets fewer rounds: they are far away
QUICK = ("ring", "each", "binary", "poll", "raw", "bun")
EVERYBODY = (*WEFT, "raw", "bun", *SLOW)
NOT_RAW = (*WEFT, "bun", *SLOW)


@dataclass
class Target:
    against: str
    factor: float
    words: str = ""


@dataclass
class Workload:
    key: str
    title: str
    flags: str  # of weft bench
    servers: tuple = EVERYBODY
    target: Target = None
    size: int = 125
    path: str = "/echo"
    deflate: bool = False
    tls: bool = False
    what: str = "message"
    figure: str = "cpu"  # or "p50"
    group: str = "small"


def echo(key, title, flags, size, target=None, **more):
    return Workload(key, title, f"-s {size} {flags}", size=size, target=target, **more)


def text(key, title, size):
    return echo(key, title, "-c 64", size, Target("binary", 1.2, "the same as binary"),
                servers=("binary", *NOT_RAW), group="large")


WORKLOADS = [
    echo("echo-64", "echo 125 B, 64 connections, 1 in flight", "-c 64", 125, Target("raw", 0.96)),
    echo("echo-1000", "echo 125 B, 1,000 connections, 1 in flight", "-c 1000", 125,
         Target("raw", 0.88)),
    echo("batch-16", "echo 16 B, 64 connections, 16 in flight", "-c 64 --depth 16", 16,
         Target("raw", 1.03)),
    echo("batch-125", "echo 125 B, 64 connections, 16 in flight", "-c 64 --depth 16", 125,
         Target("raw", 1.04)),
    echo("batch-1024", "echo 1,024 B, 64 connections, 16 in flight", "-c 64 --depth 16", 1024,
         Target("raw", 1.10)),
    echo("echo-16k", "echo 16 KiB, 64 connections, 1 in flight", "-c 64", 16 << 10,
         Target("raw", 1.02), group="large"),
    echo("echo-1m", "echo 1 MiB, 64 connections, 1 in flight", "-c 64", 1 << 20,
         Target("raw", 1.20), group="large"),
    text("text-16k", "multi-byte text 16 KiB, 64 connections, 1 in flight", 16 << 10),
    text("text-1m", "multi-byte text 1 MiB, 64 connections, 1 in flight", 1 << 20),
    Workload("cast-1", "broadcast 125 B to 1,000, one at a time", "-s 125 --subscribers 1000",
             target=Target("raw", 0.85), path="/channel", what="delivery", group="cast"),
    Workload("cast-8", "broadcast 125 B to 1,000, 8 in flight",
             "-s 125 --subscribers 1000 --depth 8", target=Target("raw", 0.85), path="/channel",
             what="delivery", group="cast"),
    echo("deflate-1k", "deflate echo 1 KiB JSON, no takeover", "-c 64 --text --deflate shared",
         1 << 10, Target("bun", 0.55), servers=NOT_RAW, deflate=True, group="deflate"),
    echo("deflate-16k", "deflate echo 16 KiB JSON, no takeover", "-c 64 --text --deflate shared",
         16 << 10, Target("bun", 0.50), servers=NOT_RAW, deflate=True, group="deflate"),
    echo("tls-1", "TLS echo 125 B, 64 connections, 1 in flight", "-c 64", 125,
         Target("bun", 0.95), servers=NOT_RAW, tls=True, group="tls"),
    echo("tls-16", "TLS echo 125 B, 64 connections, 16 in flight", "-c 64 --depth 16", 125,
         Target("bun", 0.95), servers=NOT_RAW, tls=True, group="tls"),
    Workload("storm", "opening handshakes (TCP, upgrade, reset), 64 at a time",
             "--storm --reset -c 64", target=Target("raw", 1.03), what="handshake", group="open"),
    echo("latency", "p50 of one connection, echo 125 B", "-c 1", 125,
         Target("ring", 0.25, "polling off"), servers=("poll", *EVERYBODY), figure="p50",
         group="latency"),
]
