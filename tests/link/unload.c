/* SPDX-License-Identifier: MIT
 *
 *      unload LIBWEFT      a plugin's life: weft is loaded, looks up a name, and is unloaded meanwhile
 *
 * getaddrinfo is this program's own, and does not return before the library was closed. Its thread then goes on in
 * the library's code, posts to a loop that is gone, and ends: when it has, all is well.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>

#include <weft/weft.h>

static sem_t asked, closed;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    (void)node, (void)service, (void)hints, (void)list;
    sem_post(&asked);
    sem_wait(&closed);
    return EAI_NONAME;
}

static unsigned threads(void)
{
    unsigned n = 0;
    char line[128];
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Threads: %u", &n) == 1) break;
    if (f) fclose(f);
    return n;
}

/* POSIX lets a pointer from dlsym be one to a function; ISO C needs to be talked into it. */
#define SYMBOL(library, name, to) (*(void **)&(to) = dlsym(library, name))

/* A loop that begins to look up a name, and is freed. */
static int use(void *library)
{
    int (*loop_new)(weft_loop **, const weft_loop_config *, size_t, size_t);
    int (*connect)(weft_conn **, weft_loop *, const char *, const weft_client_config *, size_t,
                   size_t, const weft_handler *, size_t, size_t, void *);
    int (*loop_turn)(weft_loop *, int);
    void (*loop_free)(weft_loop *);
    weft_loop *loop;
    if (!SYMBOL(library, "weft_loop_new_sized", loop_new) ||
        !SYMBOL(library, "weft_connect_sized", connect) ||
        !SYMBOL(library, "weft_loop_turn", loop_turn) ||
        !SYMBOL(library, "weft_loop_free", loop_free))
        return -1;
    int error = loop_new(&loop, NULL, 0, 0);
    if (!error) error = connect(NULL, loop, "ws://planted.example/", NULL, 0, 0, NULL, 0, 0, NULL);
    while (!error && sem_trywait(&asked) < 0) error = loop_turn(loop, 1);
    if (!error) loop_free(loop);
    return error;
}

int main(int argc, char **argv)
{
    unsigned before = threads();
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    sem_init(&asked, 0, 0);
    sem_init(&closed, 0, 0);
    if (!library || use(library) < 0) {
        fprintf(stderr, "unload: %s\n", library ? "weft says no" : dlerror());
        return 1;
    }
    dlclose(library);
    sem_post(&closed);
    while (threads() > before) sched_yield();
    puts("unloaded, and the lookup is over");
    return 0;
}
