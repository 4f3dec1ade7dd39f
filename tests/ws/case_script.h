/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_script.h - a case, understood: the input, and the steps to take with a session
 *
 * in, event and error lines that follow each other are one step: bytes that may arrive in any
 * partition, and what has to come of them. All other lines are a step each.
 */
#ifndef TESTS_CASE_SCRIPT_H
#define TESTS_CASE_SCRIPT_H

#include <errno.h>

#include <weft/session.h>

#include "ws/case_file.h"

enum step_kind {
    STEP_READ,
    STEP_SEND,
    STEP_FRAGMENT,
    STEP_SHARE,
    STEP_CLOSE,
    STEP_SENT,
    STEP_OUT,
    STEP_BUFFERED,
    STEP_CLOSED,
    STEP_HEAP
};

struct expected_event {
    const char *where;
    weft_event_kind kind;
    unsigned opcode;
    bool first, final;
    unsigned code;
    struct bytes payload;
    size_t times;
};

/* Where an error has to come: anywhere in its step, at once with the byte before offset `at`, or
 * with that byte at the latest. */
enum error_place { ERROR_ANYWHERE, ERROR_HERE, ERROR_BY };

struct step {
    const char *where;
    enum step_kind kind;
    struct bytes bytes; /* out, and payloads */
    int result;         /* of a call; of reading */

    size_t from, to; /* STEP_READ: what part of the input */
    struct expected_event *events;
    size_t n_events;
    enum error_place place;
    size_t at;

    unsigned opcode, code; /* calls */
    bool final;
    size_t times, number;

    bool any_reason; /* STEP_OUT: a Close with this code, and any reason, ends it */
    unsigned any_close;
};

struct script {
    weft_role role;
    weft_limits limits;
    bool chunked, echo;
    weft_deflate deflate;
    weft_deflate_params params;
    struct bytes input;
    struct step steps[CASE_LINES];
    size_t n_steps;
};

/* ---- words ------------------------------------------------------------------------------------- */

static inline int error_named(const char *where, const char *name)
{
    static const struct {
        const char *name;
        int number;
    } errors[] = {
#define CASE_ERROR(name, number, text) {"WEFT_ERR_" #name, WEFT_ERR_##name},
        WEFT_ERRORS(CASE_ERROR)
#undef CASE_ERROR
            {"-EINVAL", -EINVAL},
        {"-ENOMEM", -ENOMEM},
        {"0", 0}};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (!strcmp(errors[i].name, name)) return errors[i].number;
    case_die(where, "no such error: %s", name);
}

