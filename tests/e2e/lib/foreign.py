# SPDX-License-Identifier: MIT
"""libweft.so as another language sees it: the structs of version 0.1, and the functions that are told their size."""
import ctypes
import os
import re
import subprocess
import sys
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char_p, c_int, c_size_t, c_uint, c_uint8, c_uint16,
                    c_uint32, c_uint64, c_void_p)
from pathlib import Path

BUILD = os.environ.get('WEFT_BUILD', 'build/asan')
LIBRARY = os.path.join(BUILD, 'libweft.so')


def needed():
    said = subprocess.run(['readelf', '-d', LIBRARY], check=True, capture_output=True, text=True).stdout
    return re.findall(r'NEEDED.*\[(.+)\]', said)


def run_with_sanitizer():
    """A library with a sanitizer wants its runtime in the process from the beginning: begin anew with it. What Python
    leaks is not ours."""
    runtimes = [name for name in needed() if re.match(r'lib[at]san\.', name)]
    if not runtimes or 'LD_PRELOAD' in os.environ:
        return
    paths = [subprocess.run(['gcc', f'-print-file-name={name}'], check=True, capture_output=True, text=True)
             .stdout.strip() for name in runtimes]
    options = os.environ.get('ASAN_OPTIONS', '').replace('detect_leaks=1', 'detect_leaks=0')
    environment = dict(os.environ, LD_PRELOAD=':'.join(paths), ASAN_OPTIONS=options or 'detect_leaks=0')
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def enumerators(name):
    """{name: number} of an enum of the headers."""
    text = ''.join(header.read_text() for header in sorted(Path('include/weft').glob('*.h')))
    body = re.search(rf'enum {name} {{([^}}]*)}}', re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL))[1]
    values, following = {}, 0
    for entry in filter(None, map(str.strip, body.split(','))):
        entry, _, value = map(str.strip, entry.partition('='))
        values[entry] = following = int(value, 0) if value else following
        following += 1
    return values


# ---- structs -----------------------------------------------------------------------------------

ON_UPGRADE = CFUNCTYPE(c_int, c_void_p)
ON_CONN = CFUNCTYPE(None, c_void_p)
ON_MESSAGE = CFUNCTYPE(None, c_void_p, c_int, POINTER(c_uint8), c_size_t)
ON_CHUNK = CFUNCTYPE(None, c_void_p, c_void_p)
ON_PING = CFUNCTYPE(None, c_void_p, POINTER(c_uint8), c_size_t)
ON_LEAVE = CFUNCTYPE(None, c_void_p, c_uint64)
ON_PONG = CFUNCTYPE(None, c_void_p, POINTER(c_uint8), c_size_t, c_uint64)
ON_REQUEST = CFUNCTYPE(None, c_void_p, c_void_p)
ON_REPLY = CFUNCTYPE(None, c_void_p)
ON_REPLY_LEAVE = CFUNCTYPE(None, c_void_p, c_uint64)
ON_REPLY_CLOSE = CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class Bytes(Structure):
    _fields_ = [('data', POINTER(c_uint8)), ('len', c_size_t)]

    def get(self):
        return bytes(self.data[:self.len])


class CloseInfo(Structure):
    _fields_ = [('code', c_uint16), ('sent_code', c_uint16), ('reason', Bytes), ('by_peer', c_bool),
                ('clean', c_bool), ('error', c_int)]


ON_CLOSE = CFUNCTYPE(None, c_void_p, POINTER(CloseInfo))


class Env(Structure):
    REALLOC = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
    LOG = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
    NOW = CFUNCTYPE(c_uint64, c_void_p)
    RANDOM = CFUNCTYPE(c_int, c_void_p, POINTER(c_uint8), c_size_t)
    _fields_ = [('ctx', c_void_p), ('realloc', REALLOC), ('log', LOG), ('now_us', NOW), ('random', RANDOM)]


