/* SPDX-License-Identifier: MIT
 *
 * cli/trace.c - what -v shows
 *
 * Lines are written whole, or not at all (journal.h). What peers chose (paths, reasons) is escaped.
 */
#include "cli/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/escape.h"
#include "cli/outcome.h"
#include "cli/redact.h"

static void clock_text(char *text, size_t size)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    size_t n = strftime(text, size, "%H:%M:%S", &tm);
    snprintf(text + n, size - n, ".%03ld", now.tv_nsec / 1000000);
}

/* A machine reads these: the date is in them, in UTC. */
static void emit_json(const struct trace *t, const char *text)
{
    struct timespec now;
    struct tm tm;
    char when[40], *line = NULL;
    size_t len;
    FILE *to = open_memstream(&line, &len);
    if (!to) return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(to, "{\"time\":\"%s.%03ldZ\",\"message\":", when, now.tv_nsec / 1000000);
    escape_json(to, (weft_bytes){(const uint8_t *)text, strlen(text)});
    fputc('}', to);
    if (fclose(to) != 0) return free(line);
    if (t->show) t->show(t->user, line);
    else journal_write(t->journal, line);
    free(line);
}

static void emit(const struct trace *t, const char *text)
{
    char now[32], line[600];
    if (t->json) {
        emit_json(t, text);
        return;
    }
    clock_text(now, sizeof now);
    snprintf(line, sizeof line, "%s %s", now, text);
    if (t->show) t->show(t->user, line);
    else journal_write(t->journal, line);
}

/* What who runs a server can change: it names a flag, or a proxy in front. Who was refused does not matter. */
static bool is_hint(const struct trace *t, const char *line)
{
    if (!t->once || (!strstr(line, "(--") && !strstr(line, "a proxy in front"))) return false;
    const char *refused = strstr(line, ": refused with ");
    return once(t->once, refused ? refused : line);
}

/* The library's: errors (without -v not while it starts) and hints always, events with -v, details with -vv. */
static void library_log(void *ctx, int level, const char *line)
{
    const struct trace *t = ctx;
    static const unsigned needed[] = {0, 1, 1, 2};
    bool told_already = t->starting && level == WEFT_LOG_ERROR && !t->level;
    if ((!told_already && t->level >= needed[level & 3]) || is_hint(t, line)) emit(t, line);
}

void trace_init(struct trace *t, unsigned level, struct journal *journal, struct once *once)
{
    *t = (struct trace){.level = level, .journal = journal, .once = once};
    t->env = (weft_env){.ctx = t, .log = library_log};
}

static void tell(const struct trace *t, const char *format, va_list args)
{
    char line[512];
    vsnprintf(line, sizeof line, format, args);
    emit(t, line);
}

void trace_tell(const struct trace *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(t, format, args);
    va_end(args);
}

void trace_line(const struct trace *t, const char *format, ...)
{
    if (!t->level) return;
    va_list args;
    va_start(args, format);
    tell(t, format, args);
    va_end(args);
}

void trace_hint(const struct trace *t, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (once(t->once, line)) emit(t, line);
}

const char *trace_opcode(weft_opcode op)
{
    return op == WEFT_TEXT ? "text" : "binary";
}

const char *trace_bytes(size_t n)
{
    return n == 1 ? "byte" : "bytes";
}

static const char *name_of(const weft_peer *p)
{
    const char *address = weft_peer_address(p);
    return *address ? address : "-";
}

static weft_bytes text_of_name(const char *name)
{
    return (weft_bytes){(const uint8_t *)name, strlen(name)};
}

static bool is_called(weft_bytes name, const char *wanted)
{
    return name.len == strlen(wanted) && !strncasecmp((const char *)name.data, wanted, name.len);
}

static bool is_secret(weft_bytes name)
{
    static const char *const secrets[] = {"authorization", "proxy-authorization", "cookie",
                                          "set-cookie"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (is_called(name, secrets[i])) return true;
    return false;
}

/* Without what opens doors. */
static void add_value(FILE *to, weft_bytes name, weft_bytes value)
{
    if (is_secret(name)) fputs("...", to);
    else if (is_called(name, "sec-websocket-protocol")) redact_subprotocols(to, value);
    else if (is_called(name, "referer")) redact_target(to, value);
    else escape_terminal(to, value, " ");
}

static void add_field(FILE *to, const weft_request *r, const char *words, const char *name)
{
    weft_bytes value = weft_request_field(r, name);
    if (!value.len) return;
    fputs(words, to);
    add_value(to, text_of_name(name), value);
}

static void trace_escaped(const struct trace *t, const char *before, weft_bytes name,
                          weft_bytes value)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return;
    fputs(before, to);
    escape_terminal(to, name, " ");
    fputs(": ", to);
    add_value(to, name, value);
    if (fclose(to) == 0) trace_line(t, "%s", text);
    free(text);
}

void trace_fields(const struct trace *t, const char *arrow, const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n && t->level; i++)
        trace_escaped(t, arrow, fields[i].name, fields[i].value);
}

