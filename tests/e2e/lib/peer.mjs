// SPDX-License-Identifier: MIT
//
// lib/peer.mjs: one end of a WebSocket of npm's ws, with what it heard in order.
//
//   const peer = await Peer.connect(url);     or  new Peer(socket)  for one that a server was given
//   peer.say('text');  await peer.next();     text is a string, binary a Buffer
//   await peer.leave(4000, 'why');            closes, and gives what the other side answered
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { soon } from './program.mjs';

export class Peer {
  #heard = [];
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    socket.on('message', (data, binary) => this.#hear(binary ? data : data.toString()));
    socket.on('error', (error) => (this.error = error));
    this.closed = once(socket, 'close').then(([code, reason]) => {
      for (const { reject } of this.#waiting) reject(new Error(`closed with ${code} ${reason}`));
      return { code, reason: reason.toString() };
    });
  }

  static async connect(url, subprotocols, options) {
    const peer = new Peer(new WebSocket(url, subprotocols, options));
    await soon(once(peer.socket, 'open'), () => `${url} to open`);
    return peer;
  }

  #hear(message) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(message);
    else this.#heard.push(message);
  }

  /** The next message. */
  next() {
    if (this.#heard.length) return Promise.resolve(this.#heard.shift());
    const message = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    return soon(message, () => 'a message');
  }

  async take(n) {
    const messages = [];
    while (messages.length < n) messages.push(await this.next());
    return messages;
  }

  /** Whether messages wait that nobody took. */
  get silent() {
    return this.#heard.length === 0;
  }

  say(...args) {
    this.socket.send(...args);
  }

  async ask(message) {
    this.say(message);
    return this.next();
  }

  /** Pings, and gives what the pong carries. */
  async ping(payload = '') {
    const pong = once(this.socket, 'pong');
    this.socket.ping(payload);
    return (await soon(pong, () => 'a pong'))[0].toString('latin1');
  }

  end() {
    return soon(this.closed, () => 'the WebSocket to be closed');
  }

  leave(code, reason) {
    this.socket.close(code, reason);
    return this.end();
  }
}

/** What ws says of a server that refuses: { status, message, headers, body }. */
export async function refusal(url, subprotocols, options) {
  const socket = new WebSocket(url, subprotocols, options);
  socket.on('error', () => {});
  const [, response] = await soon(once(socket, 'unexpected-response'), () => `a refusal from ${url}`);
  let body = '';
  for await (const data of response) body += data;
  return { status: response.statusCode, headers: response.headers, body };
}
