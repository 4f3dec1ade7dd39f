/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_play.h - play a script once, as a plan says
 *
 * The plan cuts the input into reads and says which allocation fails; the script says what has to
 * happen all the same. Every read gets a heap copy of exactly its size, gone when the read is over.
 *
 * Parts of a message (chunks) are joined before they are compared, because how many there are depends
 * on the reads; at a violation, the good bytes before it may have been handed out or not.
 *
 * Once a call has reported -ENOMEM the outputs are no longer compared, but events must still be the
 * right ones, what is written must be well-formed, and everything must be given back.
 */
#ifndef TESTS_CASE_PLAY_H
#define TESTS_CASE_PLAY_H

#include "ws/case_heap.h"
#include "ws/case_script.h"
#include "ws/case_wire.h"
#include "ws/session_of.h"

struct plan {
    size_t piece;   /* reads of this size; 0: as large as possible */
    size_t cut;     /* one more boundary at this offset of the input; 0: none */
    bool abandon;   /* free the session at the cut */
    size_t steps;   /* free the session after so many steps; 0: all */
    size_t fail_at; /* this allocation fails; 0: none */
    bool fail_on;   /* and all later ones */
    size_t drain;   /* output is taken in pieces of this size; 0: as large as possible */
};

struct play {
    const struct script *script;
    struct plan plan;
    struct heap heap;
    weft_session_config config;
    weft_session *session;

    const struct step *step; /* the one being played */
    size_t next, times;      /* of its events: the one that has to come next, seen so often */
    size_t fed;              /* bytes of the input */
    int error;               /* what reading ended with */
    size_t error_from;       /* offset at which the read began that ended it */
    bool out_of_memory;      /* a call reported it */
    bool we_closed;          /* by weft_session_close */

    bool in_chunk; /* parts of a message, joined */
    struct expected_event chunk;
    bool carry_first; /* an empty first part, left out */

    struct wire wire;
    struct bytes raw; /* output since the last `out` */
    char wrong[1000]; /* "" while all is well */
};

static inline bool play_wrong(struct play *p, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bool play_wrong(struct play *p, const char *where, const char *format, ...)
{
    if (*p->wrong) return false;
    int n = snprintf(p->wrong, sizeof p->wrong, "%s: ", where);
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->wrong + n, sizeof p->wrong - (size_t)n, format, ap);
    va_end(ap);
    return false;
}

/* ---- events ------------------------------------------------------------------------------------ */

static inline const char *event_name(weft_event_kind kind)
{
    static const char *const names[] = {"message", "chunk", "ping", "pong", "close"};
    return names[kind];
}

