// SPDX-License-Identifier: MIT
//
// lib/counted.mjs: a TCP proxy that counts what passes, for each target that is asked for.
//
//   const proxy = await Counted.start(t, port);     proxy.page('/chat', 'localhost')
//   proxy.of(/lane=poll/)                           { requests, up, down }
//
// Browsers do not ask twice on one connection before they are answered: so what passes belongs to what was asked last.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Counted {
  all = new Map(); // target -> counts

  static async start(t, to) {
    const proxy = new Counted();
    const sockets = new Set();
    const server = createServer((socket) => {
      const behind = connect(to, '127.0.0.1');
      for (const one of [socket, behind]) {
        one.setNoDelay(true);
        sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => sockets.delete(one));
      }
      socket.on('close', () => behind.end()); // what is on its way then is counted
      behind.on('close', () => socket.destroy());
      proxy.#join(socket, behind);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy.port = server.address().port;
    t.after(() => (server.close(), sockets.forEach((socket) => socket.destroy())));
    return proxy;
  }

  #join(socket, behind) {
    let now; // counts of what was asked last
    let tunnel = false;
    socket.on('data', (data) => {
      const [, target] = tunnel ? [] : (/^[A-Z]+ (\S+) HTTP\/1\.1\r\n/.exec(data.toString('latin1')) ?? []);
      if (target) {
        if (!this.all.has(target)) this.all.set(target, { requests: 0, up: 0, down: 0 });
        now = this.all.get(target);
        now.requests++;
        tunnel = /\r\nupgrade: websocket\r\n/i.test(data.toString('latin1'));
      }
      now.up += data.length;
      behind.write(data);
    });
    behind.on('data', (data) => {
      now.down += data.length;
      socket.write(data);
    });
  }

  page(path, host) {
    return `http://${host}:${this.port}${path}`;
  }

  of(pattern) {
    const sum = { requests: 0, up: 0, down: 0 };
    for (const [target, counts] of this.all) if (pattern.test(target)) for (const key of Object.keys(sum)) sum[key] += counts[key];
    return sum;
  }
}