class Limits(Structure):
    _fields_ = [(name, c_uint64) for name in re.findall(
        r'^    X\((\w+), \d+, "', Path('include/weft/base.h').read_text(), re.MULTILINE)]


class LoopConfig(Structure):
    _fields_ = [('env', POINTER(Env)), ('batch', c_int), ('poll_us', c_uint32)]


class ServerConfig(Structure):
    _fields_ = [('limits', POINTER(Limits)), ('threads', c_uint), ('origins', POINTER(c_char_p)),
                ('trust_proxy', POINTER(c_char_p)), ('hosts', POINTER(c_char_p)),
                ('on_access', c_void_p), ('access_user', c_void_p),
                ('on_traffic', c_void_p), ('base_path', c_char_p)]


class TlsConfig(Structure):
    _fields_ = [('certificates', c_void_p), ('n_certificates', c_size_t), ('insecure', c_bool), ('optional', c_bool),
                ('authorities', c_char_p)]


class ListenOptions(Structure):
    _fields_ = [('mode', c_uint), ('tls', c_void_p)]


class Deflate(Structure):
    _fields_ = [('takeover', c_bool), ('window_bits', c_uint8), ('peer_window_bits', c_uint8), ('keep_window', c_bool),
                ('threshold', c_size_t)]


class Dial(Structure):
    OPEN = CFUNCTYPE(c_int, c_void_p)
    LOOKUP = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
    _fields_ = [('limits', POINTER(Limits)), ('address', c_char_p), ('server_name', c_char_p), ('source', c_char_p),
                ('proxy', c_char_p), ('tls', c_void_p), ('open', OPEN), ('lookup', LOOKUP), ('user', c_void_p)]


class ClientConfig(Structure):
    _fields_ = [('dial', POINTER(Dial)), ('host', c_char_p), ('origin', c_char_p), ('fields', POINTER(c_char_p)),
                ('credentials', c_char_p), ('subprotocols', POINTER(c_char_p)), ('deflate', POINTER(Deflate)),
                ('redirects', c_size_t)]


class PipeHandler(Structure):
    ON_PIPE = CFUNCTYPE(None, c_void_p)
    ON_BYTES = CFUNCTYPE(None, c_void_p, POINTER(c_uint8), c_size_t)
    ON_CLOSE = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
    _fields_ = [('on_open', ON_PIPE), ('on_bytes', ON_BYTES), ('on_drain', ON_PIPE), ('on_close', ON_CLOSE)]


class Handler(Structure):
    _fields_ = [('on_upgrade', ON_UPGRADE), ('on_open', ON_CONN), ('on_message', ON_MESSAGE), ('on_chunk', ON_CHUNK),
                ('on_drain', ON_CONN), ('on_ping', ON_PING), ('on_pong', ON_PONG), ('on_close', ON_CLOSE),
                ('subprotocols', POINTER(c_char_p)), ('deflate', POINTER(Deflate)), ('limits', POINTER(Limits)),
                ('on_leave', ON_LEAVE)]


class ReplyHandler(Structure):
    ON_REPLY = CFUNCTYPE(None, c_void_p)
    ON_LEAVE = CFUNCTYPE(None, c_void_p, c_uint64)
    ON_CLOSE = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
    _fields_ = [('on_drain', ON_REPLY), ('on_leave', ON_LEAVE), ('on_close', ON_CLOSE)]


class RequestHandler(Structure):
    _fields_ = [('on_request', ON_REQUEST), ('methods', c_char_p), ('cors', c_bool), ('limits', POINTER(Limits)),
                ('on_body', c_void_p), ('on_refuse', c_void_p), ('unrefused', c_char_p)]


class RequestWatcher(Structure):
    ON_GONE = CFUNCTYPE(None, c_void_p, c_void_p)
    ON_LEAVE = CFUNCTYPE(None, c_void_p, c_uint64, c_void_p)
    ON_TIME = CFUNCTYPE(None, c_void_p, c_void_p)
    _fields_ = [('on_gone', ON_GONE), ('on_leave', ON_LEAVE), ('on_time', ON_TIME)]


