/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_tls.c - two ends of TLS, and between them somebody who may do anything with the bytes
 *
 *      client <-- wire --> server      each step of the script is a byte: which way (top bit) and what
 *                                      is done there: see step
 *
 * OpenSSL's random bytes are made deterministic, and the keys of tickets begin anew with each input, so
 * that it means the same every time. Whatever is done: what one end hears is the beginning of what the other
 * said, an end that is broken stays so and says why, what waits for the wire is bounded, and no memory stays.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method: the one way to fixed random bytes */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "fuzz.h"
#include "net/wire/tls.h"
#include "net/wire/tls_user.h"
#include "ws/case_bytes.h"

enum { STEPS_MOST = 300, SAID_MOST = 60000 };

/* ---- random bytes ---------------------------------------------------------------------------- */

static uint64_t random_state;

static int random_bytes(unsigned char *to, int n)
{
    for (int i = 0; i < n; i++) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        to[i] = (unsigned char)(random_state >> 32);
    }
    return 1;
}

static int random_is_there(void)
{
    return 1;
}

static const RAND_METHOD random_method = {
    .bytes = random_bytes, .pseudorand = random_bytes, .status = random_is_there};

/* ---- what stays between inputs: the contexts ------------------------------------------------- */

static uint64_t now_us;

static uint64_t script_now(void *ctx)
{
    (void)ctx;
    return now_us;
}

static const weft_env plain_env = {.now_us = script_now};
static weft_tls *server_tls, *client_tls[2]; /* TLS 1.3, and at most 1.2 */
static char certificate_file[40], key_file[40];

/* A file that has only a name in /proc. */
static FILE *memory_file(char *path, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    check(fd >= 0);
    snprintf(path, size, "/proc/self/fd/%d", fd);
    return fdopen(fd, "w");
}

