// SPDX-License-Identifier: MIT
//
// Whose pages may do what (docs/channels.md, section 13): each way to ask, from each kind of page, of a server with each
// kind of --origin. What is expected is worked out here from that section, and from what `weft help serve` says of
// --origin; nothing of it from the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { UPGRADE, ask } from './lib/ask.mjs';
import { Program, withServer } from './lib/program.mjs';

const APP = 'https://app.example';
const EVIL = 'https://evil.example';

/** What --origin says, and of which pages that is. */
const servers = {
  'nothing is said': { args: [], allowed: ['here', 'neighbour'] },
  '--origin same': { args: ['--origin', 'same'], allowed: ['here'] },
  '--origin null': { args: ['--origin', 'null'], allowed: ['null'] },
  '--origin https://app.example': { args: ['--origin', APP, '--origin', 'same'], allowed: ['here', 'app'] },
  '--origin any': { args: ['--origin', 'any'], allowed: ['here', 'neighbour', 'app', 'evil', 'null'], any: true },
};

const pages = (port) => ({
  nobody: undefined, // curl, and what browsers say no Origin of
  here: `http://127.0.0.1:${port}`,
  neighbour: 'http://localhost:5173',
  app: APP,
  evil: EVIL,
  null: 'null',
});

const sites = [undefined, 'none', 'same-origin', 'same-site', 'cross-site'];

const html = { Accept: 'text/html,*/*;q=0.8' };
const events = { Accept: 'text/event-stream' };
const preflight = (method) => ({ 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'idempotency-key,weft-key' });

// done: the status if it may be done. link: it is the page for who follows a link.
const asks = {
  'a look': { path: '/chat', done: 200 },
  'a poll': { path: '/chat?last=1', done: 200 },
  'a long poll': { path: '/chat?wait=0', done: 200 },
  'who is there': { path: '/chat?presence', done: 200 },
  'events': { path: '/chat', fields: events, endless: true, done: 200 },
  'a stream': { path: '/chat?stream', endless: true, done: 200 },
  'a raw stream': { path: '/chat?stream=raw', endless: true, done: 200 },
  'a link to the page': { path: '/chat', fields: { ...html, 'Sec-Fetch-Mode': 'navigate' }, done: 200, link: true },
  'the page, by fetch': { path: '/chat', fields: { ...html, 'Sec-Fetch-Mode': 'cors' }, done: 200 },
  'a link to a poll': { path: '/chat?last=1', fields: { ...html, 'Sec-Fetch-Mode': 'navigate' }, done: 200 },
  'an image': { path: '/chat', fields: { Accept: 'image/*', 'Sec-Fetch-Mode': 'no-cors' }, done: 200 },
  'the position': { method: 'HEAD', path: '/chat', done: 200 },
  'a message': { method: 'POST', path: '/said', body: 'hi', done: 200 },
  'a form': { method: 'POST', path: '/said', body: 'a=b', fields: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Mode': 'navigate' }, done: 200 },
  'to drop': { method: 'DELETE', path: '/chat', done: 200 },
  'what there is': { method: 'OPTIONS', path: '/chat', done: 204 },
  'what is no method': { method: 'PUT', path: '/chat', done: 405 },
  'what is no name': { path: '/chat/', done: 400 },
  'whether it may POST': { method: 'OPTIONS', path: '/chat', fields: preflight('POST'), done: 204 },
  'whether it may DELETE': { method: 'OPTIONS', path: '/chat', fields: preflight('DELETE'), done: 204 },
  'a WebSocket': { path: '/chat', fields: UPGRADE, done: 101 },
  'weft.v1': { path: '/chat', fields: { ...UPGRADE, 'Sec-WebSocket-Protocol': 'weft.v1' }, done: 101 },
};

/** Whether it is done. */
function may({ allowed, any }, page, site, { link }) {
  if (page !== 'nobody') return allowed.includes(page);
  return !['same-site', 'cross-site'].includes(site) || link || any;
}

/** Whether it has --origin to thank, and is somebody: then it may send cookies. */
const isListed = ({ args, allowed, any }, page) => args.length > 0 && !any && page !== 'null' && allowed.includes(page);

/** The status, and the fields that are about pages. */
function expected(server, page, origin, site, what) {
  const named = page !== 'nobody' && server.allowed.includes(page);
  const status = may(server, page, site, what) ? what.done : 403;
  if (status === 101) return { status };
  const isPage = what.fields?.Accept === html.Accept && !what.path.includes('?');
  const isUpgrade = what.fields?.Upgrade !== undefined;
  const asked = named ? what.fields?.['Access-Control-Request-Method'] : undefined;
  return {
    status,
    'access-control-allow-origin': isUpgrade ? undefined : server.any ? '*' : named ? origin : undefined,
    'access-control-allow-credentials': isListed(server, page) ? 'true' : undefined,
    'access-control-allow-methods': asked,
    'access-control-allow-headers': asked && what.fields['Access-Control-Request-Headers'],
    vary: server.any && asked ? undefined : 'Origin',
    // A preflight that is granted is the server's to answer, whatever is at the path.
    ...(!asked && {
      'access-control-expose-headers': named ? 'ETag, Weft-Position, Retry-After' : undefined,
      'cross-origin-resource-policy': named ? undefined : 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    }),
    ...(status > 204 && { 'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json' }),
  };
}

/** Of the answer, those fields that something is expected of. */
function heard({ status, fields }, wanted) {
  const all = { status, ...fields, vary: /\bOrigin\b/.exec(fields.vary ?? '')?.[0] };
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]));
}

