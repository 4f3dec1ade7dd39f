// SPDX-License-Identifier: MIT
//
// weft.js: what the chat page and the quotes page have in common.
//
// A browser's WebSocket lives once: when it closes, for whatever reason, it never opens again. A page
// that wants to stay connected makes a new one. connect() does that, and is careful about three things:
//
//   * It waits longer after each failure (backoff), so that a server in trouble is left in peace.
//   * It waits a random part of that time (jitter), so that a thousand pages that lost the same server
//     do not all come back in the same instant.
//   * It never sends behind your back: send() says whether the text went out, and the page keeps what
//     did not.
//
// Read this file first, then chat.js (text in both directions), then quotes.js (a stream from the server).

const FIRST_WAIT = 500; // milliseconds
const LONGEST_WAIT = 15000;
const SETTLED = 5000; // a connection that lived this long proves that the server is well

/** ws://HOST/path, or wss:// when the page itself came over https. */
export function channelURL(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${path}`;
}

/**
 * Opens the channel at `path` and keeps it open.
 *
 * on.state(state)    "connecting", "open" or "closed"
 * on.message(data)   a string (text message) or an ArrayBuffer (binary message)
 * on.close(event, wait)  why it is closed, and in how many milliseconds the next try comes: the browser's CloseEvent
 *                        of the last connection that was open, for those that never opened know nothing better than
 *                        1006; if there was none, the latest
 */
export function connect(path, on) {
  let socket;
  let failures = 0;
  let timer;
  let ended; // the CloseEvent of the last connection that was open

  function open() {
    clearTimeout(timer);
    on.state("connecting");

    socket = new WebSocket(channelURL(path));
    socket.binaryType = "arraybuffer"; // the default, Blob, would need one more wait to look inside

    let openedAt = Infinity;
    socket.onopen = () => {
      openedAt = performance.now();
      on.state("open");
    };
    socket.onmessage = (event) => on.message(event.data);

    // "error" tells nothing that "close", which always follows it, does not tell as well.
    socket.onclose = (event) => {
      if (openedAt < Infinity) ended = event;
      failures = performance.now() - openedAt > SETTLED ? 1 : failures + 1;
      const wait = nextWait(failures);
      timer = setTimeout(open, wait);
      on.state("closed");
      on.close(ended ?? event, wait);
    };
  }

  const retry = () => {
    if (socket.readyState === WebSocket.CLOSED) open();
  };

  addEventListener("online", retry); // the network is back: no reason to wait
  open();

  return {
    /** Sends a text message; false when there is no open connection, and then nothing was sent. */
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    retry,
  };
}

// 0.5 s, 1 s, 2 s, 4 s ... up to 15 s, of which the second half is left to chance.
function nextWait(failures) {
  const wait = Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT);
  return wait / 2 + (Math.random() * wait) / 2;
}

// The status codes of RFC 6455, section 7.4, and the registry that continues them.
const CLOSE_WORDS = {
  1000: "a normal end",
  1001: "the server is going away",
  1002: "somebody broke the protocol",
  1003: "this kind of data is not accepted",
  1005: "no reason given",
  1006: "lost without a goodbye",
  1007: "the text was not valid UTF-8",
  1008: "against the rules of the server",
  1009: "the message was too big",
  1011: "the server met an error",
  1012: "the server is restarting",
  1013: "the server is busy",
};

/** A CloseEvent as a person would say it: "the server is going away (1001, “maintenance”)". */
export function closeWords(event) {
  const words = CLOSE_WORDS[event.code] ?? "a reason of its own";
  const reason = event.reason ? `, “${event.reason}”` : "";
  return `${words} (${event.code}${reason})`;
}

/** "1 byte", "2 bytes" */
export function byteCount(n) {
  return `${n} byte${n === 1 ? "" : "s"}`;
}

/** "0.7 s", "4 s" */
export function seconds(milliseconds) {
  const s = milliseconds / 1000;
  return `${s < 3 ? s.toFixed(1) : Math.round(s)} s`;
}

/** Shows a state in the element #state, as its text and as data-state for the style sheet. */
export function showState(state) {
  const pill = document.querySelector("#state");
  pill.textContent = state;
  pill.dataset.state = state;
}

/**
 * Builds an element. Children are elements or strings; a string always becomes text, never markup, so
 * what strangers send cannot turn into part of the page.
 */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Fills ws://localhost:8080 and http://localhost:8080 in sample commands with where we really are. */
export function fillAddresses() {
  for (const node of document.querySelectorAll(".ws-address")) node.textContent = channelURL("");
  for (const node of document.querySelectorAll(".http-address")) node.textContent = location.origin;
}

/** Makes every button.copy copy the command next to it. */
export function armCopyButtons() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", () => copyCommand(button));
  }
}

async function copyCommand(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    // Without https the clipboard is closed to pages, except on localhost: select the text instead.
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 1600);
}
