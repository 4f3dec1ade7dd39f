/* SPDX-License-Identifier: MIT
 *
 * fuzz/scripted.h - a machine in memory: its clock, its allocator, and a network whose peers follow a script
 *
 *      peer's input  --> recv          what was put there; then EAGAIN, end of stream or an error
 *      peer's output <-- send, sendmsg as far as its window is open
 *      epoll_wait    --> what has become so since it was said last, when EPOLLET asks for that; never waits
 *
 * It is for loops with WEFT_BATCH_EACH: a ring would send past it.
 *
 * Descriptors are real ones (of /dev/null), because they are closed directly; what is known about one is
 * forgotten when the kernel gives its number again.
 */
#ifndef FUZZ_SCRIPTED_H
#define FUZZ_SCRIPTED_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/loop.h"
#include "io/sys.h"
#include "ws/case_bytes.h"

enum { PEERS = 4, DESCRIPTORS = 128, OUTPUT_KEPT = 1 << 17 };

struct peer {
    bool calling; /* waits to be accepted */
    int fd;       /* -1: not connected */
    struct bytes input;
    size_t at; /* of input, what was received */
    bool ended;
    int error;     /* errno of the next recv and send; 0: none */
    size_t window; /* bytes that can still be sent */
    struct bytes output;
    bool cut; /* output is more than was kept, or not whole */
};

struct registration {
    uint32_t events; /* 0: none */
    uint32_t told;   /* what has been said, and is so still */
    epoll_data_t data;
};

static struct network {
    int null, listener;
    struct peer peers[PEERS];
    struct registration registered[DESCRIPTORS];
    int fault; /* errno of the next call that can fail; 0: none */
} net;

/* ---- memory, time, randomness ---------------------------------------------------------------- */

static struct machine {
    weft_env env;
    struct sys sys; /* may be changed before its loop is made */
    weft_loop *loop;
    uint64_t now_us, random;
    unsigned fail_in; /* allocations until one fails; 0: none does */
    long live;        /* blocks not yet freed */
} machine;

static inline void *machine_realloc(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (!size) {
        machine.live -= p != NULL;
        free(p);
        return NULL;
    }
    if (machine.fail_in && --machine.fail_in == 0) return NULL;
    void *q = realloc(p, size);
    machine.live += !p && q;
    return q;
}

static inline uint64_t machine_now(void *ctx)
{
    (void)ctx;
    return machine.now_us;
}

static inline int machine_random(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    uint8_t *to = buf;
    for (size_t i = 0; i < len; i++) {
        machine.random = machine.random * 6364136223846793005 + 1442695040888963407;
        to[i] = (uint8_t)(machine.random >> 56);
    }
    return 0;
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static inline int fails(void)
{
    errno = net.fault;
    net.fault = 0;
    return errno ? -1 : 0;
}

static inline int new_fd(void)
{
    int fd = fcntl(net.null, F_DUPFD_CLOEXEC, 0);
    check(fd >= 0 && fd < DESCRIPTORS);
    net.registered[fd].events = 0;
    for (size_t i = 0; i < PEERS; i++)
        if (net.peers[i].fd == fd) net.peers[i].fd = -1;
    return fd;
}

static inline struct peer *peer_of(int fd)
{
    for (size_t i = 0; i < PEERS; i++)
        if (net.peers[i].fd == fd) return &net.peers[i];
    return NULL;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static inline int net_socket(int domain, int type, int protocol)
{
    (void)domain, (void)type, (void)protocol;
    return net.listener = new_fd();
}

static inline int net_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)fd, (void)addr, (void)len;
    return 0;
}

static inline int net_listen(int fd, int backlog)
{
    (void)fd, (void)backlog;
    return 0;
}

static inline int net_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    (void)fd, (void)flags;
    if (fails() < 0) return -1;
    for (size_t i = 0; i < PEERS; i++) {
        struct peer *p = &net.peers[i];
        if (!p->calling) continue;
        p->calling = false;
        p->fd = new_fd();
        memset(addr, 0, *len);
        addr->sa_family = AF_INET;
        *len = 16;
        return p->fd;
    }
    errno = EAGAIN;
    return -1;
}

static inline ssize_t net_recv(int fd, void *data, size_t len, int flags)
{
    (void)flags;
    struct peer *p = peer_of(fd);
    check(p != NULL && len > 0);
    if (fails() < 0) return -1;
    if (p->error) return errno = p->error, -1;
    size_t n = p->input.len - p->at < len ? p->input.len - p->at : len;
    if (n) memcpy(data, p->input.data + p->at, n);
    p->at += n;
    if (p->at == p->input.len) net.registered[fd].told &= ~(uint32_t)EPOLLIN;
    if (n || p->ended) return (ssize_t)n;
    errno = EAGAIN;
    return -1;
}

static inline ssize_t net_send(int fd, const void *data, size_t len, int flags)
{
    (void)flags;
    struct peer *p = peer_of(fd);
    check(p != NULL && len > 0);
    if (fails() < 0) return -1;
    if (p->error) return errno = p->error, -1;
    if (!p->window) return errno = EAGAIN, -1;
    size_t n = len < p->window ? len : p->window;
    p->window -= n;
    if (!p->window) net.registered[fd].told &= ~(uint32_t)EPOLLOUT;
    if (p->output.len < OUTPUT_KEPT) bytes_add(&p->output, data, n);
    else p->cut = true;
    return (ssize_t)n;
}

