# SPDX-License-Identifier: MIT
"""A network that is no friend: proxy.py UPSTREAM SEED - on a free port, which it prints; each connection its own way

    plain      as it comes
    delays     each piece a little later, and in pieces of any size
    buffers    nothing for a while, then all of it
    cuts       somewhere in the middle, by an end or by a reset, in either direction
    slow       a byte a second, out of a receive buffer of 2 KiB, for a while; then as it comes

When there is nobody behind it, a connection is reset.
"""
import asyncio
import random
import socket
import struct
import sys

UPSTREAM, SEED = int(sys.argv[1]), int(sys.argv[2])
WAYS = ('plain', 'delays', 'buffers', 'cuts', 'slow')
SMALL = 2048
SLOWLY = 8  # bytes
chance = random.Random(SEED)
tasks = set()  # asyncio itself holds them weakly


class Cut(Exception):
    pass


def reset(writer):
    sock = writer.get_extra_info('socket')
    if sock is not None and not writer.transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    writer.transport.abort()


async def wait_as(way, slow):
    if slow:
        await asyncio.sleep(1)
    elif way == 'delays':
        await asyncio.sleep(chance.random() * 0.02)
    elif way == 'buffers':
        await asyncio.sleep(chance.random() * 0.5)


async def carry(reader, writer, way):
    left = int(chance.choice((50, 500, 5000, 50000)) * chance.random()) if way == 'cuts' else None
    slow = SLOWLY if way == 'slow' else 0
    while data := await reader.read(1 if slow else chance.choice((1, 100, 4096, 65536)) if way == 'delays' else 65536):
        await wait_as(way, slow)
        slow = max(0, slow - 1)
        writer.write(data if left is None else data[:left])
        await writer.drain()
        if left is not None:
            left -= len(data)
            if left <= 0:
                raise Cut
    writer.write_eof()


def upstream_socket(way):
    sock = socket.socket()
    if way == 'slow':
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    sock.setblocking(False)
    return sock


async def connect(way):
    sock = upstream_socket(way)
    try:
        await asyncio.get_running_loop().sock_connect(sock, ('127.0.0.1', UPSTREAM))
    except OSError:
        sock.close()
        raise
    return await asyncio.open_connection(sock=sock, limit=SMALL if way == 'slow' else 65536)


async def serve(reader, writer):
    tasks.add(asyncio.current_task())
    asyncio.current_task().add_done_callback(tasks.discard)
    way = chance.choice(WAYS)
    both = [writer]
    try:
        there, back = await connect(way)
        both.append(back)
        up = asyncio.ensure_future(carry(reader, back, 'cuts' if way == 'cuts' and chance.random() < 0.3 else 'plain'))
        down = asyncio.ensure_future(carry(there, writer, way))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_EXCEPTION)
        up.cancel()
        down.cancel()
        for said in await asyncio.gather(up, down, return_exceptions=True):
            if isinstance(said, Exception):
                raise said
        for end in both:
            end.close()
    except (OSError, Cut):
        for end in both:
            if way == 'cuts' and chance.random() < 0.5:
                end.close()
            else:
                reset(end)


async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