class SessionConfig(Structure):
    _fields_ = [('env', POINTER(Env)), ('limits', POINTER(Limits)), ('chunked', c_bool),
                ('deflate', POINTER(Deflate)), ('pool', c_void_p)]


class TopicSettings(Structure):
    _fields_ = [('policy', c_int), ('history_items', c_uint64), ('history_bytes', c_uint64), ('history_ms', c_uint64),
                ('window_items', c_uint64), ('window_bytes', c_uint64), ('pace', c_uint64), ('max_rate', c_uint64),
                ('max_keys', c_uint64), ('stub_ms', c_uint64)]


class HubConfig(Structure):
    SETTINGS_OF = CFUNCTYPE(c_void_p, c_char_p, c_void_p)
    _fields_ = [('max_topics', c_size_t), ('max_topics_per_conn', c_size_t), ('max_topic_len', c_size_t),
                ('max_stubs', c_size_t), ('memory_max', c_uint64), ('settings', POINTER(TopicSettings)),
                ('settings_of', SETTINGS_OF), ('user', c_void_p), ('silence_ms', c_uint64)]


class ChannelsConfig(Structure):
    _fields_ = [('hub', POINTER(HubConfig)), ('max_message', c_uint64), ('max_batch', c_uint64),
                ('publish_ms', c_uint64), ('heartbeat_ms', c_uint64), ('new_channels', c_uint64), ('rights', c_uint),
                ('any_origin', c_bool), ('on_ask', c_void_p), ('user', c_void_p), ('on_look', c_void_p),
                ('on_event', c_void_p), ('subprotocols', POINTER(c_char_p)), ('deflate', POINTER(Deflate)),
                ('page', Bytes), ('has_presence', c_void_p), ('on_forget', c_void_p), ('may_stay', c_void_p),
                ('address_rate', c_uint64 * 2), ('conn_rate', c_uint64 * 2), ('user_rate', c_uint64 * 2)]


class ChannelGrant(Structure):
    _fields_ = [('rights', c_uint), ('user', c_char_p), ('name', c_char_p), ('lasts_ms', c_uint64),
                ('identity', c_void_p)]


STRUCTS = {'weft_env': Env, 'weft_limits': Limits, 'weft_loop_config': LoopConfig, 'weft_server_config': ServerConfig,
           'weft_tls_config': TlsConfig, 'weft_listen_options': ListenOptions, 'weft_client_config': ClientConfig,
           'weft_dial': Dial, 'weft_pipe_handler': PipeHandler, 'weft_handler': Handler, 'weft_deflate': Deflate,
           'weft_session_config': SessionConfig, 'weft_hub_config': HubConfig, 'weft_reply_handler': ReplyHandler,
           'weft_topic_settings': TopicSettings, 'weft_channels_config': ChannelsConfig, 'weft_channel_grant': ChannelGrant,
           'weft_request_handler': RequestHandler, 'weft_request_watcher': RequestWatcher}


def of_the_future(struct):
    """The struct with two fields more, as a later version has it."""
    return type('Future' + struct.__name__, (struct,), {'_fields_': [('more', c_uint64), ('still_more', c_uint64)]})


def strings(*values):
    return (c_char_p * (len(values) + 1))(*[value.encode() for value in values], None)


# ---- functions ---------------------------------------------------------------------------------

