/* SPDX-License-Identifier: MIT
 *
 * cli/channels.c - flags become settings of channels, and what happens on them becomes lines of the trace
 */
#include "cli/channels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/escape.h"
#include "cli/page.h"

/* ---- flags ----------------------------------------------------------------------------------- */

static const struct channel_flag usual = {
    .settings = {.history_items = 100, .stub_ms = 60 * 60 * 1000},
    .presence = true,
};

static int add(struct channels *c, const char *text)
{
    char why[CHANNEL_FLAG_WHY];
    if (!channel_flag_parse(&c->flags[c->n], text, &usual, why))
        return complain("--channel '%s': %s", text, why);
    c->n++;
    return 0;
}

static int read_channels(struct channels *c)
{
    const struct channels_options *o = c->options;
    int status = 0;
    for (size_t i = 0; i < o->channels.n && !status; i++) status = add(c, o->channels.items[i]);
    for (size_t i = 0; o->own[i] && !status; i++) status = add(c, o->own[i]);
    if (!status && o->only && !o->channels.n)
        status = complain("--only-channels: and no --channel names one");
    return status;
}

static int read_grants(struct channels *c)
{
    static const struct {
        const char *word;
        weft_right right;
    } words[] = {{"drop", WEFT_RIGHT_DROP}, {"pattern", WEFT_RIGHT_PATTERN}};
    enum { WORDS = sizeof words / sizeof *words };
    c->rights = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE | WEFT_RIGHT_PRESENCE;
    if (c->options->on_loopback) c->rights |= WEFT_RIGHT_DROP | WEFT_RIGHT_PATTERN;
    for (size_t i = 0; i < c->options->grants.n; i++) {
        const char *word = c->options->grants.items[i];
        size_t at = 0;
        while (at < WORDS && strcmp(words[at].word, word) != 0) at++;
        if (at == WORDS) return complain("--grant: \"%s\" is neither drop nor pattern", word);
        c->rights |= words[at].right;
    }
    return 0;
}

/* ---- what the room asks ---------------------------------------------------------------------- */

/* Of constants, so of any thread. */
static const weft_topic_settings *settings_of(const char *name, void *user)
{
    const struct channels *c = user;
    const struct channel_flag *flag = channel_flag_find(c->flags, c->n, name);
    return flag ? &flag->settings : NULL;
}

static bool has_presence(const char *name, void *user)
{
    const struct channels *c = user;
    const struct channel_flag *flag = channel_flag_find(c->flags, c->n, name);
    return flag ? flag->presence : usual.presence;
}

static void on_ask(weft_channel_ask *ask, void *user)
{
    const struct channels *c = user;
    const char *name = (const char *)weft_channel_ask_name(ask).data;
    if (channel_flag_find(c->flags, c->n, name)) weft_channel_ask_grant(ask, c->rights);
    else
        weft_channel_ask_refuse(ask, 404,
                                "there is no such channel here (--channel would declare it)");
}

static bool on_look(weft_request *r, bool page, void *user)
{
    const struct channels *c = user;
    return c->options->on_look && c->options->on_look(r, page, c->options->user);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void trace_published(const struct channels *c, const char *place,
                            const weft_channel_event *e)
{
    trace_line(c->trace, "%s  -> %s, %zu %s, to %zu", place, trace_opcode(e->op), e->len,
               trace_bytes(e->len),
               weft_subscribers(weft_channels_hub(c->them), (const char *)e->channel.data));
}

static void tell(const struct channels *c, const char *place, const weft_channel_event *e)
{
    const struct traced at = {.trace = c->trace, .place = place};
    switch (e->type) {
    case WEFT_CHANNEL_UPGRADE: trace_handshake(e->upgrade, &at); break;
    case WEFT_CHANNEL_OPEN: trace_open(&at, e->conn); break;
    case WEFT_CHANNEL_MESSAGE: trace_received(&at, e->conn, e->op, e->len); break;
    case WEFT_CHANNEL_PING: trace_ping(&at, e->conn, e->len); break;
    case WEFT_CHANNEL_PONG: trace_pong(&at, e->conn, e->rtt_us); break;
    case WEFT_CHANNEL_CLOSED: trace_close(&at, e->conn, e->close); break;
    case WEFT_CHANNEL_PUBLISHED: trace_published(c, place, e); break;
    }
}

/* Without -v only of upgrades, for what their owner should know. */
static void on_event(const weft_channel_event *e, void *user)
{
    const struct channels *c = user;
    char *place = NULL;
    size_t len;
    if (!c->trace->level) {
        if (e->type == WEFT_CHANNEL_UPGRADE) tell(c, "", e);
        return;
    }
    FILE *to = open_memstream(&place, &len);
    if (!to) return;
    escape_terminal(to, e->channel, " ");
    if (fclose(to) == 0) tell(c, place, e);
    free(place);
}

/* ---- life ------------------------------------------------------------------------------------ */

int channels_open(struct channels *c, weft_loop *l, const struct channels_options *o,
                  const struct trace *t)
{
    *c = (struct channels){.options = o, .trace = t, .usual = usual};
    int status = read_channels(c);
    if (!status) status = read_grants(c);
    if (status) return status;
    const weft_hub_config hub = {
        .settings = &c->usual.settings,
        .settings_of = settings_of,
        .user = c,
    };
    const weft_channels_config config = {
        .hub = &hub,
        .max_message = o->max_message,
        .rights = c->rights,
        .any_origin = o->any_origin,
        .on_ask = o->only ? on_ask : NULL,
        .on_look = on_look,
        .on_event = on_event,
        .has_presence = has_presence,
        .user = c,
        .subprotocols = o->subprotocols->n ? o->subprotocols->items : NULL,
        .deflate = o->deflate,
        .page = page_document("/channel.html"),
    };
    int error = weft_channels_new(&c->them, l, &config);
    return error < 0 ? complain("cannot start: %s", weft_strerror(error)) : 0;
}

void channels_close(struct channels *c)
{
    weft_channels_free(c->them);
}
