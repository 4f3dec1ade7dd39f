/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_partial.c - long messages: received where they are to lie, and sent back from there
 *
 * The peer is a few lines that write frames; the socket is a function that puts bytes where session_room
 * says, as many as come at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ws/case_heap.h"
#include "ws/session.h"
#include "ws/session_of.h"

enum { SLACK = 4096, LARGEST = 1 << 21, LONG = 300000, BUFFER = 65536 };

/* ---- the session ----------------------------------------------------------------------------- */

struct end {
    struct heap heap;
    weft_limits limits;
    weft_session_config config;
    weft_session *session;
    bool echoes;
    size_t idle, sent, in_place, messages, pings, closes;
    struct bytes told;
    int result;
    struct bytes wire, out; /* what the peer wrote; what was last drained */
};

static void open_end(struct end *e, weft_role role, bool chunked)
{
    *e = (struct end){.limits = {.max_message = LARGEST, .send_queue_max = LARGEST}};
    heap_init(&e->heap, 0, false);
    e->config =
        (weft_session_config){.env = &e->heap.env, .limits = &e->limits, .chunked = chunked};
    assert_int_equal(session_of(&e->session, role, &e->config), 0);
    e->idle = e->heap.in_use;
}

/* A server that gathers messages. */
static void open_server(struct end *e)
{
    open_end(e, WEFT_SERVER, false);
}

static void close_end(struct end *e)
{
    weft_session_free(e->session);
    assert_int_equal(e->heap.in_use, 0);
    bytes_free(&e->told);
    bytes_free(&e->wire);
    bytes_free(&e->out);
}

static void note(struct end *e, const weft_event *ev)
{
    bool data = ev->kind == WEFT_EV_MESSAGE || ev->kind == WEFT_EV_CHUNK;
    if (data) bytes_add(&e->told, ev->data, ev->len);
    e->messages += data && ev->final;
    e->pings += ev->kind == WEFT_EV_PING;
    e->closes += ev->kind == WEFT_EV_CLOSE;
    if (data && e->echoes)
        assert_int_equal(weft_session_send(e->session, ev->opcode, ev->data, ev->len), 0);
}

static void read_all(struct end *e, uint8_t *data, size_t n)
{
    weft_span in = {data, n};
    weft_event ev;
    while ((e->result = weft_session_read(e->session, &in, &ev)) == 1) note(e, &ev);
}

/* At most piece bytes, as a wire does it. Returns how many. */
static size_t receive(struct end *e, const uint8_t *data, size_t n, size_t piece)
{
    static uint8_t buffer[BUFFER];
    size_t room = SIZE_MAX;
    uint8_t *to = session_room(e->session, &room);
    if (to) assert_in_range(room, 1, SIZE_MAX - 1);
    if (!to) room = sizeof buffer;
    if (n > piece) n = piece;
    if (n > room) n = room;
    if (to) e->in_place += n;
    memcpy(to ? to : buffer, data, n);
    e->sent += n;
    read_all(e, to ? to : buffer, n);
    return n;
}

static void hear(struct end *e, struct bytes wire, size_t piece)
{
    for (size_t at = 0; at < wire.len && e->result >= 0;) {
        at += receive(e, wire.data + at, wire.len - at, piece);
        if (!e->echoes) assert_true(e->heap.in_use - e->idle <= 2 * e->sent + SLACK);
    }
}

static void hear_wire(struct end *e, size_t piece)
{
    hear(e, e->wire, piece);
}

/* All of the output, from the first byte to the last. */
static void drain(struct end *e)
{
    struct iovec iov;
    e->out.len = 0;
    while (weft_session_output(e->session, &iov, 1)) {
        bytes_add(&e->out, iov.iov_base, iov.iov_len);
        weft_session_sent(e->session, iov.iov_len);
    }
}

/* ---- the peer -------------------------------------------------------------------------------- */

static const uint8_t key[KEY_LEN] = {0x37, 0xfa, 0x21, 0x3d};

