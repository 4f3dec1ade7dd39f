/* SPDX-License-Identifier: MIT
 *
 * examples/handshake_only.c - an echo server whose every byte you move: plain sockets, and libweft-core
 *
 *      handshake_only [PORT]           on 127.0.0.1; 0, or none: the kernel chooses
 *
 * It has one client at a time, and blocks: in yours there are threads, coroutines, or a loop. All that weft knows is
 * a span of bytes that have come.
 *
 *      bytes --> weft_head_parse --> weft_handshake_check, weft_origin_check --> 101, or a refusal
 *            --> weft_session_read --> events --> weft_session_send
 *      bytes <-- weft_session_output
 *
 * What came behind the head are frames already; so the same span goes on to the session.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/handshake.h>

enum { ROOM = 32768, FIELDS = 64 }; /* a head longer than its limit, 16 KiB, is refused before */

struct client {
    int fd;
    uint8_t bytes[ROOM];
    weft_span in; /* of bytes: those that have come, and nobody has used */
};

/* More bytes behind those that are there: 1; 0: the client has left. */
static int receive(struct client *c)
{
    if (c->in.len) memmove(c->bytes, c->in.data, c->in.len);
    c->in.data = c->bytes;
    ssize_t n = recv(c->fd, c->bytes + c->in.len, ROOM - c->in.len, 0);
    if (n <= 0) return 0;
    c->in.len += (size_t)n;
    return 1;
}

static int send_all(int fd, const char *text, int len)
{
    for (ssize_t n; len > 0; text += n, len -= (int)n)
        if ((n = send(fd, text, (size_t)len, 0)) <= 0) return -1;
    return 0;
}

/* ---- the opening handshake ------------------------------------------------------------------- */

static void refuse(struct client *c, int status, const char *why)
{
    char text[1024];
    const weft_field *more;
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d Refused\r\nConnection: close\r\n", status);
    for (size_t n = weft_handshake_refusal_fields(status, &more); n > 0; n--, more++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%.*s: %.*s\r\n",
                        (int)more->name.len, (const char *)more->name.data, (int)more->value.len,
                        (const char *)more->value.data);
    len += snprintf(text + len, sizeof text - (size_t)len,
                    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s\n", strlen(why) + 1,
                    why);
    send_all(c->fd, text, len);
}

static int accept_upgrade(struct client *c, const weft_handshake *answer)
{
    char text[256];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       answer->accept);
    return send_all(c->fd, text, len);
}

static int handshake(struct client *c)
{
    weft_field fields[FIELDS];
    weft_request_head head;
    weft_handshake answer;
    weft_bytes origin;
    int r;
    while ((r = weft_head_parse(&c->in, NULL, fields, FIELDS, &head, &answer)) == 0)
        if (!receive(c)) return -1;
    if (r == 1) weft_handshake_check(&head, NULL, &answer);
    if (answer.status != 101) {
        refuse(c, answer.status, answer.why);
        return -1;
    }
    if (!weft_origin_check(&head, NULL, false, true, &origin)) {
        refuse(c, 403, "pages of this origin may not open a WebSocket here");
        return -1;
    }
    return accept_upgrade(c, &answer);
}

/* ---- the conversation ------------------------------------------------------------------------ */

static int flush(struct client *c, weft_session *s)
{
    struct iovec iov[8];
    for (int n; (n = weft_session_output(s, iov, 8)) > 0;) {
        struct msghdr all = {.msg_iov = iov, .msg_iovlen = (size_t)n};
        ssize_t gone = sendmsg(c->fd, &all, MSG_NOSIGNAL); /* the peer may be gone */
        if (gone <= 0) return -1;
        weft_session_sent(s, (size_t)gone);
    }
    return 0;
}

/* What is there becomes messages, and each goes back. Negative: it is over. */
static int echo(struct client *c, weft_session *s)
{
    weft_event ev;
    int r;
    while ((r = weft_session_read(s, &c->in, &ev)) > 0)
        if (ev.kind == WEFT_EV_MESSAGE && weft_session_send(s, ev.opcode, ev.data, ev.len) < 0)
            weft_session_close(s, WEFT_CLOSE_INTERNAL_ERROR, NULL, 0);
    return flush(c, s) < 0 ? -1 : r;
}

static void converse(struct client *c)
{
    weft_session *s;
    if (weft_session_new(&s, WEFT_SERVER, NULL) < 0) return;
    while (echo(c, s) == 0 && !weft_session_closed(s) && receive(c)) continue;
    weft_session_free(s);
}

static void serve(int listener)
{
    static struct client c;
    c.fd = accept(listener, NULL, NULL);
    c.in = (weft_span){c.bytes, 0};
    if (c.fd < 0) return;
    if (handshake(&c) == 0) converse(&c);
    shutdown(c.fd, SHUT_WR); /* what we said last is read before the end */
    while (c.in.len = 0, receive(&c)) continue;
    close(c.fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0) {
        perror("handshake_only");
        return 1;
    }
    printf("ws://127.0.0.1:%d/\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) serve(fd);
}
