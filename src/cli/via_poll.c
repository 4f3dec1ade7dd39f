/* SPDX-License-Identifier: MIT
 *
 * cli/via_poll.c - by polls, which are answered at once, or when there is something
 *
 *      ?wait=0 -> ?since=P -> ?since=P ...             the next one after --every
 *      ?wait=0 -> ?wait=25&since=P ...                 the next one at once
 *      ?presence                                       behind one of them, if that is to be told: at most every --every
 *
 * The first one does not wait, so that a position is known before anything can go wrong.
 */
#include <stdio.h>
#include <string.h>

#include <weft/topic.h>

#include "cli/cli.h"
#include "cli/via_http.h"

/* A wait is answered within WAIT, and then there is the way. */
enum { WAIT_S = 25, WAIT_AND_LOOK_S = 10, SILENCE_MS = 40000, QUERY_ROOM = 160 };

/* ---- what is answered ------------------------------------------------------------------------ */

/* Where a loss ends: in front of the first message, or where the answer ends. */
static json_t *loss_of(json_t *said)
{
    const json_t *first = json_array_get(json_object_get(said, "messages"), 0);
    const char *text = json_string_value(json_object_get(first ? first : said, "position"));
    char printed[WEFT_POSITION_TEXT] = "";
    weft_position at = {0};
    if (text) weft_position_parse(&at, (weft_bytes){(const uint8_t *)text, strlen(text)});
    if (first && at.offset) at.offset--;
    weft_position_print(&at, printed);
    return json_pack("{sOsOss}", "channel", json_object_get(said, "channel"), "lost",
                     json_object_get(said, "lost"), "position", printed);
}

static void take_loss(struct source *s, json_t *said)
{
    json_t *loss = json_object_get(said, "lost") ? loss_of(said) : NULL;
    if (loss) source_take(s, loss);
    json_decref(loss);
    json_object_del(said, "lost");
}

static void take_answer(struct source *s, json_t *said)
{
    size_t i;
    json_t *message;
    take_loss(s, said);
    json_array_foreach(json_object_get(said, "messages"), i, message) if (!s->over)
        source_take(s, message);
    if (!s->over) source_begins(s, said);
}

static void take_poll(struct source *s, json_t *said)
{
    if (json_is_string(json_object_get(said, "position"))) take_answer(s, said);
    else via_http_is_foreign(s);
}

/* Nothing is told as long as nothing has changed. */
static void take_look(struct source *s, const json_t *said)
{
    json_t *presence = json_object_get(said, "presence");
    if (!presence) via_http_is_foreign(s);
    if (!presence || json_equal(presence, s->present)) return;
    json_decref(s->present);
    s->present = json_incref(presence);
    source_take(s, said);
}

/* Whether it is time to. */
static bool looks_around(struct source *s)
{
    const struct sub_options *o = s->subscriber->o;
    uint64_t now = weft_loop_now(s->subscriber->loop);
    if (!o->presence || (s->present && now - s->looked_us < o->every * 1000)) return false;
    s->looked_us = now;
    return true;
}

static void ask_again(struct source *s, bool at_once)
{
    if (s->over) return;
    weft_timer_start(s->next, at_once ? 0 : s->subscriber->o->every);
}

static void on_end(struct http *h, const weft_close_info *info)
{
    struct source *s = h->user;
    bool looked = s->looks;
    s->looks = false;
    if (info || h->status != 200) {
        via_http_ended(s, info);
        return;
    }
    weft_bytes body = buffer_bytes(&h->gathered);
    json_t *said = json_loadb((const char *)body.data, body.len, JSON_ALLOW_NUL, NULL);
    bool waits = s->subscriber->o->via == &via_longpoll;
    bool more = json_is_true(json_object_get(said, "more"));
    if (looked) take_look(s, said);
    else take_poll(s, said);
    json_decref(said);
    s->looks = !looked && !more && looks_around(s);
    ask_again(s, s->looks || more || waits);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void on_head(struct http *h, const weft_response_head *head)
{
    struct source *s = h->user;
    s->retry_ms = http_retry_after(head);
}

static int wait_s(const struct source *s)
{
    return s->subscriber->o->presence ? WAIT_AND_LOOK_S : WAIT_S;
}

static int ask(struct source *s)
{
    static const struct http_handler handler = {.on_head = on_head, .on_end = on_end};
    char query[QUERY_ROOM], more[QUERY_ROOM + 16], wait[16] = "";
    bool first = !source_position(s);
    if (s->looks) return via_http_get(s, &handler, "presence", "", SILENCE_MS);
    source_query(s, query, sizeof query);
    if (first) strcpy(wait, "wait=0");
    else if (s->subscriber->o->via == &via_longpoll)
        snprintf(wait, sizeof wait, "wait=%d", wait_s(s));
    snprintf(more, sizeof more, "%s%s%s", wait, *wait && *query ? "&" : "", query);
    return via_http_get(s, &handler, more, "", SILENCE_MS);
}

static void on_next(weft_timer *t, void *user)
{
    (void)t;
    struct source *s = user;
    int r = ask(s);
    if (r) source_fails(s, r);
    else if (s->subscriber->paused) via_http_pause(s, true);
}

static int begin(struct source *s)
{
    if (!s->next && weft_timer_new(&s->next, s->subscriber->loop, on_next, s) < 0)
        return complain("out of memory");
    return ask(s);
}

static void leave(struct source *s)
{
    weft_timer_free(s->next);
    s->next = NULL;
    via_http_leave(s);
}

const struct via via_longpoll = {"longpoll", begin, via_http_pause, leave};
const struct via via_poll = {"poll", begin, via_http_pause, leave};
