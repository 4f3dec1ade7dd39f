/* SPDX-License-Identifier: MIT
 *
 * Duplexes over real sockets: receiving, flushing, full sockets, ends, breaks, pauses; and what happens
 * when a callback closes duplexes that have something under way.
 */
#include "io/duplex.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/flush.h"
#include "io/sock.h"

enum { BIG = 8 * 1024 * 1024 };

/* One end is a duplex, the other a plain socket that the test holds. */
struct end {
    struct duplex duplex;
    int peer;
    char got[256];
    size_t n_got, calls, eofs, errors, connects, agains, pulls, sent_calls;
    int error;
    uint8_t *room; /* a place of our own to receive into */
    size_t room_size;
    const uint8_t *out; /* what is left to write */
    size_t n_out;
    int pieces;       /* how many pieces on_pull cuts it into */
    size_t piece_max; /* at most so many bytes per pull; 0: all */
    int pull_error;
    bool pause_on_bytes;
    struct end *victim; /* closed by the next callback */
};

static weft_loop *loop;
static uint8_t big[BIG];

static struct end *end_of(struct duplex *s)
{
    return container_of(s, struct end, duplex);
}

static void strike(struct end *e)
{
    struct end *victim = e->victim;
    e->victim = NULL;
    if (victim) duplex_close(&victim->duplex);
}

static void on_bytes(struct duplex *s, uint8_t *data, size_t len)
{
    struct end *e = end_of(s);
    assert_false(duplex_closed(s));
    e->calls++;
    size_t keep = e->n_got < sizeof e->got ? sizeof e->got - e->n_got : 0;
    if (keep) memcpy(e->got + e->n_got, data, len < keep ? len : keep);
    memset(data, 0, len); /* it may be changed in place */
    e->n_got += len;
    if (e->pause_on_bytes) duplex_pause(s);
    strike(e);
}

static uint8_t *on_room(struct duplex *s, size_t *room)
{
    struct end *e = end_of(s);
    if (e->room && *room > e->room_size) *room = e->room_size;
    return e->room;
}

static void on_eof(struct duplex *s)
{
    end_of(s)->eofs++;
}

static void on_error(struct duplex *s, int err)
{
    assert_false(duplex_closed(s));
    end_of(s)->errors++;
    end_of(s)->error = err;
    duplex_close(s);
}

static int on_pull(struct duplex *s, struct iovec *iov, int max)
{
    struct end *e = end_of(s);
    e->pulls++;
    strike(e);
    if (e->pull_error) return e->pull_error;
    size_t n = e->piece_max && e->piece_max < e->n_out ? e->piece_max : e->n_out;
    int pieces = e->pieces && n >= (size_t)max ? e->pieces : 1;
    if (!n) return 0;
    size_t each = n / (size_t)pieces;
    for (int i = 0; i < pieces; i++) {
        iov[i].iov_base = (void *)(uintptr_t)(e->out + (size_t)i * each);
        iov[i].iov_len = i + 1 < pieces ? each : n - (size_t)i * each;
    }
    return pieces;
}

static bool on_sent(struct duplex *s, size_t n)
{
    struct end *e = end_of(s);
    assert_false(duplex_closed(s));
    assert_true(n > 0 && n <= e->n_out);
    e->sent_calls++;
    e->out += n;
    e->n_out -= n;
    strike(e);
    return e->n_out > 0;
}

static void on_again(struct duplex *s)
{
    end_of(s)->agains++;
    strike(end_of(s));
}

static void on_connected(struct duplex *s)
{
    end_of(s)->connects++;
}

static struct duplex_handler handler = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_eof = on_eof,
    .on_error = on_error,
    .on_pull = on_pull,
    .on_sent = on_sent,
    .on_again = on_again,
    .on_connected = on_connected,
};

static void turn(void)
{
    assert_int_equal(weft_loop_turn(loop, 0), 0);
}

/* Nothing must happen: the kernel has nothing to say. */
static int no_wait_calls;

static int counted_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    int n = sys_real.epoll_wait(epfd, events, max, timeout_ms);
    no_wait_calls += n > 0;
    return n;
}

static void assert_quiet(void)
{
    turn(); /* a one-shot hang-up may still be heard */
    no_wait_calls = 0;
    for (int i = 0; i < 5; i++) turn();
    assert_int_equal(no_wait_calls, 0);
}