/* A browser opens no WebSocket with a server that takes none of what a page offers, and does not say so. */
static void hint_at_subprotocol(const weft_upgrade *u, weft_request *r, const struct traced *at)
{
    char *text = NULL;
    size_t len;
    if (!weft_request_field(r, "Origin").len || *weft_upgrade_subprotocol(u)) return;
    FILE *to = open_memstream(&text, &len);
    if (!to) return;
    add_field(to, r, "", "Sec-WebSocket-Protocol");
    if (fclose(to) == 0 && len)
        trace_hint(
            at->trace,
            "a page offers the subprotocols \"%.200s\", of which none is known here: browsers give up then; "
            "--subprotocol NAME agrees to one",
            text);
    free(text);
}

void trace_handshake(weft_upgrade *u, const struct traced *at)
{
    weft_request *r = weft_upgrade_request(u);
    hint_at_subprotocol(u, r, at);
    if (!at->trace->level) return;
    if (at->trace->level > 1) {
        const weft_field *fields;
        size_t n = weft_request_fields(r, &fields);
        trace_fields(at->trace, "<- ", fields, n);
    }
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return;
    add_field(to, r, ", origin ", "Origin");
    add_field(to, r, ", offers ", "Sec-WebSocket-Protocol");
    if (fclose(to) == 0)
        trace_line(at->trace, "%.255s %s  handshake%.300s", name_of(weft_request_peer(r)),
                   at->place, text);
    free(text);
}

void trace_access(const weft_access *a, void *user)
{
    const struct trace *t = user;
    char *text = NULL;
    size_t len;
    if (a->kind == WEFT_ACCESS_WEBSOCKET || (a->kind == WEFT_ACCESS_UPGRADE && a->status == 101))
        return;
    FILE *to = open_memstream(&text, &len);
    if (!to) return;
    escape_terminal(to, a->method, " ");
    fputs(a->target.len > 255 ? " (long) " : " ", to);
    redact_target(to, (weft_bytes){a->target.data, a->target.len < 255 ? a->target.len : 255});
    fputs("  ", to);
    if (a->status) fprintf(to, "%d", a->status);
    else fputs("no answer", to);
    if (*a->cause) fprintf(to, ": %s", a->cause);
    else fprintf(to, ", %" PRIu64 " %s", a->sent, trace_bytes(a->sent));
    if (fclose(to) == 0) trace_line(t, "%s %s", name_of(a->peer), text);
    free(text);
}

/* The same about a connection. Of messages, who asks looks himself whether it is told: which is less than the call. */
static void trace_conn(const struct traced *at, weft_conn *c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void trace_conn(const struct traced *at, weft_conn *c, const char *format, ...)
{
    if (!at->trace->level) return;
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    trace_line(at->trace, "%s %.255s  %s", name_of(weft_conn_peer(c)), at->place, what);
}

void trace_open(const struct traced *at, weft_conn *c)
{
    const char *subprotocol = weft_conn_subprotocol(c);
    trace_conn(at, c, "open%s%s%s", *subprotocol ? ", subprotocol " : "", subprotocol,
               weft_conn_deflate(c)->on ? ", compressed" : "");
}

void trace_received(const struct traced *at, weft_conn *c, weft_opcode op, size_t len)
{
    if (!at->trace->level) return;
    trace_conn(at, c, "<- %s, %zu %s", trace_opcode(op), len, trace_bytes(len));
}

void trace_sent(const struct traced *at, weft_conn *c, weft_opcode op, size_t len)
{
    if (!at->trace->level) return;
    trace_conn(at, c, "-> %s, %zu %s", trace_opcode(op), len, trace_bytes(len));
}

void trace_ping(const struct traced *at, weft_conn *c, size_t len)
{
    trace_conn(at, c, "<- ping, %zu %s; -> pong", len, trace_bytes(len));
}

void trace_pong(const struct traced *at, weft_conn *c, uint64_t rtt_us)
{
    if (rtt_us) trace_conn(at, c, "<- pong, after %.1f ms", (double)rtt_us / 1000);
    else trace_conn(at, c, "<- pong, to no ping of ours");
}

void trace_close(const struct traced *at, weft_conn *c, const weft_close_info *info)
{
    if (!at->trace->level) return;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return;
    outcome_print(to, info);
    if (fclose(to) == 0) trace_conn(at, c, "%s", text);
    free(text);
}

/* ---- handlers -------------------------------------------------------------------------------- */

int traced_on_upgrade(weft_upgrade *u)
{
    trace_handshake(u, weft_upgrade_user(u));
    return 0;
}

void traced_on_open(weft_conn *c)
{
    trace_open(weft_conn_user(c), c);
}

void traced_on_ping(weft_conn *c, const void *data, size_t len)
{
    (void)data;
    trace_ping(weft_conn_user(c), c, len);
}

void traced_on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    (void)data, (void)len;
    trace_pong(weft_conn_user(c), c, rtt_us);
}

void traced_on_close(weft_conn *c, const weft_close_info *info)
{
    trace_close(weft_conn_user(c), c, info);
}