static void write_files(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    check(key && x);
    X509_set_version(x, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x), -86400);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400L * 365);
    X509_set_pubkey(x, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(x, names, -1);
    X509_EXTENSION_free(names);
    check(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *f = memory_file(certificate_file, sizeof certificate_file);
    check(f && PEM_write_X509(f, x) && fflush(f) == 0);
    f = memory_file(key_file, sizeof key_file);
    check(f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && fflush(f) == 0);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void forget_tickets(void)
{
    struct tls_context *server = server_tls->context;
    now_us = 0;
    tls_tickets_deinit(&server->tickets);
    tls_tickets_init(&server->tickets, &plain_env, server->server);
}

static void make_contexts(void)
{
    random_state = 1;
    RAND_set_rand_method(&random_method);
    write_files();
    weft_tls_pair pair = {certificate_file, key_file};
    weft_tls_config of_server = {.certificates = &pair, .n_certificates = 1};
    weft_tls_config of_client = {.authorities = certificate_file};
    check(weft_tls_new(&server_tls, &plain_env, &of_server, NULL, 0) == 0);
    for (int i = 0; i < 2; i++)
        check(weft_tls_new(&client_tls[i], &plain_env, &of_client, NULL, 0) == 0);
    SSL_CTX_set_max_proto_version(client_tls[1]->context->client, TLS1_2_VERSION);
}

/* ---- two ends -------------------------------------------------------------------------------- */

static long live;
static unsigned fail_in; /* allocations until one fails; 0: none does */

static void *counted(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (!size) {
        live -= p != NULL;
        free(p);
        return NULL;
    }
    if (fail_in && --fail_in == 0) return NULL;
    void *q = realloc(p, size);
    live += !p && q;
    return q;
}

static const weft_env env = {.realloc = counted};

struct end {
    struct tls *tls;
    struct outq plain;
    struct bytes said, wire; /* wire: on the way to this end */
    size_t heard;
    int error;
};

static struct end ends[2]; /* client, server */
static uint8_t scratch[TLS_RECORD];

static bool begin(unsigned context)
{
    memset(ends, 0, sizeof ends);
    ends[0].tls = tls_connect(&env, client_tls[context],
                              (weft_bytes){(const uint8_t *)"localhost", 9}, 443, TLS_HTTP);
    ends[1].tls = tls_accept(&env, server_tls);
    return ends[0].tls && ends[1].tls;
}

static void finish(void)
{
    for (struct end *e = ends; e < ends + 2; e++) {
        tls_free(e->tls);
        outq_clear(&e->plain);
        bytes_free(&e->said);
        bytes_free(&e->wire);
    }
}

static void judge(struct end *e, int result)
{
    if (e->error) check(result == e->error);
    if (result < 0) e->error = result;
    check((e->error != 0) == tls_broken(e->tls));
    if (e->error) check(tls_cause(e->tls)[0]);
    check(tls_out(e->tls)->bytes <= TLS_OUT_MAX + 2 * 65536);
}

/* What e hears is what other said, from the beginning. */
static void hear(struct end *e, const struct end *other, weft_bytes in)
{
    static uint8_t room[TLS_RECORD];
    int n;
    tls_feed(e->tls, in);
    while ((n = tls_read(e->tls, room, sizeof room)) > 0) {
        check((size_t)n <= other->said.len - e->heard);
        check(memcmp(room, other->said.data + e->heard, (size_t)n) == 0);
        e->heard += (size_t)n;
    }
    judge(e, n);
}

/* What e has to say comes on the wire to other. */
static void collect(struct end *e, struct end *other)
{
    size_t taken;
    do {
        judge(e, tls_write(e->tls, &e->plain, scratch, &taken));
        outq_sent(&e->plain, taken);
    } while (taken);
    struct outq *out = tls_out(e->tls);
    for (struct slice *s = out->head; s; s = s->next) bytes_add(&other->wire, s->data, s->len);
    outq_sent(out, out->bytes);
}

static void deliver(struct end *e, struct end *other, size_t n)
{
    if (n > e->wire.len) n = e->wire.len;
    weft_span piece = exact_copy((weft_bytes){e->wire.data, n});
    hear(e, other, (weft_bytes){piece.data, piece.len});
    free(piece.data);
    if (n) memmove(e->wire.data, e->wire.data + n, e->wire.len - n);
    e->wire.len -= n;
}

static void say(struct end *e, size_t n)
{
    static uint8_t text[4096];
    for (size_t i = 0; i < n; i++) text[i] = (uint8_t)(e->said.len + i);
    if (e->said.len > SAID_MOST || outq_append(&e->plain, &env, text, n) < 0) return;
    bytes_add(&e->said, text, n);
}

static void exchange(void)
{
    for (int i = 0; i < 12; i++) {
        struct end *e = &ends[i & 1], *other = &ends[!(i & 1)];
        collect(e, other);
        deliver(other, e, SIZE_MAX);
    }
}

/* ---- the script ------------------------------------------------------------------------------ */

static void insert(struct end *e, size_t at, weft_bytes what)
{
    struct bytes all = {0};
    if (at > e->wire.len) at = e->wire.len;
    bytes_add(&all, e->wire.data, at);
    bytes_add(&all, what.data, what.len);
    if (at < e->wire.len) bytes_add(&all, e->wire.data + at, e->wire.len - at);
    bytes_free(&e->wire);
    e->wire = all;
}

/* Type and length are the script's; the bytes are whatever comes next. */
static void insert_record(struct end *e, weft_bytes *in)
{
    uint8_t type = taken_byte(in), len = taken_byte(in);
    uint8_t head[5] = {type, 3, 3, 0, len};
    weft_bytes body = taken(in, len);
    insert(e, 0, body);
    insert(e, 0, (weft_bytes){head, sizeof head});
}

static void step(weft_bytes *in)
{
    uint8_t code = taken_byte(in);
    struct end *e = &ends[code >> 7], *other = &ends[!(code >> 7)];
    struct bytes *wire = &e->wire;
    size_t arg = taken_byte(in), at = wire->len ? (arg * 8 + (code >> 4 & 7)) % wire->len : 0;
    collect(other, e);
    switch (code & 15) {
    case 0: deliver(e, other, SIZE_MAX); break;
    case 1: deliver(e, other, arg); break;
    case 2: deliver(e, other, at); break;
    case 3:
        if (wire->len) wire->data[at] ^= (uint8_t)(1 << (arg & 7));
        break;
    case 4:
        if (wire->len) wire->data[at] = taken_byte(in);
        break;
    case 5: insert(e, at, taken(in, taken_byte(in))); break;
    case 6: insert_record(e, in); break;
    case 7: wire->len = at; break;                                     /* lost */
    case 8: insert(e, wire->len, (weft_bytes){wire->data, at}); break; /* said twice */
    case 9: say(e, arg * 16); break;
    case 10: tls_close(e->tls); break;
    case 11: fail_in = (unsigned)arg; break;
    case 12: exchange(); break;
    case 13: now_us += arg * 60 * 1000000; break; /* minutes: keys of tickets grow old */
    default: deliver(e, other, 5 + arg); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    if (!server_tls) make_contexts();
    random_state = 88172645463325252;
    fail_in = 0;
    forget_tickets();
    uint8_t choice = taken_byte(&in);
    struct tls_sessions *sessions = &client_tls[choice & 1]->context->sessions;
    tls_sessions_init(sessions, &env);
    if (choice & 2) { /* so that there is a session to resume */
        check(begin(choice & 1));
        exchange();
        finish();
    }
    check(begin(choice & 1));
    if (choice & 4) exchange();
    for (int i = 0; i < STEPS_MOST && in.len; i++) step(&in);
    finish();
    tls_sessions_deinit(sessions);
    check(live == 0);
    return 0;
}
