/* SPDX-License-Identifier: MIT
 *
 * examples/session_only.c - the protocol without weft's loop: both ends of a conversation
 *
 *      session_only                    ends by itself
 *
 * For programs that bring their own sockets. A session does no I/O: here a socketpair carries its bytes,
 * in yours it may be TLS, a serial line or another library's loop. Two functions are all the glue:
 *
 *      flush()     what the session wants to say -> the socket
 *      fill()      the socket -> what the session makes of it: events
 *
 * The opening handshake comes before a session; weft/handshake.h has it, without I/O too.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/session.h>

struct end {
    const char *name;
    int fd;
    weft_session *session;
    void (*on_message)(struct end *e, const weft_event *ev);
};

/* The client asks once more, then says goodbye. */
static void client_hears(struct end *e, const weft_event *ev)
{
    static const char *const more[] = {"and again", NULL};
    static size_t next;
    (void)ev;
    if (more[next]) {
        weft_session_send(e->session, WEFT_TEXT, more[next], strlen(more[next]));
        next++;
    } else {
        weft_session_close(e->session, WEFT_CLOSE_NORMAL, "goodbye", 7);
    }
}

/* The server shouts back what it hears. */
static void server_hears(struct end *e, const weft_event *ev)
{
    char loud[64];
    size_t len = ev->len < sizeof loud ? ev->len : sizeof loud;
    for (size_t i = 0; i < len; i++) loud[i] = (char)toupper(ev->data[i]);
    weft_session_send(e->session, WEFT_TEXT, loud, len);
}

static void on_event(struct end *e, const weft_event *ev)
{
    static const char *const kinds[] = {"message", "chunk", "ping", "pong", "close"};
    printf("%s: %s \"%.*s\"\n", e->name, kinds[ev->kind], (int)ev->len, (const char *)ev->data);
    if (ev->kind == WEFT_EV_MESSAGE) e->on_message(e, ev);
}

static void flush(struct end *e)
{
    struct iovec iov[8];
    for (int n; (n = weft_session_output(e->session, iov, 8)) > 0;) {
        struct msghdr all = {.msg_iov = iov, .msg_iovlen = (size_t)n};
        ssize_t gone = sendmsg(e->fd, &all, MSG_NOSIGNAL); /* the peer may be gone */
        if (gone <= 0) return;
        weft_session_sent(e->session, (size_t)gone);
    }
}

static int fill(struct end *e)
{
    uint8_t buffer[4096];
    ssize_t n = recv(e->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) return 0;

    weft_span in = {buffer, (size_t)n};
    weft_event ev;
    int more;
    while ((more = weft_session_read(e->session, &in, &ev)) > 0) on_event(e, &ev);
    if (more < 0) fprintf(stderr, "%s: %s\n", e->name, weft_session_cause(e->session));
    return more;
}

int main(void)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) return 1;
    struct end client = {.name = "client", .fd = fds[0], .on_message = client_hears};
    struct end server = {.name = "server", .fd = fds[1], .on_message = server_hears};
    if (weft_session_new(&client.session, WEFT_CLIENT, NULL) < 0 ||
        weft_session_new(&server.session, WEFT_SERVER, NULL) < 0)
        return 1;

    int error = 0;
    weft_session_send(client.session, WEFT_PING, "there?", 6);
    weft_session_send(client.session, WEFT_TEXT, "hello", 5);
    while (error == 0 &&
           !(weft_session_closed(client.session) && weft_session_closed(server.session))) {
        flush(&client);
        error = fill(&server);
        flush(&server);
        if (error == 0) error = fill(&client);
    }
    weft_session_free(client.session);
    weft_session_free(server.session);
    return error < 0;
}
