/* SPDX-License-Identifier: MIT
 *
 * io/sock.c - addresses and sockets
 */
#include "io/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"

enum { USER_TIMEOUT_MS = SOCK_PATIENCE, PROBES = 5 };

/* ---- from text ------------------------------------------------------------------------------- */

static void set_v4(struct sock_addr *out, struct in_addr ip, uint16_t port)
{
    *out = (struct sock_addr){.len = sizeof out->in};
    out->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = ip, .sin_port = htons(port)};
}

static void set_v6(struct sock_addr *out, struct in6_addr ip, uint16_t port)
{
    *out = (struct sock_addr){.len = sizeof out->in6};
    out->in6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = ip, .sin6_port = htons(port)};
}

int sock_numeric(struct sock_addr *out, const char *host, uint16_t port)
{
    struct in_addr v4 = {htonl(INADDR_LOOPBACK)};
    struct in6_addr v6;
    if (inet_pton(AF_INET6, host, &v6) == 1) set_v6(out, v6, port);
    else if (!strcasecmp(host, "localhost") || inet_pton(AF_INET, host, &v4) == 1)
        set_v4(out, v4, port);
    else return WEFT_ERR_RESOLVE;
    return 0;
}

int sock_unix(struct sock_addr *out, const char *path)
{
    size_t len = strlen(path);
    bool abstract = *path == '@';
    if (len <= abstract || len >= sizeof out->un.sun_path) return WEFT_ERR_ADDRESS;
    *out = (struct sock_addr){
        .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract),
        .un = {.sun_family = AF_UNIX},
    };
    memcpy(out->un.sun_path, path, len + 1);
    if (abstract) out->un.sun_path[0] = 0;
    return 0;
}

/* One to five digits, at most 65535. */
static bool parse_port(const char *text, uint16_t *out)
{
    unsigned port = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 5; n++)
        port = port * 10 + (unsigned)(text[n] - '0');
    *out = (uint16_t)port;
    return n > 0 && !text[n] && port <= UINT16_MAX;
}

/* The host is the text up to end, in brackets if and only if it has colons. */
static int parse_host(struct sock_addr *out, const char *text, const char *end, uint16_t port)
{
    char host[INET6_ADDRSTRLEN];
    bool brackets = *text == '[' && end[-1] == ']' && end - text > 2;
    size_t len = (size_t)(end - text) - (brackets ? 2 : 0);
    if (len >= sizeof host) return WEFT_ERR_ADDRESS;
    memcpy(host, text + brackets, len);
    host[len] = 0;
    if (brackets != (strchr(host, ':') != NULL)) return WEFT_ERR_ADDRESS;
    return sock_numeric(out, host, port) < 0 ? WEFT_ERR_ADDRESS : 0;
}

int sock_parse(struct sock_addr *out, const char *text)
{
    if (!strncmp(text, "unix:", 5)) return sock_unix(out, text + 5);
    const char *colon = strrchr(text, ':');
    uint16_t port;
    if (!colon || colon == text || !parse_port(colon + 1, &port)) return WEFT_ERR_ADDRESS;
    if (colon != text + 1 || *text != '*') return parse_host(out, text, colon, port);
    set_v6(out, in6addr_any, port);
    return 0;
}

/* ---- to text --------------------------------------------------------------------------------- */

/* The IPv4 address that an address is, or contains; or NULL. */
static const void *v4_of(const struct sock_addr *a)
{
    if (a->sa.sa_family == AF_INET) return &a->in.sin_addr;
    if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return &a->in6.sin6_addr.s6_addr[12];
    return NULL;
}

static uint16_t port_of(const struct sock_addr *a)
{
    return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

static void format_unix(const struct sock_addr *a, char text[SOCK_TEXT])
{
    size_t header = offsetof(struct sockaddr_un, sun_path);
    int len =
        a->len > header ? (int)(a->len - header) : 0; /* the kernel need not end it with NUL */
    bool abstract = len > 1 && !a->un.sun_path[0];
    snprintf(text, SOCK_TEXT, "unix:%s%.*s", abstract ? "@" : "", len - abstract,
             a->un.sun_path + abstract);
}

static void format_host(const struct sock_addr *a, char text[SOCK_TEXT])
{
    const void *v4 = v4_of(a);
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? v4 : &a->in6.sin6_addr, text, SOCK_TEXT);
}

static void format_inet(const struct sock_addr *a, char text[SOCK_TEXT])
{
    char ip[SOCK_TEXT];
    format_host(a, ip);
    snprintf(text, SOCK_TEXT, v4_of(a) ? "%.45s:%u" : "[%.45s]:%u", ip, (unsigned)port_of(a));
}

