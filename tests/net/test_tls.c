/* SPDX-License-Identifier: MIT
 *
 * The TLS end alone: a client's and a server's, back to back, with no socket between them. What one has
 * in tls_out is fed to the other, in pieces as small as the test likes.
 */
#include "cert_files.h"

#include "base/bytes.h"
#include "net/wire/tls.h"
#include "net/wire/tls_user.h"

/* Only its allocator and its clock. */
static struct world memory = {
    .fail_at = -1, .env = {.ctx = &memory, .realloc = world_realloc, .now_us = world_now}};

/* ---- two ends -------------------------------------------------------------------------------- */

struct end {
    weft_tls *with;
    struct tls *tls;
    struct outq plain; /* to be said */
    uint8_t heard[100000];
    size_t n_heard;
    int error;
};

static struct end client, server;
static uint8_t scratch[TLS_RECORD];

static struct tls *connect_with(weft_tls *with, const char *host, uint16_t port)
{
    return tls_connect(&memory.env, with, bytes_of(host), port, TLS_HTTP);
}

/* false: no memory, and nothing is left of them. */
static bool begin(const weft_tls_config *cfg, const char *host)
{
    client = server = (struct end){0};
    server.with = new_server_tls(&memory.env);
    client.with = new_tls(&memory.env, cfg);
    if (server.with) server.tls = tls_accept(&memory.env, server.with);
    if (client.with) client.tls = connect_with(client.with, host, 443);
    return client.tls && server.tls;
}

static void end_one(struct end *e)
{
    tls_free(e->tls);
    weft_tls_unref(e->with);
    outq_clear(&e->plain);
}

static void end_both(void)
{
    end_one(&client);
    end_one(&server);
    assert_int_equal(memory.live, 0);
}

static size_t n_sessions(void)
{
    return client.with->context->sessions.n;
}

/* Of the server. */
static void at_most_version(int version)
{
    SSL_CTX_set_max_proto_version(server.with->context->server, version);
}

static void hear(struct end *e)
{
    int n;
    while ((n = tls_read(e->tls, e->heard + e->n_heard, sizeof e->heard - e->n_heard)) > 0)
        e->n_heard += (size_t)n;
    if (n < 0) e->error = n;
}

/* Records from what it says, in as few as it fits in. 0 or the error. */
static int write_all(struct end *e)
{
    size_t taken = 1;
    int error = 0;
    while (!error && taken) {
        error = tls_write(e->tls, &e->plain, scratch, &taken);
        outq_sent(&e->plain, taken);
    }
    return error;
}

/* Everything that from has to say, at most so many bytes at once. Whether there was anything. */
static bool carry(struct end *from, struct end *to, size_t piece)
{
    struct outq *out = tls_out(from->tls);
    int error = write_all(from);
    if (error) from->error = error;
    bool some = !outq_empty(out);
    while (!outq_empty(out)) {
        size_t n = out->head->len < piece ? out->head->len : piece;
        if (!to->error) {
            tls_feed(to->tls, (weft_bytes){out->head->data, n});
            hear(to);
        }
        outq_sent(out, n);
    }
    return some;
}

static void carry_all(size_t piece)
{
    bool some = true;
    while (some) {
        some = carry(&client, &server, piece);
        some |= carry(&server, &client, piece);
    }
}

static void say(struct end *e, const char *text)
{
    (void)outq_append(&e->plain, &memory.env, text, strlen(text));
}

static void assert_heard(const struct end *e, const char *text)
{
    assert_int_equal(e->n_heard, strlen(text));
    assert_memory_equal(e->heard, text, e->n_heard);
}

static const weft_tls_config trusting = {.authorities = certificate};

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_both_ways(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 7, 100000};
    for (size_t i = 0; i < countof(pieces); i++) {
        assert_true(begin(&trusting, "localhost"));
        say(&client, "question"); /* waits for the handshake */
        say(&server, "answer");
        assert_false(tls_ready(client.tls));
        carry_all(pieces[i]);
        assert_true(tls_ready(client.tls) && tls_ready(server.tls));
        assert_heard(&server, "question");
        assert_heard(&client, "answer");
        end_both();
    }
}

/* Many small pieces are few records, and a large one is not copied together first. */
static void test_records_are_gathered(void **state)
{
    (void)state;
    static char large[40000];
    assert_true(begin(&trusting, "localhost"));
    carry_all(100000);
    for (int i = 0; i < 1000; i++) {
        struct outq one = {0};
        (void)outq_append(&one, &memory.env, "12345678", 8);
        outq_splice(&server.plain, &one);
    }
    assert_int_equal(write_all(&server), 0);
    assert_in_range(tls_out(server.tls)->bytes, 8000, 8000 + 50);
    carry_all(100000);
    assert_int_equal(client.n_heard, 8000);

    memset(large, 'x', sizeof large - 1);
    say(&server, large);
    size_t taken;
    assert_int_equal(tls_write(server.tls, &server.plain, scratch, &taken), 0);
    assert_int_equal(taken, TLS_RECORD); /* one at a time, and it is still there */
    assert_int_equal(server.plain.bytes, sizeof large - 1);
    outq_sent(&server.plain, taken);
    carry_all(100000);
    assert_int_equal(client.n_heard, 8000 + sizeof large - 1);
    end_both();
}

