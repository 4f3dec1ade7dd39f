/* SPDX-License-Identifier: MIT
 *
 * bench/idle_heap.c - the heap that an idle WebSocket holds in the library
 *
 *      idle_heap [CONNECTIONS]         10,000 unless said otherwise
 *
 * A server whose env counts every byte it asks for, and a second process that opens the connections,
 * exchanges a message on each, and then says nothing. Without compression, with it, and with context
 * takeover, where both windows have been filled. What bench/idle.py measures from outside (resident memory) is this and the holes
 * and headers of malloc.
 */
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/weft.h>

enum { HEADER = 8 /* malloc's own, of each block */ };

static size_t in_use;

static void *count(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (p) in_use -= malloc_usable_size(p) + HEADER;
    if (!size) return free(p), NULL;
    p = realloc(p, size);
    if (p) in_use += malloc_usable_size(p) + HEADER;
    return p;
}

/* ---- the other process ----------------------------------------------------------------------- */

enum { MESSAGE = 5000 /* longer than the windows of takeover */ };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static size_t request(char *to, size_t room, const weft_deflate *d)
{
    char offer[WEFT_DEFLATE_TEXT] = "x-none";
    if (d) weft_deflate_offer(d, offer);
    return (size_t)snprintf(
        to, room,
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
        fail("idle_heap: no session");
    weft_session_profile_unref(profile);
    weft_session_set_deflate(s, &p);
    if (weft_session_send(s, WEFT_TEXT, text, MESSAGE) < 0 || weft_session_output(s, &iov, 1) != 1)
        fail("idle_heap: no message");
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
    size_t len = request(text, sizeof text, d);
    if (!n) n = first_message(message, d);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 ||
        write(fd, text, len) < 0 || read(fd, reply, sizeof reply) < 12 ||
        memcmp(reply, "HTTP/1.1 101", 12) != 0)
        fail("idle_heap: a connection failed");
    if (write(fd, message, n) < 0 || recv(fd, reply, n - 4, MSG_WAITALL) < (ssize_t)n - 4)
        fail("idle_heap: a message failed");
}

/* Opens one, then n, says so each time, and waits until it is told to go. */
static void clients(uint16_t port, long n, int ready, const weft_deflate *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_one(&to, d);
    (void)!write(ready, "", 1);
    for (long i = 0; i < n; i++) open_one(&to, d);
    (void)!write(ready, "", 1);
    pause();
}

/* ---- the server ------------------------------------------------------------------------------ */

static int ready[2];

static void on_ready(weft_watch *w, unsigned events, void *user)
{
    char byte;
    (void)w, (void)events;
    (void)!read(ready[0], &byte, 1);
    weft_loop_stop(user);
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    (void)weft_send(c, op, data, len);
}

/* Bytes for each of n connections, or -1. */
static double measure(long n, const weft_deflate *d)
{
    weft_handler handler = {.on_message = on_message, .deflate = d};
    weft_env env = {.realloc = count};
    weft_loop_config config = {.env = &env};
    weft_loop *loop;
    weft_server *server;
    weft_watch *watch;
    char address[64];
    if (pipe(ready) < 0 || weft_loop_new(&loop, &config) < 0 ||
        weft_server_new(&server, loop, NULL) < 0 ||
        weft_server_route(server, "/", &handler, NULL) < 0 ||
        weft_server_listen(server, "127.0.0.1:0") < 0 ||
        weft_watch_new(&watch, loop, ready[0], WEFT_READABLE, on_ready, loop) < 0)
        return -1;
    weft_server_address(server, 0, address, sizeof address);
    pid_t pid = fork();
    if (pid == 0) clients((uint16_t)atoi(strchr(address, ':') + 1), n, ready[1], d);
    weft_loop_run(loop);
    size_t before = in_use; /* with what is made once */
    weft_loop_run(loop);
    double each = (double)(in_use - before) / (double)n;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    weft_watch_free(watch);
    weft_server_free(server);
    weft_loop_free(loop);
    close(ready[0]);
    close(ready[1]);
    return in_use ? -1 : each;
}

int main(int argc, char **argv)
{
    static const weft_deflate shared, takeover = {.takeover = true};
    static const struct {
        const char *name;
        const weft_deflate *deflate;
    } modes[] = {{"off", NULL}, {"shared", &shared}, {"takeover", &takeover}};
    long n = argc > 1 ? atol(argv[1]) : 10000;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (n < 1) return 1;
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
