# SPDX-License-Identifier: MIT
"""The cases of compression: 12 and 13 of the Autobahn testsuite, and what it leaves out.

    12.1-12.5    five kinds of data, of 16 to 131072 bytes and in fragments, with context takeover
    12.6         the first of them again, every message for itself
    12.10-12.17  what compressed messages may look like, and what they may not
    13.1-13.7    seven ways to agree, over the same sizes
    13.8-13.11   takeover and windows, each way: every combination that we ask for, and those that weft asks for
    13.12        what a server makes of offers
    13.14        and of what is none
    13.13        what a client makes of answers

Groups 12.1 to 13.11 play Peer.count messages a case (1000).
"""
import itertools
import random

from cases import CONTINUATION, FRAMES, HELLO, K, M, OCTETS, PAYLOAD, PROTOCOL, case, echo, fragments, number, part_of_frame
from data import KINDS, messages
from deflate import NAME, Deal, Params, deflated, stored
from peer import BINARY, CLOSE, PING, PONG, TEXT, Bye, Echoes, Expect, F, Fail, Refused, Send

TOO_BIG = 1009
ANY = f'{NAME}; client_max_window_bits'
SERVER_ALONE, CLIENT_ALONE = 'server_no_context_takeover', 'client_no_context_takeover'
SHARED = f'{NAME}; {SERVER_ALONE}; {CLIENT_ALONE}'
DEFAULT = f'{NAME}; {CLIENT_ALONE}; client_max_window_bits'  # what Autobahn offers

FRESH = Deal('shared', (DEFAULT,), SHARED, SHARED)
KEPT = Deal('takeover', (ANY,), f'{NAME}; client_max_window_bits=12', f'{NAME}; server_max_window_bits=12')

# ---- messages by the thousand ----------------------------------------------------------------------

SIZES = [(n, 0) for n in (16, 64, 256, K, 4 * K, 8 * K, 16 * K, 32 * K, 64 * K, 128 * K)] + [
    (8 * K, 256), (16 * K, 256), (32 * K, 256), (64 * K, 256), (128 * K, 256), (128 * K, K), (128 * K, 4 * K),
    (128 * K, 32 * K)]


def one_kind(kind, size):
    def those(count):
        for data in itertools.islice(itertools.cycle(messages(kind, size)), count):
            yield KINDS[kind][0], data, True
    return those


def of_all_kinds(count):
    """Sizes from 1 byte to 20 KiB, every fifth message not compressed."""
    rng = random.Random(1)
    for i in range(count):
        kind = rng.choice(list(KINDS))
        yield KINDS[kind][0], rng.choice(messages(kind, rng.choice((1, 16, 100, 256, K, 4 * K, 20000)))), i % 5 > 0


def all_sizes(prefix, kind, deal):
    for i, (size, fragment) in enumerate(SIZES, 1):
        how = f', in fragments of {fragment}' if fragment else ''
        case(f'{prefix}.{i}', f'{kind} of {size} bytes{how}',
             Echoes(one_kind(kind, size), fragment, size >= 256 and kind != 'compressed data'), deal=deal)


for i, kind in enumerate(KINDS, 1):
    all_sizes(f'12.{i}', kind, KEPT._replace(offers=(DEFAULT,), wants=...))
all_sizes('12.6', 'JSON', FRESH)

# ---- 12.10 what is legal ---------------------------------------------------------------------------

Z_HELLO = bytes.fromhex('f248cdc9c90700')  # RFC 7692, 7.2.3
Z_AGAIN = bytes.fromhex('f200110000')
TAIL = b'\0\0\xff\xff'
NOISE = bytes(random.Random(3).choices(range(0x20, 0x7f), k=50 * K))
TALE = 'Die Kette, der Schuß, и уток. '.encode() * 40


def z(payload, op=TEXT, fin=True):
    return F(op, payload, fin, 4)


def z_fragments(payload, size, op=TEXT):
    first, *rest = fragments(op, payload, size)
    return [first._replace(rsv=4), *rest]


def heard(*texts):
    return Expect(*(F(TEXT, text) for text in texts))


