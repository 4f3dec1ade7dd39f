/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_pipe.c - a pipe's life: bytes, queues, pauses, and every end that it can have
 *
 * What is the same on TCP, on Unix sockets and in TLS is played on all of them.
 */
#include "faulty_calls.h"
#include "pipe_world.h"
#include "stuck_calls.h"

static struct world world;
static struct piper near;
static struct far_place place;
static struct far_end far;
static weft_limits limits;
static weft_dial dial;

static void begin_on(enum far_kind kind)
{
    near = (struct piper){0};
    limits = (weft_limits){0};
    world_begin(&world);
    far_listen(&place, kind);
    dial = (weft_dial){.limits = &limits};
    if (kind == FAR_TLS) dial.tls = new_client_tls(&world.env);
}

static void end(void)
{
    far_free(&far);
    far_leave(&place);
    weft_tls_unref(dial.tls);
    world_end(&world);
}

static int connect_to(const char *url)
{
    return weft_pipe_connect(&near.pipe, world.loop, url, &dial, &piping, &near);
}

static void dial_far(void)
{
    assert_int_equal(connect_to(place.url), 0);
}

static void meet(void)
{
    dial_far();
    far = far_accept(&world, &place);
    turn_until(&world, near.story.len);
    expect_story(&near.story, "open;");
}

static void expect_end(const char *want)
{
    turn_until(&world, near.closes);
    settle(&world);
    assert_int_equal(near.closes, 1);
    expect_story(&near.story, want);
}

static void write_text(weft_pipe *p, const char *text)
{
    assert_int_equal(weft_pipe_write(p, text, strlen(text)), 0);
}

/* ---- on each of them ------------------------------------------------------------------------- */

static void greet(weft_pipe *p)
{
    write_text(p, "hel");
    write_text(p, "");
    write_text(p, "lo");
}

static void a_conversation(void)
{
    near.then_open = greet;
    near.then_bytes = weft_pipe_close;
    meet();
    turn_until(&world, far_heard(&far, "hello"));
    assert_int_equal(weft_pipe_buffered(near.pipe), 0);
    far_say(&far, "there");
    expect_end("bytes there;close;");
    assert_string_equal(near.cause, "");
    turn_until(&world, far_over(&far));
    assert_true(far_ended_well(&far));
}

static void the_peer_ends(void)
{
    meet();
    far_say(&far, "bye");
    far_end_writing(&far);
    expect_end("bytes bye;close;");
    turn_until(&world, far_over(&far));
    assert_true(far_ended_well(&far));
}

static void what_is_written_early_waits(void)
{
    dial_far();
    assert_false(weft_pipe_is_open(near.pipe));
    write_text(near.pipe, "one ");
    write_text(near.pipe, "two");
    assert_int_equal(weft_pipe_buffered(near.pipe), 7);
    far = far_accept(&world, &place);
    turn_until(&world, far_heard(&far, "one two"));
    expect_story(&near.story, "open;");
}

static void what_is_queued_is_written_before_the_end(void)
{
    static char long_text[700000];
    memset(long_text, 'x', sizeof long_text);
    meet();
    assert_int_equal(weft_pipe_write(near.pipe, long_text, sizeof long_text), 0);
    weft_pipe_close(near.pipe);
    weft_pipe_close(near.pipe);
    assert_false(weft_pipe_is_open(near.pipe));
    assert_int_equal(weft_pipe_write(near.pipe, "x", 1), WEFT_ERR_CLOSED);
    turn_until(&world, far_over(&far));
    assert_true(far_ended_well(&far));
    assert_int_equal(far_len(&far), sizeof long_text);
    expect_end("close;");
}

static void closed_while_it_connects(void)
{
    dial_far();
    write_text(near.pipe, "last words");
    weft_pipe_close(near.pipe);
    far = far_accept(&world, &place);
    turn_until(&world, far_over(&far));
    assert_true(far_ended_well(&far));
    assert_string_equal(far_got(&far), "last words");
    expect_end("close;");
}

/* The peer says that it has sent everything, and still reads. */
static void the_rest_is_for_a_peer_who_has_ended(void)
{
    static char long_text[1000000];
    memset(long_text, 'y', sizeof long_text);
    meet();
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_pipe_write(near.pipe, long_text, sizeof long_text), 0);
    settle(&world);
    far_say(&far, "enough");
    far_end_writing(&far);
    settle(&world);
    expect_story(&near.story, "bytes enough;");
    assert_int_equal(weft_pipe_write(near.pipe, "x", 1), WEFT_ERR_CLOSED);
    make_room();
    turn_until(&world, far_over(&far));
    assert_int_equal(far_len(&far), sizeof long_text);
    assert_true(far_ended_well(&far));
    expect_end("close;");
}

