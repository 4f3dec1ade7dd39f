/* SPDX-License-Identifier: MIT
 *
 * access/object.c - jansson, strictly
 */
#include "access/object.h"

/* Half a million years: in milliseconds it still is a number. */
static const double DATE_MAX = 1e13;

json_t *object_read(weft_bytes text)
{
    json_t *value = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value)) return value;
    json_decref(value);
    return NULL;
}

weft_bytes object_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (weft_bytes){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

bool object_date(const json_t *object, const char *name, uint64_t *out, struct why *why)
{
    const json_t *value = json_object_get(object, name);
    if (!value) return true;
    double date = json_number_value(value);
    if (!json_is_number(value) || !(date >= 0 && date <= DATE_MAX))
        return why_say(why, "%s is not a time in seconds since 1970", name);
    *out = (uint64_t)date;
    return true;
}
