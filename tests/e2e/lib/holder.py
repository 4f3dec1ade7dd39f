# SPDX-License-Identifier: MIT
"""holder.py WEFT SNAPSHOT ARGS...: as systemd, holds a socket that listens, and has one weft serve after the other on it.

It says the port, and "restarted" for each line "restart"; at the end of its stdin it ends the last one, says "done", and
what they all said on stderr goes to its own. The next one is started before the one before has ended, which is harder
than what systemd does: it waits for the snapshot.
"""
import signal
import socket
import subprocess
import sys

weft, snapshot, *args = sys.argv[1:]
listening = socket.create_server(('127.0.0.1', 0), backlog=512)
fd = listening.fileno()


def start():
    return subprocess.Popen([weft, 'serve', '-l', f'fd:{fd}', '--snapshot', snapshot, *args], pass_fds=[fd],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def end(process):
    process.send_signal(signal.SIGTERM)
    if process.wait(20) != 0:
        sys.exit(f'ended with {process.returncode}')


now = start()
try:
    now.stdout.readline()
    print(listening.getsockname()[1], flush=True)
    for line in sys.stdin:
        before, now = now, start()
        end(before)
        now.stdout.readline()
        print('restarted', flush=True)
    end(now)
    print('done', flush=True)
finally:
    now.kill()
