/* SPDX-License-Identifier: MIT
 *
 * cli/scrape.c - a scrape, from the request to the answer
 *
 *      on_request, any loop -> ask, the first loop -> each WebSocket, in its loop -> answer, the request's loop
 */
#include "cli/scrape.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct job {
    weft_errand errand;
    const struct scrape *of;
    weft_request *request;
    weft_loop *loop; /* the request's */
    _Atomic uint64_t queued;
};

static void add(struct metrics_text *t, const char *name, const char *type, const char *help,
                uint64_t value)
{
    metrics_family(t, name, type, help);
    metrics_count(t, value);
}

static void add_labelled(struct metrics_text *t, const char *label, const char *value, uint64_t n)
{
    metrics_label(t, label, value);
    metrics_count(t, n);
}

void reloads_tell(struct reloads *r, bool good)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    r->failed = !good;
    if (good) r->at = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- who is there ---------------------------------------------------------------------------- */

/* What is no other kind is HTTP. They are counted one after the other, so for a moment they may be more than all. */
static void add_connections(struct metrics_text *t, const weft_server *s, const weft_channels *c)
{
    uint64_t all = weft_server_count(s, WEFT_COUNT_CONNECTIONS);
    uint64_t websockets = weft_server_count(s, WEFT_COUNT_WEBSOCKETS);
    uint64_t events = weft_channels_count(c, WEFT_CHANNELS_EVENT_STREAMS);
    uint64_t streams = weft_channels_count(c, WEFT_CHANNELS_STREAMS);
    uint64_t polls = weft_channels_count(c, WEFT_CHANNELS_POLLS);
    uint64_t known = websockets + events + streams + polls;
    metrics_family(t, "weft_connections", "gauge", "Connections now, by what they carry.");
    add_labelled(t, "transport", "websocket", websockets);
    add_labelled(t, "transport", "sse", events);
    add_labelled(t, "transport", "stream", streams);
    add_labelled(t, "transport", "poll", polls);
    add_labelled(t, "transport", "http", all > known ? all - known : 0);
    add(t, "weft_connections_accepted_total", "counter", "Connections that were accepted.",
        weft_server_count(s, WEFT_COUNT_ACCEPTED));
    add(t, "weft_requests_total", "counter", "Plain HTTP requests.",
        weft_server_count(s, WEFT_COUNT_REQUESTS));
}

static void add_refusals(struct metrics_text *t, const weft_server *s)
{
    char text[16];
    metrics_family(t, "weft_refusals_total", "counter",
                   "Requests and upgrades that the server refused, by HTTP status.");
    for (int status = 300; status < 600; status++) {
        uint64_t n = weft_server_count_refused(s, status);
        snprintf(text, sizeof text, "%d", status);
        if (n) add_labelled(t, "reason", text, n);
    }
}

/* Codes that have a meaning here; all others, which peers may choose, are one. */
static const char *name_of(unsigned code, char text[16])
{
    bool known = (code >= 1000 && code <= 1015) || code == 3000 || code == 3003;
    snprintf(text, 16, "%u", code);
    return !code ? "none" : known ? text : NULL;
}

static void add_closes(struct metrics_text *t, const weft_server *s,
                       uint64_t (*count)(const weft_server *s, uint16_t code))
{
    char text[16];
    uint64_t others = 0;
    for (unsigned code = 0; code < 5000; code++) {
        uint64_t n = count(s, (uint16_t)code);
        const char *name = n ? name_of(code, text) : NULL;
        if (name) add_labelled(t, "code", name, n);
        else others += n;
    }
    add_labelled(t, "code", "other", others);
}

/* ---- what goes through ----------------------------------------------------------------------- */

static void add_messages(struct metrics_text *t, const struct metrics_totals *m, const weft_hub *h)
{
    add(t, "weft_messages_received_total", "counter",
        "Messages that channels received by WebSocket.", m->received);
    add(t, "weft_messages_published_total", "counter",
        "Messages that were published by clients, whichever way they came.", m->published);
    add(t, "weft_deliveries_total", "counter",
        "Messages that were queued for subscribers, each for each.",
        weft_hub_count(h, WEFT_HUB_DELIVERED));
    add(t, "weft_skipped_total", "counter",
        "Messages that a channel's policy spared subscribers, each for each.",
        weft_hub_count(h, WEFT_HUB_SKIPPED));
    add(t, "weft_lost_total", "counter",
        "Messages that were not kept any more for a subscriber who wanted all.",
        weft_hub_count(h, WEFT_HUB_LOST));
    add(t, "weft_subscribers_ended_total", "counter",
        "Subscribers who were ended because they were too slow, or for want of memory.",
        weft_hub_count(h, WEFT_HUB_ENDED));
}

