/* SPDX-License-Identifier: MIT
 *
 * channel/text.h - a growing text, in the env's memory
 *
 * Sticky: when memory runs out failed is set, and every later write does nothing; whoever hands the text on looks at it
 * once. It has no maximum of its own: all that is written here had one when it came in.
 */
#ifndef CHANNEL_TEXT_H
#define CHANNEL_TEXT_H

#include <weft/base.h>

struct text {
    const weft_env *env;
    char *data;
    size_t len, cap;
    bool failed;
};

void text_init(struct text *t, const weft_env *env);
void text_deinit(struct text *t); /* frees it; it is empty and usable again */

/* Room for n more bytes behind len: a pointer to them, or NULL (and failed). Who fills it adds to len. */
char *text_room(struct text *t, size_t n);

void text_add(struct text *t, const void *data, size_t n);
void text_add_words(struct text *t, const char *words);
void text_add_number(struct text *t, uint64_t number);

static inline weft_bytes text_bytes(const struct text *t)
{
    return (weft_bytes){(const uint8_t *)t->data, t->len};
}

#endif
