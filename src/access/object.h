/* SPDX-License-Identifier: MIT
 *
 * access/object.h - strangers' JSON, read by jansson: an object, its strings and its times
 */
#ifndef ACCESS_OBJECT_H
#define ACCESS_OBJECT_H

#include <jansson.h>

#include <weft/base.h>

#include "access/why.h"

/* An object in which no name is twice; NULL: it is none. */
json_t *object_read(weft_bytes text);

/* Empty: there is none, or it is no string. Good as long as the object. */
weft_bytes object_text(const json_t *object, const char *name);

/* A member that is a NumericDate (RFC 7519, 2), in seconds, rounded down. false, and why: it is something else. Where
   there is * none *out stays as it is. */
bool object_date(const json_t *object, const char *name, uint64_t *out, struct why *why);

#endif
