// SPDX-License-Identifier: MIT
//
// lib/network.mjs: a network between a client and a server that is as bad as a test wants it.
//
//   const network = await Network.start(t, port);     network.port, network.url('/chat')
//   network.websockets = false                        501 for every one that comes
//   network.buffers = true                            an answer is passed on when it is whole
//   network.closed = true                             nobody gets through
//   network.stalls = true                             what is open stays so, and not a byte comes
//   network.post = () => ({ status, body, fields })   answers a POST in the server's place, if it returns something
//   network.cut()                                     what is open breaks
//   network.move('127.0.0.2')                         the client has another address from now on; what is open stays so,
//                                                     swallows all that is said on it, and hears of no end
import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';

export class Network {
  websockets = true;
  buffers = false;
  closed = false;
  stalls = false;
  post = () => undefined;
  #sockets = new Set();
  #way = {}; // dead, for those that are open; address: the client's, as the server sees it
  requests = []; // "GET /chat?wait=0", in order

  static async start(t, port) {
    const network = new Network();
    const server = createServer((request, response) => network.#pass(request, response));
    server.on('connection', (socket) => {
      if (network.closed) return socket.destroy();
      socket.way = network.#way;
      network.#keep(socket);
    });
    server.on('upgrade', (request, socket, head) => network.#upgrade(request, socket, head));
    server.keepAliveTimeout = 0; // none: that is for the two at its ends
    network.to = port;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    network.port = server.address().port;
    t.after(() => (server.close(), network.cut()));
    return network;
  }

  url(path, host = 'localhost') {
    return `http://${host}:${this.port}${path}`;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  move(address) {
    this.#way.dead = true;
    this.#way = { address };
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {}); // who was cut off
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** Bytes, both ways; while it stalls they are thrown away, which is what a dead connection does. */
  #join(a, b) {
    const { way } = a;
    for (const [from, to] of [[a, b], [b, a]]) {
      from.on('data', (data) => this.stalls || way.dead || to.write(data));
      from.on('close', () => way.dead || to.destroy());
    }
  }

  #upgrade(request, socket, head) {
    this.requests.push(`WS ${request.url}`);
    if (!this.websockets) return socket.end('HTTP/1.1 501 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    const behind = connect({ port: this.to, host: '127.0.0.1', localAddress: socket.way.address });
    this.#keep(behind);
    const fields = request.rawHeaders.map((text, i) => (i % 2 ? `${text}\r\n` : `${text}: `)).join('');
    behind.write(`GET ${request.url} HTTP/1.1\r\n${fields}\r\n`);
    behind.write(head);
    this.#join(socket, behind);
  }

  #pass(request, response) {
    this.requests.push(`${request.method} ${request.url}`);
    const { way } = request.socket;
    if (way.dead) return;
    const own = request.method === 'POST' && this.post();
    if (own) return response.writeHead(own.status, own.fields).end(own.body);
    const behind = ask({ port: this.to, localAddress: way.address, path: request.url, method: request.method, headers: request.headers });
    request.pipe(behind);
    request.on('error', () => behind.destroy());
    response.on('close', () => behind.destroy());
    behind.on('error', () => response.destroy());
    behind.on('response', (answer) => {
      const parts = [];
      answer.on('error', () => response.destroy());
      if (!this.buffers) response.writeHead(answer.statusCode, answer.headers).flushHeaders();
      answer.on('data', (part) => (this.buffers ? parts.push(part) : this.stalls || response.write(part)));
      answer.on('end', () => {
        if (this.buffers) response.writeHead(answer.statusCode, answer.headers);
        response.end(Buffer.concat(parts));
      });
    });
  }
}
