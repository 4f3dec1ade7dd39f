/* SPDX-License-Identifier: MIT
 *
 * cli/health.c - a word and a status, which nobody keeps
 */
#include "cli/health.h"

#include <string.h>

static void say(weft_request *r, int status, const char *word)
{
    weft_reply_field(r, "Cache-Control", "no-store");
    weft_respond(r, status, "text/plain; charset=utf-8", word, strlen(word));
}

static void on_alive(weft_request *r, void *user)
{
    (void)user;
    say(r, 200, "alive\n");
}

static void on_ready(weft_request *r, void *user)
{
    const struct health *h = user;
    bool leaving = atomic_load_explicit(&h->leaving, memory_order_relaxed);
    say(r, leaving ? 503 : 200, leaving ? "leaving\n" : "ready\n");
}

int health_route(struct health *h, weft_server *s)
{
    static const weft_request_handler alive = {
        .on_request = on_alive, .methods = "GET", .unrefused = "GET"};
    static const weft_request_handler ready = {
        .on_request = on_ready, .methods = "GET", .unrefused = "GET"};
    int error = weft_server_on_request(s, "/healthz", &alive, NULL);
    return error ? error : weft_server_on_request(s, "/readyz", &ready, h);
}

void health_leaves(struct health *h)
{
    atomic_store_explicit(&h->leaving, true, memory_order_relaxed);
}
