// SPDX-License-Identifier: MIT
//
// weft.mjs: weft.js for who imports it by name.

import "./weft.js";

export const { Weft } = globalThis;
export default Weft;
