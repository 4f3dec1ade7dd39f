// SPDX-License-Identifier: MIT
//
// site.js: what the pages of the demo have in common, besides parts.js and language.js.

import { has, t } from "./language.js";
import { armCopyButtons, basePath } from "./parts.js";

/** ws://HOST/path, or wss:// when the page itself came over https. */
export function channelURL(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${basePath}${path}`;
}

/** Fills ws://localhost:8080 and http://localhost:8080 in sample commands with where we really are. */
function fillAddresses() {
  for (const node of document.querySelectorAll(".ws-address")) node.textContent = channelURL("");
  for (const node of document.querySelectorAll(".http-address")) node.textContent = location.origin + basePath;
}

/** Fills the addresses of commands, and makes them easy to copy. */
export function armCommands() {
  fillAddresses();
  const label = (command) => t("site.copy-it", { command });
  armCopyButtons({ copy: t("site.copy"), copied: t("site.copied"), selected: t("site.selected"), label });
}

/** "1 byte", "65,536 bytes" */
export const bytes = (n) => t("site.bytes", { n });

/** "0.7 s", "4 s" */
export function seconds(milliseconds) {
  const s = milliseconds / 1000;
  return t("site.seconds", { s: s < 3 ? s.toFixed(1) : `${Math.round(s)}` });
}

/**
 * A CloseEvent as a person would say it: "the server is going away (1001, “maintenance”)". The codes are those of RFC
 * 6455, section 7.4, and of the registry that continues them.
 */
export function closeWords({ code, reason }) {
  const words = has(`close.${code}`) ? t(`close.${code}`) : t("close.own");
  return reason ? t("close.with-reason", { words, code: `${code}`, reason }) : t("close.with-code", { words, code: `${code}` });
}

const PILL = { live: "open", connecting: "connecting" };
const pillWords = { open: () => t("site.open"), connecting: () => t("site.connecting"), closed: () => t("site.closed") };

/** Why weft.js has lost the connection; what a browser or the server says stays in their words. */
function cutWords(reason) {
  const code = /^closed with (\d+)$/.exec(reason)?.[1];
  if (code) return closeWords({ code });
  if (reason === "it has fallen silent") return t("site.silent");
  if (reason === "the stream has ended") return t("site.ended");
  return reason;
}

/**
 * Shows a channel's state: in #state, as its text and as data-state for the style sheet, and in #notice while it is
 * cut off, with why and when the next try comes. That nobody answers does not take the place of why it was cut off.
 */
export function showState(channel) {
  const pill = document.querySelector("#state");
  const notice = document.querySelector("#notice");
  const retry = document.querySelector("#retry");
  let why;
  channel.addEventListener("state", ({ state, reason, wait }) => {
    if (state === "connecting" && why) return; // the notice says more
    pill.dataset.state = PILL[state] ?? "closed";
    pill.textContent = pillWords[pill.dataset.state]();
    retry.hidden = state === "live" || state === "connecting";
    if (state === "live") why = undefined;
    else why ??= reason && cutWords(reason);
    const cut = state === "refused" ? t("site.refused", { why }) : why ? t("site.cut", { why }) : "";
    notice.textContent = why && wait ? t("site.cut-and-again", { cut, seconds: seconds(wait) }) : cut;
    notice.parentElement.hidden = !why;
  });
  retry.addEventListener("click", () => channel.retry());
}