/* Cut to fit size. */
static int hand_out(const char *whole, char *text, size_t size)
{
    size_t len = strlen(whole);
    if (len >= size) len = size ? size - 1 : 0;
    copy(text, whole, len);
    if (size) text[len] = 0;
    return (int)len;
}

int sock_format(const struct sock_addr *a, char *text, size_t size)
{
    char whole[SOCK_TEXT];
    if (a->sa.sa_family == AF_UNIX) format_unix(a, whole);
    else format_inet(a, whole);
    return hand_out(whole, text, size);
}

int sock_host(const struct sock_addr *a, char *text, size_t size)
{
    char whole[SOCK_TEXT];
    if (a->sa.sa_family == AF_UNIX) format_unix(a, whole);
    else format_host(a, whole);
    return hand_out(whole, text, size);
}

int sock_who(const struct sock_addr *a, char *text, size_t size)
{
    bool has_port = a->sa.sa_family != AF_UNIX && port_of(a);
    return has_port ? sock_format(a, text, size) : sock_host(a, text, size);
}

bool sock_v4(const struct sock_addr *a, struct in_addr *out)
{
    const void *v4 = v4_of(a);
    if (v4) memcpy(out, v4, sizeof *out);
    return v4;
}

void sock_set_port(struct sock_addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET) a->in.sin_port = htons(port);
    else a->in6.sin6_port = htons(port);
}

