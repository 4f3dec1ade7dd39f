// SPDX-License-Identifier: MIT
//
// lib/odd.mjs: a server that answers what weft serve never does.
//
//   const odd = await Odd.start(t, { command: (command) => [{ id: command.id, error: { code: 403, message: 'no' } }] });
//   await Odd.start(t, { http: () => ({ type: 'application/json', body: '[]' }) });
//   odd.ws('/s'), odd.http('/s')
//
// By WebSocket it says hello (or what hello is), and answers each command with these objects, or texts.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const HELLO = { hello: { client: 'c1', max_message: 65536, ping: 25000 } };

export class Odd {
  static async start(t, { hello = HELLO, command = () => [], http = () => ({ status: 404 }) }) {
    const odd = new Odd();
    const server = createServer((request, response) => {
      const { status = 200, type = 'application/json', fields = {}, body = '' } = http(request);
      response.writeHead(status, { 'Content-Type': type, ...fields }).end(body);
    });
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'weft.v1' });
    sockets.on('connection', (peer) => {
      const say = (what) => peer.send(typeof what === 'string' ? what : JSON.stringify(what));
      peer.on('error', () => {});
      peer.on('message', (text) => command(JSON.parse(text)).forEach(say));
      say(hello);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    odd.port = server.address().port;
    t.after(() => {
      for (const peer of sockets.clients) peer.terminate();
      server.closeAllConnections();
      server.close();
    });
    return odd;
  }

  ws(path) {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  http(path) {
    return `http://127.0.0.1:${this.port}${path}`;
  }
}
