/* SPDX-License-Identifier: MIT
 *
 * cli/lab_frames.c - what a server answers to frames: messages come back, as from an echo server
 *
 *      bytes -> weft_session_read -> "events", and weft_session_send
 *               weft_session_output -> "answer"
 */
#include <errno.h>
#include <string.h>

#include <weft/aux.h>
#include <weft/session.h>

#include "cli/buffer.h"
#include "cli/escape.h"
#include "cli/lab.h"

enum { SENT_BACK_MAX = 4 * LAB_MESSAGE_MAX };

struct talk {
    FILE *to;
    weft_session *session;
    size_t sent_back; /* bytes of messages, before compression */
    unsigned events;
    uint16_t code; /* what was wrong; 0: nothing */
    const char *reason;
};

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Groups of three bytes are four characters, wherever one cuts between them. */
static void print_base64(FILE *to, weft_bytes bytes)
{
    enum { GROUP = 48 };
    char text[GROUP / 3 * 4];
    fputc('"', to);
    while (bytes.len) {
        size_t n = bytes.len < GROUP ? bytes.len : GROUP;
        weft_base64_encode((weft_bytes){bytes.data, n}, text);
        fwrite(text, 1, (n + 2) / 3 * 4, to);
        bytes = (weft_bytes){bytes.data + n, bytes.len - n};
    }
    fputc('"', to);
}

static const char *type_of(const weft_event *ev)
{
    switch (ev->kind) {
    case WEFT_EV_PING: return "ping";
    case WEFT_EV_PONG: return "pong";
    case WEFT_EV_CLOSE: return "close";
    default: return ev->opcode == WEFT_TEXT ? "text" : "binary";
    }
}

static void print_event(struct talk *t, const weft_event *ev)
{
    const char *type = type_of(ev);
    weft_bytes data = {ev->data, ev->len};
    fprintf(t->to, "%s{\"type\":\"%s\",", t->events++ ? "," : "", type);
    if (ev->kind == WEFT_EV_CLOSE) {
        fprintf(t->to, "\"code\":%u,\"reason\":", (unsigned)ev->code);
        escape_json(t->to, data);
    } else if (!strcmp(type, "text")) {
        fputs("\"data\":", t->to);
        escape_json(t->to, data);
    } else {
        fputs("\"base64\":", t->to);
        print_base64(t->to, data);
    }
    fputc('}', t->to);
}

static void print_error(const struct talk *t)
{
    if (!t->code) {
        fputs("null", t->to);
        return;
    }
    fprintf(t->to, "{\"code\":%u,\"reason\":", (unsigned)t->code);
    escape_json(t->to, (weft_bytes){(const uint8_t *)t->reason, strlen(t->reason)});
    fputc('}', t->to);
}

/* ---- the conversation ------------------------------------------------------------------------ */

/* As the session has said it in its Close. */
static uint16_t code_of(int error)
{
    switch (error) {
    case WEFT_ERR_PROTOCOL: return WEFT_CLOSE_PROTOCOL_ERROR;
    case WEFT_ERR_UTF8:
    case WEFT_ERR_DEFLATE: return WEFT_CLOSE_INVALID_PAYLOAD;
    case WEFT_ERR_POLICY: return WEFT_CLOSE_POLICY_VIOLATION;
    case WEFT_ERR_TOO_BIG: return WEFT_CLOSE_MESSAGE_TOO_BIG;
    default: return WEFT_CLOSE_INTERNAL_ERROR;
    }
}

static void send_back(struct talk *t, const weft_event *ev)
{
    t->sent_back += ev->len;
    if (t->sent_back <= SENT_BACK_MAX &&
        weft_session_send(t->session, ev->opcode, ev->data, ev->len) == 0)
        return;
    t->code = WEFT_CLOSE_POLICY_VIOLATION;
    t->reason = "the laboratory sends no more than this back";
    weft_session_close_now(t->session, t->code, t->reason, strlen(t->reason));
}

static void converse(struct talk *t, weft_span *in)
{
    weft_event ev;
    int r = 0;
    while (!t->code && (r = weft_session_read(t->session, in, &ev)) > 0) {
        print_event(t, &ev);
        if (ev.kind == WEFT_EV_MESSAGE) send_back(t, &ev);
    }
    if (r >= 0) return;
    t->code = code_of(r);
    t->reason = weft_session_cause(t->session);
}

static int print_answer(const struct talk *t)
{
    struct buffer all = {0};
    struct iovec iov;
    while (weft_session_output(t->session, &iov, 1) == 1) {
        buffer_add(&all, iov.iov_base, iov.iov_len);
        weft_session_sent(t->session, iov.iov_len);
    }
    int error = all.failed ? -ENOMEM : 0;
    if (!error) print_base64(t->to, buffer_bytes(&all));
    buffer_free(&all);
    return error;
}

static int open_session(weft_session **out, bool deflate)
{
    static const weft_limits limits = {.max_message = LAB_MESSAGE_MAX};
    static const weft_deflate short_ones_too = {.threshold = 1};
    static const weft_deflate_params agreed = {
        .on = true,
        .server_no_context_takeover = true,
        .client_no_context_takeover = true,
        .server_max_window_bits = 15,
        .client_max_window_bits = 15,
    };
    weft_session_profile *profile;
    int r = weft_session_profile_new(
        &profile, &(weft_session_config){.limits = &limits, .deflate = &short_ones_too});
    if (r < 0) return r;
    r = weft_session_new(out, WEFT_SERVER, profile);
    weft_session_profile_unref(profile);
    if (r == 0 && deflate) weft_session_set_deflate(*out, &agreed);
    return r;
}

int lab_frames(FILE *to, weft_span bytes, bool deflate)
{
    struct talk t = {.to = to};
    int r = open_session(&t.session, deflate);
    if (r < 0) return r;
    fputs("{\"events\":[", to);
    converse(&t, &bytes);
    fputs("],\"answer\":", to);
    r = print_answer(&t);
    fputs(",\"error\":", to);
    print_error(&t);
    fputs("}\n", to);
    weft_session_free(t.session);
    return r;
}
