// SPDX-License-Identifier: MIT
//
// lib/metrics.mjs: /metrics, fetched, and read by Prometheus' own parser (prometheus.py).
//
//   const metrics = await scrape(server.page('/metrics'));
//   metrics.value('weft_connections', { transport: 'websocket' })
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { urlToHttpOptions } from 'node:url';
import { SOURCE, soon } from './program.mjs';

const PYTHON = '/usr/bin/python3'; // the one that sees Debian's prometheus_client

async function parsed(figures) {
  const parser = spawn(PYTHON, [join(SOURCE, 'tests/e2e/lib/prometheus.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  parser.stdin.end(figures);
  const [families, [code]] = await soon(Promise.all([text(parser.stdout), once(parser, 'close')]), () => 'the parser');
  assert.equal(code, 0, figures);
  return JSON.parse(families);
}

/** Of a URL, or http.request's options: {status, type, body}. */
export async function ask(whom, method = 'GET', body = '') {
  const options = typeof whom === 'string' ? urlToHttpOptions(new URL(whom)) : whom;
  const asked = request({ ...options, method });
  asked.end(body);
  const [answer] = await soon(once(asked, 'response'), () => `an answer to ${method} ${JSON.stringify(whom)}`);
  return { status: answer.statusCode, type: answer.headers['content-type'], body: await text(answer) };
}

/** A URL, or http.request's options. */
export async function scrape(whom) {
  const { status, type, body } = await ask(whom);
  assert.equal(status, 200);
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  const families = await parsed(body);
  const same = (a, b) => Object.keys(b).every((label) => a[label] === b[label]);
  return {
    families,
    /** Of the first sample of that name with these labels; undefined: there is none. */
    value(name, labels = {}) {
      for (const family of Object.values(families))
        for (const [sample, has, value] of family.samples) if (sample === name && same(has, labels)) return value;
    },
  };
}
