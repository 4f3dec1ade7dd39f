// SPDX-License-Identifier: MIT
//
// What a server shows to whoever runs it: /metrics, on its port and by --admin.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Certs } from './lib/certs.mjs';
import { ask, scrape } from './lib/metrics.mjs';
import { Peer } from './lib/peer.mjs';
import { Program, SOURCE, weft } from './lib/program.mjs';

/** A server with --admin on a port of loopback; its metrics. */
async function started(t, ...args) {
  const server = await Program.serve('--admin', '127.0.0.1:0', ...args);
  t.after(() => server.kill());
  const [, admin] = await server.said(/^admin: (http:.*)$/m);
  return Object.assign(server, { admin: (path) => `${admin}${path}`, scrape: () => scrape(`${admin}/metrics`) });
}

/** Scraped until it holds. */
async function until(server, holds) {
  for (;;) {
    const metrics = await server.scrape();
    if (holds(metrics)) return metrics;
  }
}

async function folder(t) {
  const dir = await mkdtemp(join(tmpdir(), 'weft-seeing-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

// ---- what is counted -----------------------------------------------------------------------------

describe('metrics', { concurrency: 4 }, () => {
  test('connections are counted by what they carry, as long as they are there', async (t) => {
    const server = await started(t);
    const peer = await Peer.connect(server.url('/chat'));
    const gone = new AbortController();
    await fetch(server.page('/chat?stream=sse'), { signal: gone.signal });
    await fetch(server.page('/chat?stream'), { signal: gone.signal });
    const metrics = await server.scrape();
    const there = (transport) => metrics.value('weft_connections', { transport });
    assert.deepEqual(['websocket', 'sse', 'stream', 'poll'].map(there), [1, 1, 1, 0]);
    assert.ok(metrics.value('weft_connections_accepted_total') >= 3);
    gone.abort();
    await peer.leave(1000);
    await until(server, (now) =>
      ['websocket', 'sse', 'stream'].every((transport) => now.value('weft_connections', { transport }) === 0),
    );
    assert.equal((await server.scrape()).value('weft_closes_total', { code: '1000' }), 1);
    await server.stop();
  });

  test('messages are counted where they come, and where they go', async (t) => {
    const server = await started(t);
    const peers = await Promise.all([1, 2, 3].map(() => Peer.connect(server.url('/chat'))));
    peers[0].say('by WebSocket');
    for (const peer of peers) assert.equal(await peer.next(), 'by WebSocket');
    await fetch(server.page('/chat'), { method: 'POST', body: 'by POST' });
    for (const peer of peers) assert.equal(await peer.next(), 'by POST');
    const metrics = await until(server, (now) => now.value('weft_publish_to_socket_seconds_count') > 0);
    assert.equal(metrics.value('weft_messages_received_total'), 1);
    assert.equal(metrics.value('weft_messages_published_total'), 2);
    assert.equal(metrics.value('weft_deliveries_total'), 6);
    assert.equal(metrics.value('weft_lost_total'), 0);
    assert.equal(metrics.value('weft_channels'), 1);
    assert.ok(metrics.value('weft_log_bytes') > 0);
    assert.equal(metrics.value('weft_queue_bytes'), 0);
    await Promise.all(peers.map((peer) => peer.leave(1000)));
    await server.stop();
  });

  test('refusals by status, and a code that a peer made up is no label', async (t) => {
    const server = await started(t);
    const { status } = await ask(server.page('/healthz'), 'BREW');
    assert.equal(status, 405);
    assert.equal((await server.scrape()).value('weft_refusals_total', { reason: '405' }), 1);
    const peer = await Peer.connect(server.url('/chat'));
    await peer.leave(4321);
    const metrics = await until(server, (now) => now.value('weft_closes_total', { code: 'other' }) === 1);
    assert.equal(metrics.value('weft_closes_total', { code: '4321' }), undefined);
    await server.stop();
  });

  test('the process, the version and what counts are of the kinds that Prometheus expects', async (t) => {
    const server = await started(t);
    const metrics = await server.scrape();
    for (const [name, { type, help, samples }] of Object.entries(metrics.families)) {
      assert.match(name, /^(weft|process)_[a-z_]+$/);
      assert.equal(type === 'counter', name.endsWith('_total'), name);
      assert.ok(help.endsWith('.'), name);
      for (const [, , value] of samples) assert.ok(value >= 0, name);
    }
    const { out } = await weft(['--version']);
    assert.equal(metrics.value('weft_build_info', { version: out.trim().split(' ')[1] }), 1);
    assert.ok(metrics.value('process_open_fds') > 4);
    assert.ok(metrics.value('process_resident_memory_bytes') > 1 << 20);
    assert.ok(Math.abs(metrics.value('process_start_time_seconds') - Date.now() / 1000) < 60);
    await server.stop();
  });

  test('until when certificates are good, by the name of the file', async (t) => {
    const certs = new Certs();
    t.after(() => certs.remove());
    const { cert, key } = certs.issue('seen', { days: 3 });
    const server = await started(t, '--tls-cert', cert, '--tls-key', key);
    const metrics = await server.scrape();
    const until = metrics.value('weft_tls_certificate_expiry_timestamp_seconds', { certificate: cert });
    assert.ok(Math.abs(until - Date.now() / 1000 - 3 * 86_400) < 3600);
    await server.stop();
  });

  test('whether settings could be read again', async (t) => {
    const file = join(await folder(t), 'weft.yaml');
    await writeFile(file, 'max-message: 1K\n');
    const server = await started(t, '-v', '--config', file);
    assert.equal((await server.scrape()).value('weft_config_reload_success'), 1);
    await writeFile(file, 'max-massage: 1K\n');
    server.kill('SIGHUP');
    await until(server, (now) => now.value('weft_config_reload_success') === 0);
    await writeFile(file, 'max-message: 1K\n');
    server.kill('SIGHUP');
    await until(server, (now) => now.value('weft_config_reload_success') === 1);
    await server.stop();
  });
});

// ---- where ---------------------------------------------------------------------------------------

describe('where they are', { concurrency: 4 }, () => {
  test('on the port itself of a server that is on loopback only', async (t) => {
    const server = await Program.serve('--threads', '3');
    t.after(() => server.kill());
    const [one, ...others] = await Promise.all(Array.from({ length: 9 }, () => scrape(server.page('/metrics'))));
    for (const other of others) assert.deepEqual(Object.keys(other.families), Object.keys(one.families));
    assert.equal((await ask(server.page('/metrics'), 'POST', 'x')).status, 405);
    await server.stop();
  });

  test('nowhere else on a port that others can reach, be it by a proxy', async (t) => {
    const server = await Program.serve('--trust-proxy', '127.0.0.1');
    t.after(() => server.kill());
    const { body } = await ask(server.page('/metrics'));
    assert.doesNotMatch(body, /weft_build_info/);
    await server.stop();
  });

  test('by a Unix socket that is its owner’s alone; one that is left behind is taken over', async (t) => {
    const path = join(await folder(t), 'admin');
    const server = await Program.serve('--admin', `unix:${path}`);
    t.after(() => server.kill());
    const metrics = await scrape({ socketPath: path, path: '/metrics' });
    assert.equal(metrics.value('weft_config_reload_success'), 1);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    server.kill();
    await server.ended;
    const next = await Program.serve('--admin', `unix:${path}`);
    t.after(() => next.kill());
    assert.equal((await scrape({ socketPath: path, path: '/metrics' })).value('weft_channels'), 0);
    await next.stop();
  });

  test('not for a name that is somebody else’s', async (t) => {
    const server = await started(t);
    const asked = new URL(server.admin('/metrics'));
    const headers = { Host: 'evil.example' };
    const { status } = await ask({ host: asked.hostname, port: asked.port, path: '/metrics', headers });
    assert.equal(status, 421);
    await server.stop();
  });

  test('and never at an address that others can reach', async () => {
    for (const address of ['0.0.0.0:0', '*:9000', '[::]:9000', 'fd:3', 'nonsense']) {
      const { code, err } = await weft(['serve', '-p', '0', '--admin', address]);
      assert.equal(code, 1, address);
      assert.match(err, /--admin/, address);
    }
  });
});

// ---- what is made of them ------------------------------------------------------------------------

/** Names of metrics in a query; what Prometheus says of every target is not weft's. */
const named = (query) => (query.match(/\b(weft|process)_[a-z_]+\b/g) ?? []).map((name) => name.replace(/_bucket$/, ''));

describe('contrib', () => {
  test('every metric that the dashboard and the rules name is there, with the labels they have', async (t) => {
    const certs = new Certs();
    t.after(() => certs.remove());
    const { cert, key } = certs.issue('seen');
    const server = await started(t, '--tls-cert', cert, '--tls-key', key);
    const { families } = await server.scrape();
    const rules = await readFile(join(SOURCE, 'contrib/prometheus/weft.rules.yml'), 'utf8');
    const dashboard = JSON.parse(await readFile(join(SOURCE, 'contrib/grafana/weft.json'), 'utf8'));
    const queries = [
      ...[...rules.matchAll(/^ +expr: (.*)$/gm)].map(([, expr]) => expr),
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ];
    const names = new Set(queries.flatMap(named));
    assert.ok(names.size > 15, [...names].join(' '));
    for (const name of names) assert.ok(families[name], name);
    for (const query of queries) assert.equal(query.split('(').length, query.split(')').length, query);
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
    await server.stop();
  });

  test('every metric is in docs/production.md', async (t) => {
    const server = await started(t);
    const { families } = await server.scrape();
    const page = await readFile(join(SOURCE, 'docs/production.md'), 'utf8');
    for (const name of Object.keys(families))
      assert.ok(name.startsWith('process_') || page.includes(`\`${name}\``), name);
    await server.stop();
  });
});
