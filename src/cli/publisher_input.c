/* SPDX-License-Identifier: MIT
 *
 * cli/publisher_input.c - MESSAGE, lines, envelopes or all of stdin, as what is pending
 *
 * No more is taken than is soon sent: whoever writes to our stdin waits with us for the server.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/aux.h>

#include "cli/buffer.h"
#include "cli/cli.h"
#include "cli/publisher.h"

enum { PENDING_MAX = 1000, PENDING_BYTES = 256 << 10 };

static bool has_room(const struct publisher *p)
{
    return p->pending.n < PENDING_MAX && p->pending.bytes < PENDING_BYTES;
}

void publisher_input_done(struct publisher *p, int status)
{
    p->done = true;
    if (!p->status) p->status = status;
    ready_want(&p->stdin_ready, false);
}

/* What is wrong with the line that is being looked at, or with the message. */
static void refuse(struct publisher *p, const char *why)
{
    if (p->o->message || p->o->whole) complain("the message %s", why);
    else complain("line %" PRIu64 " of the input %s", p->pending.number + 1, why);
    publisher_input_done(p, EXIT_USAGE);
}

/* ---- one message ----------------------------------------------------------------------------- */

static void add(struct publisher *p, json_t *object)
{
    if (p->o->key) json_object_set_new(object, "key", json_string(p->o->key));
    if (pending_add(&p->pending, object) < 0) refuse(p, "finds no memory");
}

static bool is_too_long(struct publisher *p, size_t len)
{
    char why[96];
    if (!p->max_message || len <= p->max_message) return false;
    snprintf(why, sizeof why, "is longer than the server takes, which is %" PRIu64 " bytes",
             p->max_message);
    refuse(p, why);
    return true;
}

static void add_text(struct publisher *p, weft_bytes text)
{
    if (is_too_long(p, text.len)) return;
    json_t *data =
        json_stringn((const char *)(text.len ? text.data : (const uint8_t *)""), text.len);
    if (data) add(p, json_pack("{so}", "data", data));
    else refuse(p, "is not UTF-8; -b sends all of the input as one binary message");
}

static void add_binary(struct publisher *p, weft_bytes bytes)
{
    if (is_too_long(p, bytes.len)) return;
    size_t len = WEFT_BASE64_LEN(bytes.len);
    char *text = malloc(len + 1);
    if (text) weft_base64_encode(bytes, text);
    if (text) add(p, json_pack("{ss%}", "base64", text, len));
    else refuse(p, "finds no memory");
    free(text);
}

/* Where an envelope was, and when, it will not be again. */
static void add_envelope(struct publisher *p, weft_bytes line)
{
    json_t *read = json_loadb((const char *)line.data, line.len, JSON_ALLOW_NUL, NULL);
    json_t *data = json_object_get(read, "data"), *base64 = json_object_get(read, "base64");
    json_t *key = json_object_get(read, "key"), *object = json_object();
    if (json_is_string(data)) json_object_set(object, "data", data);
    else if (json_is_string(base64)) json_object_set(object, "base64", base64);
    if (json_is_string(key)) json_object_set(object, "key", key);
    if (json_object_get(object, "data") || json_object_get(object, "base64")) {
        add(p, object);
    } else {
        json_decref(object);
        refuse(p, "is no envelope, which looks like {\"data\":\"hi\"}");
    }
    json_decref(read);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void take_line(struct publisher *p, weft_bytes line)
{
    if (p->o->json) add_envelope(p, line);
    else add_text(p, line);
    lines_take(&p->lines, line);
    if (p->o->count && p->pending.number == p->o->count) publisher_input_done(p, 0);
}

static void take_lines(struct publisher *p)
{
    weft_bytes line;
    int r = 1;
    while (!p->done && has_room(p) && (r = lines_peek(&p->lines, p->ended, &line)) > 0)
        take_line(p, line);
    if (r == WEFT_ERR_TOO_BIG) refuse(p, "is too long; --max-message allows more");
    else if (!r && p->ended) publisher_input_done(p, 0);
}

static void take_message(struct publisher *p)
{
    weft_bytes m = {(const uint8_t *)p->o->message, strlen(p->o->message)};
    if (p->o->whole) add_binary(p, m);
    else add_text(p, m);
    publisher_input_done(p, 0);
}

static void take_whole(struct publisher *p)
{
    if (p->whole.len > p->o->access.max_message)
        refuse(p, "is too long; --max-message allows more");
    else if (p->whole.failed) refuse(p, "finds no memory");
    else if (p->ended) add_binary(p, buffer_bytes(&p->whole));
    if (p->ended) publisher_input_done(p, 0);
}

void publisher_input_pump(struct publisher *p)
{
    if (p->done) return;
    if (p->ready && p->o->message) take_message(p);
    else if (p->ready && p->o->whole) take_whole(p);
    else if (p->ready) take_lines(p);
    ready_want(&p->stdin_ready, p->ready && !p->done && has_room(p));
}

static void on_input(void *user)
{
    struct publisher *p = user;
    weft_span room;
    if (lines_room(&p->lines, &room) < 0) {
        refuse(p, "finds no memory");
        publisher_go_on(p);
        return;
    }
    ssize_t n = read(STDIN_FILENO, room.data, room.len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) p->status = complain("stdin: %s", strerror(errno));
    p->ended = n <= 0;
    if (n > 0 && p->o->whole) buffer_add(&p->whole, room.data, (size_t)n);
    else if (n > 0) lines_fed(&p->lines, (size_t)n);
    publisher_go_on(p);
}

int publisher_input_init(struct publisher *p)
{
    lines_init(&p->lines, p->o->access.max_message);
    return ready_init(&p->stdin_ready, p->loop, STDIN_FILENO, WEFT_READABLE, on_input, p);
}

void publisher_input_deinit(struct publisher *p)
{
    ready_deinit(&p->stdin_ready);
    lines_deinit(&p->lines);
    buffer_free(&p->whole);
}
