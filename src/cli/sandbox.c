/* SPDX-License-Identifier: MIT
 *
 * cli/sandbox.c - who, what and how, and the line that says so
 */
#include "cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/landlock.h"
#include "cli/listening.h"
#include "cli/privileges.h"
#include "cli/syscalls.h"

/* What is in force, for the log. Less than there could be is said without -v, too. */
struct report {
    bool less;
    size_t len;
    char text[400];
};

__attribute__((format(printf, 2, 3))) static void add(struct report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->text + r->len, sizeof r->text - r->len, format, args);
    va_end(args);
    r->len += (size_t)n;
    if (r->len >= sizeof r->text) r->len = sizeof r->text - 1;
}

static void add_less(struct report *r, const char *what, int error)
{
    r->less = true;
    add(r, ", no %s (%s)", what, strerror(-error));
}

/* The directory of a path. */
static void directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int n = !slash ? 0 : slash == path ? 1 : (int)(slash - path);
    snprintf(out, PATH_MAX, "%.*s", n ? n : 1, n ? path : ".");
}

/* ---- who ------------------------------------------------------------------------------------- */

static int choose(struct privileges *p, const struct sandbox *s)
{
    struct privileges_place places[FLAG_LIST_MAX + 1];
    char(*paths)[PATH_MAX] = calloc(FLAG_LIST_MAX, sizeof *paths);
    size_t n = 0;
    if (!paths) return -ENOMEM;
    if (s->dir) places[n++] = (struct privileges_place){s->dir, S_IXOTH};
    for (size_t i = 0; i < s->listen->n; i++) {
        const char *path = listening_file(s->listen->items[i]);
        if (!path) continue;
        directory_of(path, paths[i]);
        places[n++] = (struct privileges_place){paths[i], S_IXOTH | S_IWOTH};
    }
    int r = privileges_choose(p, s->user, places, n);
    free(paths);
    return r;
}

/* Whether who we are now may look into DIR; fd is DIR, opened before. */
static bool serves(int fd)
{
    return fd < 0 || faccessat(fd, ".", X_OK, AT_EACCESS) == 0;
}

/* Unless --user says so, it is no error that there is no other user to be had: in some containers. */
static int become(struct report *r, const struct sandbox *s, bool keep_reading)
{
    struct privileges p;
    int error = choose(&p, s);
    if (error == -ENOENT) return complain("--user: there is no user %s", s->user);
    if (error == -EPERM) return complain("--user %s: only root can become somebody else", s->user);
    if (error < 0) return complain("cannot start: %s", strerror(-error));

    int dir = s->dir && p.changes ? open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    error = privileges_drop(&p, keep_reading);
    bool tolerable = !s->user && (error == -EPERM || error == -EINVAL);
    bool blind = error == 0 && !serves(dir);
    if (dir >= 0) close(dir);
    if (blind) return complain("user %s may not look into %s", p.name, s->dir);
    if (tolerable) {
        r->less = true;
        add(r, "user %u (cannot become %s: %s)", (unsigned)geteuid(), p.name, strerror(-error));
        error = privileges_forget();
    } else {
        add(r, "user %s", p.name);
    }
    return error < 0 ? complain("cannot become user %s: %s", p.name, strerror(-error)) : 0;
}

/* ---- what ------------------------------------------------------------------------------------ */

static int allow(const struct landlock *l, const char *path, enum landlock_right right)
{
    int r = landlock_allow(l, path, right);
    return r < 0 ? complain("sandbox: %s: %s", path, strerror(-r)) : 0;
}

/* The directory, so that a file that takes its place is good, too; and that of what it is a link to. */
static int allow_around(const struct landlock *l, const char *file)
{
    char dir[PATH_MAX], *real = realpath(file, NULL);
    directory_of(file, dir);
    int r = allow(l, dir, LANDLOCK_READ);
    if (real) {
        directory_of(real, dir);
        if (r == 0) r = allow(l, dir, LANDLOCK_READ);
    }
    free(real);
    return r;
}

