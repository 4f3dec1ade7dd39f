// SPDX-License-Identifier: MIT
//
// lib/between.mjs: a network between clients and a server, which does what a test says.
//
//   const net = await Between.start(t, server.port);    net.ws('/s'), net.http('/s')
//   net.cut();                                          every connection is reset
//   net.to = other.port;                                where connections lead from now on: a server that is started anew
//   net.refuse = 503;                                   what whoever connects is answered; 0: it is the server's to answer
//   net.onAnswer = (text) => 'cut'                      of each piece that a server says: 'cut': nobody hears of it, and
//                                                       connections are reset; 'hold': nobody hears of it
//   await net.saying(/"ok"/g, 2);                       until servers have said it so many times
//   net.said                                            all that servers have said
//   net.asked                                           what clients have said, piece by piece: a request begins one
//
// Servers behind it should have --deflate off, where what they say by WebSocket is to be read.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { soon } from './program.mjs';

export class Between {
  said = '';
  asked = [];
  connections = 0;
  refused = 0; // connections that were
  refuse = 0;
  onAnswer = () => {};
  #open = new Set(); // of clients
  #waiting = new Set(); // functions that look again when something was said

  static async start(t, to) {
    const net = new Between();
    net.to = to;
    net.server = createServer((client) => net.#meet(client)).listen(0, '127.0.0.1');
    await once(net.server, 'listening');
    net.port = net.server.address().port;
    t.after(() => (net.server.close(), net.cut()));
    return net;
  }

  ws(path) {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  http(path) {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  cut() {
    for (const client of this.#open) client.resetAndDestroy();
  }

  /** Resolves when all that servers have said matches so many times; the pattern is a global one. */
  saying(pattern, n = 1) {
    const found = new Promise((resolve) => {
      const look = () => {
        const matches = this.said.match(pattern) ?? [];
        if (matches.length < n) return this.#waiting.add(look);
        this.#waiting.delete(look);
        return resolve();
      };
      look();
    });
    return soon(found, () => `${pattern}, ${n} times, in ${this.said.slice(-2000)}`);
  }

  #meet(client) {
    this.connections++;
    this.#open.add(client);
    client.on('error', () => {}).on('close', () => this.#open.delete(client));
    if (this.refuse) this.#refuse(client);
    else this.#pass(client);
  }

  #refuse(client) {
    this.refused++;
    client.once('data', () => client.end(`HTTP/1.1 ${this.refuse} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`));
  }

  #pass(client) {
    const server = connect(this.to, '127.0.0.1');
    server.on('error', () => client.resetAndDestroy()).on('close', () => client.end());
    client.on('close', () => server.destroy());
    client.on('data', (data) => this.asked.push(data.toString('latin1')));
    client.pipe(server);
    server.on('data', (data) => this.#answer(client, data));
  }

  #answer(client, data) {
    const text = data.toString('latin1');
    const verdict = this.onAnswer(text);
    if (verdict === 'cut') this.cut();
    if (verdict) return;
    this.said += text;
    if (!client.destroyed) client.write(data);
    for (const look of [...this.#waiting]) look();
  }
}
