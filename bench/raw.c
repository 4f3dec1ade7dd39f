/* SPDX-License-Identifier: MIT
 *
 * bench/raw.c - the floor: what an echo costs a server that does no WebSocket work
 *
 *      raw SIZE            prints its address; until it is killed
 *
 * It answers the opening handshake as a client demands it. After that it parses nothing: it knows that every
 * message has SIZE bytes, so for each masked frame's worth of bytes that has come it sends one unmasked frame
 * of zeros, from a static buffer (weft bench --no-verify). epoll, one recv and one send a turn and connection.
 *
 *      bytes in -> count -> whole frames -> as many frames out
 *
 * On any path but /echo one member speaks and all hear it. There the payload is unmasked and passed on, once
 * for all, because the generator reads the time in it; what came in one recv leaves in one send for each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

enum {
    CONNECTIONS = 65536,
    EVENTS = 1024,
    ROOM = 512 << 10,
    HEAD_MAX = 2048,
    CLIENT_HEAD_MAX = 14
};

enum phase { HANDSHAKE, ECHO, MEMBER };

struct conn {
    enum phase phase;
    bool waits; /* for EPOLLOUT */
    size_t have, owed;
};

static struct conn conns[CONNECTIONS]; /* by descriptor */
static int members[CONNECTIONS];
static size_t n_members;
static int poller;

static size_t payload, client_frame, server_frame;
static size_t zeros_len; /* whole frames */
static uint8_t *zeros, *spoken, in[ROOM];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* The unmasked head of a binary message. */
static size_t put_head(uint8_t *to)
{
    size_t extra = payload < 126 ? 0 : payload < 65536 ? 2 : 8;
    to[0] = 0x82;
    to[1] = (uint8_t)(extra == 0 ? payload : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++) to[2 + i] = (uint8_t)(payload >> 8 * (extra - 1 - i));
    return 2 + extra;
}

static void prepare(size_t size)
{
    uint8_t head[CLIENT_HEAD_MAX];
    payload = size;
    server_frame = put_head(head) + payload;
    client_frame = server_frame + 4;
    size_t n = ROOM / server_frame + 1;
    zeros_len = n * server_frame;
    zeros = calloc(n, server_frame);
    spoken = calloc(ROOM / client_frame + 2, client_frame);
    if (!zeros || !spoken) die("memory");
    for (size_t i = 0; i < n; i++) put_head(zeros + i * server_frame);
}

/* ---- out ------------------------------------------------------------------------------------- */

static void watch(int fd, bool out)
{
    struct conn *c = &conns[fd];
    if (c->waits == out) return;
    c->waits = out;
    struct epoll_event e = {.events = EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_MOD, fd, &e);
}

/* What is owed always ends with a frame, so it begins where its end is the buffer's end. */
static void pay(int fd)
{
    struct conn *c = &conns[fd];
    while (c->owed) {
        size_t begun = c->owed % zeros_len, from = begun ? zeros_len - begun : 0;
        ssize_t n = send(fd, zeros + from, zeros_len - from, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) watch(fd, true);
            return;
        }
        c->owed -= (size_t)n;
    }
    watch(fd, false);
}

/* ---- in -------------------------------------------------------------------------------------- */

static void leave(int fd)
{
    for (size_t i = 0; i < n_members; i++)
        if (members[i] == fd) members[i] = members[--n_members];
    close(fd);
}

/* Into Sec-WebSocket-Accept (RFC 6455, 4.2.2). */
static void accept_key(const char *key, char *to)
{
    char text[24 + 36 + 1];
    uint8_t hash[SHA_DIGEST_LENGTH];
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((const uint8_t *)text, strlen(text), hash);
    EVP_EncodeBlock((uint8_t *)to, hash, sizeof hash);
}

static void upgrade(int fd, size_t len)
{
    char accept[32], reply[256];
    in[len < HEAD_MAX ? len : HEAD_MAX] = 0;
    const char *key = strcasestr((const char *)in, "\r\nSec-WebSocket-Key: ");
    if (!key || !strstr(key, "\r\n\r\n")) return leave(fd);
    accept_key(key + 21, accept);
    int n = snprintf(reply, sizeof reply,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    bool echoes = !memcmp(in, "GET /echo ", 10);
    conns[fd].phase = echoes ? ECHO : MEMBER;
    if (!echoes) members[n_members++] = fd;
    if (send(fd, reply, (size_t)n, MSG_NOSIGNAL) < n) leave(fd);
}

/* To all, what is whole of n bytes: in place, as a frame is shorter without its mask. */
static void say(size_t n)
{
    size_t frames = n / client_frame, head = server_frame - payload;
    for (size_t i = 0; i < frames; i++) {
        const uint8_t *mask = spoken + i * client_frame + head;
        uint8_t key[4], *to = spoken + i * server_frame;
        memcpy(key, mask, 4);
        put_head(to);
        for (size_t k = 0; k < payload; k++) to[head + k] = mask[4 + k] ^ key[k % 4];
    }
    for (size_t i = 0; frames && i < n_members; i++) {
        ssize_t sent = send(members[i], spoken, frames * server_frame, MSG_NOSIGNAL);
        if (sent < (ssize_t)(frames * server_frame)) die("a subscriber is too slow");
    }
}

static void hear(struct conn *c, size_t len)
{
    memcpy(spoken + c->have, in, len);
    c->have += len;
    size_t rest = c->have % client_frame;
    uint8_t *from = spoken + c->have - rest;
    uint8_t kept[CLIENT_HEAD_MAX + 4096];
    if (rest > sizeof kept) die("what is said is too long");
    memcpy(kept, from, rest);
    say(c->have - rest);
    memcpy(spoken, kept, rest);
    c->have = rest;
}

static void take(int fd)
{
    struct conn *c = &conns[fd];
    size_t room = c->phase == HANDSHAKE ? HEAD_MAX : ROOM;
    ssize_t n = recv(fd, in, room, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return leave(fd);
    if (c->phase == HANDSHAKE) return upgrade(fd, (size_t)n);
    if (c->phase == MEMBER) return hear(c, (size_t)n);
    c->have += (size_t)n;
    c->owed += c->have / client_frame * server_frame;
    c->have %= client_frame;
    pay(fd);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void welcome(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= CONNECTIONS) die("too many connections");
        conns[fd] = (struct conn){0};
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
    }
}

static int listener_new(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* who is accepted inherits it */
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 4096)) die("listen");
    getsockname(fd, (struct sockaddr *)&a, &len);
    printf("ws://127.0.0.1:%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    long size = argc == 2 ? atol(argv[1]) : 0;
    if (size < 1) return fprintf(stderr, "usage: raw SIZE\n"), 2;
    prepare((size_t)size);
    int listener = listener_new();
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) welcome(listener);
            else if (events[i].events & ~(uint32_t)EPOLLOUT) take(fd);
            else pay(fd);
        }
    }
}
