/* SPDX-License-Identifier: MIT
 *
 * examples/event_stream.c - one event a second to every page that watches, without WebSockets
 *
 *      event_stream [ADDRESS]          127.0.0.1:8080 unless said otherwise
 *
 *      curl -N http://127.0.0.1:8080/events
 *
 * A page listens with EventSource, which comes back by itself when the stream ends. An event is made once, as a piece,
 * and all replies queue it by reference: a thousand pages cost a thousand pointers. On SIGINT or SIGTERM the server
 * leaves: each page is told to come back at another moment.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/weft.h>

/* One that watches: in the list as long as its reply is there. */
struct viewer {
    struct viewer *next, **here;
    weft_reply *reply;
};

static struct viewer *viewers;
static weft_loop *loop;

static const char page_html[] =
    "<!doctype html><meta charset=utf-8><title>weft events</title>\n"
    "<style>body { font: 1.1rem system-ui; max-width: 40rem; margin: 2rem auto; }</style>\n"
    "<p>It is <b id=now>...</b>, says the server.\n"
    "<script>\n"
    "new EventSource('/events').onmessage = (event) => now.textContent = event.data;\n"
    "</script>\n";

static void page(weft_request *r, void *user)
{
    (void)user;
    weft_respond(r, 200, "text/html; charset=utf-8", page_html, strlen(page_html));
}

/* Whatever ended it. */
static void forget(weft_reply *r, int error, const char *cause)
{
    struct viewer *v = weft_reply_user(r);
    (void)error, (void)cause;
    *v->here = v->next;
    if (v->next) v->next->here = v->here;
    free(v);
}

static void watch(weft_request *r, void *user)
{
    static const weft_reply_handler handler = {.on_leave = weft_sse_leave, .on_close = forget};
    struct viewer *v = malloc(sizeof *v);
    (void)user;
    if (!v || weft_sse_begin(&v->reply, r, &handler, v) < 0) {
        if (!v) weft_respond(r, 503, NULL, NULL, 0);
        free(v);
        return;
    }
    v->next = viewers;
    v->here = &viewers;
    if (viewers) viewers->here = &v->next;
    viewers = v;
}

/* Who does not keep up is let go, and comes back. */
static void tick(weft_timer *t, void *user)
{
    static unsigned number;
    char id[16], clock[32];
    time_t now = time(NULL);
    weft_piece *event;
    (void)user;
    weft_timer_start(t, 1000);
    strftime(clock, sizeof clock, "%H:%M:%S", localtime(&now));
    snprintf(id, sizeof id, "%u", ++number);
    if (weft_sse_piece(&event, NULL, NULL, id, clock, strlen(clock)) < 0) return;
    for (struct viewer *v = viewers; v; v = v->next)
        if (weft_reply_write_piece(v->reply, event) < 0) weft_reply_abort(v->reply);
    weft_piece_unref(event);
}

static void stop(int number)
{
    (void)number;
    weft_loop_stop(loop);
}

static void all_have_left(weft_server *server, void *user)
{
    (void)server, (void)user;
    weft_loop_stop(loop);
}

static const weft_request_handler start = {.on_request = page};
static const weft_request_handler events = {.on_request = watch};

int main(int argc, char **argv)
{
    weft_server *server;
    weft_timer *timer;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_timer_new(&timer, loop, tick, NULL)) < 0 ||
        (error = weft_server_on_request(server, "/", &start, NULL)) < 0 ||
        (error = weft_server_on_request(server, "/events", &events, NULL)) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0) {
        fprintf(stderr, "event_stream: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("http://%s/\n", address);
    fflush(stdout);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    weft_timer_start(timer, 1000);
    weft_loop_run(loop);
    if (weft_server_shutdown(server, WEFT_CLOSE_GOING_AWAY, all_have_left, NULL) == 0)
        weft_loop_run(loop);
    weft_timer_free(timer);
    weft_server_free(server);
    weft_loop_free(loop);
    return 0;
}
