/* SPDX-License-Identifier: MIT
 *
 * cli/signals.h - SIGINT and SIGTERM as events of the loop; SIGPIPE never
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <weft/loop.h>

struct signals {
    int fd;
    weft_watch *watch;
    void (*on_signal)(void *user);
    void *user;
};

/* Errors: -errno. signals_deinit is fine after a failure, and on a struct of zeros. */
int signals_init(struct signals *s, weft_loop *l, void (*on_signal)(void *user), void *user);
void signals_deinit(struct signals *s);

#endif
