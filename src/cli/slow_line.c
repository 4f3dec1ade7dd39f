/* SPDX-License-Identifier: MIT
 *
 * cli/slow_line.c - the hub fills the line from one end, slow_line_take empties it at the other
 */
#include "cli/slow_line.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- envelopes ------------------------------------------------------------------------------- */

/* Takes the object over. NULL: no memory. */
static weft_message *message_of(const weft_topic *t, json_t *object)
{
    weft_message *m = NULL;
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text &&
        weft_message_new(&m, weft_hub_env(weft_topic_hub(t)), WEFT_TEXT, text, strlen(text)) < 0)
        m = NULL;
    free(text);
    return m;
}

static json_t *placed(const weft_topic *t, const weft_position *at)
{
    char position[WEFT_POSITION_TEXT];
    weft_bytes name = weft_topic_name(t);
    weft_position_print(at, position);
    return json_pack("{ss%ss}", "channel", name.data, name.len, "position", position);
}

/* What is published is not only ours, and need be neither JSON nor text: bytes are left out. */
static void *render(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    weft_position at = {.offset = e->offset};
    weft_bytes data = weft_message_payload(e->message);
    strcpy(at.epoch, weft_topic_epoch(t));
    json_t *object = placed(t, &at);
    json_object_set_new(object, "time", json_integer((json_int_t)e->time));
    if (skipped) json_object_set_new(object, "skipped", json_integer((json_int_t)skipped));
    if (weft_message_opcode(e->message) == WEFT_TEXT)
        json_object_set_new(object, "data", json_stringn((const char *)data.data, data.len));
    return message_of(t, object);
}

static void unref(void *rendering)
{
    weft_message_unref(rendering);
}

static weft_message *loss_of(const weft_topic *t, const weft_seek *seek)
{
    json_t *object = placed(t, &seek->at);
    bool known = seek->lost != WEFT_LOST_UNKNOWN;
    json_object_set_new(object, "lost", known ? json_integer((json_int_t)seek->lost) : json_null());
    return message_of(t, object);
}

/* ---- what the hub asks ----------------------------------------------------------------------- */

static struct slow_line *line_of(weft_reader *r)
{
    return r->carrier;
}

static void hold(struct slow_line *s, weft_message *envelope, bool is_loss)
{
    s->held[s->n++] = (struct slow_piece){envelope, is_loss};
    s->messages += !is_loss;
}

static int queue(weft_reader *r, void *envelope)
{
    struct slow_line *s = line_of(r);
    if (s->error) return WEFT_ERR_CLOSED;
    if (s->messages == SLOW_HOLDS || s->n == SLOW_ROOM) return WEFT_ERR_BACKLOG;
    hold(s, weft_message_ref(envelope), false);
    return s->messages == SLOW_HOLDS;
}

/* It may come with every message: so a message goes behind it at once. */
static int lost(weft_reader *r, const weft_seek *seek)
{
    struct slow_line *s = line_of(r);
    if (s->error) return WEFT_ERR_CLOSED;
    if (s->n == SLOW_ROOM) return WEFT_ERR_BACKLOG;
    weft_message *envelope = loss_of(weft_reader_topic(r), seek);
    if (!envelope) return -ENOMEM;
    hold(s, envelope, true);
    return 0;
}

static void end(weft_reader *r, int error)
{
    line_of(r)->error = error;
}

static void gone(weft_reader *r)
{
    line_of(r)->link = NULL;
}

static void hang(void *carrier, weft_link *link)
{
    ((struct slow_line *)carrier)->link = link;
}

static void take_off(void *carrier, weft_link *link)
{
    (void)link;
    ((struct slow_line *)carrier)->link = NULL;
}

static const weft_reader_type type = {.render = render,
                                      .unref = unref,
                                      .queue = queue,
                                      .lost = lost,
                                      .end = end,
                                      .gone = gone,
                                      .link = hang,
                                      .unlink = take_off};

/* ---- what its owner asks --------------------------------------------------------------------- */

int slow_line_begin(struct slow_line *s, weft_topic *t, weft_loop *l, const weft_since *since,
                    weft_seek *seek)
{
    s->reader.carrier = s;
    return weft_reader_begin(&s->reader, t, l, &type, since, seek);
}

/* Nobody saves up for a burst. */
void slow_line_pass(struct slow_line *s, double seconds)
{
    s->credit += s->rate * seconds;
    if (!s->n && s->credit > 1) s->credit = 1;
}

static weft_message *take_first(struct slow_line *s)
{
    struct slow_piece first = s->held[0];
    memmove(s->held, s->held + 1, --s->n * sizeof *s->held);
    s->messages -= !first.is_loss;
    s->credit -= !first.is_loss;
    return first.envelope;
}

weft_message *slow_line_take(struct slow_line *s)
{
    if (!s->n || (!s->held[0].is_loss && s->credit < 1)) return NULL;
    bool was_full = s->messages == SLOW_HOLDS || s->n == SLOW_ROOM;
    weft_message *envelope = take_first(s);
    if (was_full && s->link) s->link->type->on_drain(s->link);
    return envelope;
}

uint64_t slow_line_behind(const struct slow_line *s)
{
    weft_topic *t = weft_reader_topic(&s->reader);
    return t ? weft_topic_head(t).offset - weft_reader_offset(&s->reader) : 0;
}

void slow_line_end(struct slow_line *s)
{
    weft_reader_end(&s->reader);
    while (s->n) weft_message_unref(s->held[--s->n].envelope);
    s->messages = 0;
}
