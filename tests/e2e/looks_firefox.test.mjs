// SPDX-License-Identifier: MIT
//
// Every page in Firefox, to look at: lib/look_at.mjs.
import { lookAt } from './lib/look_at.mjs';

lookAt('firefox');
