/* SPDX-License-Identifier: MIT
 *
 * cli/sentence.c - a member of a member
 */
#include "cli/sentence.h"

#include <string.h>

#include <jansson.h>

char *sentence_of(weft_bytes body)
{
    json_t *said = json_loadb((const char *)body.data, body.len, 0, NULL);
    const json_t *error = json_object_get(said, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    char *text = message ? strdup(message) : NULL;
    json_decref(said);
    return text;
}
