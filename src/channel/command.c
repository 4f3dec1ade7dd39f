/* SPDX-License-Identifier: MIT
 *
 * channel/command.c - the object is read once; then its id, so that whatever is wrong can be answered; then the rest
 */
#include "channel/command.h"

#include "channel/bytes.h"
#include "channel/name.h"
#include "channel/params.h"

#define EXAMPLE "{\"id\":1,\"publish\":\"/chat\",\"data\":\"hi\"}"

enum member {
    MEMBER_SUBSCRIBE, /* as enum verb */
    MEMBER_UNSUBSCRIBE,
    MEMBER_PUBLISH,
    MEMBER_PRESENCE,
    MEMBER_PING,
    MEMBER_TOKEN,
    MEMBER_ID,
    MEMBER_SINCE,
    MEMBER_LAST,
    MEMBER_EVENTS,
    MEMBER_PUBLICATION, /* and those of a publication */
    MEMBERS = MEMBER_PUBLICATION + PUBLICATION_MEMBERS,
};

enum { VERBS = MEMBER_TOKEN + 1 };

static const char *const names[] = {
    "subscribe", "unsubscribe", "publish", "presence",        "ping", "token", "id",
    "since",     "last",        "events",  PUBLICATION_NAMES, NULL};

/* ---- parts ----------------------------------------------------------------------------------- */

static bool is_echoed(const struct json_value *v)
{
    return (v->kind == JSON_STRING || v->kind == JSON_INTEGER) && v->raw.len <= COMMAND_ID_MAX;
}

static int read_id(struct command *c, const struct json_value *id, struct refusal *why)
{
    if (id->kind == JSON_ABSENT) return 0;
    if (!is_echoed(id))
        return refusal_write(
            why, 400, "\"id\" is an integer, or a string, of at most %d bytes as it is written",
            COMMAND_ID_MAX);
    c->id = id->raw;
    return 0;
}

static int read_ping(struct command *c, const struct json_value *ping, struct refusal *why)
{
    if (!is_echoed(ping))
        return refusal_write(
            why, 400, "\"ping\" is an integer, or a string, of at most %d bytes as it is written",
            COMMAND_ID_MAX);
    c->ping = ping->raw;
    return 0;
}

static int read_token(struct command *c, const struct json_value *token, struct refusal *why)
{
    if (token->kind != JSON_STRING)
        return refusal_write(why, 400, "\"token\" is a string, what allows you to be here");
    if (!json_text(token, &c->scratch, &c->token)) return refusal_no_memory(why);
    if (c->token.len && c->token.len <= TOKEN_MAX) return 0;
    return refusal_write(why, 400, "\"token\" is a string of 1 to %d bytes", TOKEN_MAX);
}

static int read_channel(struct command *c, const struct json_value *name, struct refusal *why)
{
    bool patterns = c->verb == VERB_SUBSCRIBE || c->verb == VERB_UNSUBSCRIBE;
    if (name->kind != JSON_STRING)
        return refusal_write(why, 400, "\"%s\" is a string, the name of a channel: \"/chat\"",
                             names[c->verb]);
    if (!json_text(name, &c->scratch, &c->channel)) return refusal_no_memory(why);
    return name_check(c->channel, patterns ? &c->is_pattern : NULL, why);
}

static int read_since(struct command *c, const struct json_value *since, struct refusal *why)
{
    weft_bytes text;
    if (since->kind == JSON_ABSENT) return 0;
    if (c->is_pattern)
        return refusal_write(
            why, 400,
            "\"since\" is a position of one channel, and a pattern is many: subscribe one by one");
    if (since->kind == JSON_STRING) {
        if (!json_text(since, &c->scratch, &text)) return refusal_no_memory(why);
        c->has_since = weft_position_parse(&c->since, text) == 0;
    }
    if (c->has_since) return 0;
    return refusal_write(why, 400, "\"since\" is a position, as messages have it: \"k3f9a2c1.42\"");
}

static int read_last(struct command *c, const struct json_value *last, struct refusal *why)
{
    weft_bytes text = last->raw;
    if (last->kind == JSON_ABSENT) return 0;
    if (last->kind == JSON_STRING && !json_text(last, &c->scratch, &text))
        return refusal_no_memory(why);
    bool number = last->kind == JSON_INTEGER,
         word = last->kind == JSON_STRING && bytes_are(text, "all");
    if ((number || word) && last_parse(text, &c->last)) return 0;
    return refusal_write(why, 400, "\"last\" is a number of messages, at least 1, or \"all\"");
}

static int read_events(struct command *c, const struct json_value *events, struct refusal *why)
{
    if (events->kind == JSON_ABSENT) return 0;
    if (events->kind != JSON_BOOLEAN)
        return refusal_write(why, 400,
                             "\"events\" is true, to be told who comes and goes, or false");
    c->has_events = true;
    c->events = bytes_are(events->raw, "true");
    return 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* The only verb. */
static int read_verb(struct command *c, const struct json_value *values, struct refusal *why)
{
    int n = 0;
    for (int verb = VERBS - 1; verb >= 0; verb--)
        if (values[verb].is_there) c->verb = (enum verb)verb, n++;
    if (n == 1) return 0;
    if (n)
        return refusal_write(
            why, 400, "one command in each message, and this has %d: send them one by one", n);
    return refusal_write(
        why, 400,
        "no command: say \"subscribe\", \"unsubscribe\", \"publish\", \"presence\", "
        "\"token\" or \"ping\", as in " EXAMPLE);
}

static int read_rest(struct command *c, const struct json_value *values, size_t max_message,
                     struct refusal *why)
{
    if (c->verb == VERB_PING) return read_ping(c, &values[MEMBER_PING], why);
    if (c->verb == VERB_TOKEN) return read_token(c, &values[MEMBER_TOKEN], why);
    if (read_channel(c, &values[c->verb], why) < 0) return -1;
    if (c->verb == VERB_PUBLISH)
        return publication_read(&c->publication, values + MEMBER_PUBLICATION, max_message,
                                &c->scratch, why);
    if (c->verb == VERB_PRESENCE) return read_events(c, &values[MEMBER_EVENTS], why);
    if (c->verb != VERB_SUBSCRIBE) return 0;
    if (read_since(c, &values[MEMBER_SINCE], why) < 0) return -1;
    return read_last(c, &values[MEMBER_LAST], why);
}

enum command_result command_read(struct command *c, const weft_env *env, weft_bytes text,
                                 size_t max_message, struct refusal *why)
{
    struct json_value values[MEMBERS];
    *c = (struct command){0};
    scratch_init(&c->scratch, env, text.len);
    enum json_result result = json_read(text, names, values);
    if (result == JSON_BROKEN) {
        json_refuse(result, "a command", EXAMPLE, why);
        return COMMAND_NO_JSON;
    }
    bool good = read_id(c, &values[MEMBER_ID], why) == 0 &&
                json_refuse(result, "a command", EXAMPLE, why) == 0 &&
                read_verb(c, values, why) == 0 && read_rest(c, values, max_message, why) == 0;
    return good ? COMMAND_READ : COMMAND_REFUSED;
}

void command_free(struct command *c)
{
    scratch_deinit(&c->scratch);
}
