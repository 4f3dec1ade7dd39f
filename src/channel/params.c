/* SPDX-License-Identifier: MIT
 *
 * channel/params.c - a walk over the query, with a reader for each parameter that we know
 */
#include "channel/params.h"

#include <string.h>

#include <weft/aux.h>

#include "channel/bytes.h"

/* A value that is longer is none of ours. */
enum { NAME_ROOM = 16, VALUE_ROOM = CLIENT_MAX + 1 };

/* ---- values ---------------------------------------------------------------------------------- */

static bool parse_number(weft_bytes text, uint64_t *out)
{
    uint64_t number = 0;
    if (!text.len || text.len > 16) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = number;
    return number <= WEFT_OFFSET_MAX;
}

bool last_parse(weft_bytes text, uint64_t *out)
{
    if (bytes_are(text, "all")) {
        *out = WEFT_NEVER;
        return true;
    }
    return parse_number(text, out) && *out > 0;
}

bool client_name_valid(weft_bytes name)
{
    return name.len && weft_utf8_valid(name.data, name.len) && !bytes_have_control(name) &&
           bytes_characters(name) <= CLIENT_CHARACTERS_MAX;
}

/* ---- one reader each ------------------------------------------------------------------------- */

static bool read_stream(struct params *p, weft_bytes value)
{
    if (!value.len) p->stream = STREAM_ENVELOPES;
    else if (bytes_are(value, "raw")) p->stream = STREAM_RAW;
    else if (bytes_are(value, "sse")) p->stream = STREAM_SSE;
    else return false;
    return true;
}

static bool read_wait(struct params *p, weft_bytes value)
{
    uint64_t seconds;
    if (!parse_number(value, &seconds) || seconds > WAIT_MAX_S) return false;
    p->wait_s = (unsigned)seconds;
    return true;
}

static bool read_since(struct params *p, weft_bytes value)
{
    return weft_position_parse(&p->since, value) == 0;
}

static bool read_last(struct params *p, weft_bytes value)
{
    return last_parse(value, &p->last);
}

static bool read_client(struct params *p, weft_bytes value)
{
    if (!client_name_valid(value)) return false;
    memcpy(p->client, value.data, value.len);
    p->client[value.len] = '\0';
    return true;
}

static bool read_presence(struct params *p, weft_bytes value)
{
    p->presence_events = bytes_are(value, "events");
    return !value.len || p->presence_events;
}

static bool read_subscribe(struct params *p, weft_bytes value)
{
    p->subscribe_no = bytes_are(value, "no");
    return p->subscribe_no || bytes_are(value, "yes");
}

static const struct known {
    const char *name;
    enum param bit;
    bool (*read)(struct params *p, weft_bytes value);
    const char *is; /* what would be right */
} known[] = {
    {"stream", PARAM_STREAM, read_stream, "\"stream\", \"stream=raw\" or \"stream=sse\""},
    {"wait", PARAM_WAIT, read_wait, "a number of seconds, 0 to 60: \"wait=25\""},
    {"since", PARAM_SINCE, read_since, "a position, as answers have it: \"since=k3f9a2c1.42\""},
    {"last", PARAM_LAST, read_last, "a number of messages, at least 1, or \"last=all\""},
    {"client", PARAM_CLIENT, read_client,
     "a name of 1 to 64 characters, without control characters"},
    {"presence", PARAM_PRESENCE, read_presence, "\"presence\", for once, or \"presence=events\""},
    {"subscribe", PARAM_SUBSCRIBE, read_subscribe, "\"subscribe=no\" or \"subscribe=yes\""},
};

enum { KNOWN = sizeof known / sizeof *known };

/* ---- the query ------------------------------------------------------------------------------- */

/* NULL: none that we know. */
static const struct known *find(weft_bytes encoded)
{
    char name[NAME_ROOM];
    if (weft_form_decode(encoded, name, sizeof name) < 0) return NULL;
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(name, known[i].name) == 0) return &known[i];
    return NULL;
}

static int read_one(struct params *p, const struct known *k, weft_bytes encoded,
                    struct refusal *why)
{
    char value[VALUE_ROOM];
    if (p->said & k->bit)
        return refusal_write(why, 400, "\"%s\" is said twice in the URL: say it once", k->name);
    p->said |= k->bit;
    int n = weft_form_decode(encoded, value, sizeof value);
    if (n >= 0 && k->read(p, (weft_bytes){(uint8_t *)value, (size_t)n})) return 0;
    return refusal_write(why, 400, "\"%s\" in the URL is not in order: it is %s", k->name, k->is);
}

int params_read(struct params *out, weft_bytes query, struct refusal *why)
{
    weft_field pair;
    *out = (struct params){0};
    while (weft_query_next(&query, &pair)) {
        const struct known *k = find(pair.name);
        if (k && read_one(out, k, pair.value, why) < 0) return -1;
    }
    return 0;
}

void params_resume(struct params *p, weft_bytes last_event_id)
{
    if (!last_event_id.len) return;
    p->said |= PARAM_SINCE;
    (void)weft_position_parse(&p->since, last_event_id); /* all zero, if it is none: of no epoch */
}

void params_since(const struct params *p, weft_since *since)
{
    *since = (weft_since){
        .position = p->said & PARAM_SINCE ? &p->since : NULL,
        .last = p->last,
    };
}

const char *param_name(enum param one)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].bit == one) return known[i].name;
    return "";
}
