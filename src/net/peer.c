/* SPDX-License-Identifier: MIT
 *
 * net/peer.c - who is at the other end, as texts in one block
 *
 *      [link refs env at | where each alternative name is | address, host ... PEM, alternative names]
 *
 * The block has a copy of the env that it was made with, because it may outlive the loop.
 */
#include "net/peer.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "net/forwarded.h"
#include "net/links.h"

enum {
    /* OpenSSL takes 100 KiB of certificates, of which a byte may need three characters here, and is in the PEM, too. */
    TEXT_MAX = 1 << 20,
    ALT_NAMES_MAX =
        1 << 18 /* of four bytes, and three are the least that a name takes in a certificate */
};

struct weft_peer {
    weft_link link; /* of who it is the peer of */
    atomic_uint refs;
    bool secure, has_env;
    weft_env env;
    const char *text;
    uint32_t n_alt_names;
    uint32_t at[]; /* in text: the facts, then alternative names */
};

/* ---- facts ----------------------------------------------------------------------------------- */

void facts_init(struct facts *f, const weft_env *env)
{
    *f = (struct facts){0};
    buf_init(&f->text, env, TEXT_MAX);
    buf_init(&f->alt_names, env, ALT_NAMES_MAX);
    facts_end(f);
}

void facts_deinit(struct facts *f)
{
    buf_deinit(&f->text);
    buf_deinit(&f->alt_names);
}

struct buf *facts_begin(struct facts *f, enum fact what)
{
    uint32_t at = (uint32_t)f->text.len;
    if (what == FACT_ALT_NAME) buf_append(&f->alt_names, &at, sizeof at);
    else f->at[what] = at;
    return &f->text;
}

void facts_end(struct facts *f)
{
    buf_append(&f->text, "", 1);
}

static bool is_plain(uint8_t c)
{
    return c >= ' ' && c < 0x7f && c != '\\';
}

void facts_hex(struct buf *to, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        const char pair[] = {digits[data[i] >> 4], digits[data[i] & 15]};
        buf_append(to, pair, sizeof pair);
    }
}

void facts_escape(struct buf *to, weft_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.data[i])) buf_append(to, "\\", 1);
        if (is_plain(text.data[i])) buf_append(to, text.data + i, 1);
        else facts_hex(to, text.data + i, 1);
    }
}

void facts_say(struct facts *f, enum fact what, weft_bytes text)
{
    facts_escape(facts_begin(f, what), text);
    facts_end(f);
}

/* ---- making one ------------------------------------------------------------------------------ */

static void on_gone(weft_link *link)
{
    weft_peer_unref(container_of(link, weft_peer, link));
}

static const char owner[] = "net/peer";
static const weft_link_type link_type = {.on_gone = on_gone};

/* The parts of the block that follow each other. */
static void fill(weft_peer *p, const struct facts *f)
{
    uint8_t *to = (uint8_t *)p->at;
    memcpy(to, f->at, sizeof f->at);
    copy(to + sizeof f->at, f->alt_names.data, f->alt_names.len);
    p->n_alt_names = (uint32_t)(f->alt_names.len / sizeof *p->at);
    to += sizeof f->at + f->alt_names.len;
    p->text = memcpy(to, f->text.data, f->text.len);
}

weft_peer *peer_new(const weft_env *env, const struct facts *f)
{
    if (f->text.failed || f->alt_names.failed) return NULL;
    weft_peer *p = mem_alloc(env, sizeof *p + sizeof f->at + f->alt_names.len + f->text.len);
    if (!p) return NULL;
    *p = (weft_peer){.link = {.owner = owner, .type = &link_type},
                     .refs = 1,
                     .secure = f->secure,
                     .has_env = env};
    if (env) p->env = *env;
    fill(p, f);
    return p;
}

/* Of a client that a proxy names nothing more is known: TLS, if there is any, is the proxy's. */
static void gather(struct facts *f, const struct lane *l, const struct forwarded *forwarded)
{
    char text[SOCK_TEXT];
    struct sock_addr address;
    if (forwarded_peer(forwarded, l, &address) == 0) {
        (void)sock_who(&address, text, sizeof text);
        facts_say(f, FACT_ADDRESS, bytes_of(text));
        (void)sock_host(&address, text, sizeof text);
        facts_say(f, FACT_HOST, bytes_of(text));
    }
    f->secure = lane_secure(l) || (forwarded && forwarded->secure);
    if (!forwarded || !forwarded->known) lane_identify(l, f);
}

weft_peer *peer_of(const struct lane *l, const struct forwarded *forwarded)
{
    struct facts f;
    facts_init(&f, lane_env(l));
    gather(&f, l, forwarded);
    weft_peer *p = peer_new(lane_env(l), &f);
    facts_deinit(&f);
    return p;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

void peer_hang(weft_peer *p, weft_link **links)
{
    links_add(links, &p->link);
}

weft_peer *peer_there(weft_link **links, const struct lane *l)
{
    weft_link *link = links_find(*links, owner);
    if (link) return container_of(link, weft_peer, link);
    weft_peer *p = l ? peer_of(l, NULL) : NULL;
    if (p) peer_hang(p, links);
    return p;
}

weft_peer *weft_peer_ref(weft_peer *p)
{
    if (p) atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void weft_peer_unref(weft_peer *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    weft_env env = p->env; /* which lies in what is freed */
    mem_free(p->has_env ? &env : NULL, p);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static const char *text_of(const weft_peer *p, enum fact what)
{
    return p ? p->text + p->at[what] : "";
}

const char *weft_peer_address(const weft_peer *p)
{
    return text_of(p, FACT_ADDRESS);
}

const char *weft_peer_host(const weft_peer *p)
{
    return text_of(p, FACT_HOST);
}

bool weft_peer_secure(const weft_peer *p)
{
    return p && p->secure;
}

const char *weft_peer_server_name(const weft_peer *p)
{
    return text_of(p, FACT_SERVER_NAME);
}

const char *weft_peer_protocol(const weft_peer *p)
{
    return text_of(p, FACT_PROTOCOL);
}

const char *weft_peer_cipher(const weft_peer *p)
{
    return text_of(p, FACT_CIPHER);
}

const char *weft_peer_subject(const weft_peer *p)
{
    return text_of(p, FACT_SUBJECT);
}

const char *weft_peer_alt_name(const weft_peer *p, size_t i)
{
    return p && i < p->n_alt_names ? p->text + p->at[FACT_ALT_NAME + i] : NULL;
}

const char *weft_peer_fingerprint(const weft_peer *p)
{
    return text_of(p, FACT_FINGERPRINT);
}

const char *weft_peer_pem(const weft_peer *p)
{
    return text_of(p, FACT_PEM);
}