static void open_end(struct end *e)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    *e = (struct end){.peer = pair[1]};
    assert_int_equal(duplex_init(&e->duplex, pair[0], &handler), 0);
}

/* TCP, because a reset and a half-close are TCP's. */
static void open_tcp_end(struct end *e)
{
    struct sock_addr a;
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_true(listening >= 0);
    assert_int_equal(sock_local(&sys_real, listening, &a), 0);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(peer, &a.sa, a.len), 0);
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd >= 0);
    close(listening);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    *e = (struct end){.peer = peer};
    assert_int_equal(duplex_init(&e->duplex, fd, &handler), 0);
}

static void close_end(struct end *e)
{
    duplex_close(&e->duplex);
    duplex_close(&e->duplex);
    close(e->peer);
}

static void reset_by_peer(struct end *e)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(e->peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(e->peer);
    e->peer = -1;
}

/* All that the peer can read now, checked against big from offset on. */
static size_t drain_peer(struct end *e, size_t offset)
{
    static uint8_t data[65536];
    for (ssize_t n; (n = recv(e->peer, data, sizeof data, MSG_DONTWAIT)) > 0; offset += (size_t)n)
        assert_memory_equal(data, big + offset, (size_t)n);
    return offset;
}

static void queue(struct end *e, size_t n)
{
    e->out = big;
    e->n_out = n;
    duplex_dirty(&e->duplex);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void bytes_arrive_on_loan(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    assert_int_equal(write(e.peer, "hello", 5), 5);
    turn();
    assert_int_equal(e.n_got, 5);
    assert_memory_equal(e.got, "hello", 5);
    close_end(&e);
}

static void one_buffer_per_turn(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    ssize_t n = write(e.peer, big, 100000);
    assert_int_equal(n, 100000);
    turn();
    assert_int_equal(e.calls, 1);
    assert_true(e.n_got <= LOOP_BUFFER);
    for (int i = 0; i < 20 && e.n_got < 100000; i++) turn();
    assert_int_equal(e.n_got, 100000);
    close_end(&e);
}

static void a_better_place_is_used(void **state)
{
    (void)state;
    static uint8_t place[200000];
    struct end e;
    open_end(&e);
    e.room = place;
    e.room_size = 3;
    assert_int_equal(write(e.peer, "hello", 5), 5);
    turn();
    assert_int_equal(e.calls, 2); /* as long as it is filled */
    assert_int_equal(e.n_got, 5);
    assert_memory_equal(e.got, "hello", 5);
    close_end(&e);
}

/* As much as the sockets hold: some MiB. */
static size_t fill(struct end *e)
{
    int room = 4 * LOOP_LONG;
    assert_int_equal(setsockopt(e->peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    size_t n = 0;
    for (ssize_t more; (more = send(e->peer, big, sizeof big, MSG_DONTWAIT)) > 0;)
        n += (size_t)more;
    return n;
}

static void better_places_share_a_turn_one_after_the_other(void **state)
{
    (void)state;
    static uint8_t place[65536];
    struct end first, second;
    open_end(&first);
    open_end(&second);
    first.room = second.room = place;
    first.room_size = second.room_size = sizeof place;
    size_t n[] = {fill(&first), fill(&second)};
    assert_true(n[0] > LOOP_LONG && n[1] > LOOP_LONG);
    turn();
    assert_int_equal(first.n_got + second.n_got, LOOP_LONG);
    assert_true(!first.n_got || !second.n_got);
    turn(); /* who had nothing comes first, then the other goes on */
    assert_int_equal(first.n_got, LOOP_LONG);
    assert_int_equal(second.n_got, LOOP_LONG);
    for (int i = 0; i < 40 && (first.n_got < n[0] || second.n_got < n[1]); i++) turn();
    assert_int_equal(first.n_got, n[0]);
    assert_int_equal(second.n_got, n[1]);
    close_end(&first);
    close_end(&second);
}

static void short_ones_do_not_wait_for_long_ones(void **state)
{
    (void)state;
    static uint8_t place[65536];
    struct end large, small;
    open_end(&large);
    open_end(&small);
    large.room = place;
    large.room_size = sizeof place;
    for (size_t i = 1; i <= 4; i++) {
        if (i == 2) (void)fill(&large); /* of a stranger we would not know that he is short */
        assert_int_equal(write(small.peer, "hello", 5), 5);
        turn();
        assert_int_equal(small.n_got, 5 * i);
    }
    close_end(&large);
    close_end(&small);
    turn(); /* until then it is in a chain */
}

static void a_long_one_that_waits_may_be_closed(void **state)
{
    (void)state;
    static uint8_t place[65536];
    struct end first, second;
    open_end(&first);
    open_end(&second);
    first.room = second.room = place;
    first.room_size = second.room_size = sizeof place;
    (void)fill(&first);
    (void)fill(&second);
    turn();
    struct end *waits = first.n_got ? &second : &first;
    close_end(waits);
    turn();
    assert_int_equal(waits->n_got, 0);
    close_end(waits == &first ? &second : &first);
    turn();
}

static void held_input_goes_on_in_the_next_turn(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    duplex_again(&e.duplex);
    duplex_again(&e.duplex);
    turn();
    turn();
    assert_int_equal(e.agains, 1);
    close_end(&e);
}

static void hold_three_times(struct duplex *s)
{
    on_again(s);
    assert_int_equal(end_of(s)->n_got, 0);
    if (end_of(s)->agains < 3) duplex_again(s);
}

static void nothing_is_received_before_held_input_is_done_with(void **state)
{
    (void)state;
    struct duplex_handler holding = handler;
    holding.on_again = hold_three_times;
    struct end e;
    open_end(&e);
    e.duplex.handler = &holding;
    assert_int_equal(write(e.peer, "next", 4), 4);
    duplex_again(&e.duplex);
    for (int i = 0; i < 3; i++) turn();
    assert_int_equal(e.agains, 3);
    assert_int_equal(e.n_got, 4); /* in the same turn */
    close_end(&e);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void what_is_queued_leaves_at_the_end_of_the_turn(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    queue(&e, 1000);
    assert_int_equal(drain_peer(&e, 0), 0);
    turn();
    assert_int_equal(drain_peer(&e, 0), 1000);
    assert_int_equal(e.n_out, 0);
    assert_quiet();
    close_end(&e);
}

static void a_full_socket_is_waited_for(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    e.pieces = FLUSH_IOV;
    queue(&e, BIG);
    turn();
    assert_true(e.n_out > 0);
    size_t pulls = e.pulls;
    duplex_dirty(&e.duplex); /* no use asking again now */
    turn();
    assert_int_equal(e.pulls, pulls);
    assert_quiet();
    size_t got = 0;
    for (int i = 0; i < 5000 && got < BIG; i++) {
        got = drain_peer(&e, got);
        turn();
    }
    assert_int_equal(got, BIG);
    assert_int_equal(e.n_out, 0);
    assert_quiet(); /* EPOLLOUT is off again */
    assert_int_equal(e.n_got, 0);
    close_end(&e);
}

static void reading_goes_on_while_the_socket_is_full(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    queue(&e, BIG);
    turn();
    assert_int_equal(write(e.peer, "x", 1), 1);
    turn();
    assert_int_equal(e.n_got, 1);
    close_end(&e);
}

static void endless_output_does_not_hold_the_turn(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    e.piece_max = 1;
    queue(&e, 100);
    turn();
    assert_int_equal(e.sent_calls, FLUSH_ROUNDS);
    for (int i = 0; i < 10; i++) turn();
    assert_int_equal(drain_peer(&e, 0), 100);
    close_end(&e);
}

static void many_duplexes_need_several_batches(void **state)
{
    (void)state;
    enum { MANY = FLUSH_REQUESTS + 50 };
    static struct end ends[MANY];
    for (size_t i = 0; i < MANY; i++) {
        open_end(&ends[i]);
        queue(&ends[i], 10);
    }
    turn();
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(drain_peer(&ends[i], 0), 10);
        close_end(&ends[i]);
    }
}

static void the_end_of_our_direction_reaches_the_peer(void **state)
{
    (void)state;
    struct end e;
    char c;
    open_end(&e);
    assert_int_equal(duplex_shutdown_write(&e.duplex), 0);
    assert_int_equal(read(e.peer, &c, 1), 0);
    close_end(&e);
    assert_int_equal(duplex_shutdown_write(&e.duplex), -ENOTCONN);
}

/* ---- ends and breaks ------------------------------------------------------------------------- */

static void eof_comes_once_and_writing_goes_on(void **state)
{
    (void)state;
    struct end e;
    open_tcp_end(&e);
    assert_int_equal(write(e.peer, "bye", 3), 3);
    shutdown(e.peer, SHUT_WR);
    for (int i = 0; i < 5; i++) turn();
    assert_int_equal(e.n_got, 3);
    assert_int_equal(e.eofs, 1);
    assert_quiet();
    queue(&e, 100);
    turn();
    assert_int_equal(drain_peer(&e, 0), 100);
    duplex_resume(&e.duplex);
    turn();
    assert_int_equal(e.eofs, 2); /* resuming only says so again */
    close_end(&e);
}

static void a_reset_is_an_error(void **state)
{
    (void)state;
    struct end e;
    open_tcp_end(&e);
    reset_by_peer(&e);
    turn();
    assert_int_equal(e.error, -ECONNRESET);
    assert_int_equal(e.errors, 1);
    close_end(&e);
}

static void writing_to_nobody_is_an_error(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    duplex_pause(&e.duplex);
    close(e.peer);
    queue(&e, 10);
    turn();
    assert_int_equal(e.errors, 1);
    assert_int_equal(e.error, -EPIPE);
    e.peer = -1;
    close_end(&e);
}

static void an_error_of_on_pull_comes_back(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    e.pull_error = -ENOMEM;
    queue(&e, 10);
    turn();
    assert_int_equal(e.error, -ENOMEM);
    close_end(&e);
}

/* ---- pausing --------------------------------------------------------------------------------- */

static void a_paused_duplex_reads_nothing(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    duplex_pause(&e.duplex);
    duplex_pause(&e.duplex);
    assert_true(duplex_paused(&e.duplex));
    assert_int_equal(write(e.peer, "later", 5), 5);
    assert_quiet();
    assert_int_equal(e.n_got, 0);
    queue(&e, 10); /* but writes */
    turn();
    assert_int_equal(drain_peer(&e, 0), 10);
    assert_true(duplex_paused(&e.duplex));
    duplex_resume(&e.duplex);
    turn();
    assert_int_equal(e.n_got, 5);
    close_end(&e);
}

static void a_paused_duplex_does_not_spin_when_the_peer_leaves(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    duplex_pause(&e.duplex);
    assert_int_equal(write(e.peer, "last", 4), 4);
    close(e.peer);
    e.peer = -1;
    assert_quiet();
    assert_int_equal(e.n_got + e.errors + e.eofs, 0);
    duplex_resume(&e.duplex); /* what had been sent is not lost */
    turn();
    turn();
    assert_int_equal(e.n_got, 4);
    assert_int_equal(e.eofs, 1);
    assert_quiet();
    close_end(&e);
}

/* Once, and not again when more becomes so; resuming says it once more. */
static void a_paused_duplex_notices_an_end_with_nothing_before_it(void **state)
{
    (void)state;
    struct end e;
    open_tcp_end(&e);
    duplex_pause(&e.duplex);
    assert_int_equal(shutdown(e.peer, SHUT_WR), 0);
    turn();
    turn();
    assert_int_equal(e.eofs, 1);
    assert_true(duplex_paused(&e.duplex));
    queue(&e, 10); /* the other direction goes on */
    turn();
    assert_int_equal(drain_peer(&e, 0), 10);
    assert_int_equal(duplex_shutdown_write(&e.duplex), 0);
    turn();
    assert_int_equal(e.eofs, 1);
    close_end(&e);
}

/* The end had come with the bytes, before it was paused. */
static void pausing_in_front_of_the_end_notices_it(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    e.pause_on_bytes = true;
    assert_int_equal(write(e.peer, "last", 4), 4);
    assert_int_equal(shutdown(e.peer, SHUT_WR), 0);
    for (int i = 0; i < 3; i++) turn();
    assert_int_equal(e.n_got, 4);
    assert_int_equal(e.eofs, 1);
    assert_quiet();
    close_end(&e);
}

static void a_paused_duplex_notices_a_reset(void **state)
{
    (void)state;
    struct end e;
    open_tcp_end(&e);
    duplex_pause(&e.duplex);
    reset_by_peer(&e);
    turn();
    assert_int_equal(e.error, -ECONNRESET);
    assert_quiet();
    close_end(&e);
}

static void a_paused_full_duplex_goes_on_writing(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    queue(&e, BIG);
    turn();
    duplex_pause(&e.duplex);
    size_t got = 0;
    for (int i = 0; i < 5000 && got < BIG; i++) {
        got = drain_peer(&e, got);
        turn();
    }
    assert_int_equal(got, BIG);
    assert_true(duplex_paused(&e.duplex));
    assert_quiet();
    close_end(&e);
}

/* ---- closing others -------------------------------------------------------------------------- */

static void a_duplex_closed_in_this_turn_is_not_told_what_was_fetched(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a);
    open_end(&b);
    a.victim = &b;
    b.victim = &a;
    assert_int_equal(write(a.peer, "x", 1), 1);
    assert_int_equal(write(b.peer, "x", 1), 1);
    turn();
    assert_int_equal(a.calls + b.calls, 1);
    close_end(&a);
    close_end(&b);
}

static void a_duplex_closed_by_anothers_pull_sent_or_again_is_left_alone(void **state)
{
    (void)state;
    struct end a, b, c;
    open_end(&a);
    open_end(&b);
    open_end(&c);
    queue(&a, 10);
    queue(&b, 10);
    queue(&c, 10);
    b.victim = &a; /* a is in the batch already */
    turn();
    assert_int_equal(drain_peer(&a, 0), 0);
    assert_int_equal(drain_peer(&b, 0), 10);
    queue(&b, 10);
    queue(&c, 10);
    turn();
    duplex_again(&b.duplex);
    duplex_again(&c.duplex);
    b.victim = &c;
    turn();
    assert_int_equal(c.agains, 0);
    close_end(&a);
    close_end(&b);
    close_end(&c);
}

static struct end *next_in_batch;

static bool close_self_and_next(struct duplex *s, size_t n)
{
    bool more = on_sent(s, n);
    duplex_close(s);
    duplex_close(&next_in_batch->duplex);
    return more;
}

static void on_sent_may_close_itself_and_the_next(void **state)
{
    (void)state;
    struct duplex_handler closing = handler;
    closing.on_sent = close_self_and_next;
    struct end a, b, c;
    next_in_batch = &b;
    open_end(&a);
    open_end(&b);
    open_end(&c);
    a.duplex.handler = &closing;
    queue(&a, 10);
    queue(&b, 10);
    queue(&c, 10);
    turn();
    assert_true(duplex_closed(&a.duplex));
    assert_int_equal(drain_peer(&b, 0), 10); /* it was sent, but nobody is told */
    assert_int_equal(b.sent_calls, 0);
    assert_int_equal(c.sent_calls, 1);
    close_end(&a);
    close_end(&b);
    close_end(&c);
}

static void nothing_is_done_with_a_closed_duplex(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    close_end(&e);
    duplex_dirty(&e.duplex);
    duplex_again(&e.duplex);
    duplex_pause(&e.duplex);
    duplex_resume(&e.duplex);
    turn();
    assert_int_equal(e.pulls + e.agains, 0);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void connect_to(struct end *e, const struct sock_addr *a)
{
    *e = (struct end){.peer = -1};
    int fd = sock_connect(&sys_real, a, NULL);
    assert_true(fd >= 0);
    assert_int_equal(duplex_connect(&e->duplex, fd, &handler), 0);
}

static void connecting_ends_in_on_connected(void **state)
{
    (void)state;
    struct sock_addr a;
    struct end e;
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_int_equal(sock_local(&sys_real, listening, &a), 0);
    connect_to(&e, &a);
    queue(&e, 10); /* may be said early */
    duplex_resume(&e.duplex);
    for (int i = 0; i < 10 && !e.connects; i++) assert_int_equal(weft_loop_turn(loop, 1000), 0);
    assert_int_equal(e.connects, 1);
    queue(&e, 10);
    turn();
    e.peer = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    assert_int_equal(drain_peer(&e, 0), 10);
    close(listening);
    close_end(&e);
}

static void connecting_to_nobody_is_an_error(void **state)
{
    (void)state;
    struct sock_addr a;
    struct end e;
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_int_equal(sock_local(&sys_real, listening, &a), 0);
    close(listening);
    connect_to(&e, &a);
    for (int i = 0; i < 10 && !e.errors; i++) assert_int_equal(weft_loop_turn(loop, 1000), 0);
    assert_int_equal(e.error, -ECONNREFUSED);
}

/* ---- what the kernel can refuse -------------------------------------------------------------- */

static int refusal;

static ssize_t refused_send(int fd, const void *data, size_t len, int flags)
{
    (void)fd, (void)data, (void)len, (void)flags;
    errno = refusal;
    return -1;
}

static ssize_t refused_recv(int fd, void *data, size_t len, int flags)
{
    (void)fd, (void)data, (void)len, (void)flags;
    errno = refusal;
    return -1;
}

static int refused_add(int epfd, int op, int fd, struct epoll_event *event)
{
    errno = ENOSPC;
    return op == EPOLL_CTL_ADD ? -1 : sys_real.epoll_ctl(epfd, op, fd, event);
}

static int refused_mod(int epfd, int op, int fd, struct epoll_event *event)
{
    errno = ENOMEM;
    return op == EPOLL_CTL_MOD ? -1 : sys_real.epoll_ctl(epfd, op, fd, event);
}

static struct sys sys; /* the loop's: a test replaces what it wants to see fail */

static void every_errno_of_send_and_recv_ends_one_connection(void **state)
{
    (void)state;
    static const int fatal[] = {ECONNRESET, EPIPE, ENOMEM, ENOBUFS, ETIMEDOUT, EHOSTUNREACH, EIO};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct end a, b;
        open_end(&a);
        open_end(&b);
        refusal = fatal[i];
        sys.send = refused_send;
        queue(&a, 10);
        turn();
        assert_int_equal(a.error, -refusal);
        sys.send = sys_real.send;
        sys.recv = refused_recv;
        assert_int_equal(write(b.peer, "x", 1), 1);
        turn();
        assert_int_equal(b.error, -refusal);
        sys.recv = sys_real.recv;
        close_end(&a);
        close_end(&b);
    }
}

static void an_interrupted_recv_is_tried_again(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    assert_int_equal(write(e.peer, "x", 1), 1);
    sys.recv = refused_recv;
    refusal = EINTR;
    turn();
    assert_int_equal(e.errors, 0);
    sys.recv = sys_real.recv;
    turn();
    assert_int_equal(e.n_got, 1);
    close_end(&e);
}

/* Nothing is asked again of a socket that said so, until the kernel says otherwise. */
static void an_empty_socket_is_left_alone(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    assert_int_equal(write(e.peer, "x", 1), 1);
    sys.recv = refused_recv;
    refusal = EAGAIN;
    turn();
    assert_quiet();
    assert_int_equal(e.errors, 0);
    sys.recv = sys_real.recv;
    assert_int_equal(write(e.peer, "y", 1), 1);
    turn();
    assert_int_equal(e.n_got, 2);
    close_end(&e);
}

/* Bytes and the end that come in one event: there is no other for the end. */
static void the_end_behind_the_bytes_is_found(void **state)
{
    (void)state;
    for (int tcp = 0; tcp <= 1; tcp++) {
        struct end e;
        if (tcp) open_tcp_end(&e);
        else open_end(&e);
        assert_int_equal(write(e.peer, "bye", 3), 3);
        assert_int_equal(shutdown(e.peer, SHUT_WR), 0);
        for (int i = 0; i < 3; i++) turn();
        assert_int_equal(e.n_got, 3);
        assert_int_equal(e.eofs, 1);
        assert_quiet();
        close_end(&e);
    }
}

/* Those who have more than their share take turns, and nobody is forgotten. */
static void who_fills_the_buffer_goes_on_in_the_next_turn(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a);
    open_end(&b);
    size_t n[] = {fill(&a), fill(&b)};
    assert_true(n[0] > 2 * LOOP_BUFFER && n[1] > 2 * LOOP_BUFFER);
    for (size_t i = 1; i <= 2; i++) {
        turn();
        assert_int_equal(a.n_got, i * LOOP_BUFFER);
        assert_int_equal(b.n_got, i * LOOP_BUFFER);
    }
    for (int i = 0; i < 1000 && (a.n_got < n[0] || b.n_got < n[1]); i++) turn();
    assert_int_equal(a.n_got, n[0]);
    assert_int_equal(b.n_got, n[1]);
    assert_quiet();
    close_end(&a);
    close_end(&b);
}

/* What was said while nobody read is not said again. */
static void bytes_that_came_during_a_pause_are_not_lost(void **state)
{
    (void)state;
    struct end e;
    open_end(&e);
    duplex_pause(&e.duplex);
    assert_int_equal(write(e.peer, "one", 3), 3);
    turn();
    turn();
    duplex_resume(&e.duplex);
    duplex_pause(&e.duplex);
    turn();
    assert_int_equal(e.n_got, 0);
    duplex_resume(&e.duplex);
    turn();
    assert_int_equal(e.n_got, 3);
    assert_quiet();
    close_end(&e);
}

static void epoll_can_refuse(void **state)
{
    (void)state;
    struct end e = {0};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    sys.epoll_ctl = refused_add;
    assert_int_equal(duplex_init(&e.duplex, pair[0], &handler), -ENOSPC);
    assert_true(duplex_closed(&e.duplex));
    close(pair[0]);
    close(pair[1]);
    sys.epoll_ctl = sys_real.epoll_ctl;

    open_end(&e);
    sys.epoll_ctl = refused_mod;
    queue(&e, BIG);
    turn();
    assert_int_equal(e.error, -ENOMEM);
    sys.epoll_ctl = sys_real.epoll_ctl;
    close_end(&e);
}

static void is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct duplex) <= 48);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < BIG; i++) big[i] = (uint8_t)(i * 7 + i / 251);
    sys = sys_real;
    sys.epoll_wait = counted_epoll_wait;
    int error = loop_new_with_sys(&loop, &(weft_loop_config){.batch = WEFT_BATCH_EACH}, &sys);
    handler.loop = loop;
    return error;
}