static inline void hex_print(char *to, size_t size, const uint8_t *data, size_t len)
{
    size_t n = 0;
    *to = 0;
    for (size_t i = 0; i < len && n + 6 < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%02x ", data[i]);
    if (n + 6 >= size) snprintf(to + n, size - n, "...");
}

static inline bool event_matches(const struct expected_event *want,
                                 const struct expected_event *got)
{
    return want->kind == got->kind && want->opcode == got->opcode && want->first == got->first &&
           want->final == got->final && want->code == got->code &&
           bytes_are(&want->payload, got->payload.data, got->payload.len);
}

static inline bool play_event(struct play *p, const struct expected_event *got)
{
    char hex[120];
    hex_print(hex, sizeof hex, got->payload.data, got->payload.len);
    if (p->next == p->step->n_events)
        return play_wrong(p, p->step->where, "event %s (op %u, code %u, %zu bytes: %s) is too many",
                          event_name(got->kind), got->opcode, got->code, got->payload.len, hex);
    const struct expected_event *want = &p->step->events[p->next];
    if (!event_matches(want, got))
        return play_wrong(p, want->where,
                          "event %s expected (%zu bytes), but %s came (op %u%s%s, code %u, %zu "
                          "bytes: %s)",
                          event_name(want->kind), want->payload.len, event_name(got->kind),
                          got->opcode, got->first ? " first" : "", got->final ? " final" : "",
                          got->code, got->payload.len, hex);
    if (++p->times == want->times) p->next++, p->times = 0;
    return true;
}

/* The joined parts are complete, or something else follows them. */
static inline void play_chunk_end(struct play *p)
{
    if (!p->in_chunk) return;
    play_event(p, &p->chunk);
    bytes_free(&p->chunk.payload);
    p->in_chunk = false;
}

static inline void play_chunk(struct play *p, const weft_event *ev)
{
    bool first = ev->first || p->carry_first;
    p->carry_first = first && !ev->len && !ev->final;
    if (!ev->len && !ev->final) return;
    if (first && p->in_chunk) play_chunk_end(p);
    if (!p->in_chunk)
        p->chunk = (struct expected_event){
            .kind = WEFT_EV_CHUNK, .opcode = (unsigned)ev->opcode, .first = first};
    p->in_chunk = true;
    p->chunk.final = ev->final;
    bytes_add(&p->chunk.payload, ev->data, ev->len);
    if (ev->final) play_chunk_end(p);
}

static inline void play_take_event(struct play *p, const weft_event *ev)
{
    if (ev->kind == WEFT_EV_CHUNK) {
        play_chunk(p, ev);
        return;
    }
    play_chunk_end(p);
    bool message = ev->kind == WEFT_EV_MESSAGE, close = ev->kind == WEFT_EV_CLOSE;
    if (message && ev->opcode == WEFT_TEXT && !weft_utf8_valid(ev->data, ev->len))
        play_wrong(p, p->step->where, "a text message that is not UTF-8");
    struct expected_event got = {.kind = ev->kind,
                                 .opcode = message ? (unsigned)ev->opcode : 0,
                                 .code = close ? ev->code : 0};
    bytes_add(&got.payload, ev->data, ev->len);
    play_event(p, &got);
    bytes_free(&got.payload);
}

/* ---- calls ------------------------------------------------------------------------------------- */

/* Compare a call's result; -ENOMEM is fine after the failure that was planned. */
static inline void play_result(struct play *p, const char *where, int got, int want)
{
    if (got == -ENOMEM && p->heap.failed) p->out_of_memory = true;
    if (got == want || p->out_of_memory) return;
    play_wrong(p, where, "%s expected, but %s came", weft_errname(want), weft_errname(got));
}

static inline int play_share(struct play *p, const struct step *step)
{
    weft_message *m;
    weft_opcode op = (weft_opcode)step->opcode;
    int rc = weft_message_new(&m, &p->heap.env, op, step->bytes.data, step->bytes.len);
    if (rc) return rc;
    weft_bytes payload = weft_message_payload(m);
    if (weft_message_opcode(m) != op || !bytes_are(&step->bytes, payload.data, payload.len))
        play_wrong(p, step->where, "the shared message is not what was put in");
    rc = weft_session_send_message(p->session, weft_message_ref(m));
    weft_message_unref(m);
    weft_message_unref(m);
    return rc;
}

static inline int play_call(struct play *p, const struct step *step)
{
    weft_opcode op = (weft_opcode)step->opcode;
    const uint8_t *data = step->bytes.data;
    size_t len = step->bytes.len;
    switch (step->kind) {
    case STEP_SEND: return weft_session_send(p->session, op, data, len);
    case STEP_FRAGMENT: return weft_session_send_fragment(p->session, op, data, len, step->final);
    case STEP_SHARE: return play_share(p, step);
    default: return weft_session_close(p->session, (uint16_t)step->code, (const char *)data, len);
    }
}

/* ---- reading ----------------------------------------------------------------------------------- */

static inline void play_echo(struct play *p, const weft_event *ev)
{
    if (!p->script->echo || ev->kind != WEFT_EV_MESSAGE) return;
    int rc = weft_session_send(p->session, ev->opcode, ev->data, ev->len);
    play_result(p, p->step->where, rc, 0);
}

static inline void play_check_error(struct play *p, int rc, weft_span *in)
{
    weft_event ev;
    p->error = rc;
    if (rc == -ENOMEM && p->heap.failed) p->out_of_memory = true;
    else if (!p->step->result || rc != p->step->result)
        play_wrong(p, p->step->where, "reading ended with %s (%s)", weft_errname(rc),
                   weft_session_cause(p->session));
    if (!*weft_session_cause(p->session)) play_wrong(p, p->step->where, "there is no cause");
    if (!weft_session_closed(p->session)) play_wrong(p, p->step->where, "failed, but not closed");
    if (weft_session_read(p->session, in, &ev) != rc)
        play_wrong(p, p->step->where, "the error does not come again");
}

/* One read: n bytes of the input. */
static inline void play_read(struct play *p, size_t n)
{
    uint8_t *copy = n ? malloc(n) : NULL;
    if (n) memcpy(copy, p->script->input.data + p->fed, n);
    weft_span in = {copy, n};
    weft_event ev;
    int rc = 0;
    size_t events = 0;
    while (!*p->wrong && (rc = weft_session_read(p->session, &in, &ev)) == 1) {
        play_take_event(p, &ev);
        play_echo(p, &ev);
        if (++events > 2 * n + 16) play_wrong(p, p->step->where, "events without end");
    }
    if (!*p->wrong && rc < 0) {
        p->error_from = p->fed;
        play_check_error(p, rc, &in);
    } else if (!*p->wrong && in.len) {
        play_wrong(p, p->step->where, "0 returned, but %zu bytes are left", in.len);
    }
    if (rc == 0 && n && weft_session_read(p->session, &(weft_span){NULL, 0}, &ev) != 0)
        play_wrong(p, p->step->where, "an empty read has something to say");
    p->fed += n;
    free(copy);
}

/* Whether the error, or that there is none yet, fits the place where it has to come. */
static inline void play_check_place(struct play *p)
{
    const struct step *step = p->step;
    if (p->out_of_memory || step->place == ERROR_ANYWHERE) return;
    if (p->error && step->place == ERROR_HERE && p->fed < step->at)
        play_wrong(p, step->where, "the error came after %zu bytes, too early by %zu", p->fed,
                   step->at - p->fed);
    if (p->error ? p->error_from >= step->at : p->fed >= step->at)
        play_wrong(p, step->where, "no error with byte %zu", step->at);
}

/* The end of the read that may come next. */
static inline size_t play_boundary(const struct play *p)
{
    size_t end = p->step->to;
    if (p->plan.piece && end - p->fed > p->plan.piece) end = p->fed + p->plan.piece;
    if (p->plan.cut > p->fed && p->plan.cut < end) end = p->plan.cut;
    return end;
}

/* Good bytes before a violation may have been handed out, all, some or none. */
static inline void play_forgive_chunk(struct play *p)
{
    if (p->next == p->step->n_events) return;
    const struct expected_event *want = &p->step->events[p->next];
    if (want->kind != WEFT_EV_CHUNK || want->final) return;
    size_t len = p->in_chunk ? p->chunk.payload.len : 0;
    if (len > want->payload.len ||
        (len && memcmp(want->payload.data, p->chunk.payload.data, len) != 0))
        return;
    bytes_free(&p->chunk.payload);
    p->in_chunk = false;
    p->next++;
}

static inline void play_read_step(struct play *p)
{
    const struct step *step = p->step;
    p->next = p->times = 0;
    while (!*p->wrong && !p->error && p->fed < step->to) {
        if (p->plan.abandon && p->fed >= p->plan.cut) return;
        play_read(p, play_boundary(p) - p->fed);
        play_check_place(p);
    }
    if (p->error) play_forgive_chunk(p);
    play_chunk_end(p);
    if (*p->wrong || (p->out_of_memory && p->error)) return;
    if (step->result && !p->error)
        play_wrong(p, step->where, "no error, but %s expected", weft_errname(step->result));
    if (p->next < step->n_events)
        play_wrong(p, step->events[p->next].where, "event %s did not come (%s)",
                   event_name(step->events[p->next].kind),
                   p->error ? weft_session_cause(p->session) : "no error");
}

/* ---- output ------------------------------------------------------------------------------------ */

/* Move at most n bytes of output to raw. */
static inline void play_drain(struct play *p, size_t n)
{
    struct iovec iov[8];
    int max = p->plan.drain ? 1 : 8;
    while (n) {
        size_t piece = p->plan.drain && p->plan.drain < n ? p->plan.drain : n, taken = 0;
        int count = weft_session_output(p->session, iov, max);
        for (int i = 0; i < count && taken < piece; i++) {
            size_t part = iov[i].iov_len < piece - taken ? iov[i].iov_len : piece - taken;
            bytes_add(&p->raw, iov[i].iov_base, part);
            taken += part;
        }
        if (!taken) break;
        weft_session_sent(p->session, taken);
        n -= taken;
    }
}

static inline void play_compare_out(struct play *p, const struct step *step,
                                    const struct bytes *got)
{
    size_t len = step->bytes.len;
    bool same = got->len >= len && (!len || !memcmp(got->data, step->bytes.data, len));
    if (step->any_reason)
        same = same && wire_is_close(got->data + len, got->len - len, step->any_close);
    else same = same && got->len == len;
    if (same) return;
    char want_hex[200], got_hex[400];
    hex_print(want_hex, sizeof want_hex, step->bytes.data, len);
    hex_print(got_hex, sizeof got_hex, got->data, got->len);
    if (step->any_reason)
        play_wrong(p, step->where, "output of %zu bytes [%s] and Close %u, but got %zu [%s]", len,
                   want_hex, step->any_close, got->len, got_hex);
    else
        play_wrong(p, step->where, "output of %zu bytes [%s], but got %zu [%s]", len, want_hex,
                   got->len, got_hex);
}

static inline void play_out(struct play *p, const struct step *step)
{
    struct bytes plain = {0};
    play_drain(p, SIZE_MAX);
    const char *wrong = wire_take(&p->wire, &p->raw, &plain);
    if (wrong) play_wrong(p, step->where, "output: %s", wrong);
    if (!p->heap.failed) play_compare_out(p, step, &plain); /* else: well-formed is enough */
    if (p->wire.role == WEFT_CLIENT && p->heap.drawn < 4 * p->wire.frames)
        play_wrong(p, step->where, "masking keys are not random: %zu bytes for %zu frames",
                   p->heap.drawn, p->wire.frames);
    p->raw.len = 0;
    bytes_free(&plain);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static inline void play_number(struct play *p, const char *what, size_t got, bool good)
{
    if (!good && !p->out_of_memory)
        play_wrong(p, p->step->where, "%s: %zu expected, but it is %zu", what, p->step->number,
                   got);
}

static inline void play_step(struct play *p, const struct step *step)
{
    size_t want = step->number, got;
    p->step = step;
    switch (step->kind) {
    case STEP_READ: play_read_step(p); break;
    case STEP_OUT: play_out(p, step); break;
    case STEP_SENT: play_drain(p, want); break;
    case STEP_BUFFERED:
        got = weft_session_buffered(p->session);
        play_number(p, "buffered", got, got == want);
        break;
    case STEP_CLOSED:
        got = weft_session_closed(p->session);
        play_number(p, "closed", got, got == want);
        break;
    case STEP_HEAP: play_number(p, "heap at most", p->heap.in_use, p->heap.in_use <= want); break;
    default:
        for (size_t i = 0; i < step->times && !*p->wrong; i++) {
            int rc = play_call(p, step);
            p->we_closed |= step->kind == STEP_CLOSE && rc == 0;
            play_result(p, step->where, rc, step->result);
        }
    }
}

static inline void play_steps(struct play *p)
{
    const struct script *s = p->script;
    for (size_t i = 0; i < s->n_steps && !*p->wrong; i++) {
        play_step(p, &s->steps[i]);
        if (p->plan.steps && i + 1 == p->plan.steps) return;
        if (p->plan.abandon && p->fed >= p->plan.cut) return;
    }
    if (*p->wrong) return;
    struct step nothing = {.where = "at the end, nothing more is expected"};
    p->heap.fail_on = false; /* there is memory again: a Close that is owed can go out */
    play_out(p, &nothing);
    if (p->error && !p->wire.closed)
        play_wrong(p, nothing.where, "reading failed, but no Close was written");
    if (p->error == -ENOMEM && !p->we_closed && p->wire.close_code != WEFT_CLOSE_INTERNAL_ERROR)
        play_wrong(p, nothing.where, "memory ran out, but Close says %u", p->wire.close_code);
    if (!p->out_of_memory && weft_session_buffered(p->session) && !p->wire.in_message)
        play_wrong(p, nothing.where, "all is written, but buffered is not 0");
}

/* Fills p->wrong when something is. p->heap.failed tells whether the failure that was planned came. */
static inline void play(struct play *p, const struct script *s, const struct plan *plan)
{
    memset(p, 0, sizeof *p);
    p->script = s;
    p->plan = *plan;
    p->wire.role = s->role;
    heap_init(&p->heap, plan->fail_at, plan->fail_on);
    p->config = (weft_session_config){
        .env = &p->heap.env, .limits = &s->limits, .chunked = s->chunked, .deflate = &s->deflate};
    p->step = &s->steps[0];
    play_result(p, "weft_session_new", session_of(&p->session, s->role, &p->config), 0);
    p->wire.deflates = s->params.on;
    if (!p->out_of_memory && !*p->wrong) {
        weft_session_set_deflate(p->session, &s->params);
        play_steps(p);
        weft_session_free(p->session);
    }
    if (p->heap.in_use)
        play_wrong(p, "weft_session_free", "%zu bytes were not given back", p->heap.in_use);
    bytes_free(&p->chunk.payload);
    bytes_free(&p->raw);
}

#endif
