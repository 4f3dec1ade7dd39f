/* SPDX-License-Identifier: MIT
 *
 * cli/via_http.c - one GET after the other, on a connection that is kept where that can be
 */
#include "cli/via_http.h"

#include <string.h>

#include "cli/cli.h"

int via_http_get(struct source *s, const struct http_handler *h, const char *more,
                 const char *fields, uint64_t silence_ms)
{
    if (!s->http.loop) {
        s->http = (struct http){.loop = s->subscriber->loop,
                                .url = &s->url,
                                .o = &s->access,
                                .trace = &s->subscriber->trace,
                                .user = s};
        if (http_init(&s->http) < 0) return complain("out of memory");
    }
    s->http.handler = h;
    s->http.silence_ms = silence_ms;
    return http_send(&s->http, "GET", more, fields, (weft_bytes){0});
}

const char *via_http_presence(const struct source *s)
{
    return s->subscriber->o->presence ? "&presence=events" : "";
}

static int report(struct source *s, const weft_close_info *info)
{
    return connect_report(&s->access, info, false, true);
}

void via_http_ended(struct source *s, const weft_close_info *info)
{
    static const weft_close_info end = {.code = WEFT_CLOSE_GOING_AWAY,
                                        .error = WEFT_ERR_LOST,
                                        .cause = "the server has ended the stream"};
    struct outcome_refusal no;
    uint64_t retry_ms = s->retry_ms;
    s->retry_ms = 0;
    s->ended_well = !info && s->http.status == 200 && retry_ms;
    http_refusal(&s->http, &no);
    if (info) source_gone(s, info, false, 0, report);
    else if (s->http.status == 200) source_gone(s, &end, false, retry_ms, report);
    else source_gone(s, &no.info, false, retry_ms, report);
}

void via_http_lines(struct source *s, weft_bytes piece,
                    void (*take)(struct source *s, weft_bytes line))
{
    weft_span room;
    weft_bytes line;
    int r = 0;
    while (piece.len && !s->over && r >= 0 && (r = lines_room(&s->lines, &room)) >= 0) {
        size_t n = piece.len < room.len ? piece.len : room.len;
        memcpy(room.data, piece.data, n);
        lines_fed(&s->lines, n);
        piece = (weft_bytes){piece.data + n, piece.len - n};
        while (!s->over && (r = lines_peek(&s->lines, false, &line)) > 0) {
            take(s, line);
            if (!s->over) lines_take(&s->lines, line);
        }
    }
    if (r < 0 && !s->over) {
        complain("%s: a message is too long; --max-message allows more", s->url.shown);
        source_fails(s, EXIT_PROTOCOL);
    }
}

void via_http_is_foreign(struct source *s)
{
    complain("%s: that is no channel, or not by this transport", s->url.shown);
    source_fails(s, EXIT_PROTOCOL);
}

void via_http_pause(struct source *s, bool paused)
{
    http_pause(&s->http, paused);
}

void via_http_leave(struct source *s)
{
    if (s->http.loop) http_stop(&s->http);
}
