/* SPDX-License-Identifier: MIT
 *
 * cli/access_log.c - records become lines, and lines go to a file by a thread of their own
 */
#include "cli/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <weft/aux.h>

#include "cli/cli.h"
#include "cli/escape.h"
#include "cli/redact.h"

enum { TARGET_MAX = 512, FILE_MODE = 0640, PIPE_SIZE = 1 << 20, PIECE = 1 << 16 };

const char *const access_log_formats[] = {"combined", "json", NULL};

/* ---- parts of a line ------------------------------------------------------------------------- */

static weft_bytes cut(weft_bytes text, size_t most)
{
    return (weft_bytes){text.data, text.len < most ? text.len : most};
}

/* What a stranger sent, between quotes: nothing in it ends them, or the line. */
static void add_quoted(FILE *to, weft_bytes text)
{
    char escaped[4 * TARGET_MAX + 1];
    weft_escape(escaped, sizeof escaped, cut(text, TARGET_MAX));
    fprintf(to, "\"%s\"", text.len ? escaped : "-");
}

/* Without tokens. NULL: no memory. To be freed. */
static char *redacted(weft_bytes target)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return NULL;
    redact_target(to, cut(target, TARGET_MAX));
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

static void make_id(struct access_log *a, char id[40])
{
    unsigned long long n = atomic_fetch_add_explicit(&a->made, 1, memory_order_relaxed);
    snprintf(id, 40, "%08" PRIx32 "-%llx", a->start, n);
}

/* When it began. */
static struct timespec began(const weft_access *of)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 - of->us;
    return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct parts {
    struct timespec at;
    char *target, *referer;
    weft_bytes id;
};

static void write_combined(FILE *to, const weft_access *of, const struct parts *p)
{
    char when[40];
    struct tm tm;
    const char *host = weft_peer_host(of->peer);
    localtime_r(&p->at.tv_sec, &tm);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S %z", &tm);
    fprintf(to, "%s - - [%s] \"", *host ? host : "-", when);
    char method[4 * 32 + 1];
    weft_escape(method, sizeof method, cut(of->method, 32));
    fprintf(to, "%s %s HTTP/1.1\" %d %" PRIu64 " ", method, p->target, of->status, of->sent);
    add_quoted(to, bytes(p->referer));
    fputc(' ', to);
    add_quoted(to, of->user_agent);
    fputc(' ', to);
    add_quoted(to, p->id);
}

static void add_member(FILE *to, const char *name, weft_bytes value)
{
    if (!value.len) return;
    fprintf(to, ",\"%s\":", name);
    escape_json(to, value);
}

static void write_json(FILE *to, const weft_access *of, const struct parts *p)
{
    static const char *const kinds[] = {"request", "upgrade", "websocket"};
    char when[40];
    struct tm tm;
    gmtime_r(&p->at.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(to, "{\"time\":\"%s.%03ldZ\",\"kind\":\"%s\"", when, p->at.tv_nsec / 1000000,
            kinds[of->kind]);
    add_member(to, "id", p->id);
    add_member(to, "address", bytes(weft_peer_address(of->peer)));
    add_member(to, "method", cut(of->method, 32));
    add_member(to, "target", bytes(p->target));
    fprintf(to, ",\"status\":%d,\"received\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"ms\":%.3f",
            of->status, of->received, of->sent, (double)of->us / 1000);
    if (of->kind == WEFT_ACCESS_WEBSOCKET)
        fprintf(to, ",\"code\":%d,\"sent_code\":%d", of->code, of->sent_code);
    add_member(to, "cause", bytes(of->cause));
    add_member(to, "referer", bytes(p->referer));
    add_member(to, "agent", of->user_agent);
    fputc('}', to);
}

static void write_line(struct access_log *a, const weft_access *of, const struct parts *p)
{
    char *line = NULL;
    size_t len;
    FILE *to = open_memstream(&line, &len);
    if (!to) return;
    if (a->json) write_json(to, of, p);
    else write_combined(to, of, p);
    if (fclose(to) == 0) journal_write(&a->journal, line);
    free(line);
}

/* An upgrade that was accepted is told with its WebSocket. */
void access_log_write(struct access_log *a, const weft_access *of)
{
    char made[40];
    if (of->kind == WEFT_ACCESS_UPGRADE && of->status == 101) return;
    struct parts p = {.at = began(of), .id = of->request_id};
    if (!p.id.len) make_id(a, made), p.id = bytes(made);
    p.target = redacted(of->target);
    p.referer = redacted(of->referer);
    if (p.target && p.referer) write_line(a, of, &p);
    free(p.target);
    free(p.referer);
}

/* ---- to the file ----------------------------------------------------------------------------- */

/* Until nobody holds the other end. A disk that is full loses lines, and nothing else. */
static void *carry(void *arg)
{
    const struct access_log *a = arg;
    char *piece = malloc(PIECE);
    ssize_t n;
    while (piece && ((n = read(a->pipe[0], piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
        for (ssize_t at = 0, wrote; at < n; at += wrote)
            if ((wrote = write(a->file, piece + at, (size_t)(n - at))) <= 0) break;
    free(piece);
    return NULL;
}

static int open_file(struct access_log *a, const char *path)
{
    a->file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    if (a->file < 0) return complain("--access-log %s: %s", path, strerror(errno));
    if (pipe2(a->pipe, O_CLOEXEC) < 0 || fcntl(a->pipe[1], F_SETFL, O_NONBLOCK) < 0)
        return complain("--access-log: %s", strerror(errno));
    (void)fcntl(a->pipe[1], F_SETPIPE_SZ, PIPE_SIZE); /* or what this user may have */
    return 0;
}

int access_log_open(struct access_log *a, const char *path, const char *format)
{
    *a = (struct access_log){.file = -1, .pipe = {-1, -1}};
    if (!path) return 0;
    bool is_stdout = !strcmp(path, "-");
    int r = is_stdout ? 0 : open_file(a, path);
    if (r) return r;
    if (getrandom(&a->start, sizeof a->start, 0) < 0) a->start = (uint32_t)time(NULL);
    a->json = format && !strcmp(format, "json");
    journal_init(&a->journal, is_stdout ? STDOUT_FILENO : a->pipe[1]);
    a->on = true;
    return 0;
}

/* Signals are the first thread's. */
int access_log_start(struct access_log *a)
{
    sigset_t all, before;
    if (a->file < 0) return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&a->writer, NULL, carry, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    a->runs = error == 0;
    return error ? complain("--access-log: %s", strerror(error)) : 0;
}

static void close_one(int fd)
{
    if (fd >= 0) close(fd);
}

void access_log_close(struct access_log *a)
{
    if (a->on) journal_deinit(&a->journal);
    close_one(a->pipe[1]);
    if (a->runs) pthread_join(a->writer, NULL);
    close_one(a->pipe[0]);
    close_one(a->file);
}
