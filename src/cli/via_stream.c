/* SPDX-License-Identifier: MIT
 *
 * cli/via_stream.c - by ?stream: an object a line, the first of which says where it begins
 */
#include <stdio.h>

#include "cli/via_http.h"

/* Three heartbeats. */
enum { SILENCE_MS = 45000, QUERY_ROOM = 160 };

static void take_line(struct source *s, weft_bytes line)
{
    if (!line.len) return;
    json_t *said = json_loadb((const char *)line.data, line.len, JSON_ALLOW_NUL, NULL);
    const json_t *close = json_object_get(said, "close");
    if (!json_is_object(said)) via_http_is_foreign(s);
    else if (close) s->retry_ms = (uint64_t)json_integer_value(json_object_get(close, "retry"));
    else if (json_object_get(said, "policy")) source_begins(s, said);
    else source_take(s, said);
    json_decref(said);
}

static void on_body(struct http *h, weft_bytes piece)
{
    via_http_lines(h->user, piece, take_line);
}

static void on_end(struct http *h, const weft_close_info *info)
{
    via_http_ended(h->user, info);
}

static int begin(struct source *s)
{
    static const struct http_handler handler = {.on_body = on_body, .on_end = on_end};
    char query[QUERY_ROOM], more[QUERY_ROOM + 48];
    source_query(s, query, sizeof query);
    snprintf(more, sizeof more, "stream%s%s%s", via_http_presence(s), *query ? "&" : "", query);
    lines_clear(&s->lines);
    return via_http_get(s, &handler, more, "", SILENCE_MS);
}

const struct via via_stream = {"stream", begin, via_http_pause, via_http_leave};
