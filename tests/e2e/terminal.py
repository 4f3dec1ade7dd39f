# SPDX-License-Identifier: MIT
"""weft URL on a terminal: typed into through a pseudo-terminal, as a person would."""
import os
import pty
import re
import select
import signal
import socket
import sys
import tempfile
import termios
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
from weft import BINARY, PATIENCE, TEXT, WEFT, Frame, Raw, Server, frame  # noqa: E402

COLOURS = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r')


class Terminal:
    """`weft ARGS` with a terminal of its own."""

    def __init__(self, *args, home, stdin=None):
        environment = dict(os.environ, TERM='xterm', LANG='C.UTF-8', HOME=home)
        environment.pop('XDG_STATE_HOME', None)
        self.screen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if stdin is not None:
                os.dup2(stdin, 0)
            os.execve(WEFT, [WEFT, *args], environment)

    def type(self, text):
        os.write(self.fd, text.encode())

    def _read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        try:
            data = os.read(self.fd, 65536) if ready else None
        except OSError:  # EIO: the program is gone
            data = b''
        if data:
            self.screen += data.decode(errors='replace')
        return data

    @property
    def text(self):
        return COLOURS.sub('', self.screen)

    def shows(self, pattern):
        """Waits until the screen shows this."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            if not self._read(deadline):
                raise AssertionError(f'no {pattern!r} on the screen:\n{self.text}')

    def end(self):
        """Waits for its end: the exit status."""
        deadline = time.monotonic() + PATIENCE
        while data := self._read(deadline):
            pass
        if data is None:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        if re.search('Sanitizer|runtime error:', self.text):
            raise AssertionError(self.text)
        return os.waitstatus_to_exitcode(status)


class Typing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server('--echo', '/echo', '-v')

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name

    def terminal(self, path='/echo'):
        terminal = Terminal(self.server.url(path), home=self.home)
        terminal.shows(r'(?is)connected.*\n> ')  # the prompt: from now on keys are read one by one
        return terminal

    def room(self, name):
        """A terminal and a peer in the same room."""
        raw = Raw(self.server.port).open(name)
        self.addCleanup(raw.socket.close)
        return self.terminal(name), raw

    def test_a_line_is_a_message(self):
        terminal, raw = self.room('/lines')
        terminal.type('hello, größer\n')
        self.assertEqual(raw.frame(), Frame(TEXT, 'hello, größer'.encode()))
        raw.send(frame(TEXT, b'and hello to you'))
        terminal.shows('and hello to you')
        terminal.type('\x04')  # Ctrl-D
        self.assertEqual(terminal.end(), 0)

    def test_editing(self):
        terminal, raw = self.room('/editing')
        terminal.type('helo wrld\x01\x06\x06\x06l\x05\x02\x02\x02o\n')  # Ctrl-A, F, E, B: as in any shell
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello world'))
        terminal.type('\x10\n')  # Ctrl-P: the line before
        self.assertEqual(raw.frame(), Frame(TEXT, b'hello world'))
        terminal.type('\x04')
        self.assertEqual(terminal.end(), 0)

    def test_what_comes_while_typing_does_not_disturb(self):
        terminal, raw = self.room('/both')
        terminal.type('half a ')
        terminal.shows('half a ')
        raw.send(frame(TEXT, b'an interruption'))
        self.assertEqual(raw.frame(), Frame(TEXT, b'an interruption'))
        terminal.shows('an interruption')
        terminal.type('sentence\n')
        self.assertEqual(raw.frame(), Frame(TEXT, b'half a sentence'))
        terminal.type('\x04')
        self.assertEqual(terminal.end(), 0)

    def test_strangers_cannot_write_escapes(self):
        terminal, raw = self.room('/escapes')
        raw.send(frame(TEXT, 'a\x1b]0;title\x07b\x9b31mc'.encode()) + frame(TEXT, b'end'))
        terminal.shows(r'a\\x1b\]0;title\\x07b')
        terminal.shows('end')
        self.assertNotIn('\x1b]0;', terminal.screen)
        self.assertNotIn('\x9b', terminal.screen)
        raw.send(frame(BINARY, b'\x00\x1bxyz'))
        terminal.shows(r'5 bytes|xyz')
        self.assertNotIn('\x1bxyz', terminal.screen)
        terminal.type('\x04')
        self.assertEqual(terminal.end(), 0)

    def test_commands(self):
        terminal, raw = self.room('/commands')
        terminal.type('/help\n')
        terminal.shows(r'/ping')
        terminal.type('/ping hello\n')
        terminal.shows(r'(?i)pong')
        terminal.type('//ping is text\n')
        self.assertEqual(raw.frame(), Frame(TEXT, b'/ping is text'))
        terminal.type('/clsoe\n')
        terminal.shows(r'/close')
        terminal.type('/close 4000 enough of this\n')
        self.assertEqual(terminal.end(), 0)
        self.assertRegex(terminal.text, 'code=4000')
        deadline = time.monotonic() + PATIENCE
        while 'closed code=4000 reason="enough of this" by=peer clean=yes' not in self.server.stderr:
            self.assertLess(time.monotonic(), deadline, self.server.stderr)
            select.select([], [], [], 0.01)

    def test_ctrl_c(self):
        terminal = self.terminal()
        terminal.type('\x03')
        self.assertEqual(terminal.end(), 0)
        self.assertRegex(terminal.text, 'code=1000')

    def test_history_is_kept_and_private(self):
        terminal = self.terminal()
        terminal.type('remember me\n')
        terminal.shows(r'(?s)remember me.*remember me')
        terminal.type('\x04')
        self.assertEqual(terminal.end(), 0)
        history = os.path.join(self.home, '.local/state/weft/history')
        self.assertEqual(os.stat(history).st_mode & 0o077, 0)
        again, raw = self.room('/history')
        again.type('\x10\n')
        self.assertEqual(raw.frame(), Frame(TEXT, b'remember me'))
        again.type('\x04')
        self.assertEqual(again.end(), 0)

    def test_searching_the_history(self):
        terminal, raw = self.room('/search')
        for line in 'first apple', 'second apple', 'grün':
            terminal.type(line + '\n')
            self.assertEqual(raw.frame(), Frame(TEXT, line.encode()))
        terminal.shows('< grün')

        def sends(keys, line):
            terminal.type(keys)
            self.assertEqual(raw.frame(), Frame(TEXT, line.encode()), keys)

        sends('\x12apple\r', 'second apple')  # Ctrl-R, Enter
        sends('\x12first\r', 'first apple')
        sends('\x12apple\x12\r', 'second apple')  # the newest is what was just sent; older ones behind
        sends('\x12grüx\x7f\r', 'grün')
        sends('\x12first\x05, changed\r', 'first apple, changed')  # Ctrl-E: to the end
        sends('typed\x12nothing of the kind\x07 before\r', 'typed before')  # Ctrl-G
        terminal.type('\x12app')
        terminal.shows('second apple$|first apple, changed$')
        raw.send(frame(TEXT, b'an interruption'))  # the loop goes on
        self.assertEqual(raw.frame(), Frame(TEXT, b'an interruption'))
        terminal.shows('an interruption')
        terminal.type('\x07\x04')
        self.assertEqual(terminal.end(), 0)

    def test_stopped_and_gone_on(self):
        terminal, raw = self.room('/stopped')
        terminal.type('half ')
        terminal.shows('half ')
        cooked = termios.tcgetattr(terminal.fd)
        self.assertFalse(cooked[3] & termios.ICANON)
        os.kill(terminal.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, terminal.pid, os.WSTOPPED)
        cooked[3] |= termios.ICANON | termios.ECHO  # as a shell leaves it
        termios.tcsetattr(terminal.fd, termios.TCSANOW, cooked)
        os.kill(terminal.pid, signal.SIGCONT)
        deadline = time.monotonic() + PATIENCE
        while termios.tcgetattr(terminal.fd)[3] & (termios.ICANON | termios.ECHO):
            self.assertLess(time.monotonic(), deadline, 'the terminal stays cooked')
            select.select([], [], [], 0.01)
        terminal.type('a line\x01\x06\r')  # Ctrl-A, Ctrl-F: keys are read one by one
        self.assertEqual(raw.frame(), Frame(TEXT, b'half a line'))
        terminal.type('\x04')
        self.assertEqual(terminal.end(), 0)

    def test_nobody_there(self):
        with socket.socket() as nobody:  # bound, and not listening
            nobody.bind(('127.0.0.1', 0))
            terminal = Terminal('ws://127.0.0.1:%d/' % nobody.getsockname()[1], home=self.home)
            terminal.shows('(?i)refused')
        self.assertEqual(terminal.end(), 7)


class Watching(unittest.TestCase):
    """Input from a pipe, output to a terminal."""

    def watch(self, *flags, message):
        ours, theirs = os.pipe()
        with Server() as server, tempfile.TemporaryDirectory() as home, Raw(server.port).open('/watched') as raw:
            terminal = Terminal(*flags, server.url('/watched'), home=home, stdin=ours)
            os.write(theirs, b'here\n')
            self.assertEqual(raw.frame().payload, b'here')
            raw.send(message)
            raw.send(frame(TEXT, b'the end'))
            terminal.shows('the end')
            os.close(theirs)
            os.close(ours)
            self.assertEqual(terminal.end(), 0)
            return terminal.screen

    def test_nothing_of_a_stranger_reaches_the_terminal_as_it_is(self):
        evil = '\x1b]0;title\x07 \x9b2J a\u200bb\u2060c\U000e0041'.encode()
        for flags in [], ['-b']:
            for opcode in TEXT, BINARY:
                with self.subTest(flags=flags, opcode=opcode):
                    screen = self.watch(*flags, message=frame(opcode, evil))
                    self.assertIn('\\x1b]0;title\\x07 \\x9b2J a\\u200bb\\u2060c\\U000e0041\r\n', screen)
                    self.assertNotRegex(screen, '[\x1b\x9b\u200b\u2060\U000e0041]')

    def test_bytes_that_are_no_text(self):
        self.assertIn('\\xff\\x00\\xfe\r\n', self.watch('-b', message=frame(BINARY, b'\xff\x00\xfe')))


class ServerLeaves(unittest.TestCase):
    def test_the_server_leaves(self):
        server = Server('-v')
        with tempfile.TemporaryDirectory() as home:
            terminal = Terminal(server.url('/room'), home=home)
            terminal.shows(r'(?i)connected|open')
            terminal.type('half a line')
            terminal.shows('half a line')
            server.stop()
            self.assertEqual(terminal.end(), 0)
            self.assertRegex(terminal.text, r'code=1001')


if __name__ == '__main__':
    unittest.main()
