/* SPDX-License-Identifier: MIT
 *
 * aux/percent.h - percent-encoded text, character by character
 */
#ifndef AUX_PERCENT_H
#define AUX_PERCENT_H

#include <weft/aux.h>

/* The next character of a text that is not empty, taken off its front; plus: '+' is a space. WEFT_ERR_HTTP: an escape
 * that is none, or a NUL. */
int percent_next(weft_bytes *text, bool plus);

/* As weft_percent_decode and weft_form_decode. A text that is both not in form and too long is not in form. */
int percent_decode(weft_bytes text, bool plus, char *out, size_t size);

#endif
