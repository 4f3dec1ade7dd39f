/* SPDX-License-Identifier: MIT
 *
 * tests/net/raw.h - a peer that is only a socket: it says what it is told to, polite or not
 *
 * What it says and hears are bytes. Frames that it sends are masked with the key 0, which changes
 * nothing, so that tests can be read; frames that it hears are told as a story (raw_frames).
 */
#ifndef NET_RAW_H
#define NET_RAW_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world.h"

enum { RAW_ROOM = 8 * 1024 * 1024 };

struct raw {
    int fd;
    bool eof;
    int error; /* errno of the read that failed */
    size_t len;
    char got[RAW_ROOM];
};

/* Take over a connected socket. */
static inline struct raw *raw_on(int fd)
{
    struct raw *r = calloc(1, sizeof *r);
    assert_non_null(r);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* a Unix socket refuses */
    r->fd = fd;
    return r;
}

static inline uint16_t port_of(const char *address)
{
    return (uint16_t)atoi(strrchr(address, ':') + 1);
}

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Connect to the world's server. */
static inline struct raw *raw_connect(const struct world *w)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = loopback(port_of(w->address));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return raw_on(fd);
}

static inline void raw_hang_up(struct raw *r)
{
    if (r->fd >= 0) close(r->fd);
    r->fd = -1;
}

/* Close so that the peer sees a reset. */
static inline void raw_reset(struct raw *r)
{
    struct linger now = {1, 0};
    assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    raw_hang_up(r);
}

static inline void raw_free(struct raw *r)
{
    raw_hang_up(r);
    free(r);
}

static inline void raw_write(struct raw *r, const void *data, size_t len)
{
    assert_int_equal(send(r->fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void raw_say(struct raw *r, const char *text)
{
    raw_write(r, text, strlen(text));
}

/* Take what has come. */
static inline void raw_read(struct raw *r)
{
    while (!r->eof && !r->error) {
        assert_true(r->len < RAW_ROOM - 1);
        ssize_t n = recv(r->fd, r->got + r->len, RAW_ROOM - 1 - r->len, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n < 0) r->error = errno;
        if (n == 0) r->eof = true;
        if (n > 0) r->len += (size_t)n;
        r->got[r->len] = 0;
    }
}

static inline bool raw_heard(struct raw *r, const char *text)
{
    raw_read(r);
    return strstr(r->got, text) != NULL;
}

static inline bool raw_ended(struct raw *r)
{
    raw_read(r);
    return r->eof || r->error;
}

static inline void raw_forget(struct raw *r)
{
    r->len = 0;
    r->got[0] = 0;
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

#define UPGRADE(path, more)                                                                     \
    "GET " path " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" more "\r\n"

/* The status of the first response heard, once its head is there; else 0. */
static inline int raw_status(struct raw *r)
{
    int status = 0;
    if (!raw_heard(r, "\r\n\r\n")) return 0;
    return sscanf(r->got, "HTTP/1.1 %d ", &status) == 1 ? status : -1;
}

/* The body behind the first head. */
static inline const char *raw_body(struct raw *r)
{
    const char *at = strstr(r->got, "\r\n\r\n");
    return at ? at + 4 : "";
}

/* One whole exchange: what it is answered until the server closes, or the answer seems complete. */
static inline int raw_ask(struct world *w, struct raw *r, const char *request)
{
    raw_forget(r);
    raw_say(r, request);
    turn_until(w, raw_status(r) || raw_ended(r));
    settle(w);
    raw_read(r);
    return raw_status(r);
}

/* ---- WebSocket ------------------------------------------------------------------------------- */

/* A WebSocket to the world's server at path; nothing heard but the 101. */
static inline struct raw *raw_open(struct world *w, const char *path)
{
    char request[512];
    struct raw *r = raw_connect(w);
    snprintf(request, sizeof request, UPGRADE("%s", ""), path);
    assert_int_equal(raw_ask(w, r, request), 101);
    raw_forget(r);
    return r;
}

/* A frame as a client sends it; first is FIN and opcode. Returns its length. */
static inline size_t put_frame(uint8_t *to, uint8_t first, const void *payload, size_t len)
{
    size_t n = 0;
    to[n++] = first;
    if (len < 126) {
        to[n++] = (uint8_t)(0x80 | len);
    } else {
        assert_true(len < 65536);
        to[n++] = 0x80 | 126;
        to[n++] = (uint8_t)(len >> 8);
        to[n++] = (uint8_t)len;
    }
    memset(to + n, 0, 4);
    n += 4;
    if (len) memcpy(to + n, payload, len);
    return n + len;
}

static inline void raw_frame(struct raw *r, uint8_t first, const void *payload, size_t len)
{
    static uint8_t frame[65536 + 16];
    raw_write(r, frame, put_frame(frame, first, payload, len));
}

static inline void raw_text(struct raw *r, const char *text)
{
    raw_frame(r, 0x81, text, strlen(text));
}

static inline void raw_close_frame(struct raw *r, uint16_t code, const char *reason)
{
    uint8_t payload[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t len = strlen(reason);
    memcpy(payload + 2, reason, len);
    raw_frame(r, 0x88, payload, len + 2);
}

static inline void tell_frame(struct story *s, uint8_t first, const uint8_t *payload, size_t len)
{
    static const char *const names[16] = {"more", "text", "bin", [8] = "close", "ping", "pong"};
    tell(s, "%s%s", names[first & 15] ? names[first & 15] : "?", first & 0x80 ? "" : "-");
    if ((first & 15) == 8 && len >= 2) {
        tell(s, " %d", payload[0] << 8 | payload[1]);
        payload += 2, len -= 2;
    }
    if (len > 64) tell(s, " [%zu]", len);
    else if (len) tell(s, " %.*s", (int)len, (const char *)payload);
    tell(s, ";");
}

/* The frames heard, as a story: "text hi;close 1000 bye;eof;". Whole frames only; they are taken. */
static inline const char *raw_frames(struct raw *r)
{
    static struct story s;
    s.len = 0, s.text[0] = 0;
    raw_read(r);
    const uint8_t *p = (const uint8_t *)r->got;
    size_t left = r->len;
    while (left >= 2) {
        size_t head = 2, len = p[1] & 0x7f;
        assert_int_equal(p[1] & 0x80, 0); /* a server does not mask */
        if (len == 126 && left < 4) break;
        if (len == 126) head = 4, len = (size_t)p[2] << 8 | p[3];
        if (p[1] == 127) {
            if (left < 10) break;
            head = 10, len = 0;
            for (int i = 2; i < 10; i++) len = len << 8 | p[i];
        }
        if (left - head < len) break;
        tell_frame(&s, p[0], p + head, len);
        p += head + len;
        left -= head + len;
    }
    memmove(r->got, p, left);
    r->len = left;
    if (r->eof) tell(&s, "eof;");
    if (r->error) tell(&s, "error %d;", r->error);
    return s.text;
}

#endif
