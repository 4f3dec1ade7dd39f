/* SPDX-License-Identifier: MIT
 *
 * cli/bench_worker.h - one thread, one loop, its share of the connections
 *
 *      OPENING  --all open or failed-->  ready  --the plan starts-->  LOADED  --the plan's end-->  closing
 *
 * The plan is the only thing that threads share: main writes it, workers read it once per turn. Their
 * tallies are read by main while they run; all the rest of a worker is its own until it is joined.
 */
#ifndef CLI_BENCH_WORKER_H
#define CLI_BENCH_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/bench_messages.h"
#include "cli/bench_wanted.h"
#include "cli/blame.h"
#include "cli/histogram.h"
#include "cli/pace.h"
#include "cli/trace.h"

#define BENCH_NOT_YET UINT64_MAX

/* Moments of bench_clock. The load runs from start to end, what counts is what lies in [begin, end). */
struct bench_plan {
    _Atomic uint64_t start, begin, end;
    atomic_bool hurry; /* nothing is waited for any more */
};

/* Written by one worker alone. */
struct bench_tally {
    _Atomic uint64_t open;     /* connections, now */
    _Atomic uint64_t opened;   /* since the beginning */
    _Atomic uint64_t failed;   /* to open */
    _Atomic uint64_t messages; /* (storm: handshakes) that count */
    _Atomic uint64_t bytes;    /* in those */
    _Atomic uint64_t errors;
    atomic_bool ready, done;
};

static inline void bench_tally_add(_Atomic uint64_t *to, uint64_t n)
{
    uint64_t sum = atomic_load_explicit(to, memory_order_relaxed) + n;
    atomic_store_explicit(to, sum, memory_order_relaxed);
}

struct bench_conn {
    struct bench_worker *worker;
    weft_conn *conn;             /* NULL: there is none */
    struct bench_reader *reader; /* in its place, by plain HTTP */
    uint32_t index;              /* among the worker's */
    bool open, checked, broken;
    bool full;         /* the queue: flush comes when it has room */
    uint64_t began;    /* to connect */
    uint64_t asked;    /* messages that it should have sent by now, */
    uint64_t sent;     /* that were queued, */
    uint64_t answered; /* and that came back */
    uint64_t got;      /* bytes of the message that is coming in */
    uint64_t *times;   /* echo without a rate: of the last depth messages, when they were sent */
    uint64_t stamp;    /* channel: when the message that is coming in was sent */
};

/* What a workload does; every one is optional. */
struct bench_workload {
    void (*on_open)(struct bench_conn *c);
    void (*on_chunk)(struct bench_conn *c, const weft_chunk *chunk);
    void (*on_close)(struct bench_conn *c);
    void (*flush)(struct bench_conn *c); /* there is room to send again */
    void (*start)(struct bench_worker *w);
    void (*turn)(struct bench_worker *w);           /* before each turn under load */
    uint64_t (*next)(const struct bench_worker *w); /* when turn has something to do again */
    bool (*settled)(const struct bench_worker *w);  /* after the end: nothing is awaited any more */
    void (*finish)(struct bench_worker *w);         /* before connections are closed */
};

extern const struct bench_workload bench_echo, bench_channel, bench_storm, bench_idle, bench_post;

struct bench_worker {
    const struct bench_options *options;
    const struct bench_workload *workload;
    const weft_client_config *client;
    struct bench_plan *plan;
    struct bench_tally tally;
    pthread_t thread;
    uint32_t number; /* among the workers */
    int error;       /* why it could not run */

    weft_loop *loop;
    weft_handler handler;
    struct bench_messages messages;
    struct bench_conn *conns;
    uint64_t *times; /* of all conns */
    uint32_t n;      /* conns */
    uint32_t next;   /* conn to be opened */
    uint32_t under_way;
    uint64_t start, begin, end; /* the plan's, as of this turn */
    bool loaded, leaving;

    uint64_t quota; /* messages to send; UINT64_MAX: no end */
    uint64_t sent;  /* of those; with a rate: that were due */
    struct pace pace;
    uint64_t published, counted; /* channel: messages; those that count */
    uint64_t publisher;          /* channel: whose turn it is, modulo publishers */
    uint64_t subscribers;        /* channel: who are there; what they should have got, and got */
    uint64_t expected, delivered;
    char *draft; /* channel: a message and its stamp */

    uint64_t clock;                    /* when the bytes that are being handed out came, */
    const struct bench_conn *clock_of; /* on this connection */
    uint64_t last;                     /* when the last message that counts came */

    struct histogram latency, opening;
    struct blame blame;
    struct trace trace; /* says nothing */
    uint64_t unanswered;
    uint64_t open; /* connections, at the end */
    bool deflated;
    char subprotocol[32];
};

/* Errors: -ENOMEM and what pthread_create says; what happens later is in error. */
int bench_worker_start(struct bench_worker *w, uint32_t number, const struct bench_options *o,
                       const struct bench_workload *workload, const weft_client_config *client,
                       struct bench_plan *plan);
void bench_worker_join(struct bench_worker *w);
void bench_worker_free(struct bench_worker *w); /* a struct of zeros is fine */

/* ---- for workloads --------------------------------------------------------------------------- */

/* When the bytes that are handed out on c were received: the clock is read once per connection and turn. */
static inline uint64_t bench_now(struct bench_worker *w, const struct bench_conn *c)
{
    if (w->clock_of != c) {
        w->clock_of = c;
        w->clock = bench_clock();
    }
    return w->clock;
}

static inline bool bench_counts(const struct bench_worker *w, uint64_t time)
{
    return time >= w->begin && time < w->end;
}

/* A message came that counts as such. */
static inline void bench_count(struct bench_worker *w, uint64_t now, uint64_t bytes)
{
    if (!bench_counts(w, now)) return;
    bench_tally_add(&w->tally.messages, 1);
    bench_tally_add(&w->tally.bytes, bytes);
    w->last = now;
}

/* The turn and next of workloads that have a rate, and when the connection's nth message is due. Who was not
 * awake at the end still owes what became due before it. */
void bench_rate_turn(struct bench_worker *w);
uint64_t bench_rate_next(const struct bench_worker *w);
bool bench_rate_owes(
    const struct bench_worker *w); /* messages that are due, and nobody was asked for */
uint64_t bench_rate_due(const struct bench_conn *c, uint64_t nth);

/* What is told of c, whatever it is: it is open; it has ended, in the words of a weft_conn. Which URL it has. */
void bench_opened(struct bench_conn *c);
void bench_closed(struct bench_conn *c, const weft_close_info *info);
size_t bench_url_of(const struct bench_conn *c);

/* To bench_channel: the message that came was sent at c->stamp. To bench_post: there is an answer. */
void bench_delivered(struct bench_conn *c);
void bench_posted(struct bench_conn *c);

/* Begin to open c, unless the load is over or nobody gets in. */
void bench_open_again(struct bench_conn *c);

/* The server did something wrong on c, which is dropped. */
void bench_wrong(struct bench_conn *c, const char *cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
