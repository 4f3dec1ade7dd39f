/* SPDX-License-Identifier: MIT
 *
 * channel/form.h - what the three kinds of streams write
 *
 *                  events (sse.h)       lines (stream.h)            raw (stream.h)
 *      begin       begin, lost          an object                   nothing
 *      entry       an event             an object                   the message
 *      presence    an event             an object                   nothing
 *      lost        an event             an object                   the reply ends without its last chunk
 *      silence     a comment            an empty line               nothing; told by the hub
 *      end         when to come again   the same, in an object      as lost
 */
#ifndef CHANNEL_FORM_H
#define CHANNEL_FORM_H

#include <weft/piece.h>

#include "channel/ask.h"
#include "channel/text.h"

/* All but type are NULL where there is nothing to write. */
struct form {
    const char *type; /* Content-Type */
    void (*begin)(struct text *to, weft_topic *t, const weft_since *since, const weft_seek *seek,
                  uint64_t retry_ms);
    void (*lost)(struct text *to, weft_topic *t, const weft_seek *seek);
    void (*end)(struct text *to, uint64_t retry_ms);
};

/* Of ASK_SSE, ASK_STREAM, ASK_STREAM_RAW. */
const struct form *form_of(enum ask ask);

/* Entries and silence as pieces, for weft_reader_type; one of no bytes is form_nothing. */
void *form_render_event(weft_topic *t, const weft_entry *e, uint64_t skipped);
void *form_render_line(weft_topic *t, const weft_entry *e, uint64_t skipped);
void *form_render_raw(weft_topic *t, const weft_entry *e, uint64_t skipped);
void *form_render_comment(weft_topic *t);
void *form_render_empty_line(weft_topic *t);

/* Who is there, the same way; for onlookers (board.h). */
void *form_render_presence_event(weft_bytes channel, weft_bytes presence, const weft_env *env);
void *form_render_presence_line(weft_bytes channel, weft_bytes presence, const weft_env *env);

void form_unref(void *rendering);

extern char form_nothing;

#endif
