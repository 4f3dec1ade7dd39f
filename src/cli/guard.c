/* SPDX-License-Identifier: MIT
 *
 * cli/guard.c - what is usual, what was said, and the facts of a request
 */
#include "cli/guard.h"

#include <stdio.h>
#include <time.h>

#include "access/decide.h"
#include "access/text.h"
#include "cli/cli.h"

/* ---- flags ----------------------------------------------------------------------------------- */

bool guard_check(const char *text, char why[FLAG_WHY])
{
    struct rules rules = {.n = 0};
    struct why wrong;
    if (rules_add(&rules, text, &wrong)) return true;
    snprintf(why, FLAG_WHY, "\"%.60s\": %s", text, wrong.text);
    return false;
}

static bool add_rules(struct rules *r, const struct guard_options *o, char why[FLAG_WHY])
{
    struct why wrong;
    for (size_t i = 0; i < o->access.n; i++)
        if (!rules_add(r, o->access.items[i], &wrong)) {
            snprintf(why, FLAG_WHY, "--access \"%.60s\": %s", o->access.items[i], wrong.text);
            return false;
        }
    return true;
}

bool guard_fits(const struct guard_options *o, char why[FLAG_WHY])
{
    struct rules rules = {.n = 0};
    const char *wrong = NULL;
    if (!add_rules(&rules, o, why)) return false;
    if (o->open && o->open_read) wrong = "--open and --open-read: one of them";
    else if (!guard_reads_files(o) && rules_ask_tokens(&rules))
        wrong = "--access asks for tokens, and nothing checks them: --token-keys, --api-keys or "
                "--sign-key would";
    else if (!o->token_keys.n && (o->issuer || o->audience))
        wrong = "--token-issuer and --token-audience go with --token-keys";
    if (wrong) snprintf(why, FLAG_WHY, "%s", wrong);
    return !wrong;
}

/* ---- what is usual --------------------------------------------------------------------------- */

bool guard_is_unsaid(const struct guard *g)
{
    const struct guard_options *o = g->options;
    return !o->demo && !o->open && !o->open_read && !o->access.n && !guard_reads_files(o);
}

/* read, write, presence, drop, pattern */
static const enum who demo_here[RIGHTS] = {ANYONE, ANYONE, ANYONE, ANYONE, ANYONE},
                      demo_public[RIGHTS] = {ANYONE, ANYONE, ANYONE, NOBODY, NOBODY},
                      here[RIGHTS] = {ANYONE, ANYONE, NOBODY, NOBODY, ANYONE},
                      all[RIGHTS] = {ANYONE, ANYONE, NOBODY, NOBODY, NOBODY},
                      readers[RIGHTS] = {ANYONE, TOKEN, NOBODY, NOBODY, NOBODY},
                      tokens[RIGHTS] = {TOKEN, TOKEN, NOBODY, NOBODY, TOKEN},
                      nobody[RIGHTS] = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY};

static const enum who *usual_of(const struct guard *g)
{
    const struct guard_options *o = g->options;
    if (o->open) return all;
    if (o->open_read) return readers;
    if (guard_reads_files(o)) return tokens;
    if (o->demo) return o->public ? demo_public : demo_here;
    return guard_is_unsaid(g) ? here : nobody;
}

static int load(struct guard *g)
{
    const struct guard_options *o = g->options;
    struct why why;
    g->ring = keyring_load(
        &(struct keyring_files){o->token_keys.items, o->sign_keys.items, o->api_keys}, &why);
    return g->ring ? 0 : complain("%s", why.text);
}

int guard_open(struct guard *g, const struct guard_options *o)
{
    char why[FLAG_WHY];
    *g = (struct guard){.options = o, .policy = {o->issuer, o->audience}};
    pthread_mutex_init(&g->lock, NULL);
    if (o->public && guard_is_unsaid(g))
        return complain(
            "this server is public (%s), and nobody has said who may: --token-keys FILE "
            "(who has a token), --open (everybody reads and writes) or --open-read "
            "(everybody reads)",
            o->public);
    memcpy(g->rules.usual, usual_of(g), sizeof g->rules.usual);
    if (!add_rules(&g->rules, o, why)) return complain("%s", why);
    return load(g);
}

void guard_close(struct guard *g)
{
    if (!g->options) return;
    keyring_unref(g->ring);
    pthread_mutex_destroy(&g->lock);
}

