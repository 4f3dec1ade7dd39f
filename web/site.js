// SPDX-License-Identifier: MIT
//
// site.js: what the pages of the demo have in common, besides parts.js.

/** ws://HOST/path, or wss:// when the page itself came over https. */
export function channelURL(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${path}`;
}

/** Fills ws://localhost:8080 and http://localhost:8080 in sample commands with where we really are. */
export function fillAddresses() {
  for (const node of document.querySelectorAll(".ws-address")) node.textContent = channelURL("");
  for (const node of document.querySelectorAll(".http-address")) node.textContent = location.origin;
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

const PILL = { live: "open", connecting: "connecting" };

/**
 * Shows a channel's state: in #state, as its text and as data-state for the style sheet, and in #notice while it is
 * cut off, with why and when the next try comes. That nobody answers does not take the place of why it was cut off.
 */
export function showState(channel, seconds) {
  const pill = document.querySelector("#state");
  const notice = document.querySelector("#notice");
  const retry = document.querySelector("#retry");
  let why;
  channel.addEventListener("state", ({ state, reason, wait }) => {
    if (state === "connecting" && why) return; // the notice says more
    pill.textContent = pill.dataset.state = PILL[state] ?? "closed";
    retry.hidden = state === "live" || state === "connecting";
    if (state === "live") why = undefined;
    else why ??= reason?.replace(/^closed with (\d+)$/, (_, code) => closeWords({ code }));
    notice.textContent = why ? `Cut off: ${why}.${wait ? ` Trying again in ${seconds(wait)}.` : ""}` : "";
    notice.parentElement.hidden = !why;
  });
  retry.addEventListener("click", () => channel.retry());
}
