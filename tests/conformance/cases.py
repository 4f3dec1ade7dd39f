# SPDX-License-Identifier: MIT
"""The cases, in the numbering that people know from the Autobahn testsuite.

    1 framing   2 pings and pongs   3 reserved bits   4 opcodes   5 fragmentation   6 UTF-8
    7 closing   9 sizes and speed   10 messages cut into frames   12 and 13, compression, in cases_deflate.py

case(id, what it does, step, ...): see peer.py for the steps. Where nothing else ends a case, we say goodbye and
weft has to answer.
"""
from typing import NamedTuple, Optional

from deflate import Deal
from peer import (BINARY, CLOSE, CONTINUATION, FRAMES, PING, PONG, TEXT, Bye, Ends, Expect, F, Fail, Refused, Send,
                  Trips, close_frame)

CASES = []
K, M = 1 << 10, 1 << 20
OCTETS = 1
CHOPS = ((0, 'whole'), (FRAMES, 'frame by frame'), (OCTETS, 'octet by octet'))
KINDS = ((TEXT, 'text', b'*'), (BINARY, 'binary', b'\xfe'))
HELLO = F(TEXT, b'Hello, world!')
PROTOCOL, PAYLOAD = 1002, 1007


class Case(NamedTuple):
    ident: str
    does: str
    steps: tuple
    deal: Optional[Deal] = None  # of compression
    sides: tuple = ('server', 'client')


def case(ident, does, *steps, **more):
    if not isinstance(steps[-1], (Fail, Bye, Ends, Refused)):
        steps += (Bye(),)
    CASES.append(Case(ident, does, steps, **more))


def number(prefix, rows, **more):
    """A row may end in a Deal of its own."""
    for i, row in enumerate(rows, 1):
        own = {'deal': row[-1]} if isinstance(row[-1], Deal) else {}
        case(f'{prefix}.{i}', *(row[:-1] if own else row), **more, **own)


def echo(*frames, chop=0, back=None):
    """Sent, and back comes the message, in one frame."""
    whole = F(frames[0].op, b''.join(f.payload for f in frames))
    return Send(*frames, chop=chop), Expect(*(back or [whole]))


def fragments(op, payload, size):
    parts = [payload[i:i + size] for i in range(0, len(payload), size)] or [b'']
    last = len(parts) - 1
    return [F(CONTINUATION if i else op, part, i == last) for i, part in enumerate(parts)]


# ---- 1 framing -------------------------------------------------------------------------------------

for i, (op, kind, byte) in enumerate(KINDS, 1):
    number(f'1.{i}', [(f'{kind} of {n} bytes', *echo(F(op, byte * n)))
                      for n in (0, 125, 126, 127, 128, 65535, 65536)])
    case(f'1.{i}.8', f'{kind} of 65536 bytes, in segments of 997', *echo(F(op, byte * 65536), chop=997))
    case(f'1.{i}.9', f'{kind} of 200 bytes, octet by octet', *echo(F(op, byte * 200), chop=OCTETS))

# ---- 2 pings and pongs -----------------------------------------------------------------------------

TEN_PINGS = [F(PING, b'payload-%d' % i) for i in range(10)]
TEN_PONGS = [F(PONG, f.payload) for f in TEN_PINGS]


def ping(payload, chop=0):
    return Send(F(PING, payload), chop=chop), Expect(F(PONG, payload))


number('2', [
    ('a ping without payload', *ping(b'')),
    ('a ping with a small text', *ping(b'Hello, world!')),
    ('a ping that is no UTF-8', *ping(b'\x00\xff\xfe\xfd\xfc\xfb\x00\xff')),
    ('a ping of 125 bytes', *ping(b'\xfe' * 125)),
    ('a ping of 126 bytes', Send(F(PING, b'\xfe' * 126)), Fail(PROTOCOL)),
    ('a ping of 125 bytes, octet by octet', *ping(b'\xfe' * 125, OCTETS)),
    ('a pong that nobody asked for', Send(F(PONG))),
    ('a pong that nobody asked for, with payload', Send(F(PONG, b'unsolicited pong payload'))),
    ('a pong that nobody asked for, then a ping', Send(F(PONG, b'unsolicited pong payload')), *ping(b'ping payload')),
    ('ten pings at once', Send(*TEN_PINGS), Expect(*TEN_PONGS)),
    ('ten pings, octet by octet', Send(*TEN_PINGS, chop=OCTETS), Expect(*TEN_PONGS)),
])

