// SPDX-License-Identifier: MIT
//
// docs/proxies.md: nginx, HAProxy and Caddy in front of weft serve. With the configurations as they are printed there all
// transports work, by HTTP/1.1 and by HTTP/2; and what the page says of their defaults is what they do.
//
// PROXIES_SILENCE=SECONDS in the environment (make proxies): whether all that is silent lasts so long.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { Peer } from './lib/peer.mjs';
import { Program, soon } from './lib/program.mjs';
import { NAME, Proxy, SERVE, printed } from './lib/proxies.mjs';

// As printed, and for who looks who is there.
process.env.WEFT_ACCESS = '/**: presence=anyone';

const KINDS = ['nginx', 'haproxy', 'caddy'];
const PATIENCE = 20_000; // ms

// ---- clients -----------------------------------------------------------------------------------

/** An answer that may go on: its head, and what has come of its body. */
class Answer {
  text = '';
  #look = () => {};

  constructor(status, headers, stream) {
    Object.assign(this, { status, headers, stream });
    stream.setEncoding('utf8');
    stream.on('data', (data) => { this.text += data; this.#look(); });
    stream.on('error', (error) => { this.error = error; });
    stream.on('end', () => { this.whole = !this.error; });
    stream.on('close', () => { this.over = true; this.#look(); });
  }

  #until(done, what) {
    return soon(new Promise((resolve, reject) => {
      this.#look = () => {
        if (done()) resolve(this);
        else if (this.over) reject(new Error(`it ended without ${what}: ${this.text}`));
      };
      this.#look();
    }), () => `${what}: ${this.text}`);
  }

  /** Resolves as soon as what has come matches. */
  says(pattern) {
    return this.#until(() => pattern.test(this.text), pattern);
  }

  end() {
    return this.#until(() => this.over, 'its end');
  }

  leave() {
    this.stream.destroy();
  }
}

/** By HTTP/1.1, from one connection as long as that is kept. */
class H1 {
  constructor({ port, host, secure = true, from }) {
    const web = secure ? https : http;
    this.web = web;
    this.agent = new web.Agent({ keepAlive: true });
    this.to = { agent: this.agent, host: '127.0.0.1', port, localAddress: from, servername: NAME, rejectUnauthorized: false };
    this.host = host;
  }

  async ask(method, path, { headers = {}, body } = {}) {
    const asked = this.web.request({ ...this.to, method, path, headers: { Host: this.host, ...headers } });
    asked.end(body);
    const [response] = await soon(once(asked, 'response'), () => `the head of ${method} ${path}`);
    return new Answer(response.statusCode, response.headers, response);
  }

  close() {
    this.agent.destroy();
  }
}

/** By HTTP/2. */
class H2 {
  constructor({ port, host }) {
    this.session = http2.connect(`https://127.0.0.1:${port}`, { servername: NAME, rejectUnauthorized: false });
    this.session.on('error', () => {});
    this.host = host;
  }

  /** Waits for the head as long as it takes. */
  async begin(method, path, { headers = {}, body } = {}) {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const stream = this.session.request({ ':method': method, ':path': path, ':authority': this.host, ...lower });
    stream.end(body);
    const [head] = await once(stream, 'response');
    return new Answer(head[':status'], head, stream);
  }

  ask(method, path, options) {
    return soon(this.begin(method, path, options), () => `the head of ${method} ${path}`);
  }

  close() {
    this.session.destroy();
  }
}

/** Options of a WebSocket through a proxy. */
const through = (proxy, more = {}) => ({ headers: { Host: proxy.host }, servername: NAME, rejectUnauthorized: false, origin: `https://${proxy.host}`, ...more });

const wss = (proxy, path) => `wss://127.0.0.1:${proxy.port}${path}`;

/** The status of an opening handshake. */
async function opening(url, options) {
  const socket = new WebSocket(url, [], options);
  socket.on('error', () => {});
  const status = await soon(Promise.race([once(socket, 'open').then(() => 101), once(socket, 'unexpected-response').then(([, response]) => response.statusCode)]), () => url);
  socket.terminate();
  return status;
}

async function post(client, path, body, headers) {
  const answer = await (await client.ask('POST', path, { body, headers })).end();
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text).position;
}

async function get(client, path, headers) {
  const answer = await (await client.ask('GET', path, { headers })).end();
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
}

/** A server with these flags, a proxy with this configuration in front of it, and what there is to say. */
async function between(kind, [flags, config, start = 'start'], talk) {
  const server = await Program.serve(...flags);
  const proxy = await Proxy[start](kind, config, server.port);
  try {
    await talk(proxy, server);
    if (!server.over) await server.stop();
  } finally {
    await proxy.stop();
    server.kill();
  }
}

// ---- as printed --------------------------------------------------------------------------------

const streams = {
  sse: { path: '?stream=sse', begins: /^event: begin\n/m, says: /^data: hello\n/m },
  lines: { path: '?stream', begins: /"policy"/, says: /"data":"hello"}\n/ },
  raw: { path: '?stream=raw&last=1', begins: /^first\n/, says: /^first\nhello\n/ },
};

