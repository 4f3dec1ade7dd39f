// SPDX-License-Identifier: MIT
//
// lib/certs.mjs: certificates for a test, made by the openssl program in a folder that goes with the test.
//
//   const certs = new Certs();                           with an authority of its own: certs.ca
//   const { cert, key } = certs.issue('a', { names: ['DNS:localhost', 'IP:127.0.0.1'] });
//   certs.issue('old', { days: -1 });                    expired yesterday
//   certs.selfSigned('own');
//   certs.remove();
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LOCAL = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];
const KEYS = { ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['-newkey', 'rsa:2048'], weak: ['-newkey', 'rsa:1024'] };
const DAY = 86_400_000; // ms

/** As X.509 writes it: 20261122013049Z */
const stamp = (time) => new Date(time).toISOString().replace(/[-:T]|\.\d+/g, '');

export class Certs {
  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'weft-certs-'));
    const { cert, key } = this.selfSigned('ca', { names: [], authority: true });
    Object.assign(this, { ca: cert, caKey: key });
    writeFileSync(join(this.dir, 'ca.conf'), '[ca]\ndefault_ca=x\n[x]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n'
      + 'default_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n');
    writeFileSync(join(this.dir, 'index'), '');
    writeFileSync(join(this.dir, 'serial'), '1000\n');
  }

  #openssl(...args) {
    execFileSync('openssl', args, { cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  path(name) {
    return join(this.dir, name);
  }

  /** What `openssl req` is told about a name and a key of its own. */
  #request(name, { names = LOCAL, kind = 'ec' }) {
    const san = names.length ? ['-addext', `subjectAltName=${names.join(',')}`] : [];
    return ['req', '-new', '-nodes', ...KEYS[kind], '-subj', `/CN=${name}`, ...san, '-keyout', `${name}.key`];
  }

  selfSigned(name, options = {}) {
    const basic = options.authority ? [] : ['-addext', 'basicConstraints=critical,CA:FALSE'];
    this.#openssl(...this.#request(name, options), '-x509', '-days', '30', ...basic, '-out', `${name}.crt`);
    return { cert: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  /** Signed by certs.ca. days: until when, from now; what is not positive has expired. start: from when, in days. */
  issue(name, options = {}) {
    const end = Date.now() + (options.days ?? 30) * DAY;
    this.#openssl(...this.#request(name, options), '-out', `${name}.csr`);
    this.#openssl('ca', '-batch', '-notext', '-config', 'ca.conf', '-cert', 'ca.crt', '-keyfile', 'ca.key',
      '-in', `${name}.csr`, '-out', `${name}.crt`,
      '-startdate', stamp(Date.now() + (options.start ?? -30) * DAY), '-enddate', stamp(end));
    return { cert: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
  }

  /** The same key behind a passphrase. */
  locked({ key }) {
    const path = key.replace(/key$/, 'locked');
    this.#openssl('pkcs8', '-topk8', '-in', key, '-passout', 'pass:x', '-out', path);
    return path;
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
