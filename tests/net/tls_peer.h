/* SPDX-License-Identifier: MIT
 *
 * tests/net/tls_peer.h - the other end of a TLS connection: OpenSSL alone, nothing of weft's
 *
 * It is configured by the test, as polite or not as that likes, and counts the records that it is sent.
 */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "raw.h"

enum { TLS_PEER_ROOM = 4 * 1024 * 1024, RECORD_HEAD = 5, LENGTHS_KEPT = 512 };

struct tls_peer {
    int fd;
    SSL *ssl;
    bool ended;       /* by close_notify */
    char failed[128]; /* "": it goes on; else OpenSSL's reason, or "end of file" */
    size_t n_records; /* of application data (in TLS 1.3 also what is hidden in that), and */
    size_t lengths[LENGTHS_KEPT]; /* their bytes */
    size_t len;
    char got[TLS_PEER_ROOM];
};

static inline void tls_peer_sees(int writes, int version, int type, const void *data, size_t len,
                                 SSL *ssl, void *arg)
{
    struct tls_peer *p = arg;
    const uint8_t *head = data;
    (void)version, (void)ssl;
    if (writes || type != SSL3_RT_HEADER || len < RECORD_HEAD || head[0] != 23) return;
    if (p->n_records < LENGTHS_KEPT) p->lengths[p->n_records] = (size_t)(head[3] << 8 | head[4]);
    p->n_records++;
}

/* Takes over a connected socket. ctx is used once. */
static inline struct tls_peer *tls_peer_on(int fd, SSL_CTX *ctx, bool server)
{
    struct tls_peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
    p->fd = fd;
    p->ssl = SSL_new(ctx);
    assert_non_null(p->ssl);
    SSL_CTX_free(ctx);
    SSL_set_fd(p->ssl, fd);
    SSL_set_msg_callback(p->ssl, tls_peer_sees);
    SSL_set_msg_callback_arg(p->ssl, p);
    if (server) SSL_set_accept_state(p->ssl);
    else SSL_set_connect_state(p->ssl);
    return p;
}

/* A client of the world's server. */
static inline struct tls_peer *tls_peer_connect(const struct world *w, SSL_CTX *ctx)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = loopback(port_of(w->address));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return tls_peer_on(fd, ctx, false);
}

static inline void tls_peer_hang_up(struct tls_peer *p)
{
    if (p->fd >= 0) close(p->fd);
    p->fd = -1;
}

static inline void tls_peer_free(struct tls_peer *p)
{
    tls_peer_hang_up(p);
    SSL_free(p->ssl);
    free(p);
}

/* What a call of OpenSSL's came to, when it was not what was wanted. */
static inline void tls_peer_judge(struct tls_peer *p, int result)
{
    int error = SSL_get_error(p->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (error == SSL_ERROR_ZERO_RETURN) p->ended = true;
    else snprintf(p->failed, sizeof p->failed, "%s", reason ? reason : "end of file");
    ERR_clear_error();
}

/* The handshake, as far as it goes: whether it is over, for good or ill. */
static inline bool tls_peer_settled(struct tls_peer *p)
{
    ERR_clear_error();
    int result = p->failed[0] ? 1 : SSL_do_handshake(p->ssl);
    if (result <= 0) tls_peer_judge(p, result);
    return result > 0 || p->failed[0];
}

/* Take what has come. */
static inline void tls_peer_read(struct tls_peer *p)
{
    size_t n;
    ERR_clear_error();
    while (!p->ended && !p->failed[0]) {
        assert_true(p->len < TLS_PEER_ROOM - 1);
        int result = SSL_read_ex(p->ssl, p->got + p->len, TLS_PEER_ROOM - 1 - p->len, &n);
        if (result <= 0) {
            tls_peer_judge(p, result);
            return;
        }
        p->len += n;
        p->got[p->len] = 0;
    }
}

static inline bool tls_peer_heard(struct tls_peer *p, const char *text)
{
    tls_peer_read(p);
    return strstr(p->got, text) != NULL;
}

static inline bool tls_peer_over(struct tls_peer *p)
{
    tls_peer_read(p);
    return p->ended || p->failed[0];
}

static inline void tls_peer_write(struct tls_peer *p, const void *data, size_t len)
{
    size_t n;
    assert_int_equal(SSL_write_ex(p->ssl, data, len, &n), 1);
    assert_int_equal(n, len);
}

static inline void tls_peer_say(struct tls_peer *p, const char *text)
{
    tls_peer_write(p, text, strlen(text));
}

/* What was heard and counted so far does not count. */
static inline void tls_peer_forget(struct tls_peer *p)
{
    p->n_records = p->len = 0;
    p->got[0] = 0;
}

#endif
