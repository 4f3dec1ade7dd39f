/* SPDX-License-Identifier: MIT
 *
 * io/resolve.c - host names in threads
 *
 * A job belongs to the resolver while it waits, to a thread while it is looked up, and to the loop from
 * when it is posted. Under the lock: waiting, threads, and loop; NULL there means that the loop is gone,
 * and whoever leaves last frees the resolver. job->lookup is the loop's alone; NULL means cancelled.
 */
#include "io/resolve.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 255 };

struct lookup_job {
    weft_errand post;
    struct list link; /* in waiting */
    struct lookup *lookup;
    uint16_t port;
    int error;
    size_t n;
    struct sock_addr addresses[LOOKUP_MAX];
    char host[HOST_MAX + 1];
};

struct resolver {
    const struct sys *sys;
    pthread_mutex_t lock;
    weft_loop *loop;
    unsigned threads;
    struct list waiting;
};

/* ---- in the threads -------------------------------------------------------------------------- */

static int error_of(int eai)
{
    if (eai == EAI_SYSTEM) return -errno;
    return eai == EAI_MEMORY ? -ENOMEM : WEFT_ERR_RESOLVE;
}

static void keep(struct lookup_job *job, const struct addrinfo *info)
{
    struct sock_addr *a = &job->addresses[job->n];
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) return;
    a->len = info->ai_addrlen;
    memcpy(&a->sa, info->ai_addr, info->ai_addrlen);
    sock_set_port(a, job->port);
    job->n++;
}

static void look_up(const struct sys *sys, struct lookup_job *job)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    int eai = sys->getaddrinfo(job->host, NULL, &hints, &list);
    if (eai) {
        job->error = error_of(eai);
        return;
    }
    for (const struct addrinfo *i = list; i && job->n < LOOKUP_MAX; i = i->ai_next) keep(job, i);
    sys->freeaddrinfo(list);
    if (job->n == 0) job->error = WEFT_ERR_RESOLVE;
}

static void resolver_free(struct resolver *r)
{
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void *work(void *arg)
{
    struct resolver *r = arg;
    pthread_mutex_lock(&r->lock);
    while (!list_empty(&r->waiting)) {
        struct lookup_job *job = container_of(r->waiting.next, struct lookup_job, link);
        list_remove(&job->link);
        pthread_mutex_unlock(&r->lock);
        look_up(r->sys, job);
        pthread_mutex_lock(&r->lock);
        if (r->loop) loop_post(r->loop, &job->post);
        else free(job);
    }
    r->threads--;
    bool last = !r->loop && r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (last) resolver_free(r);
    return NULL;
}

/* ---- in the loop's thread -------------------------------------------------------------------- */

static void job_done(weft_errand *p)
{
    struct lookup_job *job = container_of(p, struct lookup_job, post);
    struct lookup *k = job->lookup;
    if (k) {
        k->job = NULL;
        k->on_done(k, job->error, job->addresses, job->n);
    }
    free(job);
}

/* Signals are for the program's own threads. */
static int start_thread(struct resolver *r)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&thread, NULL, work, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!err) pthread_detach(thread);
    return -err;
}

/* Queue the job; a thread that is at work takes it in the end, if no new one can be made. */
static int hand_to_thread(struct resolver *r, struct lookup_job *job)
{
    pthread_mutex_lock(&r->lock);
    int err = r->threads < LOOKUP_THREADS ? start_thread(r) : -EAGAIN;
    if (!err) r->threads++;
    bool taken = r->threads > 0;
    if (taken) list_append(&r->waiting, &job->link);
    pthread_mutex_unlock(&r->lock);
    return taken ? 0 : err;
}

static struct resolver *resolver_of(weft_loop *l)
{
    struct resolver **r = loop_resolver(l);
    if (*r || !(*r = calloc(1, sizeof **r))) return *r;
    pthread_mutex_init(&(*r)->lock, NULL);
    list_init(&(*r)->waiting);
    (*r)->sys = loop_sys(l);
    (*r)->loop = l;
    return *r;
}

/* Whether the host needs no resolver; then the answer is in the job. */
static bool answer_numeric(struct lookup_job *job)
{
    if (sock_numeric(&job->addresses[0], job->host, job->port) < 0) return false;
    job->n = 1;
    if (!strcasecmp(job->host, "localhost"))
        job->n += sock_numeric(&job->addresses[1], "::1", job->port) == 0;
    return true;
}

int lookup_start(struct lookup *k, weft_loop *l, const char *host, uint16_t port,
                 void (*on_done)(struct lookup *k, int error, const struct sock_addr *addresses,
                                 size_t n))
{
    assert(!k->job);
    if (strlen(host) > HOST_MAX) return WEFT_ERR_RESOLVE;
    struct lookup_job *job = calloc(1, sizeof *job);
    struct resolver *r = resolver_of(l);
    int err = job && r ? 0 : -ENOMEM;
    if (err) goto fail;
    job->post.run = job_done;
    job->lookup = k;
    job->port = port;
    strcpy(job->host, host);
    list_init(&job->link);
    *k = (struct lookup){.job = job, .loop = l, .on_done = on_done};
    if (answer_numeric(job)) loop_post(l, &job->post);
    else err = hand_to_thread(r, job);
    if (!err) return 0;
fail:
    k->job = NULL;
    free(job);
    return err;
}

void lookup_cancel(struct lookup *k)
{
    struct lookup_job *job = k->job;
    if (!job) return;
    struct resolver *r = *loop_resolver(k->loop);
    k->job = NULL;
    job->lookup = NULL;
    pthread_mutex_lock(&r->lock);
    bool waits = !list_empty(&job->link);
    if (waits) list_remove(&job->link);
    pthread_mutex_unlock(&r->lock);
    if (waits) free(job);
}

void resolver_disown(struct resolver *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    r->loop = NULL;
    while (!list_empty(&r->waiting)) {
        struct lookup_job *job = container_of(r->waiting.next, struct lookup_job, link);
        list_remove(&job->link);
        free(job);
    }
    bool last = r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (last) resolver_free(r);
}
