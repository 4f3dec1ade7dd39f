/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_proxy.c - what a proxy says of its client, and whose word is taken for it
 *
 * The first byte chooses. A PROXY header: whole, and in pieces, it is the same header, ends at the same
 * byte and has the same address; what is none is given back untouched. X-Forwarded-For, a line for each
 * field: read from the end, so that what stands before an address that we do not trust says nothing.
 * A network to trust: what it is written as again means the same.
 */
#include "fuzz.h"
#include "net/forwarded.h"
#include "net/wire/proxy_header.h"

static const weft_env env;

/* ---- the PROXY protocol ---------------------------------------------------------------------- */

struct outcome {
    int result;
    size_t used;
    struct proxy_header header;
    struct sock_addr client;
};

static void feed(struct outcome *o, weft_bytes in, size_t piece)
{
    *o = (struct outcome){.result = PROXY_MORE};
    while (in.len && o->result == PROXY_MORE) {
        weft_span copy = exact_copy(taken(&in, piece));
        size_t len = copy.len;
        uint8_t *start = copy.data;
        o->result = proxy_header_feed(&o->header, &copy, &o->client);
        o->used += len - copy.len;
        free(start);
    }
}

static void check_text(const struct sock_addr *a)
{
    char text[SOCK_TEXT];
    struct sock_addr again;
    check(sock_format(a, text, sizeof text) > 0);
    check(sock_parse(&again, text) == 0);
}

static void header(weft_bytes in, size_t piece)
{
    static struct outcome whole, pieces;
    feed(&whole, in, in.len);
    feed(&pieces, in, piece);
    check(whole.result == pieces.result && whole.used == pieces.used);
    check(whole.used <= PROXY_MAX && whole.used == whole.header.len);
    check(!whole.used || memcmp(whole.header.bytes, in.data, whole.used) == 0);
    if (whole.result == PROXY_ADDRESS) {
        check(whole.client.len == pieces.client.len);
        check(memcmp(&whole.client.sa, &pieces.client.sa, whole.client.len) == 0);
        check_text(&whole.client);
    }
}

/* ---- X-Forwarded-For ------------------------------------------------------------------------- */

enum { FIELDS = 8 };

static bool look(const struct trust *trust, const weft_field *fields, size_t n, struct forwarded *f)
{
    forwarded_read(f, trust, fields, n);
    return f->known;
}

static void forwarded(const struct trust *trust, weft_bytes in)
{
    weft_field fields[FIELDS];
    struct forwarded f, same;
    size_t n = 0;
    while (in.len && n < FIELDS) {
        weft_bytes line = bytes_cut(&in, '\n');
        bool proto = line.len && line.data[0] == '!';
        fields[n++] = (weft_field){bytes_of(proto ? "X-Forwarded-Proto" : "X-Forwarded-For"),
                                   proto ? bytes_from(line, 1) : line};
    }
    if (!look(trust, fields, n, &f)) return;
    check_text(&f.client);
    if (trust_has(trust, &f.client) || n == FIELDS) return;
    /* Whatever a client puts in front changes nothing. */
    weft_field more[FIELDS] = {{bytes_of("X-Forwarded-For"), bytes_of("203.0.113.9, unknown")}};
    memcpy(more + 1, fields, n * sizeof *fields);
    check(look(trust, more, n + 1, &same));
    check(same.client.len == f.client.len &&
          memcmp(&same.client.sa, &f.client.sa, f.client.len) == 0);
}

/* ---- whom to trust --------------------------------------------------------------------------- */

static void network(weft_bytes in)
{
    char text[200];
    size_t n = in.len < sizeof text ? in.len : sizeof text - 1;
    if (n) memcpy(text, in.data, n);
    text[n] = 0;
    const char *list[] = {text, NULL};
    struct trust t;
    struct sock_addr a;
    if (trust_init(&t, &env, list) == 0 && t.n) {
        text[strcspn(text, "/")] = 0;
        check(t.networks[0].bits <= 128 && sock_numeric(&a, text, 0) == 0 && trust_has(&t, &a));
    }
    trust_deinit(&t, &env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ours[] = {"10.0.0.0/8", "2001:db8::/32", NULL};
    weft_bytes in = {data, size};
    struct trust trust;
    uint8_t choice = taken_byte(&in);
    check(trust_init(&trust, &env, ours) == 0);
    if (choice < 128) header(in, 1 + choice % 20);
    else if (choice < 200) forwarded(&trust, in);
    else network(in);
    trust_deinit(&trust, &env);
    return 0;
}
