/* SPDX-License-Identifier: MIT
 *
 * bench/hot_topic.c - one topic that everybody publishes to: what the lock of its log costs
 *
 *      hot_topic [MESSAGES]          for each thread; 200,000 unless said otherwise
 *
 * 1 to 16 threads, each with a loop and a reader, publish as fast as they can; nothing is written to any socket, so
 * that the log is all there is. Then each publishes to a topic of its own, that nobody else reads. And all of it once
 * more with the time that locks are held and waited for (the linker leads these calls through here; the clock costs
 * some 25 ns each time), by all threads, for each message.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/topic.h>

enum { THREADS_MAX = 16, BURST = 16, LENGTH = 125 };

/* ---- the lock -------------------------------------------------------------------------------- */

int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __real_pthread_mutex_unlock(pthread_mutex_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);

static bool measured;
static _Thread_local uint64_t held, waited, since;
static _Thread_local int depth;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    if (!measured || depth++) return __real_pthread_mutex_lock(m);
    uint64_t asked = now_ns();
    int r = __real_pthread_mutex_lock(m);
    since = now_ns();
    waited += since - asked;
    return r;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    int r = __real_pthread_mutex_unlock(m);
    if (measured && --depth == 0) held += now_ns() - since;
    return r;
}

/* ---- readers --------------------------------------------------------------------------------- */

struct carrier {
    weft_link *link;
    uint64_t got;
};

static int queue(weft_reader *r, void *message)
{
    struct carrier *c = r->carrier;
    (void)message;
    c->got++;
    return 0;
}

static int lost(weft_reader *r, const weft_seek *seek)
{
    struct carrier *c = r->carrier;
    c->got += seek->lost;
    return 0;
}

static void end(weft_reader *r, int error)
{
    (void)r;
    (void)error;
}

static void hang(void *carrier, weft_link *link)
{
    struct carrier *c = carrier;
    c->link = link;
}

static void take_off(void *carrier, weft_link *link)
{
    (void)link;
    ((struct carrier *)carrier)->link = NULL;
}

static const weft_reader_type type = {
    .queue = queue, .lost = lost, .end = end, .link = hang, .unlink = take_off};

/* ---- threads --------------------------------------------------------------------------------- */

struct run {
    weft_hub *hub;
    const char *topic; /* NULL: each its own */
    unsigned threads;
    uint64_t messages;
    pthread_barrier_t begin, end;
};

struct worker {
    pthread_t thread;
    struct run *run;
    unsigned number;
    uint64_t held, waited, took;
};

static void die(const char *what)
{
    fprintf(stderr, "hot_topic: %s\n", what);
    exit(1);
}

static weft_topic *topic_of(const struct worker *w)
{
    weft_topic *t;
    char name[32];
    snprintf(name, sizeof name, "%s%u", w->run->topic ? w->run->topic : "own",
             w->run->topic ? 0 : w->number);
    if (weft_topic_get(&t, w->run->hub, (weft_bytes){(const uint8_t *)name, strlen(name)}) < 0)
        die("no topic");
    return t;
}

static void publish_all(weft_topic *t, weft_loop *l, uint64_t messages)
{
    static const char text[LENGTH] = "quote";
    for (uint64_t i = 0; i < messages; i++) {
        weft_message *m;
        if (weft_message_new(&m, NULL, WEFT_BINARY, text, sizeof text) < 0) die("no memory");
        if (weft_topic_publish(t, m, (weft_bytes){0}, NULL) < 0) die("cannot publish");
        weft_message_unref(m);
        if (i % BURST == BURST - 1) (void)!weft_loop_turn(l, 0);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct run *run = w->run;
    struct carrier carrier = {0};
    weft_reader reader = {.carrier = &carrier};
    weft_loop *l;
    if (weft_loop_new(&l, NULL) < 0) die("no loop");
    weft_topic *t = topic_of(w);
    if (weft_reader_begin(&reader, t, l, &type, NULL, NULL) < 0) die("no reader");
    uint64_t all = run->messages * (run->topic ? run->threads : 1);

    pthread_barrier_wait(&run->begin);
    uint64_t began = now_ns();
    held = waited = 0;
    publish_all(t, l, run->messages);
    while (carrier.got < all) (void)!weft_loop_turn(l, 1);
    w->took = now_ns() - began;
    w->held = held;
    w->waited = waited;
    pthread_barrier_wait(&run->end);

    weft_reader_end(&reader);
    weft_topic_unref(t);
    pthread_barrier_wait(&run->end);
    weft_loop_free(l);
    return NULL;
}

static void one(const char *topic, unsigned threads, uint64_t messages)
{
    struct worker workers[THREADS_MAX] = {0};
    const weft_topic_settings settings = {.pace = WEFT_NEVER};
    const weft_hub_config cfg = {.settings = &settings};
    struct run run = {.topic = topic, .threads = threads, .messages = messages};
    weft_loop *l;
    if (weft_loop_new(&l, NULL) < 0 || weft_hub_new(&run.hub, l, &cfg) < 0) die("no hub");
    pthread_barrier_init(&run.begin, NULL, threads);
    pthread_barrier_init(&run.end, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        workers[i].run = &run;
        workers[i].number = i;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    uint64_t in = 0, before = 0, took = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        in += workers[i].held;
        before += workers[i].waited;
        took = workers[i].took > took ? workers[i].took : took;
    }
    double published = (double)messages * threads;
    printf("%-4s %2u threads  %6.0f ns each of %.1f M published", topic ? "hot" : "own", threads,
           (double)took / published, published / 1e6);
    if (measured)
        printf("  locks: held %.0f ns, waited for %.0f ns", (double)in / published,
               (double)before / published);
    printf("\n");
    weft_hub_free(run.hub);
    weft_loop_free(l);
}

int main(int argc, char **argv)
{
    uint64_t messages = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    for (int with = 0; with < 2; with++) {
        measured = with;
        for (unsigned n = 1; n <= THREADS_MAX; n *= 2) one("hot", n, messages / n);
        for (unsigned n = 1; n <= THREADS_MAX; n *= 2) one(NULL, n, messages / n);
    }
    return 0;
}