static void put_head(struct bytes *to, unsigned byte0, size_t n, bool masked)
{
    bytes_add_byte(to, byte0);
    bytes_add_byte(to, (masked ? 0x80u : 0) | (n < 126 ? (unsigned)n : n < 65536 ? 126 : 127));
    if (n >= 65536) bytes_add_number(to, n, 8);
    else if (n >= 126) bytes_add_number(to, n, 2);
    if (masked) bytes_add(to, key, sizeof key);
}

static void put_frame(struct bytes *to, unsigned byte0, const uint8_t *payload, size_t n)
{
    put_head(to, byte0, n, true);
    for (size_t i = 0; i < n; i++) bytes_add_byte(to, payload[i] ^ key[i % KEY_LEN]);
}

/* Text of two-byte letters, so that most cuts go through one. */
static uint8_t *long_text(size_t n)
{
    uint8_t *text = malloc(n);
    for (size_t i = 0; i < n; i += 2) {
        text[i] = 0xc3;
        text[i + 1] = (uint8_t)(0x80 + i / 2 % 61);
    }
    return text;
}

static uint8_t *text;

static int make_text(void **state)
{
    (void)state;
    text = long_text(LONG);
    return 0;
}

static int free_text(void **state)
{
    (void)state;
    free(text);
    return 0;
}

static const size_t pieces[] = {997, 16384, 65536, LARGEST};
enum { PIECES = sizeof pieces / sizeof *pieces };

/* ---- received in place ----------------------------------------------------------------------- */

static void a_long_message_is_received_where_it_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct end e;
        open_server(&e);
        put_frame(&e.wire, 0x81, text, LONG);
        hear_wire(&e, pieces[i]);
        assert_int_equal(e.messages, 1);
        assert_int_equal(e.told.len, LONG);
        assert_memory_equal(e.told.data, text, LONG);
        assert_true(e.in_place > LONG / 2);
        close_end(&e);
    }
}

static void a_client_receives_as_well(void **state)
{
    (void)state;
    struct end e;
    open_end(&e, WEFT_CLIENT, false);
    put_head(&e.wire, 0x81, LONG, false);
    bytes_add(&e.wire, text, LONG);
    hear_wire(&e, 10000);
    assert_int_equal(e.messages, 1);
    assert_memory_equal(e.told.data, text, LONG);
    assert_true(e.in_place > LONG / 2);
    close_end(&e);
}

/* Every cut near what matters: the head, the first byte in place, and the last ones. */
static void it_may_be_cut_anywhere(void **state)
{
    (void)state;
    struct bytes wire = {0};
    put_frame(&wire, 0x81, text, LONG);
    put_frame(&wire, 0x89, text, 5);
    size_t cuts[] = {1, 2, 9, 10, 13, 14, 15, BUFFER - 1, BUFFER, BUFFER + 1, 131072};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts + 24; i++) {
        size_t first = i < sizeof cuts / sizeof *cuts ? cuts[i] : wire.len - 24 + i % 24;
        struct end e;
        open_server(&e);
        hear(&e, (struct bytes){.data = wire.data, .len = first}, LARGEST);
        hear(&e, (struct bytes){.data = wire.data + first, .len = wire.len - first}, LARGEST);
        assert_int_equal(e.messages, 1);
        assert_int_equal(e.pings, 1);
        assert_memory_equal(e.told.data, text, LONG);
        close_end(&e);
    }
    bytes_free(&wire);
}

static void control_frames_come_between_fragments(void **state)
{
    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        struct end e;
        open_server(&e);
        put_frame(&e.wire, 0x01, text, 100001);
        put_frame(&e.wire, 0x89, text, 2);
        put_frame(&e.wire, 0x00, text + 100001, 99999);
        put_frame(&e.wire, 0x8a, text, 125);
        put_frame(&e.wire, 0x80, text + 200000, LONG - 200000);
        hear_wire(&e, pieces[i]);
        assert_int_equal(e.messages, 1);
        assert_int_equal(e.pings, 1);
        assert_int_equal(e.told.len, LONG);
        assert_memory_equal(e.told.data, text, LONG);
        assert_true(e.in_place > LONG / 3);
        close_end(&e);
    }
}