for (const [name, kind] of Object.entries(servers))
  describe(name, { concurrency: true }, () => {
    let server;
    let posts = 0;
    before(async () => (server = await Program.serve(...kind.args)));
    after(async () => {
      // What is refused is refused before anything is done.
      const { messages, position } = JSON.parse((await ask(server.port, 'GET', '/said')).body);
      assert.equal(position.split('.')[1], `${posts}`);
      assert.equal(messages.length, Math.min(posts, 100));
      await server.stop();
    });

    for (const [ways, what] of Object.entries(asks))
      test(ways, async () => {
        const rows = Object.entries(pages(server.port)).flatMap(([page, origin]) => sites.map((site) => ({ page, origin, site })));
        const answers = await Promise.all(rows.map(async ({ page, origin, site }) => {
          const fields = { ...what.fields, ...(origin && { Origin: origin }), ...(site && { 'Sec-Fetch-Site': site }) };
          const wanted = expected(kind, page, origin, site, what);
          const answer = await ask(server.port, what.method ?? 'GET', what.path, { ...what, fields });
          return { row: { page, site }, wanted, got: heard(answer, wanted) };
        }));
        for (const { row, wanted, got } of answers) {
          assert.deepEqual({ ...row, ...got }, { ...row, ...wanted });
          if (what.method === 'POST' && got.status === 200) posts++;
        }
      });
  });

test('a preflight is allowed what clients send', () => withServer(['--origin', APP], async (server) => {
  for (const field of ['Content-Type', 'Authorization', 'Idempotency-Key', 'Weft-Key', 'If-None-Match', 'Last-Event-ID', 'Cache-Control']) {
    const fields = { Origin: APP, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': field.toLowerCase() };
    const { status, fields: said } = await ask(server.port, 'OPTIONS', '/chat', { fields });
    assert.deepEqual([status, said['access-control-allow-headers'].toLowerCase()], [204, field.toLowerCase()]);
  }
}));

test('who is refused is named on stderr, once, with the flag that would let him in', async (t) => {
  const server = await Program.serve();
  t.after(() => server.kill());
  for (const method of ['GET', 'POST', 'GET']) assert.equal((await ask(server.port, method, '/chat', { fields: { Origin: EVIL } })).status, 403);
  await server.stop();
  assert.equal(server.err.split(`--origin ${EVIL}`).length, 2, server.err);
});
