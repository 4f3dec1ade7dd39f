/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_channel.c - what strangers say of and on channels: paths, queries, header fields, commands, batches
 *
 * The first byte chooses one of these; the rest is the text. What is taken is in order, what is refused is refused in
 * words, and what is written down of what was taken reads as the same.
 */
#include <string.h>

#include <weft/aux.h>

#include "channel/accept.h"
#include "channel/answer.h"
#include "channel/ask.h"
#include "channel/batch.h"
#include "channel/bytes.h"
#include "channel/command.h"
#include "channel/envelope.h"
#include "channel/etag.h"
#include "channel/name.h"
#include "channel/sse.h"
#include "fuzz.h"

enum { MESSAGE_MAX = 64 };

static void in_words(const struct refusal *why)
{
    struct text t;
    struct json_value values[1];
    static const char *const names[] = {"error", NULL};
    check(why->code >= 400 && why->code <= 503 && why->words[0]);
    text_init(&t, NULL);
    answer_error_body(&t, why);
    check(json_read(text_bytes(&t), names, values) == JSON_GOOD && values[0].kind == JSON_OBJECT);
    text_deinit(&t);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void is_in_order(weft_bytes name, bool is_pattern)
{
    struct refusal why;
    bool pattern = false;
    check(name_check(name, &pattern, &why) == 0 && pattern == is_pattern);
    check(name.len >= 1 && name.len <= CHANNEL_NAME_MAX && name.data[0] == '/');
    check(weft_utf8_valid(name.data, name.len) && !bytes_have_control(name));
    check(name.len == 1 || name.data[name.len - 1] != '/');
    check(!memmem(name.data, name.len, "//", 2) && !memmem(name.data, name.len, "/.", 2));
}

/* Every byte but the slashes escaped. */
static void is_another_spelling(const struct name *n)
{
    char path[3 * CHANNEL_NAME_MAX + 1], *end = path;
    struct name again;
    struct refusal why;
    for (size_t i = 0; i < n->len; i++) {
        weft_bytes c = {(const uint8_t *)n->text + i, 1};
        if (*c.data == '/') *end++ = '/';
        else end += weft_percent_encode(c, end, 4);
    }
    check(name_of_path(&again, (weft_bytes){(uint8_t *)path, (size_t)(end - path)}, &why) == 0);
    check(bytes_same(name_bytes(&again), name_bytes(n)));
}

static void path(weft_bytes text)
{
    struct name n;
    struct refusal why;
    if (name_of_path(&n, text, &why) < 0) {
        in_words(&why);
        return;
    }
    is_in_order(name_bytes(&n), false);
    is_another_spelling(&n);
}

/* ---- queries and fields ---------------------------------------------------------------------- */

static void query(weft_bytes text, weft_bytes accept)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT"};
    struct params p;
    struct refusal why;
    enum ask ask;
    if (params_read(&p, text, &why) < 0) {
        in_words(&why);
        return;
    }
    check(p.wait_s <= WAIT_MAX_S && p.said < 2 * PARAM_SUBSCRIBE);
    check(!p.client[0] || client_name_valid(bytes_of_text(p.client)));
    check(!(p.said & PARAM_SINCE) == !p.since.epoch[0] && !(p.said & PARAM_LAST) == !p.last);
    params_resume(&p, accept);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (ask_of_request(&ask, bytes_of_text(methods[i]), accept, &p, &why) < 0) in_words(&why);
    for (int v1 = 0; v1 < 2; v1++)
        if (ask_of_upgrade(&ask, v1, &p, &why) < 0) in_words(&why);
}

static void fields(weft_bytes text)
{
    char etag[ETAG_ROOM];
    weft_position at;
    whatever(accept_names(text, "text/html"));
    whatever(etag_matches(text, "W/\"k3f9a2c1.42\""));
    if (weft_position_parse(&at, text) < 0) return;
    etag_print(etag, &at, at.offset & 1);
    check(etag_matches(bytes_of_text(etag), etag) && etag_matches(bytes_of_text(etag + 2), etag));
}

