// SPDX-License-Identifier: MIT
//
// bench/peers/bun_server.js - Bun's server, which is uWebSockets inside
//
//      bun bun_server.js [--deflate] [--cert FILE --key FILE]      prints its address; until it is killed
//
// /echo sends everything back; any other path is a channel: what is said or posted there goes to all who are there.
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
    args: Bun.argv.slice(2),
    options: { deflate: { type: 'boolean' }, cert: { type: 'string' }, key: { type: 'string' } },
});
const compress = flags.deflate === true;

async function answer(request, path) {
    if (request.method === 'POST') server.publish(path, await request.text());
    return new Response(null, { status: 204 });
}

const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    ...(flags.cert && { tls: { cert: Bun.file(flags.cert), key: Bun.file(flags.key) } }),
    fetch(request, server) {
        const path = new URL(request.url).pathname;
        if (request.method !== 'GET') return answer(request, path);
        if (server.upgrade(request, { data: { path, echoes: path === '/echo' } })) return undefined;
        return new Response('WebSocket only\n', { status: 426 });
    },
    websocket: {
        idleTimeout: 0,
        perMessageDeflate: compress && { compress: 'shared', decompress: 'shared' },
        open(socket) {
            if (!socket.data.echoes) socket.subscribe(socket.data.path);
        },
        message(socket, message) {
            if (socket.data.echoes) socket.send(message, compress);
            else server.publish(socket.data.path, message, compress);
        },
    },
});
console.log(`${flags.cert ? 'wss' : 'ws'}://127.0.0.1:${server.port}`);
