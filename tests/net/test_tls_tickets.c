/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_tickets.c - which tickets a server opens, and for how long
 *
 * A server's SSL_CTX and a client's, by OpenSSL alone; a connection is two of theirs with two queues of
 * bytes between them, in whichever thread. The clock of the keys is the test's, and stands.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cert_files.h"

#include "net/wire/tls_tickets.h"

static const uint64_t life = TLS_TICKET_H * 3600 * UINT64_C(1000000);

static atomic_uint_fast64_t now_us;
static struct tls_tickets tickets;
static SSL_CTX *server, *client;

static uint64_t test_now(void *ctx)
{
    (void)ctx;
    return now_us;
}

static const weft_env env = {.now_us = test_now};

static void begin(int version)
{
    static const unsigned char id[] = "test";
    now_us = 0;
    client = SSL_CTX_new(TLS_client_method());
    server = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_proto_version(server, version);
    assert_int_equal(SSL_CTX_set_session_id_context(server, id, sizeof id), 1);
    assert_int_equal(SSL_CTX_use_certificate_file(server, certificate, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(server, key, SSL_FILETYPE_PEM), 1);
    tls_tickets_init(&tickets, &env, server);
}

static void end(void)
{
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    tls_tickets_deinit(&tickets);
}

/* ---- a connection ---------------------------------------------------------------------------- */

static bool shake_hands(SSL *c, SSL *s)
{
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(c, down, up);
    SSL_set_bio(s, up, down);
    SSL_set_connect_state(c);
    SSL_set_accept_state(s);
    bool done = false;
    for (int i = 0; i < 5 && !done; i++) {
        bool c_done = SSL_do_handshake(c) == 1, s_done = SSL_do_handshake(s) == 1;
        done = c_done && s_done;
    }
    char byte;
    return done && SSL_read(c, &byte, 1) == -1; /* tickets of TLS 1.3 come after the handshake */
}

/* Begin with session, which may be NULL; what to begin with the next time. *resumed: whether it served. */
static SSL_SESSION *visit(SSL_SESSION *session, bool *resumed)
{
    SSL *c = SSL_new(client), *s = SSL_new(server);
    if (session) SSL_set_session(c, session);
    SSL_SESSION *next = shake_hands(c, s) ? SSL_get1_session(c) : NULL;
    *resumed = SSL_session_reused(c) && SSL_session_reused(s);
    SSL_set_shutdown(c, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c);
    SSL_free(s);
    return next;
}

/* A ticket for a session that is new. */
static SSL_SESSION *new_ticket(void)
{
    bool resumed;
    SSL_SESSION *session = visit(NULL, &resumed);
    assert_true(session && !resumed);
    return session;
}

/* Whether it opens; what came instead is not kept. */
static bool opens(SSL_SESSION *ticket)
{
    bool resumed;
    SSL_SESSION *next = visit(ticket, &resumed);
    assert_non_null(next);
    SSL_SESSION_free(next);
    return resumed;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Whenever it was sealed: for as long as it is good itself. */
static void test_a_ticket_outlives_the_next_key(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        begin(v);
        SSL_SESSION *first = new_ticket();
        now_us = life - 1;
        SSL_SESSION *last = new_ticket();
        now_us = life;
        SSL_SESSION *of_the_next = new_ticket();
        now_us = 2 * life - 1;
        assert_true(opens(first) && opens(last) && opens(of_the_next));
        assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(last), life / 1000000);
        SSL_SESSION_free(first);
        SSL_SESSION_free(last);
        SSL_SESSION_free(of_the_next);
        end();
    }
}

static void test_not_the_one_after_that(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        begin(v);
        SSL_SESSION *old = new_ticket();
        now_us = life;
        SSL_SESSION *younger = new_ticket();
        now_us = 2 * life;
        assert_false(opens(old));
        assert_true(opens(younger));
        SSL_SESSION_free(old);
        SSL_SESSION_free(younger);
        end();
    }
}

