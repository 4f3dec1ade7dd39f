/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_handshake_cases.c - the documents tests/cases/handshake-*.md
 *
 * Every case starts from the sample handshake of RFC 6455, 1.2, changes it line by line, and says what
 * the functions of weft/handshake.h make of it. Names and values are heap copies of exactly their
 * size, so that whoever reads past one is caught.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weft/handshake.h>

#include "ws/case_file.h"

enum { FIELDS_MAX = 128, WORDS_MAX = 32 };

struct side {
    weft_field fields[FIELDS_MAX];
    size_t n;
};

/* What the lines of a case have said so far. */
struct scene {
    const struct case_line *line;
    const char *what; /* the values of `each`, for complaints */
    struct side request, response, *changing;
    char method[32], target[512];
    int version;
    weft_limits limits;
    char words[3][2048]; /* ours, allowed, offered: cut into words */
    const char *ours[WORDS_MAX], *allowed[WORDS_MAX], *offered[WORDS_MAX];
    bool any_allowed, secure, loopback;
    char key[64];
    bool deflates;
    weft_deflate deflate;
};

static void expect(const struct scene *s, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void expect(const struct scene *s, bool good, const char *format, ...)
{
    if (good) return;
    char text[600];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fail_msg("%s:%s %s", s->line->where, s->what, text);
}

/* ---- fields ------------------------------------------------------------------------------------ */

static weft_bytes copy_of(const char *text, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy) abort();
    memcpy(copy, text, len);
    return (weft_bytes){copy, len};
}

static void field_free(weft_field *f)
{
    free((void *)(uintptr_t)f->name.data);
    free((void *)(uintptr_t)f->value.data);
}

static void side_add(struct side *side, const char *where, char *text)
{
    char *colon = strchr(text, ':');
    if (!colon || side->n == FIELDS_MAX) case_die(where, "not a field: %s", text);
    const char *value = text_trim(colon + 1);
    weft_field *f = &side->fields[side->n++];
    f->name = copy_of(text, (size_t)(colon - text));
    f->value = copy_of(value, strlen(value));
}

static bool same_name(const weft_field *f, const char *name, size_t len)
{
    return f->name.len == len && !strncasecmp((const char *)f->name.data, name, len);
}

static void side_remove(struct side *side, const char *name, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < side->n; i++) {
        if (same_name(&side->fields[i], name, len)) field_free(&side->fields[i]);
        else side->fields[kept++] = side->fields[i];
    }
    side->n = kept;
}

static void side_fill(struct side *side, const char *const *lines)
{
    for (; *lines; lines++) {
        char text[200];
        snprintf(text, sizeof text, "%s", *lines);
        side_add(side, "sample", text);
    }
}

static void side_clear(struct side *side)
{
    for (size_t i = 0; i < side->n; i++) field_free(&side->fields[i]);
    side->n = 0;
}

/* The sample of RFC 6455, 1.2, as the client makes it when it offers no subprotocol. */
static void scene_open(struct scene *s)
{
    static const char *const request[] = {"Host: server.example.com",
                                          "Upgrade: websocket",
                                          "Connection: Upgrade",
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                          "Origin: http://server.example.com",
                                          "Sec-WebSocket-Version: 13",
                                          NULL};
    static const char *const response[] = {
        "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", NULL};
    memset(s, 0, sizeof *s);
    side_fill(&s->request, request);
    side_fill(&s->response, response);
    strcpy(s->method, "GET");
    strcpy(s->target, "/chat");
    strcpy(s->key, "dGhlIHNhbXBsZSBub25jZQ==");
    s->version = 11;
    s->changing = &s->request;
}

static weft_request_head scene_head(const struct scene *s)
{
    return (weft_request_head){
        .method = {(const uint8_t *)s->method, strlen(s->method)},
        .target = {(const uint8_t *)s->target, strlen(s->target)},
        .version = s->version,
        .fields = s->request.fields,
        .n_fields = s->request.n,
    };
}

/* ---- lines that change ------------------------------------------------------------------------- */

static void set_request(struct scene *s, const char *value)
{
    int major, minor;
    if (sscanf(value, "%31s %511s HTTP/%d.%d", s->method, s->target, &major, &minor) != 4)
        case_die(s->line->where, "not a request line: %s", value);
    s->version = major * 10 + minor;
}