static void test_close(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost"));
    tls_close(client.tls); /* too early: nothing */
    carry_all(100000);
    assert_false(tls_ended(server.tls));
    say(&client, "last");
    carry_all(100000);
    tls_close(client.tls);
    tls_close(client.tls);
    carry_all(1);
    assert_heard(&server, "last");
    assert_true(tls_ended(server.tls) && !tls_broken(server.tls));
    say(&server, "still");
    carry_all(100000);
    assert_heard(&client, "still");
    end_both();
}

static void refuses(const weft_tls_config *cfg, const char *host, const char *cause)
{
    assert_true(begin(cfg, host));
    carry_all(100000);
    assert_int_equal(client.error, WEFT_ERR_CERTIFICATE);
    assert_string_equal(tls_cause(client.tls), cause);
    assert_int_equal(server.error, WEFT_ERR_TLS); /* the alert came */
    assert_true(tls_broken(client.tls) && tls_broken(server.tls));
    end_both();
}

static void test_whom_to_trust(void **state)
{
    (void)state;
    refuses(&(weft_tls_config){0}, "localhost",
            "certificate verify failed: self-signed certificate");
    refuses(&trusting, "example.org", "certificate verify failed: hostname mismatch");
    refuses(&trusting, "127.0.0.1", "certificate verify failed: IP address mismatch");
    assert_true(begin(&(weft_tls_config){.insecure = true}, "example.org"));
    carry_all(100000);
    assert_true(tls_ready(client.tls));
    end_both();
}

static void test_a_byte_is_changed(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost."));
    carry_all(100000);
    say(&client, "secret");
    assert_int_equal(write_all(&client), 0);
    struct slice *s = tls_out(client.tls)->head;
    s->blob->data[s->blob->len - 1] ^= 1;
    carry_all(100000);
    assert_int_equal(server.n_heard, 0);
    assert_int_equal(server.error, WEFT_ERR_TLS);
    assert_string_equal(tls_cause(server.tls), "TLS: decryption failed or bad record mac");
    end_both();
}

/* ---- sessions that are resumed --------------------------------------------------------------- */

/* One more connection between the same two. Whether the server resumed a session; the answer is heard. */
static bool resumes_with(weft_tls *with, const char *host, uint16_t port)
{
    long before = SSL_CTX_sess_hits(server.with->context->server);
    tls_free(client.tls);
    tls_free(server.tls);
    client.n_heard = server.n_heard = 0;
    client.tls = connect_with(with, host, port);
    server.tls = tls_accept(&memory.env, server.with);
    say(&server, "answer");
    carry_all(100000);
    assert_true(tls_ready(client.tls) && tls_ready(server.tls));
    assert_heard(&client, "answer");
    return SSL_CTX_sess_hits(server.with->context->server) > before;
}

static bool resumes(void)
{
    return resumes_with(client.with, "localhost", 443);
}

static void test_sessions_are_resumed(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        assert_true(begin(&trusting, "localhost"));
        at_most_version(version);
        assert_false(resumes());
        assert_int_equal(n_sessions(), 1);
        for (int i = 0; i < 5; i++) assert_true(resumes());
        assert_int_equal(n_sessions(), 1);
        end_both();
    }
}

/* A ticket of TLS 1.3 is used once: a second connection that begins meanwhile does without. */
static void test_a_ticket_is_used_once(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost"));
    assert_false(resumes());
    struct tls *first = connect_with(client.with, "localhost", 443);
    assert_int_equal(n_sessions(), 0);
    assert_false(resumes());
    tls_free(first);
    end_both();
}

/* Another port may be another server. Whoever was taken for granted is not trusted for it later. */
static void test_whose_session_it_is(void **state)
{
    (void)state;
    weft_tls *careless = new_tls(&memory.env, &(weft_tls_config){.insecure = true});
    assert_true(begin(&trusting, "localhost"));
    assert_false(resumes_with(careless, "localhost", 443));
    assert_false(resumes());
    assert_false(resumes_with(client.with, "localhost", 444));
    assert_false(resumes_with(careless, "example.org", 443));
    assert_true(resumes());
    assert_true(resumes_with(careless, "localhost", 443));
    assert_true(resumes_with(careless, "example.org", 443));
    weft_tls_unref(careless);
    end_both();
}

/* Whoever was refused is not remembered. */
static void test_no_session_with_the_wrong_one(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "example.org"));
    at_most_version(TLS1_2_VERSION);
    carry_all(100000);
    assert_int_equal(client.error, WEFT_ERR_CERTIFICATE);
    assert_int_equal(n_sessions(), 0);
    end_both();
}

