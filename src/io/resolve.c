/* SPDX-License-Identifier: MIT
 *
 * io/resolve.c - host names in threads
 *
 *      lookup -> job --+
 *      lookup -> job --+-> name -> thread
 *
 * A name is looked up once for all who want it by then, in a thread of its own. It is the resolver's while somebody
 * wants it, and its thread's while that is at work; a job is its name's until it is posted, and the loop's from then
 * on. Under the lock: names, their jobs, wanted, threads, and loop; NULL there means that the loop is gone, and whoever
 * leaves last frees the resolver. job->lookup is the loop's alone; NULL means cancelled.
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

struct answer {
    int error;
    size_t n;
    struct sock_addr addresses[LOOKUP_MAX];
};

struct lookup_job {
    weft_errand post;
    struct list link; /* of its name's jobs */
    struct name *name;
    struct lookup *lookup;
    uint16_t port;
    struct answer answer;
};

struct name {
    struct list link; /* among the resolver's */
    struct list jobs; /* empty: nobody wants it any more */
    struct resolver *resolver;
    bool running; /* a thread has it */
    char host[HOST_MAX + 1];
};

struct resolver {
    const struct sys *sys;
    pthread_mutex_t lock;
    weft_loop *loop;
    unsigned threads; /* at work */
    unsigned wanted;  /* of these, for somebody */
    struct list names;
};

/* ---- in the threads -------------------------------------------------------------------------- */

static int error_of(int eai)
{
    if (eai == EAI_SYSTEM) return -errno;
    return eai == EAI_MEMORY ? -ENOMEM : WEFT_ERR_RESOLVE;
}

static void keep(struct answer *to, const struct addrinfo *info)
{
    struct sock_addr *a = &to->addresses[to->n];
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) return;
    a->len = info->ai_addrlen;
    memcpy(&a->sa, info->ai_addr, info->ai_addrlen);
    to->n++;
}

static void look_up(const struct sys *sys, const char *host, struct answer *to)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    *to = (struct answer){0};
    int eai = sys->getaddrinfo(host, NULL, &hints, &list);
    if (eai) {
        to->error = error_of(eai);
        return;
    }
    for (const struct addrinfo *i = list; i && to->n < LOOKUP_MAX; i = i->ai_next) keep(to, i);
    sys->freeaddrinfo(list);
    if (to->n == 0) to->error = WEFT_ERR_RESOLVE;
}

static void resolver_free(struct resolver *r)
{
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static bool is_wanted(const struct name *name)
{
    return !list_empty(&name->jobs);
}

/* Under the lock: to all who want it. */
static void hand_out(struct name *name, const struct answer *answer)
{
    struct resolver *r = name->resolver;
    if (is_wanted(name)) r->wanted--;
    while (is_wanted(name)) {
        struct lookup_job *job = container_of(name->jobs.next, struct lookup_job, link);
        list_remove(&job->link);
        job->name = NULL;
        job->answer = *answer;
        for (size_t i = 0; i < answer->n; i++) sock_set_port(&job->answer.addresses[i], job->port);
        loop_post(r->loop, &job->post);
    }
    list_remove(&name->link);
    free(name);
}

/* Under the lock: the oldest for which there was no thread. */
static struct name *next_name(struct resolver *r)
{
    for (struct list *i = r->names.next; i != &r->names; i = i->next) {
        struct name *name = container_of(i, struct name, link);
        if (name->running) continue;
        name->running = true;
        r->wanted++;
        return name;
    }
    return NULL;
}

static void *work(void *arg)
{
    struct name *name = arg;
    struct resolver *r = name->resolver;
    struct answer answer;
    while (name) {
        look_up(r->sys, name->host, &answer);
        pthread_mutex_lock(&r->lock);
        hand_out(name, &answer);
        name = r->wanted < LOOKUP_THREADS ? next_name(r) : NULL;
        if (!name) r->threads--;
        bool last = !name && !r->loop && r->threads == 0;
        pthread_mutex_unlock(&r->lock);
        if (last) resolver_free(r);
    }
    return NULL;
}

/* ---- in the loop's thread -------------------------------------------------------------------- */

static void job_done(weft_errand *p)
{
    struct lookup_job *job = container_of(p, struct lookup_job, post);
    struct lookup *k = job->lookup;
    if (k) {
        k->job = NULL;
        k->on_done(k, job->answer.error, job->answer.addresses, job->answer.n);
    }
    free(job);
}

/* Signals are for the program's own threads. */
static int start_thread(struct name *name)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&thread, NULL, work, name);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!err) pthread_detach(thread);
    return -err;
}