static void set_words(const char **words, char *store, size_t size, const char *value)
{
    size_t n = 0;
    snprintf(store, size, "%s", value);
    for (char *save, *w = strtok_r(store, " ", &save); w && n + 1 < WORDS_MAX;
         w = strtok_r(NULL, " ", &save))
        words[n++] = w;
    words[n] = NULL;
}

/* "off", or words of: shared takeover window=N peer=N */
static void set_deflate(struct scene *s, char *text)
{
    s->deflates = strcmp(text, "off") != 0;
    s->deflate = (weft_deflate){0};
    for (char *save, *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        unsigned bits = 0;
        if (!strcmp(word, "takeover")) s->deflate.takeover = true;
        else if (sscanf(word, "window=%u", &bits) == 1) s->deflate.window_bits = (uint8_t)bits;
        else if (sscanf(word, "peer=%u", &bits) == 1) s->deflate.peer_window_bits = (uint8_t)bits;
        else if (strcmp(word, "off") && strcmp(word, "shared"))
            case_die(s->line->where, "no such setting: %s", word);
    }
}

static bool line_changes(struct scene *s, const char *key, char *value)
{
    struct side *side = s->changing;
    if (!strcmp(key, "request")) set_request(s, value);
    else if (!strcmp(key, "without")) side_remove(side, value, strlen(value));
    else if (!strcmp(key, "with"))
        side_remove(side, value, strcspn(value, ":")), side_add(side, s->line->where, value);
    else if (!strcmp(key, "also")) side_add(side, s->line->where, value);
    else if (!strcmp(key, "subprotocols"))
        set_words(s->ours, s->words[0], sizeof s->words[0], value);
    else if (!strcmp(key, "allowed"))
        set_words(s->allowed, s->words[1], sizeof s->words[1], value), s->any_allowed = true;
    else if (!strcmp(key, "offered")) set_words(s->offered, s->words[2], sizeof s->words[2], value);
    else if (!strcmp(key, "secure")) s->secure = !strcmp(value, "yes");
    else if (!strcmp(key, "loopback")) s->loopback = !strcmp(value, "yes");
    else if (!strcmp(key, "max-subprotocols")) s->limits.max_subprotocols = strtoull(value, 0, 0);
    else if (!strcmp(key, "key")) snprintf(s->key, sizeof s->key, "%s", value);
    else if (!strcmp(key, "side"))
        s->changing = !strcmp(value, "client") ? &s->response : &s->request;
    else if (!strcmp(key, "deflate")) set_deflate(s, value);
    else return !strcmp(key, "proves");
    return true;
}

/* ---- lines that expect ------------------------------------------------------------------------- */

static void expect_status(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    weft_handshake h;
    int status = weft_handshake_check(&head, &s->limits, &h);
    bool listed = false;
    int n, used;
    for (const char *p = value; sscanf(p, " %d%n", &n, &used) == 1; p += used)
        listed |= n == status;
    expect(s, listed, "status %s expected, but %d came (%s)", value, status, h.why);
    expect(s, status == h.status, "returned %d, but out->status is %d", status, h.status);
    expect(s, (status == 101) == !*h.why, "status %d with the reason \"%s\"", status, h.why);
}

static void expect_why(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    weft_handshake h;
    weft_handshake_check(&head, &s->limits, &h);
    expect(s, strstr(h.why, value) != NULL, "the reason is \"%s\"", h.why);
}

static void expect_accept(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    weft_handshake h;
    weft_handshake_check(&head, NULL, &h);
    expect(s, !strcmp(h.accept, value), "accept is %s", h.accept);
}

/* The refusal that this request gets has this field. */
static void expect_field(struct scene *s, char *value)
{
    weft_request_head head = scene_head(s);
    weft_handshake h;
    const weft_field *fields;
    size_t n = weft_handshake_refusal_fields(weft_handshake_check(&head, NULL, &h), &fields);
    char *colon = strchr(value, ':');
    const char *wanted = text_trim(colon + 1);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found |= same_name(&fields[i], value, (size_t)(colon - value)) &&
                 fields[i].value.len == strlen(wanted) &&
                 !memcmp(fields[i].value.data, wanted, strlen(wanted));
    expect(s, found, "the refusal with %d has no %s", h.status, value);
}

