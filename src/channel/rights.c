/* SPDX-License-Identifier: MIT
 *
 * channel/rights.c - asks, and their answers
 */
#include "channel/rights.h"

#include <errno.h>
#include <string.h>

#include "channel/bytes.h"

static const char *in_words(unsigned rights)
{
    if (rights & WEFT_RIGHT_READ) return "read";
    if (rights & WEFT_RIGHT_WRITE) return "publish on";
    if (rights & WEFT_RIGHT_PATTERN) return "subscribe to all of";
    if (rights & WEFT_RIGHT_DROP) return "drop what is kept of";
    return "see who is on";
}

void rights_ask(weft_channel_ask *a)
{
    const weft_channels_config *cfg = &a->channels->cfg;
    if (cfg->on_ask) cfg->on_ask(a, cfg->user);
    else weft_channel_ask_grant(a, cfg->rights);
}

/* ---- granted --------------------------------------------------------------------------------- */

static void forget(const weft_channel_ask *a, void *identity)
{
    const weft_channels_config *cfg = &a->channels->cfg;
    if (identity && cfg->on_forget) cfg->on_forget(identity, cfg->user);
}

static weft_loop *loop_of(const weft_channel_ask *a)
{
    return a->conn ? weft_conn_loop(a->conn) : weft_request_loop(a->request);
}

/* An open connection has been granted what it has, but for one that shows another token. */
static bool brings_pass(const weft_channel_ask *a, const weft_channel_grant *g)
{
    return pass_is_needed(g) && (!a->conn || a->token.len);
}

static void refuse_grant(weft_channel_ask *a, const weft_channel_grant *g,
                         const struct refusal *why)
{
    forget(a, g->identity);
    a->refused(a, why);
}

static void grant(weft_channel_ask *a, const weft_channel_grant *g)
{
    struct refusal why;
    unsigned missing = a->needs & ~g->rights;
    if (missing) {
        refusal_write(&why, 403, "you may not %s %.*s", in_words(missing), BYTES_TEXT(a->name));
        refuse_grant(a, g, &why);
        return;
    }
    bool brings = brings_pass(a, g);
    if (!brings) forget(a, g->identity);
    else a->pass = pass_new(a->channels, loop_of(a), g);
    if (!brings || a->pass) {
        a->granted(a, g->rights);
        return;
    }
    refusal_no_memory(&why);
    a->refused(a, &why);
}

/* NULL is fine. */
static bool is_name(const char *text)
{
    weft_bytes name = bytes_of_text(text ? text : "-");
    return name.len && name.len <= USER_MAX && weft_utf8_valid(name.data, name.len) &&
           !bytes_have_control(name);
}

enum { GRANT_OLDEST = offsetof(weft_channel_grant, identity) + sizeof(void *) };
_Static_assert(sizeof(void *) != 8 || GRANT_OLDEST == 40, "as ever");
_Static_assert(GRANT_OLDEST == sizeof(weft_channel_grant), "no padding at the end");

int weft_channel_ask_grant_as_sized(weft_channel_ask *a, const weft_channel_grant *g, size_t size)
{
    weft_channel_grant taken;
    int error = weft_sized_take(a->channels->env, "weft_channel_grant", &taken, sizeof taken,
                                GRANT_OLDEST, g, size);
    if (error) return error;
    if (!is_name(taken.user) || !is_name(taken.name)) return -EINVAL;
    grant(a, &taken);
    return 0;
}

void weft_channel_ask_grant(weft_channel_ask *a, unsigned rights)
{
    grant(a, &(weft_channel_grant){.rights = rights});
}

/* ---- refused --------------------------------------------------------------------------------- */

void weft_channel_ask_refuse(weft_channel_ask *a, int status, const char *words)
{
    struct refusal why;
    bool is_one = status >= 400 && status < 600;
    refusal_write(&why, is_one ? status : 500, "%s", words);
    a->refused(a, &why);
}

int weft_channel_ask_field(weft_channel_ask *a, const char *name, const char *value)
{
    if (a->upgrade) return weft_upgrade_field(a->upgrade, name, value);
    return a->request ? weft_reply_field(a->request, name, value) : 0;
}

weft_bytes weft_channel_ask_name(const weft_channel_ask *a)
{
    return a->name;
}

unsigned weft_channel_ask_rights(const weft_channel_ask *a)
{
    return a->needs;
}

weft_request *weft_channel_ask_request(const weft_channel_ask *a)
{
    return a->request;
}

weft_bytes weft_channel_ask_token(const weft_channel_ask *a)
{
    return a->token;
}

void *weft_channel_ask_identity(const weft_channel_ask *a)
{
    return a->conn ? pass_identity(pass_of_conn(a->conn)) : NULL;
}

weft_conn *weft_channel_ask_conn(const weft_channel_ask *a)
{
    return a->conn;
}
