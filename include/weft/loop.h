/* SPDX-License-Identifier: MIT
 *
 * weft/loop.h - the event loop
 *
 * A loop runs in one thread. Everything made with it (servers, connections, timers, hubs) is used in
 * that thread only. A server may have several loops, with a thread each (weft_server_config.threads).
 * For any thread are these, and nothing else that a loop carries:
 *
 *   weft_loop_post, weft_errand_post                      your function in the loop's thread
 *   weft_conn_call, weft_reply_call, weft_pipe_call       the same, with what an id names
 *   weft_post                                             a message to a connection
 *   weft_publish, weft_publish_message, weft_topic_*      topics, while the hub is there
 *   weft_loop_stop, weft_loop_is_mine, weft_loop_env
 *   weft_server_count and its like, weft_hub_count        while the server, the hub is there
 *   weft_message_*, weft_piece_*, weft_peer_*, weft_tls_*   of which you hold a reference
 *   what needs no object: weft_strerror, weft_utf8_valid, weft_version, weft/handshake.h, most of weft/aux.h
 *
 * A session (session.h) has no loop: it belongs to one thread at a time.
 *
 * What you have called back must return: a C++ exception that leaves it, or a longjmp, leaves the loop in the middle of
 * its turn, from where nothing goes on.
 *
 * Three ways to run it:
 *
 *   weft_loop_run                    the loop is your program's main loop
 *   weft_loop_fd + weft_loop_turn    it lives in another loop: when the descriptor is readable, turn
 *   neither                          use weft/session.h alone
 */
#ifndef WEFT_LOOP_H
#define WEFT_LOOP_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_loop weft_loop;

/* The name of a connection or of a reply, good in any thread and for ever: it names one exchange, and is stale when
 * that is over. 0 names nothing. It is unique among the loop and the others that its servers have
 * (weft_server_config.threads). */
typedef uint64_t weft_id;

/* How the output of a turn is handed to the kernel. */
typedef enum weft_batch {
    WEFT_BATCH_AUTO, /* by io_uring if it is there and allowed, else one by one */
    WEFT_BATCH_EACH, /* one system call for each connection */
    WEFT_BATCH_RING  /* one io_uring_enter for all of them, or weft_loop_new fails */
} weft_batch;

/* All zero means defaults. */
typedef struct weft_loop_config {
    const weft_env *env;
    weft_batch batch;

    /* Microseconds for which the loop asks the kernel again and again before it sleeps. Waking a thread takes
     * longer than an answer from nearby: who asks back within that time is answered without. It costs
     * at most so much CPU before each sleep; 0: none. Not when the loop lives in another one. */
    uint32_t poll_us;
} weft_loop_config;

/* cfg may be NULL. Errors: -ENOMEM, -EMFILE and what epoll_create1 and eventfd can say; with
 * WEFT_BATCH_RING what io_uring_setup can say, -ENOSYS if weft was built without it. */
WEFT_API int weft_loop_new_sized(weft_loop **out, const weft_loop_config *cfg, size_t cfg_size,
                                 size_t env_size);
static inline int weft_loop_new(weft_loop **out, const weft_loop_config *cfg)
{
    return weft_loop_new_sized(out, cfg, sizeof *cfg, sizeof(weft_env));
}

/* Drops every connection that is left (on_close is called with 1006) and frees the loop. Before that,
 * free servers and hubs, and finish requests and held upgrades. Posts that have not run are run. Timers and watches
 * may be there still: callbacks that come now use and free them as ever, though none of theirs comes any more, and
 * what is left at the end is freed with the loop, and not to be touched after that. NULL is fine. Not from a
 * callback. */
WEFT_API void weft_loop_free(weft_loop *l);

/* Turn until weft_loop_stop. Returns 0, or -errno if the kernel refuses to wait. */
WEFT_API int weft_loop_run(weft_loop *l);

/* Let weft_loop_run return at the end of the turn; the next one, if it does not run. Any thread; safe in a signal
 * handler, which is how a program is told to leave: then comes weft_server_shutdown, whose on_done stops the loop, and
 * weft_loop_run again (examples/event_stream.c). */
WEFT_API void weft_loop_stop(weft_loop *l);

/* One turn: wait at most timeout_ms (0: not at all; -1: as long as it takes) for something to do, and
 * do it. Returns 0 or -errno. Not from a callback. */
