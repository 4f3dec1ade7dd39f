/* SPDX-License-Identifier: MIT
 *
 * net/server/crew.c - threads that run a loop each, and what is posted between them
 */
#include "net/server/crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/server/age.h"
#include "net/siblings.h"

struct helper {
    struct crew *crew;
    weft_loop *loop; /* a sibling of the first */
    weft_server local;
    struct leave *leave; /* on its way to the local */
    pthread_t thread;
    bool running;
    weft_errand leaving, left, ending;
};

/* Outlives the server until what the helpers have posted is done. */
struct crew {
    weft_errand bury;
    const weft_env *env;
    weft_server *server; /* NULL: it was freed */
    bool asked;          /* to start */
    unsigned n;
    struct helper helpers[];
};

static struct net *leader_of(const struct crew *c)
{
    return c->server->net;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void return_loops(struct crew *c)
{
    for (unsigned i = 0; i < c->n; i++) siblings_return(leader_of(c), c->helpers[i].loop);
}

int crew_new(weft_server *s, unsigned others)
{
    const weft_env *env = server_env(s);
    struct crew *c = mem_zalloc(env, sizeof *c + others * sizeof *c->helpers);
    if (!c) return -ENOMEM;
    c->server = s;
    c->env = env;
    for (; c->n < others; c->n++) {
        struct helper *h = &c->helpers[c->n];
        h->crew = c;
        int error = siblings_borrow(s->net, &h->loop);
        if (!error) continue;
        return_loops(c);
        mem_free(env, c);
        return error;
    }
    s->crew = c;
    return 0;
}

/* ---- starting -------------------------------------------------------------------------------- */

static int local_init(struct helper *h)
{
    const weft_server *s = h->crew->server;
    h->local = (weft_server){
        .site = {.limits = s->site.limits,
                 .origins = s->site.origins,
                 .hosts = s->site.hosts,
                 .base_path = s->site.base_path,
                 .on_access = s->site.on_access,
                 .access_user = s->site.access_user,
                 .on_traffic = s->site.on_traffic,
                 .trust = s->site.trust,
                 .tally = s->site.tally,
                 .all_loopback = s->site.all_loopback},
        .max_connections = s->max_connections,
        .helper = h,
    };
    server_init(&h->local, h->loop, net_of(h->loop));
    int error = server_copy_routes(&h->local, s);
    if (!error) error = age_begin(&h->local.age, h->local.net, &h->local.site);
    if (error) server_deinit(&h->local);
    return error;
}

static void *work(void *arg)
{
    struct helper *h = arg;
    int error = weft_loop_run(h->loop);
    if (error) log_line(h->crew->env, WEFT_LOG_ERROR, "a loop stopped: %s", weft_strerror(error));
    return NULL;
}

/* Signals are for the program's own threads; but those that a thread brings upon itself. */
static int start_thread(struct helper *h)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    sigset_t most, before;
    sigfillset(&most);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&most, own[i]);
    loop_leave_thread(h->loop);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    int err = pthread_create(&h->thread, NULL, work, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

static int start(struct helper *h)
{
    int error = local_init(h);
    if (error) return error;
    error = start_thread(h);
    if (error) server_deinit(&h->local);
    h->running = !error;
    return error;
}

int crew_start(struct crew *c)
{
    c->asked = true;
    int error = 0;
    for (unsigned i = 0; i < c->n && !error; i++)
        if (!c->helpers[i].running) error = start(&c->helpers[i]);
    return error;
}

static void start_late(struct crew *c)
{
    int error = crew_start(c);
    if (error)
        log_line(c->env, WEFT_LOG_WARN, "not all threads could be started: %s",
                 weft_strerror(error));
}

unsigned crew_size(const struct crew *c)
{
    return c ? c->n : 0;
}

weft_server *crew_local(struct crew *c, unsigned i)
{
    struct helper *h = &c->helpers[i];
    return h->running ? &h->local : NULL;
}

/* ---- arrivals -------------------------------------------------------------------------------- */

static size_t load_of(const weft_server *s)
{
    return atomic_load_explicit(&s->load, memory_order_relaxed);
}

weft_server *crew_choose(weft_server *s)
{
    weft_server *best = s;
    struct crew *c = s->crew;
    if (c && !c->asked) start_late(c);
    for (unsigned i = 0; c && i < c->n; i++)
        if (c->helpers[i].running && load_of(&c->helpers[i].local) < load_of(best))
            best = &c->helpers[i].local;
    return best;
}

struct sent {
    weft_errand post;
    struct arrival arrival;
    weft_server *local;
    bool all_loopback; /* the server's listeners, by now */
};

static void arrive(weft_errand *p)
{
    struct sent *sent = container_of(p, struct sent, post);
    weft_server *local = sent->local;
    local->site.all_loopback = sent->all_loopback;
    server_let_in(local, &sent->arrival);
    mem_free(server_env(local), sent);
}

void crew_send(weft_server *local, struct arrival *a)
{
    struct sent *sent = mem_alloc(server_env(local), sizeof *sent);
    if (!sent) {
        server_turn_back(local, a);
        return;
    }
    bool all_loopback = local->helper->crew->server->site.all_loopback;
    *sent = (struct sent){{.run = arrive}, *a, local, all_loopback};
    loop_post(local->loop, &sent->post);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static void leave_now(weft_errand *p)
{
    struct helper *h = container_of(p, struct helper, leaving);
    struct leave *leave = h->leave;
    h->leave = NULL;
    leave_begin(&h->local, leave);
}

/* Back in the first loop, where the server may be gone by now. */
static void has_left(weft_errand *p)
{
    const struct helper *h = container_of(p, struct helper, left);
    if (h->crew->server) leave_local_done(h->crew->server);
}

void crew_left(weft_server *local)
{
    struct helper *h = local->helper;
    loop_post(h->crew->server->loop, &h->left);
}

static void forget_leaves(struct crew *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        mem_free(c->env, c->helpers[i].leave);
        c->helpers[i].leave = NULL;
    }
}

int crew_leave(weft_server *s, uint16_t code)
{
    struct crew *c = s->crew;
    int n = 0;
    for (unsigned i = 0; c && i < c->n; i++) {
        struct helper *h = &c->helpers[i];
        h->leave = h->running ? leave_new(&h->local, code) : NULL;
        if (h->leave || !h->running) continue;
        forget_leaves(c);
        return -ENOMEM;
    }
    for (unsigned i = 0; c && i < c->n; i++) {
        struct helper *h = &c->helpers[i];
        if (!h->leave) continue;
        h->leaving = (weft_errand){.run = leave_now};
        h->left = (weft_errand){.run = has_left};
        loop_post(h->loop, &h->leaving);
        n++;
    }
    return n;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void end_now(weft_errand *p)
{
    struct helper *h = container_of(p, struct helper, ending);
    h->local.freed = true;
    lanes_drop(h->local.net, &h->local.site, WEFT_ERR_CLOSED, "the server was freed");
    weft_loop_stop(h->loop);
}

/* The thread is gone. What was posted to it since is done here; then nothing of the local is left. */
static void end(struct helper *h)
{
    if (!h->running) return;
    pthread_join(h->thread, NULL);
    (void)weft_loop_turn(h->loop, 0);
    server_deinit(&h->local);
}

static void bury(weft_errand *p)
{
    struct crew *c = container_of(p, struct crew, bury);
    mem_free(c->env, c);
}

void crew_free(weft_server *s)
{
    struct crew *c = s->crew;
    if (!c) return;
    for (unsigned i = 0; i < c->n; i++) {
        c->helpers[i].ending = (weft_errand){.run = end_now};
        if (c->helpers[i].running) loop_post(c->helpers[i].loop, &c->helpers[i].ending);
    }
    for (unsigned i = 0; i < c->n; i++) end(&c->helpers[i]);
    return_loops(c);
    c->server = NULL;
    s->crew = NULL;
    c->bury = (weft_errand){.run = bury};
    loop_post(s->loop, &c->bury);
}
