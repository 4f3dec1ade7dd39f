/* SPDX-License-Identifier: MIT
 *
 * cli/secret.h - certificates and keys of `weft serve` and `weft demo`
 */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include <weft/tls.h>

#include "cli/flags.h"

struct secret_options {
    struct flag_list certificates, keys; /* in pairs */
    const char *client_ca;
};

/* Whether the flags go together; why not. */
bool secret_fits(const struct secret_options *o, char why[FLAG_WHY]);

static inline bool secret_wanted(const struct secret_options *o)
{
    return o->certificates.n > 0;
}

/* Read the files; weft_tls_reload does it again. 0, or an error with its words in why. */
int secret_load(const struct secret_options *o, weft_tls **out, char *why, size_t size);

#endif
