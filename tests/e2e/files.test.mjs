// SPDX-License-Identifier: MIT
//
// The static files of `weft serve DIR`, fetched by curl; and by a bare socket where curl is too polite.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Peer } from './lib/peer.mjs';
import { Program, soon } from './lib/program.mjs';

const BIG = randomBytes(10 << 20);
const PAGE = '<!doctype html><title>hello</title>\n';
const DIGITS = '0123456789'.repeat(10);

let top; // outside of what is served: site/ is served, secret.txt is its neighbour
let site;
let server;

before(async () => {
  top = await mkdtemp(join(tmpdir(), 'weft-e2e-'));
  site = join(top, 'site');
  await mkdir(join(site, 'sub', 'deep'), { recursive: true });
  await mkdir(join(site, 'bare'));
  await mkdir(join(site, '.git'));
  const files = {
    'index.html': PAGE, 'sub/index.html': '<p>sub', 'digits.txt': DIGITS, 'empty.txt': '', 'big.bin': BIG,
    'a.css': 'p{}', 'a.js': '1', 'a.mjs': '1', 'a.json': '{}', 'a.svg': '<svg/>', 'a.png': '\x89PNG', 'a.ico': 'x',
    'a.wasm': 'x', 'a.unknown': 'x', 'no-extension': 'x', 'with space.txt': 'space', 'größe.txt': 'utf-8', '100%.txt': 'percent',
    '.hidden': 'hidden', '.git/config': 'hidden', 'sub/deep/file.txt': 'deep', '../secret.txt': 'secret',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(site, name), content);
  await symlink('digits.txt', join(site, 'link.txt'));
  await symlink('../secret.txt', join(site, 'out.txt'));
  await symlink('..', join(site, 'up'));
  server = await Program.serve(site);
});
after(async () => {
  await server.stop();
  await rm(top, { recursive: true });
});

// ---- asking ------------------------------------------------------------------------------------

function curl(...args) {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'latin1', maxBuffer: 1 << 26 };
    execFile('curl', ['-sS', '--max-time', '15', '--noproxy', '*', ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`curl ${args.join(' ')}: ${stderr}`));
      else resolve(stdout);
    });
  });
}

/** Status, fields (names in lower case) and body. */
function parse(text) {
  const end = text.indexOf('\r\n\r\n');
  const [line, ...lines] = text.slice(0, end).split('\r\n');
  const fields = Object.fromEntries(lines.map((field) => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  }));
  return { status: Number(line.split(' ')[1]), fields, body: text.slice(end + 4) };
}

const get = async (path, ...args) => parse(await curl('-i', '--path-as-is', ...args, server.page(path)));

/** Everything that the server answers to these bytes, until it closes. */
async function raw(bytes) {
  const socket = connect(server.port, '127.0.0.1');
  socket.setEncoding('latin1');
  let answer = '';
  socket.on('data', (data) => (answer += data));
  socket.write(bytes);
  await soon(once(socket, 'end'), () => `the end of the answer to ${bytes.slice(0, 60)}`);
  socket.destroy();
  return answer;
}

// ---- files -------------------------------------------------------------------------------------

