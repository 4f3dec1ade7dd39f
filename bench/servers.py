# SPDX-License-Identifier: MIT
"""Who is measured: how each server is built, started on a core of its own, and reached.

All of them do the same: /echo sends everything back, any other path is a channel. Each prints its
address first (nchan does not: bench/channels_servers.py). What a
machine lacks is skipped, and said."""

import functools
import os
import resource
import select
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Without a terminal a server has to be told who may.
os.environ.setdefault("WEFT_OPEN", "on")
PEERS = ROOT / "bench" / "peers"
BUILT = ROOT / "build" / "bench-peers"
WEFT = Path(os.environ.get("WEFT", ROOT / "build" / "release" / "weft"))
RAW = WEFT.parent / "bench" / "raw"
NCHAN_PACKAGE = "libnginx-mod-nchan"
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

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
    "weft": "weft",
    "nchan": "nginx with nchan",
    "socketio": "Socket.IO on node",
}
PEER_NAMES = ("bun", "beast", "lws", "ws")
CHANNEL_NAMES = ("nchan", "bun", "ws", "socketio")


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
    if is_newer(PEERS / "node_modules" / ".package-lock.json", PEERS / "package-lock.json"):
        return None
    return run_logged(["npm", "ci", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"], cwd=PEERS)


@functools.cache
def bun():
    """The program of the first of npm's packages that runs here; Bun's own script would choose one, too."""
    return next((p for p in sorted(PEERS.glob("node_modules/@oven/bun-*/bin/bun")) if output(p, "--version")), None)


def missing_npm(wanted):
    wanted = {"bun", "ws", "socketio"} & set(wanted)
    why = install_npm() if wanted else None
    if why:
        return {name: f"npm: {why}" for name in wanted}
    return {"bun": "its program does not run on this machine"} if "bun" in wanted and not bun() else {}


def prepare(wanted):
    """Build and install the peers; {name: why it is skipped}."""
    skipped = missing_npm(wanted)
    if not NCHAN.exists() or not shutil.which("nginx"):
        skipped["nchan"] = f"{NCHAN_PACKAGE} is not installed"
    for name, compiler, source, libraries in (
            ("lws", "gcc", "lws_server.c", ["-lwebsockets"]),
            ("beast", "g++", "beast_server.cpp", ["-lssl", "-lcrypto", "-lpthread"])):
        if name in wanted:
            why = build_c(compiler, PEERS / source, BUILT / f"{name}_server", *libraries)
            if why:
                skipped[name] = f"does not build: {why}"
    return {name: why for name, why in skipped.items() if name in wanted}


def npm_version(package):
    return output("node", "-p", f"require('{PEERS}/node_modules/{package}/package.json').version")


def versions():
    """{name: version} of what is there."""
    lws = output("dpkg-query", "-W", "-f", "${Version}", "libwebsockets-dev")
    boost = output("dpkg-query", "-W", "-f", "${Version}", "libboost-dev")
    nchan = output("dpkg-query", "-W", "-f", "${Version}", NCHAN_PACKAGE) if NCHAN.exists() else None
    node, ws, socketio = output("node", "--version"), npm_version("ws"), npm_version("socket.io")
    commit = output("git", "-C", ROOT, "describe", "--always", "--dirty")
    return {
        "weft": f"{output(WEFT, '--version')}, commit {commit}",
        "Bun": bun() and output(bun(), "--version"),
        "Boost.Beast": f"Boost {boost} (Debian)" if boost else None,
        "libwebsockets": f"{lws} (Debian)" if lws else None,
        "ws": f"{ws} on node {node}" if ws else None,
        "Socket.IO": f"{socketio} on node {node}" if socketio else None,
        "nchan": f"{nchan} (Debian)" if nchan else None,
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
        "bun": lambda: [bun(), PEERS / "bun_server.js", *flags],
        "beast": lambda: [BUILT / "beast_server", *flags],
        "lws": lambda: [BUILT / "lws_server", *flags],
        "ws": lambda: ["node", PEERS / "ws_server.mjs", *flags],
        "weft": lambda: weft_command(wish),
        "socketio": lambda: ["node", PEERS / "socketio_server.mjs"],
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
    server = Server(process, line if line.startswith("ws") else line.replace("http", "ws", 1))
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
