/* SPDX-License-Identifier: MIT
 *
 * What a client of weft.v1 says.
 */
#include "channel/command.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"

enum { MESSAGE_MAX = 32 };

static struct command c;
static struct refusal why;

/* On the heap, exactly as long; it stays until the next. */
static enum command_result hear(const char *text)
{
    static char *exact;
    size_t len = strlen(text);
    command_free(&c);
    free(exact);
    exact = malloc(len + !len);
    memcpy(exact, text, len);
    return command_read(&c, NULL, (weft_bytes){(uint8_t *)exact, len}, MESSAGE_MAX, &why);
}

static void hears(const char *text, enum verb verb)
{
    if (hear(text) != COMMAND_READ) fail_msg("%s: %s", text, why.words);
    assert_int_equal(c.verb, verb);
}

static void refuses(const char *text, int code, const char *words)
{
    if (hear(text) != COMMAND_REFUSED) fail_msg("%s is not refused", text);
    assert_refused(why, code, words);
}

static int tear_down(void **state)
{
    (void)state;
    hear("");
    command_free(&c);
    return 0;
}

/* ---- commands -------------------------------------------------------------------------------- */

static void one_subscribes(void **state)
{
    (void)state;
    hears("{\"id\":1,\"subscribe\":\"/chat\"}", VERB_SUBSCRIBE);
    assert_bytes(c.id, "1");
    assert_bytes(c.channel, "/chat");
    assert_false(c.is_pattern);
    assert_false(c.has_since);
    assert_int_equal(c.last, 0);

    hears("{\"subscribe\":\"/chat\",\"since\":\"k3f9a2c1.42\",\"last\":10}", VERB_SUBSCRIBE);
    assert_bytes(c.id, "");
    assert_true(c.has_since);
    assert_string_equal(c.since.epoch, "k3f9a2c1");
    assert_int_equal(c.since.offset, 42);
    assert_int_equal(c.last, 10);
    hears("{\"subscribe\":\"/chat\",\"last\":\"all\"}", VERB_SUBSCRIBE);
    assert_int_equal(c.last, WEFT_NEVER);
}

static void one_subscribes_to_a_pattern(void **state)
{
    (void)state;
    hears("{\"id\":1,\"subscribe\":\"/quotes/*\",\"last\":\"all\"}", VERB_SUBSCRIBE);
    assert_bytes(c.channel, "/quotes/*");
    assert_true(c.is_pattern);
    refuses("{\"id\":1,\"subscribe\":\"/quotes/*\",\"since\":\"k3f9a2c1.42\"}", 400,
            "a position of one channel");
}

static void one_unsubscribes(void **state)
{
    (void)state;
    hears("{\"id\":2,\"unsubscribe\":\"/quotes/*\"}", VERB_UNSUBSCRIBE);
    assert_true(c.is_pattern);
    hears("{\"id\":2,\"unsubscribe\":\"/chat\"}", VERB_UNSUBSCRIBE);
    assert_bytes(c.channel, "/chat");
}

static void one_publishes(void **state)
{
    (void)state;
    hears("{\"id\":3,\"publish\":\"/chat\",\"data\":\"hi\",\"key\":\"ACME\",\"once\":\"K\"}",
          VERB_PUBLISH);
    assert_bytes(c.channel, "/chat");
    assert_int_equal(c.publication.op, WEFT_TEXT);
    assert_bytes(c.publication.payload, "hi");
    assert_bytes(c.publication.key, "ACME");
    assert_bytes(c.publication.once, "K");
    hears("{\"publish\":\"/chat\",\"base64\":\"aGk=\"}", VERB_PUBLISH);
    assert_int_equal(c.publication.op, WEFT_BINARY);
    assert_bytes(c.publication.payload, "hi");
}

static void one_asks_who_is_there(void **state)
{
    (void)state;
    hears("{\"id\":4,\"presence\":\"/chat\"}", VERB_PRESENCE);
    assert_false(c.has_events);
    hears("{\"id\":4,\"presence\":\"/chat\",\"events\":true}", VERB_PRESENCE);
    assert_true(c.has_events && c.events);
    hears("{\"id\":4,\"presence\":\"/chat\",\"events\":false}", VERB_PRESENCE);
    assert_true(c.has_events && !c.events);
    hears("{\"id\":4,\"presence\":\"/chat\",\"events\":null}", VERB_PRESENCE);
    assert_false(c.has_events);
    assert_bytes(c.channel, "/chat");
}

static void one_pings(void **state)
{
    (void)state;
    hears("{\"ping\":1}", VERB_PING);
    assert_bytes(c.ping, "1");
    hears("{\"id\":5,\"ping\":\"now\"}", VERB_PING);
    assert_bytes(c.ping, "\"now\"");
    refuses("{\"ping\":{}}", 400, "\"ping\" is an integer, or a string");
    refuses("{\"ping\":1.5}", 400, "\"ping\" is an integer");
    refuses("{\"ping\":null}", 400, "\"ping\" is an integer");
}

