/* SPDX-License-Identifier: MIT
 *
 * tests/net/pipe_world.h - a pipe that tells everything, and the far end of it: TCP, a Unix socket, or TLS
 *
 *      open;bytes hi;drain;close;          the end is told as: close [ERROR]
 *
 * Of bytes more than 64 are told as their number, and of those that follow each other only the sum.
 */
#ifndef NET_PIPE_WORLD_H
#define NET_PIPE_WORLD_H

#include "cert_files.h"
#include "tls_peer.h"

/* ---- this end -------------------------------------------------------------------------------- */

struct piper {
    struct story story;
    weft_pipe *pipe; /* NULL when it is over */
    unsigned closes;
    int error;
    char cause[256];
    uint64_t received; /* bytes */
    /* What to do next, after telling; may be NULL. */
    void (*then_open)(weft_pipe *p);
    void (*then_bytes)(weft_pipe *p);
    void (*then_drain)(weft_pipe *p);
    void (*then_close)(weft_pipe *p);
};

static inline void piper_opens(weft_pipe *p)
{
    struct piper *t = weft_pipe_user(p);
    assert_true(weft_pipe_is_open(p));
    tell(&t->story, "open;");
    if (t->then_open) t->then_open(p);
}

static inline void piper_hears(weft_pipe *p, void *data, size_t len)
{
    struct piper *t = weft_pipe_user(p);
    assert_true(len > 0);
    t->received += len;
    if (len <= 64) tell(&t->story, "bytes %.*s;", (int)len, (const char *)data);
    if (t->then_bytes) t->then_bytes(p);
}

static inline void piper_drains(weft_pipe *p)
{
    struct piper *t = weft_pipe_user(p);
    tell(&t->story, "drain;");
    if (t->then_drain) t->then_drain(p);
}

static inline void piper_closes(weft_pipe *p, int error, const char *cause)
{
    struct piper *t = weft_pipe_user(p);
    t->closes++;
    t->error = error;
    tell(&t->story, error ? "close %s;" : "close;", weft_errname(error));
    assert_int_equal(error == 0, cause[0] == 0);
    snprintf(t->cause, sizeof t->cause, "%s", cause);
    assert_int_equal(cause[0] != 0, error != 0);
    assert_false(weft_pipe_is_open(p));
    assert_int_equal(weft_pipe_write(p, "x", 1), WEFT_ERR_CLOSED);
    if (t->then_close) t->then_close(p);
    t->pipe = NULL;
}

static const weft_pipe_handler piping = {.on_open = piper_opens,
                                         .on_bytes = piper_hears,
                                         .on_drain = piper_drains,
                                         .on_close = piper_closes};

/* ---- the far end ----------------------------------------------------------------------------- */

enum far_kind { FAR_TCP, FAR_UNIX, FAR_ABSTRACT, FAR_TLS, FAR_KINDS };

/* Where it listens, and what it is called by. */
struct far_place {
    enum far_kind kind;
    int listening;
    char url[160], path[128]; /* path: of a file to remove, or "" */
};

static inline int listen_on(const struct sockaddr *a, socklen_t len)
{
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, a, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static inline void listen_inet(struct far_place *p)
{
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    p->listening = listen_on((struct sockaddr *)&a, sizeof a);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&a, &len), 0);
    snprintf(p->url, sizeof p->url, "%s:%d",
             p->kind == FAR_TLS ? "tls://localhost" : "tcp://127.0.0.1", ntohs(a.sin_port));
}

static inline void listen_unix(struct far_place *p)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    bool abstract = p->kind == FAR_ABSTRACT;
    int n = snprintf(a.sun_path, sizeof a.sun_path, "%s/weft-test-pipe-%d", abstract ? "@" : "/tmp",
                     (int)getpid());
    snprintf(p->url, sizeof p->url, "unix:%s", a.sun_path);
    if (abstract) a.sun_path[0] = 0;
    else snprintf(p->path, sizeof p->path, "%s", a.sun_path);
    if (!abstract) unlink(p->path);
    p->listening = listen_on((struct sockaddr *)&a,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n));
}

static inline void far_listen(struct far_place *p, enum far_kind kind)
{
    *p = (struct far_place){.kind = kind};
    if (kind == FAR_UNIX || kind == FAR_ABSTRACT) listen_unix(p);
    else listen_inet(p);
}

static inline void far_leave(struct far_place *p)
{
    if (p->listening >= 0) close(p->listening);
    if (p->path[0]) unlink(p->path);
    p->listening = -1;
}

/* One connection there: of both only one is used. */
struct far_end {
    struct raw *raw;
    struct tls_peer *tls;
};

static inline SSL_CTX *far_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM), 1);
    return ctx;
}

static inline struct far_end far_accept(struct world *w, const struct far_place *p)
{
    struct far_end f = {0};
    int fd = -1;
    turn_until(w, (fd = accept(p->listening, NULL, NULL)) >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* a Unix socket refuses */
    if (p->kind != FAR_TLS) f.raw = raw_on(fd);
    else f.tls = tls_peer_on(fd, far_context(), true);
    if (f.tls) turn_until(w, tls_peer_settled(f.tls));
    return f;
}

static inline void far_say(struct far_end *f, const char *text)
{
    if (f->raw) raw_say(f->raw, text);
    else tls_peer_say(f->tls, text);
}

static inline bool far_heard(struct far_end *f, const char *text)
{
    return f->raw ? raw_heard(f->raw, text) : tls_peer_heard(f->tls, text);
}

static inline size_t far_len(struct far_end *f)
{
    if (f->raw) raw_read(f->raw);
    else tls_peer_read(f->tls);
    return f->raw ? f->raw->len : f->tls->len;
}

static inline const char *far_got(const struct far_end *f)
{
    return f->raw ? f->raw->got : f->tls->got;
}

/* The end of its direction, in order; what comes can still be read. */
static inline void far_end_writing(struct far_end *f)
{
    if (f->tls) SSL_shutdown(f->tls->ssl);
    assert_int_equal(shutdown(f->raw ? f->raw->fd : f->tls->fd, SHUT_WR), 0);
}

static inline bool far_over(struct far_end *f)
{
    return f->raw ? raw_ended(f->raw) : tls_peer_over(f->tls);
}

/* Over, and in order. */
static inline bool far_ended_well(struct far_end *f)
{
    if (!far_over(f)) return false;
    return f->raw ? f->raw->eof : f->tls->ended;
}

static inline void far_free(struct far_end *f)
{
    if (f->raw) raw_free(f->raw);
    if (f->tls) tls_peer_free(f->tls);
    *f = (struct far_end){0};
}

#endif
