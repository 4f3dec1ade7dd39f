# SPDX-License-Identifier: MIT
"""Who is measured: how each server is built, started on a core of its own, and reached.

All of them do the same: /echo sends everything back, any other path is a channel. Each prints its
address first. What a machine lacks is skipped, and said."""

import os
import resource
import select
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
BUILT = ROOT / "build" / "bench-peers"
WEFT = Path(os.environ.get("WEFT", ROOT / "build" / "release" / "weft"))
RAW = WEFT.parent / "bench" / "raw"
BUN = PEERS / "node_modules" / ".bin" / "bun"

SERVER_CORE, LOAD_CORE = "0", "1"
PINNED = len(os.sched_getaffinity(0) & {0, 1}) == 2

NAMES = {
    "ring": "weft",
    "each": "weft, --batch each",
    "poll": "weft, --poll-us 50",
    "binary": "weft, binary",
    "raw": "raw TCP",
    "bun": "Bun (uWebSockets)",
    "beast": "Boost.Beast",
    "lws": "libwebsockets",
    "ws": "ws on node",
}
PEER_NAMES = ("bun", "beast", "lws", "ws")


@dataclass
class Wish:
    """What a workload wants of a server."""
    size: int = 125
    deflate: bool = False
    tls: tuple = ()  # certificate, key


@dataclass
class Server:
    process: subprocess.Popen
    url: str
    options: dict = field(default_factory=dict)

    @property
    def pid(self):
        return self.process.pid

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def pinned(core, command):
    return (["taskset", "-c", core] if PINNED else []) + [str(c) for c in command]


def output(*command, patience=60):
    """What a command prints first, or None when it fails."""
    try:
        done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=patience)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def weft_knows(flag):
    return f"--{flag} " in (output(WEFT, "serve", "--help") or "")


# ---- building -----------------------------------------------------------------------------------


def run_logged(command, cwd=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else (done.stdout.strip().splitlines() or ["failed"])[-1]


def is_newer(program, source):
    return program.exists() and program.stat().st_mtime > source.stat().st_mtime


def build_c(compiler, source, program, *libraries):
    if is_newer(program, source):
        return None
    flags = ["-std=gnu17", "-D_GNU_SOURCE"] if source.suffix == ".c" else ["-std=c++17"]
    BUILT.mkdir(parents=True, exist_ok=True)
    return run_logged([compiler, *flags, "-O3", "-march=native", "-DNDEBUG", source, "-o", program,
                       *libraries])


def install_npm():
    if is_newer(PEERS / "node_modules" / ".package-lock.json", PEERS / "package-lock.json") \
            and output(BUN, "--version"):
        return None
    # Bun's own script puts its program where bun is to be found.
    return run_logged(["npm", "ci", "--no-audit", "--no-fund", "--silent", "--foreground-scripts"],
                      cwd=PEERS)


def prepare(wanted):
    """Build and install the peers; {name: why it is skipped}."""
    skipped = {}
    if {"bun", "ws"} & set(wanted):
        why = install_npm()
        skipped.update({name: f"npm: {why}" for name in ("bun", "ws") if why})
        if not why and "bun" in wanted and not output(BUN, "--version"):
            skipped["bun"] = "its program does not run on this machine"
    for name, compiler, source, libraries in (
            ("lws", "gcc", "lws_server.c", ["-lwebsockets"]),
            ("beast", "g++", "beast_server.cpp", ["-lssl", "-lcrypto", "-lpthread"])):
        if name in wanted:
            why = build_c(compiler, PEERS / source, BUILT / f"{name}_server", *libraries)
            if why:
                skipped[name] = f"does not build: {why}"
    return {name: why for name, why in skipped.items() if name in wanted}


def versions():
    """{name: version} of what is there."""
    lws = output("dpkg-query", "-W", "-f", "${Version}", "libwebsockets-dev")
    boost = output("dpkg-query", "-W", "-f", "${Version}", "libboost-dev")
    ws = output("node", "-p", f"require('{PEERS}/node_modules/ws/package.json').version")
    commit = output("git", "-C", ROOT, "describe", "--always", "--dirty")
    return {
        "weft": f"{output(WEFT, '--version')}, commit {commit}",
        "Bun": output(BUN, "--version"),
        "Boost.Beast": f"Boost {boost} (Debian)" if boost else None,
        "libwebsockets": f"{lws} (Debian)" if lws else None,
        "ws": f"{ws} on node {output('node', '--version')}" if ws else None,
        "gcc": output("gcc", "-dumpfullversion"),
    }


# ---- starting -----------------------------------------------------------------------------------


def weft_command(wish, *more):
    command = [WEFT, "serve", "--echo", "/echo", "-p", "0", "--max-message", "4M", "--ping", "1h"]
    command += ["--threads", "1"] if weft_knows("threads") else []
    command += ["--tls-cert", wish.tls[0], "--tls-key", wish.tls[1]] if wish.tls else []
    return [*command, *more]


def command_for(name, wish):
    flags = ["--deflate"] if wish.deflate else []
    flags += ["--cert", wish.tls[0], "--key", wish.tls[1]] if wish.tls else []
    commands = {
        "ring": lambda: weft_command(wish, "--batch", "ring"),
        "binary": lambda: weft_command(wish, "--batch", "ring"),
        "each": lambda: weft_command(wish, "--batch", "each"),
        "poll": lambda: weft_command(wish, "--batch", "ring", "--poll-us", "50"),
        "raw": lambda: [RAW, wish.size],
        "bun": lambda: [BUN, PEERS / "bun_server.js", *flags],
        "beast": lambda: [BUILT / "beast_server", *flags],
        "lws": lambda: [BUILT / "lws_server", *flags],
        "ws": lambda: ["node", PEERS / "ws_server.mjs", *flags],
    }
    return commands[name]()


def start(name, wish):
    """A Server, or RuntimeError."""
    try:
        process = subprocess.Popen(pinned(SERVER_CORE, command_for(name, wish)), cwd=PEERS,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
    except OSError as e:
        raise RuntimeError(str(e)) from e
    ready, _, _ = select.select([process.stdout], [], [], 30)
    line = process.stdout.readline().strip() if ready else ""
    server = Server(process, line.replace("http", "ws", 1) if name not in PEER_NAMES else line)
    if "://" not in line:
        server.stop()
        raise RuntimeError("does not start")
    return server


def raise_limits():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def make_certificate(folder):
    cert, key = f"{folder}/crt", f"{folder}/key"
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-subj", "/CN=localhost", "-keyout", key, "-out",
                    cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key
