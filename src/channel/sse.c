/* SPDX-License-Identifier: MIT
 *
 * channel/sse.c - events are made by weft/aux.h, in the text's own memory
 */
#include "channel/sse.h"

#include <string.h>

#include <weft/aux.h>

#include "channel/answer.h"
#include "channel/envelope.h"

static void add_event(struct text *to, const char *event, const weft_position *id, weft_bytes data)
{
    char position[WEFT_POSITION_TEXT];
    const void *bytes = data.data ? data.data : (const uint8_t *)"";
    weft_position_print(id, position);
    int n = weft_sse_format(NULL, 0, event, position, bytes, data.len);
    char *out = n < 0 ? NULL : text_room(to, (size_t)n);
    to->failed = to->failed || !out;
    if (!out) return;
    (void)weft_sse_format(out, (size_t)n, event, position, bytes, data.len);
    to->len += (size_t)n;
}

static void add_retry(struct text *to, uint64_t retry_ms)
{
    text_add_words(to, "retry: ");
    text_add_number(to, retry_ms);
    text_add(to, "\n", 1);
}

void sse_begin(struct text *to, uint64_t retry_ms, const weft_position *at)
{
    struct text data;
    text_init(&data, to->env);
    answer_position(&data, at);
    add_retry(to, retry_ms);
    add_event(to, "begin", at, text_bytes(&data));
    to->failed = to->failed || data.failed;
    text_deinit(&data);
}

/* The lines of a text come out as they went in; only LF may end them. */
static bool is_lines(const weft_message *m)
{
    weft_bytes payload = weft_message_payload(m);
    bool has_cr = payload.len && memchr(payload.data, '\r', payload.len);
    return weft_message_opcode(m) == WEFT_TEXT && !has_cr;
}

void sse_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                 uint64_t skipped)
{
    weft_position at = envelope_position(epoch, e);
    struct text data;
    if (is_lines(e->message)) {
        add_event(to, NULL, &at, weft_message_payload(e->message));
        return;
    }
    text_init(&data, to->env);
    envelope_message(&data, channel, epoch, e, skipped);
    add_event(to, "envelope", &at, text_bytes(&data));
    to->failed = to->failed || data.failed;
    text_deinit(&data);
}

void sse_lost(struct text *to, uint64_t lost, const weft_position *at)
{
    struct text data;
    text_init(&data, to->env);
    text_add(&data, "{", 1);
    envelope_add_lost(&data, lost);
    text_add(&data, "}", 1);
    add_event(to, "lost", at, text_bytes(&data));
    to->failed = to->failed || data.failed;
    text_deinit(&data);
}

void sse_presence(struct text *to, weft_bytes presence)
{
    text_add_words(to, "event: presence\ndata: ");
    text_add(to, presence.data, presence.len);
    text_add_words(to, "\n\n");
}

void sse_heartbeat(struct text *to)
{
    text_add_words(to, ":\n\n");
}

void sse_end(struct text *to, uint64_t retry_ms)
{
    add_retry(to, retry_ms);
    text_add(to, "\n", 1);
}