/* Threads that nobody waits for any more do not count, up to a point. */
static bool may_employ(const struct resolver *r)
{
    return r->wanted < LOOKUP_THREADS && r->threads < LOOKUP_THREADS_EVER;
}

/* A thread for it, or one that is at work comes to it in the end. 0, or why there is none. */
static int employ(struct resolver *r, struct name *name)
{
    int err = may_employ(r) ? start_thread(name) : -EAGAIN;
    name->running = !err;
    if (err) return r->threads ? 0 : err;
    r->threads++;
    r->wanted++;
    return 0;
}

/* Of a lookup that nobody wants any more nothing is to be hoped for. */
static struct name *find(const struct resolver *r, const char *host)
{
    for (struct list *i = r->names.next; i != &r->names; i = i->next) {
        struct name *name = container_of(i, struct name, link);
        if (is_wanted(name) && !strcasecmp(name->host, host)) return name;
    }
    return NULL;
}

static struct name *name_new(struct resolver *r, const char *host)
{
    struct name *name = calloc(1, sizeof *name);
    if (!name) return NULL;
    name->resolver = r;
    strcpy(name->host, host);
    list_init(&name->jobs);
    list_init(&name->link);
    return name;
}

static void want(struct name *name, struct lookup_job *job)
{
    job->name = name;
    list_append(&name->jobs, &job->link);
}

/* Under the lock. 0, -ENOMEM, or why there is no thread. */
static int queue(struct resolver *r, struct lookup_job *job, const char *host)
{
    struct name *name = find(r, host);
    if (name) return want(name, job), 0;
    name = name_new(r, host);
    if (!name) return -ENOMEM;
    int err = employ(r, name);
    if (err) {
        free(name);
        return err;
    }
    list_append(&r->names, &name->link);
    want(name, job);
    return 0;
}

static int hand_to_thread(struct resolver *r, struct lookup_job *job, const char *host)
{
    pthread_mutex_lock(&r->lock);
    int err = queue(r, job, host);
    pthread_mutex_unlock(&r->lock);
    return err;
}

static struct resolver *resolver_of(weft_loop *l)
{
    struct resolver **r = loop_resolver(l);
    if (*r || !(*r = calloc(1, sizeof **r))) return *r;
    pthread_mutex_init(&(*r)->lock, NULL);
    list_init(&(*r)->names);
    (*r)->sys = loop_sys(l);
    (*r)->loop = l;
    return *r;
}

/* Whether the host needs no resolver; then the answer is in the job. */
static bool answer_numeric(struct lookup_job *job, const char *host)
{
    struct answer *to = &job->answer;
    if (sock_numeric(&to->addresses[0], host, job->port) < 0) return false;
    to->n = 1;
    if (!strcasecmp(host, "localhost"))
        to->n += sock_numeric(&to->addresses[1], "::1", job->port) == 0;
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
    list_init(&job->link);
    *k = (struct lookup){.job = job, .loop = l, .on_done = on_done};
    if (answer_numeric(job, host)) loop_post(l, &job->post);
    else err = hand_to_thread(r, job, host);
    if (!err) return 0;
fail:
    k->job = NULL;
    free(job);
    return err;
}

/* Under the lock: one less wants it. A thread that is at work for nobody counts no more, and finds nobody to tell. */
static void leave(struct lookup_job *job)
{
    struct name *name = job->name;
    list_remove(&job->link);
    free(job);
    if (is_wanted(name)) return;
    if (name->running) {
        name->resolver->wanted--;
    } else {
        list_remove(&name->link);
        free(name);
    }
}

/* For one that waits there is a place now. If there is no thread all the same, one that is at work comes to it. */
static void employ_next(struct resolver *r)
{
    struct name *name = next_name(r);
    if (!name) return;
    name->running = start_thread(name) == 0;
    if (name->running) r->threads++;
    else r->wanted--;
}

void lookup_cancel(struct lookup *k)
{
    struct lookup_job *job = k->job;
    if (!job) return;
    struct resolver *r = *loop_resolver(k->loop);
    k->job = NULL;
    job->lookup = NULL;
    pthread_mutex_lock(&r->lock);
    if (job->name) leave(job); /* else it has been posted */
    if (may_employ(r)) employ_next(r);
    pthread_mutex_unlock(&r->lock);
}

void resolver_disown(struct resolver *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    r->loop = NULL;
    for (struct list *i = r->names.next, *next; i != &r->names; i = next) {
        struct name *name = container_of(i, struct name, link);
        next = i->next;
        for (bool more = is_wanted(name); more;) { /* with the last one the name may go, too */
            struct lookup_job *job = container_of(name->jobs.next, struct lookup_job, link);
            more = job->link.next != &name->jobs;
            leave(job);
        }
    }
    bool last = r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (last) resolver_free(r);
}
