/* SPDX-License-Identifier: MIT
 *
 * channel/form.c - topics and entries, written as sse.h and stream.h have it
 */
#include "channel/form.h"

#include "channel/sse.h"
#include "channel/stream.h"

/* ---- entries --------------------------------------------------------------------------------- */

/* A binary message of no bytes has none to be queued, for a pipe. */
char form_nothing;

static const weft_env *env_of(weft_topic *t)
{
    return weft_hub_env(weft_topic_hub(t));
}

/* Frees the text. */
static void *piece_of(struct text *text)
{
    weft_piece *p;
    void *made = &form_nothing;
    if (text->failed) made = NULL;
    else if (text->len) made = weft_piece_new(&p, text->env, text->data, text->len) < 0 ? NULL : p;
    text_deinit(text);
    return made;
}

void *form_render_event(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    struct text text;
    text_init(&text, env_of(t));
    sse_message(&text, weft_topic_name(t), weft_topic_epoch(t), e, skipped);
    return piece_of(&text);
}

void *form_render_line(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    struct text text;
    text_init(&text, env_of(t));
    stream_message(&text, weft_topic_name(t), weft_topic_epoch(t), e, skipped);
    return piece_of(&text);
}

void *form_render_raw(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    struct text text;
    (void)skipped;
    text_init(&text, env_of(t));
    stream_raw_message(&text, e);
    return piece_of(&text);
}

void *form_render_comment(weft_topic *t)
{
    struct text text;
    text_init(&text, env_of(t));
    sse_heartbeat(&text);
    return piece_of(&text);
}

void *form_render_empty_line(weft_topic *t)
{
    struct text text;
    text_init(&text, env_of(t));
    stream_heartbeat(&text);
    return piece_of(&text);
}

void *form_render_presence_event(weft_bytes channel, weft_bytes presence, const weft_env *env)
{
    struct text text;
    (void)channel;
    text_init(&text, env);
    sse_presence(&text, presence);
    return piece_of(&text);
}

void *form_render_presence_line(weft_bytes channel, weft_bytes presence, const weft_env *env)
{
    struct text text;
    text_init(&text, env);
    stream_presence(&text, channel, presence);
    return piece_of(&text);
}

void form_unref(void *rendering)
{
    if (rendering != &form_nothing) weft_piece_unref(rendering);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Where he was: so that who is cut off in front of the loss is told of it again. */
static weft_position before_loss(const weft_since *since, const weft_seek *seek)
{
    weft_position at = seek->at;
    if (seek->lost != WEFT_LOST_UNKNOWN) at.offset -= seek->lost;
    else if (since->position && *since->position->epoch) at = *since->position;
    else at.offset = 0;
    return at;
}

static void begin_events(struct text *to, weft_topic *t, const weft_since *since,
                         const weft_seek *seek, uint64_t retry_ms)
{
    weft_position at = before_loss(since, seek);
    (void)t;
    sse_begin(to, retry_ms, &at);
    if (seek->lost) sse_lost(to, seek->lost, &seek->at);
}

static void lost_event(struct text *to, weft_topic *t, const weft_seek *seek)
{
    (void)t;
    sse_lost(to, seek->lost, &seek->at);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void begin_lines(struct text *to, weft_topic *t, const weft_since *since,
                        const weft_seek *seek, uint64_t retry_ms)
{
    struct subscribed s = {weft_topic_name(t), *seek, weft_topic_settings_of(t)->policy};
    (void)since;
    (void)retry_ms;
    stream_begin(to, &s);
}

static void lost_line(struct text *to, weft_topic *t, const weft_seek *seek)
{
    stream_lost(to, weft_topic_name(t), seek->lost, &seek->at);
}

const struct form *form_of(enum ask ask)
{
    static const struct form events = {"text/event-stream", begin_events, lost_event, sse_end};
    static const struct form lines = {STREAM_TYPE, begin_lines, lost_line, stream_end};
    static const struct form raw = {.type = STREAM_RAW_TYPE};
    return ask == ASK_SSE ? &events : ask == ASK_STREAM ? &lines : &raw;
}
