// SPDX-License-Identifier: MIT
//
// bench/peers/socketio_load.mjs - what weft bench does, for Socket.IO, whose clients only Socket.IO has
//
//      node socketio_load.mjs --pid PID [--subscribers N [--depth N] | --idle -c N] [-s SIZE] -d TIME [--warmup TIME] URL
//
// The flags mean what they mean there (times are given as 500ms), and so does the line of JSON that is printed. One
// more socket publishes; a message begins with the time of its sending, and the next one goes out when fewer than --depth
// are on their way to anybody.
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { io } from 'socket.io-client';

const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        pid: { type: 'string' }, idle: { type: 'boolean' }, subscribers: { type: 'string' },
        connections: { type: 'string', short: 'c' }, depth: { type: 'string', default: '1' },
        size: { type: 'string', short: 's', default: '125' }, duration: { type: 'string', short: 'd' },
        warmup: { type: 'string', default: '0' },
    },
});
const url = new URL(positionals[0]);
const STAMP = 16, PARALLEL = 64, PAGE = 4096;

// ---- the two processes ----------------------------------------------------------------------------

function serverUsage() {
    const process = `/proc/${flags.pid}`;
    const threads = readdirSync(`${process}/task`).map(id => readFileSync(`${process}/task/${id}/schedstat`, 'utf8'));
    return {
        cpu: threads.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0),
        rss: Number(readFileSync(`${process}/statm`, 'utf8').split(' ')[1]) * PAGE,
    };
}

function ownShare(from, seconds) {
    const used = process.cpuUsage(from);
    return (used.user + used.system) / 1e6 / seconds;
}

// ---- sockets --------------------------------------------------------------------------------------

function connect() {
    const socket = io(url.origin, {
        transports: ['websocket'], forceNew: true, reconnection: false, auth: { room: url.pathname },
    });
    return new Promise((resolve, reject) => {
        socket.on('connect', () => resolve(socket));
        socket.on('connect_error', reject);
    });
}

async function connectAll(count) {
    const sockets = [];
    while (sockets.length < count) {
        const some = Array.from({ length: Math.min(PARALLEL, count - sockets.length) }, connect);
        sockets.push(...await Promise.all(some));
    }
    return sockets;
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const microseconds = () => Math.round(performance.now() * 1000);

// ---- loads ----------------------------------------------------------------------------------------

class FanOut {
    constructor(publisher, subscribers) {
        this.publisher = publisher;
        this.subscribers = subscribers.length;
        this.padding = '.'.repeat(Number(flags.size) - STAMP);
        this.allowance = (Number(flags.depth) - 1) * this.subscribers; // what may be on its way when the next one goes out
        this.expected = this.delivered = 0;
        this.begin();
        publisher.on('message', () => this.count());
        for (const s of subscribers) s.on('message', text => this.receive(text));
    }

    begin() {
        this.published = this.deliveries = 0;
        this.latencies = [];
    }

    publish() {
        while (!this.over && this.expected - this.delivered <= this.allowance) {
            this.publisher.emit('message', String(microseconds()).padStart(STAMP, '0') + this.padding);
            this.expected += this.subscribers;
            this.published++;
        }
    }

    count() {
        this.deliveries++;
    }

    receive(text) {
        this.count();
        this.latencies.push(microseconds() - Number(text.slice(0, STAMP)));
        this.delivered++;
        this.publish();
    }

    quantile(q) {
        this.latencies.sort((a, b) => a - b);
        return this.latencies[Math.floor(this.latencies.length * q)];
    }
}

async function fanOut() {
    const [publisher, ...subscribers] = await connectAll(Number(flags.subscribers) + 1);
    const load = new FanOut(publisher, subscribers);
    load.publish();
    await sleep(parseInt(flags.warmup));
    const before = serverUsage(), own = process.cpuUsage(), start = performance.now();
    load.begin();
    await sleep(parseInt(flags.duration));
    const seconds = (performance.now() - start) / 1000;
    const after = serverUsage(), cpu = after.cpu - before.cpu;
    load.over = true;
    return {
        deliveries: load.deliveries, published: load.published,
        latency_us: { p50: load.quantile(0.5), p99: load.quantile(0.99) },
        server: { cpu_s: cpu / 1e9, cpu_ns_each: cpu / load.deliveries },
        generator: { cpu_share: ownShare(own, seconds) },
    };
}

async function idle() {
    const count = Number(flags.connections), first = serverUsage().rss;
    await connectAll(count);
    await sleep(parseInt(flags.duration));
    return { server: { rss_per_connection: (serverUsage().rss - first) / count } };
}

const report = await (flags.idle ? idle() : fanOut());
console.log(JSON.stringify({ ...report, errors: [] }));
process.exit();
