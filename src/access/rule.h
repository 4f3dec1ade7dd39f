/* SPDX-License-Identifier: MIT
 *
 * access/rule.h - who may do what on which channels, as --access says it
 *
 *      /news/ **: read=anyone, write=token, presence=nobody, drop=nobody, pattern=token
 *
 * For each right the most specific pattern counts that says something of it, else what is usual. On a pattern one has a
 * right if one has it on all that it can match: where it is covered, and at whatever is more specific inside it.
 * pattern is to subscribe to patterns at all; who does has to be given to read all of it.
 */
#ifndef ACCESS_RULE_H
#define ACCESS_RULE_H

#include "access/identity.h"
#include "access/right.h"

enum { RULES_MAX = 128 };

/* In order: what is stricter is greater. */
enum who { UNSAID, ANYONE, TOKEN, NOBODY };

struct rule {
    struct channel_pattern pattern;
    enum who who[RIGHTS];
};

struct rules {
    enum who usual[RIGHTS];
    size_t n;
    struct rule items[RULES_MAX];
};

/* text is kept. false, and why: it is none, or there is one for the same channels. */
bool rules_add(struct rules *r, const char *text, struct why *why);

/* Whether a token, or nothing less, is asked for somewhere. */
bool rules_ask_tokens(const struct rules *r);

/* The rights that somebody has (i NULL: anybody). *by_token: those that he lacks, and would have with a token for these
 * channels. */
unsigned rules_rights(const struct rules *r, const struct channel_pattern *on,
                      const struct identity *i, unsigned *by_token);

#endif
