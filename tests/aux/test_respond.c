/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_respond.c - short answers
 */
#include "net/raw.h"

static struct answer {
    int status;
    const char *type, *text, *location;
    int returned;
} answer;

static void on_request(weft_request *r, void *user)
{
    (void)user;
    answer.returned = answer.location
                          ? weft_respond_redirect(r, answer.status, answer.location)
                          : weft_respond_str(r, answer.status, answer.type, answer.text);
}

static void begin(struct world *w)
{
    world_begin(w);
    world_serve(w, NULL);
    assert_int_equal(world_requests(w->server, "/", on_request, NULL), 0);
    world_listen(w);
}

/* What the client is told. */
static const char *told_with(struct world *w, struct answer a)
{
    static char got[1024];
    struct raw *r = raw_connect(w);
    answer = a;
    raw_ask(w, r, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    snprintf(got, sizeof got, "%.*s", (int)sizeof got - 1, r->got);
    raw_free(r);
    return got;
}

static void has(const char *head, const char *what)
{
    if (!strstr(head, what)) fail_msg("there is no \"%s\" in\n%s", what, head);
}

static void a_text(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const char *got = told_with(&w, (struct answer){.status = 404, .text = "nothing here\n"});
    has(got, "HTTP/1.1 404 ");
    has(got, "Content-Type: text/plain; charset=utf-8\r\n");
    has(got, "\r\n\r\nnothing here\n");
    got = told_with(&w, (struct answer){.status = 200, .type = "application/json", .text = "{}"});
    has(got, "HTTP/1.1 200 ");
    has(got, "Content-Type: application/json\r\n");
    has(got, "Content-Length: 2\r\n");
    assert_int_equal(answer.returned, 0);
    got = told_with(&w, (struct answer){.status = 204, .text = ""});
    has(got, "HTTP/1.1 204 ");
    assert_null(strstr(got, "Content-Type"));
    world_end(&w);
}

static void somewhere_else(void **state)
{
    static const int good[] = {301, 302, 303, 307, 308};
    struct world w;
    (void)state;
    begin(&w);
    for (size_t i = 0; i < countof(good); i++) {
        char line[32];
        snprintf(line, sizeof line, "HTTP/1.1 %d ", good[i]);
        const char *got =
            told_with(&w, (struct answer){.status = good[i], .location = "/there?a=b"});
        has(got, line);
        has(got, "Location: /there?a=b\r\n");
        has(got, "Content-Length: 0\r\n");
        assert_int_equal(answer.returned, 0);
    }
    world_end(&w);
}

static void nowhere(void **state)
{
    static const struct answer bad[] = {
        {.status = 200, .location = "/"}, {.status = 300, .location = "/"},
        {.status = 304, .location = "/"}, {.status = 306, .location = "/"},
        {.status = 309, .location = "/"}, {.status = 302, .location = "/\r\nSet-Cookie: a=b"}};
    struct world w;
    (void)state;
    begin(&w);
    for (size_t i = 0; i < countof(bad); i++) {
        const char *got = told_with(&w, bad[i]);
        has(got, "HTTP/1.1 500 ");
        assert_null(strstr(got, "Location"));
        assert_int_equal(answer.returned, -EINVAL);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text),
        cmocka_unit_test(somewhere_else),
        cmocka_unit_test(nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
