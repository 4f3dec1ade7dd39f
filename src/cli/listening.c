/* SPDX-License-Identifier: MIT
 *
 * cli/listening.c - addresses, and descriptors that were opened before us
 */
#include "cli/listening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/passed.h"

enum { ADDRESS_MAX = 64, DEFAULT_PORT = 8080 };

bool listening_is_unix(const char *address)
{
    return strncmp(address, "unix:", 5) == 0;
}

const char *listening_file(const char *address)
{
    return listening_is_unix(address) && address[5] != '@' ? address + 5 : NULL;
}

/* A colon, and a number that may be one. */
static bool is_port(const char *colon)
{
    size_t n = colon ? strspn(colon + 1, "0123456789") : 0;
    return n && n < 6 && !colon[1 + n];
}

bool listening_check(const char *text, char why[FLAG_WHY])
{
    bool is = listening_is_unix(text) ? text[5]
                                      : reach_descriptor(text) >= 0 || is_port(strrchr(text, ':'));
    if (!is)
        snprintf(why, FLAG_WHY,
                 "\"%.80s\" is not an address: host:port, [ipv6]:port, *:port, unix:PATH, "
                 "unix:@NAME or fd:N",
                 text);
    return is;
}

static int cannot(const char *address, int error)
{
    const char *colon = listening_is_unix(address) ? NULL : strrchr(address, ':');
    if (error == -EADDRINUSE && colon)
        return complain("port %s is already in use; choose another with --port", colon + 1);
    char name[REACH_NAME_MAX];
    if (error == WEFT_ERR_ADDRESS && is_port(colon) && reach_of(address, name) == REACH_UNKNOWN &&
        *name)
        return complain("--listen: %s could not be resolved, and is no address", name);
    if (error == WEFT_ERR_ADDRESS)
        return complain("--listen: \"%s\" is not an address: host:port, [ipv6]:port, *:port, "
                        "unix:PATH, unix:@NAME or fd:N",
                        address);
    return complain("cannot listen on %s: %s", address, weft_strerror(error));
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static bool fd_is_unix(int fd)
{
    int family = 0;
    socklen_t len = sizeof family;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 && family == AF_UNIX;
}

static int listen_fd(weft_server *server, int fd, weft_tls *tls)
{
    const weft_listen_options options = {.tls = fd_is_unix(fd) ? NULL : tls};
    int r = weft_server_listen_fd(server, fd, &options);
    if (r == -EINVAL || r == -ENOTSOCK || r == -EBADF)
        return complain("descriptor %d is no socket that listens", fd);
    return r < 0 ? complain("descriptor %d: %s", fd, weft_strerror(r)) : 0;
}

static bool wants_port(const struct listening *l, int n_passed)
{
    return l->port != LISTENING_NO_PORT || (!l->addresses.n && !n_passed);
}

bool listening_all_passed(const struct listening *l)
{
    int n = passed_sockets();
    if (wants_port(l, n)) return false;
    for (size_t i = 0; i < l->addresses.n; i++)
        if (reach_descriptor(l->addresses.items[i]) < 0) return false;
    return true;
}

/* ---- from where ------------------------------------------------------------------------------ */

static enum reach farther(enum reach a, enum reach b)
{
    return a > b ? a : b;
}

enum reach listening_reach(const struct listening *l)
{
    char name[REACH_NAME_MAX];
    int n = passed_sockets();
    enum reach reach = wants_port(l, n) ? REACH_HERE : REACH_UNKNOWN;
    for (size_t i = 0; i < l->addresses.n; i++)
        reach = farther(reach, reach_of(l->addresses.items[i], name));
    for (int i = 0; i < n; i++) reach = farther(reach, reach_of_fd(passed_socket(i)));
    return reach;
}

const char *listening_public(const struct listening *l)
{
    if (passed_sockets()) return "a socket is inherited";
    for (size_t i = 0; i < l->addresses.n; i++) {
        if (listening_is_unix(l->addresses.items[i])) return "it listens on a Unix socket";
        if (reach_descriptor(l->addresses.items[i]) >= 0) return "a socket is inherited";
    }
    return listening_reach(l) == REACH_WORLD ? "other machines reach it" : NULL;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Whoever comes by a Unix socket is on this machine: a proxy, that has done TLS before. */
static int listen_at(weft_server *server, const char *address, weft_tls *tls)
{
    const weft_listen_options options = {.tls = listening_is_unix(address) ? NULL : tls};
    int fd = reach_descriptor(address);
    if (fd >= 0) return listen_fd(server, fd, tls);
    int r = weft_server_listen(server, address, &options);
    return r < 0 ? cannot(address, r) : 0;
}

static int listen_port(weft_server *server, uint64_t port, weft_tls *tls)
{
    char address[ADDRESS_MAX];
    unsigned chosen = port == LISTENING_NO_PORT ? DEFAULT_PORT : (unsigned)port;
    snprintf(address, sizeof address, "127.0.0.1:%u", chosen);
    return listen_at(server, address, tls);
}

int listening_begin(const struct listening *l, weft_server *server, weft_tls *tls)
{
    int r = 0, n = passed_sockets();
    if (wants_port(l, n)) r = listen_port(server, l->port, tls);
    for (size_t i = 0; i < l->addresses.n && !r; i++)
        r = listen_at(server, l->addresses.items[i], tls);
    for (int i = 0; i < n && !r; i++) r = listen_fd(server, passed_socket(i), tls);
    passed_forget();
    return r;
}
