// SPDX-License-Identifier: MIT
//
// lanes.js: five ways of a browser to hear what a channel says, each with nothing but what browsers have.
//
//   run.poll(lane)      until lane.signal is aborted
//
//   lane.url(query)     where to ask
//   lane.hear(data)     a message has come
//   lane.vain()         an answer has come in which there was none
//   lane.is(state)      "connecting", "open", "lost"
//   lane.interval()     ms between two polls
//   lane.half()         ms that the network is to seem longer, each way
//
// docs/channels.md says what is asked for and answered here. weft.js does all this by itself, and misses nothing in
// between; here it is done by hand, to be looked at.

const AGAIN = 1000; // ms after which a connection that was lost is tried again

/** A while; rejects, as fetch does, when it is over with the lane. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const over = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal.removeEventListener("abort", over), resolve()), ms);
    signal.addEventListener("abort", over, { once: true });
  });
}

/** The longer network is in this page: so long nothing has been sent yet, or has arrived. */
const travel = (lane) => (lane.half() ? pause(lane.half(), lane.signal) : undefined);

function arrive(lane, data) {
  const hear = () => lane.signal.aborted || lane.hear(data);
  if (lane.half()) setTimeout(hear, lane.half());
  else hear();
}

async function ask(lane, query) {
  await travel(lane);
  const response = await fetch(lane.url(query), { signal: lane.signal });
  if (!response.ok) throw new Error(`answered with ${response.status}`);
  return response;
}

async function poll(lane, query) {
  const answer = await (await ask(lane, query)).json();
  await travel(lane);
  lane.is("open");
  for (const { data } of answer.messages) lane.hear(data);
  if (!answer.messages.length) lane.vain();
  return answer;
}

/** It begins with the newest price, and asks again for what has come after the last one that it knows. */
async function polling(lane) {
  for (let query = "last=1"; ; ) {
    const begun = performance.now();
    const { position, more } = await poll(lane, query);
    query = `since=${position}`;
    if (!more) await pause(Math.max(0, lane.interval() - (performance.now() - begun)), lane.signal);
  }
}

async function longPolling(lane) {
  for (let query = "last=1"; ; ) {
    const { position } = await poll(lane, query);
    query = `wait=25&since=${position}`;
  }
}

/** A line for each message, and nothing else. */
async function streaming(lane) {
  const response = await ask(lane, "stream=raw");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  lane.is("open");
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) throw new Error("it has ended");
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) arrive(lane, line);
  }
}

/** An EventSource comes back by itself. */
async function serverSentEvents(lane) {
  await travel(lane);
  await new Promise((_, reject) => {
    const source = new EventSource(lane.url("stream=sse"));
    const end = () => (source.close(), reject(lane.signal.reason));
    source.onopen = () => lane.is("open");
    source.onmessage = ({ data }) => arrive(lane, data);
    source.onerror = () => lane.is("lost");
    lane.signal.addEventListener("abort", end, { once: true });
  });
}

/** Browsers complain of one that is closed before it has opened: so it opens first. */
function closeSocket(socket) {
  if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
  else socket.close();
}

async function webSocket(lane) {
  await travel(lane);
  await new Promise((_, reject) => {
    const socket = new WebSocket(lane.url("").replace(/^http/, "ws"));
    const end = () => (closeSocket(socket), reject(lane.signal.reason));
    socket.onopen = () => lane.is("open");
    socket.onmessage = ({ data }) => arrive(lane, data);
    socket.onclose = () => {
      lane.signal.removeEventListener("abort", end);
      reject(new Error("it was closed"));
    };
    lane.signal.addEventListener("abort", end, { once: true });
  });
}

/** What is cut off begins again a second later. */
const again = (way) => async (lane) => {
  while (!lane.signal.aborted) {
    lane.is("connecting");
    try {
      await way(lane);
    } catch {
      if (lane.signal.aborted) return;
      lane.is("lost");
      await pause(AGAIN, lane.signal).catch(() => {});
    }
  }
};

/** By the names that the server counts them under. */
export const run = {
  poll: again(polling),
  wait: again(longPolling),
  stream: again(streaming),
  sse: again(serverSentEvents),
  ws: again(webSocket),
};
