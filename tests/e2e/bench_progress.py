# SPDX-License-Identifier: MIT
"""weft bench on a terminal: a line of progress that is gone when the report comes; elsewhere, none."""
import os
import pty
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))

from weft import WEFT, Server  # noqa: E402

LINE = b'\r\x1b[K'


def read(fd):
    try:
        return os.read(fd, 4096)
    except OSError:  # the other side of a terminal is gone
        return b''


def bench_on_terminal(*args):
    """What was on the terminal (stderr) and on stdout. Ctrl-C once there is a rate."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([WEFT, 'bench', *args], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b''
    while b'messages/s, ' not in shown and (data := read(ours)):
        shown += data
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=20)[0]
    while data := read(ours):
        shown += data
    os.close(ours)
    assert process.returncode == 0, (process.returncode, shown, out)
    return shown, out


with Server('--echo', '/echo') as server:
    shown, out = bench_on_terminal('-c', '2', '-d', '60s', '--warmup', '0', server.url('/echo'))
    assert LINE in shown and b' messages/s, 2 open, 0 errors' in shown, shown
    assert shown.endswith(LINE), shown
    assert b'interrupted' in out and LINE not in out, out
    quiet = subprocess.run([WEFT, 'bench', '-n', '10', server.url('/echo')], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=20)
    assert quiet.returncode == 0 and quiet.stderr == b'', quiet