number('12.10', [
    ('a compressed text', Send(z(Z_HELLO)), heard(b'Hello')),
    ('the same, octet by octet', Send(z(Z_HELLO), chop=OCTETS), heard(b'Hello')),
    ('in fragments of a byte', Send(*z_fragments(deflated(TALE), 1)), heard(TALE)),
    ('in fragments of a byte, frame by frame', Send(*z_fragments(Z_HELLO, 1), chop=FRAMES), heard(b'Hello')),
    ('a first fragment of nothing', Send(*z_fragments(Z_HELLO, 9)[:0], z(b'', fin=False), F(CONTINUATION, Z_HELLO)),
     heard(b'Hello')),
    ('a last fragment of nothing', Send(z(Z_HELLO, fin=False), F(CONTINUATION)), heard(b'Hello')),
    ('a fragment of nothing in the middle',
     Send(z(Z_HELLO[:3], fin=False), F(CONTINUATION, b'', False), F(CONTINUATION, Z_HELLO[3:])), heard(b'Hello')),
    ('nothing, as one byte', Send(z(b'\0')), heard(b'')),
    ('nothing, as none', Send(z(b'')), heard(b'')),
    ('nothing, as two fragments of none', Send(z(b'', fin=False), F(CONTINUATION)), heard(b'')),
    ('nothing, then something', Send(z(b'\0'), z(b''), z(Z_HELLO)), heard(b'', b'', b'Hello')),
    ('a message that refers to the one before', Send(z(Z_HELLO), z(Z_AGAIN)), heard(b'Hello', b'Hello')),
    ('... with messages between that are not compressed',
     Send(z(Z_HELLO), HELLO, F(TEXT, b'a', False), F(CONTINUATION, b'b'), z(Z_AGAIN)),
     Expect(F(TEXT, b'Hello'), HELLO, F(TEXT, b'ab'), F(TEXT, b'Hello'))),
    ('pings and pongs between fragments',
     Send(z(Z_HELLO[:2], fin=False), F(PING, b'1'), F(CONTINUATION, Z_HELLO[2:4], False), F(PONG), F(PING, b'2'),
          F(CONTINUATION, Z_HELLO[4:])), Expect(F(PONG, b'1'), F(PONG, b'2'), F(TEXT, b'Hello'))),
    ('a message that is not compressed', *echo(HELLO)),
    ('a message in fragments that is not compressed', *echo(*fragments(TEXT, TALE, 100))),
    ('a code point over two fragments', Send(*z_fragments(stored('Schuß'.encode()) + b'\0', 10)), heard('Schuß'.encode())),
    ('binary that is no UTF-8', Send(z(deflated(b'\xff' * 500), BINARY)), Expect(F(BINARY, b'\xff' * 500))),
    ('a megabyte', Send(z(deflated(TALE * 700 + NOISE))), heard(TALE * 700 + NOISE)),
], deal=KEPT)

number('12.11', [
    ('a stored block', Send(z(stored(b'Hello') + b'\0')), heard(b'Hello')),
    ('a stored block of 65535 bytes', Send(z(stored(b'x' * 65535) + b'\0')), heard(b'x' * 65535)),
    ('two blocks', Send(z(bytes.fromhex('f248050000 00ffffcac9c90700'))), heard(b'Hello')),
    ('a block for each byte', Send(z(b''.join(stored(b'%c' % c) for c in b'Hello') + b'\0')), heard(b'Hello')),
    ('empty blocks around', Send(z((b'\0' + TAIL) * 3 + Z_HELLO + TAIL + b'\0')), heard(b'Hello')),
    ('BFINAL', Send(z(deflated(TALE, final=True))), heard(TALE)),
    ('BFINAL, and a message that refers to it', Send(z(bytes.fromhex('f348cdc9c9070000')), z(Z_AGAIN)),
     heard(b'Hello', b'Hello')),
    ('BFINAL, and more behind it', Send(z(deflated(b'Hello', final=True)[:-1] + Z_AGAIN)), heard(b'HelloHello')),
    ('nothing with BFINAL', Send(z(bytes.fromhex('030000'))), heard(b'')),
    ('a stored block with BFINAL', Send(z(b'\1' + stored(b'Hello')[1:] + b'\0')), heard(b'Hello')),
    # Whoever forgets the empty block, or to cut its tail, has left nothing out; zlib's users take it, and so do we.
    ('BFINAL, and no block behind it', Send(z(bytes.fromhex('f348cdc9c90700')), z(Z_AGAIN)), heard(b'Hello', b'Hello')),
    ('a tail that was not cut off', Send(z(Z_HELLO + TAIL), z(Z_AGAIN)), heard(b'Hello', b'Hello')),
    ('a tail that was not cut off, in fragments of a byte', Send(*z_fragments(Z_HELLO + TAIL, 1), z(Z_AGAIN)),
     heard(b'Hello', b'Hello')),
], deal=KEPT)

