/* SPDX-License-Identifier: MIT
 *
 * Many messages in one body.
 */
#include "channel/batch.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"

enum { MESSAGE_MAX = 32 };

static int read(struct batch *b, const char *body, struct refusal *why)
{
    return batch_read(b, NULL, bytes_of_text(body), LITERAL("/chat"), MESSAGE_MAX, why);
}

static void refuses(const char *body, int code, const char *words)
{
    struct batch b;
    struct refusal why;
    if (read(&b, body, &why) == 0) fail_msg("%s is taken", body);
    assert_refused(why, code, words);
    batch_free(&b);
}

static void each_line_is_a_message(void **state)
{
    (void)state;
    struct batch b;
    struct refusal why;
    assert_int_equal(
        read(
            &b,
            "{\"data\":\"a\\n\"}\n{\"base64\":\"aGk=\",\"key\":\"ACME\"}\n{\"data\":\"\",\"once\":\"K\"}",
            &why),
        0);
    assert_int_equal(b.n, 3);
    assert_bytes(b.messages[0].payload, "a\n");
    assert_int_equal(b.messages[1].op, WEFT_BINARY);
    assert_bytes(b.messages[1].payload, "hi");
    assert_bytes(b.messages[1].key, "ACME");
    assert_bytes(b.messages[2].payload, "");
    assert_bytes(b.messages[2].once, "K");
    batch_free(&b);
}

/* LF, CR LF, heartbeats of a stream, spaces. */
static void lines_may_be_empty(void **state)
{
    (void)state;
    struct batch b;
    struct refusal why;
    assert_int_equal(read(&b, "\n\r\n  {\"data\":\"a\"} \r\n\t\n\n{\"data\":\"b\"}\n\n", &why), 0);
    assert_int_equal(b.n, 2);
    assert_bytes(b.messages[1].payload, "b");
    batch_free(&b);
}

/* What `weft sub --json` prints can be published again. */
static void an_envelope_may_be_whole(void **state)
{
    (void)state;
    struct batch b;
    struct refusal why;
    assert_int_equal(
        read(
            &b,
            "{\"channel\":\"\\/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1,\"skipped\":2,\"data\":\"a\"}\n",
            &why),
        0);
    assert_int_equal(b.n, 1);
    batch_free(&b);
}

static void it_is_for_this_channel_only(void **state)
{
    (void)state;
    refuses("{\"data\":\"a\"}\n{\"channel\":\"/other\",\"data\":\"b\"}\n", 400,
            "line 2: a batch is for the channel");
    refuses("{\"channel\":7,\"data\":\"b\"}", 400, "line 1: \"channel\" is a string");
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    refuses("{\"data\":\"a\"}\n\nhi\n", 400,
            "line 3: this is not JSON; say for example {\"data\":\"hi\"}");
    refuses("[]", 400, "line 1: a line is an object");
    refuses("{\"data\":{}}", 400, "line 1: \"data\" is a string");
    refuses("{\"lost\":7}", 400, "line 1: the message is missing");
    refuses("{\"data\":\"\\ud800\"}", 400, "line 1: a lone surrogate");
    refuses("{\"data\":\"a\"} {\"data\":\"b\"}", 400, "line 1: this is not JSON");
    refuses("{\"data\":\"0123456789abcdef0123456789abcdef0\"}", 413,
            "line 1: a message has at most 32 bytes");
    refuses("{\"data\":\n\"a\"}", 400, "line 1: this is not JSON");
}

static void there_is_at_least_one(void **state)
{
    (void)state;
    refuses("", 400, "the batch is empty");
    refuses("\n \r\n", 400, "the batch is empty");
}

static char *lines(size_t n)
{
    char *body = malloc(13 * n + 1), *end = body;
    for (size_t i = 0; i < n; i++) end += sprintf(end, "{\"data\":\"a\"}\n");
    return body;
}

static void there_are_at_most_1000(void **state)
{
    (void)state;
    struct batch b;
    struct refusal why;
    char *most = lines(1000), *more = lines(1001);
    assert_int_equal(read(&b, most, &why), 0);
    assert_int_equal(b.n, 1000);
    batch_free(&b);
    refuses(more, 413, "at most 1000 messages");
    free(most);
    free(more);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct faulty f;
    faulty_init(&f);
    for (long nth = 0;; nth++) {
        struct batch b;
        struct refusal why;
        faulty_from(&f, nth);
        int r = batch_read(&b, &f.env, bytes_of_text("{\"data\":\"\\n\"}\n{\"base64\":\"aGk=\"}\n"),
                           LITERAL("/chat"), MESSAGE_MAX, &why);
        if (r < 0) assert_refused(why, 503, "no memory");
        if (r < 0) assert_true(why.retry_ms > 0);
        batch_free(&b);
        assert_int_equal(f.live, 0);
        assert_int_equal(r<0, f.asked> nth);
        if (r == 0) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_message),
        cmocka_unit_test(lines_may_be_empty),
        cmocka_unit_test(an_envelope_may_be_whole),
        cmocka_unit_test(it_is_for_this_channel_only),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(there_is_at_least_one),
        cmocka_unit_test(there_are_at_most_1000),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
