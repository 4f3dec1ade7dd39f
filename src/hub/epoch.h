/* SPDX-License-Identifier: MIT
 *
 * hub/epoch.h - the name of a log, by which positions in it are told from those in another
 *
 * 8 letters of 36: two logs of one topic have the same once in 2.8 million million times.
 */
#ifndef HUB_EPOCH_H
#define HUB_EPOCH_H

#include <stdint.h>

enum { EPOCH_RANDOM = 8, EPOCH_SIZE = EPOCH_RANDOM + 1 };

void epoch_make(char epoch[EPOCH_SIZE], const uint8_t random[EPOCH_RANDOM]);

#endif