static void dropped(void)
{
    meet();
    weft_pipe_abort(near.pipe);
    expect_end("close WEFT_ERR_CLOSED;");
    turn_until(&world, far_over(&far));
}

static void a_pause(void)
{
    meet();
    weft_pipe_pause(near.pipe);
    weft_pipe_pause(near.pipe);
    far_say(&far, "wait");
    settle(&world);
    expect_story(&near.story, "");
    far_end_writing(&far);
    settle(&world);
    expect_story(&near.story, "");
    weft_pipe_resume(near.pipe);
    weft_pipe_resume(near.pipe);
    expect_end("bytes wait;close;");
}

static void paused_before_it_is_open(void)
{
    dial_far();
    weft_pipe_pause(near.pipe);
    far = far_accept(&world, &place);
    far_say(&far, "early");
    turn_until(&world, near.story.len);
    settle(&world);
    expect_story(&near.story, "open;");
    weft_pipe_resume(near.pipe);
    turn_until(&world, near.story.len);
    expect_story(&near.story, "bytes early;");
}

static void a_pause_in_the_middle(void)
{
    near.then_bytes = weft_pipe_pause;
    meet();
    far_say(&far, "one");
    settle(&world);
    far_say(&far, "two");
    settle(&world);
    expect_story(&near.story, "bytes one;");
    weft_pipe_resume(near.pipe);
    settle(&world);
    expect_story(&near.story, "bytes two;");
}

/* Whoever has closed reads no more, and a pause does not keep his words back. */
static void closed_while_paused(void)
{
    meet();
    weft_pipe_pause(near.pipe);
    far_say(&far, "never heard");
    write_text(near.pipe, "bye");
    weft_pipe_close(near.pipe);
    expect_end("close;");
    turn_until(&world, far_over(&far));
    assert_true(far_ended_well(&far));
    assert_string_equal(far_got(&far), "bye");
}

static void pieces(void)
{
    weft_piece *piece;
    assert_int_equal(weft_piece_new(&piece, &world.env, "piece;", 6), 0);
    meet();
    for (int i = 0; i < 3; i++) assert_int_equal(weft_pipe_write_piece(near.pipe, piece), 0);
    weft_piece_unref(piece);
    write_text(near.pipe, "end");
    turn_until(&world, far_heard(&far, "piece;piece;piece;end"));
    weft_pipe_abort(near.pipe);
    settle(&world);
    assert_int_equal(near.closes, 1);
}

static void much_each_way(void)
{
    enum { CHUNK = 50000, CHUNKS = 60 };
    static char chunk[CHUNK];
    size_t sent = 0;
    memset(chunk, 'z', sizeof chunk);
    limits.send_queue_max = 200000;
    meet();
    for (int turns = 0; far_len(&far) < CHUNK * CHUNKS; turns++) {
        assert_true(turns < TURNS);
        while (sent < CHUNKS && weft_pipe_write(near.pipe, chunk, CHUNK) == 0) sent++;
        turn(&world, 1);
    }
    for (int i = 0; i < CHUNKS; i++) {
        if (far.raw) raw_write(far.raw, chunk, 1000);
        else tls_peer_write(far.tls, chunk, 1000);
    }
    turn_until(&world, near.received == CHUNKS * 1000);
    weft_pipe_close(near.pipe);
    turn_until(&world, near.closes);
    assert_int_equal(near.error, 0);
}

/* ---- ends that are not in order -------------------------------------------------------------- */

static void test_tls_is_cut_off(void **state)
{
    (void)state;
    begin_on(FAR_TLS);
    meet();
    far_say(&far, "half of it");
    settle(&world);
    tls_peer_hang_up(far.tls); /* no close_notify */
    expect_end("bytes half of it;close WEFT_ERR_LOST;");
    assert_non_null(strstr(near.cause, "close_notify"));
    end();
}

static void test_a_reset(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    meet();
    raw_reset(far.raw);
    expect_end("close ECONNRESET;");
    end();
}

static void test_a_reset_while_paused(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    meet();
    weft_pipe_pause(near.pipe);
    raw_reset(far.raw);
    expect_end("close ECONNRESET;");
    end();
}

