# SPDX-License-Identifier: MIT
"""`weft serve` shut in: what the kernel says of it, that it still serves, and what it does without the means.

Needs a program that confines itself, which the builds with sanitizers do not; tests/CMakeLists.txt brings one. What
needs root is left out without it. What the parts keep out is tested beside them, in tests/cli.
"""
import ctypes
import errno
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))

from weft import PATIENCE, TEXT, WEFT, Frame, Raw, Server, frame  # noqa: E402

ROOT = os.geteuid() == 0
NOBODY = 65534


def until(holds, what):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.01)


def status(server):
    with open(f'/proc/{server.process.pid}/status') as f:
        return {name: value.split() for name, _, value in (line.partition(':') for line in f)}


def get(server, path):
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{server.port}{path}', timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, b''


def echoes(server):
    with Raw(server.port) as raw:
        raw.open('/echo')
        raw.send(frame(TEXT, b'hello'))
        return raw.frame() == Frame(TEXT, b'hello')


def heard(server, words):
    until(lambda: words in server.stderr, lambda: f'{words!r} is not in {server.stderr!r}')


class Kernel:
    """One where these system calls fail: a filter for Server(preexec_fn=Kernel(...)) to start the program under."""

    def __init__(self, **calls):
        self.library = ctypes.CDLL('libseccomp.so.2')
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.calls = calls

    def __call__(self):
        allow = 0x7fff0000
        context = ctypes.c_void_p(self.library.seccomp_init(allow))
        for name, error in self.calls.items():
            number = self.library.seccomp_syscall_resolve_name(name.encode())
            assert self.library.seccomp_rule_add(context, 0x00050000 | error, number, 0) == 0
        assert self.library.seccomp_load(context) == 0


