// SPDX-License-Identifier: MIT
//
// What caches are told, over the wire (docs/channels.md, sections 9 and 13): Cache-Control and Vary of every answer, whose
// ETag it is, and when it is 304. What browsers make of it is in event_source.test.mjs and page.test.mjs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { Program, withServer } from './lib/program.mjs';

const POLL = 'private, no-cache';
const STREAM = 'no-cache, no-transform';
const html = { Accept: 'text/html' };

let server;
let position; // of /kept, which has three messages
before(async () => {
  server = await Program.serve();
  for (const body of ['a', 'b', 'c']) position = JSON.parse((await ask(server.port, 'POST', '/kept', { body })).body).position;
});
after(() => server.stop());

const epoch = () => position.split('.')[0];

// etag: it has one, and the position in a field. page: it has one of its own.
const answers = {
  'a look': { path: '/kept', caching: POLL, etag: true },
  'last': { path: '/kept?last=2', caching: POLL, etag: true },
  'since': { path: () => `/kept?since=${epoch()}.1`, caching: POLL, etag: true },
  'since, with a loss': { path: '/kept?since=zzzzzzzz.1', caching: POLL, etag: true },
  'HEAD': { method: 'HEAD', path: '/kept', caching: POLL, etag: true },
  'a long poll': { path: '/kept?wait=0', caching: 'no-store', position: true },
  'a long poll with something to say': { path: '/kept?wait=9&last=1', caching: 'no-store', position: true },
  'who is there': { path: '/kept?presence', caching: 'no-store' },
  'events': { path: '/kept?stream=sse', caching: STREAM, endless: true, position: true },
  'a stream': { path: '/kept?stream', caching: STREAM, endless: true, position: true },
  'a raw stream': { path: '/kept?stream=raw', caching: STREAM, endless: true, position: true },
  'the page': { path: '/kept', fields: html, caching: 'no-cache', page: true },
  'POST': { method: 'POST', path: '/other', caching: 'no-store' },
  'DELETE': { method: 'DELETE', path: '/other', caching: 'no-store' },
  'OPTIONS': { method: 'OPTIONS', path: '/kept', caching: 'no-store', status: 204 },
  'a name that is none': { path: '/kept/', caching: 'no-store', status: 400 },
  'the same, for people': { path: '/kept/', fields: html, caching: 'no-store', status: 400 },
  'a parameter that is none': { path: '/kept?last=0', caching: 'no-store', status: 400 },
  'a poll that is refused': { path: '/kept?last=1', fields: { Origin: 'https://evil.example' }, caching: 'no-store', status: 403 },
  'a reserved name': { path: '/.reserved', caching: 'no-store', status: 404 },
  'no method': { method: 'PATCH', path: '/kept', caching: 'no-store', status: 405 },
  'no message': { method: 'POST', path: '/other', fields: { 'Content-Type': 'multipart/form-data' }, caching: 'no-store', status: 415 },
};

for (const [name, { method = 'GET', path, caching, status = 200, etag, page, position: at, ...more }] of Object.entries(answers))
  test(name, async () => {
    const answer = await ask(server.port, method, typeof path === 'function' ? path() : path, more);
    const { fields } = answer;
    assert.deepEqual(
      { status: answer.status, caching: fields['cache-control'], buffering: fields['x-accel-buffering'], vary: method === 'GET' ? fields.vary : undefined },
      { status, caching, buffering: caching === STREAM ? 'no' : undefined, vary: method === 'GET' ? 'Accept, Origin' : undefined },
    );
    if (page) assert.match(fields.etag, /^(W\/)?"[^"]+"$/);
    else assert.equal(fields.etag, etag ? `W/"${position}"` : undefined);
    if (etag || at) assert.match(fields['weft-position'], new RegExp(`^${epoch()}\\.\\d$`));
    if (etag) assert.equal(fields['weft-position'], position);
  });

describe('If-None-Match', () => {
  // P: the position. known: it is 304.
  const lists = {
    'W/"P"': true,
    '"P"': true, // some caches take the W/ off
    '"x", W/"P"': true,
    '"a, b",, W/"P" , "y"': true,
    '*': true,
    'W/"x"': false,
    'P': false,
    'W/"P': false,
    '"P-gzip"': false,
  };
  for (const [list, known] of Object.entries(lists))
    for (const [method, query] of [['GET', ''], ['GET', '?last=2'], ['GET', '?since=EPOCH.1'], ['HEAD', '']])
      test(`${list}: ${method} ${query}`, async () => {
        const answer = await ask(server.port, method, `/kept${query.replace('EPOCH', epoch())}`, { fields: { 'If-None-Match': list.replace('P', position) } });
        assert.equal(answer.status, known ? 304 : 200);
        assert.equal(answer.body === '', known || method === 'HEAD');
        assert.deepEqual(
          ['etag', 'weft-position', 'cache-control', 'vary'].map((field) => answer.fields[field]),
          [`W/"${position}"`, position, POLL, 'Accept, Origin'],
        );
      });

  test('is nothing to a long poll, to a stream, or to POST', async () => {
    const fields = { 'If-None-Match': `W/"${position}"` };
    assert.equal((await ask(server.port, 'GET', '/kept?wait=0', { fields })).status, 200);
    assert.equal((await ask(server.port, 'GET', `/kept?wait=1&since=${epoch()}.2`, { fields })).status, 200);
    assert.equal((await ask(server.port, 'GET', '/kept?stream', { fields, endless: true })).status, 200);
    assert.equal((await ask(server.port, 'GET', '/kept?stream=sse', { fields, endless: true })).status, 200);
    assert.equal((await ask(server.port, 'GET', '/kept?presence', { fields })).status, 200);
    assert.equal((await ask(server.port, 'POST', '/other', { fields: { 'If-None-Match': '*' } })).status, 200);
  });

  test('with something new it is 200, and the next time 304 again', async () => {
    const look = (tag) => ask(server.port, 'GET', '/news?last=all', { fields: tag ? { 'If-None-Match': tag } : {} });
    let tag;
    for (let n = 0; n < 3; n++) {
      const answer = await look(tag);
      assert.deepEqual([answer.status, JSON.parse(answer.body).messages.length], [200, n]);
      tag = answer.fields.etag;
      assert.equal((await look(tag)).status, 304);
      await ask(server.port, 'POST', '/news', { body: 'new' });
    }
  });

  test('a page of what there is more of is never taken for all of it', () => withServer(['--channel', '/**: history=5000'], async (many) => {
    const lines = (n) => '{"data":"x"}\n'.repeat(n);
    const fields = { 'Content-Type': 'application/x-ndjson' };
    for (const n of [1000, 500]) await ask(many.port, 'POST', '/many', { body: lines(n), fields });
    const first = await ask(many.port, 'GET', '/many');
    assert.equal(JSON.parse(first.body).more, true);
    const again = await ask(many.port, 'GET', '/many', { fields: { 'If-None-Match': first.fields.etag } });
    assert.deepEqual([again.status, again.body], [200, first.body]);
  }));

  test('the page has one of its own, which is not that of what is in it', async () => {
    const { fields: { etag } } = await ask(server.port, 'GET', '/kept', { fields: html });
    const look = (fields) => ask(server.port, 'GET', '/kept', { fields });
    const known = await look({ ...html, 'If-None-Match': etag });
    assert.deepEqual([known.status, known.body, known.fields.etag, known.fields['cache-control']], [304, '', etag, 'no-cache']);
    assert.equal((await look({ ...html, 'If-None-Match': `W/"${position}"` })).status, 200);
    assert.equal((await look({ 'If-None-Match': etag })).status, 200);
  });
});
