/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_hello.c - records, and the message in them (RFC 8446, 5.1, 4)
 *
 *      record     22 | 3 | x | length (2) | ...
 *      message    1 | length (3) | ...             may begin in one record and go on in others
 *      of SSL 2   0x80 and length (2) | 1 | ...    which OpenSSL takes, too
 *
 * Whole means that OpenSSL does not wait for more, whatever it says: of anything else that is a whole record, or a
 * head that it refuses at sight. Nothing is remembered between calls: there are few, and little to look at.
 */
#include "net/wire/tls_hello.h"

#include "base/bytes.h"

enum {
    RECORD_HEAD = 5,
    RECORD_MAX = 16384,
    MESSAGE_HEAD = 4,
    HANDSHAKE = 22,
    MAJOR_VERSION = 3,
    OLD_BIT = 0x80,
    OLD_HEAD = 2,
    OLD_HELLO = 1,
};

/* The front of the message, from all records. */
struct message {
    size_t len;
    uint8_t head[MESSAGE_HEAD];
};

static size_t number(const uint8_t *at, size_t bytes)
{
    size_t n = 0;
    while (bytes--) n = n << 8 | *at++;
    return n;
}

static void add(struct message *m, weft_bytes part)
{
    for (size_t i = 0; i < part.len && m->len + i < MESSAGE_HEAD; i++)
        m->head[m->len + i] = part.data[i];
    m->len += part.len;
}

static enum hello judge_size(size_t need, size_t len)
{
    return need > TLS_HELLO_MAX ? HELLO_LONG : len >= need ? HELLO_WHOLE : HELLO_MORE;
}

static enum hello judge_message(const struct message *m)
{
    if (m->len < MESSAGE_HEAD) return HELLO_MORE;
    return judge_size(MESSAGE_HEAD + number(m->head + 1, 3), m->len);
}

static bool is_old(weft_bytes in)
{
    return in.data[0] & OLD_BIT && in.data[2] == OLD_HELLO;
}

/* The record that in begins with, and *m goes on in. */
static enum hello judge_record(weft_bytes in, size_t n, struct message *m)
{
    bool whole = in.len >= RECORD_HEAD + n;
    if (n > RECORD_MAX) return HELLO_LONG;
    if (in.data[0] != HANDSHAKE) return whole ? HELLO_WHOLE : HELLO_MORE;
    add(m, (weft_bytes){in.data + RECORD_HEAD, whole ? n : in.len - RECORD_HEAD});
    enum hello so_far = judge_message(m);
    return so_far == HELLO_WHOLE && !whole ? HELLO_MORE : so_far;
}

enum hello tls_hello_judge(weft_bytes in)
{
    struct message m = {0};
    size_t held = in.len;
    while (in.len >= RECORD_HEAD) {
        if (is_old(in)) return judge_size(OLD_HEAD + (number(in.data, 2) & 0x7fff), in.len);
        if (in.data[1] != MAJOR_VERSION) return HELLO_WHOLE;
        size_t n = number(in.data + 3, 2);
        enum hello so_far = judge_record(in, n, &m);
        if (so_far != HELLO_MORE) return so_far;
        if (in.len < RECORD_HEAD + n) break;
        in = bytes_from(in, RECORD_HEAD + n);
    }
    return held >= TLS_HELLO_MAX ? HELLO_LONG : HELLO_MORE;
}