static void a_close_in_the_middle_ends_it(void **state)
{
    (void)state;
    struct end e;
    size_t room = SIZE_MAX;
    open_server(&e);
    put_frame(&e.wire, 0x01, text, 200000);
    put_frame(&e.wire, 0x88, NULL, 0);
    hear_wire(&e, LARGEST);
    assert_true(e.in_place > 0);
    assert_int_equal(e.closes, 1);
    assert_int_equal(e.messages, 0);
    assert_null(session_room(e.session, &room));
    close_end(&e);
}

static void text_that_goes_wrong_in_place_fails_there(void **state)
{
    (void)state;
    struct end e;
    size_t room = SIZE_MAX, wrong = 200000;
    open_server(&e);
    put_frame(&e.wire, 0x81, text, LONG);
    e.wire.data[14 + wrong] ^= 0xff ^ text[wrong]; /* becomes 0xff */
    hear_wire(&e, 1000);
    assert_int_equal(e.result, WEFT_ERR_UTF8);
    assert_true(e.in_place > 0);
    assert_true(e.sent > wrong && e.sent <= 14 + wrong + 1000);
    assert_true(e.heap.in_use < e.idle + SLACK); /* the Close, and no message */
    assert_null(session_room(e.session, &room));
    close_end(&e);
}

static void there_is_no_room_for_what_is_short_chunked_or_control(void **state)
{
    (void)state;
    size_t room = SIZE_MAX;
    for (int chunked = 0; chunked <= 1; chunked++) {
        struct end e;
        open_end(&e, WEFT_SERVER, chunked);
        assert_null(session_room(e.session, &room)); /* between messages */
        put_frame(&e.wire, 0x02, text, chunked ? LONG : 12000);
        hear_wire(&e, 500);
        assert_int_equal(e.in_place, 0);
        e.wire.len = 0;
        put_frame(&e.wire, 0x89, text, 100);
        hear(&e, (struct bytes){.data = e.wire.data, .len = 50}, LARGEST);
        assert_null(session_room(e.session, &room));
        close_end(&e);
    }
}

/* As many as it takes; then it works. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    struct bytes wire = {0};
    put_frame(&wire, 0x82, text, LONG);
    for (size_t nth = 1, done = 0; !done; nth++) {
        struct end e;
        open_server(&e);
        e.heap.fail_at = e.heap.asked + nth;
        hear(&e, wire, 30000);
        /* Without room in place the loop's buffer does, and then it is gathered, or fails. */
        assert_int_equal(e.result, e.messages ? 0 : -ENOMEM);
        if (e.messages) assert_memory_equal(e.told.data, text, LONG);
        done = !e.heap.failed;
        assert_true(nth < 20);
        close_end(&e);
    }
    bytes_free(&wire);
}

/* What came before counts as sent: no more doubling. */
static void the_second_long_message_has_its_room_at_once(void **state)
{
    (void)state;
    struct end e;
    open_server(&e);
    put_frame(&e.wire, 0x82, text, LONG);
    hear_wire(&e, LARGEST);
    size_t asked = e.heap.asked;
    assert_true(asked > 2);
    hear_wire(&e, LARGEST);
    assert_int_equal(e.heap.asked - asked,
                     4); /* the buffers, the account, its beginning, and all of it */
    assert_int_equal(e.messages, 2);
    assert_int_equal(e.heap.in_use, e.idle);
    close_end(&e);
}

static void the_next_long_message_lies_where_the_last_one_lay(void **state)
{
    (void)state;
    struct end e;
    weft_session_pool *pool;
    open_server(&e);
    weft_session_free(e.session);
    assert_int_equal(weft_session_pool_new(&pool, &e.heap.env), 0);
    e.config.pool = pool;
    assert_int_equal(session_of(&e.session, WEFT_SERVER, &e.config), 0);
    put_frame(&e.wire, 0x82, text, LONG);
    hear_wire(&e, LARGEST);
    size_t asked = e.heap.asked;
    for (size_t i = 0; i < 3; i++) hear_wire(&e, LARGEST);
    assert_int_equal(e.heap.asked - asked, 3 * 2); /* the account and the beginning */
    assert_int_equal(e.messages, 4);
    assert_memory_equal(e.told.data + 3 * LONG, text, LONG);
    weft_session_pool_free(pool);
    close_end(&e);
}

