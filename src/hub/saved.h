/* SPDX-License-Identifier: MIT
 *
 * hub/saved.h - what a hub's topics are as bytes, for the next process
 *
 *      head       "WFTH", version                                       4, 4
 *      topic      1; name, epoch (a length of 2 and of 1 before)        1
 *                 head, gone: the newest offset, and what is lost       8, 8
 *                 those that outlived the ring, how many                4
 *                     offset, and as below                              8
 *                 those in the ring, which end at head, how many        4
 *                     time, opcode, key (1 before), payload (4)         8, 1
 *      end        0, and nothing behind it                              1
 */
#ifndef HUB_SAVED_H
#define HUB_SAVED_H

#include "hub/pack.h"

enum { SAVED_MAGIC = 0x48544657, SAVED_VERSION = 1, SAVED_END = 0, SAVED_TOPIC = 1 };

#endif
