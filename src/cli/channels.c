/* SPDX-License-Identifier: MIT
 *
 * cli/channels.c - flags become settings of channels, and what happens on them becomes lines of the trace
 */
#include "cli/channels.h"

#include <errno.h>
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

bool channels_check(const char *text, char why[FLAG_WHY])
{
    struct channel_flag flag;
    char wrong[CHANNEL_FLAG_WHY];
    if (channel_flag_parse(&flag, text, &usual, wrong)) return true;
    snprintf(why, FLAG_WHY, "\"%.80s\": %s", text, wrong);
    return false;
}

bool channels_fit(const struct channels_options *o, char why[FLAG_WHY])
{
    snprintf(why, FLAG_WHY, "--only-channels: and no --channel names one");
    return !o->only || o->channels.n;
}

static void add(struct channels_order *order, const char *text)
{
    char why[CHANNEL_FLAG_WHY];
    if (channel_flag_parse(&order->flags[order->n], text, &usual, why)) order->n++;
}

struct channels_order *channels_order_of(const struct channels_options *o)
{
    struct channels_order *order = calloc(1, sizeof *order);
    if (!order) return NULL;
    for (size_t i = 0; i < o->channels.n; i++) add(order, o->channels.items[i]);
    for (size_t i = 0; o->own[i]; i++) add(order, o->own[i]);
    return order;
}

static bool is_same(const struct channels_order *a, const struct channels_order *b)
{
    return a->n == b->n && !memcmp(a->flags, b->flags, a->n * sizeof *a->flags);
}

/* The one in force stays, if the other says the same: they are kept until the end. */
void channels_adopt(struct channels *c, struct channels_order *order)
{
    order->before = c->order;
    if (order->before && is_same(order->before, order)) free(order);
    else c->order = order;
}

/* ---- what the room asks ---------------------------------------------------------------------- */

/* Of any thread. */
static const struct channel_flag *find(const struct channels *c, const char *name)
{
    const struct channels_order *order = c->order;
    return channel_flag_find(order->flags, order->n, name);
}

static const weft_topic_settings *settings_of(const char *name, void *user)
{
    const struct channel_flag *flag = find(user, name);
    return flag ? &flag->settings : NULL;
}

static bool has_presence(const char *name, void *user)
{
    const struct channel_flag *flag = find(user, name);
    return flag ? flag->presence : usual.presence;
}

static void on_ask(weft_channel_ask *ask, void *user)
{
    struct channels *c = user;
    const char *name = (const char *)weft_channel_ask_name(ask).data;
    if (!c->options->only || find(c, name)) guard_answer(&c->guard, ask);
    else
        weft_channel_ask_refuse(ask, 404,
                                "there is no such channel here (--channel would declare it)");
}

static void on_forget(void *identity, void *user)
{
    (void)user;
    guard_forget(identity);
}

static bool is_kicked(struct channels *c, const char *user)
{
    bool is = false;
    pthread_mutex_lock(&c->kicks_lock);
    for (struct channels_kick *k = c->kicks; k && user; k = k->next) {
        if (strcmp(k->user, user) != 0) continue;
        k->n++;
        is = true;
    }
    pthread_mutex_unlock(&c->kicks_lock);
    return is;
}

static const char *may_stay(const weft_channel_who *who, void *user)
{
    struct channels *c = user;
    return is_kicked(c, who->user) ? "kicked" : guard_may_stay(&c->guard, who->identity);
}

void channels_kick(struct channels *c, struct channels_kick *k)
{
    pthread_mutex_lock(&c->kicks_lock);
    k->next = c->kicks;
    c->kicks = k;
    pthread_mutex_unlock(&c->kicks_lock);
    int error = weft_channels_review(c->them);
    if (error < 0) trace_tell(c->trace, "not all of a user were kicked: %s", weft_strerror(error));
}

void channels_unkick(struct channels *c, struct channels_kick *k)
{
    pthread_mutex_lock(&c->kicks_lock);
    struct channels_kick **at = &c->kicks;
    while (*at != k) at = &(*at)->next;
    *at = k->next;
    pthread_mutex_unlock(&c->kicks_lock);
}

static bool on_look(weft_request *r, bool page, void *user)
{
    const struct channels *c = user;
    return c->options->on_look && c->options->on_look(r, page, c->options->user);
}

/* ---- what happens ---------------------------------------------------------------------------- */

/* With -v all is traced by the program's; else some, by one of their own. */
static const struct trace *trace_of(const struct channels *c)
{
    return c->trace->level || !c->options->traced.n ? c->trace : &c->closer;
}

static void trace_published(const struct channels *c, const char *place,
                            const weft_channel_event *e)
{
    trace_line(trace_of(c), "%s  -> %s, %zu %s, to %zu", place, trace_opcode(e->op), e->len,
               trace_bytes(e->len),
               weft_subscribers(weft_channels_hub(c->them), (const char *)e->channel.data));
}

