// SPDX-License-Identifier: MIT
//
// chaos/servers.mjs: who is tried.
//
//   const room = await Room.start({ port, threads, history, window });      room.c: publishes by itself, too
//   room.port; room.tell('loop /chat hi'); room.onSaid((position, text) => {}); await room.stop();
//   await Serve.start({ ... })                                              weft serve, without tell and onSaid
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BUILD = process.env.WEFT_BUILD ?? 'build/asan';

export class Room {
  #listeners = [];
  err = '';

  static command({ port, threads, history, window }) {
    return ['tests/room', port, threads, history, window];
  }

  static async start({ port = 0, threads = 1, history = 100_000, window = 0 } = {}) {
    const room = new this();
    const [program, ...args] = this.command({ port, threads, history, window });
    room.child = spawn(join(BUILD, program), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    room.child.stderr.setEncoding('utf8').on('data', (text) => (room.err += text));
    room.child.stdin.on('error', () => {});
    room.ended = once(room.child, 'close');
    const lines = createInterface({ input: room.child.stdout });
    const [url] = await Promise.race([once(lines, 'line'), room.ended]);
    assert.match(`${url}`, /^http/, room.err);
    room.port = Number(new URL(url).port);
    lines.on('line', (line) => {
      const space = line.indexOf(' ');
      for (const listener of room.#listeners) listener(line.slice(0, space), line.slice(space + 1));
    });
    return room;
  }

  tell(line) {
    this.child.stdin.write(`${line}\n`);
  }

  onSaid(listener) {
    this.#listeners.push(listener);
  }

  leave() {
    this.child.stdin.end();
  }

  /** Gracefully. */
  async stop() {
    this.leave();
    const [code, signal] = await this.ended;
    assert.deepEqual({ code, signal, err: this.err }, { code: 0, signal: null, err: '' });
  }

  /** Without a word. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

export class Serve extends Room {
  static command({ port, threads, history, window }) {
    const settings = [`history=${history}`, ...(window ? [`window=${window}`] : [])].join(', ');
    return ['weft', 'serve', '-p', port, '--open', '--access', '/**: presence=anyone, drop=anyone, pattern=anyone',
       '--threads', threads, '--channel', `/**: ${settings}`];
  }

  leave() {
    this.child.kill('SIGTERM');
  }
}