WEFT_API int weft_loop_turn(weft_loop *l, int timeout_ms);

/* A descriptor that is readable (level-triggered) whenever weft_loop_turn(l, 0) has something to do:
 * sockets, timers, posts, and output that was queued between turns. It is the loop's; do not close it.
 * Errors: -errno of timerfd_create. */
WEFT_API int weft_loop_fd(weft_loop *l);

/* Run fn(arg) in the loop's thread, in order of posting. Any thread. Errors: -ENOMEM: fn is not called. */
WEFT_API WEFT_CHECK int weft_loop_post(weft_loop *l, void (*fn)(void *arg), void *arg);

/* The same without memory, so that it cannot fail: an errand is embedded in what it is about, which is found from it.
 * All zero but for run. */
typedef struct weft_errand {
    struct weft_errand *next; /* weft's */
    void (*run)(struct weft_errand *e);
    weft_loop *loop; /* in whose thread it runs: for run */
    uintptr_t out;   /* weft's */
} weft_errand;

/* Call e->run(e) in the thread of the loop that id belongs to, or of l where no loop has it (0: of l itself), in order
 * with all that is posted there: soon, and exactly once, when the loop is freed at the latest. With a server of several
 * threads l may be any of its loops. Until then e stays where it is; run may free it, or post it again. false: it
 * is on its way already; then nothing is done, and that run sees what you have written before. Any thread.
 *
 * So a worker answers an upgrade or a request that is held: its job embeds an errand and has the loop from
 * weft_request_loop, and what weft_upgrade_accept, weft_upgrade_refuse or weft_respond need is done by run. */
WEFT_API bool weft_errand_post(weft_loop *l, weft_id id, weft_errand *e);

/* Whether the calling thread is the loop's: the one that turns it, turned it last, or made it. Any
 * thread. */
WEFT_API bool weft_loop_is_mine(const weft_loop *l);

/* The loop's clock, taken once per turn: microseconds, never goes back. */
WEFT_API uint64_t weft_loop_now(const weft_loop *l);

/* The loop's copy, as long as the loop, for what you make with it; NULL if it was made without. Look at no field
 * of it that this library may not have (weft_version_number). */
WEFT_API const weft_env *weft_loop_env(const weft_loop *l);

/* ---- timers ---------------------------------------------------------------------------------- */

typedef struct weft_timer weft_timer;

/* A timer that is not running. Errors: -ENOMEM. */
WEFT_API int weft_timer_new(weft_timer **out, weft_loop *l,
                            void (*on_time)(weft_timer *t, void *user), void *user);

/* Call on_time once, in ms milliseconds from this moment on: never early, and a millisecond or so late. Starting again
 * moves the deadline, by whichever function. WEFT_NEVER: stop. */
WEFT_API void weft_timer_start(weft_timer *t, uint64_t ms);

/* Call on_time once, when weft_loop_now is us: never early, and as little late as the kernel wakes us (of Linux before
 * 5.11 a millisecond). What has passed means the next turn. For what has a rate: add to the last deadline, and
 * nothing drifts. */
WEFT_API void weft_timer_at(weft_timer *t, uint64_t us);

WEFT_API void weft_timer_stop(weft_timer *t);
WEFT_API void
weft_timer_free(weft_timer *t); /* also from its own on_time; NULL is fine; never after its loop */

/* ---- other descriptors ----------------------------------------------------------------------- */

enum { WEFT_READABLE = 1, WEFT_WRITABLE = 2 };

typedef struct weft_watch weft_watch;

/* Call on_ready whenever fd is readable or writable, as asked (level-triggered; an error or hang-up
 * counts as both). fd stays yours. Errors: -ENOMEM, -EPERM for a regular file (it is always ready). */
WEFT_API int weft_watch_new(weft_watch **out, weft_loop *l, int fd, unsigned events,
                            void (*on_ready)(weft_watch *w, unsigned events, void *user),
                            void *user);

/* Wait for other events; 0 for none. Errors: -errno of epoll_ctl. */
WEFT_API int weft_watch_set(weft_watch *w, unsigned events);
WEFT_API void
weft_watch_free(weft_watch *w); /* before fd is closed; NULL is fine; never after its loop */

#ifdef __cplusplus
}
#endif
#endif
