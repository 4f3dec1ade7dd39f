/* SPDX-License-Identifier: MIT
 *
 * io/sock.h - addresses and sockets
 *
 *      127.0.0.1:8080   [::1]:0   localhost:8080   *:8080   unix:/run/x   unix:@name
 *
 * "localhost" is 127.0.0.1; "*" is every address, IPv6 too where the machine has it. An IPv4 address that
 * came through an IPv6 socket (::ffff:1.2.3.4) is written, and judged, as the IPv4 address it is.
 * All sockets are non-blocking and close-on-exec; TCP ones have TCP_NODELAY and a TCP_USER_TIMEOUT of 20 s.
 */
#ifndef IO_SOCK_H
#define IO_SOCK_H

#include <netinet/in.h>
#include <sys/un.h>

#include <weft/base.h>

#include "io/sys.h"

struct sock_addr {
    socklen_t len; /* as the kernel counts it */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

/* The longest text of an address, with its NUL: "unix:" and a path. */
enum { SOCK_TEXT = 5 + sizeof(((struct sockaddr_un *)0)->sun_path) + 1 };

/* An address of these forms. 0 or WEFT_ERR_ADDRESS. */
int sock_parse(struct sock_addr *out, const char *text);

/* The same from a host that is an IP address (without brackets) or "localhost"; others need
 * io/resolve.h: WEFT_ERR_RESOLVE. */
int sock_numeric(struct sock_addr *out, const char *host, uint16_t port);

/* A path; or, behind an @, a name that is in no file system. WEFT_ERR_ADDRESS if it is empty or too long. */
int sock_unix(struct sock_addr *out, const char *path);

/* As text that sock_parse reads: returns the length (cut to fit size, always terminated). */
int sock_format(const struct sock_addr *a, char *text, size_t size);

/* Who that is: the same without a port if it is 0, which nobody has. And without port and brackets. */
int sock_who(const struct sock_addr *a, char *text, size_t size);
int sock_host(const struct sock_addr *a, char *text, size_t size);

/* Whether it is, or contains, an IPv4 address, and that. */
bool sock_v4(const struct sock_addr *a, struct in_addr *out);

void sock_set_port(struct sock_addr *a, uint16_t port); /* not for unix: */
bool sock_is_loopback(const struct sock_addr *a);       /* 127.0.0.0/8, ::1, and unix: */

/* A listening socket: its descriptor, or -errno. A unix: socket that nobody answers at is replaced. mode: of its file;
 * 0: as the umask says. */
int sock_listen(const struct sys *sys, const struct sock_addr *a, unsigned mode);

/* A socket that is being connected, or is already, from source (NULL: wherever): its descriptor, for duplex_connect; or
 * -errno. -EAFNOSUPPORT, too, when source is of another family. */
int sock_connect(const struct sys *sys, const struct sock_addr *a, const struct sock_addr *source);

/* A stream socket that somebody else has connected, or is connecting, becomes as ours are. 0, or -errno (-EINVAL: it is
 * of another type). */
int sock_adopt(const struct sys *sys, int fd);

/* The same with one that listens. -EINVAL, too, when it does not, or is neither TCP's nor a Unix socket. */
int sock_adopt_listening(const struct sys *sys, int fd);

/* What limits ask of TCP; what a listener accepts inherits it. The kernel takes no more while it holds unsent_max
 * bytes that are not on their way (those that are, the peer's window bounds), and a peer that is there but does not
 * read has at least stall_ms (WEFT_NEVER: the system's patience). */
void sock_limit(const struct sys *sys, int fd, uint64_t unsent_max, uint64_t stall_ms);

enum {
    SOCK_PATIENCE =
        20000 /* ms for which a peer may take nothing, unless sock_probe said otherwise */
};

/* Let the kernel ask whether the peer is there, after idle_ms in which it was not heard of, a few times, and give it up
 * (-ETIMEDOUT) when it has acknowledged nothing for answer_ms more; the same with bytes that are on their way to it.
 * A peer that is there but does not read has at least stall_ms (WEFT_NEVER: the system's patience).
 * Whole seconds, at least one; WEFT_NEVER: do not ask, and only have that patience. For TCP; of a Unix socket the
 * kernel knows anyway. */
void sock_probe(const struct sys *sys, int fd, uint64_t idle_ms, uint64_t answer_ms,
                uint64_t stall_ms);

/* This end's address, the peer's address. 0 or -errno. */
int sock_local(const struct sys *sys, int fd, struct sock_addr *out);
int sock_peer(const struct sys *sys, int fd, struct sock_addr *out);

#endif
