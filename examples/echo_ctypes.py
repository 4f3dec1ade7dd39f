#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/echo_ctypes.py - the echo server in Python, on libweft.so, through ctypes

      echo_ctypes.py [ADDRESS]        127.0.0.1:8080 unless said otherwise; WEFT_LIBRARY names another libweft.so

Other languages call the functions that end in _sized, which are told how large the struct is as it is declared here: so
this is right with every later libweft, too (docs/abi.md). A struct is filled by the names of its fields, and all zero
means defaults. What the library calls is kept as long as it may be called.
"""
import ctypes
import os
import signal
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_bool, c_char_p, c_int, c_size_t, c_void_p, sizeof

weft = ctypes.CDLL(os.environ.get('WEFT_LIBRARY', 'libweft.so.0'))

# Callbacks: what they return, then what they are given.
ON_UPGRADE = CFUNCTYPE(c_int, c_void_p)
ON_CONN = CFUNCTYPE(None, c_void_p)
ON_MESSAGE = CFUNCTYPE(None, c_void_p, c_int, c_void_p, c_size_t)
ON_CHUNK = CFUNCTYPE(None, c_void_p, c_void_p)
ON_DATA = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
ON_CLOSE = CFUNCTYPE(None, c_void_p, c_void_p)


class Handler(Structure):
    """weft_handler: pointers, and what is not used here is named all the same."""
    _fields_ = [('on_upgrade', ON_UPGRADE), ('on_open', ON_CONN), ('on_message', ON_MESSAGE), ('on_chunk', ON_CHUNK),
                ('on_drain', ON_CONN), ('on_ping', ON_DATA), ('on_pong', c_void_p), ('on_close', ON_CLOSE),
                ('subprotocols', POINTER(c_char_p)), ('deflate', c_void_p), ('limits', c_void_p),
                ('on_leave', c_void_p)]


def declare(name, result, *arguments):
    function = getattr(weft, name)
    function.restype, function.argtypes = result, arguments
    return function


strerror = declare('weft_strerror', c_char_p, c_int)
loop_new = declare('weft_loop_new_sized', c_int, POINTER(c_void_p), c_void_p, c_size_t, c_size_t)
loop_run = declare('weft_loop_run', c_int, c_void_p)
server_new = declare('weft_server_new_sized', c_int, POINTER(c_void_p), c_void_p, c_void_p, c_size_t, c_size_t)
server_route = declare('weft_server_route_sized', c_int, c_void_p, c_char_p, POINTER(Handler), c_size_t, c_size_t,
                       c_size_t, c_void_p)
server_listen = declare('weft_server_listen_sized', c_int, c_void_p, c_char_p, c_void_p, c_size_t)
server_address = declare('weft_server_address', c_int, c_void_p, c_size_t, c_char_p, c_size_t)
send = declare('weft_send', c_int, c_void_p, c_int, c_void_p, c_size_t)
abort = declare('weft_abort', None, c_void_p)
backlogged = declare('weft_backlogged', c_bool, c_void_p)
pause = declare('weft_pause', None, c_void_p)
resume = declare('weft_resume', None, c_void_p)


def checked(error):
    if error < 0:
        sys.exit(f'echo_ctypes: {strerror(error).decode()}')


@ON_MESSAGE
def echo(conn, opcode, data, size):
    if send(conn, opcode, data, size) < 0:
        abort(conn)
    elif backlogged(conn):
        pause(conn)  # who reads late may send late: until on_drain


@ON_CONN
def drain(conn):
    resume(conn)


signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would hear of Ctrl-C when weft_loop_run returns
loop, server, handler = c_void_p(), c_void_p(), Handler(on_message=echo, on_drain=drain)
checked(loop_new(byref(loop), None, 0, 0))
checked(server_new(byref(server), loop, None, 0, 0))
checked(server_route(server, b'/echo', byref(handler), sizeof(handler), 0, 0, None))
checked(server_listen(server, (sys.argv[1:] or ['127.0.0.1:8080'])[0].encode(), None, 0))
address = ctypes.create_string_buffer(64)
server_address(server, 0, address, len(address))
print(f'ws://{address.value.decode()}/echo', flush=True)
checked(loop_run(loop))