# ---- 12.12 what is not -----------------------------------------------------------------------------

HEAD, REST = z(Z_HELLO[:2], fin=False), F(CONTINUATION, Z_HELLO[2:])

number('12.12', [
    ('the bit on the second fragment too', Send(HEAD, REST._replace(rsv=4)), Fail(PROTOCOL)),
    ('the bit on the second fragment only', Send(F(TEXT, b'a', False), z(Z_HELLO, CONTINUATION)), Fail(PROTOCOL)),
    *[(f'the bit on {name}', Send(F(op, payload, rsv=4)), Fail(PROTOCOL))
      for op, name, payload in ((PING, 'a ping', b'x'), (PONG, 'a pong', b''), (CLOSE, 'a Close', b'\x03\xe8'),
                                (3, 'a reserved opcode', b''), (11, 'a reserved control opcode', b''))],
    ('the bit on a ping between fragments', Send(HEAD, F(PING, b'', rsv=4), REST), Fail(PROTOCOL)),
    *[(f'RSV {rsv}', Send(F(TEXT, Z_HELLO, rsv=rsv)), Fail(PROTOCOL)) for rsv in (1, 2, 3, 5, 6, 7)],
    ('a new message inside a compressed one', Send(HEAD, z(Z_HELLO)), Fail(PROTOCOL)),
], deal=KEPT)
case('12.12.16', 'the bit, and nothing was agreed on', Send(z(Z_HELLO)), Fail(PROTOCOL))

number('12.13', [
    ('a reserved kind of block', Send(z(b'\x07')), Fail(PAYLOAD)),
    ('... noticed before the last fragment', Send(z(b'\x07', fin=False)), Fail(PAYLOAD)),
    ('... and before the end of the frame', part_of_frame(TEXT, b'\x07' * 100, 1, 4), Fail(PAYLOAD)),
    ('a stored block whose lengths do not agree', Send(z(b'\0\5\0\xfa\xfeHello\0')), Fail(PAYLOAD)),
    ('a reference to before the beginning', Send(z(Z_AGAIN)), Fail(PAYLOAD)),
    ('a code that means nothing', Send(z(b'\x04' + b'\xff' * 20)), Fail(PAYLOAD)),
    ('plain text that claims to be compressed', Send(z(b'Hello, world!')), Fail(PAYLOAD)),
    ('the end inside a block', Send(z(Z_HELLO[:3])), Fail(PAYLOAD)),
    ('the last byte is missing', Send(z(Z_HELLO[:-1])), Fail(PAYLOAD)),
    ('a stored block that promises more than there is', Send(z(stored(b'x' * 100)[:50])), Fail(PAYLOAD)),
    ('half a head of a stored block', Send(z(Z_HELLO + b'\0\0')), Fail(PAYLOAD)),
    ('rubbish behind BFINAL', Send(z(bytes.fromhex('f348cdc9c90700') + b'\xff\xff\xff')), Fail(PAYLOAD)),
    ('what was good before is answered', Send(z(Z_HELLO), z(b'\x07')), heard(b'Hello'), Fail(PAYLOAD)),
], deal=KEPT)
number('12.14', [
    ('a reference to the message before, without takeover', Send(z(Z_HELLO), z(Z_AGAIN)), heard(b'Hello'), Fail(PAYLOAD)),
    ('messages that are complete, without takeover', Send(z(Z_HELLO), z(Z_HELLO)), heard(b'Hello', b'Hello')),
], deal=FRESH)
number('12.15', [
    ('no UTF-8', Send(z(deflated(b'abc\xff'))), Fail(PAYLOAD)),
    ('... noticed before the last fragment', Send(z(deflated(b'abc\xff'), fin=False)), Fail(PAYLOAD)),
    ('... and before the end of the frame', part_of_frame(TEXT, stored(b'a\xff' + b'b' * 500), 20, 4), Fail(PAYLOAD)),
    ('a surrogate over two fragments', Send(*z_fragments(stored(b'\xed\xa0\x80')[:-1] + b'\0', 6)), Fail(PAYLOAD)),
    ('text that ends inside a code point', Send(z(deflated('ß'.encode()[:1]))), Fail(PAYLOAD)),
    ('no UTF-8 far inside', Send(z(deflated(b'a' * 100000 + b'\xc0' + b'a' * 100000))), Fail(PAYLOAD)),
    ('the same as binary', Send(z(deflated(b'abc\xff'), BINARY)), Expect(F(BINARY, b'abc\xff'))),
], deal=KEPT)


