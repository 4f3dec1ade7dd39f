/* SPDX-License-Identifier: MIT
 *
 * channel/stream.c - objects, and the ends of their lines
 */
#include "channel/stream.h"

#include "channel/envelope.h"

static void end_line(struct text *to)
{
    text_add(to, "\n", 1);
}

void stream_begin(struct text *to, const struct subscribed *s)
{
    answer_begin(to, s);
    end_line(to);
}

void stream_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                    uint64_t skipped)
{
    envelope_message(to, channel, epoch, e, skipped);
    end_line(to);
}

void stream_lost(struct text *to, weft_bytes channel, uint64_t lost, const weft_position *at)
{
    envelope_lost(to, channel, lost, at);
    end_line(to);
}

void stream_presence(struct text *to, weft_bytes channel, weft_bytes presence)
{
    envelope_presence(to, channel, presence);
    end_line(to);
}

void stream_heartbeat(struct text *to)
{
    end_line(to);
}

void stream_end(struct text *to, uint64_t retry_ms)
{
    answer_close(to, retry_ms);
    end_line(to);
}

void stream_raw_message(struct text *to, const weft_entry *e)
{
    weft_bytes payload = weft_message_payload(e->message);
    text_add(to, payload.data, payload.len);
    if (weft_message_opcode(e->message) == WEFT_TEXT) end_line(to);
}