test('the index, and what every answer says', async () => {
  const { status, fields, body } = await get('/');
  assert.equal(status, 200);
  assert.equal(body, PAGE);
  assert.equal(fields['content-length'], String(PAGE.length));
  assert.match(fields.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  assert.match(fields['last-modified'], /GMT$/);
  assert.match(fields.etag, /^(W\/)?"[!#-~]+"$/);
  assert.equal(fields['accept-ranges'], 'bytes');
  assert.equal(fields['x-content-type-options'], 'nosniff');
});

test('types', async () => {
  const types = {
    '/': /^text\/html; charset=utf-8$/, '/digits.txt': /^text\/plain; charset=utf-8$/, '/a.css': /^text\/css/,
    '/a.js': /^text\/javascript/, '/a.mjs': /^text\/javascript/, '/a.json': /^application\/json/,
    '/a.svg': /^image\/svg\+xml/, '/a.png': /^image\/png$/, '/a.ico': /^image\/(x-icon|vnd\.microsoft\.icon)$/,
    '/a.wasm': /^application\/wasm$/, '/a.unknown': /^application\/octet-stream$/, '/no-extension': /^application\/octet-stream$/,
  };
  for (const [path, type] of Object.entries(types)) {
    assert.match((await get(path)).fields['content-type'], type, path);
  }
});

test('names with escapes, and a query', async () => {
  const bodies = {
    '/with%20space.txt': 'space', '/gr%C3%B6%C3%9Fe.txt': 'utf-8', '/100%25.txt': 'percent', '/d%69gits.txt': DIGITS,
    '/digits.txt?v=2': DIGITS, '/sub/deep/file.txt': 'deep', '/empty.txt': '',
  };
  for (const [path, body] of Object.entries(bodies)) assert.deepEqual([path, (await get(path)).body], [path, body]);
});

test('ten mebibytes arrive as they are', async () => {
  const out = join(top, 'got.bin');
  await curl('-o', out, server.page('/big.bin'));
  assert.ok((await readFile(out)).equals(BIG));
});

test('HEAD', async () => {
  const head = parse(await curl('-I', server.page('/big.bin')));
  assert.equal(head.status, 200);
  assert.equal(head.fields['content-length'], String(BIG.length));
  assert.equal(head.body, '');
  assert.equal(parse(await curl('-I', server.page('/nothing.txt'))).status, 404);
});

test('a directory: redirected to its slash, index.html, or a list', async () => {
  const redirect = await get('/sub');
  assert.ok([301, 302, 307, 308].includes(redirect.status), String(redirect.status));
  assert.equal(new URL(redirect.fields.location, server.page('/sub')).pathname, '/sub/');
  assert.equal((await get('/sub/')).body, '<p>sub');
  assert.equal(await curl('-L', server.page('/sub?x=1')), '<p>sub');
  assert.equal((await get('/bare/')).status, 200);
});

test('what is not there', async () => {
  for (const path of ['/nothing.txt', '/sub/nothing.html', '/digits.txt/', '/digits.txt/x.txt']) {
    assert.deepEqual([path, (await get(path)).status], [path, 404]);
  }
});

// ---- conditions --------------------------------------------------------------------------------

test('ETag: 304 when nothing changed', async () => {
  const { etag } = (await get('/digits.txt')).fields;
  for (const known of [etag, `"other", ${etag}`, '*', etag.startsWith('W/') ? etag.slice(2) : `W/${etag}`]) {
    const { status, fields, body } = await get('/digits.txt', '-H', `If-None-Match: ${known}`);
    assert.deepEqual([known, status, body], [known, 304, '']);
    assert.equal(fields.etag, etag);
  }
  assert.equal((await get('/digits.txt', '-H', 'If-None-Match: "other"')).status, 200);
});

test('Last-Modified: 304 when nothing changed', async () => {
  const modified = (await get('/digits.txt')).fields['last-modified'];
  const since = (date, ...more) => get('/digits.txt', '-H', `If-Modified-Since: ${date}`, ...more);
  assert.equal((await since(modified)).status, 304);
  assert.equal((await since('Thu, 01 Jan 2015 00:00:00 GMT')).status, 200);
  assert.equal((await since('nonsense')).status, 200);
  assert.equal((await since(modified, '-H', 'If-None-Match: "other"')).status, 200, 'the ETag counts');
});

test('a file that changes has another ETag', async () => {
  await writeFile(join(site, 'changes.txt'), 'one');
  const first = await get('/changes.txt');
  await writeFile(join(site, 'changes.txt'), 'three');
  const second = await get('/changes.txt', '-H', `If-None-Match: ${first.fields.etag}`);
  assert.deepEqual([second.status, second.body], [200, 'three']);
});

// ---- ranges ------------------------------------------------------------------------------------

test('ranges', async () => {
  const ranges = {
    'bytes=0-9': [0, 9], 'bytes=10-10': [10, 10], 'bytes=90-': [90, 99], 'bytes=-5': [95, 99], 'bytes=95-1000': [95, 99],
    'bytes=-1000': [0, 99],
  };
  for (const [range, [from, to]] of Object.entries(ranges)) {
    const { status, fields, body } = await get('/digits.txt', '-H', `Range: ${range}`);
    assert.deepEqual([range, status, body], [range, 206, DIGITS.slice(from, to + 1)]);
    assert.equal(fields['content-range'], `bytes ${from}-${to}/100`);
    assert.equal(fields['content-length'], String(to + 1 - from));
  }
});

test('a range that is not there: 416', async () => {
  for (const range of ['bytes=100-', 'bytes=100-200', 'bytes=-0']) {
    const { status, fields } = await get('/digits.txt', '-H', `Range: ${range}`);
    assert.deepEqual([range, status], [range, 416]);
    assert.equal(fields['content-range'], 'bytes */100');
  }
});

test('what is no range, or several: the whole file', async () => {
  for (const range of ['bytes=9-0', 'bytes=a-b', 'lines=0-1', 'bytes=', 'bytes=0-1,5-6', 'bytes 0-1']) {
    const { status, body } = await get('/digits.txt', '-H', `Range: ${range}`);
    assert.deepEqual([range, status, body], [range, 200, DIGITS]);
  }
});

test('If-Range: a range of the file that is known, or the whole new one', async () => {
  const { etag } = (await get('/digits.txt')).fields;
  const status = async (known) => (await get('/digits.txt', '-H', 'Range: bytes=0-1', '-H', `If-Range: ${known}`)).status;
  assert.equal(await status(etag), etag.startsWith('W/') ? 200 : 206);
  assert.equal(await status('"other"'), 200);
});

test('a download goes on where it was cut', async () => {
  const out = join(top, 'resumed.bin');
  await writeFile(out, BIG.subarray(0, 3 << 20));
  await curl('-C', '-', '-o', out, server.page('/big.bin'));
  assert.ok((await readFile(out)).equals(BIG));
});

// ---- what is not served ------------------------------------------------------------------------

test('nothing outside, nothing hidden, no links', async () => {
  const paths = [
    '/../secret.txt', '/sub/../../secret.txt', '/%2e%2e/secret.txt', '/%2E%2E%2Fsecret.txt', '/..%2fsecret.txt',
    '/sub/..%5c..%5csecret.txt', '/..\\secret.txt', '//etc/passwd', '/%2fetc/passwd', '/./digits.txt', '/sub/./index.html',
    '/.hidden', '/.git/config', '/%2egit/config', '/link.txt', '/out.txt', '/up/secret.txt', '/up/site/digits.txt',
    '/digits.txt%00.html', '/%', '/%zz', '/%c0%ae%c0%ae/secret.txt', '/%ff', `/${'x'.repeat(300)}`, `/${'a/'.repeat(3000)}`,
  ];
  for (const path of paths) {
    const { status, body } = await get(path);
    assert.ok([400, 403, 404, 414].includes(status), `${path.slice(0, 80)}: ${status}`);
    assert.doesNotMatch(body, /secret$|hidden$|root:|0123456789/);
  }
});

test('other methods and parameters of channels mean the channel of that name', async () => {
  for (const method of ['PUT', 'PATCH', 'TRACE']) {
    const { status, fields } = await get('/digits.txt', '-X', method);
    assert.deepEqual([method, status], [method, 405]);
    assert.match(fields.allow, /GET.*HEAD/);
  }
  assert.equal((await get('/digits.txt', '-d', 'a body')).status, 200);
  assert.match((await get('/digits.txt?last=1')).body, /"data":"a body"/);
  assert.equal((await get('/digits.txt?v=2')).body, (await get('/digits.txt')).body);
  assert.equal((await get('/nothing.txt')).status, 404);
  assert.equal((await get('/nothing.txt', '-d', 'a body')).status, 200);
  assert.match((await get('/nothing.txt')).body, /"data":"a body"/);
});

// ---- the connection ----------------------------------------------------------------------------

test('curl uses the connection again', async () => {
  const urls = ['/', '/digits.txt', '/sub/', '/empty.txt', '/a.css'].map((path) => server.page(path));
  const nowhere = urls.flatMap(() => ['-o', '/dev/null']);
  const counts = await curl(...nowhere, '-w', '%{http_code} %{num_connects}\n', ...urls);
  assert.deepEqual(counts.trim().split('\n'), ['200 1', '200 0', '200 0', '200 0', '200 0']);
});

test('pipelined requests are answered in order', async () => {
  const ask = (path, more = '', method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const answer = await raw(ask('/digits.txt') + ask('/sub/') + ask('/digits.txt', '', 'HEAD') + ask('/empty.txt')
    + ask('/digits.txt', 'Range: bytes=0-3\r\n') + ask('/a.css', 'Connection: close\r\n'));
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g).map((line) => line.slice(-3)), ['200', '200', '200', '200', '206', '200']);
  const order = ['0123456789', '<p>sub', '0123HTTP', 'p{}'].map((text) => answer.indexOf(text));
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  assert.ok(!order.includes(-1), `${order}`);
});

