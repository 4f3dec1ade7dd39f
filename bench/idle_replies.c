/* SPDX-License-Identifier: MIT
 *
 * bench/idle_replies.c - what streams of events cost: heap while nothing is said, and one event for all of them
 *
 *      idle_replies [REPLIES]          20,000 unless said otherwise, or as many as there may be descriptors
 *
 * A second process opens them, and then waits for what it is told. Fails when an idle reply holds more than MOST
 * bytes, when a piece that is queued for all of them costs heap, or when one of them does not get exactly its chunk.
 */
#include "heap.h"

#include <errno.h>
#include <time.h>

enum { MOST = 320, ROUNDS = 5 };

static const char event[] = "data: {\"symbol\":\"WFT\",\"price\":17.25,\"at\":1732900000}\n\n";

/* ---- the other process ----------------------------------------------------------------------- */

struct wish {
    long n;
    int go[2]; /* a byte: an event is coming */
};

static int open_one(const struct sockaddr_in *to)
{
    return heap_ask(to,
                    "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
                    "HTTP/1.1 200");
}

/* One chunk, and nothing behind it. */
static bool has_event(int fd, const char *chunk, size_t len)
{
    char got[256];
    return recv(fd, got, len, MSG_WAITALL) == (ssize_t)len && memcmp(got, chunk, len) == 0 &&
           recv(fd, got, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Opens one, then the rest, and says so each time; then once for each event that all of them have. */
static void clients(const struct sockaddr_in *to, int say, void *user)
{
    const struct wish *wish = user;
    char chunk[256], byte;
    int len = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(event), event);
    int *fds = calloc((size_t)wish->n, sizeof *fds);
    if (!fds) heap_fail("idle_replies: no memory");
    close(wish->go[1]);
    for (long i = 0; i < wish->n; i++) {
        fds[i] = open_one(to);
        if (i == 0 || i == wish->n - 1) heap_say(say);
    }
    while (read(wish->go[0], &byte, 1) == 1) {
        for (long i = 0; i < wish->n; i++)
            if (!has_event(fds[i], chunk, (size_t)len))
                heap_fail("idle_replies: not exactly the chunk");
        heap_say(say);
    }
}

/* ---- the server ------------------------------------------------------------------------------ */

static weft_reply **replies;
static long open;
static bool going; /* the server */

static void on_close(weft_reply *r, int error, const char *cause)
{
    (void)r;
    if (going) return;
    fprintf(stderr, "idle_replies: a reply was lost: %s, %s\n", weft_strerror(error), cause);
    exit(1);
}

static void on_request(weft_request *r, void *user)
{
    static const weft_reply_handler handler = {.on_close = on_close};
    (void)user;
    if (weft_reply_begin(&replies[open], r, 200, "text/event-stream", WEFT_LENGTH_UNKNOWN, &handler,
                         NULL) < 0)
        heap_fail("idle_replies: a reply could not be made");
    open++;
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool all_is_taken(void)
{
    for (long i = 0; i < open; i++)
        if (weft_reply_buffered(replies[i])) return false;
    return true;
}

struct delivery {
    double queue_ns, send_ns; /* for each */
    size_t heap;              /* of all, while it is queued */
};

/* One piece to all of them, as far as the kernel. */
static struct delivery deliver(struct heap *h)
{
    weft_piece *p;
    if (weft_piece_new(&p, &h->env, event, strlen(event)) < 0) heap_fail("idle_replies: no piece");
    size_t before = in_use;
    double begin = cpu_ns();
    for (long i = 0; i < open; i++)
        if (weft_reply_write_piece(replies[i], p) < 0)
            heap_fail("idle_replies: a piece was refused");
    double queued = cpu_ns();
    size_t heap = in_use - before;
    while (!all_is_taken()) weft_loop_turn(h->loop, 0);
    double sent = cpu_ns();
    weft_piece_unref(p);
    return (struct delivery){(queued - begin) / (double)open, (sent - queued) / (double)open, heap};
}

/* The best of some; a client has checked each. */
static struct delivery deliver_all(struct heap *h, int go)
{
    struct delivery best = {0};
    for (int i = 0; i < ROUNDS; i++) {
        struct delivery d = deliver(h);
        if (write(go, "+", 1) != 1 || heap_await(h) == EOF) exit(1);
        if (i == 0 || d.queue_ns + d.send_ns < best.queue_ns + best.send_ns)
            best = (struct delivery){d.queue_ns, d.send_ns, best.heap + d.heap};
        else best.heap += d.heap;
    }
    return best;
}

int main(int argc, char **argv)
{
    struct wish wish = {.n = argc > 1 ? atol(argv[1]) : 20000};
    struct heap h;
    long most = heap_most();
    if (wish.n > most) wish.n = most;
    if (wish.n < 2 || pipe(wish.go) < 0 ||
        !(replies = calloc((size_t)wish.n, sizeof(weft_reply *))))
        return 1;
    const weft_request_handler handler = {.on_request = on_request};
    heap_begin(&h);
    if (weft_server_on_request(h.server, "/events", &handler, NULL) < 0) return 1;
    heap_clients(&h, clients, &wish);
    close(wish.go[0]);
    if (heap_await(&h) == EOF) return 1;
    size_t before = in_use; /* with what is made once */
    if (heap_await(&h) == EOF) return 1;
    double each = (double)(in_use - before) / (double)(wish.n - 1);
    printf("%ld idle replies of unknown length, malloc's headers included:\n", wish.n);
    printf("  %-36s %6.0f bytes\n", "heap of each", each);
    struct delivery d = deliver_all(&h, wish.go[1]);
    printf("  %-36s %6.0f bytes\n", "more while one piece is queued",
           (double)d.heap / (double)open);
    printf("  %-36s %6.0f ns\n", "CPU to queue it, each", d.queue_ns);
    printf("  %-36s %6.0f ns\n", "CPU to deliver it, each", d.send_ns);
    bool good = each <= MOST && !d.heap && open == wish.n;
    going = true;
    good = heap_end(&h) && good;
    free(replies);
    if (!good)
        fprintf(stderr, "idle_replies: more than %d bytes, or a piece that costs heap\n", MOST);
    return !good;
}
