/* SPDX-License-Identifier: MIT
 *
 * channel/json_read.h - JSON, read (RFC 8259): one object, of which some members are wanted
 *
 * A text is looked at once and whole, and nothing is allocated: the values of the names that are asked for are parts of
 * it, as they were written. Others are checked and passed over, whatever they hold. Strings are decoded when somebody
 * wants them, and only if there is a backslash in them.
 */
#ifndef CHANNEL_JSON_READ_H
#define CHANNEL_JSON_READ_H

#include <weft/base.h>

#include "channel/refusal.h"
#include "channel/scratch.h"

enum json_kind {
    JSON_ABSENT, /* not there, or null */
    JSON_STRING,
    JSON_INTEGER, /* digits, perhaps behind a minus */
    JSON_NUMBER,  /* any other */
    JSON_BOOLEAN,
    JSON_OBJECT,
    JSON_ARRAY,
};

struct json_value {
    enum json_kind kind;
    weft_bytes raw; /* a string with its quotes */
    bool is_there;  /* with null, too */
};

enum json_result {
    JSON_GOOD,
    JSON_BROKEN,    /* it is not JSON */
    JSON_NO_OBJECT, /* it is, but something else */
    JSON_TOO_DEEP,  /* more than JSON_DEPTH_MAX objects and arrays in each other */
    JSON_TWICE,     /* a name that is asked for is there twice; the first counts */
    JSON_LONE,      /* half of a pair of surrogates: no character, and not to be had in UTF-8 */
};

enum { JSON_DEPTH_MAX = 16 };

/* values[i] is the member that is called names[i]; names end with NULL, and have less than 32 characters. After
 * JSON_TWICE and JSON_LONE all are read, after other errors those in front of it. */
enum json_result json_read(weft_bytes text, const char *const *names, struct json_value *values);

/* What is wrong with thing ("a command"), of which example is one, in words. 0: nothing; else -1, and 400. */
int json_refuse(enum json_result result, const char *thing, const char *example,
                struct refusal *why);

/* The characters of a string that was read. false: no memory. */
bool json_text(const struct json_value *string, struct scratch *s, weft_bytes *out);

/* The bytes that a string of base64 stands for: with padding, unused bits zero, nothing else. 0; -EINVAL: it is
 * something else; -ENOMEM. */
int json_base64(const struct json_value *string, struct scratch *s, weft_bytes *out);

#endif