static void test_a_peer_that_takes_nothing(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    limits.write_stall = 1000;
    meet();
    use_full_sockets(&world.sys, true);
    write_text(near.pipe, "to nobody");
    settle(&world);
    pass(&world, 999);
    assert_int_equal(near.closes, 0);
    pass(&world, 1);
    expect_end("close WEFT_ERR_TIMEOUT;");
    assert_string_equal(near.cause, "the peer takes none of the bytes we send");
    end();
}

static void test_the_loop_is_freed(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    meet();
    weft_loop_free(world.loop);
    world.loop = NULL;
    expect_story(&near.story, "close WEFT_ERR_CLOSED;");
    assert_string_equal(near.cause, "the loop was freed");
    end();
    begin_on(FAR_TCP);
    dial_far();
    weft_loop_free(world.loop);
    world.loop = NULL;
    expect_story(&near.story, "close WEFT_ERR_CLOSED;");
    end();
}

/* ---- it cannot connect ----------------------------------------------------------------------- */

static void test_nobody_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *url, *end;
    } rows[] = {
        {"unix:/tmp/weft-no-such-socket", "close ENOENT;"},
        {"unix:@weft-no-such-socket", "close ECONNREFUSED;"},
        {"tcp://127.0.0.1:1", "close ECONNREFUSED;"},
        {"tls://[::1]:1", NULL}, /* there may be no IPv6 */
    };
    for (size_t i = 0; i < countof(rows); i++) {
        begin_on(FAR_TCP);
        assert_int_equal(connect_to(rows[i].url), 0);
        assert_int_equal(near.story.len, 0);
        turn_until(&world, near.closes);
        if (rows[i].end) assert_string_equal(near.story.text, rows[i].end);
        assert_true(near.cause[0]);
        end();
    }
}

static void test_nobody_answers(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    limits.connect_timeout = 1000;
    use_unanswered_connects(&world.sys);
    dial_far();
    write_text(near.pipe, "never sent");
    settle(&world);
    pass(&world, 1000);
    expect_end("close WEFT_ERR_TIMEOUT;");
    assert_string_equal(near.cause,
                        "the server did not accept the connection within 1 s (connect_timeout)");
    end();
}

static void test_certificates(void **state)
{
    (void)state;
    begin_on(FAR_TLS);
    weft_tls_unref(dial.tls);
    dial.tls = NULL; /* the system's authorities do not know it */
    dial_far();
    far = far_accept(&world, &place);
    expect_end("close WEFT_ERR_CERTIFICATE;");
    assert_non_null(strstr(near.cause, "self-signed"));
    far_free(&far);
    dial.tls = new_client_tls(&world.env);
    dial.server_name = "other.example";
    near.closes = 0;
    dial_far();
    far = far_accept(&world, &place);
    expect_end("close WEFT_ERR_CERTIFICATE;");
    assert_non_null(strstr(near.cause, "hostname mismatch"));
    end();
}

static void test_it_is_no_tls(void **state)
{
    (void)state;
    char url[160];
    begin_on(FAR_TCP);
    snprintf(url, sizeof url, "tls://localhost%s", strrchr(place.url, ':'));
    assert_int_equal(connect_to(url), 0);
    far = far_accept(&world, &place);
    far_say(&far, "+OK redis\r\n");
    expect_end("close WEFT_ERR_TLS;");
    end();
}

static void test_a_proxy(void **state)
{
    (void)state;
    char proxy[320];
    begin_on(FAR_TCP);
    snprintf(proxy, sizeof proxy, "http://%s", place.url + strlen("tcp://"));
    dial.proxy = proxy;
    assert_int_equal(connect_to("tcp://far.example:6379"), 0);
    write_text(near.pipe, "early");
    far = far_accept(&world, &place);
    turn_until(&world, far_heard(&far, "\r\n\r\n"));
    assert_memory_equal(far_got(&far), "CONNECT far.example:6379 HTTP/1.1\r\n", 35);
    far_say(&far, "HTTP/1.1 200 OK\r\n\r\n+hello");
    turn_until(&world, far_heard(&far, "\r\n\r\nearly"));
    expect_story(&near.story, "open;bytes +hello;");
    end();
    begin_on(FAR_TCP);
    snprintf(proxy, sizeof proxy, "http://%s", place.url + strlen("tcp://"));
    dial.proxy = proxy;
    assert_int_equal(connect_to("tcp://far.example:6379"), 0);
    far = far_accept(&world, &place);
    turn_until(&world, far_heard(&far, "\r\n\r\n"));
    far_say(&far, "HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n");
    expect_end("close WEFT_ERR_PROXY;");
    assert_string_equal(near.cause, "the proxy answered 407 no");
    end();
}

