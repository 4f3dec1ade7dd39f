/* SPDX-License-Identifier: MIT
 *
 * cli/patient.c - a timer asks the heart what is due; all that happens is published on the patient's channel
 */
#include "cli/patient.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/hub.h>

#include "cli/escape.h"

#define CHANNEL "/heartbeat/"

enum { LIFE_MS = 10 * 60 * 1000 };

/* ---- what is told ---------------------------------------------------------------------------- */

uint64_t patient_now(const struct patient *p)
{
    return weft_loop_now(weft_conn_loop(p->conn));
}

static void publish(const struct patient *p, const char *json, size_t len)
{
    char channel[sizeof CHANNEL + HEARTBEAT_ID_MAX];
    snprintf(channel, sizeof channel, CHANNEL "%s", p->id);
    int error = weft_publish(p->table->hub, channel, WEFT_TEXT, json, len);
    (void)error; /* who is told too little sees a gap in his drawing */
}

struct note {
    FILE *to;
    char *json;
    size_t len;
};

static bool note_begin(struct note *n, const struct patient *p, const char *type)
{
    *n = (struct note){0};
    n->to = open_memstream(&n->json, &n->len);
    if (n->to)
        fprintf(n->to, "{\"type\":\"%s\",\"at\":%.3f", type,
                (double)(patient_now(p) - p->opened) / 1e3);
    return n->to;
}

static void note_end(struct note *n, const struct patient *p)
{
    fputc('}', n->to);
    if (fclose(n->to) == 0) publish(p, n->json, n->len);
    free(n->json);
}

void patient_tell(const struct patient *p, const char *type, const char *format, ...)
{
    struct note n;
    if (!note_begin(&n, p, type)) return;
    va_list ap;
    va_start(ap, format);
    vfprintf(n.to, format, ap);
    va_end(ap);
    note_end(&n, p);
}

static void tell_code(const struct patient *p, const char *type, unsigned code, const char *reason)
{
    struct note n;
    if (!note_begin(&n, p, type)) return;
    fprintf(n.to, ",\"code\":%u,\"reason\":", code);
    escape_json(n.to, (weft_bytes){(const uint8_t *)reason, strlen(reason)});
    note_end(&n, p);
}

void patient_tell_closed(const struct patient *p, const weft_close_info *info)
{
    struct note n;
    if (!note_begin(&n, p, "closed")) return;
    fprintf(n.to, ",\"code\":%u,\"sent\":%u,\"clean\":%s,\"by_peer\":%s,\"reason\":", info->code,
            info->sent_code, info->clean ? "true" : "false", info->by_peer ? "true" : "false");
    escape_json(n.to, info->reason);
    fputs(",\"cause\":", n.to);
    escape_json(n.to, (weft_bytes){(const uint8_t *)info->cause, strlen(info->cause)});
    note_end(&n, p);
}

/* ---- what the server's end does -------------------------------------------------------------- */

void patient_ping(struct patient *p)
{
    char text[HEART_TEXT];
    uint32_t n = heart_ping(&p->heart, patient_now(p), text);
    if (n && weft_ping(p->conn, text, strlen(text)) == 0)
        patient_tell(p, "ping", ",\"n\":%" PRIu32, n);
}

void patient_close(struct patient *p, uint16_t code, const char *reason)
{
    int error = weft_close(p->conn, code, *reason ? reason : NULL);
    if (error) tell_code(p, "refused", code, weft_strerror(error));
    else tell_code(p, "close", code, reason);
}

static void give_up(struct patient *p)
{
    patient_tell(p, "lost", ",\"n\":%" PRIu32, p->heart.pending[0].n);
    weft_abort(p->conn);
}

/* One that is closing has the time that its limits say. */
void patient_schedule(struct patient *p)
{
    uint64_t life = p->opened + (uint64_t)LIFE_MS * 1000, next = heart_next(&p->heart);
    if (weft_conn_is_open(p->conn)) weft_timer_at(p->timer, next < life ? next : life);
    else weft_timer_stop(p->timer);
}

static void on_time(weft_timer *t, void *user)
{
    (void)t;
    struct patient *p = user;
    if (patient_now(p) >= p->opened + (uint64_t)LIFE_MS * 1000) {
        patient_close(p, WEFT_CLOSE_GOING_AWAY, "the ten minutes are over");
    } else {
        switch (heart_turn(&p->heart, patient_now(p))) {
        case HEART_BEATS: patient_ping(p); break;
        case HEART_GIVES_UP: give_up(p); break;
        case HEART_RESTS: break;
        }
    }
    patient_schedule(p);
}

/* ---- life ------------------------------------------------------------------------------------ */

int patient_open(struct patient *p, weft_conn *c)
{
    p->conn = c;
    p->opened = patient_now(p);
    heart_init(&p->heart, p->opened);
    heart_every(&p->heart, p->every, p->opened);
    patient_tell(p, "open", ",\"every\":%" PRIu64 ",\"patience\":%d", p->heart.every / 1000,
                 HEART_PATIENCE_MS);
    int r = weft_timer_new(&p->timer, weft_conn_loop(c), on_time, p);
    if (r == 0) patient_schedule(p);
    return r;
}

void patient_pong(struct patient *p, weft_bytes text)
{
    uint64_t rtt_us;
    uint32_t n = heart_pong(&p->heart, text, patient_now(p), &rtt_us);
    if (n) patient_tell(p, "pong", ",\"n\":%" PRIu32 ",\"rtt\":%.3f", n, (double)rtt_us / 1e3);
    patient_schedule(p);
}

void patient_free(struct patient *p)
{
    weft_timer_free(p->timer);
    free(p);
}