/* ---- sent as it came ------------------------------------------------------------------------- */

/* Of what was drained. */
static void assert_frame(const struct end *e, size_t at, unsigned byte0, const void *data, size_t n)
{
    struct bytes head = {0};
    put_head(&head, byte0, n, false);
    assert_true(e->out.len >= at + head.len + n);
    assert_memory_equal(e->out.data + at, head.data, head.len);
    assert_memory_equal(e->out.data + at + head.len, data, n);
    bytes_free(&head);
}

static void an_echo_sends_what_was_lent(void **state)
{
    (void)state;
    struct end e;
    open_server(&e);
    put_frame(&e.wire, 0x81, text, LONG);
    hear_wire(&e, LARGEST); /* has reached so far once */
    size_t asked = e.heap.asked;
    e.echoes = true;
    hear_wire(&e, LARGEST);
    assert_int_equal(e.heap.asked - asked, 4); /* the same, but no copy */
    assert_int_equal(weft_session_buffered(e.session), LONG + 10);
    drain(&e);
    assert_int_equal(e.out.len, LONG + 10);
    assert_frame(&e, 0, 0x81, text, LONG);
    assert_int_equal(e.heap.in_use, e.idle);
    close_end(&e);
}

/* The event of a long message, received but not taken back. */
static weft_event lend(struct end *e)
{
    weft_event ev = {0};
    size_t half = e->wire.len / 2;
    weft_span in = {e->wire.data, half};
    assert_int_equal(weft_session_read(e->session, &in, &ev), 0);
    in = (weft_span){e->wire.data + half, e->wire.len - half};
    assert_int_equal(weft_session_read(e->session, &in, &ev), 1);
    return ev;
}

static void the_loan_outlives_the_queue_and_the_queue_the_loan(void **state)
{
    (void)state;
    struct end e;
    open_server(&e);
    put_frame(&e.wire, 0x82, text, LONG);
    weft_event ev = lend(&e);
    assert_int_equal(weft_session_send(e.session, WEFT_BINARY, ev.data, ev.len), 0);
    assert_int_equal(weft_session_send(e.session, WEFT_TEXT, ev.data, ev.len), 0); /* a copy */
    assert_int_equal(weft_session_send(e.session, WEFT_TEXT, ev.data, ev.len - 2), 0);
    drain(&e);
    assert_frame(&e, 0, 0x82, text, LONG);
    assert_frame(&e, LONG + 10, 0x81, text, LONG);
    assert_frame(&e, 2 * (LONG + 10), 0x81, text, LONG - 2);
    assert_memory_equal(ev.data, text, LONG); /* still on loan */

    assert_int_equal(weft_session_send(e.session, WEFT_TEXT, ev.data, ev.len), 0); /* once more */
    read_all(&e, e.wire.data, 0);
    assert_int_equal(weft_session_send(e.session, WEFT_BINARY, "end", 3), 0);
    drain(&e);
    assert_frame(&e, 0, 0x81, text, LONG);
    assert_frame(&e, LONG + 10, 0x82, "end", 3);
    assert_int_equal(e.heap.in_use, e.idle);
    close_end(&e);
}

static void a_loan_can_be_taken_back_without_a_read(void **state)
{
    (void)state;
    struct end e;
    open_server(&e);
    put_frame(&e.wire, 0x82, text, LONG);
    (void)lend(&e);
    assert_true(e.heap.in_use > e.idle + LONG);
    session_take_back(e.session);
    assert_int_equal(e.heap.in_use, e.idle);

    put_frame(&e.wire, 0x02, text, LONG); /* of one in progress nothing is lent */
    hear(&e, (struct bytes){.data = e.wire.data + e.wire.len / 2, .len = e.wire.len / 2}, LARGEST);
    session_take_back(e.session);
    assert_true(e.heap.in_use > e.idle + LONG);
    close_end(&e);
}

