/* SPDX-License-Identifier: MIT
 *
 * cli/present.h - who is on a channel, as people read it
 *
 *      {"count":3,"members":[...]}              3 here: ann?, bob?
 *      {"count":3,"join":[...],"leave":[...]}   3 here; come: carl?; gone: bob?
 *      {"count":250}                            250 here
 *
 * Behind a name that nobody has verified is a question mark. Who has none is counted only.
 */
#ifndef CLI_PRESENT_H
#define CLI_PRESENT_H

#include <jansson.h>

/* Presence of an envelope (docs/channels.md, 12), to be freed; chosen by strangers. NULL: no memory. */
char *present_text(const json_t *presence);

#endif