# ---- 3 reserved bits -------------------------------------------------------------------------------

number('3', [
    ('text with RSV 1', Send(HELLO._replace(rsv=1)), Fail(PROTOCOL)),
    ('text, text with RSV 2, ping', Send(HELLO, HELLO._replace(rsv=2), F(PING)), Expect(HELLO), Fail(PROTOCOL)),
    ('text, text with RSV 3, ping, frame by frame',
     Send(HELLO, HELLO._replace(rsv=3), F(PING), chop=FRAMES), Expect(HELLO), Fail(PROTOCOL)),
    ('text, text with RSV 4, ping, octet by octet',
     Send(HELLO, HELLO._replace(rsv=4), F(PING), chop=OCTETS), Expect(HELLO), Fail(PROTOCOL)),
    ('binary with RSV 5', Send(F(BINARY, b'\x00\xff\xfe\xfd\xfc\xfb\x00\xff', rsv=5)), Fail(PROTOCOL)),
    ('ping with RSV 6', Send(F(PING, b'Hello, world!', rsv=6)), Fail(PROTOCOL)),
    ('Close with RSV 7', Send(F(CLOSE, b'\x03\xe8', rsv=7)), Fail(PROTOCOL)),
    ('a continuation with RSV 1', Send(F(TEXT, b'a', False), F(CONTINUATION, b'b', rsv=1)), Fail(PROTOCOL)),
])

# ---- 4 opcodes -------------------------------------------------------------------------------------

for i, first in ((1, 3), (2, 11)):
    number(f'4.{i}', [
        (f'opcode {first}', Send(F(first)), Fail(PROTOCOL)),
        (f'opcode {first + 1} with payload', Send(F(first + 1, b'reserved')), Fail(PROTOCOL)),
        (f'text, opcode {first + 2}, ping', Send(HELLO, F(first + 2), F(PING)), Expect(HELLO), Fail(PROTOCOL)),
        (f'text, opcode {first + 3} with payload, ping, frame by frame',
         Send(HELLO, F(first + 3, b'reserved'), F(PING), chop=FRAMES), Expect(HELLO), Fail(PROTOCOL)),
        (f'text, opcode {first + 4} with payload, ping, octet by octet',
         Send(HELLO, F(first + 4, b'reserved'), F(PING), chop=OCTETS), Expect(HELLO), Fail(PROTOCOL)),
    ])

# ---- 5 fragmentation -------------------------------------------------------------------------------

TWO = fragments(TEXT, b'fragment1fragment2', 9)
FIVE = fragments(TEXT, b'fragment1fragment2fragment3fragment4fragment5', 9)
LONE, LONE_MORE = F(CONTINUATION, b'non-continuation payload'), F(CONTINUATION, b'non-continuation payload', False)
PING1, PING2 = F(PING, b'pongme 1!'), F(PING, b'pongme 2!')
PONG1, PONG2 = (F(PONG, f.payload) for f in (PING1, PING2))
WHOLE2, WHOLE5 = F(TEXT, b'fragment1fragment2'), F(TEXT, b'fragment1fragment2fragment3fragment4fragment5')

