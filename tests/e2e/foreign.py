# SPDX-License-Identifier: MIT
"""Another language on libweft.so, through ctypes: programs of the past and of the future, and one that works.

Structs are described here once more (lib/foreign.py), as a binding does it. docs/abi.md says how large they are.
"""
import errno
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib'))
import foreign  # noqa: E402

foreign.run_with_sanitizer()
from ctypes import POINTER, byref, c_void_p, cast, create_string_buffer, pointer, sizeof  # noqa: E402
from foreign import (ON_CLOSE, ON_CONN, ON_MESSAGE, ON_REQUEST, STRUCTS, ChannelsConfig, ClientConfig,  # noqa: E402
                     Deflate, Dial, Env, Handler, HubConfig, Limits, ListenOptions, LoopConfig, PipeHandler, ReplyHandler,
                     RequestHandler, RequestWatcher, ServerConfig, SessionConfig, TlsConfig, TopicSettings, of_the_future,
                     strings)

TEXT = foreign.enumerators('weft_opcode')['WEFT_TEXT']
COUNT = foreign.enumerators('weft_count')
TURNS = 2000
UNKNOWN = 2**64 - 1
weft = foreign.Weft()


def get(address, path):
    """The status and the body."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request('GET', path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


class Foreign(unittest.TestCase):
    """A loop and a server on it."""

    def setUp(self):
        self.loop, self.server = c_void_p(), c_void_p()
        self.kept = []  # what the library calls
        self.assertEqual(weft.loop_new_sized(byref(self.loop), None, 0, 0), 0)
        self.assertEqual(weft.server_new_sized(byref(self.server), self.loop, None, 0, 0), 0)
        self.assertEqual(weft.server_listen_sized(self.server, b'127.0.0.1:0', None, 0), 0)
        address = create_string_buffer(64)
        self.assertGreater(weft.server_address(self.server, 0, address, len(address)), 0)
        self.address = address.value.decode()

    def tearDown(self):
        weft.server_free(self.server)
        weft.loop_free(self.loop)

    def on_request(self, path, function):
        handler = RequestHandler(on_request=ON_REQUEST(function))
        self.kept.append(handler)
        self.assertEqual(weft.server_on_request_sized(self.server, path, byref(handler), sizeof(handler), 0, None), 0)

    def turn_until(self, done):
        for _ in range(TURNS):
            if done():
                return
            self.assertEqual(weft.loop_turn(self.loop, 10), 0)
        self.fail('it does not come')


class Versions(Foreign):
    """Each function that takes a struct that grows, with that struct as other versions have it."""

    def made(self, free, new, *arguments):
        out = c_void_p()
        error = new(byref(out), *arguments)
        if not error:
            free(out)
        return error

    def listen_fd(self, options, size):
        listening = socket.create_server(('127.0.0.1', 0))
        error = weft.server_listen_fd_sized(self.server, listening.fileno(), options, size)
        if error:
            listening.close()
        else:
            listening.detach()
        return error

    def replace_tls(self, config, size):
        tls = c_void_p()
        self.assertEqual(weft.tls_new_sized(byref(tls), None, 0, None, 0, None, 0), 0)
        error = weft.tls_replace_sized(tls, config, size, None, 0)
        weft.tls_unref(tls)
        return error

    def profile(self, config, size, **sizes):
        return self.made(weft.session_profile_unref, weft.session_profile_new_sized, config, size,
                         sizes.get('env', 0), sizes.get('limits', 0), sizes.get('deflate', 0))

    def channels(self, config, size, **sizes):
        return self.made(weft.channels_free, weft.channels_new_sized, self.loop, config, size, sizes.get('hub', 0),
                         sizes.get('settings', 0), sizes.get('deflate', 0))

    def connect(self, config=None, config_size=0, handler=None, handler_size=0, **sizes):
        out = c_void_p()
        return weft.connect_sized(byref(out), self.loop, f'ws://{self.address}/'.encode(), config, config_size,
                                  sizes.get('dial', 0), sizes.get('limits', 0), handler, handler_size,
                                  sizes.get('deflate', 0), None)

    def connect_pipe(self, dial=None, dial_size=0, limits_size=0, handler=None, handler_size=0):
        out = c_void_p()
        error = weft.pipe_connect_sized(byref(out), self.loop, f'tcp://{self.address}'.encode(), dial, dial_size,
                                        limits_size, handler, handler_size, None)
        if not error:
            weft.pipe_abort(out)
        return error

    def request_limits(self, limits, size):
        handler = RequestHandler(on_request=ON_REQUEST(lambda request, user: None))
        self.kept.append(handler)
        if limits is not None:
            handler.limits = cast(limits, POINTER(Limits))
        return weft.server_on_request_sized(self.server, b'/', byref(handler), sizeof(handler), size, None)

    def begin_reply(self, handler, size):
        """What is said when a request is answered with a reply that streams."""
        said, heard = [], []

        def answer(request, user):
            out = c_void_p()
            said.append(weft.reply_begin_sized(byref(out), request, 200, None, UNKNOWN, handler, size, None))
            if not said[0]:
                self.assertEqual(weft.reply_end(out), 0)

        self.on_request(b'/', answer)
        thread = threading.Thread(target=lambda: heard.append(get(self.address, '/')[0]), daemon=True)
        thread.start()
        self.turn_until(lambda: heard)
        thread.join()
        self.assertEqual(heard, [500 if said[0] else 200])
        return said[0]

    def watch(self, watcher, size):
        """What is said when a request is watched, and then answered."""
        said, heard = [], []

        def answer(request, user):
            said.append(weft.request_watch_sized(request, watcher, size, None))
            self.assertEqual(weft.respond(request, 204, None, None, 0), 0)

        self.on_request(b'/', answer)
        thread = threading.Thread(target=lambda: heard.append(get(self.address, '/')[0]), daemon=True)
        thread.start()
        self.turn_until(lambda: heard)
        thread.join()
        self.assertEqual(heard, [204])
        return said[0]

    def within(self, outer, field, struct):
        """outer, whose field points to struct; NULL stays NULL."""
        whole = outer()
        if struct is not None:
            setattr(whole, field, cast(struct, dict(outer._fields_)[field]))
        self.kept.append(whole)
        return pointer(whole)

    def takers(self):
        """(name, the struct, what is said of one that is all zero, a function of pointer and size)"""
        yield 'message', Env, 0, lambda p, size: self.made(
            weft.message_unref, weft.message_new_sized, p, size, TEXT, b'x', 1)
        yield 'pool', Env, 0, lambda p, size: self.made(
            weft.session_pool_free, weft.session_pool_new_sized, p, size)
        yield 'key', Env, 0, lambda p, size: weft.handshake_key_sized(p, size, create_string_buffer(25))
        yield 'offer', Deflate, 0, lambda p, size: weft.deflate_offer_sized(p, size, create_string_buffer(256))
        yield 'profile', SessionConfig, 0, self.profile
        for field, struct in ('env', Env), ('limits', Limits), ('deflate', Deflate):
            yield f'profile.{field}', struct, 0, lambda p, size, field=field: self.profile(
                self.within(SessionConfig, field, p), sizeof(SessionConfig), **{field: size})
        yield 'loop', LoopConfig, 0, lambda p, size: self.made(weft.loop_free, weft.loop_new_sized, p, size, 0)
        yield 'loop.env', Env, 0, lambda p, size: self.made(
            weft.loop_free, weft.loop_new_sized, self.within(LoopConfig, 'env', p), sizeof(LoopConfig), size)
        yield 'server', ServerConfig, 0, lambda p, size: self.made(
            weft.server_free, weft.server_new_sized, self.loop, p, size, 0)
        yield 'server.limits', Limits, 0, lambda p, size: self.made(
            weft.server_free, weft.server_new_sized, self.loop, self.within(ServerConfig, 'limits', p),
            sizeof(ServerConfig), size)
        yield 'listen', ListenOptions, 0, lambda p, size: weft.server_listen_sized(
            self.server, b'127.0.0.1:0', p, size)
        yield 'listen_fd', ListenOptions, 0, self.listen_fd
        yield 'tls', TlsConfig, 0, lambda p, size: self.made(
            weft.tls_unref, weft.tls_new_sized, None, 0, p, size, None, 0)
        yield 'tls.env', Env, 0, lambda p, size: self.made(
            weft.tls_unref, weft.tls_new_sized, p, size, None, 0, None, 0)
        yield 'tls.replace', TlsConfig, 0, self.replace_tls
        yield 'on_request', RequestHandler, -errno.EINVAL, lambda p, size: weft.server_on_request_sized(
            self.server, b'/', p, size, 0, None)
        yield 'on_request.limits', Limits, 0, self.request_limits
        yield 'route', Handler, 0, lambda p, size: weft.server_route_sized(self.server, b'/', p, size, 0, 0, None)
        yield 'route.deflate', Deflate, 0, lambda p, size: weft.server_route_sized(
            self.server, b'/', self.within(Handler, 'deflate', p), sizeof(Handler), 0, size, None)
        yield 'route.limits', Limits, 0, lambda p, size: weft.server_route_sized(
            self.server, b'/', self.within(Handler, 'limits', p), sizeof(Handler), size, 0, None)
        yield 'connect', ClientConfig, 0, self.connect
        yield 'connect.dial', Dial, 0, lambda p, size: self.connect(
            self.within(ClientConfig, 'dial', p), sizeof(ClientConfig), dial=size)
        yield 'connect.limits', Limits, 0, lambda p, size: self.connect(
            self.within(ClientConfig, 'dial', self.within(Dial, 'limits', p)), sizeof(ClientConfig),
            dial=sizeof(Dial), limits=size)
        yield 'connect.deflate', Deflate, 0, lambda p, size: self.connect(
            self.within(ClientConfig, 'deflate', p), sizeof(ClientConfig), deflate=size)
        yield 'connect.handler', Handler, 0, lambda p, size: self.connect(handler=p, handler_size=size)
        yield 'connect.handler.deflate', Deflate, 0, lambda p, size: self.connect(
            handler=self.within(Handler, 'deflate', p), handler_size=sizeof(Handler), deflate=size)
        yield 'pipe', PipeHandler, 0, lambda p, size: self.connect_pipe(handler=p, handler_size=size)
        yield 'pipe.dial', Dial, 0, self.connect_pipe
        yield 'pipe.limits', Limits, 0, lambda p, size: self.connect_pipe(
            self.within(Dial, 'limits', p), sizeof(Dial), size)
        yield 'piece', Env, 0, lambda p, size: self.made(
            weft.piece_unref, weft.piece_new_sized, p, size, b'x', 1)
        yield 'reply', ReplyHandler, 0, self.begin_reply
        yield 'watch', RequestWatcher, 0, self.watch
        yield 'hub', HubConfig, 0, lambda p, size: self.made(
            weft.hub_free, weft.hub_new_sized, self.loop, p, size, 0)
        yield 'hub.settings', TopicSettings, 0, lambda p, size: self.made(
            weft.hub_free, weft.hub_new_sized, self.loop, self.within(HubConfig, 'settings', p), sizeof(HubConfig), size)
        yield 'channels', ChannelsConfig, 0, self.channels
        for field, struct in ('hub', HubConfig), ('deflate', Deflate):
            yield f'channels.{field}', struct, 0, lambda p, size, field=field: self.channels(
                self.within(ChannelsConfig, field, p), sizeof(ChannelsConfig), **{field: size})
        yield 'channels.hub.settings', TopicSettings, 0, lambda p, size: self.channels(
            self.within(ChannelsConfig, 'hub', self.within(HubConfig, 'settings', p)), sizeof(ChannelsConfig),
            hub=sizeof(HubConfig), settings=size)

    def test_sizes(self):
        """The layouts of lib/foreign.py are those of 0.1, which docs/abi.md has."""
        table = dict(re.findall(r'`(weft_\w+)` \| (\d+) \|', Path('docs/abi.md').read_text()))
        self.assertEqual({name: str(sizeof(struct)) for name, struct in STRUCTS.items()}, table)

    def test_of_now(self):
        for name, struct, zero, call in self.takers():
            with self.subTest(name):
                self.assertEqual(call(pointer(struct()), sizeof(struct)), zero)

    def test_none(self):
        for name, _, zero, call in self.takers():
            with self.subTest(name):
                self.assertEqual(call(None, 0), zero)

    def test_of_the_past(self):
        """0.1 is the first version: what is shorter is none."""
        for name, struct, _, call in self.takers():
            for size in 0, 8, sizeof(struct) - 1:
                with self.subTest(name, size=size):
                    self.assertEqual(call(pointer(struct()), size), -errno.EINVAL)

    def test_of_the_future(self):
        for name, struct, zero, call in self.takers():
            later = of_the_future(struct)
            with self.subTest(name):
                self.assertEqual(call(pointer(later()), sizeof(later)), zero)

    def test_of_the_future_and_it_matters(self):
        for name, struct, _, call in self.takers():
            later = of_the_future(struct)
            for field in 'more', 'still_more':
                with self.subTest(name, field=field):
                    self.assertEqual(call(pointer(later(**{field: 1})), sizeof(later)), -errno.EINVAL)

    def test_too_large(self):
        for name, _, _, call in self.takers():
            with self.subTest(name):
                self.assertEqual(call(create_string_buffer(4097), 4097), -errno.EINVAL)

    def test_version(self):
        header = re.search(r'WEFT_VERSION_NUMBER +(\w+)', Path('include/weft/base.h').read_text())[1]
        self.assertEqual(weft.version_number(), int(header, 16))


class Works(Foreign):
    def echo(self, conn, opcode, data, size):
        self.told.append(('server', bytes(data[:size])))
        self.assertEqual(weft.send(conn, opcode, bytes(data[:size]), size), 0)

    def greet(self, conn):
        self.told.append(('open', weft.conn_subprotocol(conn)))
        self.assertEqual(weft.send(conn, TEXT, b'hello, hello, hello', 19), 0)

    def part(self, conn, opcode, data, size):
        self.told.append(('client', bytes(data[:size])))
        self.assertEqual(weft.close(conn, 1000, b'enough'), 0)

    def gone(self, conn, info):
        self.told.append(('gone', info.contents.code, info.contents.reason.get(), info.contents.clean))

    def talk(self, struct):
        """A client and a server, with handlers of this version; the structs are gone when the calls return."""
        self.told, calls = [], []  # functions are kept by who made them, as ever
        subprotocols = strings('chat')
        deflate = Deflate(threshold=1)

        def handler(**functions):
            calls.extend(functions.values())
            return struct(subprotocols=cast(subprotocols, dict(Handler._fields_)['subprotocols']),
                          deflate=pointer(deflate), **functions)

        server = handler(on_message=ON_MESSAGE(self.echo))
        self.assertEqual(weft.server_route_sized(self.server, b'/echo', byref(server), sizeof(server),
                                                 sizeof(Limits), sizeof(deflate), None), 0)
        client = handler(on_open=ON_CONN(self.greet), on_message=ON_MESSAGE(self.part), on_close=ON_CLOSE(self.gone))
        dial = Dial(limits=pointer(Limits(max_message=1000)))
        config = ClientConfig(dial=pointer(dial), origin=f'http://{self.address}'.encode())
        self.assertEqual(weft.connect_sized(None, self.loop, f'ws://{self.address}/echo'.encode(), byref(config),
                                            sizeof(config), sizeof(dial), sizeof(Limits), byref(client),
                                            sizeof(client), sizeof(deflate), None), 0)
        del server, client, config, dial, deflate, subprotocols
        self.turn_until(lambda: self.told and self.told[-1][0] == 'gone' and
                        not weft.server_count(self.server, COUNT['WEFT_COUNT_WEBSOCKETS']))
        self.assertEqual(self.told, [('open', b'chat'), ('server', b'hello, hello, hello'),
                                     ('client', b'hello, hello, hello'), ('gone', 1000, b'', True)])
        self.assertEqual(weft.server_count(self.server, COUNT['WEFT_COUNT_ACCEPTED']), 1)
        self.assertEqual(weft.server_count_closed(self.server, 1000), 1)

    def test_talk(self):
        self.talk(Handler)

    def test_talk_in_the_future(self):
        self.talk(of_the_future(Handler))

    def test_pipe(self):
        """A request by hand, and the whole answer."""
        heard, closed = bytearray(), []

        def ask(pipe):
            text = b'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
            self.assertEqual(weft.pipe_write(pipe, text, len(text)), 0)

        handler = PipeHandler(on_open=PipeHandler.ON_PIPE(ask),
                              on_bytes=PipeHandler.ON_BYTES(lambda pipe, data, size: heard.extend(data[:size])),
                              on_close=PipeHandler.ON_CLOSE(lambda pipe, error, cause: closed.append(error)))
        self.assertEqual(weft.pipe_connect_sized(None, self.loop, f'tcp://{self.address}'.encode(), None, 0, 0,
                                                 byref(handler), sizeof(handler), None), 0)
        self.turn_until(lambda: closed)
        self.assertEqual(closed, [0])
        self.assertTrue(heard.startswith(b'HTTP/1.1 404 '), heard)

    def test_answer(self):
        answers = []

        def reply(request, user):
            self.assertEqual(weft.respond(request, 200, b'text/plain', b'from Python', 11), 0)

        self.on_request(b'/page', reply)
        thread = threading.Thread(target=lambda: answers.append(get(self.address, '/page')[1]), daemon=True)
        thread.start()
        self.turn_until(lambda: answers)
        thread.join()
        self.assertEqual(answers, [b'from Python'])
        self.assertEqual(weft.server_count(self.server, COUNT['WEFT_COUNT_REQUESTS']), 1)

    def test_stream(self):
        answers, closed, piece = [], [], c_void_p()
        handler = ReplyHandler(on_close=ReplyHandler.ON_CLOSE(lambda reply, error, cause: closed.append(error)))
        self.assertEqual(weft.piece_new_sized(byref(piece), None, 0, b'Python', 6), 0)

        def stream(request, user):
            reply = c_void_p()
            self.assertEqual(weft.reply_begin_sized(byref(reply), request, 200, b'text/plain', UNKNOWN, byref(handler),
                                                    sizeof(handler), None), 0)
            self.assertEqual(weft.reply_write(reply, b'from ', 5), 0)
            self.assertEqual(weft.reply_write_piece(reply, piece), 0)
            self.assertEqual(weft.reply_end(reply), 0)

        self.on_request(b'/stream', stream)
        thread = threading.Thread(target=lambda: answers.append(get(self.address, '/stream')[1]), daemon=True)
        thread.start()
        self.turn_until(lambda: answers and closed)
        thread.join()
        weft.piece_unref(piece)
        self.assertEqual((answers, closed), ([b'from Python'], [0]))

    def test_example(self):
        """examples/echo_ctypes.py, with this library."""
        environment = dict(os.environ, WEFT_LIBRARY=foreign.LIBRARY)
        with subprocess.Popen([sys.executable, 'examples/echo_ctypes.py', '127.0.0.1:0'], stdout=subprocess.PIPE,
                              env=environment) as example:
            try:
                host, port, path = re.match(rb'ws://(.*):(\d+)(/.*)\n', example.stdout.readline()).groups()
                address = host.decode(), int(port)
                with socket.create_connection(address, timeout=60) as peer, peer.makefile('rb') as said:
                    peer.sendall(b'GET ' + path + b' HTTP/1.1\r\nHost: x\r\n'
                                 b'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                                 b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
                                 b'\x81\x82\0\0\0\0hi')
                    self.assertEqual(said.readline(), b'HTTP/1.1 101 Switching Protocols\r\n')
                    while said.readline() != b'\r\n':
                        pass
                    self.assertEqual(said.read(4), b'\x81\x02hi')
            finally:
                example.terminate()


if __name__ == '__main__':
    unittest.main()