/* ---- exactly one ----------------------------------------------------------------------------- */

static void there_is_exactly_one_command(void **state)
{
    (void)state;
    refuses("{}", 400, "no command");
    refuses("{\"id\":1}", 400, "no command");
    refuses("{\"id\":1,\"data\":\"hi\"}", 400, "no command");
    refuses("{\"id\":1,\"sub\":\"/chat\"}", 400, "no command");
    refuses("{\"subscribe\":\"/a\",\"publish\":\"/a\",\"data\":\"\"}", 400, "this has 2");
    refuses("{\"subscribe\":\"/a\",\"unsubscribe\":\"/a\",\"ping\":1}", 400, "this has 3");
    refuses("{\"subscribe\":\"/a\",\"subscribe\":\"/b\"}", 400, "twice");
}

static void what_is_not_known_is_ignored(void **state)
{
    (void)state;
    hears(
        "{\"id\":1,\"subscribe\":\"/chat\",\"since\":null,\"last\":null,\"x\":{\"publish\":[1]},\"data\":7}",
        VERB_SUBSCRIBE);
    assert_false(c.has_since);
    hears("{\"id\":null,\"ping\":1,\"since\":false}", VERB_PING);
    assert_bytes(c.id, "");
}

/* ---- ids ------------------------------------------------------------------------------------- */

static void an_id_is_echoed_as_it_was_written(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "0", "-7", "123456789012345678901234567890", "\"\"", "\"a\\u0041\\n\"", "\"\xc3\xa9\""};
    for (size_t i = 0; i < countof(ids); i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"id\":%s,\"ping\":1}", ids[i]);
        hears(text, VERB_PING);
        assert_bytes(c.id, ids[i]);
    }
}

static void other_ids_are_refused(void **state)
{
    (void)state;
    char text[300];
    refuses("{\"id\":1.5,\"ping\":1}", 400, "\"id\" is an integer, or a string");
    refuses("{\"id\":1e3,\"ping\":1}", 400, "\"id\" is an integer");
    refuses("{\"id\":true,\"ping\":1}", 400, "\"id\" is an integer");
    refuses("{\"id\":[1],\"ping\":1}", 400, "\"id\" is an integer");
    assert_bytes(c.id, "");
    snprintf(text, sizeof text, "{\"id\":\"%0126d\",\"ping\":1}", 1);
    hears(text, VERB_PING);
    snprintf(text, sizeof text, "{\"id\":\"%0127d\",\"ping\":1}", 1);
    refuses(text, 400, "at most 128 bytes");
}

/* Whoever waits for the answer to 9 hears of it. */
static void a_refusal_has_the_id(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"id\":9}",
        "{\"id\":9,\"subscribe\":7}",
        "{\"subscribe\":\"chat\",\"id\":9}",
        "{\"id\":9,\"publish\":\"/chat\"}",
        "{\"publish\":\"/chat\",\"data\":\"\\ud800\",\"id\":9}",
        "{\"publish\":\"/chat\",\"publish\":\"/chat\",\"id\":9}",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        assert_int_equal(hear(wrong[i]), COMMAND_REFUSED);
        assert_bytes(c.id, "9");
    }
}

/* ---- channels -------------------------------------------------------------------------------- */

static void names_are_held_to_the_rules(void **state)
{
    (void)state;
    refuses("{\"subscribe\":\"chat\"}", 400, "begins with a slash");
    refuses("{\"subscribe\":\"/chat/\"}", 400, "this one is \"/chat\"");
    refuses("{\"subscribe\":\"/a\\u0000\"}", 400, "control character");
    refuses("{\"subscribe\":\"/metrics\"}", 404, "reserved");
    refuses("{\"subscribe\":\"/a/**\"}", 400, "\"**\"");
    refuses("{\"subscribe\":\"\"}", 400, "begins with a slash");
    refuses("{\"subscribe\":null}", 400, "\"subscribe\" is a string");
    refuses("{\"publish\":{},\"data\":\"\"}", 400, "\"publish\" is a string");
    hears("{\"subscribe\":\"\\/ch\\u0061t\"}", VERB_SUBSCRIBE);
    assert_bytes(c.channel, "/chat");
}

static void only_subscriptions_have_patterns(void **state)
{
    (void)state;
    refuses("{\"publish\":\"/quotes/*\",\"data\":\"hi\"}", 400, "only be subscribed to");
    refuses("{\"presence\":\"/chat\",\"events\":\"true\"}", 400, "true, to be told");
    refuses("{\"presence\":\"/quotes/*\"}", 400, "only be subscribed to");
}

/* ---- where to begin -------------------------------------------------------------------------- */

static void since_is_a_position(void **state)
{
    (void)state;
    refuses("{\"subscribe\":\"/a\",\"since\":\"42\"}", 400, "\"since\" is a position");
    refuses("{\"subscribe\":\"/a\",\"since\":42}", 400, "\"since\" is a position");
    refuses("{\"subscribe\":\"/a\",\"since\":\"\"}", 400, "\"since\" is a position");
}

