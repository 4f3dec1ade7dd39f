/* SPDX-License-Identifier: MIT
 *
 * cli/signals.h - SIGINT, SIGTERM and perhaps SIGHUP, SIGCONT as events of the loop; SIGPIPE never
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <weft/loop.h>

struct signals {
    int fd;
    weft_watch *watch;
    int number; /* SIGINT or SIGTERM, within on_signal */
    void (*on_signal)(void *user);
    void (*on_hangup)(void *user); /* NULL: SIGHUP is not ours */
    void (*on_continue)(void);     /* NULL: SIGCONT is not ours */
    void *user;
};

/* Errors: -errno. signals_deinit is fine after a failure, and on a struct of zeros. */
int signals_init(struct signals *s, weft_loop *l, void (*on_signal)(void *user), void *user);

/* SIGHUP, too. Errors: -errno. */
int signals_add_hangup(struct signals *s, void (*on_hangup)(void *user));

/* SIGCONT, too: the program was stopped, and goes on. Errors: -errno. */
int signals_add_continue(struct signals *s, void (*on_continue)(void));

void signals_deinit(struct signals *s);

#endif