class Large(Send):
    """33 MiB, a hundredth of it on the wire: more than the limit, and no bomb."""

    def __init__(self):
        super().__init__()

    def play(self, peer):
        rng = random.Random(2)
        peer.send(peer.encode(z(deflated(b''.join(rng.randbytes(32) + bytes(4064) for _ in range(33 * 256))), BINARY)))


number('12.16', [
    ('more than 32 MiB when inflated', Large(), Fail(TOO_BIG)),
    ('more than 200 to 1, beyond a megabyte', Send(z(deflated(bytes(8 * M)), BINARY)), Fail(TOO_BIG)),
    ('... noticed before the last fragment', Send(z(deflated(bytes(8 * M)), BINARY, False)), Fail(TOO_BIG)),
    ('a megabyte, a thousand to 1', Send(z(deflated(bytes(M)), BINARY)), Expect(F(BINARY, bytes(M)))),
], deal=FRESH)
number('12.17', [
    ('Close behind a compressed message', Send(z(Z_HELLO)), heard(b'Hello'), Bye()),
    ('Close between the fragments of one', Send(HEAD), Bye()),
], deal=KEPT)

# ---- 13 agreed on ----------------------------------------------------------------------------------


def asked(*rows):
    """(whether the peer goes without takeover, its window or 0) as Autobahn's client offers, one after the other."""
    return ', '.join(DEFAULT + (f'; {SERVER_ALONE}' if alone else '') + (f'; server_max_window_bits={bits}' if bits else '')
                     for alone, bits in rows)


def told(alone, bits):
    """The same as its server answers."""
    return (f'{NAME}; server_max_window_bits=12' + (f'; {CLIENT_ALONE}' if alone else '')
            + (f'; client_max_window_bits={bits}' if bits else ''))


WAYS = [[(False, 0)], [(True, 0)], [(False, 9)], [(False, 15)], [(True, 9)], [(True, 15)],
        [(True, 9), (True, 0), (False, 0)]]

for i, rows in enumerate(WAYS, 1):
    all_sizes(f'13.{i}', 'JSON', Deal('takeover', (asked(*rows),), answer=told(*rows[0])))


def combination(params, weft, **more):
    words = [f'server {params.server_bits}', f'client {params.client_bits}']
    words[0] += '' if params.server_takeover else ' without takeover'
    words[1] += '' if params.client_takeover else ' without takeover'
    return f'{weft}: {", ".join(words)}', Echoes(of_all_kinds, fragment=more.get('fragment', 0))


def agreements(prefix, rows):
    for i, (params, deal, fragment) in enumerate(rows, 1):
        does, *steps = combination(params, deal.weft, fragment=fragment)
        case(f'{prefix}.{i}', does + (f', in fragments of {fragment}' if fragment else ''), *steps, deal=deal)


def as_asked(params, fragment=0):
    """We ask for it, in either role."""
    offer = params.text() if params.client_bits < 15 else params.text(open_bits=True)
    return params, Deal('takeover:15:15:1', (offer,), params.text(), params.text()), fragment