static void expect_chosen(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    const char *chosen = weft_subprotocol_choose(&head, *s->ours ? s->ours : NULL);
    bool ours = !chosen;
    for (size_t i = 0; s->ours[i]; i++) ours |= s->ours[i] == chosen;
    expect(s, !strcmp(chosen ? chosen : "none", value), "chosen is %s", chosen ? chosen : "none");
    expect(s, ours, "chosen is not an element of the list");
}

static void expect_origin(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    weft_bytes origin = {0};
    bool allowed = weft_origin_check(&head, s->any_allowed ? s->allowed : NULL, s->secure,
                                     s->loopback, &origin);
    bool want = !strcmp(value, "allowed");
    expect(s, allowed == want, "the origin is %s", allowed ? "allowed" : "refused");
    if (want || !strcmp(value, "refused")) return;
    const char *named = value + strlen("refused ");
    expect(s, origin.len == strlen(named) && !memcmp(origin.data, named, origin.len),
           "%.*s is named", (int)origin.len, (const char *)origin.data);
}

static int verify(const struct scene *s, weft_agreement *a)
{
    *a = (weft_agreement){.key = s->key,
                          .subprotocols = *s->offered ? s->offered : NULL,
                          .offered = s->deflates ? &s->deflate : NULL};
    int rc = weft_handshake_verify(s->response.fields, s->response.n, a);
    expect(s, rc == 0 ? !*a->why : rc == WEFT_ERR_HANDSHAKE && *a->why, "%s, because \"%s\"",
           weft_errname(rc), a->why);
    return rc;
}

static void expect_verdict(struct scene *s, const char *value)
{
    weft_agreement a;
    int rc = verify(s, &a);
    expect(s, !strcmp(rc ? weft_errname(rc) : "ok", value), "the verdict is %s", weft_errname(rc));
}

static void expect_subprotocol(struct scene *s, const char *value)
{
    weft_agreement a;
    expect(s, verify(s, &a) == 0, "refused");
    bool offered = !a.subprotocol;
    for (size_t i = 0; s->offered[i]; i++) offered |= s->offered[i] == a.subprotocol;
    expect(s, !strcmp(a.subprotocol ? a.subprotocol : "none", value), "the subprotocol is %s",
           a.subprotocol ? a.subprotocol : "none");
    expect(s, offered, "the subprotocol is not an element of what was offered");
}

/* "none", or "server BITS [alone] client BITS [alone]": alone is without context takeover. */
static void params_print(const weft_deflate_params *p, char *text, size_t size)
{
    snprintf(text, size, "server %u%s client %u%s", p->server_max_window_bits,
             p->server_no_context_takeover ? " alone" : "", p->client_max_window_bits,
             p->client_no_context_takeover ? " alone" : "");
    if (!p->on) strcpy(text, "none");
}

static void expect_agreed(struct scene *s, const char *value)
{
    char text[100], answer[WEFT_DEFLATE_TEXT];
    weft_request_head head = scene_head(s);
    weft_agreement a = {0};
    if (s->changing == &s->response) expect(s, verify(s, &a) == 0, "refused");
    else weft_deflate_choose(&head, s->deflates ? &s->deflate : NULL, &a.deflate, answer);
    params_print(&a.deflate, text, sizeof text);
    expect(s, !strcmp(text, value), "agreed is %s", text);
}

static void expect_answer(struct scene *s, const char *value)
{
    char text[WEFT_DEFLATE_TEXT];
    weft_request_head head = scene_head(s);
    weft_deflate_params agreed;
    bool some = weft_deflate_choose(&head, s->deflates ? &s->deflate : NULL, &agreed, text);
    expect(s, some == agreed.on && some == (*text != 0), "a choice that is half one");
    expect(s, !strcmp(some ? text : "none", value), "the answer is %s", some ? text : "none");
}

static void expect_offer(struct scene *s, const char *value)
{
    char text[WEFT_DEFLATE_TEXT];
    weft_deflate_offer(&s->deflate, text);
    expect(s, !strcmp(text, value), "the offer is %s", text);
}