bool sock_is_loopback(const struct sock_addr *a)
{
    const void *v4 = v4_of(a);
    if (v4) return *(const uint8_t *)v4 == 127;
    return a->sa.sa_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static int open_socket(const struct sys *sys, int family)
{
    int fd = sys->socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int close_for(int fd, int err)
{
    close(fd);
    return err;
}

static int set_flag(const struct sys *sys, int fd, int level, int name, int value)
{
    return sys->setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

/* TCP_NODELAY, and give up on a peer that acknowledges nothing for so long. Without them it works too. */
static void tune(const struct sys *sys, int fd)
{
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

/* A port that is given may still be waiting for stray segments of the connection before; one that is not is chosen when
 * it is known where to, so that each destination has all of them. */
static int bind_source(const struct sys *sys, int fd, const struct sock_addr *source)
{
    bool chosen = port_of(source) != 0;
    (void)set_flag(sys, fd, chosen ? SOL_SOCKET : IPPROTO_IP,
                   chosen ? SO_REUSEADDR : IP_BIND_ADDRESS_NO_PORT, 1);
    return sys->bind(fd, &source->sa, source->len) < 0 ? -errno : 0;
}

int sock_connect(const struct sys *sys, const struct sock_addr *a, const struct sock_addr *source)
{
    if (source && source->sa.sa_family != a->sa.sa_family) return -EAFNOSUPPORT;
    int fd = open_socket(sys, a->sa.sa_family);
    if (fd < 0) return fd;
    if (a->sa.sa_family != AF_UNIX) tune(sys, fd);
    int err = source ? bind_source(sys, fd, source) : 0;
    if (err) return close_for(fd, err);
    if (sys->connect(fd, &a->sa, a->len) == 0 || errno == EINPROGRESS) return fd;
    return close_for(fd, -errno);
}

/* Non-blocking and close-on-exec. */
static int set_modes(const struct sys *sys, int fd)
{
    int modes = sys->fcntl(fd, F_GETFL, 0);
    if (modes < 0 || sys->fcntl(fd, F_SETFL, modes | O_NONBLOCK) < 0) return -errno;
    return sys->fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

static int option_of(const struct sys *sys, int fd, int name, int *value)
{
    socklen_t len = sizeof *value;
    return sys->getsockopt(fd, SOL_SOCKET, name, value, &len) < 0 ? -errno : 0;
}

int sock_adopt(const struct sys *sys, int fd)
{
    int type, family;
    int err = option_of(sys, fd, SO_TYPE, &type);
    if (!err) err = option_of(sys, fd, SO_DOMAIN, &family);
    if (!err && type != SOCK_STREAM) err = -EINVAL;
    if (!err) err = set_modes(sys, fd);
    if (!err && family != AF_UNIX) tune(sys, fd);
    return err;
}

int sock_adopt_listening(const struct sys *sys, int fd)
{
    int listens, family;
    int err = option_of(sys, fd, SO_ACCEPTCONN, &listens);
    if (!err) err = option_of(sys, fd, SO_DOMAIN, &family);
    bool known = !err && (family == AF_INET || family == AF_INET6 || family == AF_UNIX);
    if (!err && (!listens || !known)) err = -EINVAL;
    return err ? err : sock_adopt(sys, fd);
}

/* A socket that was left behind: it is one, and nobody listens. */
static bool is_stale(const struct sys *sys, const struct sock_addr *a)
{
    struct stat st;
    if (sys->lstat(a->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode)) return false;
    int fd = sock_connect(sys, a, NULL);
    if (fd >= 0) close(fd);
    return fd == -ECONNREFUSED;
}

static int bind_to(const struct sys *sys, int fd, const struct sock_addr *a)
{
    if (sys->bind(fd, &a->sa, a->len) == 0) return 0;
    if (errno != EADDRINUSE || a->sa.sa_family != AF_UNIX) return -errno;
    if (!is_stale(sys, a)) return -EADDRINUSE;
    sys->unlink(a->un.sun_path);
    return sys->bind(fd, &a->sa, a->len) < 0 ? -errno : 0;
}

/* Nobody gets in before it listens, so before the file has its mode. */
static int open_to_others(const struct sys *sys, int fd, const struct sock_addr *a, unsigned mode)
{
    int err = bind_to(sys, fd, a);
    if (err) return err;
    const char *file = a->sa.sa_family == AF_UNIX && a->un.sun_path[0] ? a->un.sun_path : NULL;
    if (file && mode && sys->chmod(file, mode) < 0) err = -errno;
    if (!err && sys->listen(fd, SOMAXCONN) < 0) err = -errno;
    if (err && file) sys->unlink(file);
    return err;
}

static int listen_at(const struct sys *sys, const struct sock_addr *a, unsigned mode)
{
    int fd = open_socket(sys, a->sa.sa_family);
    if (fd < 0) return fd;
    int err = 0;
    if (a->sa.sa_family != AF_UNIX) err = set_flag(sys, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!err && a->sa.sa_family == AF_INET6) err = set_flag(sys, fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (!err) err = open_to_others(sys, fd, a, mode);
    if (!err && a->sa.sa_family != AF_UNIX) tune(sys, fd); /* what it accepts inherits it */
    return err ? close_for(fd, err) : fd;
}

int sock_listen(const struct sys *sys, const struct sock_addr *a, unsigned mode)
{
    int fd = listen_at(sys, a, mode);
    bool no_v6 = fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL;
    if (!no_v6 || a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr))
        return fd;
    struct sock_addr v4;
    set_v4(&v4, (struct in_addr){INADDR_ANY}, port_of(a));
    return listen_at(sys, &v4, mode);
}

/* From one second to nine hours, which the kernel takes. */
static int in_seconds(uint64_t ms)
{
    uint64_t s = ms / 1000 + (ms % 1000 != 0);
    if (s < 1) s = 1;
    return s < 32400 ? (int)s : 32400;
}

/* Linux counts it also while a peer that is there does not read: never before who watches for that has given up. 0 is
 * the system's own, a quarter of an hour or so. */
static int user_timeout(int probing_ms, uint64_t stall_ms)
{
    if (stall_ms > INT_MAX) return 0;
    return probing_ms > (int)stall_ms ? probing_ms : (int)stall_ms;
}

void sock_limit(const struct sys *sys, int fd, uint64_t unsent_max, uint64_t stall_ms)
{
    int unsent = unsent_max < INT_MAX ? (int)unsent_max : INT_MAX;
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent);
    if (stall_ms > USER_TIMEOUT_MS)
        (void)set_flag(sys, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout(0, stall_ms));
}

/* One that is lost on the way says nothing of the peer, so there are several. TCP_USER_TIMEOUT counts, where there is
 * one: if it were shorter, the first that is not answered would be the last. */
void sock_probe(const struct sys *sys, int fd, uint64_t idle_ms, uint64_t answer_ms,
                uint64_t stall_ms)
{
    bool asks = idle_ms != WEFT_NEVER && answer_ms != WEFT_NEVER;
    if (!asks && stall_ms > USER_TIMEOUT_MS)
        (void)set_flag(sys, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout(0, stall_ms));
    if (!asks) return;
    int idle = in_seconds(idle_ms), answer = in_seconds(answer_ms);
    int interval = (answer + PROBES - 1) / PROBES;
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_KEEPCNT, (answer + interval - 1) / interval);
    (void)set_flag(sys, fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                   user_timeout((idle + answer) * 1000, stall_ms));
    (void)set_flag(sys, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int sock_local(const struct sys *sys, int fd, struct sock_addr *out)
{
    *out = (struct sock_addr){.len = sizeof *out - offsetof(struct sock_addr, sa)};
    return sys->getsockname(fd, &out->sa, &out->len) < 0 ? -errno : 0;
}

int sock_peer(const struct sys *sys, int fd, struct sock_addr *out)
{
    *out = (struct sock_addr){.len = sizeof *out - offsetof(struct sock_addr, sa)};
    return sys->getpeername(fd, &out->sa, &out->len) < 0 ? -errno : 0;
}
