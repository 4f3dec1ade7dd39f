/* SPDX-License-Identifier: MIT
 *
 * bench/heap.h - a server whose env counts every byte it asks for, and a second process that has the clients
 *
 *      heap_begin      the server, not listening         the caller adds routes
 *      heap_clients    it listens, and the other process runs
 *      heap_await      turn until that process has said a byte
 *      heap_end        everything goes; whether nothing is left
 */
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

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

enum {
    HEADER = 8,   /* malloc's own, of each block */
    PORTS = 5000, /* of the clients of one address */
};

static size_t in_use;

static inline void *heap_count(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (p) in_use -= malloc_usable_size(p) + HEADER;
    if (!size) return free(p), NULL;
    p = realloc(p, size);
    if (p) in_use += malloc_usable_size(p) + HEADER;
    return p;
}

static inline void heap_fail(const char *what)
{
    perror(what);
    exit(1);
}

/* How many connections there may be; some descriptors are for other things. */
static inline long heap_most(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max > 1000000 ? 1000000 : (long)limit.rlim_max - 128;
}

/* ---- the server ------------------------------------------------------------------------------ */

struct heap {
    weft_env env;
    weft_loop *loop;
    weft_server *server;
    weft_watch *watch;
    int said[2]; /* by the other process */
    int last;    /* what it said; EOF: it is gone */
    pid_t pid;
};

static inline void heap_on_said(weft_watch *w, unsigned events, void *user)
{
    struct heap *h = user;
    char byte;
    (void)w, (void)events;
    h->last = read(h->said[0], &byte, 1) == 1 ? byte : EOF;
    weft_loop_stop(h->loop);
}

static inline void heap_begin(struct heap *h)
{
    *h = (struct heap){.env = {.realloc = heap_count}};
    weft_loop_config config = {.env = &h->env};
    if (pipe(h->said) < 0 || weft_loop_new(&h->loop, &config) < 0 ||
        weft_server_new(&h->server, h->loop, NULL) < 0 ||
        weft_watch_new(&h->watch, h->loop, h->said[0], WEFT_READABLE, heap_on_said, h) < 0)
        heap_fail("no server");
}

/* clients has the address of the server and where to say that it is ready. */
static inline void heap_clients(struct heap *h,
                                void (*clients)(const struct sockaddr_in *to, int say, void *user),
                                void *user)
{
    char address[64];
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (weft_server_listen(h->server, "127.0.0.1:0", NULL) < 0)
        heap_fail("the server does not listen");
    weft_server_address(h->server, 0, address, sizeof address);
    to.sin_port = htons((uint16_t)atoi(strchr(address, ':') + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->pid = fork();
    if (h->pid) {
        close(h->said[1]);
        return;
    }
    clients(&to, h->said[1], user);
    _exit(0);
}

static inline int heap_await(struct heap *h)
{
    weft_loop_run(h->loop);
    return h->last;
}

static inline bool heap_end(struct heap *h)
{
    kill(h->pid, SIGTERM);
    waitpid(h->pid, NULL, 0);
    weft_watch_free(h->watch);
    weft_server_free(h->server);
    weft_loop_free(h->loop);
    close(h->said[0]);
    return !in_use;
}

/* ---- the other process ----------------------------------------------------------------------- */

/* Ports are soon scarce from one address; the system has many that are its own. */
static inline int heap_socket(void)
{
    static unsigned made;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + made++ / PORTS);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int)) < 0 ||
        bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
        heap_fail("no socket");
    return fd;
}

/* A connection that has sent this request, and has had so much of an answer: its descriptor. */
static inline int heap_ask(const struct sockaddr_in *to, const char *request, const char *answer)
{
    char got[1024];
    size_t len = 0;
    int fd = heap_socket();
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 ||
        write(fd, request, strlen(request)) < 0)
        heap_fail("a connection failed");
    while (len < 4 || memcmp(got + len - 4, "\r\n\r\n", 4) != 0)
        if (len == sizeof got || read(fd, got + len++, 1) != 1) heap_fail("a connection failed");
    if (memcmp(got, answer, strlen(answer)) != 0) heap_fail("a connection was refused");
    return fd;
}

static inline void heap_say(int say)
{
    if (write(say, "+", 1) != 1) heap_fail("nobody listens");
}

#endif
