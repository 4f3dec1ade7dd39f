/* SPDX-License-Identifier: MIT
 *
 * The answer to a poll, and where it is cut.
 */
#include "channel/poll.h"

#include "channel/entries.h"
#include "channel/envelope.h"
#include "hub/faulty_env.h"

static const weft_seek from_41 = {.at = {.epoch = EPOCH, .offset = 41}};

static void assert_answer(const struct poll *p, bool more, const char *json)
{
    struct text t;
    text_init(&t, NULL);
    poll_end(p, more, &t);
    assert_bytes(text_bytes(&t), json);
    text_deinit(&t);
}

static void nothing_new_is_an_answer(void **state)
{
    (void)state;
    struct poll p;
    poll_init(&p, NULL, LITERAL("/chat"), &from_41);
    assert_answer(&p, false,
                  "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.41\",\"messages\":[]}");
    poll_deinit(&p);
}

static void messages_are_envelopes_and_the_last_is_the_position(void **state)
{
    (void)state;
    struct poll p;
    weft_entry e = entry_of(WEFT_TEXT, LITERAL("hi"), "");
    poll_init(&p, NULL, LITERAL("/chat"), &from_41);
    assert_true(poll_add(&p, &e, 0));
    e.offset = 45;
    assert_true(poll_add(&p, &e, 2));
    assert_answer(
        &p, false,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.45\",\"messages\":["
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,\"data\":\"hi\"},"
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.45\",\"time\":1795309464468,\"skipped\":2,"
        "\"data\":\"hi\"}]}");
    poll_deinit(&p);
    entry_done(&e);
}

static void a_loss_is_announced(void **state)
{
    (void)state;
    struct poll p;
    weft_seek seek = from_41;
    seek.lost = 7;
    poll_init(&p, NULL, LITERAL("/chat"), &seek);
    assert_answer(
        &p, false,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.41\",\"messages\":[],\"lost\":7}");
    poll_deinit(&p);
    seek.lost = WEFT_LOST_UNKNOWN;
    poll_init(&p, NULL, LITERAL("/chat"), &seek);
    assert_answer(
        &p, false,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.41\",\"messages\":[],\"lost\":null}");
    poll_deinit(&p);
}

static void who_knows_of_more_says_so(void **state)
{
    (void)state;
    struct poll p;
    poll_init(&p, NULL, LITERAL("/chat"), &from_41);
    assert_answer(
        &p, true,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.41\",\"messages\":[],\"more\":true}");
    poll_deinit(&p);
}

/* ---- cuts ------------------------------------------------------------------------------------ */

static struct text answer_of(const struct poll *p)
{
    struct text t;
    text_init(&t, NULL);
    poll_end(p, false, &t);
    return t;
}

static bool says_more(const struct text *t)
{
    static const char end[] = "],\"more\":true}";
    return t->len >= sizeof end - 1 &&
           !memcmp(t->data + t->len - (sizeof end - 1), end, sizeof end - 1);
}

static void it_is_cut_behind_1000_messages(void **state)
{
    (void)state;
    struct poll p;
    weft_entry e = entry_of(WEFT_TEXT, LITERAL("x"), "");
    poll_init(&p, NULL, LITERAL("/chat"), &from_41);
    for (e.offset = 42; e.offset < 1042; e.offset++) assert_true(poll_add(&p, &e, 0));
    struct text whole = answer_of(&p);
    assert_false(says_more(&whole));
    assert_false(poll_add(&p, &e, 0));
    assert_false(poll_add(&p, &e, 0));
    assert_int_equal(p.n, 1000);
    assert_int_equal(p.at.offset, 1041);
    struct text cut = answer_of(&p);
    assert_true(says_more(&cut));
    text_deinit(&whole);
    text_deinit(&cut);
    poll_deinit(&p);
    entry_done(&e);
}

/* Messages of n bytes are added until no more fit; returns the length of the answer. */
static size_t filled(size_t n, const char *channel, size_t *messages)
{
    struct poll p;
    char *payload = malloc(n);
    memset(payload, 'x', n);
    weft_entry e = entry_of(WEFT_TEXT, (weft_bytes){(uint8_t *)payload, n}, "");
    poll_init(&p, NULL, bytes_of_text(channel), &from_41);
    while (poll_add(&p, &e, 0)) e.offset++;
    struct text t = answer_of(&p);
    size_t len = t.len;
    assert_true(says_more(&t));
    *messages = p.n;
    text_deinit(&t);
    poll_deinit(&p);
    entry_done(&e);
    free(payload);
    return len;
}

static void it_never_passes_256_kib(void **state)
{
    (void)state;
    char longest[256] = "/";
    memset(longest + 1, '"', 254);
    for (size_t n = 300; n < 5000; n += 97) {
        size_t messages, len = filled(n, "/chat", &messages);
        assert_true(len <= 256 << 10 && len + n + 1000 > 256 << 10);
        assert_true(messages < 1000);
    }
    size_t messages;
    assert_true(filled(3000, longest, &messages) <= 256 << 10);
}

static void the_first_one_is_never_left_out(void **state)
{
    (void)state;
    size_t messages, len = filled(1 << 20, "/chat", &messages);
    assert_int_equal(messages, 1);
    assert_true(len > 1 << 20);
}

static void without_memory_the_answer_has_failed(void **state)
{
    (void)state;
    struct faulty f;
    weft_entry e = entry_of(WEFT_TEXT, LITERAL("hi"), "");
    faulty_init(&f);
    for (long nth = 0;; nth++) {
        struct poll p;
        struct text t;
        faulty_from(&f, nth);
        poll_init(&p, &f.env, LITERAL("/chat"), &from_41);
        text_init(&t, &f.env);
        (void)poll_add(&p, &e, 0);
        poll_end(&p, false, &t);
        bool failed = t.failed;
        text_deinit(&t);
        poll_deinit(&p);
        assert_int_equal(f.live, 0);
        assert_int_equal(failed, f.asked > nth);
        if (!failed) break;
    }
    entry_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_new_is_an_answer),
        cmocka_unit_test(messages_are_envelopes_and_the_last_is_the_position),
        cmocka_unit_test(a_loss_is_announced),
        cmocka_unit_test(who_knows_of_more_says_so),
        cmocka_unit_test(it_is_cut_behind_1000_messages),
        cmocka_unit_test(it_never_passes_256_kib),
        cmocka_unit_test(the_first_one_is_never_left_out),
        cmocka_unit_test(without_memory_the_answer_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
