/* SPDX-License-Identifier: MIT
 *
 * examples/client_only.c - a client whose every byte you move, and whose memory is an array: libweft-core
 *
 *      client_only PORT [TEXT]         on 127.0.0.1: says TEXT, prints what it hears next, and leaves
 *
 * The counterpart of handshake_only.c, which it can talk to.
 *
 *      weft_handshake_request --> bytes --> weft_response_parse --> weft_handshake_verify
 *      weft_session_send --> weft_session_output --> bytes --> weft_session_read --> events
 *
 * All that the session allocates comes out of an arena by the hook of its env, so a conversation has an upper bound
 * from the start, and ends with one pointer set back.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/handshake.h>

enum { ROOM = 32768, FIELDS = 64, ARENA = 65536 };

/* ---- memory ---------------------------------------------------------------------------------- */

/* Blocks one behind the other, each behind its size. The last one grows and goes in place; the others wait for the
 * end. */
struct arena {
    size_t used, most;
    _Alignas(max_align_t) uint8_t bytes[ARENA];
};

struct block {
    size_t size;
    _Alignas(max_align_t) uint8_t data[];
};

static size_t rounded(size_t n)
{
    return (n + sizeof(struct block) - 1) / sizeof(struct block) * sizeof(struct block);
}

static bool is_last(const struct arena *a, const struct block *b)
{
    return b->data + rounded(b->size) == a->bytes + a->used;
}

static void *take(struct arena *a, size_t size)
{
    struct block *b = (struct block *)(a->bytes + a->used);
    if (size > ARENA || sizeof *b + rounded(size) > ARENA - a->used) return NULL;
    a->used += sizeof *b + rounded(size);
    if (a->used > a->most) a->most = a->used;
    b->size = size;
    return b->data;
}

static void *arena_realloc(void *ctx, void *p, size_t size)
{
    struct arena *a = ctx;
    struct block *old = p ? (struct block *)((uint8_t *)p - sizeof *old) : NULL;
    size_t before = a->used;
    if (old && is_last(a, old)) a->used = (size_t)((uint8_t *)old - a->bytes);
    if (!size) return NULL;
    void *q = take(a, size);
    if (!q) a->used = before;
    else if (p && p != q) memcpy(q, p, old->size < size ? old->size : size);
    return q;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

struct server {
    int fd;
    uint8_t bytes[ROOM];
    weft_span in; /* of bytes: those that have come, and nobody has used */
};

static int receive(struct server *s)
{
    if (s->in.len) memmove(s->bytes, s->in.data, s->in.len);
    s->in.data = s->bytes;
    ssize_t n = recv(s->fd, s->bytes + s->in.len, ROOM - s->in.len, 0);
    if (n <= 0) return WEFT_ERR_LOST;
    s->in.len += (size_t)n;
    return 0;
}

static int flush(struct server *s, weft_session *session)
{
    struct iovec iov[8];
    for (int n; (n = weft_session_output(session, iov, 8)) > 0;) {
        struct msghdr all = {.msg_iov = iov, .msg_iovlen = (size_t)n};
        ssize_t gone = sendmsg(s->fd, &all, MSG_NOSIGNAL); /* the peer may be gone */
        if (gone <= 0) return WEFT_ERR_LOST;
        weft_session_sent(session, (size_t)gone);
    }
    return 0;
}

/* ---- the opening handshake ------------------------------------------------------------------- */

static int ask(struct server *s, int port, const weft_agreement *a)
{
    char text[512], host[32];
    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    int len = weft_handshake_request(text, sizeof text, host, "/", a, NULL, 0);
    if (len < 0) return len;
    return send(s->fd, text, (size_t)len, MSG_NOSIGNAL) == len ? 0 : WEFT_ERR_LOST;
}

/* The final head; those of interim responses are passed over. */
static int hear(struct server *s, weft_response_head *head, weft_field fields[FIELDS])
{
    for (;;) {
        int r = weft_response_parse(&s->in, NULL, fields, FIELDS, head);
        if (r == 0) r = receive(s);
        else if (r == 1 && (head->status == 101 || head->status >= 200)) return 0;
        if (r < 0) return r;
    }
}

static int handshake(struct server *s, int port)
{
    char key[WEFT_KEY_LEN + 1];
    weft_field fields[FIELDS];
    weft_response_head head;
    weft_agreement agreement = {.key = key};
    int error = weft_handshake_key(NULL, key);
    if (error == 0) error = ask(s, port, &agreement);
    if (error == 0) error = hear(s, &head, fields);
    if (error < 0) return error;
    if (head.status != 101) return WEFT_ERR_REFUSED;
    return weft_handshake_verify(head.fields, head.n_fields, &agreement);
}

/* ---- the conversation ------------------------------------------------------------------------ */

static int on_event(weft_session *session, const weft_event *ev)
{
    if (ev->kind != WEFT_EV_MESSAGE) return 0;
    printf("%.*s\n", (int)ev->len, (const char *)ev->data);
    return weft_session_close(session, WEFT_CLOSE_NORMAL, NULL, 0);
}

static int step(struct server *s, weft_session *session)
{
    weft_event ev;
    int r = flush(s, session);
    if (r == 0) r = receive(s);
    while (r == 0 && (r = weft_session_read(session, &s->in, &ev)) > 0) r = on_event(session, &ev);
    return r;
}

static int converse(struct server *s, weft_session *session, const char *text)
{
    int error = weft_session_send(session, WEFT_TEXT, text, strlen(text));
    while (error == 0 && !weft_session_closed(session)) error = step(s, session);
    (void)flush(s, session);
    return error;
}

static int talk(struct server *s, struct arena *memory, const char *text)
{
    const weft_env env = {.ctx = memory, .realloc = arena_realloc};
    weft_session_profile *profile;
    weft_session *session;
    int error = weft_session_profile_new(&profile, &(weft_session_config){.env = &env});
    if (error < 0) return error;
    error = weft_session_new(&session, WEFT_CLIENT, profile);
    if (error == 0) {
        error = converse(s, session, text);
        weft_session_free(session);
    }
    weft_session_profile_unref(profile);
    return error;
}

int main(int argc, char **argv)
{
    static struct server s;
    static struct arena memory;
    int port = argc > 1 ? atoi(argv[1]) : 0;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s.fd = socket(AF_INET, SOCK_STREAM, 0);
    s.in.data = s.bytes;
    if (connect(s.fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror("client_only");
        return 1;
    }
    int error = handshake(&s, port);
    if (error == 0) error = talk(&s, &memory, argc > 2 ? argv[2] : "hello");
    if (error < 0) fprintf(stderr, "client_only: %s\n", weft_strerror(error));
    else printf("with %zu bytes of memory\n", memory.most);
    close(s.fd);
    return error < 0;
}