def say(*args):
    """What `weft serve ARGS` complains of."""
    done = subprocess.run([WEFT, 'serve', '-p', '0', *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert done.returncode == 1, done
    return done.stderr


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix='weft-sandbox-')
        self.addCleanup(shutil.rmtree, self.top)
        os.chmod(self.top, 0o755)

    def path(self, name):
        return os.path.join(self.top, name)

    def put(self, name, text='', mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w') as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def site(self, mode=0o755):
        self.put('site/page.txt', 'a page')
        self.put('site/below/deeper.txt', 'deeper')
        self.put('secret.txt', 'secret')
        os.symlink('../secret.txt', self.path('site/out.txt'))
        os.chmod(self.path('site'), mode)
        return self.path('site')

    # ---- in force ----

    def test_the_kernel_says_so_and_the_log_too(self):
        with Server('--echo', '/echo', '-v') as server:
            now = status(server)
            self.assertEqual(now['Seccomp'], ['2'])
            self.assertEqual(now['NoNewPrivs'], ['1'])
            for kind in ('CapPrm', 'CapEff', 'CapInh', 'CapAmb'):
                self.assertEqual(int(now[kind][0], 16), 0, kind)
            heard(server, 'sandbox: user ')
            heard(server, ', seccomp')
            self.assertTrue(echoes(server))

    def test_without_v_nothing_is_said_of_it(self):
        with Server('--echo', '/echo') as server:
            self.assertTrue(echoes(server))
        if 'no landlock' not in server.stderr:
            self.assertEqual(server.stderr, '')

    def test_files_are_served_and_links_out_are_not(self):
        with Server(self.site()) as server:
            self.assertEqual(get(server, '/page.txt'), (200, b'a page'))
            self.assertEqual(get(server, '/below/deeper.txt'), (200, b'deeper'))
            self.assertEqual(get(server, '/below'), (200, b'deeper.txt\n'))  # redirected, and has no index.html
            self.assertEqual(get(server, '/out.txt')[0], 404)
            self.put('site/later.txt', 'later')
            self.assertEqual(get(server, '/later.txt'), (200, b'later'))
            self.assertEqual(get(server, '/'), (200, b'below/\nlater.txt\npage.txt\n'))  # the listing is made at each request

    def test_a_unix_socket_is_removed_in_the_end(self):
        path = self.path('socket')
        server = Server('-l', f'unix:{path}')
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
        server.stop()
        self.assertFalse(os.path.exists(path))

    # ---- users ----

    @unittest.skipUnless(ROOT, 'needs root')
    def test_root_becomes_nobody(self):
        with Server(self.site()) as server:
            self.assertEqual(status(server)['Uid'], [str(NOBODY)] * 4)
            self.assertEqual(get(server, '/page.txt')[0], 200)

    @unittest.skipUnless(ROOT, 'needs root')
    def test_root_becomes_the_owner_of_what_is_closed_to_others(self):
        site = self.site(0o700)
        os.chown(site, 4321, 4321)
        with Server(site) as server:
            self.assertEqual(status(server)['Uid'], ['4321'] * 4)
            self.assertEqual(status(server)['Gid'], ['4321'] * 4)
            self.assertEqual(get(server, '/page.txt')[0], 200)

    @unittest.skipUnless(ROOT, 'needs root')
    def test_root_becomes_whom_it_is_told(self):
        with Server('--user', 'daemon', '-v') as server:
            self.assertNotIn('0', status(server)['Uid'])
            heard(server, 'sandbox: user daemon, ')
        with Server('--user', 'root', '-v') as server:
            self.assertEqual(status(server)['Uid'], ['0'] * 4)
            self.assertEqual(int(status(server)['CapPrm'][0], 16), 0)

    @unittest.skipUnless(ROOT, 'needs root')
    def test_users_that_cannot_be(self):
        self.assertEqual(say('--user', 'no-such-user'), 'weft: --user: there is no user no-such-user\n')
        site = self.site(0o700)
        self.assertEqual(say('--user', 'nobody', site), f'weft: user nobody may not look into {site}\n')

    # ---- certificates ----

    def certificate(self, name):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', f'/CN={name}', '-keyout', self.path(f'{name}.key'),
                        '-out', self.path(f'{name}.crt')], check=True, stderr=subprocess.DEVNULL)
        os.chmod(self.path(f'{name}.key'), 0o600)
        return self.path(f'{name}.crt'), self.path(f'{name}.key')

    def test_certificates_that_took_the_place_of_others_are_read_on_sighup(self):
        crt, key = self.certificate('old')
        new_crt, new_key = self.certificate('new')
        with Server('--tls-cert', crt, '--tls-key', key, '--echo', '/echo', '-v') as server:
            def shown():
                return ssl.get_server_certificate(('127.0.0.1', server.port), timeout=PATIENCE)

            with open(new_crt) as f:
                new = f.read()
            self.assertNotEqual(shown(), new)
            os.rename(new_crt, crt)
            os.rename(new_key, key)
            server.process.send_signal(signal.SIGHUP)
            heard(server, 'certificates ')
            self.assertIn('certificates were read again', server.stderr)
            self.assertEqual(shown(), new)
            self.assertEqual(int(status(server)['CapEff'][0], 16), 0)

    # ---- not in force ----

    def test_switched_off(self):
        with Server('--no-sandbox', '--echo', '/echo') as server:
            heard(server, 'neither landlock nor seccomp (--no-sandbox)')
            self.assertEqual(status(server)['Seccomp'], ['0'])
            if ROOT:
                self.assertEqual(status(server)['Uid'], [str(NOBODY)] * 4)
            self.assertTrue(echoes(server))

    def test_a_kernel_without_landlock(self):
        for error in (errno.ENOSYS, errno.EOPNOTSUPP):
            with Server('--echo', '/echo', preexec_fn=Kernel(landlock_create_ruleset=error)) as server:
                heard(server, f', no landlock ({os.strerror(error)}), seccomp')
                self.assertTrue(echoes(server))

    def test_a_kernel_without_anything(self):
        kernel = Kernel(landlock_create_ruleset=errno.ENOSYS, seccomp=errno.ENOSYS, prctl=errno.EINVAL)
        with Server('--echo', '/echo', preexec_fn=kernel) as server:
            heard(server, ', no landlock (Function not implemented)')
            heard(server, ', no seccomp (')
            self.assertTrue(echoes(server))

    @unittest.skipUnless(ROOT, 'needs root')
    def test_a_container_that_has_no_other_user(self):
        kernel = Kernel(setgroups=errno.EPERM, setresuid=errno.EPERM)
        with Server('--echo', '/echo', preexec_fn=kernel) as server:
            heard(server, 'sandbox: user 0 (cannot become nobody: Operation not permitted), ')
            self.assertEqual(int(status(server)['CapPrm'][0], 16), 0)
            self.assertTrue(echoes(server))


if __name__ == '__main__':
    unittest.main()
