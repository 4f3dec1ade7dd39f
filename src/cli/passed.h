/* SPDX-License-Identifier: MIT
 *
 * cli/passed.h - descriptors that systemd has passed to us (sd_listen_fds_with_names(3)): sockets, and what it has kept
 *
 *      LISTEN_FDS=3  LISTEN_FDNAMES=weft.socket:weft.socket:weft-snapshot        3, 4: sockets; 5: kept
 */
#ifndef CLI_PASSED_H
#define CLI_PASSED_H

#include <stdbool.h>

/* The nth socket; -1: there are not so many. */
int passed_socket(int nth);
int passed_sockets(void); /* how many */

/* What was kept for us: the snapshot (snapshot.h); -1: nothing. */
int passed_snapshot(void);

/* Our children, if there were any, are not meant. All above is -1, and 0, then. */
void passed_forget(void);

#endif