static inline ssize_t net_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    size_t total = 0;
    for (size_t i = 0; i < msg->msg_iovlen; i++) {
        ssize_t n = net_send(fd, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len, flags);
        if (n < 0) return total ? (ssize_t)total : -1;
        total += (size_t)n;
        if ((size_t)n < msg->msg_iov[i].iov_len) break;
    }
    return (ssize_t)total;
}

static inline int net_shutdown(int fd, int how)
{
    check(peer_of(fd) && how == SHUT_WR);
    return 0;
}

static inline int net_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    (void)level, (void)name;
    const struct peer *p = peer_of(fd);
    memset(value, 0, *len);
    if (p) memcpy(value, &p->error, sizeof p->error);
    return 0;
}

static inline int net_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)fd, (void)level, (void)name, (void)value, (void)len;
    return 0;
}

static inline int net_name(int fd, struct sockaddr *addr, socklen_t *len)
{
    (void)fd;
    memset(addr, 0, *len);
    addr->sa_family = AF_INET;
    *len = 16;
    return 0;
}

/* ---- epoll ----------------------------------------------------------------------------------- */

static inline int net_epoll_create1(int flags)
{
    (void)flags;
    return new_fd();
}

static inline int net_eventfd(unsigned start, int flags)
{
    (void)start, (void)flags;
    return new_fd();
}

static inline int net_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    (void)epfd;
    check(fd >= 0 && fd < DESCRIPTORS);
    if (op == EPOLL_CTL_ADD && fails() < 0) return -1;
    net.registered[fd].events = op == EPOLL_CTL_DEL ? 0 : event->events;
    net.registered[fd].told = 0;
    net.registered[fd].data = event->data;
    return 0;
}

static inline bool anybody_calls(void)
{
    for (size_t i = 0; i < PEERS; i++)
        if (net.peers[i].calling) return true;
    return false;
}

static inline uint32_t state_of(int fd)
{
    if (fd == net.listener) return anybody_calls() ? EPOLLIN : 0;
    const struct peer *p = peer_of(fd);
    if (!p) return 0;
    if (p->error) return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP;
    bool readable = p->at < p->input.len || p->ended;
    return (readable ? EPOLLIN : 0u) | (p->ended ? EPOLLRDHUP : 0u) | (p->window ? EPOLLOUT : 0u);
}

static inline int net_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    (void)epfd, (void)timeout_ms;
    int n = 0;
    for (int fd = 0; fd < DESCRIPTORS && n < max; fd++) {
        struct registration *r = &net.registered[fd];
        uint32_t ready = r->events ? state_of(fd) & (r->events | EPOLLERR | EPOLLHUP) : 0;
        if (r->events & (uint32_t)EPOLLET && !(ready & ~r->told)) continue;
        if (!ready) continue;
        r->told |= ready;
        events[n++] = (struct epoll_event){.events = ready, .data = r->data};
    }
    return n;
}

static inline struct sys scripted_sys(void)
{
    struct sys sys = sys_real;
    sys.socket = net_socket;
    sys.bind = net_bind;
    sys.listen = net_listen;
    sys.accept4 = net_accept4;
    sys.recv = net_recv;
    sys.send = net_send;
    sys.sendmsg = net_sendmsg;
    sys.shutdown = net_shutdown;
    sys.getsockopt = net_getsockopt;
    sys.setsockopt = net_setsockopt;
    sys.getsockname = net_name;
    sys.getpeername = net_name;
    sys.epoll_create1 = net_epoll_create1;
    sys.eventfd = net_eventfd;
    sys.epoll_ctl = net_epoll_ctl;
    sys.epoll_wait = net_epoll_wait;
    return sys;
}

/* ---- life ------------------------------------------------------------------------------------ */

static inline void machine_begin(void)
{
    if (!net.null) net.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int null = net.null;
    net = (struct network){.null = null, .listener = -1};
    for (size_t i = 0; i < PEERS; i++) net.peers[i] = (struct peer){.fd = -1, .window = SIZE_MAX};
    machine = (struct machine){
        .env = {.realloc = machine_realloc, .now_us = machine_now, .random = machine_random},
        .sys = scripted_sys(),
        .now_us = 1000000000,
        .random = 1};
}

static inline void machine_make_loop(void)
{
    weft_loop_config cfg = {.env = &machine.env, .batch = WEFT_BATCH_EACH};
    check(loop_new_with_sys(&machine.loop, &cfg, &machine.sys) == 0);
}

static inline void machine_turn(void)
{
    check(weft_loop_turn(machine.loop, 0) == 0);
}

/* From now on nothing fails. */
static inline void machine_heal(void)
{
    net.fault = 0;
    machine.fail_in = 0;
}

/* What is under way is done. */
static inline void machine_settle(void)
{
    enum { LAST_TURNS = 8 };
    for (int i = 0; i < LAST_TURNS; i++) machine_turn();
}

static inline void machine_end(void)
{
    weft_loop_free(machine.loop);
    check(machine.live == 0);
    for (size_t i = 0; i < PEERS; i++) {
        bytes_free(&net.peers[i].input);
        bytes_free(&net.peers[i].output);
    }
}

#endif
