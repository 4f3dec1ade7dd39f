/* SPDX-License-Identifier: MIT
 *
 * net/access.c - a record is filled, told once, and freed
 */
#include "net/access.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/env.h"
#include "http/head.h"
#include "net/links.h"
#include "net/site.h"
#include <weft/handshake.h>

static const char owner[] = "net/access";

/* A slow handler takes time, too: the loop's clock stands while it works. */
static uint64_t now(const struct access *a)
{
    return env_now_us(weft_loop_env(a->loop));
}

static weft_bytes keep(uint8_t *to, weft_bytes text)
{
    copy(to, text.data, text.len);
    return (weft_bytes){to, text.len};
}

void access_free(struct access *a)
{
    if (!a) return;
    weft_peer_unref(a->seen.peer);
    mem_free(weft_loop_env(a->loop), a);
}

void access_tell_traffic(struct access *a)
{
    if (!a || !a->on_traffic || (!a->came && !a->went)) return;
    uint64_t came = a->came, went = a->went;
    a->came = a->went = 0;
    a->on_traffic(&a->seen, came, went, a->user);
}

static void tell(struct access *a)
{
    access_tell_traffic(a);
    a->on_access(&a->seen, a->user);
    access_free(a);
}

enum { FIELD_MAX = 256 };

static weft_bytes field(const struct head *h, const char *name)
{
    const weft_field *f = weft_field_find(h->fields, h->n_fields, name);
    if (!f) return (weft_bytes){0};
    return (weft_bytes){f->value.data, f->value.len < FIELD_MAX ? f->value.len : FIELD_MAX};
}

int access_begin(struct access **out, const struct lane *l, weft_access_kind kind,
                 const struct head *head)
{
    const struct site *s = lane_site(l);
    static const struct head none;
    const struct head *h = head ? head : &none;
    *out = NULL;
    if (!s->on_access) return 0;
    weft_bytes referer = field(h, "Referer"), agent = field(h, "User-Agent");
    weft_bytes id = l->trusted ? field(h, "X-Request-Id") : (weft_bytes){0};
    struct access *a = mem_zalloc(s->env, sizeof *a + h->method.len + h->target.len + referer.len +
                                              agent.len + id.len);
    if (!a) return -ENOMEM;
    *a = (struct access){.loop = lane_loop(l),
                         .on_access = s->on_access,
                         .on_traffic = s->on_traffic,
                         .user = s->access_user};
    a->since = now(a);
    a->seen.kind = kind;
    a->seen.cause = "";
    a->seen.method = keep(a->text, h->method);
    a->seen.target = keep(a->text + h->method.len, h->target);
    uint8_t *text = a->text + h->method.len + h->target.len;
    a->seen.referer = keep(text, referer);
    a->seen.user_agent = keep(text + referer.len, agent);
    a->seen.request_id = keep(text + referer.len + agent.len, id);
    *out = a;
    return 0;
}

void access_opens(struct access *a)
{
    if (!a) return;
    a->since = now(a);
    a->seen.status = 101;
}

void access_finish(struct access *a, weft_peer *peer)
{
    if (!a) return;
    a->over = true;
    a->seen.us = now(a) - a->since;
    a->seen.peer = weft_peer_ref(peer);
}

static void bury(struct dead *d)
{
    tell(container_of(d, struct access, dead));
}

void access_tell(struct access *a, weft_peer *peer)
{
    if (!a) return;
    access_finish(a, peer);
    loop_bury(a->loop, &a->dead, bury);
}

/* What nobody has seen, and was discarded, is not told. */
static void on_gone(weft_link *link)
{
    struct access *a = container_of(link, struct access, link);
    if (a->over) tell(a);
    else access_free(a);
}

static const weft_link_type link_type = {.on_gone = on_gone};

void access_hang(struct access *a, weft_link **links)
{
    if (!a) return;
    a->link = (weft_link){.owner = owner, .type = &link_type};
    links_add(links, &a->link);
}

struct access *access_in(weft_link *links)
{
    weft_link *link = links_find(links, owner);
    return link ? container_of(link, struct access, link) : NULL;
}

void access_sent(weft_link *links, size_t n)
{
    struct access *a = access_in(links);
    if (!a) return;
    size_t others = n < a->others ? n : (size_t)a->others;
    a->others -= others;
    a->seen.sent += n - others;
    access_pass(a, 0, n - others);
    access_tell_traffic(a);
}
