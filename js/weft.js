// SPDX-License-Identifier: MIT
//
// weft.js: channels of weft in a web page, or in node, whatever the network does. The manual is docs/weft-js.md.
//
//   const chat = new Weft("/chat", { last: 100 });
//   chat.onmessage = ({ data }) => show(data);
//   chat.onloss = ({ lost }) => show(`${lost ?? "some"} messages are lost`);
//   await chat.publish("hi");
//
// A channel is a log, and a subscriber a position in it. So a transport is a way of being told what comes after a
// position, and when one breaks the next goes on at the same place:
//
//   WebSocket (weft.v1)  ->  Server-Sent Events, and POST  ->  long polling, and POST  ->  wait, and from the top
//
// A rung of this ladder that does not come to life is left for the one below; from a lower one the top is tried now and
// then, while the lower one goes on.
//
//   Weft, a channel  ---  Link: the ladder, positions, the outbox  ---  a transport: webSocket, events, polls
//                          one for all channels that channel() opens
(function (global) {
  // Milliseconds.
  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 30_000;
  const CALM = 5000; // what lived so long proves that the server is well
  const SLOW = 5000; // a rung that has said nothing for so long does not get through
  const SILENT = 10_000; // what is late by this, after all that is due, is gone
  const HEARTBEAT = 15_000; // of event streams
  const LONG_POLL = 25; // seconds
  const LOOK = 5; // seconds, where who is there has to be asked for
  const CLIMB = 60_000; // at most, until the top is tried again
  const ITERATOR_MOST = 10_000; // events that wait for who iterates

  const random = (most) => Math.random() * most;
  const epochOf = (position) => position.split(".")[0];
  const offsetOf = (position) => Number(position.split(".")[1]);
  const isPattern = (name) => name.endsWith("/*");
  const matches = (sub, channel) => sub === channel || (isPattern(sub) && channel.replace(/[^/]*$/, "*") === sub);
  const { parse } = JSON;
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  /** As it stands where that is nothing: then the server says so. */
  function nameOf({ pathname }) {
    try {
      return decodeURIComponent(pathname);
    } catch {
      return pathname;
    }
  }

  function base64Of(data) {
    return btoa(Array.from(new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength), (byte) => String.fromCharCode(byte)).join(""));
  }

  /** code: the server's, as HTTP has them; or "full", "closed", "unknown", "behind". */
  class WeftError extends Error {
    name = "WeftError";

    constructor({ code, message, retry }) {
      super(message);
      Object.assign(this, { code, retry });
    }
  }

  const failure = (code, message) => new WeftError({ code, message });

  // --- a channel -------------------------------------------------------------------------------------------

  // Weft.base: the path that the server is under, where it is not at the top: "/ws".
  class Weft extends EventTarget {
    state = "connecting"; // "live", "waiting", "refused", "closed"
    #link;
    #by; // as it was told
    #iterators = new Set();

    /** options: last, since, presence, client, outbox, transports, token, request, WebSocket. */
    constructor(url, options = {}, link) {
      super();
      this.#link = link ?? new Link(new URL(url, global.location?.href), options);
      this.name = link ? url : this.#link.name;
      this.#link.add(this, options);
    }

    /** Another channel, or a pattern like "/quotes/*", on the same connection; if it is open already, that one. */
    channel(name, options = {}) {
      return this.#link.subs.get(name)?.weft ?? new Weft(name, options, this.#link);
    }

    /** All up to here is accounted for; undefined: it has not begun, or is a pattern. */
    get position() {
      return this.#link.positions.get(this.name);
    }

    /** "websocket", "sse", "longpoll"; undefined: none is live. */
    get transport() {
      return this.#link.by;
    }

    /** How many bytes a message may have; undefined: it was not said yet. */
    get maxMessage() {
      return this.#link.maxMessage;
    }

    /** How many messages wait in the outbox, of all channels of the connection. */
    get buffered() {
      return this.#link.outbox.length;
    }

    /** A promise of { position }: it is published, once. A string is a text; an ArrayBuffer or a view of one is binary. */
    publish(data, { key } = {}) {
      const done = new Promise((resolve, reject) => this.#link.say({ channel: this.name, data, key, resolve, reject }));
      done.catch((error) => this.tell("error", { error })); // who does not wait for it hears of it all the same
      return done;
    }

    /** Now, from the top; who was refused tries again. */
    retry() {
      this.#link.retry();
    }

    close() {
      if (this.state === "closed") return;
      this.#link.remove(this.name);
      this.change("closed");
    }

    /** Its messages and losses, in order: for await (const event of channel). */
    async *[Symbol.asyncIterator]() {
      const it = { queue: [], wake() {} };
      this.#iterators.add(it);
      try {
        for (;;) {
          if (it.queue.length > ITERATOR_MOST) throw failure("behind", "the loop is behind");
          while (!it.queue.length && this.state !== "closed") await new Promise((wake) => (it.wake = wake));
          const event = it.queue.shift();
          if (!event || event.state === "closed") return;
          if (event.error) throw event.error;
          if (event.type !== "state") yield event;
        }
      } finally {
        this.#iterators.delete(it);
      }
    }

    // The rest is for the link.

    tell(type, members) {
      const event = Object.assign(new Event(type), members);
      if (type === "message" || type === "loss" || type === "state")
        for (const it of this.#iterators) it.wake(it.queue.push(event));
      this.dispatchEvent(event);
      try {
        this[`on${type}`]?.(event);
      } catch (error) {
        (global.reportError ?? console.error)(error);
      }
    }

    change(state, members) {
      if (this.state === state && this.#by === this.transport && state !== "waiting") return;
      this.state = state;
      this.#by = this.transport;
      this.tell("state", { state, transport: this.transport, ...members });
    }
  }

  // --- the ladder ------------------------------------------------------------------------------------------

  class Link {
    subs = new Map(); // name -> { name, weft, line: on which it has begun, ...options }
    positions = new Map(); // channel -> all up to here is accounted for
    outbox = []; // { channel, data, key, once, epoch, sent, rests, resolve, reject }, in the order in which they were said
    by; // the transport that is live
    maxMessage;
    #rungs;
    #rung = 0;
    #attempt = 0; // rounds of the ladder that came to nothing
    #line; // what is tried, or live
    #probe; // the top, tried from below
    #timer;
    #climbing;
    #flushing = false;
    #gone = new AbortController();

    constructor(url, options) {
      const [, base, name] = nameOf(url).match(`^(${Weft.base}(?=/)|)([^]*)`); // names are without it
      Object.assign(this, { url, options, base, name });
      this.#rungs = [webSocket, events, polls].filter(({ by }) => options.transports?.includes(by) ?? true);
      const { signal } = this.#gone;
      const hear = (target, type, heard) => target?.addEventListener?.(type, heard, { signal });
      const page = global.document;
      for (const type of ["online", "offline"]) hear(global, type, () => this.#wake());
      for (const type of ["resume", "visibilitychange"]) hear(page, type, () => page.hidden || this.#wake());
      hear(global, "pageshow", ({ persisted }) => persisted && this.retry());
      hear(global, "pagehide", () => this.#drop());
    }

    // --- channels ---

    add(weft, options) {
      const sub = { ...options, name: weft.name, weft };
      this.subs.set(sub.name, sub);
      if (options.since) this.positions.set(sub.name, options.since);
      if (this.by) this.#line.transport.subscribe(sub);
      else if (!this.#line) this.#soon(0);
    }

    remove(name) {
      const sub = this.subs.get(name);
      this.subs.delete(name);
      if (this.by) this.#line.transport.unsubscribe(sub);
      for (const channel of this.positions.keys()) if (!this.#readers(channel).length) this.positions.delete(channel);
      for (const item of this.outbox) if (item.channel === name) this.#done(item, "reject", failure("closed", "the channel is closed"));
      if (this.subs.size) return;
      this.#drop();
      this.#gone.abort();
    }

    #readers(channel) {
      return [...this.subs.values()].filter((sub) => matches(sub.name, channel));
    }

    /** What to ask for: behind what is known, or as it was asked for at first. */
    from({ name, last }) {
      const since = this.positions.get(name);
      return since ? { since } : { last };
    }

    // --- what transports say ---

    /** A channel begins, or goes on, behind position. */
    begun({ channel, position, policy, lost }) {
      if (lost !== undefined) this.envelope({ channel, position, lost });
      else if (position && !this.positions.has(channel)) this.positions.set(channel, position);
      for (const sub of this.#readers(channel)) {
        sub.line = this.#line;
        sub.again = false;
        sub.weft.policy = policy ?? sub.weft.policy;
        sub.weft.change("live");
      }
    }

    envelope({ channel, position, lost, presence, time, key, skipped, data, base64 }) {
      const readers = this.#readers(channel);
      if (presence) return readers.forEach(({ weft }) => weft.tell("presence", { channel, ...presence }));
      const at = this.positions.get(channel) ?? ".";
      const isOld = epochOf(position) === epochOf(at) && offsetOf(position) <= offsetOf(at);
      if (!readers.length || (isOld && lost === undefined)) return;
      this.positions.set(channel, position);
      const event = { channel, position, lost, time, key, skipped, data: base64 === undefined ? data : bytesOf(base64) };
      for (const { weft } of readers) weft.tell(lost === undefined ? "message" : "loss", event);
    }

    /** One channel is; the others go on. */
    refused(sub, error) {
      // Another token may be good: at once, and if that is not, later.
      const again = error.code === 401 && (this.options.token ?? this.options.request) && ((sub.again = !sub.again) ? 1 : LONGEST_WAIT);
      const { retry = again } = error;
      const line = this.#line;
      sub.weft.change(retry ? "waiting" : "refused", { error: retry ? undefined : new WeftError(error), reason: error.message, wait: retry });
      if (retry) setTimeout(() => line === this.#line && this.subs.has(sub.name) && line.transport.subscribe(sub), retry);
    }

    // --- up and down ---

    /** A transport, and what it holds of us: when it is no longer ours, nothing that it says is heard. */
    #start(rung) {
      const line = { rung };
      const heard = (what) => (...told) => line.dead || what(...told);
      for (const what of ["begun", "envelope", "refused"]) line[what] = heard((...told) => this[what](...told));
      line.live = heard(() => this.#live(line));
      line.over = heard((why) => this.#over(line, why));
      line.transport = rung(this, line);
      return line;
    }

    #live(line) {
      if (line.since) return;
      line.since = performance.now();
      if (line === this.#probe) {
        this.#end(this.#line);
        this.#line = line;
        this.#probe = undefined;
        this.#rung = 0;
      }
      this.by = line.rung.by;
      if (this.#rung) this.#climbLater();
      for (const item of this.outbox) item.sent = false;
      this.flush();
    }

    /** One that was never live: down the ladder. The last rung knows whether anybody answers at all. */
    #over(line, { why: reason, retry }) {
      line.dead = true;
      if (line === this.#probe) return this.#climbLater();
      this.#drop();
      if (!line.since && ++this.#rung < this.#rungs.length) return this.#open();
      this.#rung = 0;
      if (performance.now() - line.since > CALM) this.#attempt = 0;
      const wait = retry ?? random(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempt++));
      this.#change("waiting", { wait, reason });
      this.#soon(wait);
    }

    #change(state, members) {
      for (const { weft } of this.subs.values()) if (weft.state !== "refused") weft.change(state, members);
    }

    #soon(wait) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#open(), wait);
    }

    #open() {
      this.#timer = undefined;
      this.#change("connecting");
      this.#line = this.#start(this.#rungs[this.#rung]);
    }

    #end(line) {
      if (!line) return;
      line.dead = true;
      line.transport.end();
    }

    #drop() {
      clearTimeout(this.#timer);
      clearTimeout(this.#climbing);
      this.#end(this.#line);
      this.#end(this.#probe);
      this.#timer = this.#line = this.#probe = this.by = undefined;
    }

    #climbLater() {
      this.#probe = undefined;
      clearTimeout(this.#climbing);
      this.#climbing = setTimeout(() => this.#climb(), CLIMB / 2 + random(CLIMB / 2));
    }

    #climb() {
      if (this.by && this.#rung && !this.#probe) this.#probe = this.#start(this.#rungs[0]);
    }

    retry() {
      this.#drop();
      this.#rung = this.#attempt = 0;
      for (const { weft } of this.subs.values()) weft.change("connecting");
      this.#soon(0);
    }

    /** Something has changed: no reason to wait, nor to believe that what was live still is. */
    #wake() {
      if (this.#timer) return this.#soon(0);
      this.#line?.transport.check?.();
      this.#climb();
    }

    // --- requests ---

    /** Where a channel is, with what the page's hook adds to each request: { transport, url, headers, protocols }. */
    async ask(transport, name, params = {}, headers = {}) {
      const url = new URL(this.url);
      if (name && name !== this.name) url.pathname = (this.base + name).split("/").map(encodeURIComponent).join("/");
      for (const [key, value] of Object.entries({ client: this.options.client, ...params }))
        if (value !== undefined) url.searchParams.set(key, value);
      url.protocol = url.protocol.replace(...(name ? ["ws", "http"] : ["http", "ws"]));
      const request = { transport, url, headers, protocols: ["weft.v1"] };
      const token = await this.options.token?.();
      if (token && transport === "websocket") request.protocols.push(`weft.token.${token}`);
      else if (token) headers.Authorization = `Bearer ${token}`;
      await this.options.request?.(request);
      return request;
    }

    /** The answer to such a request, or a WeftError in words. */
    async fetch(asked, init) {
      const { url, ...fields } = await asked;
      const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(SLOW + SILENT), ...fields, ...init });
      if (response.ok) return response;
      const { status, statusText, headers } = response;
      const { error } = await response.json().catch(() => ({}));
      throw new WeftError({ code: status, message: statusText, retry: headers.get("Retry-After") * 1000 || undefined, ...error });
    }

    // --- the outbox ---

    say(item) {
      const { channel, data } = item;
      const most = this.options.outbox ?? 100;
      const refuse = (code, message) => item.reject(failure(code, message));
      if (typeof data !== "string" && !ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer))
        return item.reject(new TypeError("a message is a string or bytes"));
      if (isPattern(channel)) return refuse(400, "a pattern is for reading");
      if (!this.subs.has(channel)) return refuse("closed", "the channel is closed");
      if (this.outbox.length >= most) return refuse("full", `${most} messages wait already`);
      this.outbox.push(Object.assign(item, { once: `${Date.now()}-${Math.random()}` }));
      this.flush();
    }

    /** What waits goes out, in its order: by the WebSocket, or by one POST after the other. */
    async flush() {
      if (this.#flushing) return;
      this.#flushing = true;
      const next = () => this.by && this.outbox.find((item) => !item.sent && !item.rests);
      for (let item; (item = next()); ) await this.#send(item, this.#line);
      this.#flushing = false;
    }

    async #send(item, line) {
      item.sent = true;
      // Where the channel is, if that is known by now: a position may be one of a server that is gone.
      const at = this.subs.get(item.channel).line === line && this.positions.get(item.channel);
      const now = item.epoch || !at ? await this.#epoch(item.channel) : epochOf(at);
      item.epoch ??= now;
      if (!this.outbox.includes(item)) return;
      // A server that was started anew has forgotten keys: what it may have published already nobody can know.
      if (now && item.epoch !== now) this.#done(item, "reject", failure("unknown", "the server was started anew"));
      else if (line !== this.#line) item.sent = false;
      else if (line.transport.publish) line.transport.publish(item, (answer) => this.#answered(item, answer));
      else this.#answered(item, await this.#post(item));
    }

    /** undefined: nobody says. */
    #epoch(channel) {
      return this.fetch(this.ask("head", channel), { method: "HEAD" }).then(
        ({ headers }) => epochOf(headers.get("Weft-Position") ?? ""),
        () => undefined,
      );
    }

    #post({ channel, data, key, once }) {
      const headers = { "Idempotency-Key": once, ...(key && { "Weft-Key": key }) };
      if (typeof data !== "string") headers["Content-Type"] = "application/octet-stream";
      return this.fetch(this.ask("post", channel, {}, headers), { method: "POST", body: data }).then(
        async (response) => ({ ok: await response.json() }),
        (error) => (error.code ? { error } : {}),
      );
    }

    /** Neither: nobody answered, so it may or may not be published; it is said again with the same key. */
    #answered(item, { ok, error = { retry: random(CALM) } }) {
      if (ok) return this.#done(item, "resolve", ok);
      if (!error.retry) return this.#done(item, "reject", new WeftError(error));
      item.rests = true;
      if (error.code) this.subs.get(item.channel).weft.tell("error", { error: new WeftError(error) });
      setTimeout(() => {
        item.rests = item.sent = false;
        this.flush();
      }, error.retry);
    }

    #done(item, how, value) {
      this.outbox = this.outbox.filter((other) => other !== item);
      item[how](value);
    }
  }

  // --- transports ------------------------------------------------------------------------------------------

  // Each is function (link, line). It says line.live() when it gets through, and line.over({ why, retry }) once.

  /** Tells when nothing has shown a sign of life for so long. */
  function watchman(late) {
    let timer;
    const end = () => clearTimeout(timer);
    const expect = (ms) => {
      end();
      timer = setTimeout(late, ms);
    };
    expect(SLOW);
    return { expect, end };
  }

  const SILENCE = { why: "it has fallen silent" };

  function webSocket(link, line) {
    const waiting = new Map(); // id -> function of the answer
    let socket;
    let ids = 0;
    let pingAfter; // after hello
    let asked;
    let retry;

    const say = (object) => socket?.readyState === 1 && socket.send(JSON.stringify(object));
    const command = (object, answered) => {
      waiting.set(++ids, answered);
      say({ id: ids, ...object });
    };
    const check = () => {
      asked = true;
      say({ ping: 1 });
      watch.expect(SILENT);
    };
    const watch = watchman(() => (pingAfter && !asked ? check() : over(SILENCE)));
    const end = () => {
      watch.end();
      if (!socket) return;
      socket.onmessage = socket.onclose = null;
      socket.close();
    };
    const over = (why) => {
      end();
      line.over(why);
    };

    // What a pattern has joined goes on where it was; it joins what is new from its beginning.
    const subscribe = (sub) => {
      const { name, last, presence } = sub;
      const joined = isPattern(name) ? [...link.positions.keys()].filter((channel) => matches(name, channel)) : [];
      for (const channel of joined) command({ subscribe: channel, ...link.from({ name: channel }) }, ({ ok }) => ok && line.begun(ok));
      command({ subscribe: name, ...(joined.length ? { last: "all" } : link.from(sub)) }, (answer) => {
        if (answer.ok) line.begun(answer.ok);
        else line.refused(sub, answer.error);
      });
      if (presence) command({ presence: name, events: true }, ({ ok }) => ok && line.envelope(ok));
    };
    const renew = async () => {
      const token = await link.options.token?.();
      if (token) command({ token });
    };
    const heard = (object) => {
      const { hello, id, error, close, channel, expires_in } = object;
      if (hello) {
        pingAfter = hello.ping ?? pingAfter;
        link.maxMessage = hello.max_message;
        line.live();
        link.subs.forEach(subscribe);
      } else if (id) {
        waiting.get(id)?.(object);
        waiting.delete(id);
      } else if (close) retry = close.retry;
      else if (error) link.subs.get(channel)?.weft.tell("error", { error: new WeftError(error) });
      else if (expires_in) renew().catch(() => {}); // then it ends, and is tried anew
      else if (object.policy) line.begun(object);
      else if (channel) line.envelope(object);
    };

    const dial = async () => {
      const { url, protocols } = await link.ask("websocket", undefined, { subscribe: "no" });
      if (line.dead) return;
      socket = new (link.options.WebSocket ?? WebSocket)(url.href, protocols);
      socket.onmessage = ({ data }) => {
        asked = false;
        try {
          heard(parse(data));
        } catch ({ message }) {
          return over({ why: message });
        }
        if (pingAfter && !line.dead) watch.expect(pingAfter);
      };
      socket.onerror = () => {}; // close says more
      socket.onclose = ({ code, reason }) => {
        over({ why: reason || `closed with ${code}`, retry: retry ?? { 1012: random(CALM), 1013: CALM + random(CALM) }[code] });
      };
    };
    dial().catch(({ message }) => over({ why: message }));

    return {
      end,
      check,
      subscribe,
      unsubscribe({ name, presence }) {
        command({ unsubscribe: name });
        if (presence) command({ presence: name, events: false });
      },
      publish({ channel, data, key, once }, answered) {
        command({ publish: channel, ...(typeof data === "string" ? { data } : { base64: base64Of(data) }), key, once }, answered);
      },
    };
  }
  webSocket.by = "websocket";

  /** Each channel for itself: follow(sub, signal, watch) to its end. When one is over, all are; but not when one is refused. */
  function overHTTP(link, line, follow) {
    const running = new Map(); // name -> function that ends it
    const unsubscribe = ({ name }) => {
      running.get(name)?.();
      running.delete(name);
    };
    const end = () => running.forEach((stop) => stop());
    const over = (why) => {
      end();
      line.over(why);
    };
    const subscribe = (sub) => {
      if (isPattern(sub.name)) return line.refused(sub, { message: "a pattern needs a WebSocket", retry: CLIMB });
      unsubscribe(sub);
      const abort = new AbortController();
      const { signal } = abort;
      const watch = watchman(() => over(SILENCE));
      running.set(sub.name, () => {
        watch.end();
        abort.abort();
      });
      follow(sub, signal, watch).then(over, (error) => {
        if (signal.aborted) return;
        unsubscribe(sub);
        const { code, message: why, retry } = error;
        if (code === 403 && sub.presence) return subscribe(sub, (sub.presence = false)); // to see who is there is another right
        if (![400, 401, 403, 404, 421].includes(code)) return over({ why, retry });
        line.live();
        line.refused(sub, error);
      });
    };
    setTimeout(() => line.dead || link.subs.forEach(subscribe));
    return { end, subscribe, unsubscribe };
  }

  /** The events of a stream, as { event, id, data, retry }; a comment is {}. */
  async function* eventsOf(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let event = {};
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const [, field, data] = /^([^:]*):? ?(.*)$/.exec(line);
        if (field) {
          event[field] = field === "data" && event.data !== undefined ? `${event.data}\n${data}` : data;
          continue;
        }
        yield event;
        event = {};
      }
    }
  }

  // Not an EventSource: that does not show comments, so it could not tell a quiet channel from a dead connection, nor a
  // refusal from a broken cable.
  function events(link, line) {
    return overHTTP(link, line, async (sub, signal, watch) => {
      const channel = sub.name;
      const params = { stream: "sse", ...link.from(sub), presence: sub.presence ? "events" : undefined };
      const response = await link.fetch(link.ask("sse", channel, params, { Accept: "text/event-stream" }), { signal });
      let retry;
      for await (const { event, id: position, data, retry: wait } of eventsOf(response)) {
        watch.expect(HEARTBEAT + SILENT);
        retry = wait ? +wait : retry;
        if (data === undefined) continue;
        if (!event) line.envelope({ channel, position, data });
        else if (event === "presence") line.envelope({ channel, presence: parse(data) });
        else if (event === "begin") {
          line.live();
          line.begun({ channel, ...parse(data) });
        } else line.envelope({ channel, position, ...parse(data) });
      }
      return { why: "the stream has ended", retry };
    });
  }
  events.by = "sse";

  function polls(link, line) {
    return overHTTP(link, line, async (sub, signal, watch) => {
      const channel = sub.name;
      const get = async (params) => (await link.fetch(link.ask("longpoll", channel, params), { signal })).json();
      for (let wait = 0; !signal.aborted; wait = sub.presence ? LOOK : LONG_POLL) {
        watch.expect(wait * 1000 + SILENT);
        const { position, messages, lost } = await get({ wait, ...link.from(sub) });
        const [first] = messages;
        line.live();
        // What is lost is in front of the first message.
        line.begun({ channel, position: first ? `${epochOf(first.position)}.${offsetOf(first.position) - 1}` : position, lost });
        messages.forEach(line.envelope);
        if (!sub.presence) continue;
        const { presence } = await get({ presence: "" });
        presence.count += link.options.client ? 0 : 1; // who polls and has no name is not counted
        line.envelope({ channel, presence });
      }
    });
  }
  polls.by = "longpoll";

  Weft.Error = WeftError;
  global.Weft = Weft;
  if (typeof module === "object") module.exports = { Weft };
})(globalThis);
