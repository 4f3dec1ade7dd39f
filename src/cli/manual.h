/* SPDX-License-Identifier: MIT
 *
 * cli/manual.h - the text of --help: synopsis, what it is, flags, examples
 */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/flags.h"

struct manual {
    const char *synopsis; /* "weft serve [FLAGS] [DIR]" */
    const char *about;
    const struct flag *const *flags;
    const char *examples;
};

/* On stdout. Returns EXIT_CLEAN. */
int manual_print(const struct manual *m);

#endif
