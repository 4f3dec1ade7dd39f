# SPDX-License-Identifier: MIT
"""What the compressed messages say: five kinds of data, the same in every run.

    messages(kind, size)    several messages of exactly that many bytes, cut from a larger whole one after the other;
                            text is cut where UTF-8 may be
"""
import functools
import json
import random
import zlib

from peer import BINARY, TEXT

WHOLE = 640 << 10
WORDS = ('Zettel Faden Kette Schuß weben über spannen Rückmeldung the thread that goes back and forth across a loom '
         'le fil va et revient à travers le métier нить основа уток ткать ткань ύφασμα κλωστή αργαλειός '
         '糸 織る 機織り 经线 纬线 편물 שתי וערב 🧵').split()


def sentences(rng):
    while True:
        words = rng.choices(WORDS, k=rng.randrange(4, 18))
        yield ' '.join(words).capitalize() + rng.choice('..?!;') + rng.choice(['\n', ' ', ' ', ' '])


def records(rng):
    for i in range(1 << 30):
        yield json.dumps({'id': i, 'name': rng.choice(WORDS), 'at': f'2026-11-{i % 30:02}T{i % 24:02}:00:00Z',
                          'value': rng.randrange(10 ** 6) / 100, 'tags': rng.sample(WORDS, 3), 'ok': i % 3 > 0},
                         ensure_ascii=i % 2 == 0) + ',\n'


def markup(rng):
    for i in range(1 << 30):
        yield f'<tr class="{"odd" if i % 2 else "even"}"><td id="cell-{i}">{next(sentences(rng)).strip()}</td></tr>\n'


def picture(rng):
    """Grey values: slopes with noise."""
    value = 128
    while True:
        value = (value + rng.choice((-1, 0, 0, 0, 1))) % 256
        yield bytes([value]) * rng.randrange(1, 6)


def packed(rng):
    """What somebody has compressed already."""
    while True:
        yield zlib.compress(''.join(next(sentences(rng)) for _ in range(50)).encode())


KINDS = {'JSON': (TEXT, records), 'a picture': (BINARY, picture), 'prose': (TEXT, sentences), 'markup': (TEXT, markup),
         'compressed data': (BINARY, packed)}


@functools.lru_cache(None)
def whole(kind):
    data, size = [], 0
    for piece in KINDS[kind][1](random.Random(kind)):
        data.append(piece if isinstance(piece, bytes) else piece.encode())
        size += len(data[-1])
        if size > WHOLE:
            return b''.join(data)


def cut(kind, at, size):
    piece = whole(kind)[at:at + size]
    if KINDS[kind][0] == BINARY:
        return piece
    return piece.decode(errors='ignore').encode().ljust(size)


@functools.lru_cache(1)
def messages(kind, size):
    end = min(WHOLE - size, size * 1000)
    return [cut(kind, at, size) for at in range(0, end, size)]
