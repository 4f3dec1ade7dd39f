/* SPDX-License-Identifier: MIT
 *
 * channel/deciding.c - whether a session may have a command done
 *
 *      its URL's channel: what the upgrade was granted
 *      another:           asked once, and kept; the command is kept as it came, and read again when it is decided
 *
 * One command at a time: the connection is not read from meanwhile, so answers stay in order.
 */
#include "channel/deciding.h"

#include <string.h>

#include "channel/hook.h"
#include "channel/rights.h"

/* A command that waits. */
struct decision {
    weft_channel_ask asks;   /* first */
    struct session *session; /* held */
    void (*obey)(struct session *s, const struct command *c);
    struct name name;
    size_t len;
    uint8_t text[];
};

static unsigned needs(const struct command *c)
{
    switch (c->verb) {
    case VERB_SUBSCRIBE: return c->is_pattern ? WEFT_RIGHT_PATTERN : WEFT_RIGHT_READ;
    case VERB_PUBLISH: return WEFT_RIGHT_WRITE;
    case VERB_PRESENCE: return WEFT_RIGHT_PRESENCE;
    default: return 0;
    }
}

/* ---- decided --------------------------------------------------------------------------------- */

static void decision_free(struct decision *d)
{
    struct session *s = d->session;
    hook_free(s->channels->env, d);
    session_unref(s);
}

/* It was in order when it was read first. */
static void read_again(struct decision *d, const struct refusal *why)
{
    struct session *s = d->session;
    struct command c;
    struct refusal again;
    const weft_channels *channels = s->channels;
    enum command_result result = command_read(&c, channels->env, (weft_bytes){d->text, d->len},
                                              channels->cfg.max_message, &again);
    if (result == COMMAND_READ && !why) d->obey(s, &c);
    else session_refuse(s, c.id, why ? why : &again);
    command_free(&c);
    s->asks = false;
    session_flow(s);
}

static void granted(weft_channel_ask *a, unsigned rights)
{
    struct decision *d = (struct decision *)a;
    if (d->session->conn) {
        grants_keep(&d->session->grants, d->session->channels->env, &d->name, rights);
        read_again(d, NULL);
    }
    decision_free(d);
}

static void refused(weft_channel_ask *a, const struct refusal *why)
{
    struct decision *d = (struct decision *)a;
    if (d->session->conn) read_again(d, why);
    decision_free(d);
}

/* ---- to decide ------------------------------------------------------------------------------- */

static void ask(struct session *s, const struct command *c, weft_bytes text,
                void (*obey)(struct session *s, const struct command *c))
{
    struct refusal why;
    struct decision *d = hook_realloc(s->channels->env, NULL, sizeof *d + text.len);
    if (!d) {
        refusal_no_memory(&why);
        session_refuse(s, c->id, &why);
        return;
    }
    *d = (struct decision){.session = s, .obey = obey, .name.len = c->channel.len, .len = text.len};
    memcpy(d->name.text, c->channel.data, c->channel.len);
    memcpy(d->text, text.data, text.len);
    d->asks = (weft_channel_ask){
        .channels = s->channels,
        .name = name_bytes(&d->name),
        .needs = needs(c),
        .conn = s->conn,
        .granted = granted,
        .refused = refused,
    };
    s->refs++;
    s->asks = true;
    rights_ask(&d->asks);
}

void session_decide(struct session *s, const struct command *c, weft_bytes text,
                    void (*obey)(struct session *s, const struct command *c))
{
    unsigned missing = needs(c) & ~(needs(c) ? session_rights_on(s, c->channel) : 0);
    if (missing) ask(s, c, text, obey);
    else obey(s, c);
}
