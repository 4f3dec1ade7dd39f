/* SPDX-License-Identifier: MIT
 *
 * net/web/proxied.c - fields that are there, and should not be, or the other way round
 */
#include "net/web/proxied.h"

#include "base/fields.h"
#include "base/log.h"

static bool has(const struct head *h, const char *name)
{
    return fields_first(h->fields, h->n_fields, name);
}

bool proxied_without_upgrade(const struct head *h)
{
    return has(h, "Sec-WebSocket-Key") && bytes_is(h->method, "GET");
}

bool proxied_is(const struct head *h)
{
    return h->version == 10 || has(h, "Via") || has(h, "Forwarded") || has(h, "X-Forwarded-For");
}

void proxied_log_unbelieved(const struct lane *l, const struct head *h)
{
    char who[SOCK_TEXT] = "";
    struct sock_addr peer;
    const weft_env *env = lane_env(l);
    if (!env || !env->log || !has(h, "X-Forwarded-For") || lane_peer(l, &peer) < 0) return;
    (void)sock_host(&peer, who, sizeof who);
    if (peer.sa.sa_family == AF_UNIX) copy(who, "unix", sizeof "unix");
    log_line(
        env, WEFT_LOG_DEBUG,
        "%s says in X-Forwarded-For for whom it asks, and is not believed; if it is a proxy of "
        "yours, limits by address do not count its clients: trust it (--trust-proxy %s)",
        who, who);
}

void proxied_log_http10(const struct lane *l)
{
    log_line(lane_env(l), WEFT_LOG_DEBUG,
             "a stream is asked for by HTTP/1.0, where nobody can tell the end from a cut: a proxy "
             "in front has to ask by HTTP/1.1");
}
