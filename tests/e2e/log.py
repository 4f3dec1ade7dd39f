# SPDX-License-Identifier: MIT
"""The log of weft serve -v: nobody need read it, and what nobody read is counted."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
from weft import BATCH, PATIENCE, TEXT, WEFT, Frame, Raw, frame  # noqa: E402

MESSAGES = 3000  # two lines each; more than any pipe holds


class Unread:
    """weft serve -v whose stderr is a descriptor that is read when the test says so."""

    def __init__(self, stderr, *args):
        self.process = subprocess.Popen([WEFT, 'serve', '-p', '0', '--echo', '/echo', '-v', *BATCH, *args],
                                        stdout=subprocess.PIPE, stderr=stderr)
        os.close(stderr)
        self.port = int(self.process.stdout.readline().decode().rsplit(':', 1)[1])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def read_some(fd, wait):
    """What comes within that time, or None; b'' at its end."""
    if not select.select([fd], [], [], wait)[0]:
        return None
    try:
        return os.read(fd, 1 << 16)
    except OSError:  # EIO: the terminal is gone
        return b''


def read_what_is_there(fd):
    text = b''
    while data := read_some(fd, 0.2):
        text += data
    return text.decode()


def read_until(fd, pattern, text=''):
    """What comes, until it matches; or until its end."""
    while not re.search(pattern, text):
        data = read_some(fd, PATIENCE)
        assert data is not None, f'no {pattern!r} in ...{text[-500:]}'
        if not data:
            break
        text += data.decode()
    return text


class Log(unittest.TestCase):
    def chat(self, port, n):
        with Raw(port).open('/echo') as raw:
            for i in range(n):
                raw.send(frame(TEXT, b'%d' % i))
                self.assertEqual(raw.frame(), Frame(TEXT, b'%d' % i))

    def counts_what_it_drops(self, ours, theirs):
        server = Unread(theirs)
        self.addCleanup(server.process.kill)
        self.chat(server.port, MESSAGES)
        with Raw(server.port).open('/echo') as raw:
            raw.send(frame(TEXT, b'one more'))
            self.assertEqual(raw.frame(), Frame(TEXT, b'one more'))
            text = read_what_is_there(ours)
            # The pipe's last line may not have been whole; nothing else is written before more happens.
            whole, _, rest = text.rpartition('\n')
            written = len(re.findall(r'(?m)(<-|->) text, ', whole)) + bool(rest)
            raw.send(frame(TEXT, b'and there it is again'))
            text = read_until(ours, r'-> text, 21 bytes', text)
        dropped = re.findall(r'^weft: lines of the log that nobody read, and were dropped: (\d+)\r?$', text, re.M)
        self.assertEqual(len(dropped), 1, text[-1000:])
        others = 3  # how the first connection ended, and how the second began: handshake, open
        self.assertEqual(written + int(dropped[0]) - others, 2 * (MESSAGES + 1))
        for line in text.splitlines():
            self.assertRegex(line, r'^(\d\d:\d\d:\d\d\.\d{3} |weft: lines|http|$)', 'lines are whole')
        server_end = subprocess.Popen(['cat'], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(server.end(), 0)
        os.close(ours)
        server_end.wait(PATIENCE)

    def test_a_pipe(self):
        self.counts_what_it_drops(*os.pipe())

    def test_a_terminal_that_is_stopped(self):
        ours, theirs = pty.openpty()
        self.counts_what_it_drops(ours, theirs)

    def test_several_threads(self):
        ours, theirs = os.pipe()
        server = Unread(theirs, '--threads', '3')
        self.addCleanup(server.process.kill)
        for _ in range(6):
            self.chat(server.port, MESSAGES // 6)
        self.assertEqual(server.end(), 0)  # with the pipe full
        text = read_until(ours, '(?!)')
        os.close(ours)
        for line in text.splitlines():
            self.assertRegex(line, r'^(\d\d:\d\d:\d\d\.\d{3} |weft: lines)', 'lines are whole')

    def test_nobody_is_there(self):
        ours, theirs = os.pipe()
        server = Unread(theirs)
        self.addCleanup(server.process.kill)
        os.close(ours)
        self.chat(server.port, 10)
        self.assertEqual(server.end(), 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