static void test_given_up_while_it_connects(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    dial_far();
    weft_pipe_close(near.pipe); /* nothing is to be written */
    expect_story(&near.story, "");
    expect_end("close;");
    end();
    begin_on(FAR_TCP);
    dial_far();
    write_text(near.pipe, "x");
    weft_pipe_abort(near.pipe);
    weft_pipe_abort(near.pipe);
    expect_end("close WEFT_ERR_CLOSED;");
    end();
}

static void test_what_is_wrong_at_once(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",         "tcp:",          "tcp://",         "tcp://host",   "tcp://host:0",
        "tcp://:1", "tcp://host:1/", "tcp://a@host:1", "tls://host",   "ws://host:1",
        "unix:",    "unix:relative", "unix:@",         "udp://host:1", "tcp://[::1:1",
        "host:1",   "tcp://h ost:1", "tcp://host:1?q", "tcp:/host:1",  "tcp://host:65536"};
    begin_on(FAR_TCP);
    for (size_t i = 0; i < countof(urls); i++)
        if (connect_to(urls[i]) != WEFT_ERR_URL) fail_msg("accepted: %s", urls[i]);
    dial.address = "host:1";
    assert_int_equal(connect_to(place.url), WEFT_ERR_ADDRESS);
    dial.address = NULL;
    dial.proxy = "socks5://x";
    assert_int_equal(connect_to(place.url), -EINVAL);
    assert_int_equal(near.closes, 0);
    end();
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void test_the_queue_has_limits(void **state)
{
    (void)state;
    static char text[1000];
    begin_on(FAR_TCP);
    limits.send_queue_max = 5000;
    limits.send_queue_soft = 4000;
    meet();
    use_full_sockets(&world.sys, true);
    int n = 0;
    while (weft_pipe_write(near.pipe, text, sizeof text) == 0)
        assert_int_equal(weft_pipe_backlogged(near.pipe), ++n > 4);
    assert_int_equal(n, 6);
    assert_int_equal(weft_pipe_write(near.pipe, text, 1), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_pipe_buffered(near.pipe), 6000);
    settle(&world);
    expect_story(&near.story, "");
    make_room();
    settle(&world);
    expect_story(&near.story, "drain;");
    assert_false(weft_pipe_backlogged(near.pipe));
    assert_int_equal(weft_pipe_write(near.pipe, text, 1), 0);
    end();
}

static void test_the_queue_has_limits_before_it_is_open(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    limits.send_queue_items = 3;
    dial_far();
    int n = 0;
    while (weft_pipe_write(near.pipe, "x", 1) == 0) n++;
    assert_int_equal(n, 4);
    assert_int_equal(weft_pipe_write(near.pipe, "x", 1), WEFT_ERR_BACKLOG);
    far = far_accept(&world, &place);
    turn_until(&world, far_heard(&far, "xxxx"));
    settle(&world);
    expect_story(&near.story, "open;drain;");
    end();
}

/* ---- callbacks that do things ---------------------------------------------------------------- */

static void test_ended_in_each_callback(void **state)
{
    (void)state;
    static void (*const ends[])(weft_pipe * p) = {weft_pipe_abort, weft_pipe_close};
    for (size_t i = 0; i < 2; i++) {
        const char *close = i ? "close;" : "close WEFT_ERR_CLOSED;";
        char want[64];
        begin_on(FAR_TCP);
        near.then_open = ends[i];
        dial_far();
        snprintf(want, sizeof want, "open;%s", close);
        expect_end(want);
        end();
        begin_on(FAR_TLS);
        near.then_bytes = ends[i];
        meet();
        far_say(&far, "x");
        snprintf(want, sizeof want, "bytes x;%s", close);
        expect_end(want);
        end();
        begin_on(FAR_TCP);
        near.then_drain = ends[i];
        limits.send_queue_soft = 4;
        meet();
        write_text(near.pipe, "fifth");
        snprintf(want, sizeof want, "drain;%s", close);
        expect_end(want);
        end();
    }
}

static struct piper again;