static void add_times(struct metrics_text *t, const struct metrics_totals *m)
{
    metrics_family(
        t, "weft_publish_to_socket_seconds", "histogram",
        "From the beginning of a turn that publishes until the kernel has its output; a sample of turns.");
    metrics_spread(t, &m->to_socket);
    metrics_family(t, "weft_loop_lag_seconds", "histogram",
                   "How late a timer came; a sample, while something is published.");
    metrics_spread(t, &m->lag);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void add_certificates(struct metrics_text *t, const struct scrape *s)
{
    int64_t at;
    if (!*s->tls) return;
    metrics_family(t, "weft_tls_certificate_expiry_timestamp_seconds", "gauge",
                   "Until when a certificate is good, in seconds since 1970.");
    for (size_t i = 0; weft_tls_expires(*s->tls, i, &at) == 0; i++) {
        metrics_label(t, "certificate", s->secret->certificates.items[i]);
        metrics_real(t, (double)at);
    }
}

static void add_program(struct metrics_text *t, const struct scrape *s)
{
    metrics_family(t, "weft_build_info", "gauge", "Which weft this is; always 1.");
    add_labelled(t, "version", weft_version(), 1);
    add(t, "weft_config_reload_success", "gauge",
        "Whether settings could be read the last time that was asked for.", !s->reloads->failed);
    metrics_family(t, "weft_config_last_reload_success_timestamp_seconds", "gauge",
                   "When settings were last read without a fault.");
    metrics_real(t, s->reloads->at);
    add(t, "weft_log_lines_dropped_total", "counter", "Lines of the log that nobody read in time.",
        journal_dropped(s->journal));
    add_certificates(t, s);
    process_write(t, s->process);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void write_all(struct metrics_text *t, const struct job *j)
{
    const struct scrape *s = j->of;
    struct metrics_totals totals;
    const weft_hub *hub = weft_channels_hub(*s->channels);
    metrics_sum(s->metrics, &totals);
    add_connections(t, *s->server, *s->channels);
    add_refusals(t, *s->server);
    metrics_family(t, "weft_closes_total", "counter",
                   "WebSockets that ended, by the code that the peer said.");
    add_closes(t, *s->server, weft_server_count_closed);
    metrics_family(t, "weft_closes_sent_total", "counter",
                   "WebSockets that ended, by the code that the peer was told.");
    add_closes(t, *s->server, weft_server_count_close_sent);
    add_messages(t, &totals, hub);
    add(t, "weft_undelivered_total", "counter",
        "Messages that a WebSocket could not take, which ended it.",
        weft_server_count(*s->server, WEFT_COUNT_UNDELIVERED));
    add(t, "weft_channels", "gauge", "Channels that are remembered now.", weft_topics(hub));
    add(t, "weft_log_bytes", "gauge",
        "What channels keep now: for those who come back, and for those who are behind.",
        weft_hub_count(hub, WEFT_HUB_MEMORY));
    add(t, "weft_queue_bytes", "gauge", "What is queued now for WebSockets.", j->queued);
    add_times(t, &totals);
    add_program(t, s);
}

static void answer(weft_errand *e)
{
    struct job *j = (struct job *)(void *)((char *)e - offsetof(struct job, errand));
    struct buffer out = {0};
    struct metrics_text t = {.out = &out};
    if (*j->of->server) write_all(&t, j);
    bool failed = out.failed || !out.len;
    weft_reply_field(j->request, "Cache-Control", "no-store");
    if (failed) weft_respond(j->request, 503, NULL, NULL, 0);
    else weft_respond(j->request, 200, METRICS_TYPE, out.data, out.len);
    buffer_free(&out);
    free(j);
}

static void go_back(void *arg)
{
    struct job *j = arg;
    j->errand.run = answer;
    (void)weft_errand_post(j->loop, 0, &j->errand);
}

static void look(weft_conn *c, void *arg)
{
    struct job *j = arg;
    atomic_fetch_add_explicit(&j->queued, weft_buffered(c), memory_order_relaxed);
}

static void ask(weft_errand *e)
{
    struct job *j = (struct job *)(void *)((char *)e - offsetof(struct job, errand));
    weft_server *server = *j->of->server;
    if (!server || weft_server_each(server, look, go_back, j) < 0) go_back(j);
}

static void on_request(weft_request *r, void *user)
{
    const struct scrape *s = user;
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        weft_respond(r, 503, NULL, NULL, 0);
        return;
    }
    *j = (struct job){.errand.run = ask, .of = s, .request = r, .loop = weft_request_loop(r)};
    (void)weft_errand_post(s->first, 0, &j->errand);
}

int scrape_route(const struct scrape *s, weft_server *at, const char *path)
{
    static const weft_request_handler handler = {.on_request = on_request, .methods = "GET"};
    return weft_server_on_request(at, path, &handler, (void *)s);
}
