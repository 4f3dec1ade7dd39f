/* SPDX-License-Identifier: MIT
 *
 * cli/notify.h - what systemd is told of a service of Type=notify (sd_notify(3)), without its library
 *
 *      READY=1         it listens, and answers
 *      RELOADING=1     SIGHUP is handled; READY=1 follows
 *      STOPPING=1      it ends, and how long that may take (EXTEND_TIMEOUT_USEC)
 *      STATUS=         for people, each time
 *      WATCHDOG=1      twice in WATCHDOG_USEC, from the first loop's turn: also while it ends
 *
 * A datagram each, through a socket that is connected before the sandbox. What cannot be sent is not: nobody waits.
 */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

#include <weft/loop.h>

struct notify {
    int fd; /* -1: nobody wants to be told */
    weft_timer *watchdog;
    uint64_t every_ms;
};

/* As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say, which are forgotten. Errors: -errno: it cannot be reached,
 * which is worth a word. notify_close is fine then. */
int notify_open(struct notify *n, weft_loop *l);
void notify_close(struct notify *n); /* before the loop is freed */

bool notify_wanted(void); /* before notify_open */

/* state: "READY=1", or several on a line each; status: a sentence, or NULL. */
void notify_tell(const struct notify *n, const char *state, const char *status);

void notify_reloading(const struct notify *n);

/* It may take so long. */
void notify_stopping(const struct notify *n, uint64_t ms, const char *status);

/* What systemd is to keep for the next process (FDSTORE=1), say. Errors: -errno, -ENOTCONN: nobody wants to be told. */
int notify_send_fd(const struct notify *n, const char *state, int fd);

#endif
