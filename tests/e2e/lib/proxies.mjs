// SPDX-License-Identifier: MIT
//
// lib/proxies.mjs: nginx, HAProxy or Caddy in front of something on a port of this machine.
//
//   const proxy = await Proxy.start('nginx', printed('nginx'), server.port);   TLS, for https://example.org
//   const proxy = await Proxy.plain('nginx', 'location / { ... }', port);      HTTP
//   proxy.port, proxy.host ("example.org:PORT")
//   proxy.stop();
//
// printed(kind) is the configuration of docs/proxies.md. Only 127.0.0.1:8080, the address to listen on and the paths of the
// certificate are replaced; what a machine needs besides (folders, no admin port) stands around it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { Certs } from './certs.mjs';
import { SOURCE, soon } from './program.mjs';

export const NAME = 'example.org';
const PAGE = readFileSync(join(SOURCE, 'docs/proxies.md'), 'utf8');

/** The block of the page in this language. */
export function printed(language) {
  return new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'm').exec(PAGE)[1];
}

/** What it prints for a server that is under a path, without anything but that: of http://:80. */
export function under(kind) {
  const block = new RegExp(`^\`\`\`${kind}\n(# under a path\n[^]*?)^\`\`\``, 'm').exec(PAGE)[1];
  const around = {
    nginx: `map $http_upgrade $weft_connection { default upgrade; '' ''; }\nserver {\nlisten 80;\n${block}}\n`,
  };
  return around[kind];
}

/** What weft is started with there. */
export const SERVE = /^\$ weft serve (.*)$/m.exec(PAGE)[1].split(' ');

const certs = new Certs();
const { cert, key } = certs.issue(NAME, { names: [`DNS:${NAME}`, 'IP:127.0.0.1'] });
writeFileSync(certs.path('both'), readFileSync(cert) + readFileSync(key));
process.on('exit', () => certs.remove());

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether somebody can connect, and, by TLS, is shown a certificate: Caddy makes its own when it listens already. */
const listens = (port, secure) => new Promise((resolve) => {
  const socket = secure ? tlsConnect({ port, host: '127.0.0.1', servername: NAME, rejectUnauthorized: false }) : connect(port, '127.0.0.1');
  socket.on(secure ? 'secureConnect' : 'connect', () => resolve(true)).on('error', () => resolve(false)).on('close', () => resolve(false));
  socket.once(secure ? 'secureConnect' : 'connect', () => socket.destroy());
});

/** A file, and the words that run it. */
const kinds = {
  nginx: {
    frame: (config, dir) => `daemon off; master_process off; pid ${dir}/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n`
      + ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};\n`).join('') + `${config}}\n`,
    tls: (config, port) => config.replace('listen 443', `listen 127.0.0.1:${port}`).replace(/\/etc\/ssl\/example.org.pem/, cert)
      .replace('/etc/ssl/example.org.key', key),
    plain: (config, port) => config.replace('listen 80', `listen 127.0.0.1:${port}`),
    run: (file, dir) => ['nginx', '-p', dir, '-e', 'stderr', '-c', file],
  },
  haproxy: {
    frame: (config) => config,
    tls: (config, port) => config.replace('bind :443', `bind 127.0.0.1:${port}`).replace('/etc/ssl/example.org.pem', certs.path('both')),
    plain: (config, port) => config.replace('bind :80', `bind 127.0.0.1:${port}`),
    run: (file) => ['haproxy', '-db', '-q', '-f', file],
  },
  caddy: {
    frame: (config, dir, port, other) => `{\n admin off\n default_bind 127.0.0.1\n local_certs\n skip_install_trust\n https_port ${port}\n http_port ${other}\n}\n${config}`,
    tls: (config) => config,
    plain: (config, port) => `{\n admin off\n default_bind 127.0.0.1\n auto_https off\n}\n${config.replace(':80', `http://:${port}`)}`,
    run: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
};

export class Proxy {
  err = '';

  constructor(kind, dir, port) {
    Object.assign(this, { kind, dir, port, host: `${NAME}:${port}` });
  }

  #run(config) {
    const file = join(this.dir, 'config');
    writeFileSync(file, config);
    const [command, ...args] = kinds[this.kind].run(file, this.dir);
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: this.dir, XDG_DATA_HOME: this.dir, XDG_CONFIG_HOME: this.dir };
    this.child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.child.stderr.setEncoding('utf8').on('data', (data) => { this.err += data; });
    this.ended = new Promise((resolve) => this.child.on('error', resolve).on('close', resolve)).then(() => { this.over = true; });
  }

  /** Until somebody can connect; false if it has ended before. */
  async #ready(secure) {
    while (!this.over) {
      if (await listens(this.port, secure)) return true;
      await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    return false;
  }

  /** The port was free a moment ago: perhaps it is somebody else's by now. */
  static async #begin(kind, secure, make) {
    for (let attempt = 0; ; attempt++) {
      const dir = mkdtempSync(join(tmpdir(), 'weft-proxy-'));
      mkdirSync(join(dir, 'logs'));
      const proxy = new Proxy(kind, dir, await freePort());
      proxy.#run(await make(proxy));
      if (await soon(proxy.#ready(secure), () => `${kind}: ${proxy.err}`)) return proxy;
      await proxy.stop();
      if (attempt === 2) throw new Error(`${kind} ended: ${proxy.err}`);
    }
  }

  /** With this configuration of https://example.org. */
  static start(kind, config, to) {
    const { frame, tls } = kinds[kind];
    return Proxy.#begin(kind, true, async ({ dir, port }) => frame(tls(config.replaceAll('127.0.0.1:8080', `127.0.0.1:${to}`), port), dir, port, await freePort()));
  }

  /** With this one, of http://:80. */
  static plain(kind, config, to) {
    const { frame, plain } = kinds[kind];
    const around = kind === 'caddy' ? (text) => text : frame;
    return Proxy.#begin(kind, false, ({ dir, port }) => around(plain(config.replaceAll('127.0.0.1:8080', `127.0.0.1:${to}`), port), dir));
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.ended;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
