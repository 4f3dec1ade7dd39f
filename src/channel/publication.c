/* SPDX-License-Identifier: MIT
 *
 * channel/publication.c - data or base64, and two short texts
 */
#include "channel/publication.h"

#include <errno.h>

/* ---- the payload ----------------------------------------------------------------------------- */

static int read_data(struct publication *out, const struct json_value *data, struct scratch *s,
                     struct refusal *why)
{
    if (data->kind != JSON_STRING)
        return refusal_write(why, 400,
                             "\"data\" is a string: send what JSON.stringify makes of your value");
    out->op = WEFT_TEXT;
    return json_text(data, s, &out->payload) ? 0 : refusal_no_memory(why);
}

static int read_base64(struct publication *out, const struct json_value *base64, struct scratch *s,
                       struct refusal *why)
{
    int error = base64->kind == JSON_STRING ? json_base64(base64, s, &out->payload) : -EINVAL;
    out->op = WEFT_BINARY;
    if (error == -ENOMEM) return refusal_no_memory(why);
    if (error)
        return refusal_write(
            why, 400,
            "\"base64\" is a string of base64, with padding: \"aGk=\" is the two bytes of \"hi\"");
    return 0;
}

static int read_payload(struct publication *out, const struct json_value *members,
                        struct scratch *s, struct refusal *why)
{
    const struct json_value *data = &members[PUBLICATION_DATA],
                            *base64 = &members[PUBLICATION_BASE64];
    if (data->is_there && base64->is_there)
        return refusal_write(
            why, 400,
            "a message is \"data\", which is text, or \"base64\", which is binary, and not both");
    if (base64->is_there) return read_base64(out, base64, s, why);
    if (data->is_there) return read_data(out, data, s, why);
    return refusal_write(why, 400,
                         "the message is missing: say \"data\", or \"base64\" if it is binary");
}

/* ---- the short texts ------------------------------------------------------------------------- */

static int check_short(const char *name, weft_bytes text, size_t max, struct refusal *why)
{
    if (text.len > max)
        return refusal_write(why, 400, "%s has 1 to %zu bytes, and this one has %zu", name, max,
                             text.len);
    if (!weft_utf8_valid(text.data, text.len))
        return refusal_write(why, 400, "%s is UTF-8, and this one is not", name);
    return 0;
}

int publication_check_key(weft_bytes key, struct refusal *why)
{
    return check_short("a key", key, KEY_MAX, why);
}

int publication_check_once(weft_bytes once, struct refusal *why)
{
    return check_short("an idempotency key", once, ONCE_KEY_MAX, why);
}

/* An empty one is a mistake here: whoever means none leaves it out. */
static int read_short(weft_bytes *out, const char *name, const struct json_value *value,
                      struct scratch *s, struct refusal *why)
{
    if (value->kind == JSON_ABSENT) return 0;
    if (value->kind != JSON_STRING) return refusal_write(why, 400, "\"%s\" is a string", name);
    if (!json_text(value, s, out)) return refusal_no_memory(why);
    if (!out->len) return refusal_write(why, 400, "\"%s\" is empty: leave it out", name);
    return 0;
}

int publication_read(struct publication *out, const struct json_value *members, size_t max,
                     struct scratch *s, struct refusal *why)
{
    *out = (struct publication){.op = WEFT_TEXT};
    if (read_payload(out, members, s, why) < 0) return -1;
    if (out->payload.len > max)
        return refusal_write(why, 413, "a message has at most %zu bytes here, and this one has %zu",
                             max, out->payload.len);
    if (read_short(&out->key, "key", &members[PUBLICATION_KEY], s, why) < 0) return -1;
    if (read_short(&out->once, "once", &members[PUBLICATION_ONCE], s, why) < 0) return -1;
    if (publication_check_key(out->key, why) < 0) return -1;
    return publication_check_once(out->once, why);
}
