/* SPDX-License-Identifier: MIT
 *
 * io/loop.h - the loop's inside, for net and for the rest of io
 *
 *      wait for the kernel and deliver what it says      io.on_ready, duplex_handler.on_again
 *      run due timers                                    timer.on_time
 *      run work posted by other threads                  weft_errand.run
 *      flush every dirty connection, all at once         duplex_handler.on_pull, on_sent
 *      bury the dead                                     dead.bury
 *
 * What waits for something embeds a link (struct io, timer, dead; weft_errand) and is found from it with
 * container_of: the loop allocates nothing while it runs. Everything here belongs to the loop's thread
 * except loop_post.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <weft/loop.h>

#include "base/list.h"
#include "io/batch.h"
#include "io/deadlines.h"
#include "io/post.h"
#include "io/timer.h"

/* ---- descriptors ----------------------------------------------------------------------------- */

/* A descriptor that the loop waits for. events is what epoll is armed with: EPOLLIN and so on, 0 when
 * the descriptor is not registered. Errors and hang-ups are reported whatever is asked for. */
struct io {
    int fd;
    uint16_t events;
    uint8_t bits; /* for the owner: here they cost nothing */
    void (*on_ready)(struct io *io, uint32_t events);
};

/* Not registered. */
void io_init(struct io *io, int fd, void (*on_ready)(struct io *io, uint32_t events));

/* Wait for these events, with EPOLLET always or never; 0 leaves the loop, and what was fetched from the kernel
 * but not yet delivered is forgotten, so io and fd can be disposed of at once. 0 or -errno; leaving cannot fail. */
int io_set(weft_loop *l, struct io *io, uint32_t events);

/* The same, even if it waits for them already: with EPOLLET what is so by now is said once more. */
int io_arm(weft_loop *l, struct io *io, uint32_t events);

/* ---- timers ---------------------------------------------------------------------------------- */

/* struct timer and timer_init are in io/timer.h. ms: from the loop's clock on, never early; fresh: from this moment,
 * for who may have worked for long in this turn. A deadline that moves often is best moved lazily: let it fire, look,
 * start it again. */
void loop_timer_start(weft_loop *l, struct timer *t, uint64_t ms);
void loop_timer_start_fresh(weft_loop *l, struct timer *t, uint64_t ms);
void loop_timer_stop(weft_loop *l, struct timer *t);

/* To the microsecond (io/deadlines.h), by the loop's clock. One in the past means the next turn; UINT64_MAX: never. */
void loop_deadline_set(weft_loop *l, struct deadline *d, uint64_t us);
void loop_deadline_stop(weft_loop *l, struct deadline *d);

/* ---- posts ----------------------------------------------------------------------------------- */

/* Errands for the loop's thread, embedded in what they are about (io/post.h). They run in the order of
 * posting; one that is posted by another runs in the next turn. What is left when the loop is freed is run
 * then, until nothing is left, so that whatever it owns can be let go of. Any thread; false: it is on its way already,
 * and nothing was done. */
bool loop_post(weft_loop *l, weft_errand *e);

/* ---- the dead -------------------------------------------------------------------------------- */

/* bury is called at the end of the turn, when nobody on the stack can be looking at it any more; in the
 * order of loop_bury, so what belongs to something can die before it. */
struct dead {
    struct dead *next;
    void (*bury)(struct dead *d);
};

void loop_bury(weft_loop *l, struct dead *d, void (*bury)(struct dead *d));

/* Between turns, when nobody can be on the stack: at once. In a turn it is left for its end. */
void loop_bury_now(weft_loop *l);

/* ---- what is freed with the loop ------------------------------------------------------------- */

/* Timers and watches that nobody has freed: the last to go, because callbacks of the end may use them. */
struct left {
    struct list link;
    void (*free)(struct left *o); /* has to leave the list */
};

void loop_free_last(weft_loop *l, struct left *o, void (*free)(struct left *o));

/* ---- the loop -------------------------------------------------------------------------------- */

/* What net keeps for each loop: one, found from the loop. When the loop is about to be freed it is told
 * to end everything (leave), and, when posts have run and the dead are buried, to free itself. */
struct attachment {
    void (*leave)(struct attachment *a);
    void (*free)(struct attachment *a);
};

void loop_attach(weft_loop *l, struct attachment *a);
struct attachment *loop_attachment(const weft_loop *l); /* NULL: none was set */

/* weft_loop_new with another table of system calls. */
int loop_new_with_sys(weft_loop **out, const weft_loop_config *cfg, const struct sys *sys);

/* Another one, configured as l is. */
int loop_new_like(weft_loop **out, const weft_loop *l);

/* Whether the calling thread may use what the loop carries: it is the loop's; or the loop was run, and has stopped:
 * whoever waited for that is as good. */
bool loop_is_usable(const weft_loop *l);

/* Whether it is in the middle of a turn, and so of a callback; the one in which it is freed does not count. */
bool loop_in_turn(const weft_loop *l);

/* Another thread turns it from now on: weft_loop_is_mine is false here. */
void loop_leave_thread(weft_loop *l);

const struct sys *loop_sys(const weft_loop *l);

/* The loop's lent buffer for receiving. */
enum { LOOP_BUFFER = 65536 };
uint8_t *loop_buffer(weft_loop *l);

/* How many bytes each of those that are ready may take in this turn, so that nobody waits long for the rest:
 * a part of 2 MiB, from 8 KiB to LOOP_BUFFER. */
size_t loop_quota(const weft_loop *l);

/* n bytes were received. After many the output is flushed, and not only when the turn ends. */
void loop_received(weft_loop *l, size_t n);

/* Those that receive a long message where it is to stay share LOOP_LONG bytes more: first come, first served.
 * So messages come in, and go out again, one after the other while they are in the cache; not all at once. */
enum { LOOP_LONG = 1 << 20 };
size_t loop_long_left(const weft_loop *l);
void loop_take_long(weft_loop *l, size_t n);

/* ---- for the rest of io ---------------------------------------------------------------------- */

struct flush; /* io/flush.h: duplexes with something to do at the end of the turn, or in the next */
struct resolver; /* io/resolve.c: the threads that look up names; NULL until the first lookup */

struct flush *loop_flush(weft_loop *l);
struct resolver **loop_resolver(weft_loop *l);

/* Something was left for the next turn. Between turns an embedded loop's descriptor becomes readable. */
void loop_touch(weft_loop *l);

#endif
