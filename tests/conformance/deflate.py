# SPDX-License-Identifier: MIT
"""permessage-deflate as a strict stranger sees it: RFC 7692 with Python's zlib.

    Params      what both sides agreed on, read from the answer
    judge       is this answer of a server's in order, for these offers?
    Codec       compresses for one direction, and inflates the other: not a byte further back than was agreed
    Deal        how a case comes to its compression: settings of weft's, our offers, our answer
"""
import functools
import re
import zlib
from typing import NamedTuple, Optional

from peer import Wrong

NAME = 'permessage-deflate'
TAIL = b'\x00\x00\xff\xff'
FLAGS = ('server_no_context_takeover', 'client_no_context_takeover')
BITS = ('server_max_window_bits', 'client_max_window_bits')
BY_BYTE = 48 << 10  # so much of what weft compresses is inflated a byte at a time


# ---- negotiation -----------------------------------------------------------------------------------

class Params(NamedTuple):
    server_takeover: bool = True
    client_takeover: bool = True
    server_bits: int = 15
    client_bits: int = 15

    def text(self, open_bits=False):
        """As an offer or an answer. open_bits: client_max_window_bits stands without a value."""
        words = [NAME]
        words += [FLAGS[0]] if not self.server_takeover else []
        words += [FLAGS[1]] if not self.client_takeover else []
        words += [f'{BITS[0]}={self.server_bits}'] if self.server_bits < 15 else []
        words += [BITS[1] if open_bits else f'{BITS[1]}={self.client_bits}'] if open_bits or self.client_bits < 15 else []
        return '; '.join(words)


def parse(text):
    """The parameters of one element that names us: {name: value or True}."""
    name, *words = [word.strip() for word in text.split(';')]
    if name != NAME:
        raise Wrong(f'the extension {name!r}')
    found = {}
    for word in words:
        key, _, value = word.partition('=')
        if key in found or key not in FLAGS + BITS or (key in FLAGS and value):
            raise Wrong(f'the parameter {word!r} in {text!r}')
        if key in BITS and value and not re.fullmatch('[89]|1[0-5]', value):
            raise Wrong(f'the value of {word!r} in {text!r}')
        found[key] = int(value) if value else True
    return found


def plain(text):
    """Without the quotes and spaces that may be."""
    return re.sub(' *([=;]) *', r'\1', text.replace('"', '')).strip()


def in_order(text):
    """Those of several offers that a server may accept."""
    offers = []
    for element in text.split(','):
        try:
            offers.append(parse(plain(element)))
        except Wrong:
            pass
    return [offer for offer in offers if offer.get(BITS[0]) is not True]


def answers(offer, answer):
    """Whether answer may be said to offer (RFC 7692, 7.1)."""
    if FLAGS[0] in offer and FLAGS[0] not in answer:
        return False
    if BITS[0] in offer and answer.get(BITS[0], 16) > offer[BITS[0]]:
        return False
    return BITS[1] not in answer or BITS[1] in offer


def judge(offers, answer):
    """What was agreed on with answer, the only field of its kind in the 101. offers: those that are in order."""
    if ',' in answer:
        raise Wrong(f'more than one extension: {answer!r}')
    said = parse(answer)
    if any(said.get(key) is True for key in BITS):
        raise Wrong(f'a window without size: {answer!r}')
    if not any(answers(offer, said) for offer in offers):
        raise Wrong(f'{answer!r} answers nothing that was offered')
    return params_of(said)


def params_of(said):
    return Params(FLAGS[0] not in said, FLAGS[1] not in said, said.get(BITS[0], 15), said.get(BITS[1], 15))


def judge_offers(text):
    """What a client of ours offers: a list of elements, each in order."""
    offers = [parse(element) for element in text.split(',')]
    if any(offer.get(BITS[0]) is True for offer in offers):
        raise Wrong(f'a window of the server without size: {text!r}')
    return offers