static void connect_again(weft_pipe *p)
{
    assert_int_equal(
        weft_pipe_connect(&again.pipe, weft_pipe_loop(p), place.url, &dial, &piping, &again), 0);
}

static void test_who_is_lost_connects_again(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    again = (struct piper){0};
    near.then_close = connect_again;
    meet();
    raw_reset(far.raw);
    turn_until(&world, near.closes);
    far_free(&far);
    far = far_accept(&world, &place);
    turn_until(&world, again.story.len);
    expect_story(&again.story, "open;");
    end();
    assert_int_equal(again.closes, 1);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_a_name_for_each(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    dial_far();
    weft_id id = weft_pipe_id(near.pipe);
    assert_ptr_equal(weft_pipe_find(world.loop, id), near.pipe);
    assert_null(weft_conn_find(world.loop, id));
    assert_null(weft_reply_find(world.loop, id));
    far = far_accept(&world, &place);
    turn_until(&world, near.story.len);
    assert_int_equal(weft_pipe_id(near.pipe), id);
    assert_ptr_equal(weft_pipe_find(world.loop, id), near.pipe);
    assert_ptr_equal(weft_pipe_loop(near.pipe), world.loop);
    weft_pipe_set_user(near.pipe, &near);
    weft_pipe_abort(near.pipe);
    assert_null(weft_pipe_find(world.loop, id));
    settle(&world);
    assert_null(weft_pipe_find(world.loop, id));
    end();
}

static weft_pipe *called[2];
static int calls;

static void note(weft_pipe *p, void *arg)
{
    assert_ptr_equal(arg, &near);
    called[calls++] = p;
}

static void test_called_by_its_name(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    calls = 0;
    meet();
    weft_id id = weft_pipe_id(near.pipe);
    assert_int_equal(weft_pipe_call(world.loop, id, note, &near), 0);
    assert_int_equal(calls, 0);
    settle(&world);
    assert_int_equal(calls, 1);
    assert_ptr_equal(called[0], near.pipe);
    weft_pipe_abort(near.pipe);
    assert_int_equal(weft_pipe_call(world.loop, id, note, &near), 0);
    settle(&world);
    assert_int_equal(calls, 2);
    assert_null(called[1]);
    end();
}

static void see_peer(weft_pipe *p)
{
    assert_string_equal(weft_peer_host(weft_pipe_peer(p)), "127.0.0.1");
    assert_string_equal(weft_peer_server_name(weft_pipe_peer(p)), "localhost");
    assert_true(weft_peer_secure(weft_pipe_peer(p)));
    assert_int_equal(strlen(weft_peer_fingerprint(weft_pipe_peer(p))), 64);
}

static void test_who_is_there(void **state)
{
    (void)state;
    begin_on(FAR_TLS);
    near.then_open = see_peer;
    near.then_close = see_peer;
    dial_far();
    assert_null(weft_pipe_peer(near.pipe));
    far = far_accept(&world, &place);
    turn_until(&world, near.story.len);
    tls_peer_hang_up(far.tls);
    turn_until(&world, near.closes);
    end();
    begin_on(FAR_UNIX);
    meet();
    assert_string_equal(weft_peer_address(weft_pipe_peer(near.pipe)), place.url);
    assert_false(weft_peer_secure(weft_pipe_peer(near.pipe)));
    end();
}

static void test_without_a_handler(void **state)
{
    (void)state;
    weft_pipe *p;
    begin_on(FAR_TCP);
    assert_int_equal(weft_pipe_connect(&p, world.loop, place.url, NULL, NULL, NULL), 0);
    far = far_accept(&world, &place);
    far_say(&far, "to nobody");
    settle(&world);
    assert_true(weft_pipe_is_open(p));
    assert_int_equal(weft_pipe_connect(NULL, world.loop, place.url, NULL, NULL, NULL), 0);
    far_end_writing(&far);
    settle(&world);
    end();
}

/* ---- no memory ------------------------------------------------------------------------------- */

static void greet_or_give_up(weft_pipe *p)
{
    if (weft_pipe_write(p, "hello", 5) < 0) weft_pipe_abort(p);
}

/* To its end, or as far as it goes. */
static void converse(enum far_kind kind)
{
    near.then_open = greet_or_give_up;
    int error = connect_to(place.url);
    if (error) assert_int_equal(error, -ENOMEM);
    for (int i = 0; !error && !near.closes && i < 60; i++) {
        int fd = far.raw || far.tls ? -1 : accept(place.listening, NULL, NULL);
        if (fd >= 0 && kind == FAR_TLS) far.tls = tls_peer_on(fd, far_context(), true);
        else if (fd >= 0) far.raw = raw_on(fd);
        if (far.tls) (void)tls_peer_settled(far.tls);
        if ((far.tls || far.raw) && !far_over(&far) && far_heard(&far, "hello"))
            weft_pipe_close(near.pipe);
        turn(&world, 0);
    }
}

/* Whatever fails: it ends, once, and nothing is left. */
static void test_each_allocation_fails(void **state)
{
    (void)state;
    for (int kind = 0; kind < FAR_KINDS; kind++) {
        bool more = true;
        long n = 0;
        for (; more; n++) {
            begin_on((enum far_kind)kind);
            world_fail_at(&world, n);
            converse((enum far_kind)kind);
            more = world.asked > n;
            world_fail_at(&world, -1);
            end();
        }
        assert_true(n > 5);
    }
}

/* The same of the kernel's: it ends, once, well or not, and no descriptor stays open. */
static void test_each_call_fails(void **state)
{
    (void)state;
    static const enum call kinds[] = {
        CALL_socket,  CALL_connect,  CALL_epoll_ctl,  CALL_recv,       CALL_send,
        CALL_sendmsg, CALL_shutdown, CALL_getsockopt, CALL_setsockopt, CALL_getpeername};
    for (size_t kind = 0; kind < countof(kinds); kind++) {
        bool more = true;
        for (int n = 0; more; n++) {
            int first = dup(0);
            close(first);
            begin_on(FAR_TCP);
            fault = (struct fault){kinds[kind], n, ECONNABORTED, 0};
            use_faulty_calls(&world.sys);
            converse(FAR_TCP);
            more = fault.seen > n;
            fault = (struct fault){.call = CALL_NONE};
            end();
            int last = dup(0);
            close(last);
            assert_int_equal(first, last);
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

#define ON_EACH(scene)                                 \
    static void test_##scene(void **state)             \
    {                                                  \
        (void)state;                                   \
        for (int kind = 0; kind < FAR_KINDS; kind++) { \
            begin_on((enum far_kind)kind);             \
            scene();                                   \
            end();                                     \
        }                                              \
    }

ON_EACH(a_conversation)
ON_EACH(the_peer_ends)
ON_EACH(what_is_written_early_waits)
ON_EACH(what_is_queued_is_written_before_the_end)
ON_EACH(closed_while_it_connects)
ON_EACH(the_rest_is_for_a_peer_who_has_ended)
ON_EACH(dropped)
ON_EACH(a_pause)
ON_EACH(paused_before_it_is_open)
ON_EACH(a_pause_in_the_middle)
ON_EACH(closed_while_paused)
ON_EACH(pieces)
ON_EACH(much_each_way)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_the_peer_ends),
        cmocka_unit_test(test_what_is_written_early_waits),
        cmocka_unit_test(test_what_is_queued_is_written_before_the_end),
        cmocka_unit_test(test_closed_while_it_connects),
        cmocka_unit_test(test_the_rest_is_for_a_peer_who_has_ended),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_a_pause),
        cmocka_unit_test(test_paused_before_it_is_open),
        cmocka_unit_test(test_a_pause_in_the_middle),
        cmocka_unit_test(test_closed_while_paused),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_much_each_way),
        cmocka_unit_test(test_tls_is_cut_off),
        cmocka_unit_test(test_a_reset),
        cmocka_unit_test(test_a_reset_while_paused),
        cmocka_unit_test(test_a_peer_that_takes_nothing),
        cmocka_unit_test(test_the_loop_is_freed),
        cmocka_unit_test(test_nobody_is_there),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_it_is_no_tls),
        cmocka_unit_test(test_a_proxy),
        cmocka_unit_test(test_given_up_while_it_connects),
        cmocka_unit_test(test_what_is_wrong_at_once),
        cmocka_unit_test(test_the_queue_has_limits),
        cmocka_unit_test(test_the_queue_has_limits_before_it_is_open),
        cmocka_unit_test(test_ended_in_each_callback),
        cmocka_unit_test(test_who_is_lost_connects_again),
        cmocka_unit_test(test_a_name_for_each),
        cmocka_unit_test(test_called_by_its_name),
        cmocka_unit_test(test_who_is_there),
        cmocka_unit_test(test_without_a_handler),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_each_call_fails),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