static inline void limits_set(weft_limits *limits, const char *where, char *text)
{
    for (char *save, *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        if (!value) case_die(where, "limits: name=value");
        *value++ = 0;
        uint64_t *limit = NULL;
#define CASE_LIMIT(name, default, unit, text) \
    if (!strcmp(word, #name)) limit = &limits->name;
        WEFT_LIMITS(CASE_LIMIT)
#undef CASE_LIMIT
        if (!limit) case_die(where, "no such limit: %s", word);
        *limit = strtoull(value, NULL, 0);
    }
}

static inline unsigned text_opcode(struct bytes_text *t)
{
    char word[32];
    text_word(t, word, sizeof word);
    int opcode = opcode_named(word);
    if (opcode < 0 && isdigit((unsigned char)word[0])) opcode = atoi(word);
    if (opcode < 0) case_die(t->where, "no such opcode: %s", word);
    return (unsigned)opcode;
}

/* ---- steps ------------------------------------------------------------------------------------- */

static inline struct step *script_add(struct script *s, enum step_kind kind, const char *where)
{
    struct step *step = &s->steps[s->n_steps++];
    *step = (struct step){.where = where, .kind = kind, .times = 1};
    return step;
}

static inline struct step *script_reading(struct script *s, const char *where)
{
    if (s->n_steps && s->steps[s->n_steps - 1].kind == STEP_READ) return &s->steps[s->n_steps - 1];
    struct step *step = script_add(s, STEP_READ, where);
    step->from = step->to = s->input.len;
    return step;
}

static inline void script_in(struct script *s, struct bytes_text *t)
{
    struct step *step = script_reading(s, t->where);
    t->masked = s->role == WEFT_SERVER;
    text_bytes(t, &s->input);
    step->to = s->input.len;
}

/* message text "x"   chunk text first final "x"   ping "x"   pong "x"   close 1000 "x" */
static inline void script_event(struct script *s, struct bytes_text *t, size_t times)
{
    struct step *step = script_reading(s, t->where);
    size_t n = step->n_events++;
    step->events = realloc(step->events, step->n_events * sizeof *step->events);
    if (!step->events) abort();
    struct expected_event *e = &step->events[n];
    *e = (struct expected_event){.where = t->where, .times = times};

    char word[32];
    text_word(t, word, sizeof word);
    if (!strcmp(word, "message") || !strcmp(word, "chunk")) {
        e->kind = word[0] == 'm' ? WEFT_EV_MESSAGE : WEFT_EV_CHUNK;
        e->opcode = text_opcode(t);
        e->first = e->kind == WEFT_EV_CHUNK && text_take(t, "first");
        e->final = e->kind == WEFT_EV_CHUNK && text_take(t, "final");
    } else if (!strcmp(word, "ping") || !strcmp(word, "pong")) {
        e->kind = word[1] == 'i' ? WEFT_EV_PING : WEFT_EV_PONG;
    } else if (!strcmp(word, "close")) {
        e->kind = WEFT_EV_CLOSE;
        e->code = (unsigned)text_number(t);
    } else {
        case_die(t->where, "no such event: %s", word);
    }
    text_bytes(t, &e->payload);
}

static inline void script_error(struct script *s, struct bytes_text *t, enum error_place place)
{
    struct step *step = script_reading(s, t->where);
    step->result = error_named(t->where, t->at);
    step->place = place;
    step->at = s->input.len;
}

/* shared | takeover, and then keep, server=BITS client=BITS threshold=N. Both sides the same mode. */
static inline void script_deflate(struct script *s, struct bytes_text *t)
{
    bool takeover = text_take(t, "takeover");
    if (!takeover && !text_take(t, "shared")) case_die(t->where, "deflate: shared or takeover");
    unsigned server = 15, client = 15, threshold = 1;
    bool keep = text_take(t, "keep");
    for (char word[40]; text_word(t, word, sizeof word), *word;)
        if (sscanf(word, "server=%u", &server) != 1 && sscanf(word, "client=%u", &client) != 1 &&
            sscanf(word, "threshold=%u", &threshold) != 1)
            case_die(t->where, "no such setting: %s", word);
    s->deflate = (weft_deflate){.takeover = takeover, .keep_window = keep, .threshold = threshold};
    s->params = (weft_deflate_params){.on = true,
                                      .server_no_context_takeover = !takeover,
                                      .client_no_context_takeover = !takeover,
                                      .server_max_window_bits = (uint8_t)server,
                                      .client_max_window_bits = (uint8_t)client};
}

/* What stands behind "->": the result of a call. */
static inline void script_result(struct step *step, struct bytes_text *t)
{
    if (!text_take(t, "->")) return;
    text_skip(t);
    step->result = error_named(t->where, t->at);
}

static inline void script_call(struct script *s, struct bytes_text *t, enum step_kind kind,
                               size_t times)
{
    struct step *step = script_add(s, kind, t->where);
    step->times = times;
    step->opcode = text_opcode(t);
    step->final = kind == STEP_FRAGMENT && text_take(t, "final");
    text_bytes(t, &step->bytes);
    script_result(step, t);
}

static inline void script_close(struct script *s, struct bytes_text *t)
{
    struct step *step = script_add(s, STEP_CLOSE, t->where);
    step->code = (unsigned)text_number(t);
    text_bytes(t, &step->bytes);
    script_result(step, t);
}

static inline void script_out(struct script *s, struct bytes_text *t)
{
    bool more = s->n_steps && s->steps[s->n_steps - 1].kind == STEP_OUT;
    struct step *step = more ? &s->steps[s->n_steps - 1] : script_add(s, STEP_OUT, t->where);
    text_bytes(t, &step->bytes);
    step->any_reason = t->any_reason;
    step->any_close = t->any_close;
}

static inline void script_number(struct script *s, struct bytes_text *t, enum step_kind kind)
{
    struct step *step = script_add(s, kind, t->where);
    step->number = kind != STEP_CLOSED ? text_number(t) : text_take(t, "yes") ? 1 : 0;
}

static inline void script_line(struct script *s, const char *key, struct bytes_text *t)
{
    char name[32];
    size_t name_len = strcspn(key, "*");
    snprintf(name, sizeof name, "%.*s", (int)name_len, key);
    size_t times = key[name_len] ? strtoull(key + name_len + 1, NULL, 0) : 1;

    if (!strcmp(name, "in")) script_in(s, t);
    else if (!strcmp(name, "event")) script_event(s, t, times);
    else if (!strcmp(name, "error")) script_error(s, t, ERROR_ANYWHERE);
    else if (!strcmp(name, "error-here")) script_error(s, t, ERROR_HERE);
    else if (!strcmp(name, "error-by")) script_error(s, t, ERROR_BY);
    else if (!strcmp(name, "send")) script_call(s, t, STEP_SEND, times);
    else if (!strcmp(name, "fragment")) script_call(s, t, STEP_FRAGMENT, times);
    else if (!strcmp(name, "share")) script_call(s, t, STEP_SHARE, times);
    else if (!strcmp(name, "close")) script_close(s, t);
    else if (!strcmp(name, "sent")) script_number(s, t, STEP_SENT);
    else if (!strcmp(name, "out")) script_out(s, t);
    else if (!strcmp(name, "buffered")) script_number(s, t, STEP_BUFFERED);
    else if (!strcmp(name, "closed")) script_number(s, t, STEP_CLOSED);
    else if (!strcmp(name, "heap")) script_number(s, t, STEP_HEAP);
    else if (!strcmp(name, "chunked")) s->chunked = text_take(t, "yes");
    else if (!strcmp(name, "deflate")) script_deflate(s, t);
    else if (!strcmp(name, "echo")) s->echo = text_take(t, "yes");
    else if (strcmp(name, "role") != 0 && strcmp(name, "proves") != 0)
        case_die(t->where, "no such line: %s", key);
}

static inline void script_make(struct script *s, const struct case_text *c, size_t variation,
                               weft_role role)
{
    memset(s, 0, sizeof *s);
    s->role = role;
    for (size_t i = 0; i < c->n_lines; i++) {
        char *value = case_expand(c, variation, &c->lines[i]);
        if (!strcmp(c->lines[i].key, "limits")) {
            limits_set(&s->limits, c->lines[i].where, value);
        } else {
            struct bytes_text t = {.at = value, .where = c->lines[i].where};
            script_line(s, c->lines[i].key, &t);
        }
        free(value);
    }
}

static inline void script_free(struct script *s)
{
    for (size_t i = 0; i < s->n_steps; i++) {
        for (size_t k = 0; k < s->steps[i].n_events; k++)
            bytes_free(&s->steps[i].events[k].payload);
        free(s->steps[i].events);
        bytes_free(&s->steps[i].bytes);
    }
    bytes_free(&s->input);
}

#endif