OUT = POINTER(c_void_p)
FUNCTIONS = {
    'weft_version_number': (c_uint32,),
    'weft_message_new_sized': (c_int, OUT, c_void_p, c_size_t, c_int, c_char_p, c_size_t),
    'weft_message_unref': (None, c_void_p),
    'weft_session_pool_new_sized': (c_int, OUT, c_void_p, c_size_t),
    'weft_session_pool_free': (None, c_void_p),
    'weft_session_profile_new_sized': (c_int, OUT, c_void_p, c_size_t, c_size_t, c_size_t, c_size_t),
    'weft_session_profile_unref': (None, c_void_p),
    'weft_handshake_key_sized': (c_int, c_void_p, c_size_t, c_char_p),
    'weft_deflate_offer_sized': (c_int, c_void_p, c_size_t, c_char_p),
    'weft_loop_new_sized': (c_int, OUT, c_void_p, c_size_t, c_size_t),
    'weft_loop_turn': (c_int, c_void_p, c_int),
    'weft_loop_free': (None, c_void_p),
    'weft_server_new_sized': (c_int, OUT, c_void_p, c_void_p, c_size_t, c_size_t),
    'weft_server_free': (None, c_void_p),
    'weft_tls_new_sized': (c_int, OUT, c_void_p, c_size_t, c_void_p, c_size_t, c_char_p, c_size_t),
    'weft_tls_replace_sized': (c_int, c_void_p, c_void_p, c_size_t, c_char_p, c_size_t),
    'weft_tls_unref': (None, c_void_p),
    'weft_server_route_sized': (c_int, c_void_p, c_char_p, c_void_p, c_size_t, c_size_t, c_size_t, c_void_p),
    'weft_server_on_request_sized': (c_int, c_void_p, c_char_p, c_void_p, c_size_t, c_size_t, c_void_p),
    'weft_server_listen_sized': (c_int, c_void_p, c_char_p, c_void_p, c_size_t),
    'weft_server_listen_fd_sized': (c_int, c_void_p, c_int, c_void_p, c_size_t),
    'weft_server_address': (c_int, c_void_p, c_size_t, c_char_p, c_size_t),
    'weft_server_count': (c_uint64, c_void_p, c_int),
    'weft_server_count_closed': (c_uint64, c_void_p, c_uint16),
    'weft_connect_sized': (c_int, OUT, c_void_p, c_char_p, c_void_p, c_size_t, c_size_t, c_size_t, c_void_p, c_size_t,
                           c_size_t, c_void_p),
    'weft_pipe_connect_sized': (c_int, OUT, c_void_p, c_char_p, c_void_p, c_size_t, c_size_t, c_void_p, c_size_t,
                                c_void_p),
    'weft_pipe_write': (c_int, c_void_p, c_char_p, c_size_t),
    'weft_pipe_close': (None, c_void_p),
    'weft_pipe_abort': (None, c_void_p),
    'weft_hub_new_sized': (c_int, OUT, c_void_p, c_void_p, c_size_t, c_size_t),
    'weft_hub_free': (None, c_void_p),
    'weft_channels_new_sized': (c_int, OUT, c_void_p, c_void_p, c_size_t, c_size_t, c_size_t, c_size_t),
    'weft_channels_free': (None, c_void_p),
    'weft_send': (c_int, c_void_p, c_int, c_char_p, c_size_t),
    'weft_close': (c_int, c_void_p, c_uint16, c_char_p),
    'weft_conn_subprotocol': (c_char_p, c_void_p),
    'weft_request_watch_sized': (c_int, c_void_p, c_void_p, c_size_t, c_void_p),
    'weft_respond': (c_int, c_void_p, c_int, c_char_p, c_char_p, c_size_t),
    'weft_piece_new_sized': (c_int, OUT, c_void_p, c_size_t, c_char_p, c_size_t),
    'weft_piece_unref': (None, c_void_p),
    'weft_reply_begin_sized': (c_int, OUT, c_void_p, c_int, c_char_p, c_uint64, c_void_p, c_size_t, c_void_p),
    'weft_reply_write': (c_int, c_void_p, c_char_p, c_size_t),
    'weft_reply_write_piece': (c_int, c_void_p, c_void_p),
    'weft_reply_end': (c_int, c_void_p),
}


class Weft:
    """The library; its functions without "weft_"."""

    def __init__(self):
        library = ctypes.CDLL(LIBRARY)
        for name, (result, *arguments) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix('weft_'), function)
