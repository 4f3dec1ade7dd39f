/* SPDX-License-Identifier: MIT
 *
 * channel/streaming.h - answers that go on: events, lines, and messages for pipes
 *
 *      entry -> render, once for all streams of a kind -> weft_piece -> the reply of each
 *
 * Which of the three it is, is its form (channel/form.h).
 */
#ifndef CHANNEL_STREAMING_H
#define CHANNEL_STREAMING_H

#include "channel/visit.h"

/* Consumes v. */
void streaming_begin(visit *v);

#endif
