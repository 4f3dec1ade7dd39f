// SPDX-License-Identifier: MIT
//
// transport.js: one channel, followed by whatever gets through, from a position on.
//
// A channel is a log, and a subscriber is a position in it. So a transport is a way of being told what comes after a
// position, and when one breaks, the next goes on at the same place: nothing is lost or doubled in silence.
//
//   WebSocket (weft.v1)  ->  Server-Sent Events  ->  long polling  ->  wait, and from the top
//
// A rung of this ladder that does not come to life is left at once for the one below; one that was live and broke is tried
// again, once. Only what the last one is refused counts, as who is between may not like the others. Waiting is random(0, min(30 s, 0.5 s * 2^attempt)), or what the server has asked for: a thousand pages that lost
// the same server do not all come back in the same instant.
//
//   const channel = follow(location, { state, message, lost, hello });
//   channel.publish(text, key)     a promise of { position }, or of { error: { code, message, retry? } }
//   channel.retry()                now, from the top
//   channel.position, .by          where it stands, and by what it is live; undefined: not yet

const FIRST_WAIT = 500; // milliseconds, like all of these
const LONGEST_WAIT = 30_000;
const SETTLED = 5000; // what lived this long proves that the server is well
const SLOW = 5000; // a rung that has said nothing for so long does not get through
const SILENT = 10_000; // what is late by this, after everything that is due, is gone
const HEARTBEAT = 15_000; // of streams
const LONG_POLL = 25_000;
const LOOK = 5000; // who is there, where that has to be asked for
const CLIMB = 300_000; // so long a rung that did not get through is not tried again
const HISTORY = 100; // messages to begin with

/** "/café" for "/caf%C3%A9"; as it stands where that is nothing. */
export function channelName(pathname) {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

export const epochOf = (position) => position.slice(0, position.indexOf("."));
const offsetOf = (position) => Number(position.slice(position.indexOf(".") + 1));

/** Whether a is at or behind b, as far as positions can be compared. */
export function isCovered(a, b) {
  return b !== undefined && epochOf(a) === epochOf(b) && offsetOf(a) <= offsetOf(b);
}

const isFinal = (status) => [400, 401, 403, 404, 421].includes(status);

/** Why something was refused, out of an HTTP answer that may be anything. */
async function errorOf(response) {
  const after = Number(response.headers.get("Retry-After")) * 1000 || undefined;
  try {
    const { code, message, retry } = (await response.json()).error;
    return { code, message, retry: retry ?? after };
  } catch {
    return { code: response.status, message: response.statusText || "no reason given", retry: after };
  }
}

class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.error = error;
  }
}

/** Aborts when nothing has shown a sign of life for so long. */
class Watch {
  constructor(late) {
    this.late = late;
  }

  expect(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.late, ms);
  }

  end() {
    clearTimeout(this.timer);
  }
}

// --- WebSocket -------------------------------------------------------------------------------------------

// A rung is function(line), which calls line.live(...) and so on, and line.over(why) once; it returns what ends it.

function webSocket(line) {
  const url = line.url();
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, "weft.v1");
  const waiting = new Map(); // id -> function of the answer
  let ids = 0;
  let pingAfter = 0; // none, before hello
  let retry;

  const end = (why) => {
    watch.end();
    socket.onmessage = socket.onclose = null;
    socket.close();
    for (const answer of waiting.values()) answer();
    line.over(why);
  };
  const say = (object) => socket.send(JSON.stringify(object));
  const command = (object, answered) => {
    const id = (ids += 1);
    waiting.set(id, answered);
    say({ id, ...object });
  };

  // Silence is answered by a ping, and silence after that is the end.
  let asked = false;
  const watch = new Watch(() => {
    if (!pingAfter || asked) return end({ why: "it has fallen silent" });
    asked = true;
    say({ ping: 1 });
    watch.expect(SILENT);
  });
  watch.expect(SLOW);

  const hello = (object) => {
    pingAfter = object.hello.ping;
    line.limit(object.hello.max_message);
    if (object.channel === undefined) return;
    line.live(object.position, object.policy, object.lost);
    command({ presence: line.name, events: true }, (answer) => answer?.ok && line.envelope(answer.ok));
  };
  const answered = (object) => {
    const answer = waiting.get(object.id);
    waiting.delete(object.id);
    if (answer) answer(object);
    else if (object.id === undefined && object.error) line.refused(object.error);
  };
  socket.onmessage = ({ data }) => {
    const object = JSON.parse(data);
    asked = false;
    if (object.hello) hello(object);
    else if (object.ok || object.error) answered(object);
    else if (object.close) retry = object.close.retry;
    else if (object.channel !== undefined) line.envelope(object);
    if (pingAfter) watch.expect(pingAfter);
  };
  socket.onclose = ({ code, reason }) => end({ why: closeWords(code, reason), retry });

  return {
    end: () => end({}),
    /** undefined: it broke before anybody answered. */
    publish: (text, key) =>
      new Promise((resolve) => {
        if (socket.readyState !== WebSocket.OPEN) return resolve();
        const answered = (object) => resolve(object?.error ? { error: object.error } : object?.ok);
        command({ publish: line.name, data: text, once: key }, answered);
      }),
  };
}

