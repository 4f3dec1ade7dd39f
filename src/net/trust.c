/* SPDX-License-Identifier: MIT
 *
 * net/trust.c - a short list of networks
 */
#include "net/trust.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"

enum { V4_PREFIX = 96, HOST_MAX = INET6_ADDRSTRLEN };

/* Sixteen bytes for either kind. false: a Unix socket. */
static bool bytes_of_address(const struct sock_addr *a, uint8_t bytes[16])
{
    static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};
    if (a->sa.sa_family == AF_INET6) {
        memcpy(bytes, &a->in6.sin6_addr, 16);
        return true;
    }
    memcpy(bytes, v4_prefix, sizeof v4_prefix);
    memcpy(bytes + sizeof v4_prefix, &a->in.sin_addr, 4);
    return a->sa.sa_family == AF_INET;
}

/* What stands behind the slash: digits, at most max. */
static bool parse_bits(const char *text, unsigned max, unsigned *out)
{
    char *end;
    unsigned long bits = strtoul(text, &end, 10);
    *out = (unsigned)bits;
    return text[0] >= '0' && text[0] <= '9' && !*end && bits <= max;
}

static bool parse(const char *text, struct network *out)
{
    char host[HOST_MAX];
    struct sock_addr a;
    size_t len = strcspn(text, "/");
    if (len >= sizeof host) return false;
    memcpy(host, text, len);
    host[len] = 0;
    if (sock_numeric(&a, host, 0) < 0 || !bytes_of_address(&a, out->bytes)) return false;
    unsigned before = a.sa.sa_family == AF_INET ? V4_PREFIX : 0;
    out->bits = 128 - before;
    if (text[len] && !parse_bits(text + len + 1, 128 - before, &out->bits)) return false;
    out->bits += before;
    return true;
}

int trust_init(struct trust *t, const weft_env *env, const char *const *list)
{
    size_t n = 0;
    *t = (struct trust){0};
    while (list && list[n]) n++;
    if (!n) return 0;
    t->networks = mem_zalloc(env, n * sizeof *t->networks);
    if (!t->networks) return -ENOMEM;
    for (; *list; list++) {
        if (strcmp(*list, "unix") == 0) t->unix_sockets = true;
        else if (!parse(*list, &t->networks[t->n++]))
            return log_wrong(
                env,
                "weft_server_config.trust_proxy: \"%.80s\" is no address: say "
                "\"192.0.2.1\", \"10.0.0.0/8\", \"2001:db8::/32\", \"localhost\" or \"unix\"",
                *list);
    }
    return 0;
}

void trust_deinit(struct trust *t, const weft_env *env)
{
    mem_free(env, t->networks);
}

static bool inside(const struct network *n, const uint8_t bytes[16])
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->bytes, bytes, whole) != 0) return false;
    return !rest || ((n->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

bool trust_has(const struct trust *t, const struct sock_addr *a)
{
    uint8_t bytes[16];
    if (!bytes_of_address(a, bytes)) return t->unix_sockets;
    for (size_t i = 0; i < t->n; i++)
        if (inside(&t->networks[i], bytes)) return true;
    return false;
}