static void last_is_a_number_or_all(void **state)
{
    (void)state;
    hears("{\"subscribe\":\"/a\",\"last\":9007199254740991}", VERB_SUBSCRIBE);
    static const char *const wrong[] = {
        "0", "-1", "1.5", "\"10\"", "\"ALL\"", "true", "9007199254740992", "[]"};
    for (size_t i = 0; i < countof(wrong); i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"subscribe\":\"/a\",\"last\":%s}", wrong[i]);
        refuses(text, 400, "\"last\" is a number of messages");
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static void a_message_is_held_to_its_rules(void **state)
{
    (void)state;
    refuses("{\"publish\":\"/chat\"}", 400, "the message is missing");
    refuses("{\"publish\":\"/chat\",\"data\":{\"x\":1}}", 400, "JSON.stringify");
    refuses("{\"publish\":\"/chat\",\"data\":\"\\ud83d\"}", 400, "lone surrogate");
    hears("{\"publish\":\"/chat\",\"data\":\"0123456789abcdef0123456789abcdef\"}", VERB_PUBLISH);
    refuses("{\"publish\":\"/chat\",\"data\":\"0123456789abcdef0123456789abcdefg\"}", 413,
            "at most 32 bytes");
}

/* Written with six bytes for each, it is as long as it is decoded. */
static void max_message_counts_what_is_decoded(void **state)
{
    (void)state;
    char text[300] = "{\"publish\":\"/chat\",\"data\":\"", *end = text + strlen(text);
    for (int i = 0; i < MESSAGE_MAX; i++) end += sprintf(end, "\\u0000");
    strcpy(end, "\"}");
    hears(text, VERB_PUBLISH);
    assert_int_equal(c.publication.payload.len, MESSAGE_MAX);
    strcpy(end, "\\u0000\"}");
    refuses(text, 413, "this one has 33");
}

/* ---- what is no object ----------------------------------------------------------------------- */

static void what_is_not_json_is_told_apart(void **state)
{
    (void)state;
    static const char *const broken[] = {"",           "hi",         "{", "{\"id\":1,\"ping\":1",
                                         "{'ping':1}", "{\"id\":1}}"};
    for (size_t i = 0; i < countof(broken); i++) {
        assert_int_equal(hear(broken[i]), COMMAND_NO_JSON);
        assert_refused(why, 400, "this is not JSON; say for example {\"id\":1,\"publish\"");
        assert_bytes(c.id, "");
    }
    refuses("[]", 400, "a command is an object");
    refuses("\"hi\"", 400, "a command is an object");
    refuses("{\"id\":1,\"ping\":1,\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", 400, "in each other");
    assert_bytes(c.id, "1"); /* it came before */
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"subscribe\":\"\\/chat\"}",
        "{\"subscribe\":\"/a\",\"since\":\"k3f9a2c1\\u002e42\"}",
        "{\"subscribe\":\"/a\",\"last\":\"\\u0061ll\"}",
        "{\"publish\":\"/a\",\"data\":\"\\n\"}",
    };
    struct faulty f;
    faulty_init(&f);
    for (size_t i = 0; i < countof(texts); i++) {
        struct command own;
        faulty_from(&f, 0);
        assert_int_equal(command_read(&own, &f.env, bytes_of_text(texts[i]), MESSAGE_MAX, &why),
                         COMMAND_REFUSED);
        assert_refused(why, 503, "no memory");
        command_free(&own);
        faulty_from(&f, -1);
        assert_int_equal(command_read(&own, &f.env, bytes_of_text(texts[i]), MESSAGE_MAX, &why),
                         COMMAND_READ);
        assert_int_equal(f.asked, 1); /* one block has room for all strings */
        command_free(&own);
        assert_int_equal(f.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_subscribes),
        cmocka_unit_test(one_subscribes_to_a_pattern),
        cmocka_unit_test(one_unsubscribes),
        cmocka_unit_test(one_publishes),
        cmocka_unit_test(one_asks_who_is_there),
        cmocka_unit_test(one_pings),
        cmocka_unit_test(there_is_exactly_one_command),
        cmocka_unit_test(what_is_not_known_is_ignored),
        cmocka_unit_test(an_id_is_echoed_as_it_was_written),
        cmocka_unit_test(other_ids_are_refused),
        cmocka_unit_test(a_refusal_has_the_id),
        cmocka_unit_test(names_are_held_to_the_rules),
        cmocka_unit_test(only_subscriptions_have_patterns),
        cmocka_unit_test(since_is_a_position),
        cmocka_unit_test(last_is_a_number_or_all),
        cmocka_unit_test(a_message_is_held_to_its_rules),
        cmocka_unit_test(max_message_counts_what_is_decoded),
        cmocka_unit_test(what_is_not_json_is_told_apart),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