/* A pipe is read once. */
static bool is_file(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int allow_secrets(const struct landlock *l, const struct secret_options *o)
{
    int r = o->client_ca ? allow_around(l, o->client_ca) : 0;
    for (size_t i = 0; i < o->certificates.n && r == 0; i++) {
        r = allow_around(l, o->certificates.items[i]);
        if (r == 0) r = allow_around(l, o->keys.items[i]);
    }
    return r;
}

static int allow_keys(const struct landlock *l, const struct guard_options *o)
{
    int r = o->api_keys ? allow_around(l, o->api_keys) : 0;
    for (size_t i = 0; i < o->token_keys.n && r == 0; i++)
        r = allow_around(l, o->token_keys.items[i]);
    for (size_t i = 0; i < o->sign_keys.n && r == 0; i++)
        r = allow_around(l, o->sign_keys.items[i]);
    return r;
}

static int allow_socket(const struct landlock *l, const char *address)
{
    char dir[PATH_MAX];
    const char *path = address ? listening_file(address) : NULL;
    if (!path) return 0;
    directory_of(path, dir);
    return allow(l, dir, LANDLOCK_REMOVE);
}

static int allow_sockets(const struct landlock *l, const struct sandbox *s)
{
    int r = allow_socket(l, s->admin);
    for (size_t i = 0; i < s->listen->n && r == 0; i++) r = allow_socket(l, s->listen->items[i]);
    return r;
}

/* /dev/null: what a listener holds in reserve for when descriptors run out. */
static int allow_all(const struct landlock *l, const struct sandbox *s)
{
    (void)landlock_allow(l, "/dev/null", LANDLOCK_READ);
    int r = s->dir ? allow(l, s->dir, LANDLOCK_READ_TREE) : 0;
    if (r == 0) r = allow_secrets(l, s->secret);
    if (r == 0) r = allow_keys(l, s->guard);
    if (r == 0 && is_file(s->file)) r = allow_around(l, s->file);
    return r ? r : allow_sockets(l, s);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Whether nothing can be written or truncated any more, by whatever call. */
static bool shut_files(struct report *r, const struct landlock *l, int error)
{
    if (error == 0) error = landlock_enter(l);
    if (error < 0) add_less(r, "landlock", error);
    else add(r, ", landlock ABI %d", l->abi);
    return error == 0 && l->abi >= LANDLOCK_TRUNCATES;
}

static void shut_calls(struct report *r, bool files_are_shut)
{
    int error = syscalls_confine(files_are_shut);
    if (error < 0) add_less(r, "seccomp", error);
    else add(r, ", seccomp");
}

static void tell(const struct report *r, const struct trace *t)
{
    if (r->less) complain("%s", r->text);
    else trace_line(t, "%s", r->text);
}

/* What only root may read, perhaps. */
static bool reads_later(const struct sandbox *s)
{
    return secret_wanted(s->secret) || guard_reads_files(s->guard) || s->file;
}

static int enter(struct report *r, const struct sandbox *s, struct landlock *l)
{
    int lacks = s->off ? -ECANCELED : landlock_open(l);
    int error = lacks ? 0 : allow_all(l, s);
    if (error == 0) error = become(r, s, !lacks && reads_later(s));
    if (error) return error;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) add_less(r, "no_new_privs", -errno);
    if (s->off) {
        r->less = true;
        add(r, ", neither landlock nor seccomp (--no-sandbox)");
        return 0;
    }
    shut_calls(r, shut_files(r, l, lacks));
    return 0;
}

int sandbox_enter(const struct sandbox *s, const struct trace *t)
{
    struct landlock l = {.fd = -1};
    struct report r = {0};
    add(&r, "sandbox: ");
    tzset(); /* its file could not be read later */
    int error = enter(&r, s, &l);
    landlock_close(&l);
    if (error == 0) tell(&r, t);
    return error;
}

void sandbox_wake(void)
{
    privileges_wake();
}

void sandbox_sleep(void)
{
    privileges_sleep();
}
