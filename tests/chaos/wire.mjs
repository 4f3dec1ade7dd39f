// SPDX-License-Identifier: MIT
//
// chaos/wire.mjs: HTTP and WebSocket on a bare socket, so that a test can cut, and see how it was cut.
//
//   const wire = new Wire(port, request, { head, data, end });
//
//   head(status, fields)     once
//   data(bytes)              of the body, without its framing; with a WebSocket see frame
//   frame(opcode, payload)   of a WebSocket
//   end(how)                 'complete': the body had its end; 'broken'. Once, and nothing behind it; not after cut()
//
//   wire.send(text)          a frame; wire.cut() resets the connection
import { connect } from 'node:net';

export const TEXT = 1;
export const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const NOTHING = Buffer.alloc(0);

/** A frame of a client's, its mask zero. */
function frame(opcode, payload) {
  const n = payload.length;
  const head = n < 126 ? Buffer.from([0x80 | opcode, 0x80 | n]) : n < 65536 ? Buffer.from([0x80 | opcode, 0xfe, n >> 8, n & 255]) : Buffer.alloc(10);
  if (n >= 65536) {
    head[0] = 0x80 | opcode;
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(n), 2);
  }
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

export class Wire {
  #in = NOTHING;
  #read = () => this.#head();
  #over = false;

  constructor(port, request, on) {
    this.on = on;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => this.#feed(data));
    this.socket.on('close', () => this.#end(this.untilClose && !this.socket.errored ? 'complete' : 'broken'));
    this.socket.write(request);
  }

  cut() {
    this.#over = true;
    this.socket.resetAndDestroy();
  }

  send(payload, opcode = TEXT) {
    if (!this.#over) this.socket.write(frame(opcode, Buffer.from(payload)));
  }

  #end(how) {
    if (this.#over) return;
    this.#over = true;
    this.socket.destroy();
    this.on.end?.(how);
  }

  #feed(data) {
    this.#in = this.#in.length ? Buffer.concat([this.#in, data]) : data;
    while (!this.#over && this.#read());
  }

  #take(n) {
    const taken = this.#in.subarray(0, n);
    this.#in = this.#in.subarray(n);
    return taken;
  }

  #head() {
    const end = this.#in.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [line, ...lines] = this.#take(end + 4).toString('latin1').trimEnd().split('\r\n');
    const fields = Object.fromEntries(lines.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
    const status = Number(line.split(' ')[1]);
    this.left = Number(fields['content-length'] ?? 0);
    this.untilClose = fields['content-length'] === undefined && !fields['transfer-encoding'];
    if (status === 101) this.#read = () => this.#frame();
    else if (fields['transfer-encoding'] === 'chunked') this.#read = () => this.#chunk();
    else this.#read = () => this.#body();
    this.on.head?.(status, fields);
    return true;
  }

  #body() {
    if (this.untilClose) {
      if (!this.#in.length) return false;
      this.on.data?.(this.#take(this.#in.length));
      return true;
    }
    const data = this.#take(Math.min(this.left, this.#in.length));
    this.left -= data.length;
    if (data.length) this.on.data?.(data);
    if (!this.left) this.#end('complete');
    return data.length > 0;
  }

  #chunk() {
    const end = this.#in.indexOf('\r\n');
    if (end < 0) return false;
    const n = parseInt(this.#in.subarray(0, end).toString('latin1'), 16);
    if (this.#in.length < end + 4 + n) return false;
    const data = this.#take(end + 4 + n).subarray(end + 2, end + 2 + n);
    if (n) this.on.data?.(data);
    else this.#end('complete');
    return true;
  }

  #frame() {
    const short = this.#in[1] & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#in.length < head) return false;
    const n = short < 126 ? short : short === 126 ? this.#in.readUInt16BE(2) : Number(this.#in.readBigUInt64BE(2));
    if (this.#in.length < head + n) return false;
    const opcode = this.#in[0] & 15;
    const payload = this.#take(head + n).subarray(head);
    if (opcode === PING) this.send(payload, PONG);
    else this.on.frame?.(opcode, payload);
    if (opcode === CLOSE) this.send(payload, CLOSE);
    if (opcode === CLOSE) this.socket.end();
    return true;
  }
}

export const get = (target, fields = '') => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

export const upgrade = (target, fields = '') =>
  get(target, `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}`);