/** A masked text frame. */
function frame(text) {
  const data = Buffer.from(text).map((byte, i) => byte ^ (i % 4 + 1));
  return Buffer.concat([Buffer.of(0x81, 0x80 | data.length, 1, 2, 3, 4), data]);
}

const chromiumOnce = (() => {
  let browser;
  after(async () => (await browser)?.close());
  return () => (browser ??= chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP ${NAME} 127.0.0.1`,
    ],
  }));
})();

/** In a page: what each transport has heard of a message, and by which HTTP the page came. */
async function everyTransport() {
  const events = new EventSource('/page?stream=sse');
  const ws = new WebSocket(`wss://${location.host}/page`);
  const begun = [new Promise((done) => { events.addEventListener('begin', done); }), new Promise((done) => { ws.onopen = done; })];
  const lines = (await fetch('/page?stream')).body.pipeThrough(new TextDecoderStream()).getReader();
  await Promise.all([lines.read(), ...begun]);
  const heard = Promise.all([
    new Promise((done) => { events.onmessage = ({ data }) => done(data); }),
    lines.read().then(({ value }) => JSON.parse(value).data),
    new Promise((done) => { ws.onmessage = ({ data }) => done(data); }),
  ]);
  await fetch('/page', { method: 'POST', body: 'hello' });
  const [sse, line, message] = await heard;
  events.close();
  return { sse, lines: line, ws: message, over: performance.getEntriesByType('navigation')[0].nextHopProtocol };
}

for (const kind of KINDS) {
  describe(`${kind}, as printed`, { concurrency: true }, () => {
    let server, proxy;
    before(async () => {
      server = await Program.serve(...SERVE, '-v');
      proxy = await Proxy.start(kind, printed(kind), server.port);
    });
    after(async () => {
      await proxy?.stop();
      await server?.stop();
    });

    for (const Client of [H1, H2]) {
      const by = Client.name.toLowerCase();
      test(`${by}: what is published is read at once, by every transport`, async () => {
        const client = new Client(proxy);
        for (const [name, { path, begins, says }] of Object.entries(streams)) {
          const channel = `/${by}/${name}`;
          await post(client, channel, 'first');
          const stream = await client.ask('GET', channel + path);
          assert.equal(stream.status, 200);
          await stream.says(begins);
          await post(client, channel, 'hello');
          await stream.says(says);
          stream.leave();
        }
        const { position } = await get(client, `/${by}/poll?last=1`);
        const waits = get(client, `/${by}/poll?wait=25&since=${position}`);
        await post(client, `/${by}/poll`, 'hello');
        assert.equal((await waits).messages[0].data, 'hello');
        assert.deepEqual((await get(client, `/${by}/poll?wait=1`)).messages, []);
        client.close();
      });

      test(`${by}: what is asked of a server gets there, and its answers get back`, async () => {
        const client = new Client(proxy);
        const batch = '{"data":"one"}\n{"data":"two"}\n';
        await post(client, `/${by}/batch`, batch, { 'Content-Type': 'application/x-ndjson' });
        assert.equal((await get(client, `/${by}/batch`)).messages.length, 2);
        const long = 'x'.repeat(65536);
        await post(client, `/${by}/long`, long);
        assert.equal((await get(client, `/${by}/long`)).messages[0].data, long);
        const head = await (await client.ask('HEAD', `/${by}/long`)).end();
        assert.match(head.headers['weft-position'], /^\w+\.1$/);
        const again = await (await client.ask('GET', `/${by}/long?last=1`, { headers: { 'If-None-Match': head.headers.etag } })).end();
        assert.equal(again.status, 304);
        for (const [path, status] of [[`/${by}/caf%C3%A9`, 200], ['/a%2Fb', 400], ['/a//b', 400], ['/a/', 400], ['/a/../b', 400]]) {
          assert.equal((await (await client.ask('GET', path)).end()).status, status, path);
        }
        client.close();
      });

      test(`${by}: pages of this origin, and of no other`, async () => {
        const client = new Client(proxy);
        for (const [origin, status] of [[`https://${proxy.host}`, 200], ['https://evil.example', 403], [`http://${proxy.host}`, 403]]) {
          const answer = await (await client.ask('POST', '/origin', { body: 'x', headers: { Origin: origin } })).end();
          assert.equal(answer.status, status, `${origin}: ${answer.text}`);
        }
        client.close();
      });
    }

    test('WebSockets, raw and weft.v1', async () => {
      const raw = await Peer.connect(wss(proxy, '/ws'), [], through(proxy));
      const v1 = await Peer.connect(wss(proxy, '/ws'), ['weft.v1'], through(proxy));
      assert.ok(JSON.parse(await v1.next()).hello);
      v1.say('{"id":1,"publish":"/ws","data":"hello","once":"a"}');
      assert.equal(await raw.next(), 'hello');
      const [one, other] = (await v1.take(2)).map(JSON.parse);
      assert.equal((one.ok ?? other.ok).position, (one.ok ? other : one).position);
      raw.say(Buffer.of(0, 255));
      assert.deepEqual(await raw.next(), Buffer.of(0, 255));
      assert.equal(JSON.parse(await v1.next()).base64, 'AP8=');
      assert.deepEqual(await raw.leave(4000, 'bye'), { code: 4000, reason: '' });
      await v1.leave(1000);
      assert.equal(await opening(wss(proxy, '/ws'), through(proxy, { origin: 'https://evil.example' })), 403);
    });

    test('WebSockets over HTTP/2 (RFC 8441): of these only HAProxy offers them', async () => {
      const { session } = new H2(proxy);
      const [settings] = await soon(once(session, 'remoteSettings'), () => 'settings');
      assert.equal(Boolean(settings.enableConnectProtocol), kind === 'haproxy');
      if (kind === 'haproxy') {
        const stream = session.request({
          ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/h2ws', ':authority': proxy.host,
          'sec-websocket-version': '13', origin: `https://${proxy.host}`,
        }, { endStream: false });
        const [head] = await soon(once(stream, 'response'), () => 'the head');
        assert.equal(head[':status'], 200);
        stream.write(frame('hello'));
        const [echo] = await soon(once(stream, 'data'), () => 'the echo');
        assert.deepEqual(echo, Buffer.from('\x81\x05hello', 'latin1'));
      }
      session.destroy();
    });

    test('a stream over HTTP/2 begins at once; behind nginx with its first bytes, which a raw one has not before a message', async () => {
      const [reader, other] = [new H2(proxy), new H2(proxy)];
      let begun = false;
      const stream = reader.ask('GET', '/begin?stream=raw').then((answer) => { begun = true; return answer; });
      await get(other, '/begin?wait=1');
      assert.equal(begun, kind !== 'nginx');
      await post(other, '/begin', 'hello');
      await (await stream).says(/^hello\n/);
      for (const client of [reader, other]) client.close();
    });

    test('Chromium: EventSource, fetch and WebSocket', async () => {
      const page = await (await chromiumOnce()).newPage({ ignoreHTTPSErrors: true });
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`https://${proxy.host}/page?last=1`);
      const heard = await soon(page.evaluate(everyTransport), () => 'all transports');
      assert.deepEqual(heard, { sse: 'hello', lines: 'hello', ws: 'hello', over: 'h2' });
      await page.close();
    });

    test('what nobody was given who comes by a proxy has not either', async () => {
      const client = new H1(proxy);
      await post(client, '/drop', 'x');
      assert.equal((await (await client.ask('DELETE', '/drop')).end()).status, 403);
      client.close();
    });

    test('clients have their own address, and cannot say another', async () => {
      const client = new H1({ ...proxy, from: '127.0.0.2' });
      await get(client, '/who?last=1', { 'X-Forwarded-For': '192.0.2.66' });
      await server.heard(/127\.0\.0\.2 GET \/who/);
      assert.doesNotMatch(server.err, /192\.0\.2\.66/);
      client.close();
    });
  });
}

// ---- defaults ----------------------------------------------------------------------------------

const BARE = {
  nginx: 'server { listen 80; location / { proxy_pass http://127.0.0.1:8080; } }\n',
  haproxy: 'defaults\n mode http\n timeout connect 5s\n timeout client 50s\n timeout server 50s\n'
    + 'listen web\n bind :80\n server weft 127.0.0.1:8080\n',
  caddy: ':80 {\n reverse_proxy 127.0.0.1:8080\n}\n',
};

const nginx = (inside, outside = '') => `${outside}server { listen 80; location / { ${inside} proxy_pass http://127.0.0.1:8080; } }\n`;

const plain = (proxy) => new H1({ port: proxy.port, host: '127.0.0.1', secure: false });

/** What has come of a stream behind a message when a second has passed: an Answer, or nothing. */
async function heardInTime(client, path, body = 'hello') {
  let stream;
  await post(client, '/chat', body);
  client.ask('GET', `/chat${path}`, { headers: { 'Accept-Encoding': 'gzip' } }).then((answer) => { stream = answer; }, () => {});
  await get(client, '/chat?wait=1');
  client.close();
  return stream;
}

/** How a stream ends when its server is killed: whether anybody could take it for whole. */
async function isWholeWhenCut(proxy, server, client) {
  await post(client, '/cut', 'hello');
  const stream = await (await client.ask('GET', '/cut?stream=raw&last=1')).says(/hello/);
  server.kill();
  await server.ended;
  return Boolean((await stream.end()).whole);
}

describe('defaults', { concurrency: true }, () => {
  const bare = (kind, ...flags) => [flags, BARE[kind], 'plain'];

  test('nginx leaves Upgrade out, and weft serve says so, once', async () => {
    await between('nginx', bare('nginx'), async (proxy, server) => {
      for (let i = 0; i < 2; i++) assert.equal(await opening(`ws://127.0.0.1:${proxy.port}/chat`), 426);
      await server.heard(/refused with 426: .*a proxy in front has to pass on Upgrade and Connection/);
      assert.equal(server.err.match(/refused with 426/g).length, 1);
    });
  });

  test('nginx asks by HTTP/1.0: a stream that is cut looks whole, and weft serve says so, once', async () => {
    await between('nginx', bare('nginx'), async (proxy, server) => {
      assert.equal(await isWholeWhenCut(proxy, server, plain(proxy)), true);
      await server.heard(/by HTTP\/1\.0, .*a proxy in front/);
    });
  });

  test('a stream that is cut looks cut behind nginx as printed and behind HAProxy, and whole behind Caddy 2.6', async () => {
    await between('nginx', [SERVE, printed('nginx')], async (proxy, server) => assert.equal(await isWholeWhenCut(proxy, server, new H1(proxy)), false));
    await between('haproxy', bare('haproxy'), async (proxy, server) => assert.equal(await isWholeWhenCut(proxy, server, plain(proxy)), false));
    await between('caddy', bare('caddy'), async (proxy, server) => assert.equal(await isWholeWhenCut(proxy, server, plain(proxy)), true));
  });

  test('nginx asks the host that is written in proxy_pass: pages are of another origin, and a name is answered with 421', async () => {
    await between('nginx', bare('nginx'), async (proxy) => {
      const client = new H1({ port: proxy.port, host: proxy.host, secure: false });
      const answer = await (await client.ask('POST', '/chat', { body: 'x', headers: { Origin: `http://${proxy.host}` } })).end();
      assert.equal(answer.status, 403);
    });
    const upstream = 'upstream weft { server 127.0.0.1:8080; }\nserver { listen 80; location / { proxy_pass http://weft; } }\n';
    await between('nginx', [[], upstream, 'plain'], async (proxy, server) => {
      const answer = await (await plain(proxy).ask('GET', '/chat')).end();
      assert.equal(answer.status, 421);
      await server.heard(/refused with 421: .*"weft".*\(--host NAME\), and have a proxy in front pass on the Host/);
    });
  });

  test('nginx does not buffer what says X-Accel-Buffering: no, unless it is told to ignore that', async () => {
    for (const [inside, comes] of [['', true], ['proxy_ignore_headers X-Accel-Buffering;', false]]) {
      await between('nginx', [[], nginx(inside), 'plain'], async (proxy) => {
        for (const path of ['?stream=sse&last=1', '?stream&last=1', '?stream=raw&last=1']) {
          const stream = await heardInTime(plain(proxy), path);
          assert.equal(/hello/.test(stream?.text), comes, inside + path);
        }
      });
    }
  });

  test('nginx, with a path behind the address in proxy_pass, rewrites names', async () => {
    const slash = nginx('').replace('8080;', '8080/;');
    await between('nginx', [[], slash, 'plain'], async (proxy) => {
      for (const path of ['/a%2Fb', '/a//b']) assert.equal((await get(plain(proxy), path)).channel, '/a/b');
      assert.equal((await get(plain(proxy), '/a/../b')).channel, '/b');
    });
  });

  test('nginx takes bodies of 1 MiB, which is what a batch may have', async () => {
    await between('nginx', bare('nginx'), async (proxy) => {
      const answer = await (await plain(proxy).ask('POST', '/chat', { body: 'x'.repeat(2 ** 20 + 1) })).end();
      assert.equal(answer.status, 413);
      assert.match(answer.text, /<html>/); // its own
    });
  });

  test('compressed by nginx, streams come at once; HAProxy minds no-transform; Caddy holds them back', async () => {
    const zip = 'gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any; gzip_http_version 1.0;\n';
    await between('nginx', [[], nginx('', zip), 'plain'], async (proxy) => {
      const stream = await heardInTime(plain(proxy), '?stream=sse&last=1');
      assert.equal(stream.headers['content-encoding'], 'gzip');
      assert.match(stream.text, /\x1f/);
      assert.ok(stream.text.length > 40);
    });
    const squeeze = BARE.haproxy.replace('\n server', '\n compression algo gzip\n compression type text/event-stream\n server');
    await between('haproxy', [[], squeeze, 'plain'], async (proxy) => {
      const stream = await heardInTime(plain(proxy), '?stream=sse&last=1');
      assert.equal(stream.headers['content-encoding'], undefined);
      assert.match(stream.text, /hello/);
    });
    await between('caddy', [[], BARE.caddy.replace('{', '{\n encode gzip'), 'plain'], async (proxy) => {
      const stream = await heardInTime(plain(proxy), '?stream=sse&last=1', 'x'.repeat(2000));
      assert.equal(stream.headers['content-encoding'], 'gzip');
      assert.ok(stream.text.length <= 10, stream.text); // the head of gzip
    });
  });

  test('a timeout of the proxy that is shorter than the silence: 504, streams are cut; pings keep WebSockets', async () => {
    const short = { nginx: nginx('proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_read_timeout 1s;'), haproxy: BARE.haproxy.replaceAll('50s', '1s') };
    for (const [kind, config] of Object.entries(short)) {
      await between(kind, [['--ping', '300ms'], config, 'plain'], async (proxy) => {
        const peer = await Peer.connect(`ws://127.0.0.1:${proxy.port}/ws`);
        await post(plain(proxy), '/raw', 'hello');
        const raw = await plain(proxy).ask('GET', '/raw?stream=raw&last=1');
        const waits = await (await plain(proxy).ask('GET', '/chat?wait=5')).end();
        assert.equal(waits.status, 504, kind);
        assert.ok(!(await raw.end()).whole, kind);
        assert.equal(await peer.ask('still there'), 'still there');
        await peer.leave(1000);
      });
    }
  });

  test('HAProxy says nothing of clients, or of TLS', async () => {
    const bareTLS = printed('haproxy').replace(/ *(option forwardfor|http-request .*)\n/g, '');
    await between('haproxy', [[...SERVE, '-v'], bareTLS], async (proxy, server) => {
      await get(new H1({ ...proxy, from: '127.0.0.2' }), '/who');
      await server.heard(/127\.0\.0\.1(:\d+)? GET \/who/);
      assert.equal(await opening(wss(proxy, '/chat'), through(proxy)), 403);
    });
  });

  test('without --trust-proxy pages over https are of another origin, and weft serve says so, once', async () => {
    await between('caddy', [['--host', NAME], printed('caddy')], async (proxy, server) => {
      for (let i = 0; i < 2; i++) assert.equal(await opening(wss(proxy, '/chat'), through(proxy)), 403);
      await server.heard(/127\.0\.0\.1 says in X-Forwarded-For .* \(--trust-proxy 127\.0\.0\.1\)/);
      assert.equal(server.err.match(/X-Forwarded-For/g).length, 1);
    });
  });
});

// ---- silence -----------------------------------------------------------------------------------

const SILENCE = Number(process.env.PROXIES_SILENCE ?? 0);

describe('silence', { concurrency: true, skip: !SILENCE }, () => {
  for (const kind of KINDS) {
    test(`${kind}, as printed: whatever is silent for ${SILENCE} s is still there`, async () => {
      await between(kind, [SERVE, printed(kind)], async (proxy) => {
        const client = new H2(proxy);
        await post(client, '/chat', 'first');
        const events = await (await client.ask('GET', '/chat?stream=sse')).says(/begin/);
        const lines = await (await client.ask('GET', '/chat?stream')).says(/policy/);
        const raw = await (await client.ask('GET', '/chat?stream=raw&last=1')).says(/first/);
        const socket = await Peer.connect(wss(proxy, '/chat'), [], through(proxy));
        const waits = [25, 60].map((seconds) => client.begin('GET', `/chat?wait=${seconds}`));
        const over = new Promise((resolve) => setTimeout(resolve, SILENCE * 1000));
        for (const answer of await Promise.all(waits)) assert.match((await answer.end()).text, /"messages":\[\]/);
        await over;
        await post(client, '/chat', 'hello');
        await Promise.all([events.says(/data: hello/), lines.says(/"hello"/), raw.says(/hello/)]);
        assert.equal(await socket.next(), 'hello');
        await socket.leave(1000);
        client.close();
      });
    });
  }
});
