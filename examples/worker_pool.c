/* SPDX-License-Identifier: MIT
 *
 * examples/worker_pool.c - what takes long is computed by a few threads, and nobody's answer gets lost
 *
 *      worker_pool [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 *      on_message -> job -> queue -> a worker -> weft_conn_call -> answered -> owed -> weft_send
 *          pause at JOBS_MAX                                                    on_drain
 *
 * Whoever has JOBS_MAX questions that are not answered is paused: so the queue has an end, whatever clients send.
 * Pausing stops questions, and not answers that are owed: they come from the workers all the same, also when the client
 * reads too slowly for them. So they are kept until weft_send takes them, which on_drain says.
 *
 * A client that has left is NULL in answered. What is to be freed is in one place for each: a job there, what
 * belongs to a client in leave.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft/weft.h>

enum { WORKERS = 4, JOBS_MAX = 8, TEXT_MAX = 80 };

/* A question, and then its answer. */
struct job {
    struct job *next;
    weft_loop *loop;
    weft_id asker;
    unsigned long number;
    char text[TEXT_MAX];
    int len;
};

/* First in, first out. */
struct queue {
    struct job *first, **end;
};

static void put(struct queue *q, struct job *job)
{
    job->next = NULL;
    if (!q->first) q->end = &q->first;
    *q->end = job;
    q->end = &job->next;
}

static struct job *take(struct queue *q)
{
    struct job *job = q->first;
    q->first = job->next;
    return job;
}

/* ---- in the workers' threads ----------------------------------------------------------------- */

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct queue jobs;
};

static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void pool_put(struct job *job)
{
    pthread_mutex_lock(&pool.lock);
    put(&pool.jobs, job);
    pthread_cond_signal(&pool.more);
    pthread_mutex_unlock(&pool.lock);
}

static struct job *pool_take(void)
{
    pthread_mutex_lock(&pool.lock);
    while (!pool.jobs.first) pthread_cond_wait(&pool.more, &pool.lock);
    struct job *job = take(&pool.jobs);
    pthread_mutex_unlock(&pool.lock);
    return job;
}

static unsigned long smallest_divisor(unsigned long n)
{
    for (unsigned long d = 2; d <= n / d; d++) {
        if (n % d == 0) return d;
    }
    return n;
}

static void answered(weft_conn *c, void *arg);

static void *work(void *unused)
{
    for (;;) {
        struct job *job = pool_take();
        job->len = snprintf(job->text, sizeof job->text, "smallest divisor of %lu: %lu",
                            job->number, smallest_divisor(job->number));
        while (weft_conn_call(job->loop, job->asker, answered, job) < 0)
            usleep(1000); /* no memory just now, and somebody waits for this */
    }
    return unused;
}

/* ---- in the loop's thread -------------------------------------------------------------------- */

struct asker {
    unsigned jobs;     /* asked and not answered yet */
    struct queue owed; /* answers that could not be sent yet */
};

/* What it can take; and questions again when it is owed nothing and has few. */
static void send_owed(weft_conn *c)
{
    struct asker *asker = weft_conn_user(c);
    while (asker->owed.first) {
        const struct job *job = asker->owed.first;
        int error = weft_send(c, WEFT_TEXT, job->text, (size_t)job->len);
        if (error == WEFT_ERR_BACKLOG) return; /* on_drain follows */
        if (error < 0) {                       /* what is left goes in leave */
            weft_abort(c);
            return;
        }
        free(take(&asker->owed));
    }
    if (asker->jobs < JOBS_MAX && !weft_backlogged(c)) weft_resume(c);
}

static void answered(weft_conn *c, void *arg)
{
    if (!c) {
        free(arg);
        return;
    }
    struct asker *asker = weft_conn_user(c);
    asker->jobs--;
    put(&asker->owed, arg);
    send_owed(c);
}

static void come(weft_conn *c)
{
    struct asker *asker = calloc(1, sizeof *asker);
    weft_conn_set_user(c, asker);
    if (!asker) weft_abort(c);
}

static void ask(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    char digits[13]; /* small enough to be answered soon */
    struct asker *asker = weft_conn_user(c);
    struct job *job = malloc(sizeof *job);
    if (!job || op != WEFT_TEXT || len >= sizeof digits) {
        free(job);
        weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, "send a number");
        return;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)len, (const char *)data);
    *job = (struct job){
        .loop = weft_conn_loop(c), .asker = weft_conn_id(c), .number = strtoul(digits, NULL, 10)};
    pool_put(job);
    if (++asker->jobs == JOBS_MAX) weft_pause(c);
}

static void leave(weft_conn *c, const weft_close_info *info)
{
    struct asker *asker = weft_conn_user(c);
    (void)info;
    while (asker && asker->owed.first) free(take(&asker->owed));
    free(asker);
}

static const weft_handler handler = {
    .on_open = come, .on_message = ask, .on_drain = send_owed, .on_close = leave};

static int hire(void)
{
    pthread_t thread;
    int error = 0;
    for (int i = 0; i < WORKERS && !error; i++) error = -pthread_create(&thread, NULL, work, NULL);
    return error;
}

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_server *server;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_server_route(server, "/ask", &handler, NULL)) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0 ||
        (error = hire()) < 0) {
        fprintf(stderr, "worker_pool: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("ws://%s/ask\n", address);
    fflush(stdout);
    return weft_loop_run(loop) < 0;
}