class Deal(NamedTuple):
    """weft: "shared" or "takeover", as the program has them, or with windows and threshold, as echo.c takes them.
    offers: fields of our request, when weft is the server; wants: exactly its answer, or None, no answer, or ...,
    anything in order; refused: they have no form, and the answer is 400. answer: ours, when weft is the client; wrong:
    it is not in order."""
    weft: str
    offers: tuple = ()
    wants: object = ...
    answer: Optional[str] = None
    wrong: bool = False
    refused: bool = False

    def agree(self, fields):
        """fields: Sec-WebSocket-Extensions in weft's answer to our offers. Params, or None."""
        if len(fields) > 1 or '' in fields:
            raise Wrong(f'Sec-WebSocket-Extensions in the answer: {fields}')
        if self.wants is not ... and fields != [self.wants] * (self.wants is not None):
            raise Wrong(f'the answer is {fields}, not {self.wants!r}')
        return judge(in_order(','.join(self.offers)), fields[0]) if fields else None

    def offered(self, fields):
        """fields: Sec-WebSocket-Extensions in weft's request. What our answer to that agrees on, if it is one."""
        if (len(fields) == 1) != (self.weft != 'off'):
            raise Wrong(f'Sec-WebSocket-Extensions in the request: {fields}')
        judge_offers(','.join(fields)) if fields else None
        empty = not (self.answer or '').strip(' ,')  # a list of nothing is no answer
        return None if empty or self.wrong else params_of(parse(plain(self.answer)))


NOTHING = Deal('off', wants=None)


# ---- data ------------------------------------------------------------------------------------------

def deflated(data, bits=15, final=False):
    """One message by itself, as it travels."""
    z = zlib.compressobj(6, zlib.DEFLATED, -max(bits, 9))  # 9 of zlib's refers back 250 bytes at most, which is 8 too
    if final:
        return z.compress(data) + z.flush(zlib.Z_FINISH) + b'\0'
    return (z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


def stored(data):
    n = len(data)
    return b'\0' + n.to_bytes(2, 'little') + (n ^ 0xffff).to_bytes(2, 'little') + data


@functools.lru_cache(48)
def compress(data, past, bits):
    """One message behind past, the bytes that it may refer to."""
    z = zlib.compressobj(1, zlib.DEFLATED, -max(bits, 9), 9, zdict=past)
    return (z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


@functools.lru_cache(48)
def inflate(payload, past, bits):
    return zlib.decompressobj(-bits, zdict=past).decompress(payload + TAIL)


def inflate_by_byte(payload, past, bits):
    """zlib looks into what it has just put out, too, however far back; so that has to be little."""
    z = zlib.decompressobj(-bits, zdict=past)
    data = bytearray()
    for at in range(0, len(payload), 64):
        piece = payload[at:at + 64]
        while (more := z.decompress(piece, 1)) or z.unconsumed_tail:
            data += more
            piece = z.unconsumed_tail
    return bytes(data)


class Codec:
    """Both directions of one connection. we_are_client: whether we are.

    What has been said is kept in two windows, of the sizes agreed on. So each message is a function of itself and a
    window, and those that come again, a thousand times, cost us little."""

    def __init__(self, params, we_are_client):
        ours = (params.client_takeover, params.client_bits)
        theirs = (params.server_takeover, params.server_bits)
        self.ours, self.theirs = (ours, theirs) if we_are_client else (theirs, ours)
        self.said = self.heard = b''
        self.inflated = 0  # messages
        self.by_byte = BY_BYTE if self.theirs[1] < 15 else 0

    def compress(self, data):
        takeover, bits = self.ours
        payload = compress(data, self.said, bits)
        self.said = (self.said + data)[-(1 << bits):] if takeover else b''
        return payload

    def inflate(self, payload):
        takeover, bits = self.theirs
        if payload and payload[-1] & 0xe0:
            raise Wrong(f'a compressed message does not end in an empty block without its tail: {payload[-8:].hex()}')
        try:
            if self.by_byte > 0:
                data = inflate_by_byte(payload + TAIL, self.heard, bits)
                self.by_byte -= len(data)
            else:
                data = inflate(payload, self.heard, bits)
        except zlib.error as e:
            raise Wrong(f'zlib with {bits} bits {"and" if takeover else "without"} takeover: {e}')
        self.inflated += 1
        self.heard = (self.heard + data)[-(1 << bits):] if takeover else b''
        return data