/* ---- messages -------------------------------------------------------------------------------- */

/* What an envelope says can be published again, and is the same. */
static void comes_back(const struct publication *p)
{
    struct text t;
    struct batch b;
    struct refusal why;
    weft_entry e = {.offset = 42, .time = 1, .key = p->key};
    check(weft_message_new(&e.message, NULL, p->op, p->payload.data, p->payload.len) == 0);
    text_init(&t, NULL);
    envelope_message(&t, bytes_of_text("/chat"), "k3f9a2c1", &e, 1);
    check(!memchr(t.data, '\n', t.len) && weft_utf8_valid(t.data, t.len));
    check(batch_read(&b, NULL, text_bytes(&t), bytes_of_text("/chat"), MESSAGE_MAX, &why) == 0 &&
          b.n == 1);
    check(b.messages->op == p->op && bytes_same(b.messages->payload, p->payload));
    check(bytes_same(b.messages->key, p->key));
    text_deinit(&t);
    sse_message(&t, bytes_of_text("/chat"), "k3f9a2c1", &e, 0);
    check(!memchr(t.data, '\r', t.len) && !memcmp(t.data + t.len - 2, "\n\n", 2));
    check(memmem(t.data, t.len, "\n\n", 2) == t.data + t.len - 2); /* one event */
    weft_message_unref(e.message);
    batch_free(&b);
    text_deinit(&t);
}

static void is_publication(const struct publication *p)
{
    check(p->op == WEFT_BINARY ||
          (p->op == WEFT_TEXT && weft_utf8_valid(p->payload.data, p->payload.len)));
    check(p->payload.len <= MESSAGE_MAX && p->key.len <= KEY_MAX && p->once.len <= ONCE_KEY_MAX);
    comes_back(p);
}

/* An id is JSON: it is one when it comes back, byte for byte; with half a character in it, if he said so himself. */
static void is_echo(weft_bytes id)
{
    struct text t;
    struct json_value values[1];
    static const char *const names[] = {"pong", NULL};
    if (!id.len) return;
    text_init(&t, NULL);
    answer_pong(&t, id);
    enum json_result result = json_read(text_bytes(&t), names, values);
    check((result == JSON_GOOD || result == JSON_LONE) && bytes_same(values[0].raw, id));
    text_deinit(&t);
}

static void command(weft_bytes text)
{
    struct command c;
    struct refusal why;
    enum command_result result = command_read(&c, NULL, text, MESSAGE_MAX, &why);
    if (result != COMMAND_READ) in_words(&why);
    is_echo(c.id);
    is_echo(result == COMMAND_READ ? c.ping : (weft_bytes){0});
    if (result == COMMAND_READ && c.verb != VERB_PING) is_in_order(c.channel, c.is_pattern);
    if (result == COMMAND_READ && c.verb == VERB_PUBLISH) is_publication(&c.publication);
    command_free(&c);
}

static void batch(weft_bytes text)
{
    struct batch b;
    struct refusal why;
    int r = batch_read(&b, NULL, text, bytes_of_text("/chat"), MESSAGE_MAX, &why);
    if (r < 0) in_words(&why);
    else check(b.n >= 1 && b.n <= BATCH_LINES_MAX);
    for (size_t i = 0; r == 0 && i < b.n; i++) is_publication(&b.messages[i]);
    batch_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    uint8_t choice = taken_byte(&in);
    weft_bytes accept = taken(&in, choice % 5 == 1 ? choice / 5 : 0);
    weft_span exact = exact_copy(in);
    weft_bytes text = {exact.data, exact.len};
    switch (choice % 5) {
    case 0: path(text); break;
    case 1: query(text, accept); break;
    case 2: fields(text); break;
    case 3: command(text); break;
    case 4: batch(text); break;
    }
    free(exact.data);
    return 0;
}
