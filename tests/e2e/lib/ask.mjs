// SPDX-License-Identifier: MIT
//
// lib/ask.mjs: one HTTP request, with exactly these fields, and what it is answered.
//
//   const { status, fields, body } = await ask(server.port, 'GET', '/chat?last=1', { fields: { Origin: 'null' } });
//   await ask(port, 'GET', '/chat?stream', { endless: true });    the head only, and the connection is gone
//   await ask(port, 'GET', '/chat', { fields: UPGRADE });          a 101 is a head only, too
//
// Connections are kept, so that a thousand of them are no matter.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { soon } from './program.mjs';

export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

export async function ask(port, method, path, { fields = {}, body = '', endless = false } = {}) {
  const own = endless || fields.Upgrade;
  const length = method === 'POST' ? { 'Content-Length': Buffer.byteLength(body) } : {};
  const headers = { Host: `127.0.0.1:${port}`, ...length, ...fields };
  const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: own ? false : agent });
  const upgraded = once(asked, 'upgrade').then(([answer, socket]) => (socket.destroy(), answer));
  asked.end(body);
  const answer = await soon(Promise.race([upgraded, once(asked, 'response').then(([response]) => response)]), () => `an answer to ${method} ${path}`);
  const { statusCode: status, headers: heard } = answer;
  if (status === 101) return { status, fields: heard, body: '' };
  if (endless) {
    answer.on('error', () => {});
    asked.destroy();
    return { status, fields: heard, body: '' };
  }
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return { status, fields: heard, body: text };
}