const CLOSE_WORDS = {
  1001: "the server is going away",
  1006: "lost without a goodbye",
  1008: "against the rules of the server",
  1011: "the server met an error",
  1012: "the server is restarting",
  1013: "the server is busy",
};

function closeWords(code, reason) {
  return reason || (CLOSE_WORDS[code] ?? `closed with ${code}`);
}

// --- HTTP ------------------------------------------------------------------------------------------------

/** Runs talk(signal) to its end, whichever that is, and says why it is over. */
function overHTTP(line, talk) {
  const abort = new AbortController();
  let ended = false;
  const over = (why) => {
    if (ended) return;
    ended = true;
    watch.end();
    abort.abort();
    line.over(why);
  };
  const watch = new Watch(() => over({ why: "it has fallen silent" }));
  watch.expect(SLOW);
  talk(abort.signal, watch).then(over, (error) => {
    if (error instanceof Refused) over({ refused: error.error });
    else over({ why: "lost without a goodbye" });
  });
  return { end: () => over({}) };
}

async function ask(url, accept, signal) {
  const response = await fetch(url, { headers: { Accept: accept }, cache: "no-store", signal });
  if (!response.ok) throw new Refused(await errorOf(response));
  return response;
}

/** The events of a stream, as { event, id, data, retry }; a comment is {}. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = {};
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n/);
    rest = lines.pop();
    for (const text of lines) {
      if (text === "" || text.startsWith(":")) {
        yield event;
        event = {};
        continue;
      }
      const [, field, data] = /^([^:]*):? ?([^]*)$/.exec(text);
      event[field] = field === "data" && event.data !== undefined ? `${event.data}\n${data}` : data;
    }
  }
}

/** With who is there, if one may know that: whether one may read is another right. */
async function streamOf(line, signal) {
  const url = line.url();
  url.searchParams.set("stream", "sse");
  const seeing = new URL(url);
  seeing.searchParams.set("presence", "events");
  try {
    return await ask(seeing, "text/event-stream", signal);
  } catch (error) {
    if (error.error?.code !== 403) throw error;
    return ask(url, "text/event-stream", signal);
  }
}

// Not an EventSource: that does not show comments, so it could not tell a quiet channel from a dead connection, nor a
// refusal from a broken cable.
function serverSentEvents(line) {
  return overHTTP(line, async (signal, watch) => {
    const response = await streamOf(line, signal);
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return { why: "it is no stream" };
    let retry;
    for await (const { event, id, data, retry: wait } of events(response)) {
      if (wait !== undefined) retry = Number(wait);
      watch.expect(HEARTBEAT + SILENT);
      if (event === "begin") line.live(JSON.parse(data).position);
      else if (event === "lost") line.envelope({ position: id, lost: JSON.parse(data).lost });
      else if (event === "presence") line.envelope({ presence: JSON.parse(data) });
      else if (event === "envelope") line.envelope(JSON.parse(data));
      else if (data !== undefined) line.envelope({ position: id, data });
    }
    return { why: "the stream has ended", retry };
  });
}

/** Beside the polls, which do not say it, and by which who has no name is not counted: so there is one more. */
async function lookAround(line, signal) {
  const url = new URL(line.address);
  const more = url.searchParams.has("client") ? 0 : 1;
  url.searchParams.set("presence", "");
  for (; !signal.aborted; await new Promise((resolve) => setTimeout(resolve, LOOK))) {
    if (document.hidden) continue;
    try {
      const { presence } = await (await ask(url, "application/json", signal)).json();
      line.envelope({ presence: { ...presence, count: presence.count + more } });
    } catch (error) {
      if (error.error?.code === 403) return;
    }
  }
}

function longPolling(line) {
  return overHTTP(line, async (signal, watch) => {
    for (let wait = 0; ; wait = LONG_POLL / 1000) {
      const url = line.url();
      url.searchParams.set("wait", wait);
      watch.expect(wait * 1000 + (wait ? SILENT : SLOW));
      const { position, messages, lost } = await (await ask(url, "application/json", signal)).json();
      line.live(undefined, undefined, undefined);
      if (!wait) lookAround(line, signal);
      if (lost !== undefined) line.envelope({ position: beginOf(messages, position), lost });
      for (const message of messages) line.envelope(message);
      line.stand(position);
    }
  });
}

/** What is lost is in front of the first message. */
function beginOf(messages, position) {
  if (!messages.length) return position;
  const first = messages[0].position;
  return `${epochOf(first)}.${offsetOf(first) - 1}`;
}

const RUNGS = [
  { name: "WebSocket", open: webSocket },
  { name: "Server-Sent Events", open: serverSentEvents },
  { name: "long polling", open: longPolling },
];

// --- The ladder ------------------------------------------------------------------------------------------