def as_weft_wants(takeover, ours, theirs):
    """weft asks for windows: of what it sends, and of what it gets."""
    weft = f'{"takeover" if takeover else "shared"}:{ours}:{theirs}:1'
    bits = f'; client_max_window_bits={theirs}' if theirs < 15 else ''
    answer = (f'{NAME}; client_max_window_bits={ours}' + ('' if takeover else f'; {SERVER_ALONE}; {CLIENT_ALONE}')
              + (f'; server_max_window_bits={theirs}' if theirs < 15 else ''))
    wants = (NAME if takeover else SHARED) + bits
    return Params(takeover, takeover, ours, theirs), Deal(weft, (ANY,), wants, answer), 0


WINDOWS = (8, 9, 15)
agreements('13.8', [as_asked(Params(*p)) for p in itertools.product((True, False), (True, False), WINDOWS, WINDOWS)])
agreements('13.9', [as_asked(Params(True, True, bits, bits), 256) for bits in range(8, 16)])
agreements('13.10', [as_weft_wants(True, a, b) for a in WINDOWS for b in WINDOWS])
agreements('13.11', [as_weft_wants(False, a, b) for a in WINDOWS for b in WINDOWS])

# ---- 13.12 offers ----------------------------------------------------------------------------------

TALK = Send(z(deflated(TALE))), heard(TALE)
SILENT = Send(z(Z_HELLO)), Fail(PROTOCOL)
BITS = ('client_max_window_bits', 'server_max_window_bits')

PASSED_OVER = [
    'x', f'{NAME}; x', f'{NAME}; x=1', 'permessage-bzip2', 'Permessage-Deflate2', 'x-webkit-deflate-frame', '', ',', ', ,',
    *[f'{NAME}; {flag}={value}' for flag in (SERVER_ALONE, CLIENT_ALONE) for value in ('1', 'true')],
    *[f'{NAME}; {flag}; {flag}' for flag in (SERVER_ALONE, CLIENT_ALONE)],
    *[f'{NAME}; {bits}={value}' for bits in BITS
      for value in ('0', '7', '16', '08', '+8', '-8', '8.0', '0x8', '8x', '100', '4294967304', "'9'")],
    f'{NAME}; server_max_window_bits', f'{NAME}; Server_Max_Window_Bits=9', f'{NAME}; CLIENT_NO_CONTEXT_TAKEOVER',
    f'{NAME}; server_max_window_bits=9; server_max_window_bits=9',
    f'{NAME}; client_max_window_bits; client_max_window_bits=9',
    f'{NAME}; client_max_window_bits=9; client_max_window_bits',
]
MALFORMED = [
    f'{NAME};', f'{NAME}; ;', f'{NAME} x', f'"{NAME}"', f'{NAME}=1', f'x; y="a, {NAME}', f'{ANY}, ;', f'{ANY}, x; =1',
    *[f'{NAME}; {flag}=""' for flag in (SERVER_ALONE, CLIENT_ALONE)],
    *[f'{NAME}; {bits}={value}' for bits in BITS for value in ('', '""', '"9', '"9 "')],
]
BAD = f'{NAME}; server_max_window_bits=7'
TAKEN = [
    ((NAME,), f'{NAME}; {CLIENT_ALONE}'),
    ((ANY,), f'{NAME}; client_max_window_bits=12'),
    ((f'{NAME}; client_max_window_bits=10',), f'{NAME}; client_max_window_bits=10'),
    ((f'{ANY}; {SERVER_ALONE}',), f'{NAME}; {SERVER_ALONE}; client_max_window_bits=12'),
    ((f'{ANY}; {CLIENT_ALONE}',), f'{NAME}; {CLIENT_ALONE}; client_max_window_bits=12'),
    ((f'{ANY}; server_max_window_bits=15',), f'{NAME}; server_max_window_bits=12; client_max_window_bits=12'),
    ((f'{ANY}; server_max_window_bits=8',), f'{NAME}; server_max_window_bits=8; client_max_window_bits=12'),
    ((f'{ANY}; server_max_window_bits="9"',), f'{NAME}; server_max_window_bits=9; client_max_window_bits=12'),
    ((f'{ANY};server_max_window_bits=9',), f'{NAME}; server_max_window_bits=9; client_max_window_bits=12'),
    ((f'{NAME}  ;  client_max_window_bits = "10"  ',), f'{NAME}; client_max_window_bits=10'),
    ((f'{BAD}, {ANY}',), f'{NAME}; client_max_window_bits=12'),
    ((f'{NAME}; x, {NAME}; {SERVER_ALONE}=1, , x; y="a", {ANY}, {NAME}; {SERVER_ALONE}',),
     f'{NAME}; client_max_window_bits=12'),
    ((BAD, '', 'x', ANY), f'{NAME}; client_max_window_bits=12'),
    ((ANY, NAME), f'{NAME}; client_max_window_bits=12'),
    ((', '.join([BAD] * 7 + [ANY]),), f'{NAME}; client_max_window_bits=12'),
    ((*[BAD] * 7, ANY), f'{NAME}; client_max_window_bits=12'),
    ((', '.join([ANY] * 60),), f'{NAME}; client_max_window_bits=12'),
    ((', '.join([BAD] * 60 + [ANY]),), None),
]

