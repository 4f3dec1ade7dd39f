/* SPDX-License-Identifier: MIT
 *
 * examples/threads_post.c - other threads publish, and answer, through the loop
 *
 *      threads_post [ADDRESS]          127.0.0.1:8080 unless said otherwise
 *
 * A loop and what belongs to it are used in one thread only. A few calls are for the others: here a worker
 * publishes its progress to everyone on /work (weft_publish), and each message of a client is
 * answered by a thread of its own, which knows the client by its id alone (weft_post). If the client has
 * left by then, the answer goes nowhere; a stale id is refused, never followed. Both calls need memory, and say so when
 * there is none: here a number or an answer is missing then, which a program that may miss none has to look at.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <weft/weft.h>

struct job {
    weft_loop *loop;
    weft_id client;
    unsigned long number;
};

static weft_message *text_message(const char *text, int len)
{
    weft_message *m = NULL;
    if (weft_message_new(&m, NULL, WEFT_TEXT, text, (size_t)len) < 0) abort();
    return m;
}

/* ---- in other threads ------------------------------------------------------------------------ */

static void *work(void *arg)
{
    weft_hub *hub = arg;
    for (unsigned done = 1;; done++) {
        char text[32];
        usleep(250 * 1000);
        int len = snprintf(text, sizeof text, "worker: %u done", done);
        if (weft_publish(hub, "work", WEFT_TEXT, text, (size_t)len) < 0) continue;
    }
    return NULL;
}

static unsigned long smallest_divisor(unsigned long n)
{
    for (unsigned long d = 2; d <= n / d; d++) {
        if (n % d == 0) return d;
    }
    return n;
}

static void *answer(void *arg)
{
    struct job *job = arg;
    char text[64];
    int len = snprintf(text, sizeof text, "smallest divisor of %lu: %lu", job->number,
                       smallest_divisor(job->number));
    weft_message *m = text_message(text, len);
    weft_post(job->loop, job->client, m);
    weft_message_unref(m);
    free(job);
    return NULL;
}

/* ---- in the loop's thread -------------------------------------------------------------------- */

static void join(weft_conn *c)
{
    weft_hub *hub = weft_conn_user(c);
    if (weft_subscribe(hub, c, "work") < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
}

static void ask(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    char digits[13]; /* small enough to be answered at once */
    pthread_t thread;
    struct job *job = malloc(sizeof *job);
    if (!job || op != WEFT_TEXT || len >= sizeof digits) {
        free(job);
        weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, "send a number");
        return;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)len, (const char *)data);
    *job = (struct job){weft_conn_loop(c), weft_conn_id(c), strtoul(digits, NULL, 10)};
    if (pthread_create(&thread, NULL, answer, job) == 0) {
        pthread_detach(thread);
    } else {
        free(job);
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
    }
}

static const weft_handler handler = {.on_open = join, .on_message = ask};

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    pthread_t worker;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_hub_new(&hub, loop, NULL)) < 0 ||
        (error = weft_server_route(server, "/work", &handler, hub)) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0 ||
        (error = -pthread_create(&worker, NULL, work, hub)) < 0) {
        fprintf(stderr, "threads_post: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("ws://%s/work\n", address);
    fflush(stdout);
    return weft_loop_run(loop) < 0;
}