/* While nobody came no key was replaced; whoever comes then does not find two old ones. */
static void test_not_after_a_long_silence(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        begin(v);
        SSL_SESSION *old = new_ticket();
        now_us = 2 * life;
        assert_false(opens(old));
        assert_int_equal(tickets.n, 1);
        SSL_SESSION_free(old);
        end();
    }
}

static void test_no_key_stays_in_memory(void **state)
{
    (void)state;
    static const struct tls_ticket_key none;
    begin(TLS1_3_VERSION);
    SSL_SESSION_free(new_ticket());
    struct tls_ticket_key first = tickets.keys[0];
    now_us = life;
    SSL_SESSION_free(new_ticket());
    assert_memory_equal(&tickets.keys[1], &first, sizeof first);
    assert_memory_not_equal(&tickets.keys[0], &first, sizeof first);
    now_us = 3 * life;
    SSL_SESSION_free(new_ticket());
    assert_memory_equal(&tickets.keys[1], &none, sizeof none);
    end();
    assert_memory_equal(&tickets.keys[0], &none, sizeof none);
}

/* Who resumes with the key before gets a ticket of this one, and so may go on for ever. */
static void test_the_older_key_is_left_behind(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        begin(v);
        SSL_SESSION *ticket = new_ticket();
        for (int i = 0; i < 5; i++) {
            now_us += life;
            bool resumed;
            SSL_SESSION *next = visit(ticket, &resumed);
            assert_true(resumed);
            SSL_SESSION_free(ticket);
            ticket = next;
        }
        SSL_SESSION_free(ticket);
        end();
    }
}

/* A restart, or another server: nothing is refused, a whole handshake is made. */
static void test_keys_of_somebody_else(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        begin(v);
        SSL_SESSION *foreign = new_ticket();
        end();
        begin(v);
        assert_false(opens(foreign));
        SSL_SESSION_free(foreign);
        end();
    }
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { THREADS = 4, VISITS = 5, ROUNDS = 8 };

struct visitor {
    pthread_t thread;
    SSL_SESSION *ticket; /* and then what came instead */
    unsigned resumed;
};

static pthread_barrier_t together;

/* Without cmocka's assertions, which belong to the first thread. */
static void *visits(void *arg)
{
    struct visitor *v = arg;
    v->resumed = 0;
    pthread_barrier_wait(&together);
    for (int i = 0; i < VISITS && (v->ticket || i == 0); i++) {
        bool resumed;
        SSL_SESSION *next = visit(v->ticket, &resumed);
        v->resumed += resumed;
        SSL_SESSION_free(v->ticket);
        v->ticket = next;
    }
    return NULL;
}

/* All at once. Each goes on with the ticket that another thread was given. */
static void round_of(struct visitor *all, unsigned resumed)
{
    SSL_SESSION *first = all[0].ticket;
    pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        all[i].ticket = i + 1 < THREADS ? all[i + 1].ticket : first;
        assert_int_equal(pthread_create(&all[i].thread, NULL, visits, &all[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i].thread, NULL);
        assert_non_null(all[i].ticket);
        assert_int_equal(all[i].resumed, resumed);
    }
    pthread_barrier_destroy(&together);
}

static void test_threads_have_keys_in_common(void **state)
{
    (void)state;
    for (int v = TLS1_2_VERSION; v <= TLS1_3_VERSION; v++) {
        struct visitor all[THREADS] = {0};
        begin(v);
        round_of(all, VISITS - 1); /* the first comes without */
        for (int n = 0; n < ROUNDS; n++) {
            now_us += life; /* so all of them find that a new key is due */
            round_of(all, VISITS);
        }
        now_us += 2 * life;
        round_of(all, VISITS - 1);
        for (int i = 0; i < THREADS; i++) SSL_SESSION_free(all[i].ticket);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ticket_outlives_the_next_key),
        cmocka_unit_test(test_not_the_one_after_that),
        cmocka_unit_test(test_not_after_a_long_silence),
        cmocka_unit_test(test_no_key_stays_in_memory),
        cmocka_unit_test(test_the_older_key_is_left_behind),
        cmocka_unit_test(test_keys_of_somebody_else),
        cmocka_unit_test(test_threads_have_keys_in_common),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
