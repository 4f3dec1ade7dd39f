// SPDX-License-Identifier: MIT
//
// trouble.js: shows #trouble, which says that something in this page has stopped working: a script that did not come, or
// that threw. Each page's first script, and no module: it is to be there before what it listens for, and to need nothing.

function tell() {
  const trouble = document.querySelector("#trouble");
  if (trouble) trouble.hidden = false;
  else addEventListener("DOMContentLoaded", tell, { once: true });
}

/** Of scripts alone: a picture that is missing stops nothing. Observers that are told a frame later have lost nothing either. */
function isTrouble({ target, message = "" }) {
  return target instanceof HTMLScriptElement || (target === window && !message.startsWith("ResizeObserver"));
}

addEventListener("error", (event) => isTrouble(event) && tell(), { capture: true });
addEventListener("unhandledrejection", tell);