test('a big file in the middle of a pipeline', async () => {
  const ask = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const answer = await raw(ask('/big.bin') + ask('/big.bin') + ask('/a.css', 'Connection: close\r\n'));
  const first = answer.indexOf('\r\n\r\n') + 4;
  const second = answer.indexOf('\r\n\r\n', first + BIG.length) + 4;
  for (const at of [first, second]) {
    assert.ok(Buffer.from(answer.slice(at, at + BIG.length), 'latin1').equals(BIG));
  }
  assert.ok(answer.endsWith('p{}'));
});

test('HTTP/1.0 gets its file and the end of the connection', async () => {
  const answer = await raw('GET /a.css HTTP/1.0\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.ok(answer.endsWith('\r\n\r\np{}'));
});

test('who hangs up in the middle of a file bothers nobody', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await soon(once(socket, 'data'), () => 'the beginning of the file');
  socket.resetAndDestroy();
  assert.equal((await get('/a.css')).body, 'p{}');
});

test('pages and channels on one port', async () => {
  const peer = await Peer.connect(server.url('/digits.txt'));
  assert.equal(await peer.ask('a channel has the name of a file'), 'a channel has the name of a file');
  await peer.leave(1000);
});

// ---- other listeners ---------------------------------------------------------------------------

test('a Unix socket, for files and for WebSockets', async () => {
  const path = join(top, 'socket');
  const local = new Program(['serve', '-l', `unix:${path}`, site]);
  try {
    await local.said(/^unix:.*socket\n/);
    assert.equal(await curl('--unix-socket', path, 'http://localhost/a.css'), 'p{}');
    const peer = await Peer.connect(`ws+unix://${path}:/room`);
    const terminal = new Program([`ws+unix:${path}:/room`]);
    terminal.type('hello');
    assert.equal(await peer.next(), 'hello');
    terminal.child.stdin.end();
    assert.equal((await terminal.end()).code, 0);
    await peer.leave(1000);
    await local.stop();
  } finally {
    local.kill();
  }
  assert.ok(!existsSync(path), 'the socket is gone when the program is');
});

