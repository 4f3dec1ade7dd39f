/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_files.c - files over HTTP: small, large, missing, abandoned, and with memory failing
 */
#include <malloc.h>
#include <sys/stat.h>

#include "raw.h"
#include "stuck_calls.h"

enum { LARGE = 3 * 1024 * 1024 };

static struct world world;
static char dir[32];

static void make(const char *name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = 0; i < size; i++) fputc('a' + (int)(i % 26), f);
    assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
    (void)state;
    char sub[64];
    strcpy(dir, "/tmp/weft-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    make("small.txt", 10);
    make("empty.txt", 0);
    make("large.bin", LARGE);
    snprintf(sub, sizeof sub, "%s/sub", dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    make("sub/index.html", 5);
    world_begin(&world);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_files(world.server, "/f/*", dir), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const names[] = {"sub/index.html", "small.txt", "empty.txt",
                                        "large.bin",      "sub",       ""};
    char path[64];
    world_end(&world);
    for (size_t i = 0; i < countof(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(remove(path), 0);
    }
    return 0;
}

static struct raw *ask(const char *line, const char *fields)
{
    char request[256];
    struct raw *r = raw_connect(&world);
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", line,
             fields);
    raw_say(r, request);
    return r;
}

/* The whole exchange: "200 body". */
static const char *get(const char *line, const char *fields)
{
    static char text[256];
    struct raw *r = ask(line, fields);
    turn_until(&world, raw_ended(r));
    snprintf(text, sizeof text, "%d %s", raw_status(r), raw_body(r));
    raw_free(r);
    return text;
}

static void test_small(void **state)
{
    (void)state;
    assert_string_equal(get("GET /f/small.txt", ""), "200 abcdefghij");
    assert_string_equal(get("GET /f/empty.txt", ""), "200 ");
    assert_string_equal(get("HEAD /f/small.txt", ""), "200 ");
    assert_string_equal(get("GET /f/sub/", ""), "200 abcde");
    assert_string_equal(get("GET /f/small.txt", "Range: bytes=2-4\r\n"), "206 cde");
    assert_string_equal(
        get("GET /f/small.txt", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"), "304 ");
}

static void test_not_there(void **state)
{
    (void)state;
    assert_memory_equal(get("GET /f/none", ""), "404", 3);
    assert_memory_equal(get("GET /f/../small.txt", ""), "40", 2);
    assert_memory_equal(get("GET /f/%2e%2e/small.txt", ""), "40", 2);
    assert_memory_equal(get("GET /f/sub", ""), "301", 3);
    assert_memory_equal(get("POST /f/small.txt", "Content-Length: 0\r\n"), "405", 3);
}

static weft_files *files;

static void on_request(weft_request *r, void *user)
{
    (void)user;
    weft_bytes path = weft_request_path(r);
    int error = weft_files_respond(files, r, (weft_bytes){path.data + 2, path.len - 2});
    const char *why = error == -ENOENT ? "no file" : "no way";
    if (error) weft_respond(r, 404, NULL, why, strlen(why));
}

/* Who asks for one file has the request back where there is none. */
static void test_one_at_a_time(void **state)
{
    (void)state;
    const weft_request_handler handler = {.on_request = on_request};
    weft_server_free(world.server);
    world_serve(&world, NULL);
    assert_int_equal(weft_files_open(&files, world.server, "/no/such/place"), -ENOENT);
    assert_null(files);
    assert_int_equal(weft_files_open(&files, world.server, dir), 0);
    assert_int_equal(weft_server_on_request(world.server, "/g/*", &handler, NULL), 0);
    world_listen(&world);
    assert_string_equal(get("GET /g/small.txt", ""), "200 abcdefghij");
    assert_string_equal(get("HEAD /g/small.txt", ""), "200 ");
    assert_string_equal(get("GET /g/sub/", ""), "200 abcde");
    assert_memory_equal(get("GET /g/sub", ""), "301", 3);
    assert_string_equal(get("GET /g/none", ""), "404 no file");
    assert_string_equal(get("GET /g/%2e%2e/small.txt", ""), "404 no file");
    assert_string_equal(get("GET /g/", ""), "404 no file");
    assert_string_equal(get("POST /g/small.txt", "Content-Length: 0\r\n"), "404 no way");
    weft_server_free(world.server);
    weft_files_close(files);
    weft_files_close(NULL);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_files(world.server, "/f/*", dir), 0);
    world_listen(&world);
}

static void expect_large(void)
{
    struct raw *r = ask("GET /f/large.bin", "");
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 200);
    const char *body = raw_body(r);
    assert_int_equal(r->len - (size_t)(body - r->got), LARGE);
    for (size_t i = 0; i < LARGE; i++)
        if (body[i] != 'a' + (char)(i % 26)) fail_msg("byte %zu", i);
    raw_free(r);
}

static void test_large(void **state)
{
    (void)state;
    expect_large();
}

/* What the queue may have is less than what is read ahead. */
static void test_little_room(void **state)
{
    (void)state;
    static const weft_limits limits[] = {{.send_queue_items = 1}, {.send_queue_max = 1000}};
    for (size_t i = 0; i < countof(limits); i++) {
        weft_server_config cfg = {.limits = &limits[i]};
        weft_server_free(world.server);
        world_serve(&world, &cfg);
        assert_int_equal(weft_server_files(world.server, "/f/*", dir), 0);
        world_listen(&world);
        expect_large();
    }
}

static size_t heap, most; /* bytes, now and at most */

static void *weighing_realloc(void *ctx, void *p, size_t size)
{
    heap -= p ? malloc_usable_size(p) : 0;
    void *q = world_realloc(ctx, p, size);
    heap += q ? malloc_usable_size(q) : 0;
    if (heap > most) most = heap;
    return q;
}

/* 34 bytes that ask for it hold little of ours, whatever send_queue_soft is. */
static void test_nobody_reads(void **state)
{
    (void)state;
    world_end(&world);
    heap = 0;
    world_begin_with(&world, weighing_realloc);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_files(world.server, "/f/*", dir), 0);
    world_listen(&world);
    expect_large(); /* what the loop keeps is there */
    use_full_sockets(&world.sys, true);
    settle(&world);
    size_t before = most = heap;
    struct raw *r = ask("GET /f/large.bin", "");
    settle(&world);
    assert_in_range(most - before, 32 * 1024, 112 * 1024);
    pass(&world, 1000); /* nothing was taken for a second */
    assert_in_range(heap - before, 1024, 4096);
    make_room();
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->len - (size_t)(raw_body(r) - r->got), LARGE);
    assert_in_range(most - before, 32 * 1024, 140 * 1024);
    raw_free(r);
}

