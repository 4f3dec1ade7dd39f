// SPDX-License-Identifier: MIT
//
// bench/peers/socketio_server.mjs - Socket.IO on node, by WebSocket alone
//
//      node socketio_server.mjs      prints its address; until it is killed
//
// A room is a channel: who connects names his, and what he says there goes to all who are there.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const server = new Server(http, { transports: ['websocket'], serveClient: false });

server.engine.on('connection', connection => {
    connection.request = null; // saves memory, as its documentation says
});

server.on('connection', socket => {
    const { room } = socket.handshake.auth;
    socket.join(room);
    socket.on('message', text => server.to(room).emit('message', text));
});

http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log(`ws://127.0.0.1:${http.address().port}`);
});
