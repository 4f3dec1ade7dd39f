/* SPDX-License-Identifier: MIT
 *
 * bench/idle_heap.c - the heap that an idle WebSocket holds in the library
 *
 *      idle_heap [CONNECTIONS]         10,000 unless said otherwise
 *
 * A second process opens the connections, exchanges a message on each, and then says nothing. Without compression,
 * with it, and with context takeover, where both windows have been filled. What bench/idle.py measures from outside
 * (resident memory) is this and the holes and headers of malloc.
 */
#include "heap.h"

/* ---- the other process ----------------------------------------------------------------------- */

enum { MESSAGE = 5000 /* longer than the windows of takeover */ };

static void request(char *to, size_t room, const weft_deflate *d)
{
    char offer[WEFT_DEFLATE_TEXT] = "x-none";
    if (d) weft_deflate_offer(d, offer);
    snprintf(to, room,
             "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Extensions: %s\r\n\r\n",
             offer);
}

/* The first message of a client that agreed on d, compressed; the same for all. */
static size_t first_message(uint8_t *to, const weft_deflate *d)
{
    static char text[MESSAGE];
    weft_session_config config = {.deflate = d};
    uint8_t bits = d && d->takeover ? 12 : 15;
    weft_deflate_params p = {d != NULL, d && !d->takeover, d && !d->takeover, bits, bits};
    weft_session_profile *profile;
    weft_session *s = NULL;
    struct iovec iov;
    for (unsigned i = 0; i < MESSAGE; i++) text[i] = (char)('0' + i * i / 7 % 10);
    if (weft_session_profile_new(&profile, &config) < 0 ||
        weft_session_new(&s, WEFT_CLIENT, profile) < 0)
        heap_fail("idle_heap: no session");
    weft_session_profile_unref(profile);
    weft_session_set_deflate(s, &p);
    if (weft_session_send(s, WEFT_TEXT, text, MESSAGE) < 0 || weft_session_output(s, &iov, 1) != 1)
        heap_fail("idle_heap: no message");
    memcpy(to, iov.iov_base, iov.iov_len);
    size_t n = iov.iov_len;
    weft_session_free(s);
    return n;
}

/* Opens one, and reads the echo of a message. */
static void open_one(const struct sockaddr_in *to, const weft_deflate *d)
{
    static uint8_t message[MESSAGE + 100], reply[MESSAGE + 100];
    static size_t n;
    char text[600];
    request(text, sizeof text, d);
    if (!n) n = first_message(message, d);
    int fd = heap_ask(to, text, "HTTP/1.1 101");
    if (write(fd, message, n) < 0 || recv(fd, reply, n - 4, MSG_WAITALL) < (ssize_t)n - 4)
        heap_fail("idle_heap: a message failed");
}

struct wish {
    long n;
    const weft_deflate *deflate;
};

/* Opens one, then n, says so each time, and waits until it is told to go. */
static void clients(const struct sockaddr_in *to, int say, void *user)
{
    const struct wish *wish = user;
    open_one(to, wish->deflate);
    heap_say(say);
    for (long i = 0; i < wish->n; i++) open_one(to, wish->deflate);
    heap_say(say);
    pause();
}

/* ---- the server ------------------------------------------------------------------------------ */

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
}

/* Bytes for each of n connections, or -1. */
static double measure(long n, const weft_deflate *d)
{
    weft_handler handler = {.on_message = on_message, .deflate = d};
    struct wish wish = {n, d};
    struct heap h;
    heap_begin(&h);
    if (weft_server_route(h.server, "/", &handler, NULL) < 0) return -1;
    heap_clients(&h, clients, &wish);
    if (heap_await(&h) == EOF) return -1;
    size_t before = in_use; /* with what is made once */
    if (heap_await(&h) == EOF) return -1;
    double each = (double)(in_use - before) / (double)n;
    return heap_end(&h) ? each : -1;
}

int main(int argc, char **argv)
{
    static const weft_deflate shared, takeover = {.takeover = true};
    static const struct {
        const char *name;
        const weft_deflate *deflate;
    } modes[] = {{"off", NULL}, {"shared", &shared}, {"takeover", &takeover}};
    long n = argc > 1 ? atol(argv[1]) : 10000;
    if (n < 1 || n > heap_most()) return 1;
    printf("%ld idle connections after a message each, bytes of heap, malloc's headers included:\n",
           n);
    for (int i = 0; i < 3; i++) {
        double each = measure(n, modes[i].deflate);
        if (each < 0) return 1;
        printf("  compression %-9s %6.0f\n", modes[i].name, each);
        fflush(stdout);
    }
    return 0;
}
