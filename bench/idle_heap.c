/* SPDX-License-Identifier: MIT
 *
 * bench/idle_heap.c - the heap that an idle WebSocket holds in the library
 *
 *      idle_heap [CONNECTIONS]         10,000 unless said otherwise
 *
 * A server whose env counts every byte it asks for, and a second process that opens the connections and
 * then says nothing. What bench/idle.py measures from outside (resident memory) is this and the holes
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

static void open_one(const struct sockaddr_in *to)
{
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    char reply[512];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 ||
        write(fd, request, sizeof request - 1) < 0 || read(fd, reply, sizeof reply) < 12 ||
        memcmp(reply, "HTTP/1.1 101", 12) != 0) {
        perror("idle_heap: a connection failed");
        exit(1);
    }
}

/* The other process: opens n connections, says so, and waits until it is told to go. */
static void clients(uint16_t port, long n, int ready)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (long i = 0; i < n; i++) open_one(&to);
    (void)!write(ready, "", 1);
    pause();
}

static void on_ready(weft_watch *w, unsigned events, void *user)
{
    (void)w, (void)events;
    weft_loop_stop(user);
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 10000;
    static const weft_handler handler;
    weft_env env = {.size = sizeof env, .realloc = count};
    weft_loop_config config = {.size = sizeof config, .env = &env};
    weft_loop *loop;
    weft_server *server;
    weft_watch *watch;
    char address[64];
    int ready[2];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (n < 1 || pipe(ready) < 0 || weft_loop_new(&loop, &config) < 0 ||
        weft_server_new(&server, loop, NULL) < 0 ||
        weft_server_route(server, "/", &handler, NULL) < 0 ||
        weft_server_listen(server, "127.0.0.1:0") < 0 ||
        weft_watch_new(&watch, loop, ready[0], WEFT_READABLE, on_ready, loop) < 0)
        return 1;
    weft_server_address(server, 0, address, sizeof address);
    size_t before = in_use;
    pid_t pid = fork();
    if (pid == 0) clients((uint16_t)atoi(strchr(address, ':') + 1), n, ready[1]);
    weft_loop_run(loop);
    printf("%ld idle connections: %.0f bytes of heap each, malloc's headers included\n", n,
           (double)(in_use - before) / (double)n);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    weft_watch_free(watch);
    weft_server_free(server);
    weft_loop_free(loop);
    return in_use != 0;
}
