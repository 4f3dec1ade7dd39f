/* SPDX-License-Identifier: MIT
 *
 * cli/via_sse.c - by Server-Sent Events: an event is made an envelope of, which lacks the time
 */
#include <stdio.h>
#include <string.h>

#include "cli/via_http.h"

/* Three heartbeats. */
enum { SILENCE_MS = 45000, QUERY_ROOM = 192 };

/* ---- events ---------------------------------------------------------------------------------- */

/* The object in an event's data, with what envelopes have besides. NULL: it is none. */
static json_t *object_of(const struct source *s, const char *name)
{
    weft_bytes data = sse_data(&s->sse);
    json_t *said = json_loadb((const char *)data.data, data.len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(said) || !json_object_get(said, name)) {
        json_decref(said);
        return NULL;
    }
    json_object_set_new(said, "channel", json_string(s->url.name));
    json_object_set_new(said, "position", json_string(s->sse.id));
    return said;
}

static json_t *message_of(const struct source *s)
{
    weft_bytes data = sse_data(&s->sse);
    return json_pack("{ssssss%}", "channel", s->url.name, "position", s->sse.id, "data",
                     data.len ? (const char *)data.data : "", data.len);
}

static json_t *presence_of(const struct source *s)
{
    weft_bytes data = sse_data(&s->sse);
    json_t *said = json_loadb((const char *)data.data, data.len, JSON_ALLOW_NUL, NULL);
    return said ? json_pack("{ssso}", "channel", s->url.name, "presence", said) : NULL;
}

static void take_event(struct source *s)
{
    const char *event = s->sse.event;
    bool begins = !strcmp(event, "begin");
    json_t *said = NULL;
    if (!*event || !strcmp(event, "message")) said = message_of(s);
    else if (begins) said = object_of(s, "position");
    else if (!strcmp(event, "envelope")) said = object_of(s, "channel");
    else if (!strcmp(event, "lost")) said = object_of(s, "lost");
    else if (!strcmp(event, "presence")) said = presence_of(s);
    else return; /* what is newer */
    if (!said) via_http_is_foreign(s);
    else if (begins) source_begins(s, said);
    else source_take(s, said);
    json_decref(said);
}

static void take_line(struct source *s, weft_bytes line)
{
    if (!sse_line(&s->sse, line)) return;
    take_event(s);
    sse_next(&s->sse);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_body(struct http *h, weft_bytes piece)
{
    via_http_lines(h->user, piece, take_line);
}

static void on_end(struct http *h, const weft_close_info *info)
{
    struct source *s = h->user;
    s->retry_ms = s->sse.retry_ms;
    via_http_ended(s, info);
}

static int begin(struct source *s)
{
    static const struct http_handler handler = {.on_body = on_body, .on_end = on_end};
    char query[QUERY_ROOM], more[QUERY_ROOM + 48];
    source_query(s, query, sizeof query);
    snprintf(more, sizeof more, "stream=sse%s%s%s", via_http_presence(s), *query ? "&" : "", query);
    lines_clear(&s->lines);
    sse_reader_free(&s->sse);
    s->sse = (struct sse_reader){0};
    return via_http_get(s, &handler, more, "Accept: text/event-stream\r\n", SILENCE_MS);
}

const struct via via_sse = {"sse", begin, via_http_pause, via_http_leave};
