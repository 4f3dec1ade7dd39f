/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_cases.c - the documents in tests/cases, each played in every way its input can arrive
 *
 *      whole · byte by byte · in pieces of 2, 3 and 7 · cut in two everywhere · the session freed at
 *      every such place and after every step · each allocation failing in turn, alone and with all later
 *      ones
 *
 * Inputs too long for all of that are cut around the boundaries of their frames.
 * `test-ws-cases WORD` plays only the cases whose name holds WORD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ws/case_play.h"

enum {
    CUT_EVERYWHERE = 300,     /* inputs up to this long */
    BYTE_BY_BYTE = 20000,     /* likewise */
    BYTES_PER_CASE = 2 << 20, /* what longer ones may cost in bytes read, per way of playing */
    FAULTS_ALL = 64           /* allocations that fail one by one; later ones are a sample */
};

struct playing {
    const struct case_text *text;
    size_t variation;
    weft_role role;
    struct script script;
};

/* Play once; a test that fails says how to find it. */
static bool attempt(const struct playing *g, const struct plan *plan)
{
    static struct play p;
    play(&p, &g->script, plan);
    if (!*p.wrong) return p.heap.failed;
    char values[200];
    case_describe(g->text, g->variation, values, sizeof values);
    print_error("%s\n    %s:%s, pieces of %zu, cut at %zu%s, steps %zu, failing %zu%s, drain %zu\n",
                p.wrong, g->role == WEFT_SERVER ? "server" : "client", values, plan->piece,
                plan->cut, plan->abandon ? " and freed" : "", plan->steps, plan->fail_at,
                plan->fail_on ? " and on" : "", plan->drain);
    fail();
    return false;
}

static void cut(const struct playing *g, size_t at)
{
    attempt(g, &(struct plan){.cut = at, .drain = at % 3});
    attempt(g, &(struct plan){.cut = at, .abandon = true});
}

/* Around the boundaries of frames, as far as the input is frames. */
static void cut_at_frames(const struct playing *g)
{
    const struct bytes *in = &g->script.input;
    size_t plays = 0, most = BYTES_PER_CASE / in->len + 2;
    struct wire_frame f;
    for (size_t at = 0; at < in->len && wire_head(in->data + at, in->len - at, &f);) {
        for (size_t k = at ? at - 1 : 1; k <= at + f.head + 1 && plays < most; k++, plays++)
            if (k && k < in->len) cut(g, k);
        if (f.length > in->len - at) break;
        at += f.head + (size_t)f.length;
    }
    cut(g, in->len - 1);
}

static void partitions(const struct playing *g)
{
    size_t len = g->script.input.len;
    attempt(g, &(struct plan){0});
    if (len < 2) return;
    attempt(g, &(struct plan){.piece = len <= BYTE_BY_BYTE ? 1 : 4093, .drain = 1009});
    if (len <= BYTE_BY_BYTE) attempt(g, &(struct plan){.piece = 1, .drain = 1});
    if (len > CUT_EVERYWHERE) {
        cut_at_frames(g);
        return;
    }
    attempt(g, &(struct plan){.piece = 2});
    attempt(g, &(struct plan){.piece = 3});
    attempt(g, &(struct plan){.piece = 7});
    for (size_t at = 1; at < len; at++) cut(g, at);
}

static void faults(const struct playing *g, size_t piece)
{
    for (size_t n = 1; attempt(g, &(struct plan){.fail_at = n, .piece = piece});) {
        attempt(g, &(struct plan){.fail_at = n, .fail_on = true, .piece = piece});
        n += n < FAULTS_ALL ? 1 : n / 4;
    }
}

static void all_ways(const struct playing *g)
{
    partitions(g);
    for (size_t n = 1; n < g->script.n_steps; n++) attempt(g, &(struct plan){.steps = n});
    faults(g, 0);
    if (g->script.input.len <= CUT_EVERYWHERE) faults(g, 1);
}

static const char *line_value(const struct case_text *c, const char *key)
{
    for (size_t i = 0; i < c->n_lines; i++)
        if (!strcmp(c->lines[i].key, key)) return c->lines[i].value;
    return "";
}

static void plays_as_written(void **state)
{
    static struct playing g;
    g.text = *state;
    if (case_is_beyond_us(g.text)) skip();
    const char *roles = line_value(g.text, "role");
    for (g.variation = 0; g.variation < case_variations(g.text); g.variation++) {
        for (g.role = WEFT_SERVER; g.role <= WEFT_CLIENT; g.role++) {
            bool client = g.role == WEFT_CLIENT;
            if (client ? !strcmp(roles, "") || !strcmp(roles, "server") : !strcmp(roles, "client"))
                continue;
            script_make(&g.script, g.text, g.variation, g.role);
            all_ways(&g);
            script_free(&g.script);
        }
    }
}

/* The requirements are numbered in tests/cases/README.md. */
static void every_requirement_has_a_case(void **state)
{
    const struct case_list *list = *state;
    for (int wanted = 1; wanted <= 29; wanted++) {
        bool found = wanted == 24 || wanted == 25 || wanted == 27; /* of connections: tests/e2e */
        for (size_t i = 0; i < list->n && !found; i++) {
            const char *p = line_value(list->cases[i], "proves");
            for (int n, used; sscanf(p, " %d%n", &n, &used) == 1; p += used) found |= n == wanted;
        }
        if (!found) fail_msg("no case proves requirement %d", wanted);
    }
}

/* ---- what has no bytes to show ------------------------------------------------------------------ */

static void a_session_needs_no_config(void **state)
{
    (void)state;
    weft_session *s;
    assert_int_equal(weft_session_new(&s, WEFT_SERVER, NULL), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_session_buffered(s), 3);
    assert_string_equal(weft_session_cause(s), "");
    weft_session_free(s);
    weft_session_free(NULL);
    weft_message_unref(NULL);
}

static int no_random(void *ctx, void *buf, size_t len)
{
    (void)ctx, (void)buf, (void)len;
    return -EIO;
}

/* RFC 6455, 10.3: a key that can be guessed is worse than no frame. */
static void without_randomness_a_client_sends_nothing(void **state)
{
    (void)state;
    weft_env env = {.random = no_random};
    weft_session_config config = {.env = &env};
    weft_session *s;
    struct iovec iov;
    assert_int_equal(session_of(&s, WEFT_CLIENT, &config), 0);
    assert_true(weft_session_send(s, WEFT_TEXT, "x", 1) < 0);
    assert_int_equal(weft_session_output(s, &iov, 1), 0);
    weft_session_free(s);
}

int main(int argc, char **argv)
{
    static struct case_list list;
    static struct CMUnitTest tests[CASE_MAX + 3] = {
        cmocka_unit_test(a_session_needs_no_config),
        cmocka_unit_test(without_randomness_a_client_sends_nothing),
    };
    size_t n = 2;
    case_read_all(&list, "handshake", false);
    tests[n++] = (struct CMUnitTest){.name = "every requirement has a case",
                                     .test_func = every_requirement_has_a_case,
                                     .initial_state = &list};
    for (size_t i = 0; i < list.n; i++)
        if (argc < 2 || strstr(list.cases[i]->name, argv[1]))
            tests[n++] = (struct CMUnitTest){.name = list.cases[i]->name,
                                             .test_func = plays_as_written,
                                             .initial_state = list.cases[i]};
    return _cmocka_run_group_tests("wire cases", tests, n, NULL, NULL);
}
