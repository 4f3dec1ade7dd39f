/* SPDX-License-Identifier: MIT
 *
 * cli/bench_messages.c - random bytes, or records as a chat or a market sends them
 */
#include "cli/bench_messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISTINCT = 16,
    DISTINCT_BYTES = 96 << 10, /* three windows of deflate's */
    DISTINCT_MAX = 4096,
    LARGE = 64 << 10, /* of such messages a few will do */
    LARGE_DISTINCT = 2
};

/* xorshift: the same in every run. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t below(uint32_t *state, uint32_t limit)
{
    return next(state) % limit;
}

static void fill_bytes(uint8_t *to, size_t len, uint32_t *state)
{
    for (size_t i = 0; i < len; i++) to[i] = (uint8_t)(next(state) >> 8);
}

static int print_record(char *text, size_t size, uint32_t *state)
{
    return snprintf(text, size,
                    "{\"id\":%u,\"user\":\"user-%u\",\"symbol\":\"%c%c%c\",\"price\":%u.%02u,"
                    "\"text\":\"order %x accepted\",\"ok\":%s}",
                    below(state, 1000000), below(state, 5000), 'A' + (int)below(state, 26),
                    'A' + (int)below(state, 26), 'A' + (int)below(state, 26), below(state, 900),
                    below(state, 100), next(state), next(state) & 1 ? "true" : "false");
}

static void fill_json(uint8_t *to, size_t len, uint32_t *state)
{
    char record[256];
    for (size_t at = 0; at < len;) {
        record[0] = at ? ',' : '[';
        size_t n = 1 + (size_t)print_record(record + 1, sizeof record - 1, state);
        if (n > len - at) n = len - at;
        memcpy(to + at, record, n);
        at += n;
    }
    if (len) to[len - 1] = ']';
}

static void fill_utf8(uint8_t *to, size_t len, uint32_t *state)
{
    static const char unit[] = "h\xc3\xa9llo \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80 ";
    size_t n = sizeof unit - 1, at = below(state, 16) < len ? below(state, 16) % (len + 1) : 0;
    memset(to, 'x', len);
    for (; at + n <= len; at += n) memcpy(to + at, unit, n);
}

static int add(struct bench_messages *m, const struct bench_options *o, uint8_t *room, uint64_t len,
               uint32_t *state)
{
    if (o->utf8) fill_utf8(room, len, state);
    else if (o->opcode == WEFT_TEXT || o->deflate) fill_json(room, len, state);
    else fill_bytes(room, len, state);
    int r = weft_message_new(&m->items[m->n], NULL, o->opcode, room, len);
    if (r < 0) return r;
    m->bytes[m->n] = weft_message_payload(m->items[m->n]);
    m->n++;
    return 0;
}

/* Each size so often that the rounds have enough bytes. */
static uint32_t rounds(const struct bench_options *o, uint64_t largest)
{
    uint64_t sum = 1;
    for (size_t i = 0; i < o->n_sizes; i++) sum += o->sizes[i];
    uint64_t n = largest >= LARGE ? LARGE_DISTINCT : DISTINCT;
    if (o->deflate && n < DISTINCT_BYTES / sum + 1) n = DISTINCT_BYTES / sum + 1;
    return n > DISTINCT_MAX ? DISTINCT_MAX : (uint32_t)n;
}

int bench_messages_init(struct bench_messages *m, const struct bench_options *o)
{
    *m = (struct bench_messages){0};
    for (size_t i = 0; i < o->n_sizes; i++)
        if (o->sizes[i] > m->largest) m->largest = o->sizes[i];
    size_t n = rounds(o, m->largest) * o->n_sizes;
    uint8_t *room = malloc(m->largest + 1);
    m->items = calloc(n, sizeof *m->items);
    m->bytes = calloc(n, sizeof *m->bytes);
    int r = room && m->items && m->bytes ? 0 : -ENOMEM;
    uint32_t state = 0x9e3779b9;
    for (size_t i = 0; i < n && r == 0; i++) r = add(m, o, room, o->sizes[i % o->n_sizes], &state);
    free(room);
    return r;
}

void bench_messages_free(struct bench_messages *m)
{
    for (uint32_t i = 0; i < m->n; i++) weft_message_unref(m->items[i]);
    free(m->items);
    free(m->bytes);
}

void bench_stamp(char *data, uint64_t time)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = BENCH_STAMP - 1; i >= 0; i--, time >>= 4) data[i] = digits[time & 15];
}
