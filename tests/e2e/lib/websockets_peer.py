# SPDX-License-Identifier: MIT
"""python3-websockets as a peer for the table of peers.test.mjs.

    websockets_peer.py client URL CA          says everything, and insists on hearing it again; prints what was agreed
    websockets_peer.py server CERT KEY        prints its port, echoes; until its input ends

CA, CERT and KEY may be "".
"""
import asyncio
import ssl
import sys

import websockets

TEXT = ''.join(f'{{"id": {i}, "größe": "𝄞 {i % 13}"}} ' for i in range(40_000)).encode()[:1 << 20].decode(errors='ignore')
NOISE = bytes((i * i * 31 + (i >> 3)) & 255 for i in range(1 << 20))


async def talk(url, ca):
    context = ssl.create_default_context(cafile=ca) if ca else None
    peer = await websockets.connect(url, ssl=context, max_size=None)
    for message in ('', 'hello', 'größer 🧵' * 50, TEXT, TEXT, NOISE, b''):
        await peer.send(message)
        assert await peer.recv() == message
    await peer.send(['one ', '', 'mess' * 1000, 'age 🧵'])
    assert await peer.recv() == 'one ' + 'mess' * 1000 + 'age 🧵'
    await (await peer.ping(b'are you there'))
    await peer.close(4321, 'that is all')
    assert peer.close_rcvd.code == 4321, peer.close_rcvd
    print('agreed:', peer.response_headers.get('Sec-WebSocket-Extensions', ''))


async def echo(peer):
    await (await peer.ping(b'are you there'))
    async for message in peer:
        await peer.send([message[:5], message[5:]] if len(message) > 5 else message)


async def serve(cert, key):
    context = None
    if cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
    async with websockets.serve(echo, '127.0.0.1', 0, ssl=context, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if sys.argv[1] == 'client':
    asyncio.run(asyncio.wait_for(talk(*sys.argv[2:4]), 60))
else:
    asyncio.run(serve(*sys.argv[2:4]))
