// SPDX-License-Identifier: MIT
//
// bench/peers/ws_server.mjs - ws on node
//
//      node ws_server.mjs [--deflate] [--cert FILE --key FILE]      prints its address; until it is killed
//
// /echo sends everything back; any other path is a channel: what is said or posted there goes to all who are there.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values: flags } = parseArgs({
    options: { deflate: { type: 'boolean' }, cert: { type: 'string' }, key: { type: 'string' } },
});

const http = flags.cert
    ? createSecureServer({ cert: readFileSync(flags.cert), key: readFileSync(flags.key) })
    : createServer();
const server = new WebSocketServer({
    server: http,
    perMessageDeflate: flags.deflate
        ? { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }
        : false,
});
const channels = new Map(); // by path: the sockets that are there

function publish(channel, data, binary) {
    for (const member of channel) member.send(data, { binary });
}

function join(socket, path) {
    if (!channels.has(path)) channels.set(path, new Set());
    const channel = channels.get(path).add(socket);
    socket.on('close', () => channel.delete(socket));
    socket.on('message', (data, binary) => publish(channel, data, binary));
}

server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    if (request.url !== '/echo') join(socket, request.url);
    else socket.on('message', (data, binary) => socket.send(data, { binary }));
});

http.on('request', (request, response) => {
    const body = [];
    request.on('data', piece => body.push(piece));
    request.on('end', () => {
        if (request.method === 'POST') publish(channels.get(request.url) ?? [], Buffer.concat(body), false);
        response.writeHead(204).end();
    });
});

http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log(`${flags.cert ? 'wss' : 'ws'}://127.0.0.1:${http.address().port}`);
});
