/* SPDX-License-Identifier: MIT
 *
 * cli/slow.c - on_time sends what is through the line, and says how much is not
 */
#include "cli/slow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/echo.h"
#include "cli/slow_line.h"

#define PATH "/slow/"

enum { STEP_MS = 25, STEPS_A_REPORT = 8, SENT_MAX = 512 };

struct client {
    struct traced traced; /* first: what is traced */
    const struct policy *policy;
    weft_topic *topic;
    weft_position since;
    bool returns; /* behind since */
    weft_conn *conn;
    weft_timer *timer;
    uint64_t then; /* us: when on_time came last */
    unsigned steps;
    struct slow_line line;
};

static const struct policy {
    const char *name, *channel;
} policies[] = {
    {"queue", "/quotes/queue"},
    {"latest", "/quotes/latest"},
    {"disconnect", "/quotes/disconnect"},
};

/* ---- what is asked for ----------------------------------------------------------------------- */

bool slow_rate(weft_bytes text, double *rate)
{
    char own[16], *end;
    if (!text.len || text.len >= sizeof own) return false;
    memcpy(own, text.data, text.len);
    own[text.len] = '\0';
    double n = strtod(own, &end);
    if (*end || !(n >= 0.1 && n <= 20)) return false;
    *rate = n;
    return true;
}

static const struct policy *policy_of(weft_bytes path)
{
    size_t folder = sizeof PATH - 1;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        const char *name = policies[i].name;
        if (path.len - folder == strlen(name) && !memcmp(path.data + folder, name, strlen(name)))
            return &policies[i];
    }
    return NULL;
}

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static bool read_query(struct client *c, weft_bytes query)
{
    char rate[16], since[WEFT_POSITION_TEXT];
    if (weft_query_get(query, "rate", rate, sizeof rate) < 0 ||
        !slow_rate(bytes(rate), &c->line.rate))
        return false;
    int len = weft_query_get(query, "since", since, sizeof since);
    c->returns = len >= 0;
    return len == -ENOENT || (len >= 0 && weft_position_parse(&c->since, bytes(since)) == 0);
}

static int refuse(weft_upgrade *u, int status, const char *why)
{
    weft_upgrade_body(u, "text/plain; charset=utf-8", why, strlen(why));
    return status;
}

static int make(weft_upgrade *u, const struct slow *s, const struct policy *policy)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c) return 503;
    c->traced = s->traced;
    c->policy = policy;
    bool right = read_query(c, weft_request_query(weft_upgrade_request(u)));
    weft_hub *hub = weft_channels_hub(s->service->channels.them);
    if (right && weft_topic_get(&c->topic, hub, bytes(policy->channel)) == 0) {
        weft_upgrade_set_user(u, c);
        return 0;
    }
    free(c);
    return right ? 503
                 : refuse(u, 400, "rate is 0.1 to 20, and since a position, or it is not there\n");
}

static int on_upgrade(weft_upgrade *u)
{
    const struct slow *s = weft_upgrade_user(u);
    const struct policy *policy = policy_of(weft_request_path(weft_upgrade_request(u)));
    trace_handshake(u, &s->traced);
    if (policy) return make(u, s, policy);
    return refuse(u, 404, "there are queue, latest and disconnect\n");
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* A page that does not read is no slow client, but one that is gone. */
static void send(struct client *c, const char *text)
{
    if (weft_send(c->conn, WEFT_TEXT, text, strlen(text)) < 0) weft_abort(c->conn);
}

static void begin_with(struct client *c, const weft_seek *seek)
{
    char text[SENT_MAX], at[WEFT_POSITION_TEXT], head[WEFT_POSITION_TEXT], lost[40] = "";
    weft_position_print(&seek->at, at);
    weft_position_print(&seek->head, head);
    if (seek->lost == WEFT_LOST_UNKNOWN) strcpy(lost, ",\"lost\":null");
    else if (seek->lost) snprintf(lost, sizeof lost, ",\"lost\":%" PRIu64, seek->lost);
    snprintf(text, sizeof text,
             "{\"channel\":\"%s\",\"position\":\"%s\",\"head\":\"%s\",\"policy\":\"%s\"%s}",
             c->policy->channel, at, head, c->policy->name, lost);
    send(c, text);
}

static void send_what_is_through(struct client *c)
{
    weft_message *m;
    while ((m = slow_line_take(&c->line))) {
        if (weft_send_message(c->conn, m) < 0) weft_abort(c->conn);
        weft_message_unref(m);
    }
}

static void report(struct client *c)
{
    char text[SENT_MAX];
    snprintf(text, sizeof text, "{\"held\":%zu,\"behind\":%" PRIu64 "}", c->line.messages,
             slow_line_behind(&c->line));
    send(c, text);
}

/* As the hub ends a connection that is its reader. */
static void disconnect(struct client *c)
{
    static const char why[] = "too slow: the send queue is full";
    if (c->line.error != WEFT_ERR_BACKLOG ||
        weft_close_now(c->conn, WEFT_CLOSE_POLICY_VIOLATION, why) < 0)
        weft_abort(c->conn);
}

static void on_time(weft_timer *t, void *user)
{
    struct client *c = user;
    uint64_t now = weft_loop_now(weft_conn_loop(c->conn));
    if (!weft_conn_is_open(c->conn)) return;
    if (c->line.error) {
        disconnect(c);
        return;
    }
    weft_timer_start(t, STEP_MS);
    slow_line_pass(&c->line, (double)(now - c->then) / 1e6);
    c->then = now;
    send_what_is_through(c);
    if (++c->steps % STEPS_A_REPORT == 0) report(c);
}

/* ---- its connection -------------------------------------------------------------------------- */

static void on_open(weft_conn *conn)
{
    struct client *c = weft_conn_user(conn);
    weft_loop *l = weft_conn_loop(conn);
    const weft_since since = {.position = c->returns ? &c->since : NULL};
    weft_seek seek;
    trace_open(&c->traced, conn);
    c->conn = conn;
    c->then = weft_loop_now(l);
    int error = weft_timer_new(&c->timer, l, on_time, c);
    if (!error) error = slow_line_begin(&c->line, c->topic, l, &since, &seek);
    if (error) {
        weft_abort(conn);
        return;
    }
    begin_with(c, &seek);
    weft_timer_start(c->timer, STEP_MS);
}

static void on_message(weft_conn *conn, weft_opcode op, const void *data, size_t len)
{
    struct client *c = weft_conn_user(conn);
    trace_received(&c->traced, conn, op, len);
    if (!slow_rate((weft_bytes){data, len}, &c->line.rate))
        weft_close(conn, WEFT_CLOSE_POLICY_VIOLATION, "the rate is 0.1 to 20");
}

static void on_close(weft_conn *conn, const weft_close_info *info)
{
    struct client *c = weft_conn_user(conn);
    trace_close(&c->traced, conn, info);
    slow_line_end(&c->line);
    weft_timer_free(c->timer);
    weft_topic_unref(c->topic);
    free(c);
}

static void on_plain(weft_request *r, void *user)
{
    (void)user;
    echo_refuse(r);
}

int slow_add(struct slow *s, const struct service *service)
{
    static const weft_request_handler plain = {.on_request = on_plain};
    const weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_close = on_close,
        .deflate = service->deflate,
    };
    *s = (struct slow){.traced = {.trace = &service->trace, .place = "/slow"}, .service = service};
    int error = weft_server_route(service->server, PATH "*", &handler, s);
    return error ? error : weft_server_on_request(service->server, PATH "*", &plain, NULL);
}