for i, (offers, answer) in enumerate(TAKEN + [((offer,), None) for offer in PASSED_OVER], 1):
    case(f'13.12.{i}', f'offered: {" / ".join(offers)[:100]}', *(TALK if answer else SILENT),
         deal=Deal('takeover', offers, answer), sides=('server',))

# ---- 13.13 answers ---------------------------------------------------------------------------------

TO_TAKEOVER = [
    f'{NAME}; server_max_window_bits=12', f'{NAME}; server_max_window_bits=8', f'{NAME}; {SERVER_ALONE}',
    f'{NAME}; {SERVER_ALONE}; server_max_window_bits=15', f'{NAME};server_max_window_bits="9"',
    f'{NAME}; server_max_window_bits=12; client_max_window_bits=15',
    f'{NAME}; server_max_window_bits=12; client_max_window_bits=8', f'{NAME}; server_max_window_bits=12; {CLIENT_ALONE}',
]
NOT_OFFERED = [
    NAME, f'{NAME}; server_max_window_bits=13', f'{NAME}; server_max_window_bits', f'{NAME}; server_max_window_bits=7',
    *[f'{NAME}; server_max_window_bits=12; {more}' for more in (
        'client_max_window_bits', 'client_max_window_bits=7', 'client_max_window_bits=16', 'client_max_window_bits=""', 'x',
        'server_max_window_bits=12', f'{CLIENT_ALONE}=1', f'{CLIENT_ALONE}; {CLIENT_ALONE}', '')],
    f'{NAME}; server_max_window_bits=12, {NAME}; server_max_window_bits=12', f'{NAME}; server_max_window_bits=12, x',
    'x', 'permessage-bzip2', 'permessage-deflate; Server_No_Context_Takeover',
]

number('13.13', [
    *[(f'answered: {answer}', *TALK, Deal('takeover', answer=answer)) for answer in TO_TAKEOVER],
    *[(f'answered: {answer}', *TALK, Deal('shared', answer=answer))
      for answer in (f'{NAME}; {SERVER_ALONE}', SHARED, f'{SHARED}; server_max_window_bits=9; client_max_window_bits=9')],
    ('no answer', *SILENT, Deal('takeover')),
    *[(f'answered: {answer}', *SILENT, Deal('takeover', answer=answer)) for answer in ('', ',')],
    *[(f'answered: {answer}', Refused(), Deal('takeover', answer=answer, wrong=True)) for answer in NOT_OFFERED],
    ('answered without what was asked for', Refused(), Deal('shared', answer=NAME, wrong=True)),
    ('answered, and nothing was offered', Refused(), Deal('off', answer=NAME, wrong=True)),
], sides=('client',))

# ---- 13.14 offers without a form ---------------------------------------------------------------------

number('13.14', [(f'offered, and no list of extensions: {offer}', Refused(), Deal('takeover', (offer,), refused=True))
                 for offer in MALFORMED], sides=('server',))
