// SPDX-License-Identifier: MIT
//
// weft.d.mts: the types of weft.mjs.

export * from "./weft.js";
export { Weft as default } from "./weft.js";