number('5', [
    ('a ping in two fragments', Send(F(PING, b'fragment1', False), F(CONTINUATION, b'fragment2')), Fail(PROTOCOL)),
    ('a pong in two fragments', Send(F(PONG, b'fragment1', False), F(CONTINUATION, b'fragment2')), Fail(PROTOCOL)),
    *[(f'text in two fragments, {how}', *echo(*TWO, chop=chop)) for chop, how in CHOPS],
    *[(f'text in two fragments, a ping between, {how}',
       Send(TWO[0], PING1, TWO[1], chop=chop), Expect(PONG1, WHOLE2)) for chop, how in CHOPS],
    *[(f'a last fragment of nothing, then text, {how}', Send(LONE, HELLO, chop=chop), Fail(PROTOCOL))
      for chop, how in CHOPS],
    *[(f'a fragment of nothing, then text, {how}', Send(LONE_MORE, HELLO, chop=chop), Fail(PROTOCOL))
      for chop, how in CHOPS],
    ('text in two fragments, a fragment of nothing, text', Send(*TWO, LONE_MORE, HELLO), Expect(WHOLE2), Fail(PROTOCOL)),
    ('twice: a fragment of nothing, text in two fragments', Send(*(LONE_MORE, *TWO) * 2), Fail(PROTOCOL)),
    ('twice: a last fragment of nothing, text in two fragments', Send(*(LONE, *TWO) * 2), Fail(PROTOCOL)),
    ('text in two fragments that both say text', Send(TWO[0], F(TEXT, b'fragment2')), Fail(PROTOCOL)),
    ('five fragments, pings between, in two bursts',
     Send(*FIVE[:2], PING1), Expect(PONG1), Send(*FIVE[2:4], PING2, FIVE[4]), Expect(PONG2, WHOLE5)),
    ('five fragments, pings between, frame by frame',
     Send(*FIVE[:2], PING1, chop=FRAMES), Expect(PONG1),
     Send(*FIVE[2:4], PING2, FIVE[4], chop=FRAMES), Expect(PONG2, WHOLE5)),
    ('five fragments, pings between, octet by octet',
     Send(*FIVE[:2], PING1, chop=OCTETS), Expect(PONG1),
     Send(*FIVE[2:4], PING2, FIVE[4], chop=OCTETS), Expect(PONG2, WHOLE5)),
    ('binary in two fragments, octet by octet', *echo(*fragments(BINARY, bytes(range(256)), 128), chop=OCTETS)),
    ('a binary message that begins inside a text', Send(TWO[0], F(BINARY, b'x')), Fail(PROTOCOL)),
    ('an empty first, an empty middle, an empty last fragment', *echo(*[F(TEXT, b'', False), F(CONTINUATION, b'', False),
                                                                     F(CONTINUATION)])),
    ('Close between fragments', Send(TWO[0], close_frame(1000)), Ends(1000)),
])

# ---- 6 UTF-8 ---------------------------------------------------------------------------------------

KOSME = 'κ\u1f79σμε'.encode()
GREETING = 'Hello-µ@ßöäüàá-UTF-8!!'.encode()
EDITED, SURROGATE, ABOVE = b'edited', b'\xed\xa0\x80', b'\xf4\x90\x80\x80'


def utf8(valid, payload):
    return echo(F(TEXT, payload)) if valid else (Send(F(TEXT, payload)), Fail(PAYLOAD))


def ladder(section, about, valid, payloads):
    number(section, [(f'{about}: {p[:12].hex()}{"..." if len(p) > 12 else ""}', *utf8(valid, p)) for p in payloads])


number('6.1', [
    ('empty text', *echo(F(TEXT))),
    ('text in three empty fragments', *echo(*[F(TEXT, b'', False), F(CONTINUATION, b'', False), F(CONTINUATION)])),
    ('text in three fragments, the first and the last empty',
     *echo(F(TEXT, b'', False), F(CONTINUATION, b'middle frame payload', False), F(CONTINUATION))),
])
number('6.2', [
    ('valid text', *echo(F(TEXT, GREETING))),
    ('valid text in two fragments, cut between code points', *echo(*fragments(TEXT, GREETING, 8))),
    ('valid text in fragments of a byte', *echo(*fragments(TEXT, GREETING, 1))),
    ('a Greek word in fragments of a byte', *echo(*fragments(TEXT, KOSME, 1))),
    ('valid text, octet by octet', *echo(F(TEXT, GREETING), chop=OCTETS)),
    ('a ping inside a code point', Send(F(TEXT, KOSME[:1], False), PING1, F(CONTINUATION, KOSME[1:])),
     Expect(PONG1, F(TEXT, KOSME))),
])
number('6.3', [
    ('a surrogate in valid text', *utf8(False, KOSME + SURROGATE + EDITED)),
    ('a surrogate in valid text, fragments of a byte',
     Send(*fragments(TEXT, KOSME + SURROGATE + EDITED, 1)), Fail(PAYLOAD)),
])


def part_of_frame(op, payload, sent, rsv=0):
    """The first bytes of a frame, and no more."""
    class Part(Send):
        def play(self, peer):
            wire = peer.encode(F(op, payload, rsv=rsv))
            peer.send(wire[:len(wire) - len(payload) + sent])
    return Part()


