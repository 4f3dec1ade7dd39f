// SPDX-License-Identifier: MIT
//
// parts.js: what the pages of the program have in common: elements, numbers as words, commands to copy, and the field
// that opens a channel.

/** The path that the server is under, "/ws", or "": this file is at the top of it, or in its folder /.weft. */
export const basePath = new URL(import.meta.url).pathname.replace(/(\/\.weft)?\/parts\.js$/, "");

/**
 * Builds an element. Children are elements or strings; a string always becomes text, never markup, so what strangers
 * send cannot turn into part of the page.
 */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** "1 byte", "65,536 bytes" */
export function count(n, word) {
  return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
}

/** "0.7 s", "4 s" */
export function seconds(milliseconds) {
  const s = milliseconds / 1000;
  return `${s < 3 ? s.toFixed(1) : Math.round(s)} s`;
}

const encoder = new TextEncoder();

/** How many bytes a text is in UTF-8. */
export function bytesOf(text) {
  return encoder.encode(text).length;
}

// --- commands --------------------------------------------------------------------------------------------

/**
 * As a shell takes it for one word. A URL may have anything in it that a browser leaves alone, ";" and "$(" too, and it
 * is whoever sent the link that chose it.
 */
export function shellWord(text) {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Writes the commands of the page: URL in data-command, with what sticks to it, is this address; WS the same by ws:. */
export function fillCommands(url) {
  const ws = url.replace(/^http/, "ws");
  const wordOf = (word) => (/^(URL|WS)/.test(word) ? shellWord(word.replace(/^URL/, url).replace(/^WS/, ws)) : word);
  for (const code of document.querySelectorAll("code[data-command]")) {
    code.textContent = code.dataset.command.split(" ").map(wordOf).join(" ");
  }
}

const COPY = { copy: "Copy", copied: "Copied", selected: "Selected", label: (command) => `Copy ${command}` };

/** Makes every button.copy copy the command next to it, and say so in these words. */
export function armCopyButtons(words = COPY) {
  for (const button of document.querySelectorAll("button.copy")) {
    const code = button.parentElement.querySelector("code");
    button.setAttribute("aria-label", words.label(code.dataset.command ?? code.textContent));
    button.addEventListener("click", () => copy(button, code, words));
  }
}

async function copy(button, code, words) {
  let done = words.copied;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Without https the clipboard is closed to pages, except on localhost: select the text instead.
    getSelection().selectAllChildren(code);
    done = words.selected;
  }
  button.textContent = done;
  setTimeout(() => (button.textContent = words.copy), 1600);
}

// --- another channel -------------------------------------------------------------------------------------

/** The path of a URL for what somebody typed: "chat", "/chat", "a/b c". "" for what cannot be a channel's name. */
export function pathOfChannel(typed) {
  const segments = typed.trim().replace(/^\/+/, "").replace(/\/+$/, "").split("/");
  if (segments.some((segment) => segment === "" || segment.startsWith(".") || /^\*\*?$|\\/.test(segment))) return "";
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

export function armOpenField() {
  for (const form of document.querySelectorAll("form.open-channel")) {
    const field = form.elements.channel;
    form.noValidate = true; // what is wrong is said in our words
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const path = pathOfChannel(field.value);
      field.setCustomValidity(path ? "" : "no empty part, none that begins with a dot, no star alone, no backslash");
      if (path) location.href = basePath + path;
      else field.reportValidity();
    });
    field.addEventListener("input", () => field.setCustomValidity(""));
  }
}
