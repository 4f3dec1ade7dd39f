// SPDX-License-Identifier: MIT
//
// lib/program.mjs: the program weft, started, listened to and ended.
//
//   const server = await Program.serve('--echo', '/echo');   server.port, server.url('/echo')
//   await server.heard(/open/);                              waits for a line on its stderr
//   await server.stop();                                     SIGTERM, exit 0, nothing from a sanitizer
//
//   const { code, out, err } = await weft(['-n', '1', url], 'a line\n');   run to its end
//
// WEFT_BATCH=each in the environment: servers have --batch each.
// WEFT_THREADS=N in the environment: every server that does not say otherwise has so many threads.
//
// Servers are started without a terminal, and are everybody's, for everything, unless a test says otherwise.
//
// Whatever is waited for is waited for at most PATIENCE; what is still running then is killed, by its id.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const BUILD = process.env.WEFT_BUILD ?? 'build/asan';
export const SOURCE = process.env.WEFT_SRC ?? '.';
const WEFT = process.env.WEFT || join(BUILD, 'weft');
const BATCH = process.env.WEFT_BATCH ? ['--batch', process.env.WEFT_BATCH] : [];
const PATIENCE = 20_000; // ms
process.env.WEFT_OPEN ??= 'on';
process.env.WEFT_ACCESS ??= '/: presence=anyone, drop=anyone; /**: presence=anyone, drop=anyone, pattern=anyone';

/** The promise, or an error that says what was waited for. patience: in ms, for what is much by itself. */
export function soon(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what()}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Program {
  out = '';
  err = '';
  #waiting = new Set(); // functions that look again when something was written

  constructor(args, options = {}) {
    this.args = args;
    this.child = spawn(WEFT, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.child.stdin.on('error', () => {}); // EPIPE when the program leaves first
    this.child.stdout.setEncoding(options.encoding ?? 'utf8');
    this.child.stderr.setEncoding('utf8');
    this.child.stdout.on('data', (data) => this.#wrote('out', data));
    this.child.stderr.on('data', (data) => this.#wrote('err', data));
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.over = true;
      for (const look of this.#waiting) look();
      return { code, signal, out: this.out, err: this.err };
    });
  }

  #wrote(stream, data) {
    this[stream] += data;
    for (const look of this.#waiting) look();
  }

  /** `weft serve` on a free port; ready when it has said which. */
  static serve(...args) {
    return Program.listening('serve', '-p', '0', ...args);
  }

  static async listening(command, ...args) {
    const threads = args.includes('--threads') ? undefined : process.env.WEFT_THREADS;
    const program = new Program([command, ...BATCH, ...args, ...(threads ? ['--threads', threads] : [])]);
    try {
      const [, s, address, port] = await program.said(/^http(s?):\/\/(.+):(\d+)(?:\/\S*)?\n/);
      return Object.assign(program, { s, address, port: Number(port) });
    } catch (error) {
      program.kill();
      throw error;
    }
  }

  url(path = '/') {
    return `ws${this.s}://127.0.0.1:${this.port}${path}`;
  }

  page(path = '/', host = '127.0.0.1') {
    return `http${this.s}://${host}:${this.port}${path}`;
  }

  #match(stream, pattern) {
    const found = new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this[stream]);
        if (!match && !this.over) return this.#waiting.add(look);
        this.#waiting.delete(look);
        return match ? resolve(match) : reject(new Error(`ended without ${pattern}: ${this.#story()}`));
      };
      look();
    });
    return soon(found, () => `${pattern} on std${stream}: ${this.#story()}`);
  }

  #story() {
    return `weft ${this.args.join(' ')}\nstdout: ${this.out.slice(-2000)}\nstderr: ${this.err.slice(-4000)}`;
  }

  /** Resolves with the match as soon as everything that was written on stdout matches. */
  said(pattern) {
    return this.#match('out', pattern);
  }

  /** The same for stderr. */
  heard(pattern) {
    return this.#match('err', pattern);
  }

  /** One line to its stdin. */
  type(line) {
    this.child.stdin.write(`${line}\n`);
  }

  kill(signal = 'SIGKILL') {
    this.child.kill(signal);
  }

  /** Waits until it ends by itself. */
  async end() {
    try {
      const result = await soon(this.ended, () => `the end of ${this.#story()}`);
      assert.doesNotMatch(this.err, /Sanitizer|runtime error:/);
      return result;
    } finally {
      this.kill();
    }
  }

  /** Ends a server as its user would. */
  async stop() {
    this.kill('SIGTERM');
    const { code, signal } = await this.end();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, this.#story());
  }
}

/** Runs `weft ARGS` to its end with this input. */
export function weft(args, input = '') {
  const program = new Program(args);
  program.child.stdin.end(input);
  return program.end();
}

/** Calls talk with a running `weft serve ARGS`, and ends that. */
export async function withServer(args, talk) {
  const server = await Program.serve(...args);
  try {
    await talk(server);
    await server.stop();
  } finally {
    server.kill();
  }
}