number('6.4', [
    ('what lies above U+10FFFF fails at once: before the last fragment',
     Send(F(TEXT, KOSME, False)), Send(F(CONTINUATION, ABOVE, False)), Fail(PAYLOAD)),
    ('... at the byte that makes it so, in a fragment of its own',
     Send(F(TEXT, KOSME + ABOVE[:1], False)), Send(F(CONTINUATION, ABOVE[1:2], False)), Fail(PAYLOAD)),
    ('... before the end of the frame', part_of_frame(TEXT, KOSME + ABOVE + EDITED, len(KOSME) + 4), Fail(PAYLOAD)),
    ('... at the byte that makes it so, before the end of the frame',
     part_of_frame(TEXT, KOSME + ABOVE + EDITED, len(KOSME) + 2), Fail(PAYLOAD)),
    ('a surrogate fails at its second byte', part_of_frame(TEXT, KOSME + SURROGATE + EDITED, len(KOSME) + 2), Fail(PAYLOAD)),
    ('an overlong form fails at its first byte', part_of_frame(TEXT, b'\xc0\x80' + EDITED, 1), Fail(PAYLOAD)),
])

FIRSTS = [chr(c).encode() for c in (0, 0x80, 0x800, 0x10000)]
LASTS = [chr(c).encode() for c in (0x7f, 0x7ff, 0xffff, 0x10ffff)]
STARTS = [bytes([c]) + b' ' for c in range(0xc0, 0x100)]
MISSING = [b'\xc0', b'\xe0\x80', b'\xf0\x80\x80', b'\xf8\x80\x80\x80', b'\xfc\x80\x80\x80\x80',
           b'\xdf', b'\xef\xbf', b'\xf7\xbf\xbf', b'\xfb\xbf\xbf\xbf', b'\xfd\xbf\xbf\xbf\xbf']
SURROGATES = [b'\xed\xa0\x80', b'\xed\xad\xbf', b'\xed\xae\x80', b'\xed\xaf\xbf',
              b'\xed\xb0\x80', b'\xed\xbe\x80', b'\xed\xbf\xbf']

ladder('6.5', 'some valid text', True, [KOSME, GREETING, '$¢€𤭢'.encode(), '\ufeffBOM'.encode(), 'a\0b'.encode()])
number('6.6', [(f'the first {n} bytes of a Greek word', *utf8(n in (0, 2, 5, 7, 9, 11), KOSME[:n]))
               for n in range(1, len(KOSME) + 1)])
ladder('6.7', 'the first of its length', True, FIRSTS)
ladder('6.8', 'the first of a length that is not', False, [b'\xf8\x88\x80\x80\x80', b'\xfc\x84\x80\x80\x80\x80'])
ladder('6.9', 'the last of its length', True, LASTS)
ladder('6.10', 'the last of a length, too high', False,
       [b'\xf7\xbf\xbf\xbf', b'\xfb\xbf\xbf\xbf\xbf', b'\xfd\xbf\xbf\xbf\xbf\xbf'])
ladder('6.11', 'a boundary', True, [chr(c).encode() for c in (0xd7ff, 0xe000, 0xfffd, 0x10ffff)])
case('6.11.5', 'a boundary: just above U+10FFFF', *utf8(False, ABOVE))
ladder('6.12', 'continuation bytes alone', False,
       [b'\x80', b'\xbf', *[b'\x80\xbf' * n for n in (1, 2, 3)], b'\x80\xbf\x80', b'\x80\xbf\x80\xbf\x80',
        bytes(range(0x80, 0xc0))])
ladder('6.13', 'start bytes alone', False,
       [b''.join(STARTS[a:b]) for a, b in ((0, 32), (32, 48), (48, 56), (56, 60), (60, 62))])
ladder('6.14', 'the last byte is missing', False, MISSING)
case('6.15.1', 'all of these after each other', *utf8(False, b''.join(MISSING)))
ladder('6.16', 'a byte that never is', False, [b'\xfe', b'\xff', b'\xfe\xfe\xff\xff'])
ladder('6.17', 'an overlong slash', False,
       [b'\xc0\xaf', b'\xe0\x80\xaf', b'\xf0\x80\x80\xaf', b'\xf8\x80\x80\x80\xaf', b'\xfc\x80\x80\x80\x80\xaf'])
ladder('6.18', 'the longest overlong form', False,
       [b'\xc1\xbf', b'\xe0\x9f\xbf', b'\xf0\x8f\xbf\xbf', b'\xf8\x87\xbf\xbf\xbf', b'\xfc\x83\xbf\xbf\xbf\xbf'])