bool guard_asks(const struct guard *g)
{
    return g->rules.n || guard_reads_files(g->options);
}

unsigned guard_rights(const struct guard *g)
{
    unsigned rights = 0;
    for (unsigned i = 0; i < RIGHTS; i++)
        if (g->rules.usual[i] == ANYONE) rights |= 1u << i;
    return rights;
}

/* ---- asked ----------------------------------------------------------------------------------- */

static struct keyring *take_ring(struct guard *g)
{
    pthread_mutex_lock(&g->lock);
    struct keyring *ring = keyring_ref(g->ring);
    pthread_mutex_unlock(&g->lock);
    return ring;
}

static void add_request(struct access_facts *f, weft_request *r)
{
    f->places.authorization = weft_request_field(r, "Authorization");
    f->places.subprotocols = weft_request_field(r, "Sec-WebSocket-Protocol");
    f->places.query = weft_request_query(r);
    f->places.cookies = weft_request_field(r, "Cookie");
    f->origin = weft_request_field(r, "Origin");
    f->fetch_site = weft_request_field(r, "Sec-Fetch-Site");
}

static const char *or_null(weft_bytes text)
{
    return text.len ? (const char *)text.data : NULL;
}

/* Its reference of the identity goes along, until it is forgotten. */
static int grant_as(weft_channel_ask *ask, const struct access_verdict *v, uint64_t now_ms)
{
    const struct identity *i = v->identity;
    const weft_channel_grant grant = {
        .rights = v->rights,
        .user = or_null(i->user),
        .name = or_null(i->user.len ? i->name : i->user),
        .lasts_ms = !i->until_ms           ? 0
                    : i->until_ms > now_ms ? i->until_ms - now_ms
                                           : 1,
        .identity = v->identity,
    };
    return weft_channel_ask_grant_as(ask, &grant);
}

static void refuse(weft_channel_ask *ask, const struct access_verdict *v)
{
    if (v->challenge) (void)weft_channel_ask_field(ask, "WWW-Authenticate", v->challenge);
    weft_channel_ask_refuse(ask, v->status, v->why.text);
}

/* Of what a connection asks later its first grant has said who it is. */
static void answer(weft_channel_ask *ask, struct access_verdict *v, const struct access_facts *f)
{
    bool new = v->identity && v->identity != f->known;
    if (v->status) return refuse(ask, v);
    if (new &&grant_as(ask, v, f->now_s * 1000) == 0) return;
    if (new) weft_channel_ask_refuse(ask, 500, "who you are cannot be kept");
    else weft_channel_ask_grant(ask, v->rights);
    identity_unref(v->identity);
}

void guard_answer(struct guard *g, weft_channel_ask *ask)
{
    struct access_facts facts = {
        .channel = weft_channel_ask_name(ask),
        .needed = weft_channel_ask_rights(ask),
        .places.envelope = weft_channel_ask_token(ask),
        .known = weft_channel_ask_identity(ask),
        .now_s = (uint64_t)time(NULL),
    };
    weft_request *r = weft_channel_ask_request(ask);
    struct access_verdict verdict;
    struct keyring *ring = take_ring(g);
    if (r) add_request(&facts, r);
    access_decide(&verdict, &facts, &g->rules, ring, &g->policy);
    keyring_unref(ring);
    answer(ask, &verdict, &facts);
}

void guard_forget(void *identity)
{
    identity_unref(identity);
}

const char *guard_may_stay(struct guard *g, const void *identity)
{
    struct keyring *ring = take_ring(g);
    bool knows = !identity || keyring_knows(ring, identity);
    keyring_unref(ring);
    return knows ? NULL : "the key that let you in is there no more: get a new token";
}

/* ---- SIGHUP ---------------------------------------------------------------------------------- */

bool guard_reload(struct guard *g, const struct trace *t)
{
    const struct guard_options *o = g->options;
    struct why why;
    if (!guard_reads_files(o)) return true;
    struct keyring *next = keyring_load(
        &(struct keyring_files){o->token_keys.items, o->sign_keys.items, o->api_keys}, &why);
    if (!next) {
        trace_tell(t, "keys stay as they are: %s", why.text);
        return false;
    }
    pthread_mutex_lock(&g->lock);
    struct keyring *before = g->ring;
    g->ring = next;
    pthread_mutex_unlock(&g->lock);
    keyring_unref(before);
    trace_line(t, "keys were read again");
    return true;
}