static int tear_down(void **state)
{
    (void)state;
    weft_loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_arrive_on_loan),
        cmocka_unit_test(one_buffer_per_turn),
        cmocka_unit_test(a_better_place_is_used),
        cmocka_unit_test(better_places_share_a_turn_one_after_the_other),
        cmocka_unit_test(short_ones_do_not_wait_for_long_ones),
        cmocka_unit_test(a_long_one_that_waits_may_be_closed),
        cmocka_unit_test(held_input_goes_on_in_the_next_turn),
        cmocka_unit_test(nothing_is_received_before_held_input_is_done_with),
        cmocka_unit_test(what_is_queued_leaves_at_the_end_of_the_turn),
        cmocka_unit_test(a_full_socket_is_waited_for),
        cmocka_unit_test(reading_goes_on_while_the_socket_is_full),
        cmocka_unit_test(endless_output_does_not_hold_the_turn),
        cmocka_unit_test(many_duplexes_need_several_batches),
        cmocka_unit_test(the_end_of_our_direction_reaches_the_peer),
        cmocka_unit_test(eof_comes_once_and_writing_goes_on),
        cmocka_unit_test(a_reset_is_an_error),
        cmocka_unit_test(writing_to_nobody_is_an_error),
        cmocka_unit_test(an_error_of_on_pull_comes_back),
        cmocka_unit_test(a_paused_duplex_reads_nothing),
        cmocka_unit_test(a_paused_duplex_does_not_spin_when_the_peer_leaves),
        cmocka_unit_test(a_paused_duplex_notices_an_end_with_nothing_before_it),
        cmocka_unit_test(pausing_in_front_of_the_end_notices_it),
        cmocka_unit_test(a_paused_duplex_notices_a_reset),
        cmocka_unit_test(a_paused_full_duplex_goes_on_writing),
        cmocka_unit_test(a_duplex_closed_in_this_turn_is_not_told_what_was_fetched),
        cmocka_unit_test(a_duplex_closed_by_anothers_pull_sent_or_again_is_left_alone),
        cmocka_unit_test(on_sent_may_close_itself_and_the_next),
        cmocka_unit_test(nothing_is_done_with_a_closed_duplex),
        cmocka_unit_test(connecting_ends_in_on_connected),
        cmocka_unit_test(connecting_to_nobody_is_an_error),
        cmocka_unit_test(every_errno_of_send_and_recv_ends_one_connection),
        cmocka_unit_test(an_interrupted_recv_is_tried_again),
        cmocka_unit_test(an_empty_socket_is_left_alone),
        cmocka_unit_test(the_end_behind_the_bytes_is_found),
        cmocka_unit_test(who_fills_the_buffer_goes_on_in_the_next_turn),
        cmocka_unit_test(bytes_that_came_during_a_pause_are_not_lost),
        cmocka_unit_test(epoll_can_refuse),
        cmocka_unit_test(is_small),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
