// SPDX-License-Identifier: MIT
//
// What `weft serve` is told by flags, variables and a file; --check; `weft config`; and SIGHUP.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { Certs } from './lib/certs.mjs';
import { Program } from './lib/program.mjs';

/** A folder that goes with the test. */
function folder(t) {
  const dir = mkdtempSync(join(tmpdir(), 'weft-config-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** A configuration in a folder of its own; written anew it is another file of that name, as editors do it. */
function configuration(t, text) {
  const dir = folder(t), path = join(dir, 'weft.yaml');
  const write = (content) => {
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  };
  write(text);
  return { path, write, dir };
}

const environment = (variables) => ({ env: { ...process.env, ...variables } });

/** `weft ARGS` to its end. */
async function run(args, { input = '', env = {} } = {}) {
  const program = new Program(args, environment(env));
  program.child.stdin.end(input);
  return program.end();
}

/** What --check says: the lines on stderr; none, if all is right. */
async function check(args, options) {
  const { code, out, err } = await run(['serve', '--check', ...args], options);
  assert.deepEqual([code, out], err ? [1, ''] : [0, 'OK\n'], err);
  return err.split('\n').slice(0, -1);
}

/** A server with this configuration, and SIGHUP's answer in its log. */
async function served(t, file, env = {}, ...args) {
  const server = new Program(['serve', '-p', '0', '-v', '--config', file, ...args], environment(env));
  t.after(() => server.kill());
  const [, port] = await server.said(/^https?:\/\/.+:(\d+)\n/);
  return Object.assign(server, { port: Number(port) });
}

/** Resolves with what the log says from SIGHUP to this pattern. */
async function hangup(server, pattern) {
  const before = server.err.length;
  server.kill('SIGHUP');
  await server.heard(new RegExp(`^[^]{${before}}[^]*(?:${pattern.source})`));
  return server.err.slice(before);
}

/** How many messages a channel keeps of three. */
async function kept(server, channel) {
  for (const body of ['one', 'two', 'three']) assert.equal((await ask(server.port, 'POST', channel, { body })).status, 200);
  return JSON.parse((await ask(server.port, 'GET', `${channel}?last=all`)).body).messages.length;
}

// ---- who has the last word -----------------------------------------------------------------------

test('a flag counts more than a variable, a variable more than the file, the file more than what is usual', async (t) => {
  const { path } = configuration(t, 'channels: {/c: history=1}\n');
  const variable = { WEFT_CHANNEL: '/c: history=2; /other: queue' };
  const servers = await Promise.all([
    served(t, path),
    served(t, path, variable),
    served(t, path, variable, '--channel', '/c: history=3'),
    served(t, configuration(t, '').path),
  ]);
  assert.deepEqual(await Promise.all(servers.map((server) => kept(server, '/c'))), [1, 2, 3, 3]);
  await Promise.all(servers.map((server) => server.stop()));
});

test('WEFT_CONFIG names the file, and DIR may stand in it', async (t) => {
  const site = folder(t);
  writeFileSync(join(site, 'hello.txt'), 'hello');
  const { path } = configuration(t, `dir: ${site}\nport: 0\nverbose: 1\n`);
  const server = new Program(['serve'], environment({ WEFT_CONFIG: path }));
  t.after(() => server.kill());
  const [, port] = await server.said(/^http:\/\/127\.0\.0\.1:(\d+)\n/);
  assert.equal((await ask(Number(port), 'GET', '/hello.txt')).body, 'hello');
  await server.stop();
});

test('systemd\'s credentials are certificates where none is named', async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.issue('server'), dir = folder(t);
  assert.deepEqual(await check([], { env: { CREDENTIALS_DIRECTORY: dir } }), []);
  renameSync(cert, join(dir, 'tls-cert'));
  assert.deepEqual(await check([], { env: { CREDENTIALS_DIRECTORY: dir } }), [`weft: --tls-cert ${dir}/tls-cert has no --tls-key to go with it`]);
  renameSync(key, join(dir, 'tls-key'));
  const server = new Program(['serve', '-p', '0'], environment({ CREDENTIALS_DIRECTORY: dir }));
  t.after(() => server.kill());
  await server.said(/^https:/);
  await server.stop();
});

// ---- --check -------------------------------------------------------------------------------------

test('--check finds all that is wrong, each at its place, and says what would be right', async (t) => {
  const { path } = configuration(t, [
    'port: 80800', 'orgin: same', 'deflate: sharde', 'channels:', '  /quotes/*: latst=key', 'tls-cert: /no/such/file', 'threads: 1',
    'tls-key: /no/such/file', 'threads: 2',
  ].join('\n'));
  assert.deepEqual(await check(['--config', path], { env: { WEFT_PING: 'often', WEFT_MAX_MESAGE: '1K' } }), [
    'weft: WEFT_PING: "often" is not a time (0ms to 24h)',
    `weft: ${path}:1:7: port: "80800" is not a port number (0 to 65535)`,
    `weft: ${path}:2:1: there is no key orgin; did you mean origin?`,
    `weft: ${path}:3:10: deflate: "sharde" is not off, shared or takeover; did you mean shared?`,
    `weft: ${path}:5:3: channel: "/quotes/*: latst=key": there is no setting latst; did you mean latest?`,
    `weft: ${path}:9:1: threads stands in line 7 already`,
    'weft: WEFT_MAX_MESAGE: there is no such variable; did you mean WEFT_MAX_MESSAGE?',
    'weft: cannot read /no/such/file: No such file or directory',
  ]);
});

test('--check: what does not go together, and what is not there', async () => {
  assert.match((await check(['--only-channels'])).join(), /--only-channels: and no --channel/);
  assert.match((await check(['--tls-cert', 'a.crt'])).join(), /a\.crt has no --tls-key/);
  assert.match((await check(['--config', '/no/such'])).join(), /\/no\/such: No such file/);
  assert.match((await check(['/no/such'])).join(), /\/no\/such: No such file/);
  assert.match((await check(['--dir', '/', '/'])).join(), /DIR is given twice/);
  assert.match((await check(['--trust-proxy', 'me'])).join(), /--trust-proxy: one of these is not an address/);
  assert.deepEqual(await check(['-p', '1', '--echo', '/echo', '/']), []);
});

test('who is not asked to check serves nothing that is wrong', async (t) => {
  const { path } = configuration(t, 'port: x\nprot: 1\n');
  const { code, out, err } = await run(['serve', '--config', path]);
  assert.deepEqual([code, out, err.split('\n').length], [1, '', 3]);
});

// ---- weft config ---------------------------------------------------------------------------------

test('weft config prints a configuration in which nothing is said', async () => {
  const { code, out, err } = await run(['config']);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^(#.*\n|\n)+$/);
  assert.deepEqual(await check(['--config', '-'], { input: out }), []);
});

test('weft config: what it says is right without the #, too, and it says every key', async () => {
  const { out } = await run(['config']);
  const said = out.replace(/^#(?=[a-z-]+:| {2}[/a-z])/gm, '');
  const keys = [...said.matchAll(/^([a-z-]+):/gm)].map(([, key]) => key);
  const elsewhere = said.replace(/^(tls-[a-z-]+|token-[a-z-]+|api-keys|access-log|sign-key|dir|user|no-sandbox):.*\n/gm, '');
  assert.deepEqual(await check(['--config', '-'], { input: elsewhere }), []);

  const help = (await run(['serve', '--help'])).out;
  const flags = [...help.matchAll(/^ {2}.{4}--([a-z-]+)/gm)].map(([, flag]) => flag);
  assert.deepEqual(keys, flags.filter((flag) => !['config', 'check', 'help'].includes(flag)));
});

// ---- SIGHUP --------------------------------------------------------------------------------------

test('SIGHUP: channels that are made from now on are as the file says now; what needs a restart is named', async (t) => {
  const { path, write } = configuration(t, 'channels: {/a: history=1, /b: history=1}\nthreads: 1\n');
  const server = await served(t, path);
  assert.equal(await kept(server, '/a'), 1);
  write('channels: {/a: history=2, /b: history=2}\nthreads: 2\nping: 5s\n');
  assert.match(await hangup(server, /needs a restart: .*\n/), /settings were read again\n.* needs a restart: ping, threads\n$/);
  assert.equal(await kept(server, '/b'), 2);
  assert.equal(await kept(server, '/a'), 1, 'it is there already');
  write('channels: {/d: history=1}\nthreads: 1\n');
  assert.doesNotMatch(await hangup(server, /read again\n/), /restart/);
  assert.equal(await kept(server, '/d'), 1);
  await server.stop();
});

test('SIGHUP: if anything is wrong nothing changes', async (t) => {
  const { path, write } = configuration(t, 'channels: {/a: history=1, /b: history=1, /c: history=1}\n');
  const server = await served(t, path);
  for (const [wrong, said] of Object.entries({
    'channels: {/a: history=2}\nprot: 1\n': /weft\.yaml:2:1: there is no key prot; did you mean port\?\n/,
    'channels: {/a: history=2, /b: hstory=2}\n': /weft\.yaml:1:27: channel: .* did you mean history\?\n/,
    'channels: [\n': /weft\.yaml:2:1: did not find expected node content/,
    'channels: {/a: history=2}\ntls-key: x\n': /--tls-key x has no --tls-cert to go with it\n/,
  })) {
    write(wrong);
    assert.match(await hangup(server, /settings stay as they are\n/), said);
  }
  rmSync(path);
  assert.match(await hangup(server, /settings stay as they are\n/), /weft\.yaml: No such file or directory\n/);
  assert.equal(await kept(server, '/a'), 1);
  await server.stop();
});

test('SIGHUP: certificates and settings change together, or neither does', async (t) => {
  const certs = new Certs();
  t.after(() => certs.remove());
  const { cert, key } = certs.issue('server');
  const { path, write } = configuration(t, `tls-cert: ${cert}\ntls-key: ${key}\n`);
  const server = await served(t, path);
  assert.match(await hangup(server, /settings were read again\n/), /certificates were read again\n/);
  writeFileSync(cert, 'no certificate\n');
  write(`tls-cert: ${cert}\ntls-key: ${key}\nchannels: {/a: history=1}\n`);
  assert.doesNotMatch(await hangup(server, /certificates stay as they are: .*\n/), /settings were read again/);
  await server.stop();
});

test('SIGHUP: what came by a pipe cannot be read again, and serving goes on', async (t) => {
  const server = new Program(['serve', '-p', '0', '--config', '-']);
  t.after(() => server.kill());
  server.child.stdin.end('verbose: 1\n');
  await server.said(/^http:/);
  assert.match(await hangup(server, /settings stay as they are\n/), /-: it is no file, so it cannot be read again\n/);
  await server.stop();
});

test('SIGHUP ends who has nothing to read again, as any program', async (t) => {
  const server = await Program.serve();
  t.after(() => server.kill());
  server.kill('SIGHUP');
  assert.equal((await server.end()).signal, 'SIGHUP');
});
