/* SPDX-License-Identifier: MIT
 *
 * cli/reach.c - from where can a listener be reached over TCP?
 */
#include "cli/reach.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/values.h"

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)a;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const void *)a;
    const uint8_t *bytes = v6->sin6_addr.s6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && bytes[12] == 127);
}

static enum reach of_socket_address(const struct sockaddr *a)
{
    if (a->sa_family == AF_UNIX) return REACH_FILE;
    if (a->sa_family != AF_INET && a->sa_family != AF_INET6) return REACH_UNKNOWN;
    return is_loopback(a) ? REACH_HERE : REACH_WORLD;
}

enum reach reach_of_fd(int fd)
{
    struct sockaddr_storage s;
    socklen_t len = sizeof s;
    if (getsockname(fd, (struct sockaddr *)&s, &len) < 0) return REACH_UNKNOWN;
    return of_socket_address((const struct sockaddr *)&s);
}

static enum reach of_host(const char *host, bool *named)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *all;
    *named = getaddrinfo(host, NULL, &hints, &all) != 0;
    hints.ai_flags = 0;
    if (*named && getaddrinfo(host, NULL, &hints, &all) != 0) return REACH_UNKNOWN;
    enum reach reach = REACH_UNKNOWN;
    for (const struct addrinfo *a = all; a; a = a->ai_next) {
        enum reach one = of_socket_address(a->ai_addr);
        if (one > reach) reach = one;
    }
    freeaddrinfo(all);
    return reach;
}

int reach_descriptor(const char *address)
{
    uint64_t n;
    bool is_one = !strncmp(address, "fd:", 3) && value_number(address + 3, &n) && n <= 1 << 20;
    return is_one ? (int)n : -1;
}

enum reach reach_of(const char *address, char name[REACH_NAME_MAX])
{
    const char *colon = strrchr(address, ':');
    bool named = false;
    *name = '\0';
    if (!strncmp(address, "unix:", 5)) return REACH_FILE;
    if (!strncmp(address, "fd:", 3)) return reach_of_fd(reach_descriptor(address));
    if (!colon || colon - address >= REACH_NAME_MAX) return REACH_UNKNOWN;
    bool brackets = *address == '[' && colon > address + 1 && colon[-1] == ']';
    snprintf(name, REACH_NAME_MAX, "%.*s", (int)(colon - address - 2 * brackets),
             address + brackets);
    enum reach reach = !strcmp(name, "*") ? REACH_WORLD : of_host(name, &named);
    if (!named) *name = '\0';
    return reach;
}
