// SPDX-License-Identifier: MIT
//
// pages.js: the pages of the server that are no channel: its start page, its lists of files, and what is not there.

import { armCopyButtons, armOpenField, basePath, fillCommands, pathOfChannel } from "./parts.js";

for (const host of document.querySelectorAll(".host")) host.textContent = location.host;
for (const path of document.querySelectorAll(".path")) path.textContent = location.pathname;

// The commands are about the channel in the field.
const field = document.querySelector("#channel");

function follow() {
  const path = pathOfChannel(field.value);
  if (path) fillCommands(location.origin + basePath + path);
}

field?.addEventListener("input", follow);
if (field) follow();
armCopyButtons();
armOpenField();