test('several listeners', async () => {
  const several = new Program(['serve', '-l', '127.0.0.1:0', '-l', `unix:${join(top, 'two')}`, '-l', '127.0.0.2:0', site]);
  try {
    const [, one, other] = await several.said(/^(http:\S+)\nunix:\S+\n(http:\/\/127\.0\.0\.2:\S+)\n/);
    for (const url of [one, other]) assert.equal(await curl(`${url}/a.css`), 'p{}');
    assert.equal(await curl('--unix-socket', join(top, 'two'), 'http://x/a.css'), 'p{}');
    await several.stop();
  } finally {
    several.kill();
  }
});

test('a directory that is not there: said at once', async () => {
  const { code, err } = await new Program(['serve', '-p', '0', join(top, 'nowhere')]).end();
  assert.equal(code, 1);
  assert.match(err, /^weft: .*nowhere.*No such file/i);
});

test('the pages of the demo: a policy, types, 304, HEAD, and nothing else', async () => {
  const demo = await Program.listening('demo', '-p', '0');
  try {
    const ask = async (path, ...args) => parse(await curl('-i', ...args, demo.page(path)));
    const browser = ['-H', 'Accept: text/html'];
    const types = { '/': 'html', '/chat': 'html', '/chat/any/room': 'html', '/quotes': 'html', '/style.css': 'css', '/weft.js': 'javascript' };
    for (const [path, type] of Object.entries(types)) {
      const { status, fields, body } = await ask(path, ...browser);
      assert.deepEqual([path, status], [path, 200]);
      assert.match(fields['content-type'], new RegExp(`^text/${type}; charset=utf-8$`));
      assert.match(fields['content-security-policy'], /default-src/);
      assert.doesNotMatch(fields['content-security-policy'], /unsafe/);
      assert.equal(fields['x-content-type-options'], 'nosniff');
      assert.ok(body.length > 100);
      const again = await ask(path, ...browser, '-H', `If-None-Match: ${fields.etag}`);
      assert.deepEqual([path, again.status, again.body], [path, 304, '']);
      const head = parse(await curl('-I', ...browser, demo.page(path)));
      assert.deepEqual([head.status, head.fields['content-length'], head.body], [200, fields['content-length'], '']);
    }
    for (const path of ['/.git', '/.weft/nothing']) assert.equal((await ask(path, ...browser)).status, 404);
    for (const path of ['/chat', '/quotes', '/']) assert.match((await ask(path)).body, /^\{"channel":"/); // curl means the channel
    await demo.stop();
  } finally {
    demo.kill();
  }
});

test('IPv6', async (t) => {
  const six = new Program(['serve', '-l', '[::1]:0', site]);
  try {
    const [, port] = await six.said(/^http:\/\/\[::1\]:(\d+)\n/).catch(() => []);
    if (!port && /annot assign|not supported/.test(six.err)) return t.skip('this machine has no IPv6');
    assert.equal(await curl('-g', `http://[::1]:${port}/a.css`), 'p{}');
    const peer = await Peer.connect(`ws://[::1]:${port}/room`, { origin: `http://[::1]:${port}` });
    assert.equal(await peer.ask('six'), 'six');
    await peer.leave(1000);
    await six.stop();
  } finally {
    six.kill();
  }
});

test('without a directory the root says what this is', async () => {
  const bare = await Program.serve();
  try {
    assert.match(await curl('-H', 'Accept: text/html', bare.page('/')), /Every path is a/);
    assert.match(await curl(bare.page('/')), /^\{"channel":"\/"/); // to who is no browser it is a channel
    await bare.stop();
  } finally {
    bare.kill();
  }
});