enum { FIRST = 50000 };

static void answer_at_length(weft_request *r, void *user)
{
    static char body[FIRST];
    (void)user;
    memset(body, '-', sizeof body);
    weft_respond(r, 200, NULL, body, sizeof body);
}

/* What is queued in front of a file is not the file's. */
static void test_nobody_reads_what_comes_before(void **state)
{
    (void)state;
    weft_server_free(world.server);
    world_serve(&world, NULL);
    assert_int_equal(world_requests(world.server, "/first", answer_at_length, NULL), 0);
    assert_int_equal(weft_server_files(world.server, "/f/*", dir), 0);
    world_listen(&world);
    use_full_sockets(&world.sys, true);
    struct raw *r = raw_connect(&world);
    raw_say(r,
            "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /f/large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\nConnection: close\r\n\r\n");
    settle(&world);
    pass(&world, 1000);
    make_room();
    turn_until(&world, raw_ended(r));
    const char *file = raw_body(r) + FIRST;
    assert_memory_equal(file, "HTTP/1.1 206 ", 13);
    file = strstr(file, "\r\n\r\n") + 4;
    assert_int_equal(r->len - (size_t)(file - r->got), LARGE - 1);
    for (size_t i = 1; i < LARGE; i++)
        if (file[i - 1] != 'a' + (char)(i % 26)) fail_msg("byte %zu", i);
    raw_free(r);
}

static uint64_t connections(void)
{
    return weft_server_count(world.server, WEFT_COUNT_CONNECTIONS);
}

static void test_abandoned(void **state)
{
    (void)state;
    struct raw *r = ask("GET /f/large.bin", "");
    turn_until(&world, raw_heard(r, "abc"));
    raw_reset(r);
    turn_until(&world, connections() == 0);
    raw_free(r);
    r = ask("GET /f/large.bin", "");
    turn_until(&world, connections() == 1);
    settle(&world);
    pass(
        &world,
        1000); /* takes nothing: what waits for it is dropped; and in the end, by write_stall, itself */
    settle(&world);
    assert_int_equal(connections(), 1);
    pass(&world, 14000);
    turn_until(&world, connections() == 0);
    raw_free(r);
}

static void test_freed_under_way(void **state)
{
    (void)state;
    struct raw *r = ask("GET /f/large.bin", "");
    settle(&world);
    weft_server_free(world.server);
    world.server = NULL;
    raw_free(r);
}

/* Never half a file that looks whole, and nothing is left behind. */
static void test_every_allocation(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        assert_true(nth < 200);
        world_fail_at(&world, nth);
        struct raw *r = ask("GET /f/small.txt", "");
        for (int i = 0; i < TURNS && !raw_ended(r); i++) turn(&world, 1);
        failed = world.asked > nth;
        world_fail_at(&world, -1);
        assert_true(raw_ended(r));
        if (raw_status(r) == 200 && strlen(raw_body(r)) == 10)
            assert_string_equal(raw_body(r), "abcdefghij");
        else assert_true(failed);
        raw_free(r);
        settle(&world);
        assert_int_equal(connections(), 0);
    }
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_small),
        unit(test_one_at_a_time),
        unit(test_not_there),
        unit(test_large),
        unit(test_little_room),
        unit(test_nobody_reads),
        unit(test_nobody_reads_what_comes_before),
        unit(test_abandoned),
        unit(test_freed_under_way),
        unit(test_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