static void expect_wanted(struct scene *s, const char *value)
{
    weft_request_head head = scene_head(s);
    bool want = !strcmp(value, "yes");
    expect(s, weft_handshake_wanted(&head) == want, "wanted is %s", want ? "no" : "yes");
}

static void line_expects(struct scene *s, const char *key, char *value)
{
    if (!strcmp(key, "status")) expect_status(s, value);
    else if (!strcmp(key, "why")) expect_why(s, value);
    else if (!strcmp(key, "accept")) expect_accept(s, value);
    else if (!strcmp(key, "field")) expect_field(s, value);
    else if (!strcmp(key, "chosen")) expect_chosen(s, value);
    else if (!strcmp(key, "origin")) expect_origin(s, value);
    else if (!strcmp(key, "verdict")) expect_verdict(s, value);
    else if (!strcmp(key, "subprotocol")) expect_subprotocol(s, value);
    else if (!strcmp(key, "agreed")) expect_agreed(s, value);
    else if (!strcmp(key, "answer")) expect_answer(s, value);
    else if (!strcmp(key, "offer")) expect_offer(s, value);
    else if (!strcmp(key, "wanted")) expect_wanted(s, value);
    else if (!strcmp(key, "origin-valid"))
        expect(s, weft_origin_valid(value), "%s is not valid", value);
    else if (!strcmp(key, "origin-invalid"))
        expect(s, !weft_origin_valid(value), "%s is valid", value);
    else case_die(s->line->where, "no such line: %s", key);
}

/* ---- the tests --------------------------------------------------------------------------------- */

static void is_as_written(void **state)
{
    const struct case_text *c = *state;
    if (case_is_beyond_us(c)) skip();
    for (size_t v = 0; v < case_variations(c); v++) {
        struct scene s;
        char values[300];
        case_describe(c, v, values, sizeof values);
        scene_open(&s);
        s.what = values;
        for (size_t i = 0; i < c->n_lines; i++) {
            char *value = case_expand(c, v, &c->lines[i]);
            s.line = &c->lines[i];
            if (!line_changes(&s, s.line->key, value)) line_expects(&s, s.line->key, value);
            free(value);
        }
        side_clear(&s.request);
        side_clear(&s.response);
    }
}

/* Two fresh keys differ, and each opens a handshake that its own answer completes. */
static void fresh_keys_are_good(void **state)
{
    (void)state;
    struct scene s;
    char keys[2][WEFT_KEY_LEN + 1], text[200];
    scene_open(&s);
    for (int i = 0; i < 2; i++) {
        weft_handshake h;
        assert_int_equal(weft_handshake_key(NULL, keys[i]), 0);
        assert_int_equal(strlen(keys[i]), WEFT_KEY_LEN);
        side_remove(&s.request, "Sec-WebSocket-Key", strlen("Sec-WebSocket-Key"));
        snprintf(text, sizeof text, "Sec-WebSocket-Key: %s", keys[i]);
        side_add(&s.request, "fresh key", text);
        weft_request_head head = scene_head(&s);
        assert_int_equal(weft_handshake_check(&head, NULL, &h), 101);
        char accept[WEFT_ACCEPT_LEN + 1];
        weft_handshake_accept((weft_bytes){(const uint8_t *)keys[i], WEFT_KEY_LEN}, accept);
        assert_string_equal(accept, h.accept);
    }
    assert_string_not_equal(keys[0], keys[1]);
    side_clear(&s.request);
    side_clear(&s.response);
}

int main(int argc, char **argv)
{
    static struct case_list list;
    static struct CMUnitTest tests[CASE_MAX + 1];
    size_t n = 0;
    case_read_all(&list, "handshake", true);
    tests[n++] =
        (struct CMUnitTest){.name = "fresh keys are good", .test_func = fresh_keys_are_good};
    for (size_t i = 0; i < list.n; i++)
        if (argc < 2 || strstr(list.cases[i]->name, argv[1]))
            tests[n++] = (struct CMUnitTest){.name = list.cases[i]->name,
                                             .test_func = is_as_written,
                                             .initial_state = list.cases[i]};
    return _cmocka_run_group_tests("handshake cases", tests, n, NULL, NULL);
}
