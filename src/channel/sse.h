/* SPDX-License-Identifier: MIT
 *
 * channel/sse.h - a channel as Server-Sent Events: every id is a position, so EventSource resumes by itself
 *
 *      retry: 3210                 retry: how long to wait before coming again; random, so that not all come at once
 *      event: begin
 *      id: k3f9a2c1.41             where it begins, so that even who has had no message yet can resume
 *      data: {"position":"k3f9a2c1.41"}
 *
 *      id: k3f9a2c1.42             a text without CR: its lines
 *      data: hi
 *
 *      event: envelope             whatever else there is
 *      id: k3f9a2c1.43
 *      data: {"channel":"/chat","position":"k3f9a2c1.43","time":1795309464468,"base64":"AAE="}
 *
 *      event: lost
 *      id: k3f9a2c1.50
 *      data: {"lost":7}
 *
 *      event: presence             who comes and goes, if that was asked for: it has no position, so no id
 *      data: {"count":1,"members":[{"client":"ann","verified":false}]}
 *
 *      :                           a comment, after silence
 *
 * An event without data is none to Firefox; so retry stands in one that has data, and only at the end alone.
 */
#ifndef CHANNEL_SSE_H
#define CHANNEL_SSE_H

#include <weft/topic.h>

#include "channel/text.h"

enum { SSE_RETRY_MIN_MS = 1000, SSE_RETRY_MAX_MS = 5000 };

void sse_begin(struct text *to, uint64_t retry_ms, const weft_position *at);

/* A message; arguments as of envelope_message. */
void sse_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                 uint64_t skipped);
void sse_lost(struct text *to, uint64_t lost, const weft_position *at);
void sse_presence(struct text *to, weft_bytes presence);
void sse_heartbeat(struct text *to);

/* The last of a stream whose client is to come again. */
void sse_end(struct text *to, uint64_t retry_ms);

#endif
