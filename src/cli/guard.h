/* SPDX-License-Identifier: MIT
 *
 * cli/guard.h - who may: flags become rules and keys, and what channels ask is answered by them (access/)
 *
 *      --access 'PATTERN: RIGHT=WHO, ...'   rules
 *      --open, --open-read                  what is usual, said in a word
 *      --token-keys, --api-keys, --sign-key files, read again by SIGHUP
 *
 * A server that is reached by others than who has started it says one of these, or does not start.
 */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

#include <pthread.h>

#include <weft/channel.h>

#include "access/claims.h"
#include "access/keyring.h"
#include "access/rule.h"
#include "cli/flags.h"
#include "cli/trace.h"

struct guard_options {
    struct flag_list access, token_keys, sign_keys;
    const char *api_keys, *issuer, *audience;
    bool open, open_read;

    /* No flags. public: why it is one, in words, NULL: it is none; demo: open by design, but for dropping and patterns
     * where others get to it. */
    const char *public;
    bool demo;
};

struct guard {
    const struct guard_options *options;
    struct rules rules;
    struct claims_policy policy;
    pthread_mutex_t lock; /* of ring */
    struct keyring *ring; /* NULL: was not opened */
};

/* A flag's check. */
bool guard_check(const char *text, char why[FLAG_WHY]);

/* Whether the flags go together; why not. */
bool guard_fits(const struct guard_options *o, char why[FLAG_WHY]);

/* Kept. 0, or an exit code after having complained. It must be closed either way. */
int guard_open(struct guard *g, const struct guard_options *o);
void guard_close(struct guard *g);

/* Whether each has to be asked about; if not: what everybody may. */
bool guard_asks(const struct guard *g);
unsigned guard_rights(const struct guard *g);

/* Open to whoever gets here, without that anybody has said so. */
bool guard_is_unsaid(const struct guard *g);

/* Answers it. Any thread. */
void guard_answer(struct guard *g, weft_channel_ask *ask);

/* What weft_channels_config has under these names. */
void guard_forget(void *identity);
const char *guard_may_stay(struct guard *g, const void *identity);

static inline bool guard_reads_files(const struct guard_options *o)
{
    return o->token_keys.n || o->sign_keys.n || o->api_keys;
}

/* Read the files again. false: something is wrong, which was logged, and they stay as they were. */
bool guard_reload(struct guard *g, const struct trace *t);

#endif