static void a_session_may_end_with_it_in_the_queue(void **state)
{
    (void)state;
    for (int taken_back = 0; taken_back <= 1; taken_back++) {
        struct end e;
        open_server(&e);
        put_frame(&e.wire, 0x82, text, LONG);
        weft_event ev = lend(&e);
        assert_int_equal(weft_session_send(e.session, WEFT_BINARY, ev.data, ev.len), 0);
        if (taken_back) read_all(&e, e.wire.data, 0);
        close_end(&e);
    }
}

static void behind_an_open_fragmented_message_it_waits(void **state)
{
    (void)state;
    struct end e;
    open_server(&e);
    put_frame(&e.wire, 0x82, text, LONG);
    assert_int_equal(weft_session_send_fragment(e.session, WEFT_TEXT, "a", 1, false), 0);
    e.echoes = true;
    hear_wire(&e, LARGEST);
    assert_int_equal(weft_session_send(e.session, WEFT_PING, "p", 1), 0);
    assert_int_equal(weft_session_send_fragment(e.session, WEFT_TEXT, "b", 1, true), 0);
    drain(&e);
    assert_frame(&e, 0, 0x01, "a", 1);
    assert_frame(&e, 3, 0x89, "p", 1);
    assert_frame(&e, 6, 0x80, "b", 1);
    assert_frame(&e, 9, 0x82, text, LONG);
    close_end(&e);
}

/* A ping that arrives while it is on its way out finds the boundary behind it. */
static void a_pong_goes_out_behind_it(void **state)
{
    (void)state;
    struct end e;
    struct iovec iov;
    open_server(&e);
    e.echoes = true;
    put_frame(&e.wire, 0x82, text, LONG);
    hear_wire(&e, LARGEST);
    assert_int_equal(weft_session_send(e.session, WEFT_BINARY, "next", 4), 0);
    assert_int_equal(weft_session_output(e.session, &iov, 1), 1);
    weft_session_sent(e.session, 1000);
    e.wire.len = 0;
    put_frame(&e.wire, 0x89, text, 2);
    hear_wire(&e, LARGEST);
    drain(&e);
    assert_int_equal(e.out.len, LONG + 10 - 1000 + 4 + 6);
    assert_frame(&e, LONG + 10 - 1000, 0x8a, text, 2);
    assert_frame(&e, LONG + 10 - 1000 + 4, 0x82, "next", 4);
    close_end(&e);
}

static void a_client_has_to_mask_so_it_copies(void **state)
{
    (void)state;
    struct end e;
    open_end(&e, WEFT_CLIENT, false);
    put_head(&e.wire, 0x82, LONG, false);
    bytes_add(&e.wire, text, LONG);
    weft_event ev = lend(&e);
    assert_int_equal(weft_session_send(e.session, WEFT_BINARY, ev.data, ev.len), 0);
    assert_memory_equal(ev.data, text, LONG);
    drain(&e);
    assert_int_equal(e.out.len, LONG + 14);
    for (size_t i = 0; i < LONG; i++)
        assert_int_equal(e.out.data[14 + i] ^ e.out.data[10 + i % KEY_LEN], text[i]);
    close_end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_message_is_received_where_it_lies),
        cmocka_unit_test(a_client_receives_as_well),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(control_frames_come_between_fragments),
        cmocka_unit_test(a_close_in_the_middle_ends_it),
        cmocka_unit_test(text_that_goes_wrong_in_place_fails_there),
        cmocka_unit_test(there_is_no_room_for_what_is_short_chunked_or_control),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(the_second_long_message_has_its_room_at_once),
        cmocka_unit_test(the_next_long_message_lies_where_the_last_one_lay),
        cmocka_unit_test(an_echo_sends_what_was_lent),
        cmocka_unit_test(the_loan_outlives_the_queue_and_the_queue_the_loan),
        cmocka_unit_test(a_loan_can_be_taken_back_without_a_read),
        cmocka_unit_test(a_session_may_end_with_it_in_the_queue),
        cmocka_unit_test(behind_an_open_fragmented_message_it_waits),
        cmocka_unit_test(a_pong_goes_out_behind_it),
        cmocka_unit_test(a_client_has_to_mask_so_it_copies),
    };
    return cmocka_run_group_tests(tests, make_text, free_text);
}