/**
 * Follows the channel at a location.
 *
 * on.state({ name, by, wait, why })   "connecting"; "live" by a transport; "waiting" or "gone" (nobody answers) for so
 *                                     many milliseconds, and why; "refused": until retry()
 * on.message(envelope)                in order, each once
 * on.lost(n)                          null: nobody knows how many
 * on.position(position)               all up to here is accounted for
 * on.presence(presence)               where one may know
 * on.hello({ limit, policy })         as far as they are known
 */
export function follow(place, on) {
  const channel = { position: undefined, by: undefined };
  const name = channelName(place.pathname);
  const address = new URL(place.pathname + place.search, place.origin);
  let rung = 0;
  let attempt = 0; // rounds of the ladder that came to nothing
  let climbAt = 0; // when the top is worth trying again
  let current; // what the rung has returned
  let timer;
  let generation = 0; // what an older one still says is not heard

  function url() {
    const to = new URL(address);
    if (channel.position === undefined) to.searchParams.set("last", HISTORY);
    else to.searchParams.set("since", channel.position);
    return to;
  }

  function stand(position) {
    channel.position = position;
    on.position(position);
  }

  function envelope(object) {
    const { position, lost } = object;
    if (object.presence) return on.presence?.(object.presence);
    if (isCovered(position, channel.position) && lost === undefined) return;
    if (lost === undefined) on.message(object);
    else on.lost(lost);
    stand(position);
  }

  function lineOf(mine) {
    let liveAt;
    const mute = (f) => (...args) => (mine === generation ? f(...args) : undefined);
    return {
      name,
      url,
      address,
      stand: mute(stand),
      envelope: mute(envelope),
      limit: mute((limit) => on.hello({ limit })),
      refused: mute((error) => refuse(error)),
      live: mute((position, policy, lost) => {
        if (policy) on.hello({ policy });
        if (lost !== undefined) on.lost(lost);
        if (position !== undefined && (channel.position === undefined || lost !== undefined)) stand(position);
        if (liveAt !== undefined) return;
        liveAt = performance.now();
        if (rung === 0) climbAt = 0;
        channel.by = RUNGS[rung].name;
        on.state({ name: "live", by: channel.by });
      }),
      over: mute((why) => {
        generation += 1;
        if (liveAt === undefined) failed(why);
        else broke(why, performance.now() - liveAt > SETTLED);
      }),
    };
  }

  function open() {
    clearTimeout(timer);
    timer = undefined;
    generation += 1;
    current = undefined;
    const mine = generation;
    const opened = RUNGS[rung].open(lineOf(mine));
    if (mine === generation) current = opened;
  }

  function refuse(error) {
    on.state({ name: "refused", why: error });
  }

  /** It was live. */
  function broke({ why, retry, refused }, settled) {
    channel.by = undefined;
    if (refused && isFinal(refused.code)) return refuse(refused);
    if (settled) attempt = 0;
    if (performance.now() > climbAt) rung = 0;
    pause("waiting", why ?? refused?.message, retry ?? refused?.retry);
  }

  /** It was never live: down the ladder. The last rung knows whether anybody answers at all, and why not. */
  function failed({ why, refused, retry }) {
    if (rung < RUNGS.length - 1) {
      rung += 1;
      if (rung === 1) climbAt = performance.now() + CLIMB;
      return open();
    }
    if (refused && isFinal(refused.code)) return refuse(refused);
    rung = climbAt = 0;
    pause("gone", refused ? `${refused.code}, ${refused.message}` : why, refused?.retry ?? retry);
  }

  function pause(state, why, retry) {
    const wait = retry ?? Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
    attempt += 1;
    on.state({ name: state, wait, why });
    timer = setTimeout(open, wait);
  }

  channel.retry = () => {
    generation += 1;
    current?.end();
    rung = 0;
    attempt = 0;
    on.state({ name: "connecting" });
    open();
  };

  /**
   * By the WebSocket if there is one, else by POST: { position } or { error: { code, message, retry? } }. undefined:
   * nobody answered, so it may or may not be published. The same key publishes nothing twice, as long as the epoch is
   * the same.
   */
  channel.publish = (text, key) => (current?.publish ?? post)(text, key);

  async function post(text, key) {
    try {
      const response = await fetch(address, { method: "POST", body: text, headers: { "Idempotency-Key": key } });
      return response.ok ? await response.json() : { error: await errorOf(response) };
    } catch {
      return undefined;
    }
  }

  /** The epoch that the server is in, whatever has come from it so far; undefined: it does not say. */
  channel.epoch = async () => {
    try {
      const response = await fetch(address, { method: "HEAD", cache: "no-store" });
      return epochOf(response.headers.get("Weft-Position"));
    } catch {
      return undefined;
    }
  };

  // The network is back, or somebody is looking: no reason to wait.
  const now = () => timer !== undefined && channel.retry();
  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => !document.hidden && now());
  addEventListener("pagehide", () => {
    generation += 1;
    clearTimeout(timer);
    current?.end();
  });
  addEventListener("pageshow", (event) => event.persisted && channel.retry());
  open();
  return channel;
}
