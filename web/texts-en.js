// SPDX-License-Identifier: MIT
//
// texts-en.js: what the pages of the demo say in English (language.js), a section for each page. What stands in the
// HTML is here word by word.

export default {
  // --- site: every page ----------------------------------------------------------------------------------

  "site.skip": "Skip to the content",
  "site.pages": "Pages",
  "site.start": "Start",
  "site.race": "Race",
  "site.handshake": "Handshake",
  "site.frames": "Frames",
  "site.chat": "Chat",
  "site.quotes": "Quotes",
  "site.other": "中文",

  // --- start ---------------------------------------------------------------------------------------------

  // --- race ----------------------------------------------------------------------------------------------

  // --- handshake -----------------------------------------------------------------------------------------

  // --- frames --------------------------------------------------------------------------------------------

  // --- chat ----------------------------------------------------------------------------------------------

  // --- quotes --------------------------------------------------------------------------------------------
};