/* The keys of tickets go with the certificates that they were made beside: no failure, a whole handshake. */
static void test_tickets_end_with_a_reload(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost"));
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        at_most_version(version);
        (void)resumes();
        assert_true(resumes());
        assert_int_equal(weft_tls_reload(server.with, NULL, 0), 0);
        at_most_version(version);
        assert_false(resumes());
        assert_true(resumes());
    }
    end_both();
}

/* A context replaces them itself; which tickets that ends, test_tls_tickets.c tells. */
static void test_keys_of_tickets_grow_old(void **state)
{
    (void)state;
    const uint64_t life = TLS_TICKET_H * 3600 * UINT64_C(1000000);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        assert_true(begin(&trusting, "localhost"));
        at_most_version(version);
        (void)resumes();
        memory.now_us += life;
        assert_true(resumes());
        memory.now_us += 2 * life;
        assert_false(resumes());
        assert_true(resumes());
        end_both();
    }
}

static void test_few_are_remembered(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost"));
    for (uint16_t port = 1; port <= TLS_SESSIONS_MAX; port++)
        assert_false(resumes_with(client.with, "localhost", port));
    assert_true(resumes_with(client.with, "localhost", 1)); /* now it is the last */
    assert_false(resumes_with(client.with, "localhost", TLS_SESSIONS_MAX + 1));
    assert_int_equal(n_sessions(), TLS_SESSIONS_MAX);
    assert_true(resumes_with(client.with, "localhost", 1));
    assert_true(resumes_with(client.with, "localhost", 3));
    assert_false(resumes_with(client.with, "localhost", 2)); /* was the one to go */
    end_both();
}

/* ---- what is not TLS, and what never ends ---------------------------------------------------- */

static void test_plain_http(void **state)
{
    (void)state;
    static const char *const said[] = {"GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n",
                                       "HEAD / HTTP/1.1\r\n", "CONNECT x:443 HTTP/1.1\r\n"};
    for (size_t i = 0; i < countof(said); i++) {
        assert_true(begin(&trusting, "localhost"));
        tls_feed(server.tls, bytes_of(said[i]));
        hear(&server);
        assert_int_equal(server.error, WEFT_ERR_TLS);
        assert_true(tls_met_http(server.tls) && outq_empty(tls_out(server.tls)));
        assert_string_equal(tls_cause(server.tls),
                            "TLS: a plain HTTP request came where TLS is spoken");
        tls_feed(client.tls, bytes_of("HTTP/1.1 400 Bad Request\r\n"));
        hear(&client);
        assert_false(tls_met_http(client.tls));
        assert_string_equal(tls_cause(client.tls),
                            "TLS: the server does not speak TLS there (wrong version number)");
        end_both();
    }
}

/* Each of these is answered. Nobody reads that. */
static void test_answers_are_bounded(void **state)
{
    (void)state;
    assert_true(begin(&trusting, "localhost"));
    SSL *peer = SSL_new(client.with->context->client);
    BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
    SSL_set_bio(peer, from, to);
    SSL_set_connect_state(peer);
    SSL_set1_host(peer, "localhost");
    size_t most = 0;
    for (int i = 0; i < 200000 && !server.error; i++) {
        char *said;
        if (SSL_is_init_finished(peer)) SSL_key_update(peer, SSL_KEY_UPDATE_REQUESTED);
        (void)SSL_do_handshake(peer);
        long n = BIO_get_mem_data(to, &said);
        tls_feed(server.tls, (weft_bytes){(uint8_t *)said, (size_t)n});
        hear(&server);
        (void)BIO_reset(to);
        struct outq *out = tls_out(server.tls);
        for (struct slice *s = i < 4 ? out->head : NULL; s; s = s->next)
            BIO_write(from, s->data, (int)s->len);
        if (i < 4) outq_sent(out, out->bytes);
        if (out->bytes > most) most = out->bytes;
    }
    assert_string_equal(tls_cause(server.tls), "TLS: too many answers wait to be read");
    assert_in_range(most, 1000, TLS_OUT_MAX + 1000);
    SSL_free(peer);
    end_both();
}

/* Whichever allocation of ours fails: an error, and nothing is left behind. */
static void test_every_allocation(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        world_fail_at(&memory, n);
        if (begin(&trusting, "localhost")) {
            say(&client, "question");
            say(&server, "answer");
            carry_all(100000);
            tls_close(server.tls);
            carry_all(100000);
        }
        failed = memory.asked > n;
        world_fail_at(&memory, -1);
        end_both();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_records_are_gathered),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_whom_to_trust),
        cmocka_unit_test(test_a_byte_is_changed),
        cmocka_unit_test(test_sessions_are_resumed),
        cmocka_unit_test(test_a_ticket_is_used_once),
        cmocka_unit_test(test_whose_session_it_is),
        cmocka_unit_test(test_no_session_with_the_wrong_one),
        cmocka_unit_test(test_tickets_end_with_a_reload),
        cmocka_unit_test(test_keys_of_tickets_grow_old),
        cmocka_unit_test(test_few_are_remembered),
        cmocka_unit_test(test_plain_http),
        cmocka_unit_test(test_answers_are_bounded),
        cmocka_unit_test(test_every_allocation),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