ladder('6.19', 'an overlong NUL', False,
       [b'\xc0\x80', b'\xe0\x80\x80', b'\xf0\x80\x80\x80', b'\xf8\x80\x80\x80\x80', b'\xfc\x80\x80\x80\x80\x80'])
ladder('6.20', 'a surrogate', False, SURROGATES)
ladder('6.21', 'a pair of surrogates', False, [high + low for high in SURROGATES[:4] for low in SURROGATES[4::2]])
ladder('6.22', 'a noncharacter', True,
       [chr(plane << 16 | c).encode() for plane in range(17) for c in (0xfffe, 0xffff)])
ladder('6.23', 'a special', True, [chr(c).encode() for c in range(0xfff9, 0xfffe)])

# ---- 7 closing -------------------------------------------------------------------------------------

CLOSE_1000 = close_frame(1000)
REASON = b'*' * 123

number('7.1', [
    ('text, then Close', *echo(HELLO), Bye()),
    ('two Closes', Send(CLOSE_1000, CLOSE_1000), Ends()),
    ('a ping behind a Close', Send(CLOSE_1000, F(PING)), Ends()),
    ('text behind a Close', Send(CLOSE_1000, HELLO), Ends()),
    ('Close between two fragments', Send(TWO[0], CLOSE_1000, TWO[1]), Ends()),
    ('text of 256 KiB, Close, ping', Send(F(TEXT, b'B' * 256 * K), CLOSE_1000, F(PING)),
     Expect(F(TEXT, b'B' * 256 * K)), Ends()),
    ('Close, octet by octet', Send(CLOSE_1000, chop=OCTETS), Ends()),
])
number('7.3', [
    ('Close without payload', Send(F(CLOSE)), Ends(None)),
    ('Close with one byte', Send(F(CLOSE, b'a')), Fail(PROTOCOL)),
    ('Close with a code', Bye(1000)),
    ('Close with a code and a reason', Bye(1000, b'Hello World!')),
    ('Close with the longest reason', Bye(1000, REASON)),
    ('Close with a reason that is a byte longer', Send(close_frame(1000, REASON + b'*')), Fail(PROTOCOL)),
])
number('7.5', [
    ('a reason that is no UTF-8', Send(close_frame(1000, KOSME + SURROGATE + EDITED)), Fail(PAYLOAD)),
    ('a reason that ends inside a code point', Send(close_frame(1000, KOSME[:-1])), Fail(PAYLOAD)),
    ('a reason in Greek', Bye(1000, KOSME)),
])
number('7.7', [(f'Close with code {code}', Bye(code))
               for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)])
number('7.9', [(f'Close with code {code}', Send(close_frame(code)), Fail(PROTOCOL))
               for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999)])
number('7.13', [(f'Close with code {code}', Send(close_frame(code)), Fail(PROTOCOL)) for code in (5000, 65535)])

# ---- 9 sizes and speed -----------------------------------------------------------------------------

for i, (op, kind, byte) in enumerate(KINDS):
    number(f'9.{1 + i}', [(f'{kind} of {n // K} KiB in one frame', *echo(F(op, byte * n)))
                          for n in (64 * K, 256 * K, M, 4 * M, 8 * M, 16 * M)])
    number(f'9.{3 + i}', [(f'{kind} of 4 MiB in fragments of {n}', *echo(*fragments(op, byte * 4 * M, n)))
                          for n in (64, 256, K, 4 * K, 16 * K, 64 * K, 256 * K, M, 4 * M)])
    number(f'9.{5 + i}', [(f'{kind} of 1 MiB in segments of {n}', *echo(F(op, byte * M), chop=n))
                          for n in (64, 128, 256, 512, K, 2 * K)])
    number(f'9.{7 + i}', [(f'1000 round trips of {n} bytes, {kind}', Trips(F(op, byte * n), 1000))
                          for n in (0, 16, 64, 256, K, 4 * K, 16 * K, 64 * K, 128 * K)])

# ---- 10 messages cut into frames -------------------------------------------------------------------

number('10.1', [(f'{kind} of 64 KiB in frames of {n}', *echo(*fragments(op, byte * 65536, n)))
                for op, kind, byte in KINDS for n in (1300, 1024, 65535)])
