// SPDX-License-Identifier: MIT
//
// heartbeat-lab.js: a WebSocket, and a second way on which its server's end is heard and moved (src/cli/lab_heartbeat.h).
//
//   EventSource /heartbeat/ID        what the server's end does and knows: it opens first, so that nothing is missed
//   WebSocket   /lab/heartbeat/ID    the connection that all this is about
//   POST        /lab/heartbeat/ID    what the server's end is to do
//
//   tell(side, event) is called for all that happens; event.at is by performance.now().

import { basePath } from "./parts.js";
import { channelURL } from "./site.js";

/** Nobody guesses it, so nobody else moves this connection. */
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => (byte % 36).toString(36)).join("");
}

export class Lab {
  socket = null; // until the second way is there
  opened = false;
  reading = true; // the server, as far as it has said
  server = "connecting";
  #id = randomId();
  #ahead = Infinity; // performance.now() less the server's time: the quickest event has the best idea of it
  #waiting = [];
  #tell;
  #source;

  constructor(every, tell) {
    this.#tell = tell;
    this.#source = new EventSource(`${basePath}/heartbeat/${this.#id}?stream=sse`);
    this.#source.onopen = () => this.socket ?? this.#open(every);
    this.#source.onmessage = ({ data }) => this.#hear(data);
    this.#source.onerror = () => {
      this.#source.close();
      if (!this.socket) this.#say("browser", { type: "close", code: 1006, reason: "", wasClean: false });
      else if (this.server !== "closed") this.#say("server", { type: "silent" });
    };
  }

  #say(side, event) {
    event.at ??= performance.now();
    this.#tell(side, event, this);
    this.#waiting = this.#waiting.filter((look) => !look(side, event));
  }

  #open(every) {
    const socket = (this.socket = new WebSocket(channelURL(`/lab/heartbeat/${this.#id}?every=${every}`)));
    this.#say("browser", { type: "connecting" });
    socket.onopen = () => {
      this.opened = true;
      this.#say("browser", { type: "open" });
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      this.#say("browser", { type: "close", code, reason, wasClean });
      this.#end();
    };
  }

  /** Whoever knows the ID may publish there, so it may be anything. */
  #hear(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof event?.type !== "string" || typeof event.at !== "number") return;
    this.#ahead = Math.min(this.#ahead, performance.now() - event.at);
    event.at += this.#ahead;
    if (event.type === "pause") this.reading = false;
    if (event.type === "resume" || event.type === "close") this.reading = true; // a Close is to be answered
    const state = { open: "open", close: "closing", closed: "closed" }[event.type];
    if (state) this.server = state;
    this.#say("server", event);
    this.#end();
  }

  /** When both ends have said that it is over. */
  #end() {
    if (this.isOver && (this.server === "closed" || !this.opened)) this.#source.close();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN && this.server === "open";
  }

  get isOver() {
    return this.socket?.readyState === WebSocket.CLOSED;
  }

  /** Resolves when this has happened; with undefined when the connection is over first. */
  happens(wanted, type) {
    return new Promise((resolve) => {
      this.#waiting.push((side, event) => {
        const it = side === wanted && event.type === type;
        const over = side === "browser" && event.type === "close";
        if (it || over) resolve(it ? event : undefined);
        return it || over;
      });
    });
  }

  /** Has the server's end do something; when it is over already, there is nothing to be done. */
  async order(what, values = {}) {
    if (this.server !== "open") return;
    const query = new URLSearchParams({ do: what, ...values });
    await fetch(`${basePath}/lab/heartbeat/${this.#id}?${query}`, { method: "POST" }).catch(() => {});
  }

  /** The server stops reading, and has said so. */
  async stopReading() {
    const said = this.happens("server", "pause");
    this.order("pause");
    return said;
  }

  /** The browser's own close; throws what that throws. */
  close(code, reason) {
    if (code === undefined) this.socket.close();
    else this.socket.close(code, reason);
    this.#say("browser", { type: "closing", code, reason });
  }
}