static void tell(const struct channels *c, const char *place, const weft_channel_event *e)
{
    const struct traced at = {.trace = trace_of(c), .place = place};
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

static const char of_user[] = "user=", of_channel[] = "channel=";

static const char *behind(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool channels_check_traced(const char *text, char why[FLAG_WHY])
{
    const char *user = behind(text, of_user), *channel = behind(text, of_channel);
    if ((user && *user) || (channel && *channel == '/')) return true;
    snprintf(why, FLAG_WHY, "\"%.80s\" is neither user=NAME nor channel=/NAME", text);
    return false;
}

static bool is(weft_bytes text, const char *word)
{
    return word && text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

/* Whether it is about one of those that --trace names. */
static bool is_traced(const struct channels *c, const weft_channel_event *e)
{
    weft_bytes channel;
    weft_channel_who who = {0};
    bool known = e->conn && weft_channels_conn(c->them, e->conn, &channel, &who) && who.user;
    for (size_t i = 0; i < c->options->traced.n; i++) {
        const char *text = c->options->traced.items[i], *user = behind(text, of_user);
        if (is(e->channel, behind(text, of_channel))) return true;
        if (user && known && strcmp(user, who.user) == 0) return true;
    }
    return false;
}

/* What an owner should know, without -v, too. */
static void hint(const struct channels *c, const weft_channel_event *e)
{
    trace_handshake(e->upgrade, &(struct traced){.trace = c->trace, .place = ""});
}

static void count(const struct channels *c, const weft_channel_event *e)
{
    if (e->type == WEFT_CHANNEL_MESSAGE) metrics_received(c->metrics);
    else if (e->type == WEFT_CHANNEL_PUBLISHED) metrics_published(c->metrics, e->loop);
}

/* Without -v only of upgrades, for what their owner should know. */
static void on_event(const weft_channel_event *e, void *user)
{
    const struct channels *c = user;
    char *place = NULL;
    size_t len;
    count(c, e);
    if (!c->trace->level && !(c->options->traced.n && is_traced(c, e))) {
        if (e->type == WEFT_CHANNEL_UPGRADE) hint(c, e);
        return;
    }
    FILE *to = open_memstream(&place, &len);
    if (!to) return;
    escape_terminal(to, e->channel, " ");
    if (fclose(to) == 0) tell(c, place, e);
    free(place);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Its page is copied. */
static int make(struct channels *c, weft_loop *l)
{
    const struct channels_options *o = c->options;
    size_t len = 0;
    char *page = page_document_under("/channel.html", page_base(o->base_path), &len);
    const weft_hub_config hub = {
        .settings = &c->usual.settings,
        .settings_of = settings_of,
        .user = c,
    };
    struct publish_rates rates;
    publish_rates_of(&rates, &o->publish_rates);
    const weft_channels_config config = {
        .hub = &hub,
        .max_message = o->max_message,
        .rights = guard_rights(&c->guard),
        .any_origin = o->any_origin,
        .on_ask = o->only || guard_asks(&c->guard) ? on_ask : NULL,
        .on_look = on_look,
        .on_forget = on_forget,
        .may_stay = may_stay,
        .on_event = on_event,
        .has_presence = has_presence,
        .user = c,
        .subprotocols = o->subprotocols->n ? o->subprotocols->items : NULL,
        .deflate = o->deflate,
        .page = {(const uint8_t *)page, len},
        .address_rate = rates.of[PUBLISH_ADDRESS],
        .conn_rate = rates.of[PUBLISH_CONNECTION],
        .user_rate = rates.of[PUBLISH_USER],
    };
    int error = page ? weft_channels_new(&c->them, l, &config) : -ENOMEM;
    free(page);
    return error < 0 ? complain("cannot start: %s", weft_strerror(error)) : 0;
}

int channels_open(struct channels *c, weft_loop *l, const struct channels_options *o,
                  const struct trace *t, struct metrics *m)
{
    *c = (struct channels){.options = o, .trace = t, .metrics = m, .usual = usual};
    pthread_mutex_init(&c->kicks_lock, NULL);
    c->closer = *t;
    c->closer.level = 1;
    int status = guard_open(&c->guard, &o->guard);
    if (status) return status;
    struct channels_order *order = channels_order_of(o);
    if (!order) return complain("cannot start: %s", weft_strerror(-ENOMEM));
    channels_adopt(c, order);
    return make(c, l);
}

bool channels_reload_keys(struct channels *c)
{
    if (!guard_reload(&c->guard, c->trace)) return false;
    if (weft_channels_review(c->them) < 0)
        trace_tell(c->trace, "not all who are connected were looked at again: no memory");
    return true;
}

void channels_close(struct channels *c)
{
    weft_channels_free(c->them);
    c->them = NULL;
    guard_close(&c->guard);
    for (struct channels_order *order = c->order, *before; order; order = before) {
        before = order->before;
        free(order);
    }
}
